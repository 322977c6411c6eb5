using System;
using System.Collections.Generic;

namespace TreeRl.Policies.Cpu;

/// <summary>What a decoder knows of one branch.</summary>
internal sealed class Branch
{
    /// <summary>Blocks of its cached keys and values: block i holds positions 16 i .. 16 i + 15.</summary>
    public int[] Blocks = new int[8];

    public int BlockCount;

    /// <summary>Tokens read.</summary>
    public int Length;

    /// <summary>Block of its next-token logits.</summary>
    public int Logits;

    public int Run;

    /// <summary>Counts the branches that had this place in the table, so that an id never means two of them.</summary>
    public int Generation;

    public bool Alive;

    /// <summary>The call that saw it last, to find a branch given twice.</summary>
    public long SeenBy;

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

/// <summary>Branches by id. An id is a place in the table and the number of branches that had the place before: a released id stays unknown for 2,047 reuses of its place.</summary>
internal sealed class BranchTable
{
    private const int PlaceBits = 20, Places = 1 << PlaceBits, Generations = 1 << (31 - PlaceBits);

    private Branch[] branches = [];
    private int[] free = [];
    private int made, freeCount;

    /// <summary>A new, empty branch.</summary>
    public int Add(out Branch branch)
    {
        if (freeCount == 0) Grow();
        int place = free[--freeCount];
        branch = branches[place];
        branch.Alive = true;
        branch.Generation = (branch.Generation + 1) % Generations;
        branch.BlockCount = 0;
        branch.Length = 0;
        return branch.Generation << PlaceBits | place;
    }

    /// <summary>The branch with an id.</summary>
    /// <exception cref="ArgumentException">There is none now.</exception>
    public Branch Get(int id)
    {
        int place = id & (Places - 1);
        if (id < 0 || place >= made || !branches[place].Alive || branches[place].Generation != id >> PlaceBits)
            throw new ArgumentException($"branch {id} is unknown to this decoder: it was released or forked, or comes from elsewhere", nameof(id));
        return branches[place];
    }

    /// <summary>Forgets a branch.</summary>
    public void Remove(int id)
    {
        Get(id).Alive = false;
        free[freeCount++] = id & (Places - 1);
    }

    private void Grow()
    {
        int capacity = Math.Max(64, 2 * made);
        if (capacity > Places) throw new InvalidOperationException($"a decoder holds at most {Places} branches at once: release some");
        Array.Resize(ref branches, capacity);
        Array.Resize(ref free, capacity);
        for (int place = capacity - 1; place >= made; place--)
        {
            branches[place] = new Branch();
            free[freeCount++] = place;
        }
        made = capacity;
    }
}
