using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using TorchSharp;
using TreeRl.Policies;
using static TorchSharp.torch;

namespace TreeRl.Torch;

/// <summary>A branch with a row of next-token logits, which it may share with siblings.</summary>
internal sealed class TorchBranch : TrunkBranch
{
    public int LogitRow;
}

/// <summary>
/// The tree cache on the device; <see cref="TrunkBook"/> says what a fork shares and <see cref="DecodeStep"/> how siblings attend together. Down go ids, places and
/// uniform numbers; up come ids, log-probabilities and entropies, in one copy for each call of <see cref="IDecoder.Pick"/>.
/// </summary>
internal sealed class TorchDecoder : TreeDecoder<TorchBranch>
{
    private readonly Transformer model;
    private readonly TreePass pass;
    private readonly Head head;
    private readonly DevicePicker picker;
    private readonly CachePool trunks, tails;
    private readonly TrunkBook book;
    private readonly SharedSlots rows = new(); // of logits
    private Tensor? seen, logits, measures;

    public TorchDecoder(Transformer model, Parameters parameters, TreePass pass, Head head, PickSettings picking)
        : base(model.Config, parameters)
    {
        this.model = model;
        this.pass = pass;
        this.head = head;
        picker = new DevicePicker(model, picking);
        (trunks, tails) = (new CachePool(model), new CachePool(model));
        book = new TrunkBook(Runs);
    }

    /// <inheritdoc/>
    public override long CacheBytes => trunks.Bytes + tails.Bytes;

    protected override void Read(ReadOnlySpan<int[]> prompts, Span<TorchBranch> made)
    {
        foreach (var branch in made)
        {
            book.Plant(branch);
            branch.LogitRow = rows.Take();
        }
        for (int first = 0, end; first < prompts.Length; first = end)
        {
            using var quiet = no_grad();
            using var scope = NewDisposeScope();
            int read = prompts[first].Length;
            for (end = first + 1; end < prompts.Length && read + prompts[end].Length <= model.Options.TokenBudget; end++) read += prompts[end].Length;
            var some = made[first..end];
            var layout = RowLayout.Of(prompts[first..end]);
            int[] slots = new int[layout.Count], lasts = new int[some.Length];
            for (int i = 0; i < some.Length; i++)
            {
                slots.AsSpan(layout.GroupFirstRow[i]..layout.GroupFirstRow[i + 1]).Fill(some[i].Trunk.Slot);
                lasts[i] = layout.GroupFirstRow[i + 1] - 1;
            }
            trunks.Reserve(book.TrunkSlots.End, some.ToArray().Max(branch => branch.Length));
            Tensor slot = model.Longs(slots), position = model.Longs(layout.Position.Span);
            var stream = pass.Forward(new TreeRows(model, layout, (layer, key, value) => trunks.Write(layer, slot, position, cat([key, value], 1))));
            Keep(stream.index_select(0, model.Longs(lasts)), some);
        }
    }

    protected override void Share(TorchBranch parent, TorchBranch child)
    {
        book.Share(parent, child);
        child.LogitRow = parent.LogitRow;
        rows.Share(child.LogitRow);
    }

    protected override void Step(Span<TorchBranch> moving, ReadOnlySpan<int> tokens)
    {
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        Settle(moving.ToArray().Max(branch => branch.Tail) + 1);
        var stream = pass.Forward(new DecodeStep(model, trunks, tails, seen!, moving, tokens));
        foreach (var branch in moving)
        {
            branch.Tail++;
            branch.LogitRow = rows.MakeOwn(branch.LogitRow);
        }
        Keep(stream, moving);
    }

    protected override void Draw(ReadOnlySpan<PickRequest> requests, Span<TokenPick> picks, Span<float> entropies)
    {
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        // Requests of like counts go together, and no more rows at once than logits may exist.
        var all = requests.ToArray();
        var parts = Enumerable.Range(0, all.Length).GroupBy(i => Math.Min(all[i].Count, 2)).SelectMany(alike => alike.Chunk(model.LogitRows)).ToArray();
        var host = MemoryMarshal.Cast<byte, double>(cat([.. parts.Select(part => Drawn(Array.ConvertAll(part, i => all[i])).view(-1))], 0).cpu().bytes);
        var firstPick = new int[all.Length];
        for (int i = 1; i < firstPick.Length; i++) firstPick[i] = firstPick[i - 1] + all[i - 1].Count;
        int at = 0;
        foreach (int[] part in parts)
        {
            int draws = part.Max(i => all[i].Count);
            foreach (int i in part)
            {
                if (!double.IsFinite(host[at])) throw new NonFiniteException($"entropy of the next token of branch {all[i].Branch}", host[at]);
                if (!entropies.IsEmpty) entropies[i] = (float)host[at];
                for (int j = 0; j < all[i].Count; j++)
                {
                    double id = host[at + 1 + 2 * j], logProb = host[at + 2 + 2 * j];
                    if (!double.IsFinite(logProb) || j == 0 && id < 0) throw new NonFiniteException($"next-token log-probability of branch {all[i].Branch}", logProb);
                    picks[firstPick[i] + j] = new TokenPick((int)id, (float)logProb);
                }
                at += 1 + 2 * draws;
            }
        }
    }

    protected override void Copy(TorchBranch branch, Span<float> logits)
    {
        using var scope = NewDisposeScope();
        MemoryMarshal.Cast<byte, float>(this.logits![branch.LogitRow].cpu().bytes).CopyTo(logits);
    }

    protected override void LetGo(TorchBranch branch)
    {
        book.LetGo(branch);
        rows.LetGo(branch.LogitRow);
    }

    protected override void Ended(int run) => book.Ended(run);

    protected override void Free()
    {
        trunks.Dispose();
        tails.Dispose();
        foreach (var tensor in (Tensor?[])[seen, logits, measures]) tensor?.Dispose();
    }

    /// <summary>Brings the device's memory up to date with forks and new branches, and makes room for tails of a length.</summary>
    private void Settle(int longestTail)
    {
        var moves = book.Moves.ToArray();
        trunks.Reserve(book.TrunkSlots.End, Math.Max(trunks.Capacity, moves.Select(move => move.Columns.Max() + 1).DefaultIfEmpty().Max()));
        tails.Reserve(book.TailSlots.End, longestTail);
        if (moves.Length > 0)
        {
            Tensor Each(Func<TailMove, IEnumerable<int>> of) => model.Longs([.. moves.SelectMany(of)]);
            Tensor fromSlot = Each(move => move.Columns.Select(_ => move.TailSlot)), fromPosition = Each(move => Enumerable.Range(0, move.Columns.Length));
            Tensor toSlot = Each(move => move.Columns.Select(_ => move.TrunkSlot)), toColumn = Each(move => move.Columns);
            for (int l = 0; l < model.Config.Layers; l++)
            {
                using var inner = NewDisposeScope();
                trunks.Write(l, toSlot, toColumn, tails.Read(l, fromSlot, fromPosition));
            }
        }
        Memory.Grow(ref seen, [book.TailSlots.End, trunks.Capacity], ScalarType.Bool, model.Device);
        int fresh = book.Fresh.Count, columns = (int)seen!.shape[1];
        if (fresh > 0)
        {
            var sees = new bool[fresh * columns];
            for (int i = 0; i < fresh; i++)
                foreach (int column in book.Sees(book.Fresh[i])) sees[i * columns + column] = true;
            seen.index_copy_(0, model.Longs([.. book.Fresh.Select(branch => branch.Slot)]), tensor(sees, [fresh, columns], ScalarType.Bool, model.Device));
        }
        book.Settled();
    }

    /// <summary>Keeps the next-token distributions of branches whose last token left a stream [n, D].</summary>
    private void Keep(Tensor stream, ReadOnlySpan<TorchBranch> branches)
    {
        Memory.Grow(ref logits, [rows.End, Config.VocabSize], ScalarType.Float32, model.Device);
        Memory.Grow(ref measures, [rows.End, 3], ScalarType.Float64, model.Device);
        int[] to = Array.ConvertAll(branches.ToArray(), branch => branch.LogitRow);
        for (int first = 0; first < to.Length; first += model.LogitRows)
        {
            using var scope = NewDisposeScope();
            int some = Math.Min(model.LogitRows, to.Length - first);
            Tensor made = head.Logits(stream.narrow(0, first, some)), into = model.Longs(to.AsSpan(first, some));
            logits!.index_copy_(0, into, made);
            measures!.index_copy_(0, into, Head.Measure(made));
        }
    }

    /// <summary>Entropies and draws of some requests, [n, 1 + 2 draws], on the device.</summary>
    private Tensor Drawn(PickRequest[] requests)
    {
        int draws = requests.Max(request => request.Count);
        var uniforms = new double[requests.Length, draws];
        for (int r = 0; r < requests.Length; r++)
            for (int j = 0; j < draws; j++) uniforms[r, j] = requests[r].Seed.Uniform(j);
        var index = model.Longs(Array.ConvertAll(requests, request => Branch(request.Branch).LogitRow));
        return picker.Pick(logits!.index_select(0, index), measures!.index_select(0, index), uniforms, Array.ConvertAll(requests, request => request.Distinct));
    }
}
