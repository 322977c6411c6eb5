using System;
using System.Runtime.ExceptionServices;
using System.Threading;
using TreeRl.Models;
using TreeRl.Numerics;

namespace TreeRl.Policies.Cpu;

/// <summary>
/// The embedded engine: a decoder-only transformer of the Llama/Qwen family in fp32, forward and hand-written backward, with no native
/// dependency. Results are the same to the byte for any number of threads, and a target's log-probability does not depend on what else is
/// in the batch.
/// </summary>
public sealed unsafe partial class CpuPolicy : IPolicy
{
    private readonly ParameterLayout layout;
    private readonly ArenaLayout trained;
    private readonly CpuOptions options;
    private readonly WorkerPool pool;
    private readonly PolicyWeights weights;
    private readonly ChunkPass[] passes;
    private readonly ChunkPlan plan;
    private readonly BatchCheck check = new();
    private readonly Action<int> scoreChunks, trainLanes, sumSquares, stepBlocks;
    private readonly bool frozen;

    // The job in hand, for the workers.
    private PackedBatch batch = null!;
    private float* logProbOut, entropyOut;
    private int nextChunk, working; // the first workers have passes to make; the others need no room

    private CpuPolicy(ParameterLayout layout, AdapterLayout? adapter, CpuOptions options, bool frozen)
    {
        this.layout = layout;
        trained = adapter is null ? layout : adapter;
        this.options = options;
        this.frozen = frozen;
        pool = new WorkerPool(options.Threads);
        weights = new PolicyWeights(layout, adapter, pool);
        passes = new ChunkPass[options.Threads];
        for (int i = 0; i < passes.Length; i++) passes[i] = new ChunkPass(weights, options.Simd, options.RecomputeActivations);
        lanes = new NativeBuffer<float>[options.LanesFor(trained.ParameterCount)];
        plan = new ChunkPlan(lanes.Length, options.ChunkTokens);
        scoreChunks = ScoreChunks;
        trainLanes = TrainLanes;
        sumSquares = SumSquares;
        stepBlocks = StepBlocks;
    }

    /// <inheritdoc/>
    public ModelConfig Config => layout.Config;

    /// <inheritdoc/>
    public string Engine => $"cpu ({options.Simd.ToString().ToLowerInvariant()}, {options.Threads} {(options.Threads == 1 ? "thread" : "threads")})";

    /// <inheritdoc/>
    public string Arithmetic => options.Arithmetic(trained.ParameterCount);

    /// <inheritdoc/>
    public long ParameterCount => trained.ParameterCount;

    /// <summary>The arena that training changes: the adapter's where there is one.</summary>
    private float* TrainedArena => weights.Adapter is null ? weights.Arena : weights.Adapter.Arena;

    /// <summary>Makes a policy with the given weights, which are copied. Weights with an adapter stay as they are: the adapter is trained alone.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="options">How to use the machine; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option breaks its rule.</exception>
    public static CpuPolicy Create(ModelWeights weights, CpuOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(weights);
        var layout = new ParameterLayout(weights.Config);
        var adapter = weights.Adapter is null ? null : new AdapterLayout(layout, weights.Adapter.Settings);
        var policy = new CpuPolicy(layout, adapter, (options ?? new CpuOptions()).Validated(), frozen: false);
        layout.CopyIn(weights, policy.weights.Arena);
        adapter?.CopyIn(weights.Adapter!, policy.weights.Adapter!.Arena);
        policy.weights.Changed();
        return policy;
    }

    /// <inheritdoc/>
    public IDecoder NewDecoder(PickSettings picking)
    {
        ArgumentNullException.ThrowIfNull(picking);
        CheckAlive();
        return new CpuDecoder(weights, pool, options.Simd, picking);
    }

    /// <inheritdoc/>
    public void Score(PackedBatch batch, Span<float> logProb, Span<float> entropy)
    {
        CheckAlive();
        check.Check(batch, Config);
        Guard.SameLength(logProb.Length, batch.TargetCount, "the batch");
        Guard.SameLength(entropy.Length, batch.TargetCount, "the batch");
        if (GroupParts.Of(batch, options.SplitAbove) is { } parts) parts.Score(ScoreChunks, logProb, entropy);
        else ScoreChunks(batch, logProb, entropy);
    }

    /// <inheritdoc/>
    public IPolicy CloneFrozen()
    {
        CheckAlive();
        var clone = new CpuPolicy(layout, weights.Adapter?.Layout, options, frozen: true);
        VectorMath.Copy(weights.Arena, clone.weights.Arena, layout.Total);
        if (weights.Adapter is { } adapter) VectorMath.Copy(adapter.Arena, clone.weights.Adapter!.Arena, adapter.Layout.Total);
        clone.weights.Changed();
        return clone;
    }

    /// <inheritdoc/>
    public ModelWeights ExportWeights()
    {
        CheckAlive();
        return layout.CopyOut(weights.Arena).WithAdapter(ExportAdapter());
    }

    /// <inheritdoc/>
    public LoraAdapter? ExportAdapter()
    {
        CheckAlive();
        return weights.Adapter is { } adapter ? adapter.Layout.CopyOut(adapter.Arena) : null;
    }

    /// <summary>Ends the policy's threads and frees its memory; decoders made by it can no longer be used.</summary>
    public void Dispose()
    {
        if (weights.Disposed) return;
        pool.Dispose();
        weights.Dispose();
        foreach (var pass in passes) pass.Dispose();
        foreach (var lane in lanes) lane?.Dispose();
        firstMoment?.Dispose();
        secondMoment?.Dispose();
        lanePointers.Dispose();
    }

    private void Prepare(PackedBatch next, bool backward)
    {
        batch = next;
        // Weights of the two kinds of work in multiply-adds; only their ratio matters, for balance.
        plan.Build(next, Math.Max(1, layout.MatrixEnd), 2L * layout.Config.Layers * layout.QueryWidth);
        int most = 0;
        for (int chunk = 0; chunk < plan.ChunkCount; chunk++)
            most = Math.Max(most, next.GroupFirstTarget[plan.FirstGroup[chunk + 1]] - next.GroupFirstTarget[plan.FirstGroup[chunk]]);
        working = Math.Min(passes.Length, backward ? Math.Min(lanes.Length, plan.ChunkCount) : plan.ChunkCount);
        CpuMemory.RequireActivations(working * passes[0].Bytes(plan.LargestRows, most, check.LongestPath, backward), plan.LargestRows, working);
        for (int i = 0; i < working; i++) passes[i].Reserve(plan.LargestRows, most, check.LongestPath, backward);
    }

    private void ScoreChunks(PackedBatch scored, Span<float> logProb, Span<float> entropy)
    {
        Prepare(scored, backward: false);
        fixed (float* logProbs = logProb, entropies = entropy)
        {
            logProbOut = logProbs;
            entropyOut = entropies;
            nextChunk = 0;
            pool.Run(scoreChunks);
        }
        batch = null!;
    }

    private void ScoreChunks(int worker)
    {
        int chunk;
        while (worker < working && (chunk = Interlocked.Increment(ref nextChunk) - 1) < plan.ChunkCount)
            passes[worker].Score(batch, plan.FirstGroup[chunk], plan.FirstGroup[chunk + 1], check.LongestPath, logProbOut, entropyOut);
    }

    private void CheckAlive() => ObjectDisposedException.ThrowIf(weights.Disposed, this);
}
