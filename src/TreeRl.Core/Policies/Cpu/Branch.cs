using System;
using System.Collections.Generic;

namespace TreeRl.Policies.Cpu;

/// <summary>A branch of the embedded engine: a list of cache blocks.</summary>
internal sealed class Branch : DecoderBranch
{
    /// <summary>Blocks of its cached keys and values: block i holds positions 16 i .. 16 i + 15.</summary>
    public int[] Blocks = new int[8];

    public int BlockCount;

    /// <summary>Block of its next-token logits.</summary>
    public int Logits;

    /// <summary>Orders branches by their blocks, root first: those that share a prefix become neighbours.</summary>
    public static readonly IComparer<Branch> ByPath = Comparer<Branch>.Create(
        static (a, b) => a.Blocks.AsSpan(0, a.BlockCount).SequenceCompareTo(b.Blocks.AsSpan(0, b.BlockCount)));

    /// <summary>Appends a block.</summary>
    public void Append(int block)
    {
        if (BlockCount == Blocks.Length) Array.Resize(ref Blocks, 2 * BlockCount);
        Blocks[BlockCount++] = block;
    }
}
