using System;
using System.Collections.Generic;

namespace TreeRl.Lab;

/// <summary>The measures by which two columns of credit are compared. All sums run in index order, in double.</summary>
public static class LabMath
{
    /// <summary>
    /// Pearson's correlation <c>sum (x-mx)(y-my) / sqrt(sum (x-mx)^2 sum (y-my)^2)</c>; NaN when a column is constant or there are fewer
    /// than two entries.
    /// </summary>
    /// <exception cref="ArgumentException">The columns differ in length.</exception>
    public static double Pearson(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        Check(x, y);
        double meanX = Mean(x), meanY = Mean(y), xx = 0, yy = 0, xy = 0;
        for (int i = 0; i < x.Count; i++)
        {
            double dx = x[i] - meanX, dy = y[i] - meanY;
            xx += dx * dx;
            yy += dy * dy;
            xy += dx * dy;
        }
        return xx > 0 && yy > 0 ? xy / Math.Sqrt(xx * yy) : double.NaN;
    }

    /// <summary>Spearman's rank correlation: <see cref="Pearson"/> of <see cref="Ranks"/>.</summary>
    /// <exception cref="ArgumentException">The columns differ in length.</exception>
    public static double Spearman(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        Check(x, y);
        return Pearson(Ranks(x), Ranks(y));
    }

    /// <summary>The rank of each entry, from 1; equal entries share the mean of their ranks.</summary>
    public static double[] Ranks(IReadOnlyList<double> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        var order = new int[values.Count];
        for (int i = 0; i < order.Length; i++) order[i] = i;
        Array.Sort(order, (a, b) => values[a] != values[b] ? values[a].CompareTo(values[b]) : a.CompareTo(b));
        var rank = new double[order.Length];
        for (int first = 0; first < order.Length;)
        {
            int end = first + 1;
            while (end < order.Length && values[order[end]] == values[order[first]]) end++;
            for (int i = first; i < end; i++) rank[order[i]] = (first + 1 + end) / 2.0;
            first = end;
        }
        return rank;
    }

    /// <summary>
    /// The number of equally strong tokens that would carry the same credit: <c>(sum w|A|)^2 / sum (wA)^2</c>; 0 when all are 0. It lies
    /// between 1 and the number of entries.
    /// </summary>
    /// <param name="weight">Weights, not negative.</param>
    /// <param name="advantage">Advantages, as many.</param>
    /// <exception cref="ArgumentException">The columns differ in length.</exception>
    public static double EffectiveSampleSize(IReadOnlyList<double> weight, IReadOnlyList<double> advantage)
    {
        Check(weight, advantage);
        double sum = 0, squares = 0;
        for (int i = 0; i < weight.Count; i++)
        {
            double pull = weight[i] * advantage[i];
            sum += Math.Abs(pull);
            squares += pull * pull;
        }
        return squares > 0 ? sum * sum / squares : 0;
    }

    /// <summary>
    /// The share of equal signs among the places where both columns are beyond their thresholds in size; NaN when there is no such place.
    /// </summary>
    /// <exception cref="ArgumentException">The columns differ in length.</exception>
    public static double SignAgreement(IReadOnlyList<double> x, double thresholdX, IReadOnlyList<double> y, double thresholdY)
    {
        Check(x, y);
        long both = 0, equal = 0;
        for (int i = 0; i < x.Count; i++)
        {
            if (!(Math.Abs(x[i]) > thresholdX && Math.Abs(y[i]) > thresholdY)) continue;
            both++;
            if (x[i] > 0 == y[i] > 0) equal++;
        }
        return both == 0 ? double.NaN : (double)equal / both;
    }

    private static double Mean(IReadOnlyList<double> values)
    {
        double sum = 0;
        for (int i = 0; i < values.Count; i++) sum += values[i];
        return sum / values.Count;
    }

    private static void Check(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        Guard.SameLength(y.Count, x.Count, "the other column");
    }
}
