using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;

namespace TreeRl.Credit;

internal sealed partial class RuleReader
{
    private const double CustomBound = 1000;

    /// <summary>The scope over which leaf scores sum to 0 after the leaf steps; null when over none.</summary>
    private CreditScope? Centred()
    {
        CreditScope? centred = null;
        foreach (var step in rule.Leaves)
        {
            centred = step switch
            {
                CentreLeaves centre => centre.Scope,
                LeaveOneOutLeaves others => others.Scope,
                ScaleLeaves scale when centred is { } scope && Rank(scale.Scope) >= Rank(scope) => centred,
                _ => null,
            };
        }
        return centred;
    }

    private ImmutableArray<LawIdentity> Identities()
    {
        var found = ImmutableArray.CreateBuilder<LawIdentity>();
        if (rule.Backup is ChildMeanBackup) found.Add(LawIdentity.ValuesAreMeans(ValueMean.OfChildren));
        if (rule.Backup is LeafMeanBackup { OverSqrtCount: false }) found.Add(LawIdentity.ValuesAreMeans(ValueMean.OfLeaves));
        if (customBackup) found.Add(LawIdentity.ValuesAreMeans(ValueMean.Either));
        if (rule.After.LastOrDefault() is WhitenStep) found.Add(LawIdentity.TokensAverageZero);
        if (rule.Singletons == SingletonRule.Zero && !customTerms)
        {
            var common = rule.Terms.Select(OfTerm).Aggregate((a, b) => [.. a.Where(b.Contains)]);
            found.AddRange(common);
            if (Averages() is { } mean) found.Add(LawIdentity.NodesAverage(mean));
            if (rule is { Spread: CreditSpread.Segment, Terms: [{ Baseline: NamedBaseline { Kind: BaselineKind.Parent }, Scale: NoScale } only] })
                found.Add(LawIdentity.PathsTelescope(only.Weight));
        }
        if (found.Count == 0) reasons[Law.Identity] = "no sum follows from its words; state one with WithIdentities";
        // a root sum follows from the sibling sum of the same weight
        foreach (var wide in found.OfType<SiblingSumIdentity>().Where(identity => !identity.RootsOnly).ToArray()) found.Remove(wide with { RootsOnly = true });
        return found.ToImmutable();
    }

    private List<LawIdentity> OfTerm(CreditTerm term)
    {
        var sums = new List<LawIdentity>();
        var kind = (term.Baseline as NamedBaseline)?.Kind;
        bool segment = rule.Spread == CreditSpread.Segment, root = term.Scale is SqrtLeafScale, leafMeans = rule.Backup is LeafMeanBackup { OverSqrtCount: false };
        var centred = Centred();
        // a leaf's own divisor is the same for all leaves of the group, and sqrt(1) at a leaf
        if (kind == BaselineKind.Prompt) sums.Add(LawIdentity.LeavesSumToZero(CreditScope.Prompt));
        if (kind == BaselineKind.Tree) sums.AddRange([LawIdentity.LeavesSumToZero(CreditScope.Tree), LawIdentity.LeavesSumToZero(CreditScope.Prompt)]);
        if (kind == BaselineKind.Zero && centred is { } scope && (term.Scale is not StdScale || scope != CreditScope.Batch)) sums.Add(LawIdentity.LeavesSumToZero(scope));
        if (kind == BaselineKind.Zero && centred == CreditScope.Tree) sums.Add(LawIdentity.LeavesSumToZero(CreditScope.Prompt));
        if (!segment) return sums;
        if (kind is BaselineKind.Siblings or BaselineKind.OtherSiblings && !root) Add(SiblingWeight.One, false);
        if (kind == BaselineKind.Parent && rule.Backup is ChildMeanBackup && !root) Add(SiblingWeight.One, false);
        if (kind == BaselineKind.Parent && leafMeans) Add(root ? SiblingWeight.LeavesTimesRoot : SiblingWeight.Leaves, false);
        if (kind == BaselineKind.Zero && centred == CreditScope.Prompt && leafMeans) Add(root ? SiblingWeight.LeavesTimesRoot : SiblingWeight.Leaves, true);
        if (kind is BaselineKind.Zero or BaselineKind.Parent && centred == CreditScope.Prompt && overSqrt && term.Scale is NoScale) Add(SiblingWeight.LeavesTimesRoot, true);
        return sums;

        void Add(SiblingWeight weight, bool rootsOnly)
        {
            if (!rootsOnly) sums.Add(LawIdentity.SiblingsSumToZero(weight));
            sums.Add(LawIdentity.RootsSumToZero(weight));
        }
    }

    /// <summary>Which mean an inner node's advantage is of the advantages below it: baselines and divisors must be common to the whole tree.</summary>
    private ValueMean? Averages()
    {
        bool common = rule.Spread == CreditSpread.Segment && rule.Terms.All(term => term.Scale is NoScale or StdScale
            && term.Baseline is NamedBaseline { Kind: BaselineKind.Zero or BaselineKind.Root or BaselineKind.Tree or BaselineKind.Prompt });
        return !common ? null : rule.Backup switch
        {
            LeafMeanBackup { OverSqrtCount: false } => ValueMean.OfLeaves,
            ChildMeanBackup => ValueMean.OfChildren,
            CustomBackup => ValueMean.Either,
            _ => null,
        };
    }

    /// <summary>The rule that gives each path its leaf's advantage, where every node has the mean advantage of its leaves.</summary>
    private CreditRule? Twin()
    {
        bool same = Averages() == ValueMean.OfLeaves && rule.After.IsEmpty && rule.Prune is null or { Groups: PruneGroups.Prompt } && !customTerms
            && rule.Terms.All(term => !term.Baseline.NeedsInnerValues);
        return same ? (rule with { Backup = Backup.None, Spread = CreditSpread.Path }).WithName($"{rule.Name} by path") : null;
    }

    private LawBound? Bound()
    {
        double size = Math.Max(Math.Abs(min), Math.Abs(max));
        if (HasCustom)
        {
            double limit = CustomBound * size;
            return LawBound.Constant(limit) with { Words = FormattableString.Invariant($"{limit} (a limit for rules with parts of your own; state a better one)") };
        }
        var deviations = new BoundSum(0, 1, 0);
        BoundSum x = new(size, 0, 0), spread = new(max - min, 0, 0);
        CreditScope? centred = null;
        foreach (var step in rule.Leaves)
        {
            switch (step)
            {
                case CentreLeaves centre:
                    (x, spread, centred) = (spread, centre.Scope == CreditScope.Tree ? 2 * spread : spread, centre.Scope);
                    break;
                case LeaveOneOutLeaves others:
                    (x, spread, centred) = (spread, 2 * spread, others.Scope);
                    break;
                case ScaleLeaves scale when centred is { } scope && Rank(scale.Scope) >= Rank(scope) && !Bernoulli(scale.Std) && rule.Leaves.Count(other => other is ScaleLeaves) == 1:
                    (x, spread) = (deviations, 2 * deviations);
                    break;
                default:
                    return Unbounded($"{step}: divides rewards that were not centred, or twice");
            }
        }
        var sum = default(BoundSum);
        foreach (var term in rule.Terms)
        {
            bool zero = term.Baseline is NamedBaseline { Kind: BaselineKind.Zero };
            if (term.Scale is StdScale std)
            {
                if (overSqrt || (zero && centred is null or CreditScope.Batch)) return Unbounded($"{term}: divides by the deviation of another group");
                sum += Math.Abs(term.Weight) * (std.Rule.Kind == StdKind.BernoulliVariance ? new BoundSum(0, 0, 2) : deviations);
            }
            else
            {
                sum += Math.Abs(term.Weight) * (zero ? x : overSqrt ? 2 * x : spread);
            }
        }
        if (rule.Singletons == SingletonRule.KeepValue) sum += new BoundSum(size * rule.Terms.Sum(term => Math.Abs(term.Weight)), 0, 0);
        var bound = sum.Sealed();
        foreach (var step in rule.After)
        {
            if (step is WhitenStep) bound = new("sqrt(path tokens)", forest => Math.Sqrt(forest.FlatTokenTotal));
            var inner = bound;
            if (step is ClipStep clip) bound = new(FormattableString.Invariant($"{clip.Limit}"), forest => Math.Min(clip.Limit, inner.Limit(forest)));
        }
        return bound;

        LawBound? Unbounded(string reason)
        {
            reasons[Law.Bound] = reason;
            return null;
        }
    }
}
