using System;
using System.Collections.Generic;
using TorchSharp;
using TreeRl.Policies;
using static TorchSharp.torch;

namespace TreeRl.Torch;

/// <summary>
/// Some groups of a packed batch on the device. Every row is there once; of a group's n rows a mask [n, n] says which are hidden from which: all but a row's
/// ancestors and itself. Belongs to the dispose scope it was made in.
/// </summary>
internal sealed class TreeRows
{
    private readonly Transformer model;
    private readonly List<(long First, long Count, Tensor Hidden)> groups = [];

    /// <summary>Uploads groups [<paramref name="firstGroup"/>, <paramref name="endGroup"/>).</summary>
    public TreeRows(Transformer model, PackedBatch batch, int firstGroup, int endGroup)
    {
        this.model = model;
        int firstRow = batch.GroupFirstRow(firstGroup);
        Count = batch.GroupFirstRow(endGroup) - firstRow;
        HostTokens = batch.RowToken.AsMemory(firstRow, Count);
        Tokens = model.Longs(HostTokens.Span);
        Turns = model.Turns(model.Longs(batch.RowPosition.AsSpan(firstRow, Count)));
        for (int g = firstGroup; g < endGroup; g++)
        {
            int first = batch.GroupFirstRow(g), count = batch.GroupFirstRow(g + 1) - first;
            if (count > 0) groups.Add((first - firstRow, count, Hidden(batch, g, count)));
        }
    }

    /// <summary>Rows of plain prompts: prompt i has rows <c>firstRow[i] .. firstRow[i+1]-1</c>.</summary>
    public TreeRows(Transformer model, int[] firstRow, int[] tokens, int[] positions)
    {
        this.model = model;
        Count = tokens.Length;
        HostTokens = tokens;
        Tokens = model.Longs(tokens);
        Turns = model.Turns(model.Longs(positions));
        for (int i = 0; i + 1 < firstRow.Length; i++)
        {
            int count = firstRow[i + 1] - firstRow[i];
            groups.Add((firstRow[i], count, ones(count, count, ScalarType.Bool, model.Device).triu(1)));
        }
    }

    /// <summary>Number of rows, R.</summary>
    public int Count { get; }

    public ReadOnlyMemory<int> HostTokens { get; }

    /// <summary>Token ids [R].</summary>
    public Tensor Tokens { get; }

    public (Tensor Cosine, Tensor Sine) Turns { get; }

    /// <summary>Splits a batch into stretches of whole groups of at most <paramref name="budget"/> rows, or of one larger group.</summary>
    public static IEnumerable<(int First, int End)> Split(PackedBatch batch, int budget)
    {
        for (int g = 0; g < batch.GroupCount;)
        {
            int first = g;
            do g++;
            while (g < batch.GroupCount && batch.GroupFirstRow(g + 1) - batch.GroupFirstRow(first) <= budget);
            yield return (first, g);
        }
    }

    /// <summary>
    /// Attention of every row to its ancestors: q [R, H, h], k and v [R, KV, h] to [R, H h]. Queries go in blocks, so that no more than
    /// <see cref="MostScores"/> scores are computed at once, and see no keys behind the block.
    /// </summary>
    public Tensor Attend(Tensor query, Tensor key, Tensor value)
    {
        var parts = new List<Tensor>();
        foreach (var (first, count, hidden) in groups)
        {
            Tensor q = query.narrow(0, first, count), k = key.narrow(0, first, count).transpose(0, 1), v = value.narrow(0, first, count).transpose(0, 1);
            if (model.Options.FusedAttention)
            {
                parts.Add(Fused(q, k, v, hidden));
                continue;
            }
            long block = Math.Max(1, Math.Min(count, MostScores / (model.Config.Heads * count)));
            for (long from = 0; from < count; from += block)
            {
                long rows = Math.Min(block, count - from), end = from + rows;
                parts.Add(Plain(q.narrow(0, from, rows), k.narrow(1, 0, end), v.narrow(1, 0, end), hidden.narrow(0, from, rows).narrow(1, 0, end)));
            }
        }
        return parts.Count == 1 ? parts[0] : cat(parts, 0);
    }

    private const long MostScores = 1 << 26;

    /// <summary>Scores, softmax and sum written out: the same bits each time, on any device. q [n, H, h]; k, v [KV, m, h]; hidden [n, m].</summary>
    private Tensor Plain(Tensor q, Tensor k, Tensor v, Tensor hidden)
    {
        long n = q.shape[0], m = k.shape[1], kv = model.Config.KeyValueHeads, g = model.Group, h = model.Config.HeadSize;
        // The heads of a group follow one another as rows, so that the keys they share are not copied.
        var rows = q.view(n, kv, g, h).permute(1, 2, 0, 3).reshape(kv, g * n, h);
        var scores = model.Scaled(rows.bmm(k.transpose(1, 2)).view(kv, g, n, m), hidden);
        var mixed = scores.softmax(-1).to(model.Compute).view(kv, g * n, m).bmm(v);
        return mixed.view(kv, g, n, h).permute(2, 0, 1, 3).reshape(n, kv * g * h);
    }

    private Tensor Fused(Tensor q, Tensor k, Tensor v, Tensor hidden)
    {
        Tensor Repeated(Tensor x) => (model.Group == 1 ? x : x.repeat_interleave(model.Group, 0)).unsqueeze(0);
        var mixed = nn.functional.scaled_dot_product_attention(q.transpose(0, 1).unsqueeze(0), Repeated(k), Repeated(v), hidden.logical_not());
        return mixed.squeeze(0).transpose(0, 1).reshape(q.shape[0], -1);
    }

    /// <summary>Ancestry of segments is small and made on the host; rows take it over on the device.</summary>
    private Tensor Hidden(PackedBatch batch, int group, int rows)
    {
        int first = batch.GroupFirstSegment[group], segments = batch.GroupFirstSegment[group + 1] - first;
        var unrelated = new bool[segments * segments];
        var segmentOf = new int[rows];
        Array.Fill(unrelated, true);
        for (int s = 0; s < segments; s++)
        {
            for (int a = s; a >= 0; a = batch.SegmentParent[first + a] - first) unrelated[s * segments + a] = false;
            segmentOf.AsSpan(batch.SegmentFirstRow[first + s] - batch.GroupFirstRow(group), batch.SegmentFirstRow[first + s + 1] - batch.SegmentFirstRow[first + s]).Fill(s);
        }
        using var scope = NewDisposeScope();
        Tensor of = model.Longs(segmentOf), order = arange(rows, ScalarType.Int64, model.Device);
        var hidden = tensor(unrelated, [segments, segments], ScalarType.Bool, model.Device).index_select(0, of).index_select(1, of);
        return hidden.logical_or_(order.unsqueeze(0) > order.unsqueeze(1)).MoveToOuterDisposeScope();
    }
}
