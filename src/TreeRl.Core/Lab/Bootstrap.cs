using System;
using System.Collections.Generic;

namespace TreeRl.Lab;

/// <summary>A number with its 95 % bootstrap interval; NaN where it is not defined.</summary>
/// <param name="Value">The number on the data as they are.</param>
/// <param name="Low">The 2.5 % quantile over resamples.</param>
/// <param name="High">The 97.5 % quantile over resamples.</param>
public readonly record struct Estimate(double Value, double Low, double High)
{
    /// <inheritdoc/>
    public override string ToString() =>
        double.IsNaN(Value) ? "-" : FormattableString.Invariant($"{Value:0.000} [{Low:0.000}, {High:0.000}]");
}

/// <summary>
/// Resampling of prompts with replacement (Efron 1979, percentile intervals): answers to one prompt are not independent, prompts are.
/// Resample b draws its prompts from <c>Seed.Child(b)</c>, so that all statistics under one seed see the same resamples and may be
/// compared pairwise.
/// </summary>
/// <param name="Resamples">Number of resamples, at least 1.</param>
/// <param name="Seed">Names the draws.</param>
public sealed record Bootstrap(int Resamples, Seed Seed)
{
    /// <summary>1,000 resamples under a fixed seed.</summary>
    public static Bootstrap Default { get; } = new(1000, Seed.Of(1));

    /// <summary>The statistic with its interval.</summary>
    /// <param name="prompts">Number of prompts P, at least 1.</param>
    /// <param name="statistic">Takes how often each prompt counts (length P, not to be kept) and returns the number; NaN where it is not defined.</param>
    /// <returns>Resamples whose statistic is NaN are left out; if fewer than half are left, the interval is NaN.</returns>
    public Estimate Over(int prompts, Func<int[], double> statistic)
    {
        var (value, seen) = Resample(prompts, statistic);
        return seen.Count < Resamples / 2.0 ? new Estimate(value, double.NaN, double.NaN) : new Estimate(value, Quantile(seen, 0.025), Quantile(seen, 0.975));
    }

    /// <summary>
    /// The statistic with the spread of its resamples, moved so that their median lies at the value: for statistics that resampling itself
    /// shifts. A cosine is one: with replacement a resample has fewer distinct prompts, so its gradient is noisier than that of the whole batch.
    /// </summary>
    /// <inheritdoc cref="Over"/>
    public Estimate OverCentred(int prompts, Func<int[], double> statistic)
    {
        var (value, seen) = Resample(prompts, statistic);
        if (seen.Count < Resamples / 2.0) return new Estimate(value, double.NaN, double.NaN);
        double shift = value - Quantile(seen, 0.5);
        return new Estimate(value, Quantile(seen, 0.025) + shift, Quantile(seen, 0.975) + shift);
    }

    private (double Value, List<double> Ascending) Resample(int prompts, Func<int[], double> statistic)
    {
        ArgumentNullException.ThrowIfNull(statistic);
        Guard.InRange(prompts >= 1, prompts, "must be at least 1");
        Guard.InRange(Resamples >= 1, Resamples, "must be at least 1");
        var counts = new int[prompts];
        Array.Fill(counts, 1);
        double value = statistic(counts);
        var seen = new List<double>(Resamples);
        for (int b = 0; b < Resamples; b++)
        {
            Array.Clear(counts);
            var draw = Seed.Child(b);
            for (int i = 0; i < prompts; i++) counts[draw.Below(prompts, i)]++;
            double again = statistic(counts);
            if (!double.IsNaN(again)) seen.Add(again);
        }
        seen.Sort();
        return (value, seen);
    }

    /// <summary>Linear between order statistics: position q (n - 1) of the ascending list.</summary>
    private static double Quantile(List<double> ascending, double q)
    {
        double at = q * (ascending.Count - 1);
        int below = (int)at, above = Math.Min(below + 1, ascending.Count - 1);
        return ascending[below] + (at - below) * (ascending[above] - ascending[below]);
    }
}
