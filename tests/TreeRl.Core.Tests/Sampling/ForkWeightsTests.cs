using System;
using System.Linq;
using TreeRl.Sampling;
using Xunit;

namespace TreeRl.Tests;

public class ForkWeightsTests
{
    [Fact]
    public void One_each_and_the_rest_by_largest_remainder()
    {
        Assert.Equal([4, 2, 2], ForkWeights.LargestRemainder([.5, .3, .2], 8));
        Assert.Equal([3, 3, 2], ForkWeights.LargestRemainder([1, 1, 1], 8));
        Assert.Equal([13, 2, 1], ForkWeights.LargestRemainder([.9, .05, .05], 16));
        Assert.Equal([1, 1], ForkWeights.LargestRemainder([1e-30, 1], 2));
        Assert.Equal([7], ForkWeights.LargestRemainder([3], 7));
        Assert.Equal([1, 4], ForkWeights.LargestRemainder([0, 2], 5));
    }

    [Fact]
    public void Fewer_than_one_each_is_refused()
    {
        var e = Assert.Throws<ArgumentOutOfRangeException>(() => ForkWeights.LargestRemainder([.5, .3, .2], 2));
        Assert.Contains("total = 2: must be at least 3, one for each weight", e.Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => ForkWeights.LargestRemainder([.5, -.3], 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => ForkWeights.LargestRemainder([double.NaN], 2));
        Assert.Throws<ArgumentException>(() => ForkWeights.LargestRemainder([0, 0], 2));
    }

    [Fact]
    public void Shares_sum_to_the_total_and_lie_within_one_of_the_exact_ones()
    {
        for (int trial = 0; trial < 500; trial++)
        {
            var seed = Seed.Of(trial);
            double[] weights = Enumerable.Range(0, 1 + seed.Below(7, 0)).Select(i => 0.01 + seed.Uniform(10 + i)).ToArray();
            int total = weights.Length + seed.Below(30, 1);
            int[] shares = ForkWeights.LargestRemainder(weights, total);
            Assert.Equal(total, shares.Sum());
            for (int i = 0; i < weights.Length; i++)
                Assert.InRange(shares[i] - 1 - (total - weights.Length) * weights[i] / weights.Sum(), -1 - 1e-9, 1 + 1e-9);
        }
    }

    [Fact]
    public void Softmax_prefers_as_told_and_flattens_with_temperature()
    {
        double[] scores = [-1000, -1000 - Math.Log(3)];
        Assert.Equal(0.25, ForkWeights.Softmax(scores, ForkPreference.Unlikely, 1)[0], 1e-9);
        Assert.Equal(0.75, ForkWeights.Softmax(scores, ForkPreference.Likely, 1)[0], 1e-9);
        Assert.Equal(0.5, ForkWeights.Softmax(scores, ForkPreference.Likely, 1e9)[0], 1e-6);
    }

    [Fact]
    public void A_temperature_may_follow_half_a_cosine_over_a_run()
    {
        var weights = new ForkWeights(PathScore.SegmentMean, ForkPreference.Unlikely, 5) { LastTemperature = 1 };
        Assert.Equal([5.0, 3.0, 1.0], new[] { 0, 1, 2 }.Select(step => weights.AtStep(step, 3).Temperature));
        Assert.Equal(1 + 4 * (1 + System.Math.Sqrt(0.5)) / 2, weights.AtStep(1, 5).Temperature, 12);
        Assert.Equal(5.0, weights.AtStep(0, 1).Temperature);
        Assert.Null(weights.AtStep(0, 3).LastTemperature);
        var still = weights with { LastTemperature = null };
        Assert.Same(still, still.AtStep(2, 3));
        Assert.Contains("temperature 5 to 1 over the run", weights.ToString());
    }

    private static int[] Widths(ForkWeights weights, FanOutRule rule, string fires, int spareLeaves, params Branch[] branches)
    {
        var widths = new int[fires.Length];
        ForkWidths.Decide(new SamplingPlan { FanOutRule = rule, Weights = weights }, branches, fires.Select(c => c == 'x').ToArray(), spareLeaves, 1000, 2, 0, widths);
        return widths;
    }

    [Fact]
    public void Forks_share_what_the_rule_grants_together()
    {
        Branch[] branches =
        [
            new() { PathLogProb = -9, PathTokens = 9, SegmentLogProb = -4, SegmentTokens = 1 },
            new() { PathLogProb = -1, PathTokens = 9, SegmentLogProb = -1, SegmentTokens = 1 },
            new() { PathLogProb = -4, PathTokens = 1, SegmentLogProb = -1, SegmentTokens = 4 },
        ];
        // Six children, one each; the other three follow the score.
        Assert.Equal([4, 1, 1], Widths(new(PathScore.PathSum, ForkPreference.Unlikely, 0.1), FanOutRule.Transfer, "xxx", 100, branches));
        Assert.Equal([1, 4, 1], Widths(new(PathScore.PathSum, ForkPreference.Likely, 0.1), FanOutRule.Transfer, "xxx", 100, branches));
        Assert.Equal([1, 1, 4], Widths(new(PathScore.PathMean, ForkPreference.Unlikely, 0.1), FanOutRule.Transfer, "xxx", 100, branches));
        Assert.Equal([1, 1, 4], Widths(new(PathScore.SegmentMean, ForkPreference.Likely, 0.01), FanOutRule.Fixed, "xxx", 100, branches));
        Assert.Equal([2, 2, 2], Widths(new(PathScore.PathSum, ForkPreference.Likely, 1e9), FanOutRule.Fixed, "xxx", 100, branches));
        // Who does not fork goes on alone, and scarce leaves stay scarce.
        Assert.Equal([3, 1, 1], Widths(new(PathScore.PathSum, ForkPreference.Unlikely, 0.1), FanOutRule.Transfer, "x.x", 2, branches));
    }

    [Fact]
    public void A_sampled_forest_gives_the_likelier_segment_more_children()
    {
        // The first token is a (9 in 10) or b (1 in 10); two trees that differ share four children 3 to 1 under a low temperature.
        var policy = FakePolicy.Scripted(4, path => path.Length == 0 ? [0, .9, .1, 0] : FakePolicy.Only(4, 3));
        var plan = new SamplingPlan
        {
            Trees = 2,
            Branch = BranchTrigger.EveryTokens(1),
            FanOutRule = FanOutRule.Transfer,
            MaxLeaves = 4,
            MaxTokens = 2,
            Weights = new ForkWeights(PathScore.SegmentMean, ForkPreference.Likely, 0.1),
        };
        bool met = false;
        for (int seed = 0; seed < 40; seed++)
        {
            var forest = Grow.Forest(policy, FakeTokenizer.Letters(4), plan, seed: seed);
            if (forest.TokenId[forest.FirstToken[forest.Roots[0]]] == forest.TokenId[forest.FirstToken[forest.Roots[1]]]) continue;
            met = true;
            foreach (int root in forest.Roots) Assert.Equal(forest.TokenId[forest.FirstToken[root]] == 1 ? 3 : 0, forest.ChildCount[root]);
            Assert.Equal(4, forest.LeafTotal);
        }
        Assert.True(met);
    }
}
