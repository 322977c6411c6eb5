using System;

namespace TreeRl.Training;

/// <summary>How the learning rate goes on after the warm-up.</summary>
public enum Decay
{
    /// <summary>Stays at the peak.</summary>
    Constant,

    /// <summary>Half a cosine from the peak down to the floor at the last step.</summary>
    Cosine,

    /// <summary>A straight line from the peak down to the floor at the last step.</summary>
    Linear,
}

/// <summary>The learning rate as a function of the optimiser step: a linear warm-up to the peak, then a decay.</summary>
public sealed record LearningRateSchedule
{
    /// <summary>The highest rate, reached at the end of the warm-up. Above 0.</summary>
    public required double Peak { get; init; }

    /// <summary>Updates over which the rate rises from Peak/WarmupUpdates to Peak; 0 starts at the peak.</summary>
    public int WarmupUpdates { get; init; }

    /// <summary>The decay after the warm-up.</summary>
    public Decay Decay { get; init; } = Decay.Constant;

    /// <summary>Final rate as a share of the peak, in [0, 1]; used by the decays that fall.</summary>
    public double FloorShare { get; init; }

    /// <summary>The rate of update <paramref name="update"/> (0-based) out of <paramref name="total"/>.</summary>
    public double At(long update, long total)
    {
        Guard.InRange(update >= 0 && update < total, update, $"must lie in 0 .. {total - 1}");
        if (update < WarmupUpdates) return Peak * (update + 1) / WarmupUpdates;
        double span = Math.Max(1, total - WarmupUpdates - 1);
        double progress = Math.Min(1, (update - WarmupUpdates) / span);
        double share = Decay switch
        {
            Decay.Cosine => 0.5 * (1 + Math.Cos(Math.PI * progress)),
            Decay.Linear => 1 - progress,
            _ => 1,
        };
        return Peak * (FloorShare + (1 - FloorShare) * share);
    }

    /// <summary>Checks every rule above.</summary>
    /// <exception cref="ArgumentException">A value breaks its rule; the message names it.</exception>
    public LearningRateSchedule Validated()
    {
        Guard.InRange(double.IsFinite(Peak) && Peak > 0, Peak, "the learning rate must be above 0");
        Guard.InRange(WarmupUpdates >= 0, WarmupUpdates, "must not be negative");
        Guard.InRange(FloorShare is >= 0 and <= 1, FloorShare, "is a share of the peak and must lie in [0, 1]");
        return this;
    }
}
