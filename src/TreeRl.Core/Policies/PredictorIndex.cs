using System;

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
