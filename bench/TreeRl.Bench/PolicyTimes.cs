using System;
using System.Diagnostics;
using System.Linq;
using TreeRl.Numerics;
using TreeRl.Policies;
using TreeRl.Policies.Cpu;

namespace TreeRl.Bench;

/// <summary>The decoding loop and the training step that every section times, and the operations a step stands for.</summary>
internal static class PolicyTimes
{
    private const int DecodePrompt = 24;

    /// <summary>Seconds by the clock on the wall.</summary>
    public static double Wall() => Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;

    /// <summary>Seconds of processor time of all threads, which a shared machine disturbs least; the time of a single thread only.</summary>
    public static double Processor() => Environment.CpuUsage.TotalTime.TotalSeconds;

    /// <summary>What was timed.</summary>
    /// <param name="Seconds">All of it.</param>
    /// <param name="Update">The optimiser's part; 0 in decoding.</param>
    /// <param name="Allocated">Bytes allocated on the managed heap.</param>
    internal readonly record struct Timing(double Seconds, double Update, long Allocated);

    /// <summary>Branches below one prompt of 24 tokens, sampling included: the best of <paramref name="passes"/> after a warm one.</summary>
    public static Timing Decode(CpuPolicy policy, int branches, int steps, int passes, Func<double> now)
    {
        var requests = new PickRequest[branches];
        var picks = new TokenPick[branches];
        int[] ids = new int[branches], tokens = new int[branches], root = new int[1], prompt = [.. Enumerable.Range(0, DecodePrompt)];
        using var decoder = policy.NewDecoder(new PickSettings());
        var best = new Timing(double.MaxValue, 0, 0);
        for (int pass = 0; pass <= passes; pass++)
        {
            decoder.Prompt(new[] { prompt }, root);
            decoder.Fork(root[0], ids);
            long before = GC.GetTotalAllocatedBytes();
            double start = now();
            for (int t = 0; t < steps; t++)
            {
                for (int i = 0; i < branches; i++) requests[i] = new PickRequest(ids[i], 1, false, Seed.Of(t).Child(i));
                decoder.Pick(requests, picks);
                for (int i = 0; i < branches; i++) tokens[i] = picks[i].Id;
                decoder.Advance(ids, tokens);
            }
            double seconds = now() - start;
            if (pass > 0 && seconds < best.Seconds) best = new Timing(seconds, 0, GC.GetTotalAllocatedBytes() - before);
            foreach (int id in ids) decoder.Release(id);
        }
        return best;
    }

    /// <summary>
    /// Seconds that a step of <paramref name="branches"/> cannot go below on <paramref name="threads"/> cores of this machine, on the average over <paramref name="steps"/>: its
    /// multiply-adds at their peak or its weights at the rate they can be read at, whichever is longer, and then the branches' own keys and values.
    /// </summary>
    public static double DecodeFloor(CpuPolicy policy, int branches, int steps, int threads)
    {
        var c = policy.Config;
        double weights = 4.0 * policy.ParameterCount / threads, cache = 8.0 * c.Layers * c.KeyValueHeads * c.HeadSize * branches * (DecodePrompt % 16 + steps / 2.0) / threads;
        double operations = 2.0 * policy.ParameterCount * branches / threads;
        return Math.Max(operations / Clock.PeakGigaflops(Simd.Best), weights / Clock.ReadGigabytes((long)weights)) * 1e-9 + cache / Clock.ReadGigabytes((long)cache) * 1e-9;
    }

    /// <summary>One training step: forward, backward and the optimiser.</summary>
    public static Timing Step(CpuPolicy policy, PackedBatch batch, Func<double> now)
    {
        long before = GC.GetTotalAllocatedBytes();
        double start = now();
        policy.Accumulate(batch, FixedDerivatives.Instance);
        double passed = now();
        policy.Apply(new OptimizerSettings(), 1e-6);
        double end = now();
        return new Timing(end - start, end - passed, GC.GetTotalAllocatedBytes() - before);
    }

    /// <summary>Seconds by the wall of one training step.</summary>
    public static double Step(CpuPolicy policy, PackedBatch batch) => Step(policy, batch, Wall).Seconds;

    /// <summary>The fastest of some training steps after a warm one.</summary>
    public static Timing Train(CpuPolicy policy, PackedBatch batch, int steps, Func<double> now) => Enumerable.Range(0, 1 + steps).Select(_ => Step(policy, batch, now)).Skip(1).MinBy(t => t.Seconds);

    /// <summary>Floating-point operations of a forward and backward pass: two for each multiply-add of the products and of attention, three times.</summary>
    public static double TrainingFlops(CpuPolicy policy, PackedBatch batch)
    {
        var c = policy.Config;
        return (6.0 * policy.ParameterCount * batch.RowCount) + (6.0 * batch.RowCount * Attended(batch) * 2 * c.Layers * c.Heads * c.HeadSize);
    }

    /// <summary>Positions a row attends to, its own included, on the average.</summary>
    public static double Attended(PackedBatch batch) => batch.RowPosition.Average(p => p + 1.0);

    /// <summary>An objective without a loss: fixed derivatives, so that only the engine is timed.</summary>
    private sealed class FixedDerivatives : IObjective
    {
        public static readonly FixedDerivatives Instance = new();

        public bool NeedsReference => false;

        public bool UsesEntropy => false;

        public LossReport Evaluate(in ObjectiveInput input, Span<float> dLogProb, Span<float> dEntropy)
        {
            for (int t = 0; t < dLogProb.Length; t++) dLogProb[t] = 1e-3f * (t % 7 - 3);
            return default;
        }
    }
}
