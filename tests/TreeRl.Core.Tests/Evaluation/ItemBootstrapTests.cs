using System;
using System.Linq;
using TreeRl.Evaluation;
using Xunit;

namespace TreeRl.Tests.Evaluation;

public class ItemBootstrapTests
{
    /// <summary>Share of simulated evaluations whose 95 % interval holds the true mean.</summary>
    private static double Coverage(int items, double truth, Func<Seed, double> draw, IntervalMethod method, int runs = 600)
    {
        int held = 0;
        for (int run = 0; run < runs; run++)
        {
            var seed = Seed.Of(run);
            double[] values = [.. Enumerable.Range(0, items).Select(i => draw(seed.Child(i)))];
            var interval = new ItemBootstrap { Resamples = 600, Seed = seed.Child("resample"), Method = method }.Mean(values, 0, 1);
            if (interval.Low <= truth && truth <= interval.High) held++;
        }
        return (double)held / runs;
    }

    // 600 runs have a standard error of 0.009 at 0.95; small samples of coarse values are known to fall a few points short.
    [Theory]
    [InlineData(50, 0.5, IntervalMethod.Bca)]
    [InlineData(50, 0.5, IntervalMethod.Percentile)]
    [InlineData(100, 0.2, IntervalMethod.Bca)]
    [InlineData(100, 0.9, IntervalMethod.Bca)]
    [InlineData(400, 0.3, IntervalMethod.Bca)]
    public void Intervals_of_a_share_of_right_answers_hold_the_truth_about_95_times_in_100(int items, double rate, IntervalMethod method) =>
        Assert.InRange(Coverage(items, rate, seed => seed.Uniform() < rate ? 1 : 0, method), 0.92, 0.98);

    [Fact]
    public void Intervals_hold_where_items_differ_in_difficulty()
    {
        // an item's rate is the square of a uniform number, mean 1/3; four answers each
        double Draw(Seed seed)
        {
            double rate = seed.Uniform() * seed.Uniform();
            return Enumerable.Range(0, 4).Count(a => seed.Child("answers").Uniform(a) < rate) / 4.0;
        }
        Assert.InRange(Coverage(80, 1.0 / 3, Draw, IntervalMethod.Bca), 0.92, 0.98);
    }

    [Fact]
    public void Where_no_item_is_right_the_interval_is_the_exact_binomial_one()
    {
        var none = ItemBootstrap.Default.Mean(new double[10], 0, 1);
        Assert.Equal(0, none.Low);
        Assert.Equal(0.3085, none.High, 1e-4); // Clopper and Pearson, 0 of 10
        var all = ItemBootstrap.Default.Mean([1, 1, 1, 1, 1, 1, 1, 1, 1, 1], 0, 1);
        Assert.Equal(0.6915, all.Low, 1e-4);
        Assert.Equal(1, all.High);
    }

    [Fact]
    public void Without_limits_equal_values_say_nothing_about_spread()
    {
        var equal = ItemBootstrap.Default.Mean([7, 7, 7]);
        Assert.Equal(7, equal.Mean);
        Assert.True(double.IsNaN(equal.Low) && double.IsNaN(equal.High));
        Assert.Equal("7.000 [-]", equal.ToString());
        Assert.True(double.IsNaN(ItemBootstrap.Default.Mean([]).Mean));
    }

    [Fact]
    public void Equal_seeds_give_equal_intervals_and_the_ends_surround_the_mean()
    {
        double[] values = [.. Enumerable.Range(0, 60).Select(i => i % 3 == 0 ? 1.0 : 0.25)];
        var first = new ItemBootstrap { Seed = Seed.Of(4) }.Mean(values, 0, 1);
        Assert.Equal(first, new ItemBootstrap { Seed = Seed.Of(4) }.Mean(values, 0, 1));
        Assert.NotEqual(first, new ItemBootstrap { Seed = Seed.Of(5) }.Mean(values, 0, 1));
        Assert.Equal(0.5, first.Mean, 1e-12);
        Assert.InRange(first.Low, 0.38, 0.45); // the standard error is 0.046
        Assert.InRange(first.High, 0.55, 0.62);
    }

    [Fact]
    public void The_accelerated_interval_leans_towards_the_long_tail()
    {
        double[] values = [.. Enumerable.Range(0, 60).Select(i => Math.Pow(i / 60.0, 6))]; // a few large ones
        var bca = new ItemBootstrap().Mean(values, 0, 1);
        var percentile = new ItemBootstrap { Method = IntervalMethod.Percentile }.Mean(values, 0, 1);
        Assert.True(bca.Low > percentile.Low && bca.High > percentile.High, $"{bca} against {percentile}");
    }

    [Fact]
    public void Values_beyond_their_limits_and_settings_out_of_range_are_named()
    {
        Assert.Contains("values[1]", Assert.Throws<ArgumentException>(() => ItemBootstrap.Default.Mean([0, 2], 0, 1)).Message);
        Assert.Contains("Resamples", Assert.Throws<ArgumentOutOfRangeException>(() => new ItemBootstrap { Resamples = 5 }.Mean([0, 1])).Message);
        Assert.Contains("Confidence", Assert.Throws<ArgumentOutOfRangeException>(() => new ItemBootstrap { Confidence = 95 }.Mean([0, 1])).Message);
    }
}
