using System;
using System.Collections.Immutable;

namespace TreeRl.Lab;

/// <summary>
/// How well a rule's gradient on one forest points where the true gradient points: <c>cos = g.h / (|g| |h|)</c>, g the sum of the rule's
/// <see cref="PromptGradients"/>, h that of the <see cref="TrueGradient"/>. Noise in h lowers it; the ceiling <c>sqrt(h1.h2 / |h|^2)</c>, from
/// the halves of h, is what the exact gradient would reach, and the corrected cosine is cos / ceiling. Intervals resample prompts, for g and
/// h alike, and are centred (<see cref="Bootstrap.OverCentred"/>).
/// </summary>
[Notebooks.TypeFormatterSource(typeof(Notebooks.HtmlFormatterSource))]
public sealed record GradientScore
{
    /// <summary>The rule's name.</summary>
    public required string Rule { get; init; }

    /// <summary>Cosine with the estimated true gradient; NaN when a gradient is 0.</summary>
    public required Estimate Cosine { get; init; }

    /// <summary>The cosine that the exact gradient would have; NaN when the halves of the truth disagree in direction.</summary>
    public required Estimate Ceiling { get; init; }

    /// <summary>Cosine / ceiling; may exceed 1 by chance.</summary>
    public required Estimate Corrected { get; init; }

    /// <summary>The truth it was scored against.</summary>
    public required TrueGradient Truth { get; init; }

    /// <summary>Inner products of the rule's entries with each other: P times P, row by row.</summary>
    public required ImmutableArray<double> Own { get; init; }

    /// <summary>Inner products of the rule's entries with the truth's: P times P, row by row.</summary>
    public required ImmutableArray<double> Cross { get; init; }

    /// <summary>Scores a rule's gradient.</summary>
    /// <param name="rule">The rule's name.</param>
    /// <param name="gradient">The rule's gradient.</param>
    /// <param name="truth">The true one, of the same prompts in the same order.</param>
    /// <param name="bootstrap">How intervals are made; null takes <see cref="Bootstrap.Default"/>.</param>
    /// <exception cref="ArgumentException">The prompts differ.</exception>
    public static GradientScore Of(string rule, PromptGradients gradient, TrueGradient truth, Bootstrap? bootstrap = null)
    {
        ArgumentNullException.ThrowIfNull(rule);
        ArgumentNullException.ThrowIfNull(gradient);
        ArgumentNullException.ThrowIfNull(truth);
        bootstrap ??= Bootstrap.Default;
        int prompts = gradient.PromptIds.Length;
        double[] own = gradient.InnerProducts(gradient), cross = gradient.InnerProducts(truth.Mean);
        double Cosine(int[] counts) => CosineOf(own, cross, truth, counts);
        double Ceiling(int[] counts) => Math.Sqrt(Ratio(Sum(truth.HalfProducts, counts), Sum(truth.MeanProducts, counts)));
        return new GradientScore
        {
            Rule = rule,
            Truth = truth,
            Own = [.. own],
            Cross = [.. cross],
            Cosine = bootstrap.OverCentred(prompts, Cosine),
            Ceiling = bootstrap.OverCentred(prompts, Ceiling),
            Corrected = bootstrap.OverCentred(prompts, counts => Ratio(Cosine(counts), Ceiling(counts))),
        };
    }

    /// <summary>
    /// This cosine minus another's, with the interval of the difference: both are resampled together, so that what the prompts have in
    /// common cancels.
    /// </summary>
    /// <param name="other">A score against the same truth.</param>
    /// <param name="bootstrap">How intervals are made; null takes <see cref="Bootstrap.Default"/>.</param>
    /// <exception cref="ArgumentException">The other score is against another truth.</exception>
    public Estimate Minus(GradientScore other, Bootstrap? bootstrap = null)
    {
        ArgumentNullException.ThrowIfNull(other);
        Guard.That(ReferenceEquals(Truth, other.Truth), $"'{other.Rule}' was scored against another true gradient than '{Rule}': score both against one", nameof(other));
        double[] own = [.. Own], cross = [.. Cross], otherOwn = [.. other.Own], otherCross = [.. other.Cross];
        return (bootstrap ?? Bootstrap.Default).OverCentred(
            Truth.Mean.PromptIds.Length, counts => CosineOf(own, cross, Truth, counts) - CosineOf(otherOwn, otherCross, Truth, counts));
    }

    /// <summary>The figures in one line.</summary>
    public override string ToString() => FormattableString.Invariant($"{Rule}: cosine {Cosine}, ceiling {Ceiling.Value:0.000}, corrected {Corrected}");

    /// <summary>The inner product of two sums over prompts, each prompt counted so often.</summary>
    internal static double Sum(double[] products, int[] counts)
    {
        double sum = 0;
        for (int p = 0; p < counts.Length; p++)
        {
            if (counts[p] == 0) continue;
            double row = 0;
            for (int q = 0; q < counts.Length; q++) row += counts[q] * products[p * counts.Length + q];
            sum += counts[p] * row;
        }
        return sum;
    }

    private static double CosineOf(double[] own, double[] cross, TrueGradient truth, int[] counts) =>
        Ratio(Sum(cross, counts), Math.Sqrt(Sum(own, counts)) * Math.Sqrt(Sum(truth.MeanProducts, counts)));

    private static double Ratio(double a, double b) => b > 0 ? a / b : double.NaN;
}
