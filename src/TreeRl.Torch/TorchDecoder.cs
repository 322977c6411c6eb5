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
    private readonly TreeCache cache;
    private readonly NextTokens next;
    private readonly BranchTree tree;
    private readonly long version;
    private long calls;
    private bool disposed;

    public TorchDecoder(Transformer model, Parameters parameters, TreePass pass, DevicePicker picker)
    {
        this.model = model;
        this.parameters = parameters;
        this.pass = pass;
        this.picker = picker;
        cache = new TreeCache(model);
        next = new NextTokens(model, parameters);
        tree = cache.Tree;
        version = parameters.Version;
    }

    /// <inheritdoc/>
    public long CachedTokens => tree.CachedTokens;

    /// <inheritdoc/>
    public long CacheBytes => cache.Bytes;

    /// <inheritdoc/>
    public void Prompt(ReadOnlySpan<int[]> prompts, Span<int> branches)
    {
        CheckUsable();
        DecoderCheck.Prompts(prompts, branches.Length, model.Config);
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
            DecoderCheck.Next(branches[i], moving[i].Length, tokens[i], model.Config);
        }
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        cache.Settle(moving.Max(branch => branch.Tail) + 1);
        var step = new DecodeStep(model, cache, moving);
        var x = parameters[Parameters.Embedding].index_select(0, model.Longs(tokens));
        for (int l = 0; l < model.Config.Layers; l++)
        {
            using var inner = NewDisposeScope();
            var before = x;
            var w = LayerTensors.Of(model.Config, l, parameters.Frozen);
            var (query, key, value) = model.Project(w, x, step.Turns);
            cache.Tails.Write(l, step.Slot, step.Position, key, value);
            x = model.Finish(w, x, step.Attend(l, query)).MoveToOuterDisposeScope();
            before.Dispose();
        }
        foreach (var branch in moving)
        {
            tree.Extend(branch);
            tree.OwnLogits(branch);
        }
        next.Keep(x, [.. moving.Select(branch => branch.LogitRow)], tree.LogitRows.End);
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
        var host = MemoryMarshal.Cast<byte, float>(next.Measures.select(1, 2).index_select(0, model.Longs(rows)).to(ScalarType.Float32).cpu().bytes);
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
        MemoryMarshal.Cast<byte, float>(next.Logits[tree[branch].LogitRow].cpu().bytes).CopyTo(logits);
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
        cache.Dispose();
        next.Dispose();
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
        cache.Trunks.Reserve(positions.Max() + 1);
        Tensor slot = model.Longs(slots), position = model.Longs(positions);
        var stream = pass.Forward(new TreeRows(model, firstRow, tokens, positions), (layer, key, value) => cache.Trunks.Write(layer, slot, position, key, value));
        next.Keep(stream.index_select(0, model.Longs(lasts)), logitRows, tree.LogitRows.End);
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
        var measured = next.Measures.index_select(0, index);
        var made = picker.Pick(next.Logits.index_select(0, index), measured.select(1, 0), measured.select(1, 1), uniforms, distinct);
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

    private void CheckUsable()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ObjectDisposedException.ThrowIf(parameters.Disposed, typeof(TorchPolicy));
        if (parameters.Version != version)
            throw new InvalidOperationException("the policy was updated after this decoder was made, so its cache belongs to older weights: make a new decoder for each round of sampling");
    }
}
