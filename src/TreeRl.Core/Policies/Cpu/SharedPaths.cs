using System;

namespace TreeRl.Policies.Cpu;

/// <summary>Rows [FirstRow, EndRow) that attend to the same blocks [FirstBlock, EndBlock) of their paths.</summary>
internal readonly record struct PathEdge(int FirstRow, int EndRow, int FirstBlock, int EndBlock);

/// <summary>
/// The tree that the paths of consecutive rows form: which cache blocks they have in common. Edges come in the order of a walk from the roots, so for any
/// row the edges that hold it name its blocks once each, in the order of its path. Two rows have a block in common when it is the same block and both
/// see all of it; the block in which a row's own position lies may be partly filled, and is the row's alone.
/// </summary>
internal sealed unsafe class SharedPaths
{
    private PathEdge[] edges = new PathEdge[64];
    private int[] common = new int[64];
    private nint* paths;
    private int* pathStart, positions;

    /// <summary>The edges found.</summary>
    public ReadOnlySpan<PathEdge> Edges => edges.AsSpan(0, EdgeCount);

    public int EdgeCount { get; private set; }

    /// <summary>
    /// Finds the edges of rows [<paramref name="first"/>, <paramref name="end"/>): row i reads positions 0 .. positions[i] of the blocks at paths[pathStart[i]] and on.
    /// Rows with a common prefix are found when they are neighbours. Without <paramref name="share"/> each row is an edge of its own: attention path by path.
    /// </summary>
    public void Find(nint* paths, int* pathStart, int* positions, int first, int end, bool share)
    {
        this.paths = paths;
        this.pathStart = pathStart;
        this.positions = positions;
        EdgeCount = 0;
        if (common.Length < end - first) Array.Resize(ref common, Math.Max(end - first, 2 * common.Length));
        common[0] = 0;
        for (int row = first + 1; row < end; row++) common[row - first] = share ? Common(row - 1, row) : 0;
        for (int row = first; row < end;)
        {
            int from = row;
            do row++;
            while (row < end && common[row - first] > 0);
            Split(from, row, 0, first);
        }
    }

    private int Common(int one, int other)
    {
        int most = Math.Min(positions[one] + 1, positions[other] + 1) / DecodeAttention.BlockPositions;
        if (pathStart[one] == pathStart[other]) return most;
        nint* a = paths + pathStart[one], b = paths + pathStart[other];
        int count = 0;
        while (count < most && a[count] == b[count]) count++;
        return count;
    }

    /// <summary>Adds the edge that all of [first, end) share from block <paramref name="from"/> on, then those below it.</summary>
    private void Split(int first, int end, int from, int origin)
    {
        int to = positions[first] / DecodeAttention.BlockPositions + 1;
        if (end - first > 1)
        {
            to = int.MaxValue;
            for (int row = first + 1; row < end; row++) to = Math.Min(to, common[row - origin]);
        }
        if (to > from) Add(new PathEdge(first, end, from, to));
        if (end - first == 1) return;
        for (int row = first; row < end;)
        {
            int start = row;
            do row++;
            while (row < end && common[row - origin] > to);
            // A row that has seen exactly the shared blocks is done.
            if (row - start > 1 || positions[start] / DecodeAttention.BlockPositions + 1 > to) Split(start, row, to, origin);
        }
    }

    private void Add(PathEdge edge)
    {
        if (EdgeCount == edges.Length) Array.Resize(ref edges, 2 * EdgeCount);
        edges[EdgeCount++] = edge;
    }
}
