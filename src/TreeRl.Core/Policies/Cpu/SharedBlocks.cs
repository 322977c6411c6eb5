using System;
using System.Collections.Generic;
using TreeRl.Numerics;

namespace TreeRl.Policies.Cpu;

/// <summary>A pool of equal blocks of floats that several owners may share; a block returns to the pool when its last owner lets go. Blocks never move.</summary>
internal sealed unsafe class SharedBlocks(long blockFloats) : IDisposable
{
    private const long SlabFloats = 1 << 20;

    private readonly List<NativeBuffer<float>> slabs = [];
    private readonly SharedSlots slots = new();
    private nint[] address = [];
    private int made;

    /// <summary>Bytes of the blocks in use.</summary>
    public long BytesInUse => slots.InUse * blockFloats * sizeof(float);

    /// <summary>First float of a block.</summary>
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
        if (copy) VectorMath.Copy(this[block], this[own], blockFloats);
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
        int count = (int)Math.Max(1, SlabFloats / blockFloats);
        var slab = new NativeBuffer<float>(count * blockFloats);
        slabs.Add(slab);
        if (made + count > address.Length) Array.Resize(ref address, Math.Max(made + count, 2 * address.Length));
        for (int i = 0; i < count; i++) address[made + i] = (nint)(slab.Pointer + i * blockFloats);
        made += count;
    }
}
