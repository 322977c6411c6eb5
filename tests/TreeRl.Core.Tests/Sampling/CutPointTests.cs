using System;
using System.Linq;
using TreeRl.Forests;
using TreeRl.Sampling;
using Xunit;

namespace TreeRl.Tests;

public class CutPointTests
{
    private static readonly float[] Ten = [-1, -1, -1, -9, -2, -2, -2, -2, -4, -4];

    private static int[] Counts(CutPoint cut, int trials = 3000)
    {
        var counts = new int[Ten.Length + 1];
        for (int i = 0; i < trials; i++) counts[cut.Choose(Ten, Seed.Of(5).Child(i))]++;
        return counts;
    }

    [Fact]
    public void Random_segments_drops_one_to_all_blocks_with_equal_chance()
    {
        int[] counts = Counts(new CutPoint.RandomSegments(4));
        Assert.Equal(3000, counts[0] + counts[4] + counts[8]);
        foreach (int at in new[] { 0, 4, 8 }) Assert.InRange(counts[at], 900, 1100); // 1000 expected, standard deviation 26
        Assert.Equal(3000, Counts(new CutPoint.RandomSegments(10))[0]);
        Assert.Equal(3000, Counts(new CutPoint.RandomSegments(int.MaxValue))[0]);
    }

    [Fact]
    public void The_lowest_block_and_the_lowest_token_differ()
    {
        // Means of blocks of four: -3, -2, -4; of two: -1, -5, ...
        Assert.Equal(8, new CutPoint.LowestBlock(4).Choose(Ten, Seed.Of(1)));
        Assert.Equal(2, new CutPoint.LowestBlock(2).Choose(Ten, Seed.Of(1)));
        Assert.Equal(3, new CutPoint.LowestToken().Choose(Ten, Seed.Of(1)));
        Assert.Equal(0, new CutPoint.Start().Choose(Ten, Seed.Of(1)));
        Assert.Equal(0, new CutPoint.LowestBlock(1).Choose([-2, -2, -1], Seed.Of(1)));
    }

    [Fact]
    public void A_drawn_block_follows_the_softmax_of_block_means()
    {
        int[] low = Counts(new CutPoint.DrawnBlock(4, ForkPreference.Unlikely, 1)), high = Counts(new CutPoint.DrawnBlock(4, ForkPreference.Likely, 1));
        double[] exp = [Math.Exp(3), Math.Exp(2), Math.Exp(4)];
        double[] inverse = exp.Select(x => 1 / x).ToArray();
        for (int block = 0; block < 3; block++)
        {
            Assert.Equal(exp[block] / exp.Sum(), low[4 * block] / 3000.0, 0.035); // four standard deviations
            Assert.Equal(inverse[block] / inverse.Sum(), high[4 * block] / 3000.0, 0.035);
        }
    }

    private static FallbackOrder.Candidate[] Candidates() =>
    [
        new(0, Finish.Repetition, 9), new(1, Finish.EndOfText, 4), new(2, Finish.MaxTokens, 20), new(3, Finish.StopText, 5), new(4, Finish.EndOfText, 12), new(5, Finish.Custom, 12),
    ];

    private static int[] Order(FallbackFrom from, long seed) => FallbackOrder.Sort(from, Candidates(), Seed.Of(seed)).Select(c => c.Leaf).ToArray();

    [Fact]
    public void Strict_order_follows_the_finish_and_longer_first_the_length()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            int[] strict = Order(FallbackFrom.FinishedFirstStrict, seed);
            Assert.Equal([3, 5, 2, 0], strict.Where(leaf => leaf is not (1 or 4)));
            Assert.Equal([1, 4], strict[1..3].Order());
            int[] longer = Order(FallbackFrom.LongerFirst, seed);
            Assert.Equal([2, 0, 3, 1], longer.Where(leaf => leaf is not (4 or 5)));
            Assert.Equal([4, 5], longer[1..3].Order());
        }
        Assert.Contains(Enumerable.Range(0, 20), seed => Order(FallbackFrom.FinishedFirstStrict, seed)[1] == 4);
        Assert.Contains(Enumerable.Range(0, 20), seed => Order(FallbackFrom.FinishedFirstStrict, seed)[1] == 1);
    }

    [Fact]
    public void Only_finished_leaves_cut_off_answers_out()
    {
        Assert.Equal([1, 3, 4, 5], Order(FallbackFrom.OnlyFinished, 3).Order());
        Assert.Equal([0, 1, 2, 3, 4, 5], Order(FallbackFrom.Any, 3).Order());
    }

    [Fact]
    public void Orders_are_drawn_with_the_chances_they_state()
    {
        int[] any = new int[6], finished = new int[6];
        const int trials = 3000;
        for (int seed = 0; seed < trials; seed++)
        {
            any[Order(FallbackFrom.Any, seed)[0]]++;
            finished[Order(FallbackFrom.FinishedFirst, seed)[0]]++;
        }
        double[] weights = new double[] { 2, 6, 4, 7, 6, 5 }.Select(Math.Exp).ToArray();
        for (int leaf = 0; leaf < 6; leaf++)
        {
            Assert.Equal(1 / 6.0, any[leaf] / (double)trials, 0.03); // four standard deviations
            Assert.Equal(weights[leaf] / weights.Sum(), finished[leaf] / (double)trials, 0.037);
        }
    }
}
