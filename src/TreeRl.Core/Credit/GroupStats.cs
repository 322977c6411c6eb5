using System;
using System.Collections.Generic;

namespace TreeRl.Credit;

/// <summary>
/// Moments of a group of values, taken in order with double sums. A group whose values differ by no more than rounding counts as equal: it
/// has no spread, and its mean is taken as exact, so that no difference of 1e-17 is ever divided by a deviation of 1e-17.
/// </summary>
internal readonly record struct GroupStats(int Count, double Mean, double Min, double Max, double SquareSum, bool HasSpread)
{
    /// <summary>Relative difference below which two values count as equal: far above the rounding of a mean, far below any reward step.</summary>
    public const double Rounding = 1e-12;

    public double PopulationVariance => Count == 0 ? 0 : SquareSum / Count;

    /// <summary>Deviation plus epsilon; asked for only where there is spread, hence at least two values.</summary>
    public double Divisor(StdRule std) => std.Epsilon + std.Kind switch
    {
        StdKind.Sample => Math.Sqrt(SquareSum / (Count - 1)),
        StdKind.Population => Math.Sqrt(SquareSum / Count),
        StdKind.BernoulliStd => Math.Sqrt(Bernoulli()),
        _ => Bernoulli(),
    };

    /// <param name="values">The values; NaN entries are no members.</param>
    /// <param name="magnitude">Size of the numbers the values were computed from: rounding is relative to it.</param>
    public static GroupStats Of(ReadOnlySpan<double> values, double magnitude)
    {
        int count = 0;
        double sum = 0, min = double.PositiveInfinity, max = double.NegativeInfinity;
        foreach (double x in values)
        {
            if (double.IsNaN(x)) continue;
            count++;
            sum += x;
            min = Math.Min(min, x);
            max = Math.Max(max, x);
        }
        if (count == 0) return default;
        magnitude = Math.Max(magnitude, Math.Max(Math.Abs(min), Math.Abs(max)));
        if (max - min <= Rounding * magnitude) return new(count, min, min, max, 0, false);
        double mean = sum / count, squares = 0;
        foreach (double x in values)
        {
            if (!double.IsNaN(x)) squares += (x - mean) * (x - mean);
        }
        return new(count, mean, min, max, squares, true);
    }

    public static GroupStats Of(IEnumerable<int> nodes, double[] values, double magnitude)
    {
        var members = new List<double>();
        foreach (int n in nodes) members.Add(values[n]);
        return Of(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(members), magnitude);
    }

    private double Bernoulli()
    {
        Guard.That(Mean is > 0 and < 1,
            $"a Bernoulli scale met a group with spread whose mean is {Mean}: scores must lie within 0 .. 1; use rewards in that range, or another scale", "scale");
        return Mean * (1 - Mean);
    }
}
