using System;
using System.Collections.Generic;
using TreeRl.Numerics;

namespace TreeRl.Policies.Cpu;

/// <summary>
/// A pool of equal blocks of floats that several owners may share; a block returns to the pool when its last owner lets go. Blocks never move.
/// <para>A block is <c>pieces</c> stretches of <c>pieceFloats</c>, <see cref="PieceStride"/> floats apart: the same piece of many blocks lies side by side, so that who reads one piece
/// of each spreads over all sets of a cache.</para>
/// </summary>
internal sealed unsafe class SharedBlocks(long pieceFloats, int pieces = 1) : IDisposable
{
    private const long SlabFloats = 1 << 20;

    private readonly long slabBlocks = Math.Max(1, SlabFloats / (pieces * pieceFloats));
    private readonly List<NativeBuffer<float>> slabs = [];
    private readonly SharedSlots slots = new();
    private nint[] address = [];
    private int made;

    /// <summary>Bytes of the blocks in use.</summary>
    public long BytesInUse => slots.InUse * pieces * pieceFloats * sizeof(float);

    /// <summary>Floats from a block's piece to its next one.</summary>
    public long PieceStride => slabBlocks * pieceFloats;

    /// <summary>First float of a block's first piece.</summary>
    public float* this[int block] => (float*)address[block];

    /// <summary>A block with one owner; its contents are whatever the last owner left.</summary>
    public int Take()
    {
        int block = slots.Take();
        while (block >= made) Grow();
        return block;
    }

    /// <summary>Adds an owner.</summary>
    public void Share(int block) => slots.Share(block);

    /// <summary>Removes an owner.</summary>
    public void LetGo(int block) => slots.LetGo(block);

    /// <summary>
    /// A block with the contents of <paramref name="block"/> that the caller alone owns: the same block when nobody shares it, else a copy in its place.
    /// </summary>
    public int MakeOwn(int block, bool copy)
    {
        if (!slots.IsShared(block)) return block;
        int own = Take();
        for (int piece = 0; copy && piece < pieces; piece++) VectorMath.Copy(this[block] + piece * PieceStride, this[own] + piece * PieceStride, pieceFloats);
        LetGo(block);
        return own;
    }

    public void Dispose()
    {
        foreach (var slab in slabs) slab.Dispose();
        slabs.Clear();
    }

    private void Grow()
    {
        int count = (int)slabBlocks;
        var slab = new NativeBuffer<float>(count * pieces * pieceFloats);
        slabs.Add(slab);
        if (made + count > address.Length) Array.Resize(ref address, Math.Max(made + count, 2 * address.Length));
        for (int i = 0; i < count; i++) address[made + i] = (nint)(slab.Pointer + i * pieceFloats);
        made += count;
    }
}
