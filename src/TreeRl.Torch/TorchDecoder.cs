using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using TorchSharp;
using TreeRl.Policies;
using static TorchSharp.torch;

namespace TreeRl.Torch;

/// <summary>
/// The tree cache on the device; <see cref="BranchTree"/> says what a fork shares. A step reads the trunk of each prompt once for all its branches and each branch's tail
/// once, and joins the two by their log-sum-exps. Down go ids, places and uniform numbers, up come ids, log-probabilities and entropies.
/// </summary>
internal sealed class TorchDecoder : IDecoder
{
    private readonly Transformer model;
    private readonly Parameters parameters;
    private readonly TreePass pass;
    private readonly DevicePicker picker;
    private readonly CachePool trunks, tails;
    private readonly BranchTree tree;
    private readonly long version;
    private Tensor? hidden;           // [tail slots, trunk capacity]: columns a branch does not see
    private Tensor? logits, measures; // [rows, V] single; [rows, 3] double: largest logit, log of the sum, entropy
    private long calls;
    private bool disposed;

    public TorchDecoder(Transformer model, Parameters parameters, TreePass pass, DevicePicker picker)
    {
        this.model = model;
        this.parameters = parameters;
        this.pass = pass;
        this.picker = picker;
        trunks = new CachePool(model);
        tails = new CachePool(model);
        tree = new BranchTree { TrunkSlots = trunks.Slots, TailSlots = tails.Slots };
        version = parameters.Version;
    }

    /// <inheritdoc/>
    public long CachedTokens => tree.CachedTokens;

    /// <inheritdoc/>
    public long CacheBytes => trunks.Bytes + tails.Bytes;

    /// <inheritdoc/>
    public void Prompt(ReadOnlySpan<int[]> prompts, Span<int> branches)
    {
        CheckUsable();
        Guard.SameLength(branches.Length, prompts.Length, "one branch for each prompt");
        for (int i = 0; i < prompts.Length; i++)
        {
            if (prompts[i] is not { Length: > 0 })
                throw new ArgumentException($"prompt {i} is empty: a branch needs at least one token to be predicted from", nameof(prompts));
            if (prompts[i].Length > model.Config.ContextLength)
                throw new ArgumentException($"prompt {i} has {prompts[i].Length} tokens: the model's context is {model.Config.ContextLength}", nameof(prompts));
            foreach (int token in prompts[i]) CheckToken(token);
        }
        using var quiet = no_grad();
        for (int first = 0; first < prompts.Length;)
        {
            int end = first, rows = 0;
            do rows += prompts[end++].Length;
            while (end < prompts.Length && rows + prompts[end].Length <= model.Options.TokenBudget);
            Read(prompts[first..end], branches[first..end]);
            first = end;
        }
    }

    /// <inheritdoc/>
    public void Fork(int branch, Span<int> children)
    {
        CheckUsable();
        Guard.InRange(children.Length >= 1, children.Length, "a fork has at least one child; to end a branch, release it");
        tree.Fork(branch, children);
    }

    /// <inheritdoc/>
    public void Advance(ReadOnlySpan<int> branches, ReadOnlySpan<int> tokens)
    {
        CheckUsable();
        Guard.SameLength(tokens.Length, branches.Length, "one token for each branch");
        if (branches.IsEmpty) return;
        calls++;
        var moving = new Branch[branches.Length];
        for (int i = 0; i < moving.Length; i++)
        {
            moving[i] = tree[branches[i]];
            if (moving[i].SeenBy == calls) throw new ArgumentException($"branch {branches[i]} is given twice: a branch reads one token at a time", nameof(branches));
            moving[i].SeenBy = calls;
            CheckToken(tokens[i]);
            if (moving[i].Length >= model.Config.ContextLength)
                throw new ArgumentException($"branch {branches[i]} has read {moving[i].Length} tokens, the model's whole context: end it", nameof(branches));
        }
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        Settle(moving.Max(branch => branch.Tail) + 1);
        var step = new DecodeStep(model, moving, hidden!);
        var x = parameters[Parameters.Embedding].index_select(0, model.Longs(tokens));
        for (int l = 0; l < model.Config.Layers; l++)
        {
            using var inner = NewDisposeScope();
            var before = x;
            var w = LayerTensors.Of(model.Config, l, parameters.Frozen);
            var (query, key, value) = model.Project(w, x, step.Turns);
            tails.Write(l, step.Slot, step.Position, key, value);
            x = model.Finish(w, x, step.Attend(l, query, trunks, tails)).MoveToOuterDisposeScope();
            before.Dispose();
        }
        foreach (var branch in moving)
        {
            tree.Extend(branch);
            tree.OwnLogits(branch);
        }
        Keep(x, [.. moving.Select(branch => branch.LogitRow)]);
    }

    /// <inheritdoc/>
    public void Entropies(ReadOnlySpan<int> branches, Span<float> entropies)
    {
        CheckUsable();
        Guard.SameLength(entropies.Length, branches.Length, "one entropy for each branch");
        if (branches.IsEmpty) return;
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        var rows = new int[branches.Length];
        for (int i = 0; i < rows.Length; i++) rows[i] = tree[branches[i]].LogitRow;
        var host = MemoryMarshal.Cast<byte, float>(measures!.select(1, 2).index_select(0, model.Longs(rows)).to(ScalarType.Float32).cpu().bytes);
        for (int i = 0; i < rows.Length; i++)
        {
            if (!float.IsFinite(host[i])) throw new NonFiniteException($"entropy of the next token of branch {branches[i]}", host[i]);
            entropies[i] = host[i];
        }
    }

    /// <inheritdoc/>
    public void Pick(ReadOnlySpan<PickRequest> requests, Span<TokenPick> picks)
    {
        CheckUsable();
        var at = new int[requests.Length];
        int total = 0;
        for (int i = 0; i < at.Length; i++)
        {
            Guard.InRange(requests[i].Count >= 1, requests[i].Count, "a request draws at least one token");
            _ = tree[requests[i].Branch];
            at[i] = total;
            total += requests[i].Count;
        }
        Guard.SameLength(picks.Length, total, "the sum of the requests' counts");
        // Requests of like counts go together, and no more rows at once than logits may exist.
        var counts = requests.ToArray().Select(request => request.Count).ToArray();
        int[] order = [.. Enumerable.Range(0, at.Length).OrderBy(i => counts[i])];
        using var quiet = no_grad();
        for (int first = 0; first < order.Length;)
        {
            int end = first;
            do end++;
            while (end < order.Length && end - first < model.LogitRows && (counts[order[end]] > 1) == (counts[order[first]] > 1));
            Pick(requests, order.AsSpan(first, end - first), at, picks);
            first = end;
        }
    }

    /// <inheritdoc/>
    public void CopyLogits(int branch, Span<float> logits)
    {
        CheckUsable();
        Guard.SameLength(logits.Length, model.Config.VocabSize, "the vocabulary");
        using var scope = NewDisposeScope();
        MemoryMarshal.Cast<byte, float>(this.logits![tree[branch].LogitRow].cpu().bytes).CopyTo(logits);
    }

    /// <inheritdoc/>
    public int Length(int branch)
    {
        CheckUsable();
        return tree[branch].Length;
    }

    /// <inheritdoc/>
    public void Release(int branch)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        tree.Release(branch);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        trunks.Dispose();
        tails.Dispose();
        hidden?.Dispose();
        logits?.Dispose();
        measures?.Dispose();
    }

    private void Read(ReadOnlySpan<int[]> prompts, Span<int> ids)
    {
        using var scope = NewDisposeScope();
        int[] firstRow = new int[prompts.Length + 1], lasts = new int[prompts.Length], logitRows = new int[prompts.Length];
        var made = new Branch[prompts.Length];
        for (int i = 0; i < prompts.Length; i++)
        {
            made[i] = tree.Prompt(prompts[i].Length, out ids[i]);
            firstRow[i + 1] = firstRow[i] + prompts[i].Length;
            lasts[i] = firstRow[i + 1] - 1;
            logitRows[i] = made[i].LogitRow;
        }
        int[] tokens = new int[firstRow[^1]], positions = new int[tokens.Length], slots = new int[tokens.Length];
        for (int i = 0; i < prompts.Length; i++)
        {
            prompts[i].CopyTo(tokens, firstRow[i]);
            for (int t = 0; t < prompts[i].Length; t++) (positions[firstRow[i] + t], slots[firstRow[i] + t]) = (t, made[i].Last.Trunk.Slot);
        }
        trunks.Reserve(positions.Max() + 1);
        Tensor slot = model.Longs(slots), position = model.Longs(positions);
        var stream = pass.Forward(new TreeRows(model, firstRow, tokens, positions), (layer, key, value) => trunks.Write(layer, slot, position, key, value));
        Keep(stream.index_select(0, model.Longs(lasts)), logitRows);
    }

    /// <summary>Brings the device's memory up to date with forks and new branches.</summary>
    private void Settle(int longestTail)
    {
        var moves = tree.Moves().ToArray();
        int columns = trunks.Capacity;
        foreach (var (_, to) in moves) columns = Math.Max(columns, to.Columns.Max() + 1);
        trunks.Reserve(columns);
        tails.Reserve(longestTail);
        if (moves.Length > 0)
        {
            Tensor fromSlot = model.Longs([.. moves.SelectMany(m => Enumerable.Repeat(m.Slot, m.To.Columns.Length))]);
            Tensor fromPosition = model.Longs([.. moves.SelectMany(m => Enumerable.Range(0, m.To.Columns.Length))]);
            Tensor toSlot = model.Longs([.. moves.SelectMany(m => Enumerable.Repeat(m.To.Trunk.Slot, m.To.Columns.Length))]);
            Tensor toColumn = model.Longs([.. moves.SelectMany(m => m.To.Columns)]);
            for (int l = 0; l < model.Config.Layers; l++)
            {
                using var inner = NewDisposeScope();
                var (key, value) = tails.Read(l, fromSlot, fromPosition);
                trunks.Write(l, toSlot, toColumn, key, value);
            }
        }
        tree.Moved();
        hidden = Grown(hidden, tails.Slots.End, trunks.Capacity, ScalarType.Bool, fill: true);
        if (tree.Fresh.Count == 0) return;
        var unseen = new bool[tree.Fresh.Count * trunks.Capacity];
        Array.Fill(unseen, true);
        for (int i = 0; i < tree.Fresh.Count; i++)
        {
            for (var segment = tree.Fresh[i].Last; segment is not null; segment = segment.Parent)
                foreach (int column in segment.Columns) unseen[i * trunks.Capacity + column] = false;
        }
        hidden.narrow(1, 0, trunks.Capacity).index_copy_(0, model.Longs([.. tree.Fresh.Select(branch => branch.Slot)]), tensor(unseen, [tree.Fresh.Count, trunks.Capacity], ScalarType.Bool, model.Device));
        tree.Fresh.Clear();
    }

    /// <summary>Logits and measures of rows that passed all layers, put into the branches' rows.</summary>
    private void Keep(Tensor stream, int[] rows)
    {
        logits = Grown(logits, tree.LogitRows.End, model.Config.VocabSize, ScalarType.Float32, fill: false);
        measures = Grown(measures, tree.LogitRows.End, 3, ScalarType.Float64, fill: false);
        for (int first = 0; first < rows.Length; first += model.LogitRows)
        {
            using var scope = NewDisposeScope();
            int count = Math.Min(model.LogitRows, rows.Length - first);
            var made = model.Logits(stream.narrow(0, first, count), parameters[Parameters.FinalNorm], parameters.Frozen(Parameters.Head));
            var (largest, logSum, entropy) = Head.Measure(made);
            var into = model.Longs(rows.AsSpan(first, count));
            logits.index_copy_(0, into, made);
            measures.index_copy_(0, into, stack([largest, logSum, entropy], 1));
        }
    }

    private void Pick(ReadOnlySpan<PickRequest> requests, ReadOnlySpan<int> chosen, int[] at, Span<TokenPick> picks)
    {
        using var scope = NewDisposeScope();
        int draws = 1;
        foreach (int i in chosen) draws = Math.Max(draws, requests[i].Count);
        var rows = new int[chosen.Length];
        var uniforms = new double[chosen.Length, draws];
        var distinct = new bool[chosen.Length];
        for (int r = 0; r < rows.Length; r++)
        {
            var request = requests[chosen[r]];
            rows[r] = tree[request.Branch].LogitRow;
            distinct[r] = request.Distinct;
            for (int j = 0; j < draws; j++) uniforms[r, j] = j < request.Count ? request.Seed.Uniform(j) : double.NaN;
        }
        var index = model.Longs(rows);
        var measured = measures!.index_select(0, index);
        var made = picker.Pick(logits!.index_select(0, index), measured.select(1, 0), measured.select(1, 1), uniforms, distinct);
        var host = MemoryMarshal.Cast<byte, double>(made.cpu().contiguous().bytes);
        for (int r = 0; r < rows.Length; r++)
        {
            var request = requests[chosen[r]];
            for (int j = 0; j < request.Count; j++)
            {
                double id = host[2 * (r * draws + j)], logProb = host[2 * (r * draws + j) + 1];
                if (!double.IsFinite(logProb) || j == 0 && id < 0) throw new NonFiniteException($"next-token log-probability of branch {request.Branch}", logProb);
                picks[at[chosen[r]] + j] = new TokenPick((int)id, (float)logProb);
            }
        }
    }

    /// <summary>A tensor of at least so many rows and columns, with the former's contents at its beginning.</summary>
    private Tensor Grown(Tensor? former, long rows, long columns, ScalarType type, bool fill)
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

    private void CheckToken(int token)
    {
        if ((uint)token >= (uint)model.Config.VocabSize)
            throw new ArgumentOutOfRangeException(nameof(token), token, $"token = {token}: the vocabulary has {model.Config.VocabSize} tokens, 0 .. {model.Config.VocabSize - 1}");
    }

    private void CheckUsable()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ObjectDisposedException.ThrowIf(parameters.Disposed, typeof(TorchPolicy));
        if (parameters.Version != version)
            throw new InvalidOperationException("the policy was updated after this decoder was made, so its cache belongs to older weights: make a new decoder for each round of sampling");
    }
}
