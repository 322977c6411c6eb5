using System;

namespace TreeRl.Policies;

/// <summary>Numbers 0, 1, 2, .. handed out to owners: places in a table, a pool, a tensor. One without owners is handed out again, the one let go last first.</summary>
internal sealed class SharedSlots
{
    private int[] owners = [], free = [];
    private int freeCount;

    /// <summary>Numbers handed out so far; all are below it.</summary>
    public int End { get; private set; }

    /// <summary>Numbers that have an owner.</summary>
    public int InUse => End - freeCount;

    /// <summary>A number with one owner.</summary>
    public int Take()
    {
        int slot = freeCount > 0 ? free[--freeCount] : End++;
        if (slot >= owners.Length)
        {
            int capacity = Math.Max(64, 2 * owners.Length);
            Array.Resize(ref owners, capacity);
            Array.Resize(ref free, capacity);
        }
        owners[slot] = 1;
        return slot;
    }

    /// <summary>Adds an owner.</summary>
    public void Share(int slot) => owners[slot]++;

    /// <summary>Whether a number has more than one owner.</summary>
    public bool IsShared(int slot) => owners[slot] > 1;

    /// <summary>Removes an owner.</summary>
    public void LetGo(int slot)
    {
        if (--owners[slot] == 0) free[freeCount++] = slot;
    }

    /// <summary>A number that the caller alone owns, in the place of <paramref name="slot"/>: the same one when nobody shares it.</summary>
    public int MakeOwn(int slot)
    {
        if (!IsShared(slot)) return slot;
        LetGo(slot);
        return Take();
    }
}
