using System;
using System.Linq;
using TreeRl.Numerics;
using TreeRl.Policies;
using TreeRl.Policies.Cpu;
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
                foreach (int branches in (int[])(decode ? [1, 8, 64, 256] : [])) Decode(name, policy, threads, branches);
                if (!train) continue;
                Train(name, policy, threads, "paths of 256", TreeShape.Pack(Enumerable.Repeat(TreeShape.Chain(32, 224), 16), config));
                Train(name, policy, threads, "tree", TreeShape.Pack(Enumerable.Repeat(TreeShape.Binary(32, 24, 24, 24, 24), 16), config));
            }
        }
    }

    /// <summary>Processor time for one thread, the wall's for several.</summary>
    private static Func<double> ClockOf(int threads) => threads == 1 ? PolicyTimes.Processor : PolicyTimes.Wall;

    private static void Decode(string name, CpuPolicy policy, int threads, int branches)
    {
        var (best, peak) = BesidePeak(branches >= 64 ? 4 : 12, passes => PolicyTimes.Decode(policy, branches, DecodeTokens, passes, ClockOf(threads)));
        double rate = branches * DecodeTokens / best.Seconds, gigaflops = 2.0 * policy.ParameterCount * rate / 1e9;
        Console.WriteLine($"decode {name,3}, {threads} threads, {branches,3} branches: {rate,9:f0} tokens/s, {gigaflops / peak / threads,4:p0} of peak, {best.Allocated} bytes allocated");
    }

    private static void Train(string name, CpuPolicy policy, int threads, string what, PackedBatch batch)
    {
        var (best, peak) = BesidePeak(4, steps => PolicyTimes.Train(policy, batch, steps, ClockOf(threads)));
        double flops = PolicyTimes.TrainingFlops(policy, batch);
        Console.WriteLine(
            $"train  {name,3}, {threads} threads, {what,12}, {batch.RowCount} rows: {best.Seconds * 1e3,7:f1} ms (update {best.Update * 1e3:f1}), {batch.RowCount / best.Seconds,7:f0} rows/s, {flops / best.Seconds / 1e9 / peak / threads,4:p0} of peak, {best.Allocated} bytes allocated");
    }

    /// <summary>The best timing, and the larger of the peaks measured before and after.</summary>
    private static (PolicyTimes.Timing Best, double Peak) BesidePeak(int times, Func<int, PolicyTimes.Timing> measure)
    {
        double before = Clock.PeakGigaflops(Simd.Best);
        var best = measure(times);
        return (best, Math.Max(before, Clock.PeakGigaflops(Simd.Best)));
    }
}
