using System.Collections.Generic;
using TreeRl.Models;
using Xunit;

namespace TreeRl.Tests.Policies;

/// <summary>Small architectures that together use every option of the engine.</summary>
internal static class TestModels
{
    public static readonly ModelConfig Plain = new() { VocabSize = 32, Width = 32, Layers = 2, Heads = 2, KeyValueHeads = 2, HeadSize = 16, FeedForward = 48, ContextLength = 64 };

    public static readonly Dictionary<string, ModelConfig> ByName = new()
    {
        ["plain"] = Plain,
        ["llama2c: adjacent rotary, head 8, odd widths"] = Plain with { Rotary = RotaryPairing.Adjacent, HeadSize = 8, Heads = 4, Width = 20, FeedForward = 43, VocabSize = 37 },
        ["qwen2: bias, grouped queries, head 24"] = Plain with { QkvBias = true, HeadSize = 24, Heads = 3, KeyValueHeads = 1, Width = 36, FeedForward = 50 },
        ["qwen3: q/k norm, untied, head 32"] = Plain with { QkNorm = true, TiedHead = false, HeadSize = 32, Heads = 4, KeyValueHeads = 2, VocabSize = 41, RotaryBase = 1e6, NormEpsilon = 1e-6 },
        ["everything, head 40, adjacent"] =
            Plain with { QkNorm = true, QkvBias = true, TiedHead = false, HeadSize = 40, Heads = 6, KeyValueHeads = 2, Width = 17, FeedForward = 19, VocabSize = 23, Rotary = RotaryPairing.Adjacent },
        ["yarn: turned heads lengthened"] = Plain with { RotaryBase = 100, RotaryScaling = new YarnScaling { Factor = 4, OriginalContext = 16 } },
        ["feed-forward of three whole panels"] = Plain with { FeedForward = 192 },
        ["one layer, one head, two tokens"] = Plain with { Layers = 1, Heads = 1, KeyValueHeads = 1, HeadSize = 8, Width = 1, FeedForward = 1, VocabSize = 2 },
        ["large vocabulary, recomputed logits"] = Plain with { Layers = 1, VocabSize = 70_001, Width = 8, FeedForward = 8, HeadSize = 8, Heads = 1, KeyValueHeads = 1 },
    };

    /// <summary>Heads as large as published models have them.</summary>
    public static readonly Dictionary<string, ModelConfig> LargeHeads = new()
    {
        ["head 64, grouped queries, bias"] = Plain with { Layers = 1, HeadSize = 64, Heads = 2, KeyValueHeads = 1, Width = 24, QkvBias = true },
        ["head 128, q/k norm"] = Plain with { Layers = 1, HeadSize = 128, Heads = 2, KeyValueHeads = 1, Width = 24, QkNorm = true, RotaryBase = 1e6 },
        ["head 256, untied, adjacent"] = Plain with { Layers = 1, HeadSize = 256, Heads = 1, KeyValueHeads = 1, Width = 24, TiedHead = false, Rotary = RotaryPairing.Adjacent },
    };

    public static TheoryData<string> Names => [.. ByName.Keys];

    public static TheoryData<string> NamesAndLargeHeads => [.. ByName.Keys, .. LargeHeads.Keys];

    public static ModelConfig Find(string name) => ByName.TryGetValue(name, out var config) ? config : LargeHeads[name];
}
