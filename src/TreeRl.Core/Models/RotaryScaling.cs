namespace TreeRl.Models;

/// <summary>
/// How rotary frequencies are changed so that a model reads longer texts than it was first trained on: <see cref="LinearScaling"/>, <see cref="Llama3Scaling"/> or
/// <see cref="YarnScaling"/>. <see cref="RotaryFrequencies"/> holds the formulas.
/// </summary>
public abstract record RotaryScaling
{
    private protected RotaryScaling()
    {
    }

    /// <summary>How many times longer the texts are: at least 1.</summary>
    public required double Factor { get; init; }

    /// <summary>Throws an ArgumentException that names the first value which breaks its rule.</summary>
    internal virtual void Check(ModelConfig config) => Guard.InRange(double.IsFinite(Factor) && Factor >= 1, Factor, "must be at least 1: scaling makes the context longer");
}

/// <summary>Position interpolation (2306.15595): every position is divided by <see cref="RotaryScaling.Factor"/>.</summary>
public sealed record LinearScaling : RotaryScaling;

/// <summary>
/// The scaling of Llama 3.1: frequencies whose wave is short against the original context stay, those whose wave is long are divided by the factor, those between
/// are blended.
/// </summary>
public sealed record Llama3Scaling : RotaryScaling
{
    /// <summary>Waves longer than the original context divided by this are divided by the factor; above 0.</summary>
    public required double LowFrequencyFactor { get; init; }

    /// <summary>Waves shorter than the original context divided by this stay; above <see cref="LowFrequencyFactor"/>.</summary>
    public required double HighFrequencyFactor { get; init; }

    /// <summary>Positions the model was first trained on; at least 1.</summary>
    public required int OriginalContext { get; init; }

    internal override void Check(ModelConfig config)
    {
        base.Check(config);
        Guard.InRange(double.IsFinite(LowFrequencyFactor) && LowFrequencyFactor > 0, LowFrequencyFactor, "must be above 0");
        Guard.InRange(double.IsFinite(HighFrequencyFactor) && HighFrequencyFactor > LowFrequencyFactor, HighFrequencyFactor, $"must be above LowFrequencyFactor, {LowFrequencyFactor}");
        Guard.InRange(OriginalContext >= 1, OriginalContext, "must be at least 1");
    }
}

/// <summary>
/// YaRN (2309.00071): frequencies that turn more than <see cref="BetaFast"/> times within the original context stay, those that turn less than
/// <see cref="BetaSlow"/> times are divided by the factor, those between are blended; and the turned queries and keys are lengthened by the attention factor.
/// </summary>
public sealed record YarnScaling : RotaryScaling
{
    /// <summary>Positions the model was first trained on; null: <see cref="ModelConfig.ContextLength"/>.</summary>
    public int? OriginalContext { get; init; }

    /// <summary>What turned queries and keys are multiplied by, above 0; null: computed from the factor and the two scales below.</summary>
    public double? AttentionFactor { get; init; }

    /// <summary>Turns within the original context above which a frequency stays.</summary>
    public double BetaFast { get; init; } = 32;

    /// <summary>Turns within the original context below which a frequency is divided by the factor; above 0 and at most <see cref="BetaFast"/>.</summary>
    public double BetaSlow { get; init; } = 1;

    /// <summary>Numerator's scale m of the attention factor, at least 0 (the form of DeepSeek); counts when both scales are given and neither is 0.</summary>
    public double? Scale { get; init; }

    /// <summary>Denominator's scale m' of the attention factor, at least 0; counts when both scales are given and neither is 0.</summary>
    public double? ScaleAllDimensions { get; init; }

    /// <summary>Whether the ends of the blend are rounded outwards to whole pairs.</summary>
    public bool Truncate { get; init; } = true;

    internal override void Check(ModelConfig config)
    {
        base.Check(config);
        Guard.InRange(OriginalContext is null or >= 1, OriginalContext, "must be at least 1");
        Guard.InRange(AttentionFactor is null || (double.IsFinite(AttentionFactor.Value) && AttentionFactor > 0), AttentionFactor, "must be above 0");
        Guard.InRange(double.IsFinite(BetaSlow) && BetaSlow > 0, BetaSlow, "must be above 0");
        Guard.InRange(double.IsFinite(BetaFast) && BetaFast >= BetaSlow, BetaFast, $"must be at least BetaSlow, {BetaSlow}");
        Guard.InRange(Scale is null || (double.IsFinite(Scale.Value) && Scale >= 0), Scale, "must be at least 0");
        Guard.InRange(ScaleAllDimensions is null || (double.IsFinite(ScaleAllDimensions.Value) && ScaleAllDimensions >= 0), ScaleAllDimensions, "must be at least 0");
    }
}
