using System;
using System.Collections.Generic;
using TreeRl.Numerics;

namespace TreeRl.Policies.Cpu;

/// <summary>A pool of equal blocks of floats that several owners may share; a block returns to the pool when its last owner lets go. Blocks never move.</summary>
internal sealed unsafe class SharedBlocks(long blockFloats) : IDisposable
{
    private const long SlabFloats = 1 << 20;

    private readonly List<NativeBuffer<float>> slabs = [];
    private nint[] address = [];
    private int[] owners = [], free = [];
    private int made, freeCount;

    /// <summary>Blocks that have an owner.</summary>
    public int InUse => made - freeCount;

    /// <summary>Bytes of the blocks in use.</summary>
    public long BytesInUse => InUse * blockFloats * sizeof(float);

    /// <summary>First float of a block.</summary>
    public float* this[int block] => (float*)address[block];

    /// <summary>A block with one owner; its contents are whatever the last owner left.</summary>
    public int Take()
    {
        if (freeCount == 0) Grow();
        int block = free[--freeCount];
        owners[block] = 1;
        return block;
    }

    /// <summary>Adds an owner.</summary>
    public void Share(int block) => owners[block]++;

    /// <summary>Whether a block has more than one owner.</summary>
    public bool IsShared(int block) => owners[block] > 1;

    /// <summary>Removes an owner.</summary>
    public void LetGo(int block)
    {
        if (--owners[block] == 0) free[freeCount++] = block;
    }

    /// <summary>
    /// A block with the contents of <paramref name="block"/> that the caller alone owns: the same block when nobody shares it, else a copy in its place.
    /// </summary>
    public int MakeOwn(int block, bool copy)
    {
        if (!IsShared(block)) return block;
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
        if (made + count > address.Length)
        {
            int capacity = Math.Max(made + count, 2 * address.Length);
            Array.Resize(ref address, capacity);
            Array.Resize(ref owners, capacity);
            Array.Resize(ref free, capacity);
        }
        // The lowest address is taken first.
        for (int i = count - 1; i >= 0; i--)
        {
            address[made + i] = (nint)(slab.Pointer + i * blockFloats);
            free[freeCount++] = made + i;
        }
        made += count;
    }
}
