using System;
using System.Collections.Generic;
using System.Linq;

namespace TreeRl.Credit;

/// <summary>
/// Reads from a rule's words what it claims. Each law follows one quantity through leaf steps, backup, terms and after-steps - how a common
/// shift of the rewards moves it, by which power a common factor multiplies it, how large it gets. A custom part is taken to do what suits
/// the law best, so that the law is claimed unless a built-in word rules it out.
/// </summary>
internal sealed partial class RuleReader
{
    private readonly CreditRule rule;
    private readonly double min, max;
    private readonly Dictionary<Law, string> reasons = [];
    private readonly bool customLeaves, customBackup, customTerms, customAfter, whitens, overSqrt;

    public RuleReader(CreditRule rule, double min, double max)
    {
        (this.rule, this.min, this.max) = (rule, min, max);
        customLeaves = rule.Leaves.Any(step => step is CustomLeaves);
        customBackup = rule.Backup is CustomBackup;
        customTerms = rule.Terms.Any(term => term.Baseline is CustomBaseline || term.Scale is CustomScale);
        customAfter = rule.After.Any(step => step is TokenStep or LeafStep);
        whitens = rule.After.Any(step => step is WhitenStep);
        overSqrt = rule.Backup is LeafMeanBackup { OverSqrtCount: true };
    }

    private bool HasCustom => customLeaves || customBackup || customTerms || customAfter;

    public LawClaims Read()
    {
        var scope = Scope();
        var identities = Identities();
        bool once = Unless(Law.TokenOnce, rule.Unit == TrainingUnit.PathDuplicated ? null : $"unit {rule.Unit}: a token counts once, whatever the leaves below it");
        return new LawClaims
        {
            Flat = Flat(),
            ZeroSpread = Unless(Law.ZeroSpread, ZeroSpread()),
            Shift = Unless(Law.Shift, Shift()),
            Scaling = Scaling(),
            Identities = identities,
            Scope = scope,
            Bound = Bound(),
            TokenOnce = once,
            Twin = once ? Twin() : null,
            Order = Unless(Law.Order, rule.Unit == TrainingUnit.EdgeOnce && whitens ? "edges dropped before whitening keep 0" : null),
            Reasons = [.. reasons],
        };
    }

    private bool Unless(Law law, string? reason)
    {
        if (reason is not null) reasons[law] = reason;
        return reason is null;
    }

    // Siblings and Tree together make Prompt: the siblings of a root are in other trees.
    private LawScope Scope()
    {
        bool siblings = false;
        var scope = LawScope.Siblings;
        string widest = "";
        foreach (var step in rule.Leaves)
        {
            switch (step)
            {
                case CentreLeaves centre: Widen(Wide(centre.Scope), step.Words); break;
                case LeaveOneOutLeaves others: Widen(Wide(others.Scope), step.Words); break;
                case ScaleLeaves scale: Widen(Wide(scale.Scope), step.Words); break;
                default: Widen(LawScope.Prompt, step.Words); break;
            }
        }
        foreach (var term in rule.Terms)
        {
            var kind = (term.Baseline as NamedBaseline)?.Kind;
            siblings |= kind is BaselineKind.Parent or BaselineKind.Siblings or BaselineKind.OtherSiblings;
            Widen(kind switch
            {
                BaselineKind.Zero => term.Scale is StdScale ? LawScope.Prompt : LawScope.Siblings,
                BaselineKind.Parent or BaselineKind.Siblings or BaselineKind.OtherSiblings => LawScope.Siblings,
                BaselineKind.Root or BaselineKind.Tree => LawScope.Tree,
                _ => LawScope.Prompt,
            }, term.Words);
            if (term.Scale is CustomScale) Widen(LawScope.Prompt, term.Words);
        }
        if (customBackup || customAfter) Widen(LawScope.Prompt, "custom parts");
        if (rule.Prune is { Groups: PruneGroups.Prompt }) Widen(LawScope.Prompt, rule.Prune.Words);
        siblings |= rule.Prune is { Groups: PruneGroups.Siblings };
        if (siblings && scope == LawScope.Tree) scope = LawScope.Prompt;
        foreach (var step in rule.After) Widen(step is WhitenStep ? LawScope.Batch : LawScope.Siblings, step.Words);
        if (scope == LawScope.Batch) reasons[Law.Locality] = $"{widest}: reads the whole batch";
        return scope;

        void Widen(LawScope to, string words)
        {
            if (to > scope) (scope, widest) = (to, words);
        }
    }

    private static LawScope Wide(CreditScope scope) => scope switch { CreditScope.Tree => LawScope.Tree, CreditScope.Prompt => LawScope.Prompt, _ => LawScope.Batch };

    private string? ZeroSpread()
    {
        if (rule.Singletons == SingletonRule.KeepValue) return "singletons KeepValue: a group of one keeps its reward";
        if (rule.Leaves.Any()) return null;
        if (customBackup || customAfter) return null;
        foreach (var term in rule.Terms)
        {
            bool zero = term.Baseline is NamedBaseline { Kind: BaselineKind.Zero };
            bool leafGroup = zero || term.Baseline is NamedBaseline { Kind: BaselineKind.Root or BaselineKind.Tree or BaselineKind.Prompt } or AncestorGroupsBaseline;
            if (term.Scale is StdScale && (leafGroup || !overSqrt)) continue;
            if (!zero && !(overSqrt && term.Baseline is not CustomBaseline)) continue;
            if (whitens && !overSqrt && rule.Terms.All(other => other.Scale is not SqrtLeafScale)) continue;
            return $"{term}: keeps the reward's own size";
        }
        return null;
    }

    private enum Moves
    {
        Still,
        Together,
        Apart,
    }

    private static int Rank(CreditScope scope) => scope switch { CreditScope.Tree => 0, CreditScope.Prompt => 1, _ => 2 };

    private string? Shift()
    {
        if (rule.Singletons == SingletonRule.KeepValue) return "singletons KeepValue: a group of one keeps its reward";
        var (moves, within) = (Moves.Together, CreditScope.Batch);
        string apart = "";
        foreach (var step in rule.Leaves)
        {
            if (moves == Moves.Still) break;
            switch (step)
            {
                case CentreLeaves centre when Rank(within) >= Rank(centre.Scope):
                case LeaveOneOutLeaves others when Rank(within) >= Rank(others.Scope):
                case CustomLeaves:
                    moves = Moves.Still;
                    break;
                case ScaleLeaves { Std.Kind: StdKind.Sample or StdKind.Population } scale when Rank(within) >= Rank(scale.Scope):
                    within = scale.Scope;
                    break;
                default:
                    return $"{step}: reads the rewards' own size";
            }
        }
        if (moves == Moves.Still) return null;
        var sum = Moves.Still;
        foreach (var term in rule.Terms)
        {
            var one = Term(term);
            if (one > sum) (sum, apart) = (one, term.Words);
        }
        if (sum == Moves.Apart) return $"{apart}: moves with the rewards by different amounts";
        if (sum == Moves.Together && rule.Unit == TrainingUnit.EdgeOnce) return "EdgeOnce drops edges by the reward's own size";
        if (rule.Prune is { Groups: PruneGroups.Siblings } && overSqrt) return $"{rule.Prune}: values move by different amounts";
        foreach (var step in rule.After)
        {
            if (sum == Moves.Still) break;
            if (step is ClipStep) return $"{step}: cuts off by the reward's own size";
            if (step is not WhitenStep || within == CreditScope.Batch) sum = Moves.Still;
        }
        return sum == Moves.Still ? null : $"{apart}: moves with the rewards";

        Moves Term(CreditTerm term)
        {
            if (term.Baseline is CustomBaseline) return Moves.Still;
            if (overSqrt || term.Scale is StdScale { Rule.Kind: StdKind.BernoulliStd or StdKind.BernoulliVariance }) return Moves.Apart;
            if (term.Baseline is NamedBaseline { Kind: BaselineKind.Zero }) return term.Scale is NoScale && within == CreditScope.Batch ? Moves.Together : term.Scale is CustomScale ? Moves.Still : Moves.Apart;
            bool inTree = term.Baseline is NamedBaseline { Kind: BaselineKind.Root or BaselineKind.Tree };
            return inTree || Rank(within) >= Rank(CreditScope.Prompt) ? Moves.Still : Moves.Apart;
        }
    }

    private ScalingClaim Scaling()
    {
        string? reason = rule.Prune is { Threshold: > 0 } && !(rule.Prune.Groups == PruneGroups.Siblings && rule.Leaves.Any(step => step is ScaleLeaves)) ? $"{rule.Prune}: a fixed threshold" : null;
        int degree = 1;
        foreach (var step in rule.Leaves)
        {
            if (step is not ScaleLeaves scale) continue;
            degree = 0;
            if (Bernoulli(scale.Std)) reason ??= $"{step}: reads the mean reward itself";
        }
        var degrees = new HashSet<int>();
        foreach (var term in rule.Terms)
        {
            if (term.Scale is StdScale std && Bernoulli(std.Rule)) reason ??= $"{term}: reads the mean reward itself";
            degrees.Add(term.Scale is StdScale ? 0 : degree);
        }
        if (rule.Singletons == SingletonRule.KeepValue && (degree == 0 || degrees.Contains(0))) reason ??= "singletons KeepValue: a group of one keeps its reward";
        foreach (var step in rule.After)
        {
            if (step is ClipStep && !degrees.SetEquals([0])) reason ??= $"{step}: a fixed limit";
            if (step is WhitenStep && degrees.Count == 1) degrees = [0];
        }
        if (degrees.Count > 1) reason ??= "its terms scale differently";
        if (!Unless(Law.Scaling, reason)) return ScalingClaim.None;
        return HasCustom ? ScalingClaim.Either : degrees.Contains(0) ? ScalingClaim.Invariant : ScalingClaim.Equivariant;
    }

    private static bool Bernoulli(StdRule std) => std.Kind is StdKind.BernoulliStd or StdKind.BernoulliVariance;
}
