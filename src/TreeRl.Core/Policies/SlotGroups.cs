using System;
using System.Linq;

namespace TreeRl.Policies;

/// <summary>
/// Rows that read slots of a pool, put together by slot, so that a slot is read once for all its rows. With n slots read by at most <see cref="Most"/> rows each, the
/// rows take places in a grid [n, Most]; a place that is no row's repeats row 0, and its result is to be dropped.
/// </summary>
internal sealed class SlotGroups
{
    /// <summary>Groups rows.</summary>
    /// <param name="slotOfRow">Row -> slot; at least one row.</param>
    public SlotGroups(int[] slotOfRow)
    {
        int[] distinct = [.. slotOfRow.Distinct()];
        int end = distinct.Max() + 1;
        InPlace = end <= 2 * distinct.Length;
        Slots = InPlace ? [.. Enumerable.Range(0, end)] : distinct;
        int[] group = new int[end], count = new int[end]; // by slot
        for (int k = 0; k < Slots.Length; k++) group[Slots[k]] = k;
        foreach (int slot in slotOfRow) Most = Math.Max(Most, ++count[slot]);
        Array.Clear(count);
        RowAt = new int[Slots.Length * Most];
        PlaceOf = new int[slotOfRow.Length];
        for (int row = 0; row < slotOfRow.Length; row++)
        {
            int slot = slotOfRow[row];
            PlaceOf[row] = group[slot] * Most + count[slot]++;
            RowAt[PlaceOf[row]] = row;
        }
    }

    /// <summary>Whether at least half of the slots up to the last one are read: then all of these are, as they lie, rather than copied together.</summary>
    public bool InPlace { get; }

    /// <summary>The slots, in the order they are read.</summary>
    public int[] Slots { get; }

    /// <summary>Rows of the slot that has the most.</summary>
    public int Most { get; }

    /// <summary>Place -> row.</summary>
    public int[] RowAt { get; }

    /// <summary>Row -> place.</summary>
    public int[] PlaceOf { get; }
}
