using System;
using System.Globalization;
using TreeRl.Models;
using TreeRl.Numerics;

namespace TreeRl.Policies.Cpu;

/// <summary>
/// The memory that the embedded engine takes outside the garbage collector, in bytes, before anything is allocated. With P parameters, D the width, F the
/// feed-forward size, H and KV the heads and key/value heads of size h, V the vocabulary, L layers (sizes padded to 16):
/// <code>
/// cache        8 L KV h  a cached token, counted once however many branches share it, in blocks of 16 tokens
/// state        4 P (5 + lanes)   weights, their panels for forward and backward passes, two moments, the gradient's lanes
/// activations  4 (M (L (4 D + (2 H + 2 KV) h + 2 F) + 5 D + (2 H + 2 KV) h + V) + 3 R F)   for each thread that trains, at most one a lane, and a chunk of M rows
/// computed again  4 (M ((L + 8) D + (4 H + 4 KV) h + 2 F + V) + 3 R F)   likewise
/// </code>
/// R is 512, or 192 where 2 F D is at most 262,144, and at most M. Logits of a vocabulary above 4,096 exist 4 MB at a time. Small terms (log-sum-exps, the path in hand, scratch) are left out of these formulas and counted by the functions below.
/// </summary>
public static class CpuMemory
{
    // What the process may use of the machine, or of the container it is in.
    private static readonly long Available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>Bytes of keys and values for a cached token.</summary>
    public static long CacheBytesPerToken(ModelConfig config) => DecodeAttention.BlockFloats(new ParameterLayout(config)) / DecodeAttention.BlockPositions * sizeof(float);

    /// <summary>Bytes that training all weights keeps between steps: weights, packed copies, moments and the gradient's lanes.</summary>
    public static long StateBytes(ModelConfig config, CpuOptions? options = null)
    {
        var layout = new ParameterLayout(config);
        int lanes = (options ?? new CpuOptions()).Validated().LanesFor(layout.ParameterCount);
        return sizeof(float) * (layout.Total * (3L + lanes) + 2 * layout.PackedFloats);
    }

    /// <summary>Bytes of the activations, and of their gradients, of all threads that train at once: not more than there are lanes.</summary>
    /// <param name="config">The model.</param>
    /// <param name="options">Threads, and whether activations are computed again.</param>
    /// <param name="chunkRows">Rows of the largest chunk, M: about <see cref="CpuOptions.ChunkTokens"/>, or those of the largest prompt with its answers where that has more, at most <see cref="CpuOptions.SplitAbove"/>.</param>
    /// <param name="longestPath">Tokens of the longest path, prompt included.</param>
    public static long ActivationBytes(ModelConfig config, CpuOptions? options, int chunkRows, int longestPath)
    {
        var resolved = (options ?? new CpuOptions()).Validated();
        var layout = new ParameterLayout(config);
        using var buffers = new ChunkBuffers(layout, 0, resolved.RecomputeActivations);
        return sizeof(float) * Math.Min(resolved.Threads, resolved.LanesFor(layout.ParameterCount)) * buffers.Floats(chunkRows, chunkRows, longestPath, backward: true);
    }

    /// <summary>Refuses what the machine cannot hold, before the system ends the process for it.</summary>
    /// <exception cref="InsufficientMemoryException">The activations alone need more than there is.</exception>
    internal static void RequireActivations(long bytes, int rows, int threads)
    {
        if (bytes <= Available) return;
        throw new InsufficientMemoryException(
            $"a pass over {rows} rows needs {Gigabytes(bytes)} of activations on {threads} {(threads == 1 ? "thread" : "threads")}, and there are {Gigabytes(Available)} for everything: "
            + "train prompts in parts, compute activations again or take fewer threads, as in Policy.onCpu (CpuOptions(SplitAbove = 4096, RecomputeActivations = true, Threads = 1))");
    }

    private static string Gigabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:f1} GB");
}
