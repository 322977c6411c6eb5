using System;

namespace TreeRl.Models;

/// <summary>How rotary embedding pairs the elements of a head.</summary>
public enum RotaryPairing
{
    /// <summary>Element j turns with element j + headSize/2 (Llama and Qwen checkpoints in HF layout).</summary>
    HalfSplit,

    /// <summary>Element 2j turns with element 2j+1 (llama2.c, original Llama weights).</summary>
    Adjacent,
}

/// <summary>
/// A decoder-only transformer of the Llama/Qwen family: token embedding, then per layer RMSNorm, grouped-query attention with rotary
/// positions, RMSNorm, SwiGLU; a final RMSNorm and a linear head.
/// </summary>
public sealed record ModelConfig
{
    /// <summary>Vocabulary size V, 2 .. 200,000 or more.</summary>
    public required int VocabSize { get; init; }

    /// <summary>Width D of the residual stream.</summary>
    public required int Width { get; init; }

    /// <summary>Number of layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Number of query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Number of key/value heads; divides <see cref="Heads"/>.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>Elements in a head: a multiple of 8, at most 256.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Width of the feed-forward layer.</summary>
    public required int FeedForward { get; init; }

    /// <summary>Largest number of positions, prompt and answer together.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Added to the mean square inside RMSNorm.</summary>
    public double NormEpsilon { get; init; } = 1e-5;

    /// <summary>Base of the rotary frequencies.</summary>
    public double RotaryBase { get; init; } = 10000;

    /// <summary>How rotary pairs elements.</summary>
    public RotaryPairing Rotary { get; init; } = RotaryPairing.HalfSplit;

    /// <summary>How the rotary frequencies are changed for longer texts; null: not at all.</summary>
    public RotaryScaling? RotaryScaling { get; init; }

    /// <summary>Whether q, k and v have biases (Qwen2).</summary>
    public bool QkvBias { get; init; }

    /// <summary>Whether q and k pass an RMSNorm over each head before rotary (Qwen3).</summary>
    public bool QkNorm { get; init; }

    /// <summary>Whether the head shares the embedding matrix.</summary>
    public bool TiedHead { get; init; } = true;

    /// <summary>Checks every rule above.</summary>
    /// <exception cref="ArgumentException">A value breaks its rule; the message names it.</exception>
    public ModelConfig Validated()
    {
        Guard.InRange(VocabSize >= 2, VocabSize, "a vocabulary has at least 2 tokens");
        Guard.InRange(Width >= 1, Width, "must be at least 1");
        Guard.InRange(Layers >= 1, Layers, "must be at least 1");
        Guard.InRange(Heads >= 1, Heads, "must be at least 1");
        Guard.InRange(KeyValueHeads >= 1 && Heads % KeyValueHeads == 0, KeyValueHeads, $"must divide the number of query heads, {Heads}");
        Guard.InRange(HeadSize is >= 8 and <= 256 && HeadSize % 8 == 0, HeadSize, "must be a multiple of 8, at most 256");
        Guard.InRange((long)Heads * HeadSize <= int.MaxValue / 4, Heads, $"heads of {HeadSize} elements are wider together than {int.MaxValue / 4}");
        Guard.InRange(FeedForward >= 1, FeedForward, "must be at least 1");
        Guard.InRange(ContextLength >= 1, ContextLength, "must be at least 1");
        Guard.InRange(NormEpsilon is > 0 and < 1, NormEpsilon, "must lie between 0 and 1");
        Guard.InRange(double.IsFinite(RotaryBase) && RotaryBase > 1, RotaryBase, "must be above 1");
        RotaryScaling?.Check(this);
        return this;
    }
}
