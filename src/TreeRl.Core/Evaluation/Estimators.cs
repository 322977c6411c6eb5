using System;
using System.Collections.Generic;

namespace TreeRl.Evaluation;

/// <summary>Answers of an item that mean the same.</summary>
/// <param name="Size">How many there are, at least 1.</param>
/// <param name="Score">What the item earns when this class wins a vote.</param>
public readonly record struct VoteClass(int Size, double Score);

/// <summary>
/// What k of an item's n answers would come to, estimated without bias from all n: each is the exact mean over the C(n, k) subsets of k
/// answers, so no subset is drawn and nothing is random.
/// </summary>
public static class Estimators
{
    /// <summary>
    /// pass@k, the chance that at least one of k answers is right (Chen et al., arXiv 2107.03374): 1 - C(n-c, k) / C(n, k). Computed as
    /// p &lt;- p + (1 - p) k / i over i = n, n-1, .., n-c+1, a sum of positive parts that neither overflows nor cancels.
    /// </summary>
    /// <param name="answers">n, at least 1.</param>
    /// <param name="right">c, the right ones among them.</param>
    /// <param name="k">1 .. n.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range; the message names it.</exception>
    public static double PassAtK(int answers, int right, int k)
    {
        CheckSubset(answers, k);
        Guard.InRange(right >= 0 && right <= answers, right, $"must be 0 .. {answers}, the answers there are");
        if (answers - right < k) return 1;
        double pass = 0;
        for (int i = 0; i < right; i++) pass += (1 - pass) * k / (answers - i);
        return pass;
    }

    /// <summary>
    /// maj@k, the mean score of the majority's answer among k answers (self-consistency, arXiv 2203.11171). The largest class wins; classes
    /// that tie for the largest share the win evenly, so the order of answers plays no part. Answers without a final answer do not vote; a
    /// subset in which nobody votes scores 0.
    /// </summary>
    /// <param name="classes">The classes of equivalent answers.</param>
    /// <param name="silent">Answers that do not vote.</param>
    /// <param name="k">1 .. n, where n is the sum of the sizes and <paramref name="silent"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range; the message names it.</exception>
    public static double MajAtK(IReadOnlyList<VoteClass> classes, int silent, int k)
    {
        ArgumentNullException.ThrowIfNull(classes);
        Guard.InRange(silent >= 0, silent, "must not be negative");
        int answers = silent;
        foreach (var one in classes)
        {
            Guard.InRange(one.Size >= 1, one.Size, "a class has at least 1 answer");
            answers = checked(answers + one.Size);
        }
        CheckSubset(answers, k);
        if (k == answers) return Vote(classes);
        var draws = new Hypergeometric(answers);
        var winOfSize = new Dictionary<int, double>();
        double sum = 0;
        for (int c = 0; c < classes.Count; c++)
        {
            var one = classes[c];
            if (one.Score == 0) continue;
            if (!winOfSize.TryGetValue(one.Size, out double win)) winOfSize[one.Size] = win = WinShare(classes, c, answers, k, draws);
            sum += win * one.Score;
        }
        return sum;
    }

    private static void CheckSubset(int answers, int k)
    {
        Guard.InRange(answers >= 1, answers, "an item has at least 1 answer");
        Guard.InRange(k >= 1 && k <= answers, k, $"must be 1 .. {answers}, the answers there are; sample more for a larger k");
    }

    private static double Vote(IReadOnlyList<VoteClass> classes)
    {
        int largest = 0, winners = 0;
        double sum = 0;
        foreach (var one in classes)
        {
            if (one.Size < largest) continue;
            if (one.Size > largest) (largest, winners, sum) = (one.Size, 0, 0);
            winners++;
            sum += one.Score;
        }
        return winners == 0 ? 0 : sum / winners;
    }

    /// <summary>The expected share of the win of one class: sum over its count m of P(m) times the mean of 1 / (1 + ties), no other class having more than m.</summary>
    private static double WinShare(IReadOnlyList<VoteClass> classes, int winner, int answers, int k, Hypergeometric draws)
    {
        int size = classes[winner].Size;
        double share = 0;
        for (int m = Math.Max(1, k - (answers - size)); m <= Math.Min(size, k); m++)
            share += draws.Probability(m, answers, size, k) * OthersAtMost(classes, winner, m, answers - size, k - m, draws);
        return share;
    }

    /// <summary>Mean of 1 / (1 + ties) over the ways to draw <paramref name="left"/> others, counted only where no other class exceeds <paramref name="most"/>.</summary>
    private static double OthersAtMost(IReadOnlyList<VoteClass> classes, int winner, int most, int population, int left, Hypergeometric draws)
    {
        int mostTies = left / most;
        var chance = new double[left + 1, mostTies + 1]; // by draws left and ties so far
        chance[left, 0] = 1;
        for (int c = 0; c < classes.Count; c++)
        {
            if (c == winner) continue;
            int size = classes[c].Size;
            var next = new double[left + 1, mostTies + 1];
            for (int r = 0; r <= left; r++)
                for (int ties = 0; ties <= mostTies; ties++)
                {
                    double before = chance[r, ties];
                    if (before == 0) continue;
                    for (int taken = Math.Max(0, r - (population - size)); taken <= Math.Min(Math.Min(size, most), r); taken++)
                        next[r - taken, ties + (taken == most ? 1 : 0)] += before * draws.Probability(taken, population, size, r);
                }
            chance = next;
            population -= size;
        }
        double share = 0;
        for (int r = 0; r <= left; r++)
            for (int ties = 0; ties <= mostTies; ties++) share += chance[r, ties] / (ties + 1);
        return share;
    }
}
