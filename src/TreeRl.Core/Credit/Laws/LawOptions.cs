namespace TreeRl.Credit;

/// <summary>How <see cref="LawBook.Check"/> looks for a forest that breaks a law.</summary>
public sealed record LawOptions
{
    /// <summary>Seed of the generated forests: the same seed gives the same report.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Number of forests, at least 1.</summary>
    public int Forests { get; init; } = 60;

    /// <summary>
    /// Largest |expected - got| / max(1, |expected|) taken for rounding. Rewards are of order 1 and sums have tens of terms, so that 1e-9
    /// lies far above rounding and far below any fault.
    /// </summary>
    public double Tolerance { get; init; } = 1e-9;

    /// <summary>Smallest reward used.</summary>
    public double MinReward { get; init; }

    /// <summary>Largest reward used; above <see cref="MinReward"/>. Shifted and scaled rewards stay within the range as well.</summary>
    public double MaxReward { get; init; } = 1;

    /// <summary>What the rule claims; null derives it from the rule's words (<see cref="LawClaims.Of"/>).</summary>
    public LawClaims? Claims { get; init; }

    internal double Range => MaxReward - MinReward;

    internal void Validate()
    {
        Guard.InRange(Forests >= 1, Forests, "must be at least 1");
        Guard.InRange(double.IsFinite(Tolerance) && Tolerance > 0, Tolerance, "must be finite and positive");
        Guard.That(double.IsFinite(MinReward) && double.IsFinite(MaxReward) && MinReward < MaxReward,
            $"rewards {MinReward} .. {MaxReward}: both ends must be finite, the first below the second", "options");
    }
}
