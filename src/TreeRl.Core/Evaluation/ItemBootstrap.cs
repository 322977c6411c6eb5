using System;

namespace TreeRl.Evaluation;

/// <summary>How the ends of a bootstrap interval are read from the resampled means.</summary>
public enum IntervalMethod : byte
{
    /// <summary>Bias-corrected and accelerated (Efron 1987): the percentiles are shifted for skew, which keeps the coverage near its nominal level at rates near 0 and 1.</summary>
    Bca = 0,

    /// <summary>The plain percentiles of the resampled means (Efron 1979).</summary>
    Percentile,
}

/// <summary>A mean over items with its interval.</summary>
/// <param name="Mean">The mean; NaN where there is no item.</param>
/// <param name="Low">The lower end; NaN where the items do not say.</param>
/// <param name="High">The upper end.</param>
/// <param name="Items">Number of items.</param>
public readonly record struct MeanEstimate(double Mean, double Low, double High, int Items)
{
    /// <inheritdoc/>
    public override string ToString() => double.IsNaN(Low)
        ? FormattableString.Invariant($"{Mean:0.000} [-]")
        : FormattableString.Invariant($"{Mean:0.000} [{Low:0.000}, {High:0.000}]");
}

/// <summary>
/// Intervals of means by resampling items with replacement. The item is the unit, since answers to one item are not independent; items are taken
/// for independent draws from the questions of interest. Resample b draws its items from <c>Seed.Child(b)</c>: equal seeds give equal intervals.
/// </summary>
public sealed record ItemBootstrap
{
    /// <summary>Number of resamples, at least 100.</summary>
    public int Resamples { get; init; } = 2000;

    /// <summary>The share of intervals meant to hold the truth, strictly between 0 and 1.</summary>
    public double Confidence { get; init; } = 0.95;

    /// <summary>How the ends are read.</summary>
    public IntervalMethod Method { get; init; } = IntervalMethod.Bca;

    /// <summary>Names the draws.</summary>
    public Seed Seed { get; init; } = Seed.Of(1);

    /// <summary>2,000 resamples, 95 %, BCa, a fixed seed.</summary>
    public static ItemBootstrap Default { get; } = new();

    /// <summary>The mean of one value per item, with its interval.</summary>
    /// <param name="values">One finite number per item; not changed.</param>
    /// <param name="least">The least a value can be; minus infinity when there is no limit.</param>
    /// <param name="most">The most a value can be.</param>
    /// <returns>
    /// Where all n values are the same v, resampling sees no spread. With limits the interval then allows for a share q = 1 - (alpha/2)^(1/n) of
    /// other items, the most that n equal ones leave plausible: [v - q (v - least), v + q (most - v)] (Clopper and Pearson's for v = 0 and 1).
    /// Without limits its ends are NaN. Without items all three numbers are NaN.
    /// </returns>
    /// <exception cref="ArgumentException">A value is not finite or beyond the limits, or a setting breaks its rule.</exception>
    public MeanEstimate Mean(double[] values, double least = double.NegativeInfinity, double most = double.PositiveInfinity)
    {
        ArgumentNullException.ThrowIfNull(values);
        Guard.InRange(Resamples >= 100, Resamples, "must be at least 100: fewer give no tails");
        Guard.InRange(Confidence is > 0 and < 1, Confidence, "must lie between 0 and 1, as 0.95 does");
        Guard.InRange(Enum.IsDefined(Method), Method, "must be one of the named methods");
        bool same = true;
        for (int i = 0; i < values.Length; i++)
        {
            Guard.That(double.IsFinite(values[i]) && values[i] >= least && values[i] <= most, $"values[{i}] = {values[i]}: must be finite and within {least} .. {most}", nameof(values));
            same &= values[i] == values[0];
        }
        if (values.Length == 0) return new MeanEstimate(double.NaN, double.NaN, double.NaN, 0);
        if (same) return WithoutSpread(values[0], values.Length, least, most);
        double mean = Average(values);
        double[] means = ResampledMeans(values);
        double tail = (1 - Confidence) / 2, low = tail, high = 1 - tail;
        if (Method == IntervalMethod.Bca)
        {
            double bias = Normal.Quantile(ShareBelow(means, mean)), acceleration = Acceleration(values, mean);
            low = Shifted(tail, bias, acceleration);
            high = Shifted(1 - tail, bias, acceleration);
        }
        return new MeanEstimate(mean, At(means, low), At(means, high), values.Length);
    }

    private MeanEstimate WithoutSpread(double value, int items, double least, double most)
    {
        if (!double.IsFinite(least) || !double.IsFinite(most)) return new MeanEstimate(value, double.NaN, double.NaN, items);
        double unseen = 1 - Math.Pow((1 - Confidence) / 2, 1.0 / items);
        return new MeanEstimate(value, value - unseen * (value - least), value + unseen * (most - value), items);
    }

    private double[] ResampledMeans(double[] values)
    {
        int items = values.Length;
        var means = new double[Resamples];
        var counts = new int[items];
        for (int b = 0; b < Resamples; b++)
        {
            Array.Clear(counts);
            var draw = Seed.Child(b);
            for (int i = 0; i < items; i++) counts[draw.Below(items, i)]++;
            double sum = 0;
            for (int i = 0; i < items; i++) sum += counts[i] * values[i];
            means[b] = sum / items;
        }
        Array.Sort(means);
        return means;
    }

    /// <summary>Share of resampled means below the mean, equal ones counting half; half a resample on either side keeps it off 0 and 1.</summary>
    private static double ShareBelow(double[] ascending, double mean)
    {
        double rounding = 1e-12 * Math.Max(Math.Abs(ascending[0]), Math.Abs(ascending[^1])), below = 0.5;
        foreach (double value in ascending) below += value < mean - rounding ? 1 : value <= mean + rounding ? 0.5 : 0;
        return below / (ascending.Length + 1);
    }

    /// <summary>The jackknife's estimate for a mean: sum of cubed deviations over 6 times the power 3/2 of the sum of squares.</summary>
    private static double Acceleration(double[] values, double mean)
    {
        double squares = 0, cubes = 0;
        foreach (double value in values)
        {
            double off = value - mean;
            squares += off * off;
            cubes += off * off * off;
        }
        return squares == 0 ? 0 : cubes / (6 * Math.Pow(squares, 1.5));
    }

    private static double Shifted(double share, double bias, double acceleration)
    {
        double z = bias + Normal.Quantile(share);
        return Normal.Cdf(bias + z / (1 - acceleration * z));
    }

    private static double Average(double[] values)
    {
        double sum = 0;
        foreach (double value in values) sum += value;
        return sum / values.Length;
    }

    /// <summary>Linear between order statistics: position q (n - 1) of the ascending list.</summary>
    private static double At(double[] ascending, double q)
    {
        double at = q * (ascending.Length - 1);
        int below = (int)at, above = Math.Min(below + 1, ascending.Length - 1);
        return ascending[below] + (at - below) * (ascending[above] - ascending[below]);
    }
}
