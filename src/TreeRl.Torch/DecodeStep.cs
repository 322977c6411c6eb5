using System;
using System.Linq;
using TorchSharp;
using TreeRl.Policies;
using static TorchSharp.torch;

namespace TreeRl.Torch;

/// <summary>
/// A token for each of B branches: their queries meet the columns of each trunk once for all of its branches, and each branch's its own tail; the two are
/// joined by their log-sum-exps. Keys and values go to the ends of the tails.
/// </summary>
internal sealed class DecodeStep : ModelRows
{
    private readonly CachePool tails;
    private readonly Tensor slot, position;
    private readonly PoolRead fromTrunks, fromTails;

    /// <summary>Plans a step.</summary>
    /// <param name="model">The model.</param>
    /// <param name="trunks">The pool of trunks.</param>
    /// <param name="tails">The pool of tails, with room for a token more.</param>
    /// <param name="seen">[tail slots, trunk capacity]: columns of its trunk that a branch sees.</param>
    /// <param name="branches">The branches.</param>
    /// <param name="tokens">Their tokens.</param>
    public DecodeStep(Transformer model, CachePool trunks, CachePool tails, Tensor seen, TrunkBranch[] branches, ReadOnlySpan<int> tokens)
        : base(model, tokens, Array.ConvertAll(branches, branch => branch.Length))
    {
        this.tails = tails;
        int[] slots = Array.ConvertAll(branches, branch => branch.Slot);
        slot = model.Longs(slots);
        position = model.Longs(Array.ConvertAll(branches, branch => branch.Tail));
        int columns = branches.Max(branch => branch.Trunk.Columns.End), longest = branches.Max(branch => branch.Tail) + 1;
        var unseen = seen.narrow(1, 0, columns).index_select(0, slot).logical_not();
        fromTrunks = new PoolRead(model, trunks, Array.ConvertAll(branches, branch => branch.Trunk.Slot), unseen);
        fromTails = new PoolRead(model, tails, slots, arange(longest, ScalarType.Int64, model.Device).unsqueeze(0) > position.unsqueeze(1));
    }

    public override Tensor Attend(int layer, Tensor query, Tensor key, Tensor value)
    {
        tails.Write(layer, slot, position, stack([key, value], 1));
        var (own, ownSum) = fromTails.Attend(layer, query);
        var (shared, sharedSum) = fromTrunks.Attend(layer, query);
        var share = (sharedSum - ownSum).sigmoid().unsqueeze(3);
        return (shared * share + own * (1 - share)).to(Model.Compute).view(query.shape[0], -1);
    }

    /// <summary>Attention of rows to one slot of a pool each; hidden [B, m] says which of its first m positions a row does not see.</summary>
    private sealed class PoolRead
    {
        private readonly Transformer model;
        private readonly CachePool pool;
        private readonly SlotGroups groups;
        private readonly Tensor slots, rowAt, placeOf, hidden;

        public PoolRead(Transformer model, CachePool pool, int[] slotOfRow, Tensor hidden)
        {
            this.model = model;
            this.pool = pool;
            groups = new SlotGroups(slotOfRow);
            slots = model.Longs(groups.Slots);
            rowAt = model.Longs(groups.RowAt);
            placeOf = model.Longs(groups.PlaceOf);
            this.hidden = hidden.index_select(0, rowAt).view(-1, groups.Most, hidden.shape[1]);
        }

        /// <summary>Mixed values [B, KV, g, h] of queries [B, H, h], in single precision, and the scores' log-sum-exps [B, KV, g].</summary>
        public (Tensor Mixed, Tensor LogSum) Attend(int layer, Tensor query)
        {
            var read = pool.Read(layer, groups, slots).narrow(3, 0, hidden.shape[2]);
            var grouped = query.index_select(0, rowAt).unflatten(0, [-1, groups.Most]);
            var (mixed, scores) = model.Attend(grouped, read[0], read[1], hidden);
            Tensor ByRow(Tensor x) => x.flatten(0, 1).index_select(0, placeOf);
            return (ByRow(mixed).to(ScalarType.Float32), ByRow(scores.logsumexp(-1).transpose(1, 2)));
        }
    }
}
