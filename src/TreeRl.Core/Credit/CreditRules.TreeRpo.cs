namespace TreeRl.Credit;

// TreeRPO (2506.05183) and the neighbours whose value is a mean over children.
//
// TreeRPO. Known: V = mean of children, group = children of one parent, advantage relative to the group, groups with too little spread
// are pruned with threshold 0.1, the objective is GRPO's with a KL term. Deviations and open choices:
//  1. The normaliser replaces GRPO's deviation; its formula is in no source at hand. Default sqrt(mu (1-mu)) + 1e-6, a parameter. On
//     groups of 0/1 values it equals the population deviation; between nearly equal values it does not blow up.
//  2. Which statistic is compared with 0.1 is not said. Default: population deviation of the group's values, a parameter.
//  3. The aggregation over tokens is not said. The unit is the node in its sibling group: aggregate inside a group, then average groups.
//  4. The roots of a prompt are its first group.
//  5. An only child has no group to be compared with: advantage zero, and the prune rule drops it.
//
// SPO-tree (2505.23564). 1. Edges are nodes; the question is the parent of the roots. 2. Edges with advantage exactly 0 are dropped; the
// public code adds a power term to the test that has the same sign for values within 0 .. 1. 3. Default without normaliser ("rloo" in the
// public code); the "grpo" variant divides by the population deviation of the siblings + 1e-8. 4. The public code masks tokens whose old
// probability is 0.9 or more out of its loss, KL and denominators: WithMask(new TokenMask(0.9)), which the presets here leave to the method.
// 5. The replay buffer is not part of the credit rule.
//
// VinePPO (2410.01679). 1. A(step) = r + V(next) - V(this), V by K fresh continuations; the reward comes with the answer's end, whose value is 0,
// so that A(n) = V(n) - V(parent) with V(leaf) = R is the same. 2. A state without an estimate has the value of the answer itself, as in the
// public code. 3. Its trainer whitens over the batch's tokens, in its default configuration; the preset here leaves that to the method.
//
// d-TreeRPO (2512.09675). 1. Leave-one-out siblings, no normaliser. 2. The source trains a diffusion model; the unit for an
// autoregressive one is open: default every token once. 3. The positive-only filter for self-distillation is not part of it.

public static partial class CreditRules
{
    /// <summary>TreeRPO (2506.05183): V = mean of children; A = (V - mean of siblings) / sqrt(mu (1-mu)); sibling groups, pruned at 0.1.</summary>
    public static CreditRule TreeRpo { get; } =
        TreeRpoWith(TermScale.Std(StdRule.BernoulliStd()), new PruneRule(PruneGroups.Siblings, SpreadStatistic.Std, 0.1));

    /// <summary>TreeRPO with another normaliser and pruning, where its source is silent.</summary>
    /// <param name="scale">What the difference to the siblings' mean is divided by.</param>
    /// <param name="prune">Which groups are left out; null keeps all.</param>
    public static CreditRule TreeRpoWith(TermScale scale, PruneRule? prune) => new("treeRpo")
    {
        Backup = Backup.MeanOfChildren,
        Terms = [CreditTerm.Over(Baseline.Siblings, scale)],
        Spread = CreditSpread.Segment,
        Prune = prune,
        Unit = TrainingUnit.SiblingGroup,
    };

    /// <summary>SPO-tree (2505.23564): V = mean of children; A = V - V(parent); every edge once, those with A = 0 dropped.</summary>
    public static CreditRule Spo { get; } = SpoWith(TermScale.None);

    /// <summary>SPO-tree with a normaliser: its "grpo" variant is <c>TermScale.Std(StdRule.Population(1e-8))</c>.</summary>
    public static CreditRule SpoWith(TermScale scale) => new("spo")
    {
        Backup = Backup.MeanOfChildren,
        Terms = [CreditTerm.Over(Baseline.Parent, scale)],
        Spread = CreditSpread.Segment,
        Unit = TrainingUnit.EdgeOnce,
    };

    /// <summary>VinePPO (2410.01679): V by fresh continuations; A = V - V(parent).</summary>
    /// <param name="continuations">Continuations of each state, K; the paper has 9.</param>
    public static CreditRule VinePpo(int continuations = 9) => new("vinePpo")
    {
        Backup = Backup.FreshValues(continuations),
        Terms = [CreditTerm.Over(Baseline.Parent)],
        Spread = CreditSpread.Segment,
        Unit = TrainingUnit.PathDuplicated,
    };

    /// <summary>d-TreeRPO (2512.09675): V = mean of children; A = V - mean of the other siblings.</summary>
    public static CreditRule DTreeRpo { get; } = new("dTreeRpo")
    {
        Backup = Backup.MeanOfChildren,
        Terms = [CreditTerm.Over(Baseline.OtherSiblings)],
        Spread = CreditSpread.Segment,
        Unit = TrainingUnit.TokenOnce,
    };
}
