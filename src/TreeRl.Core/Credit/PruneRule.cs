using System.Globalization;

namespace TreeRl.Credit;

/// <summary>Which groups a <see cref="PruneRule"/> looks at.</summary>
public enum PruneGroups
{
    /// <summary>All leaves of a prompt, by their rewards before any transform (DAPO's dynamic sampling).</summary>
    Prompt,

    /// <summary>The children of one parent (the roots of one prompt), by their values V (TreeRPO); needs spread Segment.</summary>
    Siblings,
}

/// <summary>How far apart the values of a group are.</summary>
public enum SpreadStatistic
{
    /// <summary>Largest minus smallest.</summary>
    Range,

    /// <summary>Population standard deviation (n).</summary>
    Std,

    /// <summary>Population variance (n).</summary>
    Variance,
}

/// <summary>
/// Leaves groups with too little spread out of training: their tokens get advantage 0 and no weight, and every denominator forgets them.
/// </summary>
/// <param name="Groups">Which groups.</param>
/// <param name="Statistic">What is compared.</param>
/// <param name="Threshold">A group goes when its statistic is at most this, up to rounding; 0 drops only groups of equal values.</param>
/// <param name="KeepSingletons">Keep groups of one, whose statistic is 0 (DAPO's public code does).</param>
public sealed record PruneRule(PruneGroups Groups, SpreadStatistic Statistic, double Threshold, bool KeepSingletons = false)
{
    // rewards stand on grids, so that a statistic often meets the threshold exactly; the order of a sum must not decide then
    private const double Tie = 1 + 1e-9;

    /// <summary>Drops prompts whose scored leaves all earned the same.</summary>
    public static PruneRule EqualPrompts { get; } = new(PruneGroups.Prompt, SpreadStatistic.Range, 0);

    /// <summary>Drops sibling groups whose values are all the same.</summary>
    public static PruneRule EqualSiblings { get; } = new(PruneGroups.Siblings, SpreadStatistic.Range, 0);

    /// <summary>The words that make this rule.</summary>
    public string Words => string.Create(CultureInfo.InvariantCulture, $"prune {Groups} {Statistic} {Threshold}{(KeepSingletons ? " keepSingletons" : "")}");

    /// <inheritdoc/>
    public override string ToString() => Words;

    /// <summary>Whether a group of these values, at least one, goes.</summary>
    internal bool Drops(System.Collections.Generic.List<double> values) =>
        Drops(GroupStats.Of(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(values), 0));

    internal bool Drops(GroupStats group) => group.Count == 1 ? !KeepSingletons : Statistic switch
    {
        _ when !group.HasSpread => true,
        SpreadStatistic.Range => group.Max - group.Min <= Threshold * Tie,
        SpreadStatistic.Std => group.PopulationVariance <= Threshold * Threshold * Tie,
        _ => group.PopulationVariance <= Threshold * Tie,
    };
}
