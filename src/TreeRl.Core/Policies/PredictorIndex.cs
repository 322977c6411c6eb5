using System;
using System.Collections.Generic;

namespace TreeRl.Policies;

/// <summary>
/// The rows of a chunk that predict something, in row order, each with its targets in target order: the head runs over these rows only,
/// and the siblings of a branch point share one. Arrays are reused from chunk to chunk.
/// </summary>
internal sealed class PredictorIndex
{
    private int[] next = [];

    /// <summary>Number of predicting rows, P.</summary>
    public int Count { get; private set; }

    /// <summary>Predictor -> row of the chunk.</summary>
    public int[] Row { get; private set; } = [];

    /// <summary>Predictor -> its first entry in <see cref="Target"/>; P+1 entries.</summary>
    public int[] First { get; private set; } = [];

    /// <summary>Targets of the chunk (counted from its first), sorted by predictor.</summary>
    public int[] Target { get; private set; } = [];

    /// <summary>Token of each target, in target order; there after <see cref="Select"/>.</summary>
    public ReadOnlyMemory<int> Token { get; private set; }

    /// <summary>Makes room for whole groups [<paramref name="firstGroup"/>, <paramref name="endGroup"/>) and sorts their targets; gives their number.</summary>
    public int Select(PackedBatch batch, int firstGroup, int endGroup)
    {
        int firstRow = batch.GroupFirstRow(firstGroup), endRow = batch.GroupFirstRow(endGroup);
        int firstTarget = batch.GroupFirstTarget[firstGroup], endTarget = batch.GroupFirstTarget[endGroup];
        Reserve(endRow - firstRow, endTarget - firstTarget);
        Build(batch, firstRow, endRow, firstTarget, endTarget);
        Token = batch.TargetToken.AsMemory(firstTarget, endTarget - firstTarget);
        return Token.Length;
    }

    /// <summary>The predictors in blocks of at most so many: first, and behind the last.</summary>
    public IEnumerable<(int First, int End)> Blocks(int most)
    {
        for (int first = 0; first < Count; first += most) yield return (first, Math.Min(Count, first + most));
    }

    /// <summary>Makes room for chunks of at most these sizes.</summary>
    public void Reserve(int rows, int targets)
    {
        if (next.Length < rows)
        {
            int capacity = Math.Max(rows, next.Length * 3 / 2);
            next = new int[capacity];
            Row = new int[capacity];
            First = new int[capacity + 1];
        }
        if (Target.Length < targets) Target = new int[Math.Max(targets, Target.Length * 3 / 2)];
    }

    /// <summary>Sorts the targets [<paramref name="firstTarget"/>, <paramref name="endTarget"/>) of a batch by predicting row (a counting sort, stable).</summary>
    public void Build(PackedBatch batch, int firstRow, int endRow, int firstTarget, int endTarget)
    {
        int rows = endRow - firstRow;
        Array.Clear(next, 0, rows);
        for (int t = firstTarget; t < endTarget; t++) next[batch.TargetRow[t] - firstRow]++;
        Count = 0;
        int total = 0;
        for (int r = 0; r < rows; r++)
        {
            int here = next[r];
            if (here == 0) continue;
            Row[Count] = r;
            First[Count++] = total;
            next[r] = total;
            total += here;
        }
        First[Count] = total;
        for (int t = firstTarget; t < endTarget; t++) Target[next[batch.TargetRow[t] - firstRow]++] = t - firstTarget;
    }
}
