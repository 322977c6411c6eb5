using System;
using System.Linq;
using TreeRl.Evaluation;
using Xunit;

namespace TreeRl.Tests.Evaluation;

public class PairedTestsTests
{
    private const double Rounding = 1e-12;

    /// <summary>The share of all sign patterns whose sum, in whole steps, is at least as far from 0 as the one seen.</summary>
    private static double ByEnumeration(int[] steps)
    {
        long seen = Math.Abs(steps.Sum());
        long far = Enumerable.Range(0, 1 << steps.Length).Count(pattern => Math.Abs(steps.Select((step, i) => (pattern >> i & 1) == 0 ? step : -step).Sum()) >= seen);
        return (double)far / (1 << steps.Length);
    }

    [Fact]
    public void The_sign_test_counts_binomial_tails()
    {
        Assert.Equal(2.0 / 32, PairedTests.Sign(5, 0), Rounding);
        Assert.Equal(22.0 / 1024, PairedTests.Sign(1, 9), Rounding);
        Assert.Equal(1, PairedTests.Sign(4, 4), Rounding);
        Assert.Equal(1, PairedTests.Sign(0, 0));
        Assert.Equal(PairedTests.Sign(300, 400), PairedTests.Sign(400, 300), Rounding);
        Assert.InRange(PairedTests.Sign(450, 550), 0.0017, 0.0018); // normal approximation with continuity correction: 0.00174
    }

    [Fact]
    public void Flips_of_fractions_are_counted_exactly()
    {
        Assert.Equal(new PairedP(2.0 / 8, true), PairedTests.SignFlip([0.5, 0.25, 0.75], Seed.Of(1)));
        Assert.Equal(new PairedP(1, true), PairedTests.SignFlip([0.5, -0.5], Seed.Of(1)));
        Assert.Equal(new PairedP(1, true), PairedTests.SignFlip([0, 0, 0], Seed.Of(1)));
        for (int round = 0; round < 40; round++)
        {
            var seed = Seed.Of(round);
            int[] steps = [.. Enumerable.Range(0, 2 + round % 10).Select(i => seed.Below(13, i) - 6)];
            var test = PairedTests.SignFlip([.. steps.Select(step => step / 6.0)], seed);
            Assert.True(test.IsExact);
            Assert.Equal(ByEnumeration(steps), test.P, Rounding);
        }
    }

    [Fact]
    public void Differences_without_a_common_denominator_are_enumerated_while_they_are_few()
    {
        int[] steps = [5, 4, 3, -1, 2, 2, -3, 6, 1, 1, 4];
        var test = PairedTests.SignFlip([.. steps.Select(step => step * Math.Sqrt(2))], Seed.Of(1));
        Assert.True(test.IsExact);
        Assert.Equal(ByEnumeration(steps), test.P, Rounding);
    }

    [Fact]
    public void Many_are_drawn_and_come_near_the_exact_value()
    {
        int[] steps = [.. Enumerable.Range(0, 40).Select(i => i % 3 == 0 ? -2 : i % 5 == 0 ? 3 : 1)];
        var exact = PairedTests.SignFlip([.. steps.Select(step => step / 4.0)], Seed.Of(1));
        var drawn = PairedTests.SignFlip([.. steps.Select(step => step * Math.Sqrt(2))], Seed.Of(1));
        Assert.True(exact.IsExact);
        Assert.False(drawn.IsExact);
        Assert.Equal(exact.P, drawn.P, 0.015); // 20,000 draws: a standard error of at most 0.0036
        Assert.Equal(drawn, PairedTests.SignFlip([.. steps.Select(step => step * Math.Sqrt(2))], Seed.Of(1)));
    }

    [Fact]
    public void With_scores_of_0_and_1_flips_and_signs_agree()
    {
        double[] differences = [.. Enumerable.Repeat(1.0, 14), .. Enumerable.Repeat(-1.0, 5), .. Enumerable.Repeat(0.0, 30)];
        Assert.Equal(PairedTests.Sign(14, 5), PairedTests.SignFlip(differences, Seed.Of(1)).P, Rounding);
    }

    [Fact]
    public void Under_the_null_hypothesis_small_p_values_are_as_rare_as_they_say()
    {
        int small = 0;
        for (int run = 0; run < 1000; run++)
        {
            var seed = Seed.Of(run);
            double[] differences = [.. Enumerable.Range(0, 30).Select(i => (seed.Below(5, 2 * i) - seed.Below(5, 2 * i + 1)) / 4.0)];
            if (PairedTests.SignFlip(differences, seed).P <= 0.05) small++;
        }
        Assert.InRange(small, 25, 70); // 50 expected, fewer because sums are coarse; standard deviation 7
    }
}
