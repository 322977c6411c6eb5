using System;
using System.Collections.Generic;
using System.Linq;

namespace TreeRl.Policies;

/// <summary>What the branches of one prompt share: a slot of the trunks' pool, whose columns are handed out to runs of tokens.</summary>
internal sealed class Trunk(int slot)
{
    public int Slot => slot;

    public SharedSlots Columns { get; } = new();
}

/// <summary>A branch with a tail of its own behind a trunk it shares.</summary>
internal sealed class TrunkBranch : DecoderBranch
{
    public Trunk Trunk = null!;

    /// <summary>Its slot in the tails' pool; -1 once its tail went into the trunk.</summary>
    public int Slot;

    /// <summary>Tokens in its tail.</summary>
    public int Tail;

    /// <summary>Its row of next-token logits, which it may share with siblings.</summary>
    public int LogitRow;
}

/// <summary>
/// Where cached tokens lie for an engine whose memory is rectangular: a pool of trunks and one of tails, each of equal slots with columns. What a branch reads goes into
/// its tail. A fork moves the tail of the forked branch into the trunk of its prompt, once, where all children read it; the children begin with empty tails.
/// Nothing is copied for a child, and what lies in a trunk can be read once for all branches of the prompt. When the last reader of a run of tokens is gone,
/// its columns are free for others.
/// </summary>
/// <param name="runs">The decoder's runs, which tell <see cref="Ended"/>.</param>
internal sealed class TrunkBook(TokenRuns runs)
{
    private readonly List<int[]> columns = []; // of each run, those in the trunk
    private readonly List<Trunk> trunks = [];  // of each run
    private readonly List<TailMove> moves = [];
    private readonly List<TrunkBranch> fresh = [];

    /// <summary>Slots of trunks.</summary>
    public SharedSlots TrunkSlots { get; } = new();

    /// <summary>Slots of tails.</summary>
    public SharedSlots TailSlots { get; } = new();

    /// <summary>Rows of next-token logits.</summary>
    public SharedSlots LogitRows { get; } = new();

    /// <summary>Tails that are to be moved into trunks before anything else is written.</summary>
    public IReadOnlyList<TailMove> Moves => moves;

    /// <summary>Columns that a trunk's slot needs for them.</summary>
    public int ColumnsToMove => moves.Select(move => move.Columns.Max() + 1).DefaultIfEmpty().Max();

    /// <summary>Branches whose view of the trunk is not on the device yet; <see cref="SeenByFresh"/> says what it is.</summary>
    public IReadOnlyList<TrunkBranch> Fresh => fresh;

    /// <summary>Gives a fresh branch a trunk whose columns 0, 1, .. are its prompt's.</summary>
    public void Plant(TrunkBranch branch)
    {
        branch.Trunk = new Trunk(TrunkSlots.Take());
        Enter(branch.Run, branch.Trunk, Take(branch.Trunk, branch.Length));
        branch.LogitRow = LogitRows.Take();
        Begin(branch);
    }

    /// <summary>Lets a fresh child read what its parent has read; the parent reads nothing from then on.</summary>
    public void Share(TrunkBranch parent, TrunkBranch child)
    {
        if (parent.Tail > 0)
        {
            int[] taken = Take(parent.Trunk, parent.Tail);
            moves.Add(new TailMove(parent.Run, parent.Slot, parent.Trunk.Slot, taken));
            Enter(parent.Run, parent.Trunk, [.. columns[parent.Run], .. taken]);
            (parent.Slot, parent.Tail) = (-1, 0);
        }
        child.Trunk = parent.Trunk;
        Enter(child.Run, child.Trunk, []);
        child.LogitRow = parent.LogitRow;
        LogitRows.Share(child.LogitRow);
        Begin(child);
    }

    /// <summary>Frees what a branch alone holds.</summary>
    public void LetGo(TrunkBranch branch)
    {
        fresh.Remove(branch);
        LogitRows.LetGo(branch.LogitRow);
        if (branch.Slot >= 0) TailSlots.LetGo(branch.Slot);
    }

    /// <summary>Frees the columns of a run that nobody reads any more.</summary>
    public void Ended(int run)
    {
        int move = moves.FindIndex(move => move.Run == run);
        if (move >= 0)
        {
            TailSlots.LetGo(moves[move].TailSlot);
            moves.RemoveAt(move);
        }
        foreach (int column in columns[run]) trunks[run].Columns.LetGo(column);
        if (runs.ParentOf(run) < 0) TrunkSlots.LetGo(trunks[run].Slot);
    }

    /// <summary>The moves token by token: from a position of a tail to a column of a trunk.</summary>
    public (int[] TailSlot, int[] Position, int[] TrunkSlot, int[] Column) MovesByToken() =>
        ([.. moves.SelectMany(move => Enumerable.Repeat(move.TailSlot, move.Columns.Length))], [.. moves.SelectMany(move => Enumerable.Range(0, move.Columns.Length))],
        [.. moves.SelectMany(move => Enumerable.Repeat(move.TrunkSlot, move.Columns.Length))], [.. moves.SelectMany(move => move.Columns)]);

    /// <summary>What the fresh branches see, [fresh, width]: true at the columns of its trunk that a branch sees.</summary>
    public bool[] SeenByFresh(int width)
    {
        var seen = new bool[fresh.Count * width];
        for (int i = 0; i < fresh.Count; i++)
            foreach (int column in Sees(fresh[i])) seen[i * width + column] = true;
        return seen;
    }

    /// <summary>To be called when the moves are made and the fresh branches known: their tails' slots are free.</summary>
    public void Settled()
    {
        foreach (var move in moves) TailSlots.LetGo(move.TailSlot);
        moves.Clear();
        fresh.Clear();
    }

    private IEnumerable<int> Sees(TrunkBranch branch)
    {
        for (int run = branch.Run; run >= 0; run = runs.ParentOf(run))
            foreach (int column in columns[run]) yield return column;
    }

    private void Begin(TrunkBranch branch)
    {
        branch.Slot = TailSlots.Take();
        branch.Tail = 0;
        fresh.Add(branch);
    }

    private void Enter(int run, Trunk trunk, int[] its)
    {
        while (columns.Count <= run)
        {
            columns.Add([]);
            trunks.Add(trunk);
        }
        (columns[run], trunks[run]) = (its, trunk);
    }

    private static int[] Take(Trunk trunk, int count)
    {
        var taken = new int[count];
        for (int i = 0; i < count; i++) taken[i] = trunk.Columns.Take();
        return taken;
    }
}

/// <summary>Positions 0, 1, .. of a tail that become columns of a trunk.</summary>
/// <param name="Run">Whose tokens they are.</param>
/// <param name="TailSlot">From where.</param>
/// <param name="TrunkSlot">Where to.</param>
/// <param name="Columns">The columns.</param>
internal readonly record struct TailMove(int Run, int TailSlot, int TrunkSlot, int[] Columns);
