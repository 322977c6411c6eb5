using System;
using System.Collections.Generic;

namespace TreeRl.Evaluation;

/// <summary>A test's two-sided p-value.</summary>
/// <param name="P">The chance, if the policies were alike, of a difference at least as large as the one seen.</param>
/// <param name="IsExact">True when all sign patterns were counted; false for a sample of them.</param>
public readonly record struct PairedP(double P, bool IsExact);

/// <summary>
/// Tests of two policies on the same items. Both take items for independent and ask whether, in each item, the two results could as well have
/// been exchanged.
/// </summary>
public static class PairedTests
{
    private const int LargestDenominator = 5040;
    private const long LargestTable = 40_000_000;
    private const int LargestEnumeration = 20;

    /// <summary>
    /// The exact sign test: items where both do equally well are left out; under the null hypothesis each of the others is won by either policy with
    /// chance 1/2. It looks at who won, not by how much. With one answer an item and scores 0 and 1 it is McNemar's exact test.
    /// </summary>
    /// <param name="better">Items where the second policy did better.</param>
    /// <param name="worse">Items where it did worse.</param>
    /// <returns>min(1, 2 P(X &lt;= min(better, worse))), X binomial with better + worse trials; 1 when there are none.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A count is negative.</exception>
    public static double Sign(int better, int worse)
    {
        Guard.InRange(better >= 0, better, "must not be negative");
        Guard.InRange(worse >= 0, worse, "must not be negative");
        int trials = checked(better + worse);
        var choose = new Hypergeometric(trials);
        double tail = 0;
        for (int i = 0; i <= Math.Min(better, worse); i++) tail += Math.Exp(choose.LogChoose(trials, i) - trials * Math.Log(2));
        return Math.Min(1, 2 * tail);
    }

    /// <summary>
    /// The sign-flip permutation test of the mean difference (Fisher): under the null hypothesis each item's difference is as likely with either sign.
    /// The p-value is the share of the 2^n sign patterns whose sum is at least as far from 0 as the one seen. It is exact when the differences are
    /// fractions with a common denominator up to 5,040, as shares of right answers are (counted by dynamic programming), or when at most 20 are not 0; otherwise
    /// <paramref name="draws"/> patterns are drawn and p = (1 + those as far) / (1 + draws).
    /// </summary>
    /// <param name="differences">One finite number per item; zeros change nothing.</param>
    /// <param name="seed">Names the drawn patterns.</param>
    /// <param name="draws">Patterns drawn when they cannot all be counted, at least 1.</param>
    /// <exception cref="ArgumentException">A difference is not finite.</exception>
    public static PairedP SignFlip(IReadOnlyList<double> differences, Seed seed, int draws = 20_000)
    {
        ArgumentNullException.ThrowIfNull(differences);
        Guard.InRange(draws >= 1, draws, "must be at least 1");
        var moved = new List<double>();
        for (int i = 0; i < differences.Count; i++)
        {
            Guard.That(double.IsFinite(differences[i]), $"differences[{i}] = {differences[i]}: must be finite", nameof(differences));
            if (differences[i] != 0) moved.Add(differences[i]);
        }
        if (moved.Count == 0) return new PairedP(1, true);
        if (OnLattice(moved) is { } steps) return new PairedP(Counted(steps), true);
        return moved.Count <= LargestEnumeration ? new PairedP(Enumerated(moved), true) : new PairedP(Drawn(moved, seed, draws), false);
    }

    /// <summary>The differences as whole multiples of 1 over the smallest common denominator; null when there is none or the table would be too large.</summary>
    private static int[]? OnLattice(List<double> differences)
    {
        for (int denominator = 1; denominator <= LargestDenominator; denominator++)
        {
            var steps = new int[differences.Count];
            long reach = 0;
            bool fits = true;
            for (int i = 0; i < steps.Length && fits; i++)
            {
                double scaled = differences[i] * denominator, whole = Math.Round(scaled);
                fits = Math.Abs(whole) < 1e6 && Math.Abs(scaled - whole) <= 1e-9;
                if (!fits) continue;
                steps[i] = (int)Math.Abs(whole) * Math.Sign(differences[i]);
                reach += Math.Abs(steps[i]);
            }
            if (fits) return (2 * reach + 1) * steps.Length <= LargestTable ? steps : null;
        }
        return null;
    }

    private static double Counted(int[] steps)
    {
        int reach = 0, seen = 0;
        foreach (int step in steps)
        {
            reach += Math.Abs(step);
            seen += step;
        }
        double[] chance = new double[2 * reach + 1], next = new double[2 * reach + 1];
        chance[reach] = 1;
        int used = 0;
        foreach (int step in steps)
        {
            int size = Math.Abs(step);
            Array.Clear(next);
            for (int at = reach - used; at <= reach + used; at++)
            {
                double half = 0.5 * chance[at];
                if (half == 0) continue;
                next[at - size] += half;
                next[at + size] += half;
            }
            (chance, next) = (next, chance);
            used += size;
        }
        double tail = 0;
        for (int at = 0; at <= 2 * reach; at++)
            if (Math.Abs(at - reach) >= Math.Abs(seen)) tail += chance[at];
        return Math.Min(1, tail);
    }

    private static double Enumerated(List<double> differences)
    {
        double seen = Far(differences);
        long far = 0, patterns = 1L << differences.Count;
        for (long pattern = 0; pattern < patterns; pattern++)
        {
            double sum = 0;
            for (int i = 0; i < differences.Count; i++) sum += (pattern >> i & 1) == 0 ? differences[i] : -differences[i];
            if (Math.Abs(sum) >= seen) far++;
        }
        return (double)far / patterns;
    }

    private static double Drawn(List<double> differences, Seed seed, int draws)
    {
        double seen = Far(differences);
        long far = 1;
        for (int draw = 0; draw < draws; draw++)
        {
            var pattern = seed.Child(draw);
            double sum = 0;
            for (int i = 0; i < differences.Count; i++) sum += (pattern.Child(i).Value & 1) == 0 ? differences[i] : -differences[i];
            if (Math.Abs(sum) >= seen) far++;
        }
        return (double)far / (draws + 1);
    }

    /// <summary>The distance from 0 that counts as far as the sum seen: rounding must not turn an equal sum into a nearer one.</summary>
    private static double Far(List<double> differences)
    {
        double sum = 0, size = 0;
        foreach (double difference in differences)
        {
            sum += difference;
            size += Math.Abs(difference);
        }
        return Math.Abs(sum) - 1e-12 * size;
    }
}
