using System;
using System.Collections.Immutable;
using System.Linq;
using System.Text;

namespace TreeRl.Credit;

/// <summary>
/// A redistribution scheme as a value: how the rewards of leaves become advantages of tokens.
/// <code>
/// x = leaf steps(R)      V = backup(x)      A(n) = sum over terms of weight (V(n) - baseline(n)) / scale(n)
/// spread Segment: node n's tokens get A(n)       spread Path: every token of a leaf's path gets A(leaf)
/// prune groups, choose leaves, mask tokens, then the after-steps, then masses by training unit
/// </code>
/// Print it to see the words that make it. Every published method of <see cref="CreditRules"/> is such a value.
/// </summary>
public sealed record CreditRule
{
    /// <summary>Creates a rule that gives every leaf its own reward; set or chain what differs.</summary>
    /// <param name="name">Names the rule in prints and runs.</param>
    public CreditRule(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        Name = name;
    }

    /// <summary>The rule's name.</summary>
    public string Name { get; init; }

    /// <summary>Steps from rewards to leaf scores, in order; empty keeps the rewards.</summary>
    public ImmutableArray<LeafTransform> Leaves { get; init; } = [];

    /// <summary>How leaf scores become node values.</summary>
    public Backup Backup { get; init; } = Backup.None;

    /// <summary>The terms whose sum is the advantage; at least one.</summary>
    public ImmutableArray<CreditTerm> Terms { get; init; } = [CreditTerm.Over(Baseline.Zero)];

    /// <summary>How advantages reach tokens.</summary>
    public CreditSpread Spread { get; init; } = CreditSpread.Path;

    /// <summary>Steps on token advantages, in order.</summary>
    public ImmutableArray<AfterStep> After { get; init; } = [];

    /// <summary>Which groups are left out; null keeps all.</summary>
    public PruneRule? Prune { get; init; }

    /// <summary>Which leaves are trained; null trains all.</summary>
    public LeafChoice? Choice { get; init; }

    /// <summary>Which tokens are trained; null trains all.</summary>
    public TokenMask? Mask { get; init; }

    /// <summary>What a training sample is.</summary>
    public TrainingUnit Unit { get; init; } = TrainingUnit.PathDuplicated;

    /// <summary>What groups of one get.</summary>
    public SingletonRule Singletons { get; init; } = SingletonRule.Zero;

    /// <summary>Whether the rule needs values that are sampled with the policy before it can be applied: see <see cref="Credit.Backup.FreshValues"/>.</summary>
    public bool AsksForValues => Backup is FreshValuesBackup;

    /// <summary>The rule under another name.</summary>
    public CreditRule WithName(string name) => this with { Name = name };

    /// <summary>The rule with other leaf steps.</summary>
    public CreditRule WithLeaves(params LeafTransform[] leaves) => this with { Leaves = [.. leaves] };

    /// <summary>The rule with another backup.</summary>
    public CreditRule WithBackup(Backup backup) => this with { Backup = backup };

    /// <summary>The rule with other terms.</summary>
    public CreditRule WithTerms(params CreditTerm[] terms) => this with { Terms = [.. terms] };

    /// <summary>The rule with another spread.</summary>
    public CreditRule WithSpread(CreditSpread spread) => this with { Spread = spread };

    /// <summary>The rule with other after-steps.</summary>
    public CreditRule WithAfter(params AfterStep[] after) => this with { After = [.. after] };

    /// <summary>The rule with another pruning, or none.</summary>
    public CreditRule WithPrune(PruneRule? prune) => this with { Prune = prune };

    /// <summary>The rule with another choice of leaves to train, or none.</summary>
    public CreditRule WithChoice(LeafChoice? choice) => this with { Choice = choice };

    /// <summary>The rule with another mask on tokens, or none.</summary>
    public CreditRule WithMask(TokenMask? mask) => this with { Mask = mask };

    /// <summary>The rule with another training unit.</summary>
    public CreditRule WithUnit(TrainingUnit unit) => this with { Unit = unit };

    /// <summary>The rule with another singleton rule.</summary>
    public CreditRule WithSingletons(SingletonRule singletons) => this with { Singletons = singletons };

    /// <summary>The problems that make the rule meaningless, each with its cure; empty when there is none.</summary>
    public ImmutableArray<string> Problems()
    {
        var problems = ImmutableArray.CreateBuilder<string>();
        if (Leaves.IsDefault || Terms.IsDefault || After.IsDefault) return ["leaves, terms and after must be arrays: use an empty one for nothing"];
        if (Terms.Length == 0) problems.Add("terms = none: an advantage needs at least one term; `over Zero` gives the value itself");
        foreach (var term in Terms)
        {
            if (!double.IsFinite(term.Weight)) problems.Add($"terms: {term}: the weight must be finite");
            if (Backup is NoBackup && term.Baseline.NeedsInnerValues)
                problems.Add($"terms: {term}: reads values of inner nodes, but the backup gives leaves only: choose a backup such as meanOfLeaves");
            Collect(problems, term.Scale.Validate);
        }
        if (Backup is NoBackup && Spread == CreditSpread.Segment)
            problems.Add("spread = Segment: needs values of inner nodes, but the backup gives leaves only: choose a backup such as meanOfLeaves");
        if (Spread == CreditSpread.Path && Unit != TrainingUnit.PathDuplicated)
            problems.Add($"unit = {Unit}: with spread Path a shared token has one advantage for each path: use PathDuplicated, or spread Segment");
        if (Prune is { Groups: PruneGroups.Siblings } && Spread == CreditSpread.Path)
            problems.Add($"prune = {Prune}: with spread Path a path is kept or dropped as a whole: prune Prompt, or use spread Segment");
        if (Prune is { Groups: PruneGroups.Siblings } && Backup is NoBackup)
            problems.Add($"prune = {Prune}: reads values of inner nodes, but the backup gives leaves only: choose a backup such as meanOfLeaves");
        if (Prune is not null && !(double.IsFinite(Prune.Threshold) && Prune.Threshold >= 0)) problems.Add($"prune = {Prune}: the threshold must be finite and not negative");
        Collect(problems, Backup.Validate);
        if (AsksForValues && Leaves.Length > 0)
            problems.Add($"backup {Backup}: fresh values are rewards, which '{Leaves[0]}' would not be compared with: leave the leaf steps out");
        if (Choice is { } choice) Collect(problems, choice.Validate);
        if (Mask is { } mask) Collect(problems, mask.Validate);
        foreach (var leaf in Leaves) Collect(problems, leaf.Validate);
        foreach (var step in After) Collect(problems, () => step.Validate(Spread));
        return problems.ToImmutable();
    }

    /// <summary>The rule's lines, as words.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append("redistribution { // ").Append(Name).Append('\n');
        Line(text, "leaves", Leaves.IsEmpty ? "raw" : string.Join(" >> ", Leaves.Select(step => step.Words)));
        Line(text, "backup", Backup.Words);
        Line(text, "advantage", string.Join(" ++ ", Terms.Select(term => term.Words)));
        Line(text, "spread", Spread.ToString());
        if (Prune is not null) text.Append("    ").Append(Prune.Words).Append('\n');
        if (Choice is not null) text.Append("    ").Append(Choice.Words).Append('\n');
        if (Mask is not null) text.Append("    ").Append(Mask.Words).Append('\n');
        if (!After.IsEmpty) Line(text, "after", string.Join(" >> ", After.Select(step => step.Words)));
        Line(text, "train", Unit.ToString());
        if (Singletons != SingletonRule.Zero) Line(text, "singletons", Singletons.ToString());
        return text.Append('}').ToString();
    }

    internal void Validate()
    {
        var problems = Problems();
        Guard.That(problems.IsEmpty, $"redistribution '{Name}': {string.Join("; ", problems)}", "rule");
    }

    private static void Collect(ImmutableArray<string>.Builder problems, Action check)
    {
        try
        {
            check();
        }
        catch (ArgumentException problem)
        {
            problems.Add(problem.Message);
        }
    }

    private static void Line(StringBuilder text, string word, string value) => text.Append("    ").Append(word).Append(' ').Append(value).Append('\n');
}
