using System;

namespace TreeRl.Policies;

/// <summary>
/// Rows of trees as an engine wants them that computes with tensors. Because they stand in depth-first order, the rows that see row r - itself and what continues
/// it on any path - are one stretch: r .. Until[r]-1. Row i attends to row j if and only if j &lt;= i &lt; Until[j].
/// </summary>
internal sealed class RowLayout
{
    private RowLayout(int[] groupFirstRow, ReadOnlyMemory<int> token, ReadOnlyMemory<int> position)
    {
        GroupFirstRow = groupFirstRow;
        Token = token;
        Position = position;
        Until = new int[token.Length];
    }

    /// <summary>Group -> its first row; one more entry than groups. No attention crosses groups.</summary>
    public int[] GroupFirstRow { get; }

    /// <summary>Row -> token id.</summary>
    public ReadOnlyMemory<int> Token { get; }

    /// <summary>Row -> position on its path.</summary>
    public ReadOnlyMemory<int> Position { get; }

    /// <summary>Row -> end of the rows that see it.</summary>
    public int[] Until { get; }

    /// <summary>Number of rows, R.</summary>
    public int Count => Until.Length;

    /// <summary>Groups [<paramref name="firstGroup"/>, <paramref name="endGroup"/>) of a batch that was checked, rows counted from the first one's.</summary>
    public static RowLayout Of(PackedBatch batch, int firstGroup, int endGroup)
    {
        int firstRow = batch.GroupFirstRow(firstGroup), rows = batch.GroupFirstRow(endGroup) - firstRow;
        var groups = new int[endGroup - firstGroup + 1];
        for (int g = 0; g < groups.Length; g++) groups[g] = batch.GroupFirstRow(firstGroup + g) - firstRow;
        var made = new RowLayout(groups, batch.RowToken.AsMemory(firstRow, rows), batch.RowPosition.AsMemory(firstRow, rows));
        int firstSegment = batch.GroupFirstSegment[firstGroup];
        var end = new int[batch.GroupFirstSegment[endGroup] - firstSegment];
        // Backwards: what continues a segment has its end already.
        for (int s = end.Length - 1; s >= 0; s--)
        {
            int from = batch.SegmentFirstRow[firstSegment + s] - firstRow, to = batch.SegmentFirstRow[firstSegment + s + 1] - firstRow, parent = batch.SegmentParent[firstSegment + s];
            end[s] = Math.Max(end[s], to);
            made.Until.AsSpan(from, to - from).Fill(end[s]);
            if (parent >= 0) end[parent - firstSegment] = Math.Max(end[parent - firstSegment], end[s]);
        }
        return made;
    }

    /// <summary>Prompts, each a group of its own.</summary>
    public static RowLayout Of(ReadOnlySpan<int[]> prompts)
    {
        var groups = new int[prompts.Length + 1];
        for (int i = 0; i < prompts.Length; i++) groups[i + 1] = groups[i] + prompts[i].Length;
        int[] tokens = new int[groups[^1]], positions = new int[groups[^1]];
        var made = new RowLayout(groups, tokens, positions);
        for (int i = 0; i < prompts.Length; i++)
        {
            prompts[i].CopyTo(tokens, groups[i]);
            for (int t = 0; t < prompts[i].Length; t++) positions[groups[i] + t] = t;
            made.Until.AsSpan(groups[i], prompts[i].Length).Fill(groups[i + 1]);
        }
        return made;
    }
}
