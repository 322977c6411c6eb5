using System;
using System.Collections.Generic;

namespace TreeRl.Torch;

/// <summary>What the branches of one prompt share: a slot of the shared pool, whose columns are handed out to segments.</summary>
internal sealed class Trunk(int slot)
{
    public int Slot => slot;

    public Slots Columns { get; } = new();
}

/// <summary>Tokens that several branches have read: their columns in the trunk. Lives while a branch or a later segment has it behind itself.</summary>
internal sealed class Segment
{
    public required Trunk Trunk { get; init; }

    public required Segment? Parent { get; init; }

    public required int[] Columns { get; init; }

    public int Owners { get; set; }
}

/// <summary>A branch: shared segments, and a tail of its own.</summary>
internal sealed class Branch
{
    public required Segment Last { get; init; }

    /// <summary>Its slot in the pool of tails.</summary>
    public required int Slot { get; init; }

    /// <summary>Tokens in its tail.</summary>
    public int Tail { get; set; }

    /// <summary>Tokens read.</summary>
    public int Length { get; set; }

    /// <summary>Its row of next-token logits, which it may share with siblings.</summary>
    public int LogitRow { get; set; }

    public long SeenBy { get; set; }
}

/// <summary>
/// The book-keeping of a tree cache. A fork moves the tail of the forked branch into the trunk of its prompt, once, where all children read it; the children begin with empty
/// tails. Nothing is copied for a child, and what lies in a trunk is read once a step for all branches of the prompt. When the last reader of a segment is released,
/// its columns are free for others.
/// </summary>
internal sealed class BranchTree
{
    private readonly Dictionary<int, Branch> branches = [];
    private readonly List<int> rowOwners = [];
    private readonly List<(int Slot, Segment To)> moves = [];
    private int nextId;

    /// <summary>Slots of trunks and tails, and rows of logits.</summary>
    public required Slots TrunkSlots { get; init; }

    /// <inheritdoc cref="TrunkSlots"/>
    public required Slots TailSlots { get; init; }

    /// <inheritdoc cref="TrunkSlots"/>
    public Slots LogitRows { get; } = new();

    /// <summary>Unique tokens cached.</summary>
    public long CachedTokens { get; private set; }

    /// <summary>Branches whose view of the trunk is not on the device yet.</summary>
    public List<Branch> Fresh { get; } = [];

    /// <summary>The branch with an id.</summary>
    /// <exception cref="ArgumentException">There is none now.</exception>
    public Branch this[int id] =>
        branches.TryGetValue(id, out var branch) ? branch : throw new ArgumentException($"branch {id} is unknown to this decoder: it was released or forked, or comes from elsewhere", nameof(id));

    /// <summary>A branch behind a prompt of so many tokens, which take columns 0, 1, .. of a new trunk.</summary>
    public Branch Prompt(int length, out int id)
    {
        var trunk = new Trunk(TrunkSlots.Take());
        int row = LogitRows.Take();
        Own(row, 1);
        CachedTokens += length;
        return Add(new Segment { Trunk = trunk, Parent = null, Columns = Columns(trunk, length) }, length, row, out id);
    }

    /// <summary>Ends a branch and puts children in its place.</summary>
    public void Fork(int id, Span<int> children)
    {
        var parent = this[id];
        var last = parent.Last;
        if (parent.Tail > 0)
        {
            last = new Segment { Trunk = last.Trunk, Parent = last, Columns = Columns(last.Trunk, parent.Tail) };
            moves.Add((parent.Slot, last));
            last.Parent!.Owners++;
            CachedTokens += parent.Tail;
        }
        for (int i = 0; i < children.Length; i++)
        {
            Own(parent.LogitRow, 1);
            Add(last, parent.Length, parent.LogitRow, out children[i]);
        }
        Remove(id, parent, keepSlot: parent.Tail > 0);
    }

    /// <summary>Ends a branch.</summary>
    public void Release(int id) => Remove(id, this[id], keepSlot: false);

    /// <summary>Counts tokens that went into a branch's tail.</summary>
    public void Extend(Branch branch)
    {
        branch.Tail++;
        branch.Length++;
        CachedTokens++;
    }

    /// <summary>Gives a branch a row of logits that no other branch reads.</summary>
    public void OwnLogits(Branch branch)
    {
        if (rowOwners[branch.LogitRow] == 1) return;
        Own(branch.LogitRow, -1);
        branch.LogitRow = LogitRows.Take();
        Own(branch.LogitRow, 1);
    }

    /// <summary>Tails to be moved to columns, those of segments that died meanwhile left out; the tails' slots are free once <see cref="Moved"/> is told.</summary>
    public IEnumerable<(int Slot, Segment To)> Moves() => moves.FindAll(move => move.To.Owners > 0);

    /// <summary>To be called when the moves are made.</summary>
    public void Moved()
    {
        foreach (var (slot, _) in moves) TailSlots.LetGo(slot);
        moves.Clear();
    }

    private Branch Add(Segment last, int length, int row, out int id)
    {
        if (nextId == int.MaxValue) throw new InvalidOperationException("a decoder hands out 2,147,483,647 branches at most: make a new one for each round of sampling");
        var branch = new Branch { Last = last, Slot = TailSlots.Take(), Length = length, LogitRow = row };
        last.Owners++;
        id = nextId++;
        branches.Add(id, branch);
        Fresh.Add(branch);
        return branch;
    }

    private void Remove(int id, Branch branch, bool keepSlot)
    {
        branches.Remove(id);
        Fresh.Remove(branch);
        CachedTokens -= branch.Tail;
        Own(branch.LogitRow, -1);
        if (!keepSlot) TailSlots.LetGo(branch.Slot);
        for (var segment = branch.Last; segment is not null && --segment.Owners == 0; segment = segment.Parent)
        {
            CachedTokens -= segment.Columns.Length;
            foreach (int column in segment.Columns) segment.Trunk.Columns.LetGo(column);
            if (segment.Parent is null) TrunkSlots.LetGo(segment.Trunk.Slot);
        }
    }

    private void Own(int row, int change)
    {
        while (rowOwners.Count <= row) rowOwners.Add(0);
        rowOwners[row] += change;
        if (rowOwners[row] == 0) LogitRows.LetGo(row);
    }

    private static int[] Columns(Trunk trunk, int count)
    {
        var columns = new int[count];
        for (int i = 0; i < count; i++) columns[i] = trunk.Columns.Take();
        return columns;
    }
}
