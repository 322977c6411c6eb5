using System;
using TreeRl.Numerics;

namespace TreeRl.Policies.Cpu;

/// <summary>
/// The embedded engine's tree cache. A branch is a list of cache blocks of 16 positions; a fork shares them all, and a branch that writes into a
/// shared last block gets a copy of it. Blocks and logits are counted by owner and return to a pool, so that a steady workload allocates nothing.
/// </summary>
/// <remarks>
/// Because blocks lie at multiples of 16 on the path, a branch computes the same bits however it was forked, and the same as
/// <see cref="IPolicy.Score"/> does.
/// </remarks>
internal sealed unsafe class CpuDecoder : IDecoder
{
    private readonly PolicyWeights weights;
    private readonly WorkerPool pool;
    private readonly long version;
    private readonly SharedBlocks cache, logits;
    private readonly TokenRuns runs = new();
    private readonly BranchTable branches = new();
    private readonly DecodePass pass;
    private readonly TokenPicker[] pickers;
    private readonly Action<int> pickSlice;
    private Branch[] moving = [];
    private int[] order = [];
    private long calls;
    private bool disposed;

    // The picks in hand, for the workers.
    private PickRequest* pickRequests;
    private TokenPick* pickResults;
    private int pickRequestCount;

    public CpuDecoder(PolicyWeights weights, WorkerPool pool, SimdLevel level, PickSettings picking)
    {
        this.weights = weights;
        this.pool = pool;
        version = weights.Version;
        pickers = new TokenPicker[pool.Threads];
        for (int i = 0; i < pickers.Length; i++) pickers[i] = new TokenPicker(weights.Config.VocabSize, picking);
        cache = new SharedBlocks(DecodeAttention.BlockFloats(weights.Layout));
        logits = new SharedBlocks(weights.Layout.Vocab);
        pass = new DecodePass(weights, pool, level, logits);
        pickSlice = PickSlice;
    }

    /// <inheritdoc/>
    public long CachedTokens => runs.Total;

    /// <inheritdoc/>
    public long CacheBytes => cache.BytesInUse;

    /// <inheritdoc/>
    public void Prompt(ReadOnlySpan<int[]> prompts, Span<int> branches)
    {
        CheckUsable();
        DecoderCheck.Prompts(prompts, branches.Length, weights.Config);
        int rows = 0, blocks = 0;
        foreach (int[] prompt in prompts)
        {
            rows += prompt.Length;
            blocks += (prompt.Length + DecodeAttention.BlockPositions - 1) / DecodeAttention.BlockPositions;
        }
        if (rows == 0) return;
        pass.Begin(rows, blocks);
        for (int i = 0; i < prompts.Length; i++)
        {
            branches[i] = this.branches.Add(out var branch);
            branch.Run = runs.Start(-1);
            branch.Logits = logits.Take();
            branch.Length = prompts[i].Length;
            runs.Extend(branch.Run, branch.Length);
            for (int at = 0; at < branch.Length; at += DecodeAttention.BlockPositions) branch.Append(cache.Take());
            pass.AddPath(branch, cache);
            for (int at = 0; at < branch.Length; at++) pass.AddRow(prompts[i][at], at, at == branch.Length - 1 ? branch.Logits : -1);
        }
        pass.Run(independent: false);
    }

    /// <inheritdoc/>
    public void Fork(int branch, Span<int> children)
    {
        CheckUsable();
        var parent = branches.Get(branch);
        Guard.InRange(children.Length >= 1, children.Length, "a fork has at least one child; to end a branch, release it");
        for (int i = 0; i < children.Length; i++)
        {
            children[i] = branches.Add(out var child);
            child.Run = runs.Start(parent.Run);
            child.Length = parent.Length;
            child.Logits = parent.Logits;
            logits.Share(child.Logits);
            for (int b = 0; b < parent.BlockCount; b++)
            {
                cache.Share(parent.Blocks[b]);
                child.Append(parent.Blocks[b]);
            }
        }
        Release(branch);
    }

    /// <inheritdoc/>
    public void Advance(ReadOnlySpan<int> branches, ReadOnlySpan<int> tokens)
    {
        CheckUsable();
        Guard.SameLength(tokens.Length, branches.Length, "one token for each branch");
        if (branches.IsEmpty) return;
        int blocks = 0;
        calls++;
        for (int i = 0; i < branches.Length; i++)
        {
            var branch = this.branches.Get(branches[i]);
            if (branch.SeenBy == calls) throw new ArgumentException($"branch {branches[i]} is given twice: a branch reads one token at a time", nameof(branches));
            branch.SeenBy = calls;
            DecoderCheck.Next(branches[i], branch.Length, tokens[i], weights.Config);
            blocks += branch.BlockCount + 1;
        }
        pass.Begin(branches.Length, blocks);
        foreach (int i in SiblingsTogether(branches))
        {
            var branch = this.branches.Get(branches[i]);
            if (branch.Length % DecodeAttention.BlockPositions == 0) branch.Append(cache.Take());
            else branch.Blocks[branch.BlockCount - 1] = cache.MakeOwn(branch.Blocks[branch.BlockCount - 1], copy: true);
            branch.Logits = logits.MakeOwn(branch.Logits, copy: false);
            pass.AddPath(branch, cache);
            pass.AddRow(tokens[i], branch.Length, branch.Logits);
            branch.Length++;
            runs.Extend(branch.Run, 1);
        }
        pass.Run(independent: true);
    }

    /// <inheritdoc/>
    public void Entropies(ReadOnlySpan<int> branches, Span<float> entropies)
    {
        CheckUsable();
        Guard.SameLength(entropies.Length, branches.Length, "one entropy for each branch");
        for (int i = 0; i < branches.Length; i++) entropies[i] = (float)pass.Measure(this.branches.Get(branches[i]).Logits).Entropy;
    }

    /// <inheritdoc/>
    public void Pick(ReadOnlySpan<PickRequest> requests, Span<TokenPick> picks)
    {
        CheckUsable();
        int total = 0;
        foreach (var request in requests)
        {
            branches.Get(request.Branch);
            Guard.InRange(request.Count >= 1, request.Count, "a request draws at least one token");
            total += request.Count;
        }
        Guard.SameLength(picks.Length, total, "the sum of the requests' counts");
        fixed (PickRequest* from = requests)
        fixed (TokenPick* to = picks)
        {
            pickRequests = from;
            pickResults = to;
            pickRequestCount = requests.Length;
            // Waking the threads costs more than a few draws from a small vocabulary.
            if ((long)requests.Length * weights.Config.VocabSize < 1 << 14) PickRange(0, 0, pickRequestCount);
            else pool.Run(pickSlice);
        }
    }

    /// <inheritdoc/>
    public void CopyLogits(int branch, Span<float> logits)
    {
        CheckUsable();
        Guard.SameLength(logits.Length, weights.Config.VocabSize, "the vocabulary");
        new ReadOnlySpan<float>(this.logits[branches.Get(branch).Logits], logits.Length).CopyTo(logits);
    }

    /// <inheritdoc/>
    public int Length(int branch)
    {
        CheckUsable();
        return branches.Get(branch).Length;
    }

    /// <inheritdoc/>
    public void Release(int branch)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        var released = branches.Get(branch);
        for (int b = 0; b < released.BlockCount; b++) cache.LetGo(released.Blocks[b]);
        logits.LetGo(released.Logits);
        runs.LetGo(released.Run);
        branches.Remove(branch);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        pass.Dispose();
        cache.Dispose();
        logits.Dispose();
    }

    /// <summary>The places of the branches in an order in which those that share cache blocks are neighbours, so that they attend to these together.</summary>
    private ReadOnlySpan<int> SiblingsTogether(ReadOnlySpan<int> ids)
    {
        if (order.Length < ids.Length)
        {
            order = new int[Math.Max(ids.Length, 2 * order.Length)];
            moving = new Branch[order.Length];
        }
        bool sorted = true;
        for (int i = 0; i < ids.Length; i++)
        {
            order[i] = i;
            moving[i] = branches.Get(ids[i]);
            sorted &= i == 0 || Branch.ByPath.Compare(moving[i - 1], moving[i]) <= 0;
        }
        if (!sorted) moving.AsSpan(0, ids.Length).Sort(order.AsSpan(0, ids.Length), Branch.ByPath);
        return order.AsSpan(0, ids.Length);
    }

    private void PickSlice(int worker) =>
        PickRange(worker, (int)((long)pickRequestCount * worker / pool.Threads), (int)((long)pickRequestCount * (worker + 1) / pool.Threads));

    private void PickRange(int worker, int first, int end)
    {
        int at = 0;
        for (int i = 0; i < first; i++) at += pickRequests[i].Count;
        for (int i = first; i < end; i++)
        {
            ref readonly var request = ref pickRequests[i];
            int block = branches.Get(request.Branch).Logits;
            pickers[worker].Pick(
                new ReadOnlySpan<float>(logits[block], weights.Config.VocabSize), pass.Measure(block), request.Distinct, request.Seed, new Span<TokenPick>(pickResults + at, request.Count));
            at += request.Count;
        }
    }

    private void CheckUsable()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ObjectDisposedException.ThrowIf(weights.Disposed, typeof(CpuPolicy));
        if (weights.Version != version)
            throw new InvalidOperationException("the policy was updated after this decoder was made, so its cache belongs to older weights: make a new decoder for each round of sampling");
    }
}
