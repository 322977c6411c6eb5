using System;
using System.Collections.Generic;
using System.Linq;
using TorchSharp;
using static TorchSharp.torch;

namespace TreeRl.Torch;

/// <summary>
/// Where the branches of one decoding step lie, and their attention. With B branches, of which at most N share a trunk: the queries of a trunk's branches meet its
/// S columns in one product, [trunks, KV, N g, h] by [trunks, KV, h, S], and each branch's query its own tail of at most T positions; g query heads share a key.
/// </summary>
internal sealed class DecodeStep
{
    private readonly Transformer model;
    private readonly TreeCache cache;
    private readonly SlotView trunkView, tailView;
    private readonly Tensor trunkRow, trunkAt, tailRow, tailAt; // view -> row and row -> view
    private readonly Tensor trunkHidden, tailHidden;
    private readonly int most, columns, longest;

    /// <summary>Plans a step of branches whose next token is written behind their tails.</summary>
    /// <param name="model">The model.</param>
    /// <param name="cache">Their cache, settled.</param>
    /// <param name="branches">The branches.</param>
    public DecodeStep(Transformer model, TreeCache cache, Branch[] branches)
    {
        this.model = model;
        this.cache = cache;
        int[] slots = [.. branches.Select(branch => branch.Slot)], tails = [.. branches.Select(branch => branch.Tail)];
        Slot = model.Longs(slots);
        Position = model.Longs(tails);
        Turns = model.Turns(model.Longs([.. branches.Select(branch => branch.Length)]));
        longest = tails.Max() + 1;
        tailView = SlotView.Of(model, slots);
        tailRow = model.Longs(tailView.Row);
        tailAt = model.Longs(tailView.At);
        tailHidden = (arange(longest, ScalarType.Int64, model.Device).unsqueeze(0) > Position.index_select(0, tailRow).unsqueeze(1)).view(-1, 1, 1, longest);

        var byTrunk = new Dictionary<Trunk, List<int>>();
        for (int r = 0; r < branches.Length; r++)
        {
            var trunk = branches[r].Last.Trunk;
            if (!byTrunk.TryGetValue(trunk, out var rows)) byTrunk.Add(trunk, rows = []);
            rows.Add(r);
        }
        most = byTrunk.Values.Max(rows => rows.Count);
        columns = byTrunk.Keys.Max(trunk => trunk.Columns.End);
        trunkView = SlotView.Of(model, [.. byTrunk.Keys.Select(trunk => trunk.Slot)]);
        // Places without a branch repeat row 0; what they compute is finite and dropped.
        int[] row = new int[trunkView.Count * most], at = new int[branches.Length];
        int k = 0;
        foreach (var rows in byTrunk.Values)
        {
            int place = trunkView.At[k++] * most;
            foreach (int r in rows) (row[place], at[r]) = (r, place++);
        }
        trunkRow = model.Longs(row);
        trunkAt = model.Longs(at);
        trunkHidden = cache.Hidden!.index_select(0, Slot).narrow(1, 0, columns).index_select(0, trunkRow).view(-1, 1, most, 1, columns);
    }

    /// <summary>Tail slots [B].</summary>
    public Tensor Slot { get; }

    /// <summary>Positions in the tails [B].</summary>
    public Tensor Position { get; }

    public (Tensor Cosine, Tensor Sine) Turns { get; }

    /// <summary>Attention [B, H h] of queries [B, H, h], whose own keys and values are in the tails already.</summary>
    public Tensor Attend(int layer, Tensor query)
    {
        long kv = model.Config.KeyValueHeads, g = model.Group, h = model.Config.HeadSize;
        var (tailMixed, tailSum) = Mixed(query.index_select(0, tailRow).view(-1, kv, g, h), cache.Tails.Keys(layer, tailView, longest), cache.Tails.Values(layer, tailView, longest), tailHidden);
        var gathered = query.index_select(0, trunkRow).view(-1, most, kv, g, h).permute(0, 2, 1, 3, 4);
        var (trunkMixed, trunkSum) = Mixed(gathered, cache.Trunks.Keys(layer, trunkView, columns), cache.Trunks.Values(layer, trunkView, columns), trunkHidden);
        var trunkPart = trunkMixed.view(-1, kv, most, g, h).permute(0, 2, 1, 3, 4).reshape(-1, kv, g, h).index_select(0, trunkAt);
        var trunkLog = trunkSum.view(-1, kv, most, g).permute(0, 2, 1, 3).reshape(-1, kv, g).index_select(0, trunkAt);
        var share = (trunkLog - tailSum.view(-1, kv, g).index_select(0, tailAt)).sigmoid().unsqueeze(3);
        var joined = trunkPart * share + tailMixed.index_select(0, tailAt) * (1 - share);
        return joined.to(model.Compute).reshape(-1, kv * g * h);
    }

    /// <summary>Softmax-weighted values, in single precision, and the scores' log-sum-exps. Queries [n, KV, .., h]; keys and values [n, KV, m, h].</summary>
    private (Tensor Mixed, Tensor LogSum) Mixed(Tensor query, Tensor keys, Tensor values, Tensor hidden)
    {
        long n = keys.shape[0], kv = keys.shape[1], m = keys.shape[2], h = keys.shape[3];
        var raw = query.reshape(n, kv, -1, h).matmul(keys.transpose(2, 3));
        long[] shape = [.. query.shape.AsSpan()[..^1], m];
        var scores = model.Scaled(raw.view(shape), hidden);
        var weights = scores.softmax(-1).to(model.Compute).view(n, kv, -1, m);
        return (weights.matmul(values).to(ScalarType.Float32), scores.logsumexp(-1));
    }
}
