using System;
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
        var plan = new DrawPlan(requests, model.LogitRows);
        int[] row = Array.ConvertAll(requests.ToArray(), request => Branch(request.Branch).LogitRow);
        var drawn = plan.Parts.Select(part =>
        {
            var index = model.Longs(Array.ConvertAll(part.Requests, i => row[i]));
            return picker.Pick(logits!.index_select(0, index), measures!.index_select(0, index), part).view(-1);
        });
        plan.Deliver(MemoryMarshal.Cast<byte, double>(cat([.. drawn], 0).cpu().bytes), picks, entropies);
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
        trunks.Reserve(book.TrunkSlots.End, book.ColumnsToMove);
        tails.Reserve(book.TailSlots.End, longestTail);
        if (book.Moves.Count > 0)
        {
            var (tail, place, trunk, column) = book.MovesByToken();
            Tensor fromSlot = model.Longs(tail), fromPosition = model.Longs(place), toSlot = model.Longs(trunk), toColumn = model.Longs(column);
            for (int l = 0; l < model.Config.Layers; l++)
            {
                using var inner = NewDisposeScope();
                trunks.Write(l, toSlot, toColumn, tails.Read(l, fromSlot, fromPosition));
            }
        }
        Memory.Grow(ref seen, [book.TailSlots.End, trunks.Capacity], ScalarType.Bool, model.Device);
        if (book.Fresh.Count > 0)
        {
            long[] shape = [book.Fresh.Count, seen!.shape[1]];
            var slots = model.Longs([.. book.Fresh.Select(branch => branch.Slot)]);
            seen.index_copy_(0, slots, tensor(book.SeenByFresh((int)shape[1]), shape, ScalarType.Bool, model.Device));
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
}
