using System;
using System.Linq;
using TorchSharp;
using static TorchSharp.torch;

namespace TreeRl.Torch;

/// <summary>The keys and values of a <see cref="BranchTree"/> on the device: a pool of trunks and one of tails.</summary>
internal sealed class TreeCache : IDisposable
{
    private readonly Transformer model;

    public TreeCache(Transformer model)
    {
        this.model = model;
        Trunks = new CachePool(model);
        Tails = new CachePool(model);
        Tree = new BranchTree { TrunkSlots = Trunks.Slots, TailSlots = Tails.Slots };
    }

    public BranchTree Tree { get; }

    public CachePool Trunks { get; }

    public CachePool Tails { get; }

    /// <summary>[tail slots, trunk capacity]: columns of its trunk that the branch in a tail slot does not see. There after <see cref="Settle"/>.</summary>
    public Tensor? Hidden { get; private set; }

    public long Bytes => Trunks.Bytes + Tails.Bytes;

    public void Dispose()
    {
        Trunks.Dispose();
        Tails.Dispose();
        Hidden?.Dispose();
    }

    /// <summary>Brings the device's memory up to date with forks and new branches.</summary>
    public void Settle(int longestTail)
    {
        var moves = Tree.Moves().ToArray();
        int columns = Trunks.Capacity;
        foreach (var (_, to) in moves) columns = Math.Max(columns, to.Columns.Max() + 1);
        Trunks.Reserve(columns);
        Tails.Reserve(longestTail);
        if (moves.Length > 0)
        {
            Tensor fromSlot = model.Longs([.. moves.SelectMany(m => Enumerable.Repeat(m.Slot, m.To.Columns.Length))]);
            Tensor fromPosition = model.Longs([.. moves.SelectMany(m => Enumerable.Range(0, m.To.Columns.Length))]);
            Tensor toSlot = model.Longs([.. moves.SelectMany(m => Enumerable.Repeat(m.To.Trunk.Slot, m.To.Columns.Length))]);
            Tensor toColumn = model.Longs([.. moves.SelectMany(m => m.To.Columns)]);
            for (int l = 0; l < model.Config.Layers; l++)
            {
                using var inner = NewDisposeScope();
                var (key, value) = Tails.Read(l, fromSlot, fromPosition);
                Trunks.Write(l, toSlot, toColumn, key, value);
            }
        }
        Tree.Moved();
        Hidden = Grow.To(model, Hidden, Tails.Slots.End, Trunks.Capacity, ScalarType.Bool, fill: true);
        if (Tree.Fresh.Count == 0) return;
        var unseen = new bool[Tree.Fresh.Count * Trunks.Capacity];
        Array.Fill(unseen, true);
        for (int i = 0; i < Tree.Fresh.Count; i++)
        {
            for (var segment = Tree.Fresh[i].Last; segment is not null; segment = segment.Parent)
                foreach (int column in segment.Columns) unseen[i * Trunks.Capacity + column] = false;
        }
        Hidden.narrow(1, 0, Trunks.Capacity).index_copy_(0, model.Longs([.. Tree.Fresh.Select(branch => branch.Slot)]), tensor(unseen, [Tree.Fresh.Count, Trunks.Capacity], ScalarType.Bool, model.Device));
        Tree.Fresh.Clear();
    }
}

/// <summary>The next-token distributions of all branches, a row each.</summary>
internal sealed class NextTokens(Transformer model, Parameters parameters) : IDisposable
{
    private Tensor? logits, measures;

    /// <summary>[rows, V], single precision.</summary>
    public Tensor Logits => logits!;

    /// <summary>[rows, 3], double: largest logit, log of the sum, entropy.</summary>
    public Tensor Measures => measures!;

    public void Dispose()
    {
        logits?.Dispose();
        measures?.Dispose();
    }

    /// <summary>Logits and measures of a stream [n, D] behind all layers, put into <paramref name="rows"/> of <paramref name="count"/>.</summary>
    public void Keep(Tensor stream, int[] rows, int count)
    {
        logits = Grow.To(model, logits, count, model.Config.VocabSize, ScalarType.Float32, fill: false);
        measures = Grow.To(model, measures, count, 3, ScalarType.Float64, fill: false);
        for (int first = 0; first < rows.Length; first += model.LogitRows)
        {
            using var scope = NewDisposeScope();
            int some = Math.Min(model.LogitRows, rows.Length - first);
            var made = model.Logits(stream.narrow(0, first, some), parameters[Parameters.FinalNorm], parameters.Frozen(Parameters.Head));
            var (largest, logSum, entropy) = Head.Measure(made);
            var into = model.Longs(rows.AsSpan(first, some));
            logits.index_copy_(0, into, made);
            measures.index_copy_(0, into, stack([largest, logSum, entropy], 1));
        }
    }
}

/// <summary>Tables that grow.</summary>
internal static class Grow
{
    /// <summary>A tensor of at least so many rows and columns, with the former's contents at its beginning.</summary>
    public static Tensor To(Transformer model, Tensor? former, long rows, long columns, ScalarType type, bool fill)
    {
        if (former is not null && former.shape[0] >= rows && former.shape[1] >= columns) return former;
        using var scope = NewDisposeScope();
        if (former is not null) (rows, columns) = (Math.Max(rows, former.shape[0] + (rows > former.shape[0] ? former.shape[0] / 2 : 0)), Math.Max(columns, former.shape[1]));
        var made = full([rows, columns], fill ? 1 : 0, type, model.Device).DetachFromDisposeScope();
        if (former is null) return made;
        made.narrow(0, 0, former.shape[0]).narrow(1, 0, former.shape[1]).copy_(former);
        former.Dispose();
        return made;
    }
}
