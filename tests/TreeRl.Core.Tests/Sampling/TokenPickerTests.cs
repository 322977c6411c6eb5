using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Policies;
using Xunit;

namespace TreeRl.Tests;

public class TokenPickerTests
{
    private static float[] Logits(params double[] probabilities) => probabilities.Select(p => (float)Math.Log(p)).ToArray();

    private static double[] Frequencies(TokenPicker picker, float[] logits, int draws)
    {
        var counts = new double[logits.Length];
        var pick = new TokenPick[1];
        var seed = Seed.Of(99);
        for (int i = 0; i < draws; i++)
        {
            picker.Pick(logits, false, seed.Child(i), pick);
            counts[pick[0].Id] += 1.0 / draws;
        }
        return counts;
    }

    /// <summary>Chi-square over the support against its 99.9 % point for up to 20 degrees of freedom, 45.3.</summary>
    private static void AssertDrawnFrom(double[] expected, double[] frequencies, int draws)
    {
        double chi = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            if (expected[i] == 0) Assert.Equal(0, frequencies[i]);
            else chi += draws * (frequencies[i] - expected[i]) * (frequencies[i] - expected[i]) / expected[i];
        }
        Assert.True(chi < 45.3, $"chi-square {chi}");
    }

    public static TheoryData<PickSettings, double[]> HandWorked() => new()
    {
        // Probabilities .4 .3 .2 .1
        { new PickSettings(), [.4, .3, .2, .1] },
        { new PickSettings { Temperature = 0.5 }, [16 / 30.0, 9 / 30.0, 4 / 30.0, 1 / 30.0] },
        { new PickSettings { TopK = 2 }, [4 / 7.0, 3 / 7.0, 0, 0] },
        { new PickSettings { TopK = 9 }, [.4, .3, .2, .1] },
        { new PickSettings { TopP = 0.65 }, [4 / 7.0, 3 / 7.0, 0, 0] },
        { new PickSettings { TopP = 0.35 }, [1, 0, 0, 0] },
        { new PickSettings { TopP = 0.75 }, [4 / 9.0, 3 / 9.0, 2 / 9.0, 0] },
        { new PickSettings { MinP = 0.45 }, [4 / 9.0, 3 / 9.0, 2 / 9.0, 0] },
        // Top-p counts the mass of what top-k kept: .4/.9 + .3/.9 = .778 suffices for .75.
        { new PickSettings { TopK = 3, TopP = 0.75 }, [4 / 7.0, 3 / 7.0, 0, 0] },
        // At temperature 0.5 the first two hold 25/30 = .833 of the mass, so top-p .8 keeps two where at temperature 1 it keeps three.
        { new PickSettings { Temperature = 0.5, TopP = 0.8 }, [16 / 25.0, 9 / 25.0, 0, 0] },
        // Min-p looks at the tempered weights: at temperature 0.5 the second has 9/16 of the first, the third a quarter.
        { new PickSettings { Temperature = 0.5, MinP = 0.3 }, [16 / 25.0, 9 / 25.0, 0, 0] },
        { new PickSettings { TopK = 3, MinP = 0.6 }, [4 / 7.0, 3 / 7.0, 0, 0] },
    };

    [Theory]
    [MemberData(nameof(HandWorked))]
    public void Draws_follow_the_filtered_distribution(PickSettings settings, double[] expected)
    {
        const int draws = 4000;
        var frequencies = Frequencies(new TokenPicker(4, settings), Logits(.4, .3, .2, .1), draws);
        AssertDrawnFrom(expected, frequencies, draws);
    }

    [Fact]
    public void Draws_follow_a_distribution_over_several_blocks()
    {
        const int draws = 20000;
        var seed = Seed.Of(4);
        double[] p = Enumerable.Range(0, 21).Select(i => 0.2 + seed.Uniform(i)).ToArray();
        double sum = p.Sum();
        p = p.Select(x => x / sum).ToArray();
        AssertDrawnFrom(p, Frequencies(new TokenPicker(p.Length, new PickSettings()), Logits(p), draws), draws);
    }

    [Fact]
    public void A_draw_inverts_the_distribution_function_in_id_order()
    {
        var picker = new TokenPicker(4, new PickSettings());
        var pick = new TokenPick[3];
        for (int i = 0; i < 200; i++)
        {
            var seed = Seed.Of(i);
            picker.Pick(Logits(.4, .3, .2, .1), false, seed, pick);
            for (int j = 0; j < 3; j++)
            {
                double u = seed.Uniform(j);
                Assert.Equal(u < .4 ? 0 : u < .7 ? 1 : u < .9 ? 2 : 3, pick[j].Id);
            }
        }
    }

    [Fact]
    public void Temperature_0_takes_the_likeliest_token_and_the_smaller_id_of_a_tie()
    {
        var picker = new TokenPicker(40, new PickSettings { Temperature = 0, TopK = 3, TopP = 0.5 });
        var logits = new float[40];
        logits[33] = logits[17] = 2f;
        var picks = new TokenPick[2];
        picker.Pick(logits, false, Seed.Of(1), picks);
        Assert.Equal([17, 17], picks.Select(p => p.Id));
        picker.Pick(logits, true, Seed.Of(1), picks);
        Assert.Equal([17, -1], picks.Select(p => p.Id));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    public void Top_k_keeps_smaller_ids_of_a_tie(int k)
    {
        var frequencies = Frequencies(new TokenPicker(10, new PickSettings { TopK = k }), new float[10], 2000);
        Assert.Equal(Enumerable.Range(0, k), Enumerable.Range(0, 10).Where(i => frequencies[i] > 0));
    }

    [Fact]
    public void Top_p_keeps_smaller_ids_of_a_tie()
    {
        var frequencies = Frequencies(new TokenPicker(8, new PickSettings { TopP = 0.3 }), new float[8], 2000);
        Assert.Equal([0, 1, 2], Enumerable.Range(0, 8).Where(i => frequencies[i] > 0));
    }

    [Theory]
    [InlineData(0, 1.0, 0.0)]
    [InlineData(20, 1.0, 0.0)]
    [InlineData(0, 0.6, 0.0)]
    [InlineData(30, 0.8, 0.05)]
    [InlineData(0, 1.0, 0.2)]
    public void The_support_is_what_a_full_sort_finds(int topK, double topP, double minP)
    {
        const int vocab = 137;
        for (int trial = 0; trial < 20; trial++)
        {
            var seed = Seed.Of(1000 + trial);
            var logits = Enumerable.Range(0, vocab).Select(i => (float)Math.Round(6 * seed.Uniform(i), 1)).ToArray();
            var order = Enumerable.Range(0, vocab).OrderByDescending(i => logits[i]).ThenBy(i => i).ToList();
            if (topK > 0) order = order.Take(topK).ToList();
            double mass = order.Sum(i => Math.Exp(logits[i])), held = 0;
            if (topP < 1) order = order.TakeWhile(i => (held += Math.Exp(logits[i])) - Math.Exp(logits[i]) < topP * mass).ToList();
            order = order.Where(i => Math.Exp(logits[i] - logits[order[0]]) >= minP).ToList();

            var picks = new TokenPick[vocab];
            new TokenPicker(vocab, new PickSettings { TopK = topK, TopP = topP, MinP = minP }).Pick(logits, true, seed.Child("draws"), picks);
            Assert.Equal(order.Order(), picks.Where(p => p.Id >= 0).Select(p => p.Id).Order());
        }
    }

    [Fact]
    public void Distinct_draws_never_repeat_and_run_out_with_the_support()
    {
        var picker = new TokenPicker(50, new PickSettings { TopK = 7 });
        var picks = new TokenPick[10];
        for (int i = 0; i < 300; i++)
        {
            var seed = Seed.Of(i);
            var logits = Enumerable.Range(0, 50).Select(t => (float)(5 * seed.Uniform(t))).ToArray();
            picker.Pick(logits, true, seed, picks);
            Assert.Equal(7, picks.Take(7).Select(p => p.Id).Distinct().Count());
            Assert.All(picks.Take(7), p => Assert.InRange(p.Id, 0, 49));
            Assert.All(picks.Skip(7), p => Assert.Equal(new TokenPick(-1, 0f), p));
        }
    }

    [Fact]
    public void Distinct_draws_renormalise_what_is_left()
    {
        // Drawing two of .5 .3 .2 without replacement: (a, b) has probability p_a p_b / (1 - p_a).
        const int draws = 12000;
        double[] p = [.5, .3, .2];
        var picker = new TokenPicker(3, new PickSettings());
        var counts = new double[9];
        var picks = new TokenPick[2];
        for (int i = 0; i < draws; i++)
        {
            picker.Pick(Logits(p), true, Seed.Of(5).Child(i), picks);
            counts[3 * picks[0].Id + picks[1].Id] += 1.0 / draws;
        }
        var expected = new double[9];
        for (int a = 0; a < 3; a++)
            for (int b = 0; b < 3; b++)
                if (a != b) expected[3 * a + b] = p[a] * p[b] / (1 - p[a]);
        AssertDrawnFrom(expected, counts, draws);
    }

    [Fact]
    public void The_log_probability_is_that_of_the_whole_vocabulary_at_temperature_1()
    {
        var picker = new TokenPicker(4, new PickSettings { Temperature = 0.25, TopK = 2, MinP = 0.01 });
        var picks = new TokenPick[2];
        picker.Pick(Logits(.4, .3, .2, .1), true, Seed.Of(3), picks);
        foreach (var pick in picks) Assert.Equal(Math.Log(pick.Id == 0 ? .4 : .3), pick.LogProb, 1e-6);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(130)]
    [InlineData(1023)]
    [InlineData(1024)]
    [InlineData(1025)]
    [InlineData(2500)]
    public void The_measure_is_maximum_log_sum_and_entropy(int vocab)
    {
        var seed = Seed.Of(vocab);
        var logits = Enumerable.Range(0, vocab).Select(i => (float)(20 * seed.Uniform(i) - 30)).ToArray();
        var measure = LogitMeasure.Of(logits);
        double max = logits.Max(), sum = logits.Sum(l => Math.Exp(l - max));
        double entropy = -logits.Sum(l => Math.Exp(l - max) / sum * (l - max - Math.Log(sum)));
        Assert.Equal(max, measure.Max);
        Assert.Equal(Math.Log(sum), measure.LogSum, 1e-5);
        Assert.Equal(entropy, measure.Entropy, 1e-5);
        Assert.Equal(logits[0] - max - Math.Log(sum), measure.LogProb(logits[0]), 1e-5);
    }

    [Fact]
    public void Extreme_logits_are_measured_without_overflow()
    {
        var measure = LogitMeasure.Of([1000f, 1001f, 1002f, float.NegativeInfinity, -1e30f]);
        Assert.Equal(Math.Log(1 + Math.Exp(-1) + Math.Exp(-2)), measure.LogSum, 1e-6);
        Assert.InRange(measure.Entropy, 0.83, 0.84);
        Assert.Equal(0, LogitMeasure.Of([5f]).Entropy);
        Assert.Equal(Math.Log(3), LogitMeasure.Of([0f, 0f, 0f]).Entropy, 1e-6);
    }

    [Theory]
    [InlineData(1e-6)]
    [InlineData(1e6)]
    public void The_extreme_temperatures_draw_numbers(double temperature)
    {
        float[] logits = [-3f, 2f, float.NegativeInfinity, 1.5f];
        var frequencies = Frequencies(new TokenPicker(4, new PickSettings { Temperature = temperature }), logits, 2000);
        AssertDrawnFrom(temperature < 1 ? [0, 1, 0, 0] : [1 / 3.0, 1 / 3.0, 0, 1 / 3.0], frequencies, 2000);
    }

    [Fact]
    public void Minus_infinity_is_never_drawn()
    {
        var logits = new float[20];
        Array.Fill(logits, float.NegativeInfinity);
        logits[3] = logits[18] = 0.5f;
        var picks = new TokenPick[3];
        foreach (var settings in new[] { new PickSettings(), new PickSettings { TopK = 5 }, new PickSettings { TopP = 0.99 }, new PickSettings { MinP = 0.1 } })
        {
            new TokenPicker(20, settings).Pick(logits, true, Seed.Of(2), picks);
            Assert.Equal([-1, 3, 18], picks.Select(p => p.Id).Order());
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_logit_that_is_no_number_is_refused(float bad)
    {
        foreach (int place in new[] { 0, 15, 16, 19 })
        {
            var logits = new float[20];
            logits[place] = bad;
            Assert.Throws<NonFiniteException>(() => LogitMeasure.Of(logits));
        }
        Assert.Throws<NonFiniteException>(() => LogitMeasure.Of([float.NegativeInfinity, float.NegativeInfinity]));
        Assert.Throws<ArgumentException>(() => LogitMeasure.Of([]));
    }

    [Fact]
    public void A_pick_does_not_depend_on_earlier_picks_of_the_picker()
    {
        var settings = new PickSettings { TopK = 9, TopP = 0.9, MinP = 0.01, Temperature = 0.8 };
        var used = new TokenPicker(100, settings);
        var (a, b) = (new TokenPick[4], new TokenPick[4]);
        for (int i = 0; i < 50; i++)
        {
            var seed = Seed.Of(i);
            var logits = Enumerable.Range(0, 100).Select(t => (float)(8 * seed.Uniform(t))).ToArray();
            used.Pick(logits, i % 2 == 0, seed, a);
            new TokenPicker(100, settings).Pick(logits, i % 2 == 0, seed, b);
            Assert.Equal(b, a);
        }
    }

    [Fact]
    public void A_pick_allocates_nothing()
    {
        var picker = new TokenPicker(5000, new PickSettings { TopK = 50, TopP = 0.9, MinP = 0.01 });
        var logits = Enumerable.Range(0, 5000).Select(t => (float)(8 * Seed.Of(1).Uniform(t))).ToArray();
        var picks = new TokenPick[2];
        picker.Pick(logits, true, Seed.Of(0), picks);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 20; i++) picker.Pick(logits, true, Seed.Of(i), picks);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    public static TheoryData<PickSettings, string> Broken() => new()
    {
        { new PickSettings { Temperature = -0.5 }, "Temperature = -0.5: must be 0, which takes the likeliest token, or lie between 1e-6 and 1e6" },
        { new PickSettings { Temperature = double.NaN }, "Temperature = NaN: must be 0" },
        { new PickSettings { Temperature = 1e-9 }, "Temperature = 1E-09: must be 0" },
        { new PickSettings { TopK = -1 }, "TopK = -1: must not be negative" },
        { new PickSettings { TopP = 0 }, "TopP = 0: must be above 0" },
        { new PickSettings { TopP = 1.5 }, "TopP = 1.5: must be above 0 and at most 1" },
        { new PickSettings { MinP = 2 }, "MinP = 2: must lie between 0 and 1" },
        { new PickSettings { MinP = double.NaN }, "MinP = NaN: must lie between 0 and 1" },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void Broken_settings_are_refused_by_name(PickSettings settings, string message)
    {
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => new TokenPicker(4, settings)).Message);
        Assert.Contains("TopK", Assert.Throws<ArgumentException>(() => new TokenPicker(4, settings with { TopK = -2 })).Message);
    }

    [Fact]
    public void A_row_of_another_length_is_refused() =>
        Assert.Contains("length 3", Assert.Throws<ArgumentException>(() => new TokenPicker(4, new PickSettings()).Pick(new float[3], false, Seed.Of(0), new TokenPick[1])).Message);
}
