using System.Collections.Generic;
using System.Linq;

namespace TreeRl.Credit;

internal sealed partial class RuleReader
{
    private static readonly CreditRule[] FlatRules =
        [CreditRules.Grpo, CreditRules.DrGrpo, CreditRules.Rloo, CreditRules.ReinforcePlusPlus, CreditRules.ReinforcePlusPlusBaseline];

    /// <summary>
    /// The rule on trees of one node, in words of flat rules: every baseline but Zero becomes the prompt's, those within a tree vanish, sqrt(1)
    /// divides nothing. Null when a word has no flat counterpart.
    /// </summary>
    private FlatClaim? Flat()
    {
        string? reason = WithoutFlatForm();
        var terms = new List<CreditTerm>();
        foreach (var term in rule.Terms)
        {
            if (reason is null && FlatTerm(term, ref reason) is { } flat) Merge(terms, flat);
        }
        var leaves = rule.Leaves.ToList();
        Simplify(leaves, terms);
        if (terms.Count == 0) reason ??= "its advantages vanish on trees of one leaf";
        var prune = FlatPrune(ref reason);
        if (!Unless(Law.Chains, reason)) return null;
        double factor = 1;
        if (terms.Count == 1 && rule.After.IsEmpty && terms[0].Weight != 1) (factor, terms[0]) = (terms[0].Weight, terms[0] with { Weight = 1 });
        bool inner = terms.Any(term => term.Baseline.NeedsInnerValues);
        var words = new CreditRule($"flat {rule.Name}")
        {
            Leaves = [.. leaves],
            Backup = inner ? Backup.MeanOfLeaves : Backup.None,
            Terms = [.. terms],
            After = rule.After,
            Prune = prune,
            Singletons = rule.Singletons,
        };
        string Unnamed(CreditRule of) => of.WithName("").WithPrune(null).ToString();
        var known = FlatRules.FirstOrDefault(flat => Unnamed(flat) == Unnamed(words));
        return new FlatClaim(known is null ? words : known.WithPrune(prune), factor, CutsMoveNothing());
    }

    private string? WithoutFlatForm()
    {
        if (customTerms) return "its own baseline or divisor: state the flat rule with Flat";
        if (rule.After.Any(step => step is TokenStep)) return "its own step on tokens: state the flat rule with Flat";
        if (rule.Unit == TrainingUnit.EdgeOnce && whitens) return "edges dropped before whitening: state the flat rule with Flat";
        return null;
    }

    private CreditTerm? FlatTerm(CreditTerm term, ref string? reason)
    {
        var scale = term.Scale is SqrtLeafScale ? TermScale.None : term.Scale;
        bool keeps = rule.Singletons == SingletonRule.KeepValue;
        switch (term.Baseline)
        {
            case NamedBaseline { Kind: BaselineKind.Zero or BaselineKind.Prompt or BaselineKind.OtherSiblings }:
                return term with { Scale = scale };
            case NamedBaseline { Kind: BaselineKind.Siblings }:
            case AncestorGroupsBaseline:
                return term with { Baseline = Baseline.Prompt, Scale = scale };
            case NamedBaseline { Kind: BaselineKind.Root }:
            case NamedBaseline { Kind: BaselineKind.Tree } when !keeps:
                return null;
            case NamedBaseline { Kind: BaselineKind.Parent } when !keeps && rule.Backup is not LeafMaxBackup && !(overSqrt && Centred() != CreditScope.Prompt):
                return term with { Baseline = Baseline.Prompt, Scale = scale };
            default:
                reason = $"{term}: has no flat counterpart";
                return null;
        }
    }

    private void Simplify(List<LeafTransform> leaves, List<CreditTerm> terms)
    {
        if (Centred() == CreditScope.Prompt)
        {
            var zeroed = terms.Select(term => term.Baseline is NamedBaseline { Kind: BaselineKind.Prompt } ? term with { Baseline = Baseline.Zero } : term).ToArray();
            terms.Clear();
            foreach (var term in zeroed) Merge(terms, term);
        }
        if (terms is not [{ Scale: NoScale } only]) return;
        bool zero = only.Baseline is NamedBaseline { Kind: BaselineKind.Zero };
        if (zero && leaves is [CentreLeaves { Scope: CreditScope.Prompt }, ScaleLeaves { Scope: CreditScope.Prompt } std])
        {
            terms[0] = only with { Baseline = Baseline.Prompt, Scale = TermScale.Std(std.Std) };
            leaves.Clear();
        }
        else if (zero && leaves is [CentreLeaves { Scope: CreditScope.Prompt }])
        {
            terms[0] = only with { Baseline = Baseline.Prompt };
            leaves.Clear();
        }
        else if (only.Baseline is NamedBaseline { Kind: BaselineKind.OtherSiblings } && leaves.Count == 0)
        {
            terms[0] = only with { Baseline = Baseline.Zero };
            leaves.Add(LeafTransform.LeaveOneOut(CreditScope.Prompt));
        }
    }

    private static void Merge(List<CreditTerm> terms, CreditTerm term)
    {
        int at = terms.FindIndex(other => other with { Weight = 1 } == term with { Weight = 1 });
        if (at < 0) terms.Add(term);
        else terms[at] = term with { Weight = term.Weight + terms[at].Weight };
    }

    private PruneRule? FlatPrune(ref string? reason)
    {
        if (rule.Prune is not { Groups: PruneGroups.Siblings } prune) return rule.Prune;
        if (!rule.Leaves.IsEmpty && !customBackup) reason ??= $"{prune}: looks at scores, a flat rule's pruning at rewards";
        return prune with { Groups = PruneGroups.Prompt };
    }

    /// <summary>Whether cutting an unbranched stretch into nodes leaves every token its advantage.</summary>
    private bool CutsMoveNothing() =>
        rule.Prune is not { Groups: PruneGroups.Siblings } && !HasCustom && !(rule.Spread == CreditSpread.Segment && rule.Backup is CustomBackup) && rule.Terms.All(term => term.Baseline
            is NamedBaseline { Kind: BaselineKind.Zero or BaselineKind.Root or BaselineKind.Tree or BaselineKind.Prompt } or AncestorGroupsBaseline);
}
