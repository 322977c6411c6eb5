using System;
using System.Linq;
using System.Runtime.InteropServices;
using TorchSharp;
using TreeRl.Policies;
using static TorchSharp.torch;

namespace TreeRl.Torch;

/// <summary>
/// The tree cache on the device; <see cref="TrunkBook"/> says what a fork shares and <see cref="DecodeStep"/> how siblings attend together. Down go ids, places
/// and uniform numbers; up come ids, log-probabilities and entropies, in one copy for each call of <see cref="IDecoder.Pick"/>.
/// </summary>
internal sealed class TorchDecoder(Transformer model, Parameters parameters, TreePass pass, Head head, PickSettings picking)
    : TrunkDecoder(model.Config, parameters)
{
    private readonly DevicePicker picker = new(model, picking);
    private readonly CachePool trunks = new(model), tails = new(model);
    private Tensor? seen, logits;

    public override long CacheBytes => trunks.Bytes + tails.Bytes;

    protected override void ReadTrunks(ReadOnlySpan<int[]> prompts, ReadOnlySpan<TrunkBranch> made)
    {
        for (int first = 0, end; first < prompts.Length; first = end)
        {
            using var quiet = no_grad();
            using var scope = NewDisposeScope();
            int read = prompts[first].Length;
            for (end = first + 1; end < prompts.Length && read + prompts[end].Length <= model.Options.TokenBudget; end++) read += prompts[end].Length;
            var some = made[first..end].ToArray();
            var layout = RowLayout.Of(prompts[first..end]);
            int[] lengths = Array.ConvertAll(some, branch => branch.Length), trunkSlots = Array.ConvertAll(some, branch => branch.Trunk.Slot);
            trunks.Reserve(Book.TrunkSlots.End, lengths.Max());
            Tensor slot = model.Longs(trunkSlots).repeat_interleave(model.Longs(lengths)), position = model.Longs(layout.Position.Span);
            var stream = pass.Forward(new TreeRows(model, layout, (layer, key, value) => trunks.Write(layer, slot, position, stack([key, value], 1))));
            Keep(stream.index_select(0, model.Longs(layout.GroupFirstRow.AsSpan(1)) - 1), some);
        }
    }

    protected override void ReadTails(ReadOnlySpan<TrunkBranch> moving, ReadOnlySpan<int> tokens, int longestTail)
    {
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        trunks.Reserve(Book.TrunkSlots.End, Book.ColumnsToMove);
        tails.Reserve(Book.TailSlots.End, longestTail);
        Settle();
        var branches = moving.ToArray();
        Keep(pass.Forward(new DecodeStep(model, trunks, tails, seen!, branches, tokens)), branches);
    }

    protected override void Draw(ReadOnlySpan<PickRequest> requests, Span<TokenPick> picks, Span<float> entropies)
    {
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        var plan = new DrawPlan(requests, model.LogitRows);
        int[] row = Array.ConvertAll(requests.ToArray(), request => Branch(request.Branch).LogitRow);
        var drawn = plan.Parts.Select(part => picker.Pick(logits!.index_select(0, model.Longs(Array.ConvertAll(part.Requests, i => row[i]))), part).view(-1));
        plan.Deliver(MemoryMarshal.Cast<byte, double>(cat([.. drawn], 0).cpu().bytes), picks, entropies);
    }

    protected override void Copy(TrunkBranch branch, Span<float> logits)
    {
        using var scope = NewDisposeScope();
        MemoryMarshal.Cast<byte, float>(this.logits![branch.LogitRow].cpu().bytes).CopyTo(logits);
    }

    protected override void Free()
    {
        trunks.Dispose();
        tails.Dispose();
        seen?.Dispose();
        logits?.Dispose();
    }

    /// <summary>Brings the device's memory up to date with forks and new branches.</summary>
    private void Settle()
    {
        if (Book.Moves.Count > 0)
        {
            var (tail, place, trunk, column) = Book.MovesByToken();
            Tensor fromSlot = model.Longs(tail), fromPosition = model.Longs(place), toSlot = model.Longs(trunk), toColumn = model.Longs(column);
            for (int l = 0; l < model.Config.Layers; l++)
            {
                using var inner = NewDisposeScope();
                trunks.Write(l, toSlot, toColumn, tails.Read(l, fromSlot, fromPosition));
            }
        }
        Memory.Grow(ref seen, [Book.TailSlots.End, trunks.Capacity], ScalarType.Bool, model.Device);
        if (Book.Fresh.Count > 0)
        {
            long[] shape = [Book.Fresh.Count, seen!.shape[1]];
            var slots = model.Longs([.. Book.Fresh.Select(branch => branch.Slot)]);
            seen.index_copy_(0, slots, tensor(Book.SeenByFresh((int)shape[1]), shape, ScalarType.Bool, model.Device));
        }
        Book.Settled();
    }

    /// <summary>Keeps the next-token logits of branches whose last token left a stream [n, D].</summary>
    private void Keep(Tensor stream, TrunkBranch[] branches)
    {
        Memory.Grow(ref logits, [Book.LogitRows.End, Config.VocabSize], ScalarType.Float32, model.Device);
        int[] to = Array.ConvertAll(branches, branch => branch.LogitRow);
        for (int first = 0; first < to.Length; first += model.LogitRows)
        {
            using var scope = NewDisposeScope();
            int some = Math.Min(model.LogitRows, to.Length - first);
            logits!.index_copy_(0, model.Longs(to.AsSpan(first, some)), head.Logits(stream.narrow(0, first, some)));
        }
    }
}
