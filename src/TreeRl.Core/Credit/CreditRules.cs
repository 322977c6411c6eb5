using System.Collections.Immutable;

namespace TreeRl.Credit;

// Flat baselines. A flat group is a forest of one-node trees; on a real tree each of them gives every path its own number, and a shared
// token gets one for each path through it.
//
// Deviations and open choices:
//  1. Groups are the scored leaves of a prompt. Leaves without a score move no mean and no deviation (public code lets them count as 0).
//  2. A group of equal rewards gives exact zeros; public code gives rounding noise divided by epsilon.
//  3. A group of one gives zero. verl's loop versions keep the reward there: SingletonRule.KeepValue.
//  4. GRPO's deviation is the sample one (n-1) with epsilon 1e-6, as in verl; TRL has 1e-4: GrpoWith.
//  5. REINFORCE++ whitens over all trained path tokens of the batch; the prompt is the group of its baseline variant. Whitening re-centres,
//     so a prompt without spread gets a small common advantage, as in the public code; add PruneRule.EqualPrompts to leave it out.

/// <summary>
/// The published schemes as values of the algebra, with the defaults of their sources; where a source is silent the choice is a parameter
/// of the method <c>...With</c>. Take one, print it, change it with its <c>With</c> methods.
/// </summary>
public static partial class CreditRules
{
    /// <summary>GRPO (DeepSeekMath, 2402.03300): A = (R - mean) / (std + 1e-6) over the prompt, std with n-1.</summary>
    public static CreditRule Grpo { get; } = GrpoWith(StdRule.Sample(1e-6));

    /// <summary>GRPO with another deviation or epsilon.</summary>
    public static CreditRule GrpoWith(StdRule std) =>
        new("grpo") { Terms = [CreditTerm.Over(Baseline.Prompt, TermScale.Std(std))] };

    /// <summary>Dr. GRPO (2503.20783): A = R - mean over the prompt.</summary>
    public static CreditRule DrGrpo { get; } = new("drGrpo") { Terms = [CreditTerm.Over(Baseline.Prompt)] };

    /// <summary>RLOO (2402.14740): A = R - mean of the prompt's other leaves.</summary>
    public static CreditRule Rloo { get; } = new("rloo") { Leaves = [LeafTransform.LeaveOneOut(CreditScope.Prompt)] };

    /// <summary>REINFORCE++ (2501.03262) without discount: A = R, whitened over the batch's path tokens.</summary>
    public static CreditRule ReinforcePlusPlus { get; } = new("reinforcePlusPlus") { After = [AfterStep.Whiten()] };

    /// <summary>REINFORCE++ with baseline: A = R - mean over the prompt, whitened over the batch's path tokens.</summary>
    public static CreditRule ReinforcePlusPlusBaseline { get; } = new("reinforcePlusPlusBaseline")
    {
        Terms = [CreditTerm.Over(Baseline.Prompt)],
        After = [AfterStep.Whiten()],
    };

    /// <summary>Every preset with its defaults, flat baselines first.</summary>
    public static ImmutableArray<CreditRule> All =>
        [Grpo, DrGrpo, Rloo, ReinforcePlusPlus, ReinforcePlusPlusBaseline, TreeRpo, TreePo, TreePoSizeWeighted, TreeAdv, TreeRl, TreeGrpo, Spo, DTreeRpo];
}
