using System;
using System.Collections.Generic;
using TreeRl.Numerics;

namespace TreeRl.Policies.Cpu;

/// <summary>How the embedded engine uses the machine. <see cref="GradientLanes"/>, <see cref="ChunkTokens"/>, <see cref="SplitAbove"/> and <see cref="Simd"/> may change a trained weight by rounding; threads never change anything.</summary>
public sealed record CpuOptions
{
    /// <summary>Number of threads, the caller's included; 0 takes every core the process may use.</summary>
    public int Threads { get; init; }

    /// <summary>
    /// Number of separate sums a gradient is gathered in before they are added in order. At most this many threads can train at once;
    /// each lane costs as much memory as the trained weights. 1 .. 64; 0 takes 4 for up to 32 million trained parameters and 2 for more.
    /// </summary>
    public int GradientLanes { get; init; }

    /// <summary>Rows a forward and backward pass aims at; whole groups are put together up to it, and a larger group is a pass of its own, unless it is split (<see cref="SplitAbove"/>). At least 1.</summary>
    public int ChunkTokens { get; init; } = DefaultChunkTokens;

    /// <summary>
    /// Rows above which a prompt with its trees is split into parts of at most so many (or of one path, where that is longer), so that activations need no more memory however many answers a
    /// prompt has. Each part computes what is above it again, and what is split is scored once more before it is trained: about a third more time. 0, the default, splits nothing.
    /// </summary>
    public int SplitAbove { get; init; }

    /// <summary>
    /// Keep only what enters each layer for the backward pass and compute the layer again when it is needed (activation recomputation): about a third more time for a
    /// small part of the memory, which <see cref="CpuMemory"/> tells. Changes no bit of any result.
    /// </summary>
    public bool RecomputeActivations { get; init; }

    /// <summary>Vector width of the kernels; the widest this machine runs unless a test or a comparison asks for less. Results of different widths agree to rounding.</summary>
    public SimdLevel Simd { get; init; } = Numerics.Simd.Best;

    private const int DefaultChunkTokens = 512;

    /// <summary>The lanes of a policy with so many trained parameters.</summary>
    internal int LanesFor(long parameters) => GradientLanes > 0 ? GradientLanes : parameters <= 32_000_000 ? 4 : 2;

    /// <summary>"cpu", and what of these options changes a trained weight of a policy with so many trained parameters; not the vector width, which is the machine's.</summary>
    internal string Arithmetic(long parameters)
    {
        List<string> chosen = [];
        if (LanesFor(parameters) != (this with { GradientLanes = 0 }).LanesFor(parameters)) chosen.Add($"{GradientLanes} gradient lanes");
        if (ChunkTokens != DefaultChunkTokens) chosen.Add($"chunks of {ChunkTokens} rows");
        if (SplitAbove > 0) chosen.Add($"split above {SplitAbove} rows");
        return chosen.Count == 0 ? "cpu" : $"cpu ({string.Join(", ", chosen)})";
    }

    /// <summary>Checks every rule above and resolves <see cref="Threads"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value breaks its rule; the message names it.</exception>
    public CpuOptions Validated()
    {
        Guard.InRange(Threads is >= 0 and <= 1024, Threads, "must be 0 (every core) to 1024");
        Guard.InRange(GradientLanes is >= 0 and <= 64, GradientLanes, "must be 0 (chosen by size) to 64");
        Guard.InRange(ChunkTokens >= 1, ChunkTokens, "must be at least 1");
        Guard.InRange(SplitAbove >= 0, SplitAbove, "must not be negative; 0 splits nothing");
        Guard.InRange(Simd >= SimdLevel.Portable && Simd <= Numerics.Simd.Best, Simd, $"this machine offers at most {Numerics.Simd.Best}");
        return this with { Threads = Threads == 0 ? Environment.ProcessorCount : Threads };
    }
}
