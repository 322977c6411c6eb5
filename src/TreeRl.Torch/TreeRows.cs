using System;
using System.Collections.Generic;
using TorchSharp;
using TreeRl.Policies;
using static TorchSharp.torch;

namespace TreeRl.Torch;

/// <summary>Rows that go through the model together: tokens and positions on the device, and what a row attends to. In its maker's dispose scope.</summary>
internal abstract class ModelRows
{
    protected ModelRows(Transformer model, ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions)
    {
        Model = model;
        Tokens = model.Longs(tokens);
        Turns = model.Turns(model.Longs(positions));
    }

    /// <summary>Token ids [R].</summary>
    public Tensor Tokens { get; }

    /// <summary>Of the rotary positions.</summary>
    public (Tensor Cosine, Tensor Sine) Turns { get; }

    protected Transformer Model { get; }

    /// <summary>Attention of every row: queries [R, H, h], keys and values [R, KV, h] of the rows themselves to [R, H h].</summary>
    public abstract Tensor Attend(int layer, Tensor query, Tensor key, Tensor value);
}

/// <summary>Groups of rows in a tree's order: every row attends to its ancestors and itself; a mask [n, n] of a group's n rows says what is hidden.</summary>
internal sealed class TreeRows : ModelRows
{
    /// <summary>Scores that are computed at once, at most.</summary>
    private const long MostScores = 1 << 26;

    private readonly Action<int, Tensor, Tensor>? keep;
    private readonly List<(long First, long Count, Tensor Hidden)> groups = [];

    /// <summary>Uploads rows.</summary>
    /// <param name="model">The model.</param>
    /// <param name="layout">The rows.</param>
    /// <param name="keep">Receives each layer's index, keys and values; may be null.</param>
    public TreeRows(Transformer model, RowLayout layout, Action<int, Tensor, Tensor>? keep = null)
        : base(model, layout.Token.Span, layout.Position.Span)
    {
        this.keep = keep;
        Tensor order = arange(layout.Count, ScalarType.Int64, model.Device), until = model.Longs(layout.Until);
        for (int g = 0; g + 1 < layout.GroupFirstRow.Length; g++)
        {
            int first = layout.GroupFirstRow[g], count = layout.GroupFirstRow[g + 1] - first;
            if (count == 0) continue;
            Tensor rows = order.narrow(0, first, count), row = rows.unsqueeze(1);
            groups.Add((first, count, (row < rows).logical_or_(row >= until.narrow(0, first, count))));
        }
    }

    public override Tensor Attend(int layer, Tensor query, Tensor key, Tensor value)
    {
        keep?.Invoke(layer, key, value);
        var parts = new List<Tensor>();
        foreach (var (first, count, hidden) in groups)
        {
            Tensor Heads(Tensor x, long end) => x.narrow(0, first, end).transpose(0, 1).unsqueeze(0);
            // Queries go in blocks, and see no keys behind the block.
            long block = Model.Options.FusedAttention ? count : Math.Clamp(MostScores / (Model.Config.Heads * count), 1, count);
            for (long from = 0; from < count; from += block)
            {
                long rows = Math.Min(block, count - from), end = from + rows;
                Tensor q = query.narrow(0, first + from, rows).unsqueeze(0), k = Heads(key, end), v = Heads(value, end);
                var unseen = hidden.narrow(0, from, rows).narrow(1, 0, end).unsqueeze(0);
                parts.Add(Model.Options.FusedAttention ? Fused(q.transpose(1, 2), k, v, unseen) : Model.Attend(q, k, v, unseen).Mixed.view(rows, -1));
            }
        }
        return parts.Count == 1 ? parts[0] : cat(parts, 0);
    }

    private Tensor Fused(Tensor q, Tensor k, Tensor v, Tensor hidden)
    {
        Tensor Repeated(Tensor x) => Model.Group == 1 ? x : x.repeat_interleave(Model.Group, 1);
        var mixed = nn.functional.scaled_dot_product_attention(q, Repeated(k), Repeated(v), hidden.logical_not());
        return mixed.squeeze(0).transpose(0, 1).flatten(1);
    }
}
