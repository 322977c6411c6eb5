using System.Collections.Immutable;

namespace TreeRl.Objectives;

// Deviations and open choices:
//  1. No preset clamps log-ratios or KL estimates. verl's public code clamps token log-ratios to +-20, GSPO's to at most 10, k3's to +-20
//     and its value to +-10: WithLogRatioLimit, WithKlLimits. Here an overflow stops the step instead.
//  2. GRPO has no KL term, as is the custom by now; DeepSeekMath's form is Grpo.WithKl(K3, 0.04) with SequenceMeanTokenMean.
//  3. verl applies a dual clip of 3 to all its clipped losses by default, TreePO 10. Only Dapo has it here (TreePO: WithDualClip 10).
//  4. GSPO and GSPO-token aggregate by SequenceMeanTokenMean whatever else is asked for in verl; here it is the preset's value.
//  5. Dr. GRPO's constant is the longest answer allowed and must be given; sequences are summed, not averaged over the batch (verl). For
//     the division by the number of sequences multiply the constant by it.

/// <summary>The objectives of the field by name. Change one with its With methods.</summary>
public static class ObjectivePresets
{
    /// <summary>GRPO (2402.03300): token ratios, clip 0.2/0.2, token mean.</summary>
    public static PolicyObjective Grpo { get; } = new("grpo");

    /// <summary>DAPO (2503.14476): token ratios, clip 0.2/0.28, dual clip 3, token mean.</summary>
    public static PolicyObjective Dapo { get; } = new("dapo") { ClipHigh = 0.28, DualClip = 3 };

    /// <summary>GSPO (2507.18071): sequence ratios, clip 3e-4/4e-4, sequence mean of token means.</summary>
    public static PolicyObjective Gspo { get; } = new("gspo")
    {
        Ratio = RatioLevel.Sequence,
        ClipLow = 3e-4,
        ClipHigh = 4e-4,
        Aggregation = new(Aggregation.SequenceMeanTokenMean),
    };

    /// <summary>GSPO-token (2507.18071): as GSPO, with the derivative of each token by its own advantage.</summary>
    public static PolicyObjective GspoToken { get; } = Gspo with { Name = "gspoToken", Ratio = RatioLevel.SequenceToken };

    /// <summary>CISPO (2506.13585), two-sided form: weights clip(r, 0.8, 1.2) without derivative, token mean.</summary>
    public static PolicyObjective Cispo { get; } = new("cispo") { Loss = PolicyLoss.Cispo };

    /// <summary>CISPO by its upper bound only: weights min(r, 5) without derivative, token mean.</summary>
    public static PolicyObjective CispoUpper { get; } = new("cispoUpper") { Loss = PolicyLoss.CispoUpper };

    /// <summary>REINFORCE: -A logp, token mean.</summary>
    public static PolicyObjective Reinforce { get; } = new("reinforce") { Loss = PolicyLoss.Reinforce };

    /// <summary>Dr. GRPO (2503.20783): token ratios, clip 0.2/0.2, token sums divided by a constant.</summary>
    /// <param name="normConstant">The divisor, positive: the longest answer allowed, in tokens.</param>
    public static PolicyObjective DrGrpo(double normConstant) =>
        new("drGrpo") { Aggregation = new(Aggregation.SequenceMeanTokenSumNorm, normConstant) };

    /// <summary>Every preset without parameters.</summary>
    public static ImmutableArray<PolicyObjective> All => [Grpo, Dapo, Gspo, GspoToken, Cispo, CispoUpper, Reinforce];
}
