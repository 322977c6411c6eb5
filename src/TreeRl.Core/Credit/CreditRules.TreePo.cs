namespace TreeRl.Credit;

// TreePO (2508.17445). A leaf's advantage is the mean over its nested groups of R - mean(group), then whitened over the batch.
// Deviations and open choices:
//  1. The equation divides by a global deviation; the public code also subtracts the token mean. Both come with AfterStep.Whiten (as the
//     code). Whitening runs over all trained path tokens, a shared token counting once for each path.
//  2. The public code counts a group once for each depth, so an unbranched stretch repeats its group. Here a group counts once.
//  3. Groups of one leaf below the prompt do not count, as in the code; the prompt's own group always does.
//  4. The paper and its script weigh groups equally; the code's function default weighs by size. Both are presets.
//  5. Prompts whose rewards are all equal are rejected (the paper's dynamic sampling).
//  6. Rejecting deeper groups without spread (eq. 7) is off: the paper finds that it hurts. TreePoWith switches it on.

public static partial class CreditRules
{
    /// <summary>TreePO (2508.17445), groups weighing the same.</summary>
    public static CreditRule TreePo { get; } = TreePoWith(sizeWeighted: false, rejectZeroSpread: false);

    /// <summary>TreePO, groups weighing by their number of leaves (eq. 6).</summary>
    public static CreditRule TreePoSizeWeighted { get; } = TreePoWith(sizeWeighted: true, rejectZeroSpread: false).WithName("treePoSizeWeighted");

    /// <summary>TreePO with its variants.</summary>
    /// <param name="sizeWeighted">Weigh a group by its number of leaves.</param>
    /// <param name="rejectZeroSpread">Leave out deeper groups whose rewards are all equal (eq. 7).</param>
    public static CreditRule TreePoWith(bool sizeWeighted, bool rejectZeroSpread) => new("treePo")
    {
        Terms = [CreditTerm.Over(Baseline.AncestorGroups(sizeWeighted, rejectZeroSpread))],
        Prune = PruneRule.EqualPrompts,
        After = [AfterStep.Whiten()],
    };
}
