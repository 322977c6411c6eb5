using System;

namespace TreeRl.Policies;

/// <summary>What every decoder knows of one branch.</summary>
internal class DecoderBranch
{
    /// <summary>Tokens read.</summary>
    public int Length;

    /// <summary>Its place in <see cref="TokenRuns"/>: what it has read since it was forked.</summary>
    public int Run;

    /// <summary>Counts the branches that had this place in the table, so that an id never means two of them.</summary>
    public int Generation;

    public bool Alive;

    /// <summary>The call that saw it last, to find a branch given twice.</summary>
    public long SeenBy;
}

/// <summary>Branches by id. An id is a place in the table and the number of branches that had the place before: a released id stays unknown for 2,047 reuses of its place.</summary>
internal sealed class BranchTable<TBranch>
    where TBranch : DecoderBranch, new()
{
    private const int PlaceBits = 20, Places = 1 << PlaceBits, Generations = 1 << (31 - PlaceBits);

    private TBranch[] branches = [];
    private int[] free = [];
    private int made, freeCount;

    /// <summary>A branch; its fields but those of this table are whatever the last one left.</summary>
    public int Add(out TBranch branch)
    {
        if (freeCount == 0) Grow();
        int place = free[--freeCount];
        branch = branches[place];
        branch.Alive = true;
        branch.Generation = (branch.Generation + 1) % Generations;
        return branch.Generation << PlaceBits | place;
    }

    /// <summary>The branch with an id.</summary>
    /// <exception cref="ArgumentException">There is none now.</exception>
    public TBranch Get(int id)
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
            branches[place] = new TBranch();
            free[freeCount++] = place;
        }
        made = capacity;
    }
}
