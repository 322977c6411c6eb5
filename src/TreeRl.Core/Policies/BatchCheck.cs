using System;
using TreeRl.Models;

namespace TreeRl.Policies;

/// <summary>Checks a batch before native memory is touched with its indices, and measures its longest path.</summary>
internal sealed class BatchCheck
{
    private int[] pathRows = [];

    /// <summary>Rows of the longest path of the batch checked last.</summary>
    public int LongestPath { get; private set; }

    /// <summary>Checks <paramref name="batch"/> against a model.</summary>
    /// <exception cref="ArgumentException">A column has the wrong length, an index or token is out of range, or a path is longer than the context.</exception>
    public void Check(PackedBatch batch, ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(batch);
        int groups = batch.GroupCount, segments = batch.SegmentCount, rows = batch.RowCount, targets = batch.TargetCount;
        Guard.SameLength(batch.GroupFirstTarget.Length, groups + 1, "a batch");
        Guard.SameLength(batch.SegmentFirstRow.Length, segments + 1, "a batch");
        Guard.SameLength(batch.RowPosition.Length, rows, "a batch");
        Guard.SameLength(batch.TargetToken.Length, targets, "a batch");
        Guard.SameLength(batch.TargetSource.Length, targets, "a batch");
        Ends(batch.GroupFirstSegment, segments, "GroupFirstSegment");
        Ends(batch.GroupFirstTarget, targets, "GroupFirstTarget");
        Ends(batch.SegmentFirstRow, rows, "SegmentFirstRow");
        if (pathRows.Length < segments) pathRows = new int[Math.Max(segments, 2 * pathRows.Length)];
        LongestPath = 0;
        for (int g = 0; g < groups; g++) Group(batch, g, config);
        Tokens(batch.RowToken, config.VocabSize, "RowToken");
        Tokens(batch.TargetToken, config.VocabSize, "TargetToken");
    }

    // Messages are made only when they are thrown: the check runs at each pass over each batch and must not allocate.
    private static void Tokens(int[] tokens, int vocabulary, string name)
    {
        for (int i = 0; i < tokens.Length; i++)
        {
            if ((uint)tokens[i] >= (uint)vocabulary) throw new ArgumentOutOfRangeException(name, tokens[i], $"{name}[{i}] = {tokens[i]}: the vocabulary has {vocabulary} tokens");
        }
    }

    private void Group(PackedBatch batch, int group, ModelConfig config)
    {
        int first = batch.GroupFirstSegment[group], end = batch.GroupFirstSegment[group + 1];
        for (int s = first; s < end; s++)
        {
            int parent = batch.SegmentParent[s], row = batch.SegmentFirstRow[s], count = batch.SegmentFirstRow[s + 1] - row;
            if (!Follows(batch, parent, s, first))
                throw new ArgumentException(
                    $"SegmentParent[{s}] = {parent}: segments stand in depth-first order, so the parent is the segment before it or an ancestor of that one, in its group ({first} .. {s - 1}), and -1 for a prompt", nameof(batch));
            int before = parent < 0 ? 0 : pathRows[parent];
            pathRows[s] = before + count;
            LongestPath = Math.Max(LongestPath, pathRows[s]);
            for (int i = 0; i < count; i++)
            {
                if (batch.RowPosition[row + i] != before + i)
                    throw new ArgumentException($"RowPosition[{row + i}] = {batch.RowPosition[row + i]}: its path has {before + i} rows before it", nameof(batch));
            }
            if (pathRows[s] > config.ContextLength)
                throw new ArgumentException($"the path to segment {s} has {pathRows[s]} rows: the model's context is {config.ContextLength}; sample shorter answers or drop the prompt", nameof(batch));
        }
        int firstRow = batch.SegmentFirstRow[first], endRow = batch.SegmentFirstRow[end];
        for (int t = batch.GroupFirstTarget[group]; t < batch.GroupFirstTarget[group + 1]; t++)
        {
            if (batch.TargetRow[t] < firstRow || batch.TargetRow[t] >= endRow)
                throw new ArgumentException($"TargetRow[{t}] = {batch.TargetRow[t]}: group {group} has rows {firstRow} .. {endRow - 1}", nameof(batch));
        }
    }

    /// <summary>Whether a segment's parent is -1 or on the path to the segment before it.</summary>
    private static bool Follows(PackedBatch batch, int parent, int segment, int first)
    {
        if (parent == -1) return true;
        if (parent < first || parent >= segment) return false;
        int on = segment - 1;
        while (on > parent) on = batch.SegmentParent[on];
        return on == parent;
    }

    private static void Ends(int[] first, int count, string name)
    {
        if (first[0] != 0 || first[^1] != count)
            throw new ArgumentException($"{name} runs from {first[0]} to {first[^1]}: must run from 0 to {count}", name);
        for (int i = 1; i < first.Length; i++)
        {
            if (first[i] < first[i - 1]) throw new ArgumentException($"{name}[{i}] = {first[i]} comes after {first[i - 1]}: must not fall", name);
        }
    }
}
