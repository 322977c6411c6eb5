namespace TreeRl.Credit;

// TreeAdv (2601.03703). Known: leaf advantages are z-scores over all leaves of the prompt, and a token of an inner segment aggregates the
// advantages of all leaves below it. Deviations and open choices:
//  1. The aggregate is taken to be the plain mean over the leaves below; the exact weights are not confirmed.
//  2. The deviation is the sample one with epsilon 1e-6 (GRPO's public form); a parameter.
//  3. Whether a shared token is trained once or once for each path is not said. Default: once, which is where it differs from GRPO on the
//     same tree (with duplicated paths the first on-policy step has GRPO's gradient). TreeAdvWith(PathDuplicated) is the other reading.
//  4. With GSPO a path carries several advantages, so the token form (GSPO-token) applies; with every token once, the sequence is the node.
//
// TreeRL / EPTree (2506.11902).
//  1. Rewards are centred by leave-one-out over all scored leaves of the prompt.
//  2. A(n) = (V(n) - V(parent)) / sqrt(k) + V(n) / sqrt(k), k leaves below n. The second term is V(n) - V(question), the question's value
//     being 0 after centring. The paper divides the sum; the public code divides V and V(parent) by their own sqrt(k) before differencing,
//     so that the local term differs: TreeRlAsCode.
//  3. The public code subtracts a token-weighted mean from the sums before dividing; left out.
//  4. It trains 16 of 30 leaves, chosen at random with a correct one first, while all 30 make the values: WithChoice(new LeafChoice(16)), which
//     the presets here leave to the method; k then counts chosen leaves, as in the public code. Its loss is REINFORCE over duplicated paths.
//
// Tree-GRPO (2509.21240).
//  1. A leaf's advantage is its z-score over the prompt plus its z-score over its tree, each with the sample deviation and epsilon 1e-6.
//  2. A tree with one leaf adds nothing; the public code adds R / (1 + 1e-6) there: SingletonRule.KeepValue.
//  3. Nodes are agent steps in the source; here they are whatever the sampler made.

public static partial class CreditRules
{
    /// <summary>TreeAdv (2601.03703): z-scores over the prompt, mean over the leaves below, every token once.</summary>
    public static CreditRule TreeAdv { get; } = TreeAdvWith(TrainingUnit.TokenOnce, StdRule.Sample(1e-6));

    /// <summary>TreeAdv with another training unit or deviation, where its source is silent.</summary>
    public static CreditRule TreeAdvWith(TrainingUnit unit, StdRule std) => new("treeAdv")
    {
        Leaves = [LeafTransform.Centre(CreditScope.Prompt), LeafTransform.Scale(CreditScope.Prompt, std)],
        Backup = Backup.MeanOfLeaves,
        Spread = CreditSpread.Segment,
        Unit = unit,
    };

    /// <summary>TreeRL (2506.11902), the paper's form: ((V - V(parent)) + V) / sqrt(leaves below), rewards centred by leave-one-out.</summary>
    public static CreditRule TreeRl { get; } = new("treeRl")
    {
        Leaves = [LeafTransform.LeaveOneOut(CreditScope.Prompt)],
        Backup = Backup.MeanOfLeaves,
        Terms = [CreditTerm.Over(Baseline.Parent, TermScale.SqrtLeafCount), CreditTerm.Over(Baseline.Zero, TermScale.SqrtLeafCount)],
        Spread = CreditSpread.Segment,
        Unit = TrainingUnit.PathDuplicated,
    };

    /// <summary>TreeRL as its public code has it: V / sqrt(leaves below) for node and parent, each by its own count, then differenced.</summary>
    public static CreditRule TreeRlAsCode { get; } = new("treeRlAsCode")
    {
        Leaves = [LeafTransform.LeaveOneOut(CreditScope.Prompt)],
        Backup = Backup.MeanOfLeavesOverSqrtCount,
        Terms = [CreditTerm.Over(Baseline.Parent), CreditTerm.Over(Baseline.Zero)],
        Spread = CreditSpread.Segment,
        Unit = TrainingUnit.PathDuplicated,
    };

    /// <summary>Tree-GRPO (2509.21240): z-score over the prompt plus z-score over the tree, by leaf.</summary>
    public static CreditRule TreeGrpo { get; } = new("treeGrpo")
    {
        Terms =
        [
            CreditTerm.Over(Baseline.Prompt, TermScale.Std(StdRule.Sample(1e-6))),
            CreditTerm.Over(Baseline.Tree, TermScale.Std(StdRule.Sample(1e-6))),
        ],
    };
}
