using System;
using TreeRl.Lab;
using Xunit;

namespace TreeRl.Tests.Lab;

public class LabMathTests
{
    [Fact]
    public void Pearson_by_hand()
    {
        // deviations -1 0 1 and -4/3 -1/3 5/3: products 3, squares 2 and 42/9
        Assert.Equal(3 / Math.Sqrt(2 * 42 / 9.0), LabMath.Pearson([1, 2, 3], [1, 2, 4]), 12);
        Assert.Equal(-1, LabMath.Pearson([1, 2, 3], [30, 20, 10]), 12);
    }

    [Fact]
    public void A_constant_column_correlates_with_nothing()
    {
        Assert.True(double.IsNaN(LabMath.Pearson([1, 1, 1], [1, 2, 3])));
        Assert.True(double.IsNaN(LabMath.Spearman([1, 2, 3], [5, 5, 5])));
        Assert.True(double.IsNaN(LabMath.Pearson([], [])));
    }

    [Fact]
    public void Equal_values_share_the_mean_of_their_ranks()
    {
        Assert.Equal([3.5, 1, 3.5, 2], LabMath.Ranks([3, 1, 3, 2]));
        Assert.Equal([2, 2, 2], LabMath.Ranks([7, 7, 7]));
    }

    [Fact]
    public void Spearman_sees_order_only()
    {
        Assert.Equal(1, LabMath.Spearman([1, 2, 3, 4], [1, 10, 100, 1000]), 12);
        // ranks 1 2 3 and 1 3 2: 1 - 6 * 2 / (3 * 8)
        Assert.Equal(0.5, LabMath.Spearman([1, 2, 3], [10, 30, 20]), 12);
    }

    [Fact]
    public void Effective_sample_size_by_hand()
    {
        Assert.Equal(16 / 6.0, LabMath.EffectiveSampleSize([1, 1, 2], [1, -1, 1]), 12);
        Assert.Equal(4, LabMath.EffectiveSampleSize([3, 3, 3, 3], [0.5, -0.5, 0.5, 0.5]), 12);
        Assert.Equal(1, LabMath.EffectiveSampleSize([1, 1, 1], [0, 9, 0]), 12);
        Assert.Equal(0, LabMath.EffectiveSampleSize([1, 1], [0, 0]));
    }

    [Fact]
    public void Sign_agreement_leaves_out_what_is_within_a_threshold()
    {
        Assert.Equal(2 / 3.0, LabMath.SignAgreement([1, -1, 1, 1e-9], 1e-6, [2, -2, -2, 2], 1e-6), 12);
        Assert.True(double.IsNaN(LabMath.SignAgreement([1, 0], 0, [0, 1], 0)));
    }

    [Fact]
    public void Columns_of_different_length_are_refused()
    {
        Assert.Contains("length", Assert.Throws<ArgumentException>(() => LabMath.Pearson([1, 2], [1])).Message);
        Assert.Throws<ArgumentException>(() => LabMath.EffectiveSampleSize([1], [1, 2]));
    }

    [Fact]
    public void Intervals_hold_the_value_and_shrink_to_it_without_spread()
    {
        double[] values = [1, 2, 3, 4, 5, 6, 7, 8];
        double Mean(int[] counts)
        {
            double sum = 0;
            for (int i = 0; i < counts.Length; i++) sum += counts[i] * values[i];
            return sum / counts.Length;
        }
        var mean = Bootstrap.Default.Over(8, Mean);
        Assert.Equal(4.5, mean.Value, 12);
        // standard error sqrt(5.25 / 8) = 0.81: the interval is near 4.5 -+ 1.6
        Assert.InRange(mean.Low, 2.6, 3.3);
        Assert.InRange(mean.High, 5.7, 6.4);
        Assert.Equal(mean, Bootstrap.Default.Over(8, Mean));
        Assert.Equal(new Estimate(3, 3, 3), Bootstrap.Default.Over(8, _ => 3));
    }

    [Fact]
    public void A_centred_interval_has_the_same_width_around_the_value()
    {
        // the number of distinct prompts: 20 as they are, about 12.8 of them in a resample
        double Distinct(int[] counts) => Array.FindAll(counts, count => count > 0).Length;
        Estimate plain = Bootstrap.Default.Over(20, Distinct), centred = Bootstrap.Default.OverCentred(20, Distinct);
        Assert.True(plain.High < 20);
        Assert.Equal(20, centred.Value);
        Assert.InRange(centred.Low, 15, 19.5);
        Assert.InRange(centred.High, 20.5, 25);
        Assert.Equal(plain.High - plain.Low, centred.High - centred.Low, 12);
    }

    [Fact]
    public void Resamples_where_a_statistic_is_undefined_are_left_out()
    {
        var half = Bootstrap.Default.Over(3, counts => counts[0] == 0 ? double.NaN : 2);
        Assert.Equal(new Estimate(2, 2, 2), half);
        var rare = Bootstrap.Default.Over(3, counts => counts[0] == 1 && counts[1] == 1 ? 2 : double.NaN);
        Assert.Equal(2, rare.Value);
        Assert.True(double.IsNaN(rare.Low));
        Assert.Equal("-", new Estimate(double.NaN, 0, 1).ToString());
    }
}
