using System;

namespace TreeRl.Policies;

/// <summary>
/// A training objective as a function of log-probabilities: returns the loss of one group and its derivatives. It knows no tensors and no
/// engine, so finite differences can check it and it is the same everywhere.
/// </summary>
/// <remarks>Called from several threads at once, for different groups; implementations keep no state between calls.</remarks>
public interface IObjective
{
    /// <summary>Whether <see cref="ObjectiveInput.LogProbRef"/> is needed.</summary>
    bool NeedsReference { get; }

    /// <summary>Whether derivatives by entropy are produced; engines skip that part of the backward pass otherwise.</summary>
    bool UsesEntropy { get; }

    /// <summary>Loss of one group, to be minimised, with its derivatives.</summary>
    /// <param name="input">The group's columns, K targets.</param>
    /// <param name="dLogProb">Receives dL/dlogp by target, length K; every entry is written.</param>
    /// <param name="dEntropy">Receives dL/dentropy by target, length K, or empty when <see cref="UsesEntropy"/> is false.</param>
    LossReport Evaluate(in ObjectiveInput input, Span<float> dLogProb, Span<float> dEntropy);
}

/// <summary>The columns of one group: all spans have the group's K targets, and sample table indices are those of the whole batch.</summary>
public readonly ref struct ObjectiveInput
{
    /// <summary>Log-probability under the policy being trained.</summary>
    public required ReadOnlySpan<float> LogProb { get; init; }

    /// <summary>Log-probability before the update; the same memory as <see cref="LogProb"/> when the update is on-policy.</summary>
    public required ReadOnlySpan<float> LogProbOld { get; init; }

    /// <summary>Log-probability under the reference policy; empty when not needed.</summary>
    public ReadOnlySpan<float> LogProbRef { get; init; }

    /// <summary>Entropy of the predicting distribution under the policy being trained.</summary>
    public required ReadOnlySpan<float> Entropy { get; init; }

    /// <summary>See <see cref="CreditColumns.PositiveMass"/>.</summary>
    public required ReadOnlySpan<float> PositiveMass { get; init; }

    /// <summary>See <see cref="CreditColumns.NegativeMass"/>.</summary>
    public required ReadOnlySpan<float> NegativeMass { get; init; }

    /// <summary>See <see cref="CreditColumns.Mass"/>.</summary>
    public required ReadOnlySpan<float> Mass { get; init; }

    /// <summary>The batch's samples.</summary>
    public required SampleTable Samples { get; init; }

    /// <summary>Index of this group in the batch: its runs are Samples.GroupFirstRun[Group] .. GroupFirstRun[Group+1]-1, its samples likewise.</summary>
    public required int Group { get; init; }

    /// <summary>Batch index of the group's first target; subtract it from <see cref="SampleTable.RunFirstTarget"/> to index the spans.</summary>
    public required int FirstTarget { get; init; }

    /// <summary>Number of targets, K.</summary>
    public int TargetCount => LogProb.Length;
}

/// <summary>
/// The loss and what it looked like, as sums that can be added over groups in a fixed order. Means are over unique trained tokens
/// (targets with positive mass of weight), not over duplicated paths.
/// </summary>
public record struct LossReport
{
    /// <summary>The clipped surrogate (or other policy term), aggregation folded in.</summary>
    public double PolicyLoss;

    /// <summary>The KL term, coefficient included.</summary>
    public double KlLoss;

    /// <summary>The entropy term, coefficient included (negative for a bonus).</summary>
    public double EntropyLoss;

    /// <summary>Number of targets with positive weight.</summary>
    public long TokenCount;

    /// <summary>Sum of ratios new/old over those targets (for sequence-level objectives, over samples).</summary>
    public double RatioSum;

    /// <summary>Number of ratios in <see cref="RatioSum"/>.</summary>
    public long RatioCount;

    /// <summary>Largest |log ratio| seen.</summary>
    public double MaxAbsLogRatio;

    /// <summary>Number of ratios held by the upper clip bound (positive advantage).</summary>
    public long ClippedHigh;

    /// <summary>Number of ratios held by the lower clip bound (negative advantage).</summary>
    public long ClippedLow;

    /// <summary>Number of ratios held by the dual clip.</summary>
    public long DualClipped;

    /// <summary>Sum over targets of the k3 estimate of KL(old || new).</summary>
    public double KlOldSum;

    /// <summary>Sum over targets of the objective's own KL estimate against the reference.</summary>
    public double KlRefSum;

    /// <summary>Sum of entropies over targets.</summary>
    public double EntropySum;

    /// <summary>Largest |log-probability now - log-probability the decoder recorded|: rounding only, on the first update of a step.</summary>
    public double MaxSamplerGap;

    /// <summary>The total loss.</summary>
    public readonly double Loss => PolicyLoss + KlLoss + EntropyLoss;

    /// <summary>Mean ratio; 1 when there was none.</summary>
    public readonly double MeanRatio => RatioCount == 0 ? 1 : RatioSum / RatioCount;

    /// <summary>Share of ratios that a clip bound held.</summary>
    public readonly double ClipShare => RatioCount == 0 ? 0 : (double)(ClippedHigh + ClippedLow + DualClipped) / RatioCount;

    /// <summary>Mean entropy in nats; 0 when there are no tokens.</summary>
    public readonly double MeanEntropy => TokenCount == 0 ? 0 : EntropySum / TokenCount;

    /// <summary>This report and another's, added.</summary>
    public readonly LossReport Plus(in LossReport other) => new()
    {
        PolicyLoss = PolicyLoss + other.PolicyLoss,
        KlLoss = KlLoss + other.KlLoss,
        EntropyLoss = EntropyLoss + other.EntropyLoss,
        TokenCount = TokenCount + other.TokenCount,
        RatioSum = RatioSum + other.RatioSum,
        RatioCount = RatioCount + other.RatioCount,
        MaxAbsLogRatio = Math.Max(MaxAbsLogRatio, other.MaxAbsLogRatio),
        ClippedHigh = ClippedHigh + other.ClippedHigh,
        ClippedLow = ClippedLow + other.ClippedLow,
        DualClipped = DualClipped + other.DualClipped,
        KlOldSum = KlOldSum + other.KlOldSum,
        KlRefSum = KlRefSum + other.KlRefSum,
        EntropySum = EntropySum + other.EntropySum,
        MaxSamplerGap = Math.Max(MaxSamplerGap, other.MaxSamplerGap),
    };
}
