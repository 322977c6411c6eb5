using System.Collections.Immutable;
using System.Linq;
using TreeRl.Models;

namespace TreeRl.Tests.Policies;

/// <summary>Adapters large enough that every factor matters.</summary>
internal static class TestAdapters
{
    /// <summary>Every linear layer, the head included, with a rank that needs padding.</summary>
    public static readonly LoraSettings Everywhere = new() { Rank = 3, Alpha = 4.5, Layers = LoraSettings.Known };

    /// <summary>Weights with an adapter none of whose elements is zero.</summary>
    public static ModelWeights On(ModelWeights weights, LoraSettings? settings = null, double size = 0.2)
    {
        var fresh = LoraAdapter.Fresh(weights.Config, settings ?? Everywhere, Seed.Of(5));
        var filled = fresh.Names.Select(name =>
        {
            var stream = Seed.Of(6).Child(name);
            return fresh[name] with { Values = [.. Enumerable.Range(0, fresh[name].Values.Length).Select(i => (float)(size * (2 * stream.Uniform(i) - 1)))] };
        });
        return weights.WithAdapter(new LoraAdapter(weights.Config, fresh.Settings, filled.ToImmutableArray()));
    }

    public static ModelWeights FreshOn(ModelWeights weights, LoraSettings? settings = null) =>
        weights.WithAdapter(LoraAdapter.Fresh(weights.Config, settings ?? Everywhere, Seed.Of(5)));
}
