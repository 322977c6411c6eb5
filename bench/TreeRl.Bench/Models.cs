using TreeRl.Models;

namespace TreeRl.Bench;

/// <summary>The two configurations that everything is measured on; the PyTorch peer has the same.</summary>
internal static class Models
{
    /// <summary>About a million parameters.</summary>
    public static readonly ModelConfig Small = new()
    {
        VocabSize = 64,
        Width = 128,
        Layers = 4,
        Heads = 4,
        KeyValueHeads = 2,
        HeadSize = 32,
        FeedForward = 512,
        ContextLength = 512,
    };

    /// <summary>About ten million.</summary>
    public static readonly ModelConfig Medium = Small with { Width = 320, Layers = 8, Heads = 10, KeyValueHeads = 5, FeedForward = 1024 };
}
