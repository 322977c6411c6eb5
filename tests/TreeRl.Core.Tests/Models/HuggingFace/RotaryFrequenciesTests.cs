using System;
using System.Linq;
using TreeRl.Models;
using TreeRl.Tests.Policies;
using Xunit;

namespace TreeRl.Tests.Models.HuggingFace;

public sealed class RotaryFrequenciesTests
{
    /// <summary>Rounding of a few operations in double.</summary>
    private const double Tolerance = 1e-14;

    // Head 8 and base 10^4: frequencies 1, 0.1, 0.01, 0.001.
    private static readonly ModelConfig Config = TestModels.Plain with { HeadSize = 8, ContextLength = 1000 };

    private static void AssertFrequencies(double[] expected, RotaryScaling? scaling, double magnitude = 1)
    {
        var actual = RotaryFrequencies.Of(Config with { RotaryScaling = scaling });
        Assert.Equal(expected.Length, actual.PerPair.Length);
        foreach (var (want, have) in expected.Zip(actual.PerPair)) Assert.InRange(have / want - 1, -Tolerance, Tolerance);
        Assert.Equal(magnitude, actual.Magnitude, Tolerance);
    }

    [Fact]
    public void Without_scaling_they_are_powers_of_the_base() => AssertFrequencies([1, 0.1, 0.01, 0.001], null);

    [Fact]
    public void Linear_scaling_divides_all() => AssertFrequencies([0.25, 0.025, 0.0025, 0.00025], new LinearScaling { Factor = 4 });

    [Fact]
    public void Llama3_scaling_keeps_short_waves_divides_long_ones_and_blends_between()
    {
        // Waves are 2 pi times 1, 10, 100, 1000; the original context is 400 pi, so waves below 100 pi stay and those above 400 pi are divided.
        const int original = 1256;
        double blend = (original / (200 * Math.PI) - 1) / 3;
        AssertFrequencies([1, 0.1, (1 - blend) * 0.01 / 8 + blend * 0.01, 0.001 / 8], new Llama3Scaling { Factor = 8, LowFrequencyFactor = 1, HighFrequencyFactor = 4, OriginalContext = original });
    }

    [Fact]
    public void Yarn_keeps_what_turns_often_divides_what_turns_seldom_and_lengthens()
    {
        // Pair j turns 1000 / (2 pi 10^j) times, 159, 16, 1.6 and 0.16: 32 turns are pair 0.697 and 1 turn is pair 2.2, rounded outwards 0 and 3.
        double[] expected = [.. Enumerable.Range(0, 4).Select(j => Math.Pow(10, -j) * ((1 - j / 3.0) + j / 3.0 / 4))];
        AssertFrequencies(expected, new YarnScaling { Factor = 4 }, 0.1 * Math.Log(4) + 1);
        AssertFrequencies(expected, new YarnScaling { Factor = 4, OriginalContext = 1000, AttentionFactor = 1.5 }, 1.5);
        AssertFrequencies(expected, new YarnScaling { Factor = 4, Scale = 2, ScaleAllDimensions = 1 }, (0.2 * Math.Log(4) + 1) / (0.1 * Math.Log(4) + 1));
        AssertFrequencies(expected, new YarnScaling { Factor = 4, Scale = 2 }, 0.1 * Math.Log(4) + 1);
    }

    [Fact]
    public void A_factor_of_one_changes_nothing()
    {
        AssertFrequencies([1, 0.1, 0.01, 0.001], new YarnScaling { Factor = 1 });
        AssertFrequencies([1, 0.1, 0.01, 0.001], new Llama3Scaling { Factor = 1, LowFrequencyFactor = 1, HighFrequencyFactor = 4, OriginalContext = 100 });
    }

    [Fact]
    public void A_scaling_that_breaks_a_rule_is_refused()
    {
        static string Refusal(RotaryScaling scaling) => Assert.ThrowsAny<ArgumentException>(() => (Config with { RotaryScaling = scaling }).Validated()).Message;
        Assert.Contains("Factor = 0.5", Refusal(new LinearScaling { Factor = 0.5 }));
        Assert.Contains("Factor = NaN", Refusal(new YarnScaling { Factor = double.NaN }));
        Assert.Contains("BetaSlow = 0", Refusal(new YarnScaling { Factor = 2, BetaSlow = 0 }));
        Assert.Contains("AttentionFactor = 0", Refusal(new YarnScaling { Factor = 2, AttentionFactor = 0 }));
        Assert.Contains("OriginalContext = 0", Refusal(new Llama3Scaling { Factor = 2, LowFrequencyFactor = 1, HighFrequencyFactor = 4, OriginalContext = 0 }));
    }
}
