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
internal sealed unsafe class CpuDecoder : TreeDecoder<Branch>
{
    private readonly WorkerPool pool;
    private readonly SharedBlocks cache, logits;
    private readonly DecodePass pass;
    private readonly TokenPicker[] pickers;
    private readonly Action<int> pickSlice;
    private int[] order = [];

    // The picks in hand, for the workers.
    private PickRequest* pickRequests;
    private TokenPick* pickResults;
    private int pickRequestCount;

    public CpuDecoder(PolicyWeights weights, WorkerPool pool, SimdLevel level, PickSettings picking)
        : base(weights.Config, weights)
    {
        this.pool = pool;
        pickers = new TokenPicker[pool.Threads];
        for (int i = 0; i < pickers.Length; i++) pickers[i] = new TokenPicker(weights.Config.VocabSize, picking);
        cache = DecodeAttention.NewCache(weights.Layout);
        logits = new SharedBlocks(weights.Layout.Vocab);
        pass = new DecodePass(weights, pool, level, cache, logits);
        pickSlice = PickSlice;
    }

    /// <inheritdoc/>
    public override long CacheBytes => cache.BytesInUse;

    protected override void Read(ReadOnlySpan<int[]> prompts, Span<Branch> made)
    {
        int rows = 0, blocks = 0;
        foreach (int[] prompt in prompts)
        {
            rows += prompt.Length;
            blocks += (prompt.Length + DecodeAttention.BlockPositions - 1) / DecodeAttention.BlockPositions;
        }
        pass.Begin(rows, blocks);
        for (int i = 0; i < prompts.Length; i++)
        {
            var branch = made[i];
            branch.Logits = logits.Take();
            branch.BlockCount = 0;
            for (int at = 0; at < branch.Length; at += DecodeAttention.BlockPositions) branch.Append(cache.Take());
            pass.AddPath(branch);
            for (int at = 0; at < branch.Length; at++) pass.AddRow(prompts[i][at], at, at == branch.Length - 1 ? branch.Logits : -1);
        }
        pass.Run(independent: false);
    }

    protected override void Share(Branch parent, Branch child)
    {
        child.Logits = parent.Logits;
        logits.Share(child.Logits);
        child.BlockCount = 0;
        for (int b = 0; b < parent.BlockCount; b++)
        {
            cache.Share(parent.Blocks[b]);
            child.Append(parent.Blocks[b]);
        }
    }

    protected override void Step(Span<Branch> moving, ReadOnlySpan<int> tokens)
    {
        int blocks = 0;
        foreach (var branch in moving) blocks += branch.BlockCount + 1;
        pass.Begin(moving.Length, blocks);
        var places = SiblingsTogether(moving);
        for (int i = 0; i < moving.Length; i++)
        {
            var branch = moving[i];
            if (branch.Length % DecodeAttention.BlockPositions == 0) branch.Append(cache.Take());
            else branch.Blocks[branch.BlockCount - 1] = cache.MakeOwn(branch.Blocks[branch.BlockCount - 1], copy: true);
            branch.Logits = logits.MakeOwn(branch.Logits, copy: false);
            pass.AddPath(branch);
            pass.AddRow(tokens[places[i]], branch.Length, branch.Logits);
        }
        pass.Run(independent: true);
    }

    protected override void Draw(ReadOnlySpan<PickRequest> requests, Span<TokenPick> picks, Span<float> entropies)
    {
        for (int i = 0; i < entropies.Length; i++) entropies[i] = (float)pass.Measure(Branch(requests[i].Branch).Logits).Entropy;
        if (picks.IsEmpty) return;
        fixed (PickRequest* from = requests)
        fixed (TokenPick* to = picks)
        {
            pickRequests = from;
            pickResults = to;
            pickRequestCount = requests.Length;
            // Waking the threads costs more than a few draws from a small vocabulary.
            if ((long)requests.Length * Config.VocabSize < 1 << 14) PickRange(0, 0, pickRequestCount);
            else pool.Run(pickSlice);
        }
    }

    protected override void Copy(Branch branch, Span<float> logits) => new ReadOnlySpan<float>(this.logits[branch.Logits], logits.Length).CopyTo(logits);

    protected override void LetGo(Branch branch)
    {
        for (int b = 0; b < branch.BlockCount; b++) cache.LetGo(branch.Blocks[b]);
        logits.LetGo(branch.Logits);
    }

    protected override void Free()
    {
        pass.Dispose();
        cache.Dispose();
        logits.Dispose();
    }

    /// <summary>Puts branches that share cache blocks side by side, so that they attend to these together; gives the place that each had before.</summary>
    private ReadOnlySpan<int> SiblingsTogether(Span<Branch> moving)
    {
        if (order.Length < moving.Length) order = new int[Math.Max(moving.Length, 2 * order.Length)];
        var places = order.AsSpan(0, moving.Length);
        bool sorted = true;
        for (int i = 0; i < moving.Length; i++)
        {
            places[i] = i;
            sorted &= i == 0 || Cpu.Branch.ByPath.Compare(moving[i - 1], moving[i]) <= 0;
        }
        if (!sorted) moving.Sort(places, Cpu.Branch.ByPath);
        return places;
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
            int block = Branch(request.Branch).Logits;
            pickers[worker].Pick(
                new ReadOnlySpan<float>(logits[block], Config.VocabSize), pass.Measure(block), request.Distinct, request.Seed, new Span<TokenPick>(pickResults + at, request.Count));
            at += request.Count;
        }
    }
}
