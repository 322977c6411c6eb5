using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;
using TreeRl.Evaluation;
using Xunit;

namespace TreeRl.Tests.Evaluation;

public class EstimatorsTests
{
    private const double Rounding = 1e-12;

    /// <summary>The mean of a function over all subsets of k of n answers.</summary>
    private static double OverSubsets(int n, int k, Func<int[], double> ofSubset)
    {
        double sum = 0;
        int count = 0;
        for (uint mask = 0; mask < 1u << n; mask++)
        {
            if (BitOperations.PopCount(mask) != k) continue;
            sum += ofSubset([.. Enumerable.Range(0, n).Where(i => (mask >> i & 1) != 0)]);
            count++;
        }
        return sum / count;
    }

    [Fact]
    public void Pass_at_k_of_one_right_in_five_is_k_fifths()
    {
        Assert.Equal(0.2, Estimators.PassAtK(5, 1, 1), Rounding);
        Assert.Equal(0.4, Estimators.PassAtK(5, 1, 2), Rounding);
        Assert.Equal(1.0, Estimators.PassAtK(5, 1, 5));
        Assert.Equal(0.9, Estimators.PassAtK(5, 3, 2), Rounding); // 1 - C(2,2)/C(5,2)
        Assert.Equal(0.0, Estimators.PassAtK(5, 0, 5));
        Assert.Equal(1.0, Estimators.PassAtK(5, 4, 2));
    }

    [Fact]
    public void Pass_at_k_is_the_mean_over_all_subsets()
    {
        for (int n = 1; n <= 9; n++)
            for (int right = 0; right <= n; right++)
                for (int k = 1; k <= n; k++)
                    Assert.Equal(OverSubsets(n, k, subset => subset.Any(i => i < right) ? 1 : 0), Estimators.PassAtK(n, right, k), Rounding);
    }

    [Fact]
    public void Pass_at_k_keeps_its_digits_for_many_answers()
    {
        Assert.Equal(1e-7, Estimators.PassAtK(10_000_000, 1, 1), 1e-21);
        BigInteger missed = 1, all = 1; // C(1900, 100) / C(2000, 100), exactly
        for (int i = 0; i < 100; i++) (missed, all) = (missed * (1900 - i), all * (2000 - i));
        double exact = 1 - (double)(missed * BigInteger.Pow(10, 18) / all) / 1e18;
        Assert.Equal(exact, Estimators.PassAtK(2000, 100, 100), Rounding);
    }

    [Fact]
    public void The_vote_of_all_answers_goes_to_the_largest_class_and_ties_share_it()
    {
        Assert.Equal(1, Estimators.MajAtK([new VoteClass(3, 1), new VoteClass(2, 0)], 5, 10));
        Assert.Equal(0, Estimators.MajAtK([new VoteClass(2, 1), new VoteClass(3, 0)], 0, 5));
        Assert.Equal(0.5, Estimators.MajAtK([new VoteClass(2, 1), new VoteClass(2, 0)], 1, 5));
        Assert.Equal(1.0 / 3, Estimators.MajAtK([new VoteClass(1, 0), new VoteClass(1, 1), new VoteClass(1, 0)], 0, 3), Rounding);
        Assert.Equal(0, Estimators.MajAtK([], 4, 4));
    }

    [Fact]
    public void Maj_at_1_is_the_accuracy()
    {
        Assert.Equal(0.3, Estimators.MajAtK([new VoteClass(3, 1), new VoteClass(4, 0), new VoteClass(1, 0)], 2, 1), Rounding);
    }

    [Theory]
    [InlineData(new[] { 3, 2, 1 }, 2, 0)]
    [InlineData(new[] { 2, 2, 2, 1 }, 1, 1)]
    [InlineData(new[] { 1, 1, 1, 1, 1, 1 }, 3, 2)]
    [InlineData(new[] { 5, 4 }, 0, 1)]
    [InlineData(new[] { 4, 1, 1, 2 }, 1, 3)]
    public void Maj_at_k_is_the_mean_over_all_subsets(int[] sizes, int silent, int right)
    {
        var owner = new List<int>();
        for (int c = 0; c < sizes.Length; c++) owner.AddRange(Enumerable.Repeat(c, sizes[c]));
        owner.AddRange(Enumerable.Repeat(-1, silent));
        double Vote(int[] subset)
        {
            var counts = subset.Where(i => owner[i] >= 0).GroupBy(i => owner[i]).ToDictionary(g => g.Key, g => g.Count());
            if (counts.Count == 0) return 0;
            int[] winners = [.. counts.Where(c => c.Value == counts.Values.Max()).Select(c => c.Key)];
            return winners.Contains(right) ? 1.0 / winners.Length : 0;
        }
        VoteClass[] classes = [.. sizes.Select((size, c) => new VoteClass(size, c == right ? 1 : 0))];
        for (int k = 1; k <= owner.Count; k++) Assert.Equal(OverSubsets(owner.Count, k, Vote), Estimators.MajAtK(classes, silent, k), Rounding);
    }

    [Fact]
    public void The_chances_of_all_classes_and_of_silence_sum_to_one()
    {
        VoteClass[] all = [new(20, 1), new(15, 1), new(9, 1), new(9, 1), new(1, 1), new(1, 1)];
        Assert.Equal(1, Estimators.MajAtK(all, 0, 31), Rounding);
        double silence = (double)(9 * 8) / (64 * 63); // two draws of the nine silent ones
        Assert.Equal(1 - silence, Estimators.MajAtK(all, 9, 2), Rounding);
    }

    [Fact]
    public void Numbers_out_of_range_are_named()
    {
        Assert.Contains("k = 6", Assert.Throws<ArgumentOutOfRangeException>(() => Estimators.PassAtK(5, 1, 6)).Message);
        Assert.Contains("right = 6", Assert.Throws<ArgumentOutOfRangeException>(() => Estimators.PassAtK(5, 6, 1)).Message);
        Assert.Contains("k = 0", Assert.Throws<ArgumentOutOfRangeException>(() => Estimators.MajAtK([new VoteClass(1, 1)], 0, 0)).Message);
    }
}
