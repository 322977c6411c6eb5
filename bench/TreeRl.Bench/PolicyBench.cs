using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using TreeRl.Numerics;
using TreeRl.Policies;
using TreeRl.Policies.Cpu;
using ModelConfig = TreeRl.Models.ModelConfig;
using ModelWeights = TreeRl.Models.ModelWeights;

namespace TreeRl.Bench;

/// <summary>Decoding and training of the embedded policy, as shares of the peak of the cores used.</summary>
internal static class PolicyBench
{
    private const int DecodeTokens = 128;

    public static void Run(bool decode, bool train)
    {
        Console.WriteLine($"peak of one core {Clock.PeakGigaflops(Simd.Best):f0} GFLOP/s ({Simd.Best})");
        foreach (var (name, config) in new[] { ("1M", Models.Small), ("10M", Models.Medium) })
        {
            var weights = ModelWeights.Random(config, Seed.Of(1), 0.1);
            foreach (int threads in new[] { 1, 2 })
            {
                using var policy = CpuPolicy.Create(weights, new CpuOptions { Threads = threads });
                for (int branches = 1; decode && branches <= 256; branches = branches == 1 ? 8 : branches == 8 ? 64 : 4 * branches) Decode(name, policy, threads, branches);
                if (!train) continue;
                Train(name, policy, threads, "paths of 256", Flat(config));
                Train(name, policy, threads, "tree", Tree(config));
            }
        }
    }

    /// <summary>Time of one thread is processor time, which a shared machine disturbs least; time of several is what the clock says.</summary>
    private static double Now(int threads) => threads == 1 ? Environment.CpuUsage.TotalTime.TotalSeconds : Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;

    /// <summary>Sums the best time of each position over rounds, which forgives a shared machine its pauses.</summary>
    private static void Decode(string name, CpuPolicy policy, int threads, int branches)
    {
        int[] ids = new int[branches], tokens = new int[branches];
        var best = new double[DecodeTokens];
        Array.Fill(best, double.MaxValue);
        var prompts = Enumerable.Range(0, branches).Select(i => new[] { i % policy.Config.VocabSize }).ToArray();
        var requests = new PickRequest[branches];
        var picks = new TokenPick[branches];
        long allocated = 0;
        double peak = 0;
        using var decoder = policy.NewDecoder(new PickSettings());
        for (int round = 0; round < (branches >= 64 ? 4 : 12); round++)
        {
            peak = Math.Max(peak, Clock.PeakGigaflops(Simd.Best));
            decoder.Prompt(prompts, ids);
            long before = GC.GetTotalAllocatedBytes();
            for (int t = 0; t < DecodeTokens; t++)
            {
                double start = Now(threads);
                for (int i = 0; i < branches; i++) requests[i] = new PickRequest(ids[i], 1, false, Seed.Of(t).Child(i));
                decoder.Pick(requests, picks);
                for (int i = 0; i < branches; i++) tokens[i] = picks[i].Id;
                decoder.Advance(ids, tokens);
                best[t] = Math.Min(best[t], Now(threads) - start);
            }
            allocated = GC.GetTotalAllocatedBytes() - before;
            foreach (int id in ids) decoder.Release(id);
        }
        double rate = branches * DecodeTokens / best.Sum(), gigaflops = 2.0 * policy.ParameterCount * rate / 1e9;
        Console.WriteLine($"decode {name,3}, {threads} threads, {branches,3} branches: {rate,9:f0} tokens/s, {gigaflops / peak / threads,4:p0} of peak, {allocated} bytes allocated");
    }

    private static void Train(string name, CpuPolicy policy, int threads, string what, PackedBatch batch)
    {
        var objective = new Weighted();
        var settings = new OptimizerSettings();
        double best = double.MaxValue, update = double.MaxValue, peak = 0;
        long allocated = 0;
        for (int round = 0; round < 4; round++)
        {
            peak = Math.Max(peak, Clock.PeakGigaflops(Simd.Best));
            long before = GC.GetTotalAllocatedBytes();
            double start = Now(threads);
            policy.Accumulate(batch, objective);
            double pass = Now(threads) - start;
            policy.Apply(settings, 1e-5);
            best = Math.Min(best, Now(threads) - start);
            update = Math.Min(update, Now(threads) - start - pass);
            allocated = GC.GetTotalAllocatedBytes() - before;
        }
        double flops = TrainingFlops(policy, batch);
        Console.WriteLine(
            $"train  {name,3}, {threads} threads, {what,12}, {batch.RowCount} rows: {best * 1e3,7:f1} ms (update {update * 1e3:f1}), {batch.RowCount / best,7:f0} rows/s, {flops / best / 1e9 / peak / threads,4:p0} of peak, {allocated} bytes allocated");
    }

    /// <summary>Floating-point operations of a forward and backward pass: two for each multiply-add of the products and of attention, three times.</summary>
    internal static double TrainingFlops(CpuPolicy policy, PackedBatch batch)
    {
        var c = policy.Config;
        double pairs = batch.RowPosition.Sum(p => p + 1.0) * 2 * c.Layers * c.Heads * c.HeadSize;
        return (6.0 * policy.ParameterCount * batch.RowCount) + (6 * pairs);
    }

    private static PackedBatch Flat(ModelConfig config) => Pack(Enumerable.Range(0, 16).Select(_ => new int[] { 32, 224 }), config);

    /// <summary>16 prompts of 32 tokens; each node has 24 tokens and two children, down to four levels: 8 leaves.</summary>
    private static PackedBatch Tree(ModelConfig config) => Pack(Enumerable.Range(0, 16).Select(_ => new int[] { 32, 24, 24, 24, 24 }), config);

    /// <summary>Trees by level: the prompt's length, then the node lengths; below the first node level each node has two children.</summary>
    internal static PackedBatch Pack(IEnumerable<int[]> groups, ModelConfig config)
    {
        List<int> groupSegment = [], groupTarget = [], parents = [], firstRow = [], token = [], position = [], targetRow = [];
        foreach (int[] levels in groups)
        {
            groupSegment.Add(parents.Count);
            groupTarget.Add(targetRow.Count);
            void Node(int level, int parent, int last, int at)
            {
                int me = parents.Count;
                bool leaf = level == levels.Length - 1;
                parents.Add(parent);
                firstRow.Add(token.Count);
                for (int i = 0; i < levels[level]; i++)
                {
                    if (level > 0) targetRow.Add(last);
                    if (leaf && i == levels[level] - 1) break;
                    last = token.Count;
                    position.Add(at + i);
                    token.Add(Seed.Of(token.Count).Below(config.VocabSize));
                }
                for (int child = 0; !leaf && child < (level == 0 ? 1 : 2); child++) Node(level + 1, me, last, at + levels[level]);
            }

            Node(0, -1, -1, 0);
        }
        groupSegment.Add(parents.Count);
        groupTarget.Add(targetRow.Count);
        firstRow.Add(token.Count);
        int k = targetRow.Count;
        return new PackedBatch
        {
            GroupFirstSegment = [.. groupSegment],
            GroupFirstTarget = [.. groupTarget],
            SegmentParent = [.. parents],
            SegmentFirstRow = [.. firstRow],
            RowToken = [.. token],
            RowPosition = [.. position],
            TargetRow = [.. targetRow],
            TargetToken = new int[k],
            TargetSource = new int[k],
            Credit = new CreditColumns
            {
                PositiveMass = new float[k],
                NegativeMass = new float[k],
                Mass = new float[k],
                LogProbSampled = new float[k],
                Samples = new SampleTable
                {
                    GroupFirstRun = new int[groupSegment.Count],
                    RunFirstTarget = [],
                    RunTargetCount = [],
                    GroupFirstSample = new int[groupSegment.Count],
                    SampleTokenWeight = [],
                    SampleFirstPart = [0],
                    PartRun = [],
                    PartAdvantage = [],
                },
            },
        };
    }

    /// <summary>An objective without a loss: fixed derivatives, so that only the engine is timed.</summary>
    internal sealed class Weighted : IObjective
    {
        public bool NeedsReference => false;

        public bool UsesEntropy => false;

        public LossReport Evaluate(in ObjectiveInput input, Span<float> dLogProb, Span<float> dEntropy)
        {
            for (int t = 0; t < dLogProb.Length; t++) dLogProb[t] = 1e-3f * (t % 7 - 3);
            return default;
        }
    }
}
