using System;
using System.Collections.Immutable;

namespace TreeRl.Models;

/// <summary>
/// The angles of rotary positions (2104.09864): at position p, pair j of a head turns by p * <see cref="PerPair"/>[j], and the turned head is multiplied by
/// <see cref="Magnitude"/>.
/// </summary>
/// <remarks>
/// Without scaling the frequency of pair j of a head of h elements is f(j) = base^(-2j/h) and the magnitude 1. With factor s and original context L:
/// <code>
/// linear   f(j) / s
/// llama3   wave w = 2 pi / f(j):  w &gt; L/low: f(j) / s;  w &lt; L/high: f(j);  else (1-b) f(j)/s + b f(j) with b = (L/w - low) / (high - low)
/// yarn     (1-k) f(j) + k f(j)/s,  k = clamp((j - from) / (to - from), 0, 1)
///          from, to = d(betaFast), d(betaSlow), rounded down and up when Truncate, cut to 0 .. h-1;  d(n) = h ln(L / (2 pi n)) / (2 ln base)
///          to = from + 0.001 when they meet
///          magnitude = AttentionFactor, or g(m) / g(m') with both scales given and not 0, or g(1);  g(m) = 0.1 m ln s + 1
/// </code>
/// Everything is computed in double.
/// </remarks>
public sealed class RotaryFrequencies
{
    private const double GapWhenEndsMeet = 0.001, LogScale = 0.1;

    private RotaryFrequencies(ImmutableArray<double> perPair, double magnitude)
    {
        PerPair = perPair;
        Magnitude = magnitude;
    }

    /// <summary>Radians a position for each of the headSize/2 pairs.</summary>
    public ImmutableArray<double> PerPair { get; }

    /// <summary>What a turned head is multiplied by; 1 except for YaRN.</summary>
    public double Magnitude { get; }

    /// <summary>The frequencies of a configuration.</summary>
    /// <exception cref="ArgumentException">The configuration breaks a rule; the message names it.</exception>
    public static RotaryFrequencies Of(ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Validated();
        var plain = Plain(config.HeadSize, config.RotaryBase);
        return config.RotaryScaling switch
        {
            LinearScaling linear => plain.Changed(1, (_, f) => f / linear.Factor),
            Llama3Scaling llama => plain.Changed(1, (_, f) => Llama3(llama, f)),
            YarnScaling yarn => Yarn(yarn, plain, config),
            _ => plain,
        };
    }

    /// <summary>Frequencies without scaling.</summary>
    internal static RotaryFrequencies Plain(int headSize, double frequencyBase)
    {
        var perPair = ImmutableArray.CreateBuilder<double>(headSize / 2);
        for (int pair = 0; pair < headSize / 2; pair++) perPair.Add(Math.Pow(frequencyBase, -2.0 * pair / headSize));
        return new RotaryFrequencies(perPair.ToImmutable(), 1);
    }

    private RotaryFrequencies Changed(double magnitude, Func<int, double, double> change)
    {
        var changed = ImmutableArray.CreateBuilder<double>(PerPair.Length);
        for (int pair = 0; pair < PerPair.Length; pair++) changed.Add(change(pair, PerPair[pair]));
        return new RotaryFrequencies(changed.ToImmutable(), magnitude);
    }

    private static double Llama3(Llama3Scaling scaling, double frequency)
    {
        double wave = 2 * Math.PI / frequency, original = scaling.OriginalContext;
        if (wave > original / scaling.LowFrequencyFactor) return frequency / scaling.Factor;
        if (wave < original / scaling.HighFrequencyFactor) return frequency;
        double blend = (original / wave - scaling.LowFrequencyFactor) / (scaling.HighFrequencyFactor - scaling.LowFrequencyFactor);
        return (1 - blend) * frequency / scaling.Factor + blend * frequency;
    }

    private static RotaryFrequencies Yarn(YarnScaling scaling, RotaryFrequencies plain, ModelConfig config)
    {
        double original = scaling.OriginalContext ?? config.ContextLength;
        double from = PairThatTurns(scaling.BetaFast), to = PairThatTurns(scaling.BetaSlow);
        if (scaling.Truncate) (from, to) = (Math.Floor(from), Math.Ceiling(to));
        (from, to) = (Math.Max(from, 0), Math.Min(to, config.HeadSize - 1));
        if (from == to) to += GapWhenEndsMeet;
        return plain.Changed(AttentionFactor(scaling), (pair, f) =>
        {
            double divided = Math.Clamp((pair - from) / (to - from), 0, 1);
            return (1 - divided) * f + divided * f / scaling.Factor;
        });

        double PairThatTurns(double times) => config.HeadSize * Math.Log(original / (2 * Math.PI * times)) / (2 * Math.Log(config.RotaryBase));
    }

    private static double AttentionFactor(YarnScaling scaling)
    {
        if (scaling.AttentionFactor is { } given) return given;
        double scale = scaling.Scale ?? 0, all = scaling.ScaleAllDimensions ?? 0;
        return scale > 0 && all > 0 ? Lengthening(scale) / Lengthening(all) : Lengthening(1);

        double Lengthening(double m) => LogScale * m * Math.Log(scaling.Factor) + 1;
    }
}
