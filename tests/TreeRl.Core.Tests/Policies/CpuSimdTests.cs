using System;
using System.Linq;
using TreeRl.Models;
using TreeRl.Numerics;
using TreeRl.Policies;
using TreeRl.Policies.Cpu;
using Xunit;

namespace TreeRl.Tests.Policies;

/// <summary>Everything the engine does - scores, gradients, updates, decoding - by each width of vectors.</summary>
public sealed class CpuSimdTests
{
    /// <summary>Gap that rounding may leave between two widths in a log-probability, logit or weight, and as a share of a gradient tensor's norm.</summary>
    private const double Tolerance = 3e-5;

    /// <summary>An epsilon far above the gradients' rounding, so that an update follows its gradient smoothly: else a gradient of nearly 0 might move its weight either way.</summary>
    private static readonly OptimizerSettings Settings = new() { Epsilon = 1e-2, WeightDecay = 0.1 };

    [Theory]
    [InlineData(SimdLevel.Portable, "everything, head 40, adjacent")]
    [InlineData(SimdLevel.Portable, "qwen2: bias, grouped queries, head 24")]
    [InlineData(SimdLevel.Avx2, "everything, head 40, adjacent")]
    [InlineData(SimdLevel.Avx2, "qwen2: bias, grouped queries, head 24")]
    public void Narrower_kernels_agree_with_the_widest(SimdLevel level, string name)
    {
        Assert.SkipWhen(level > Simd.Best, "this machine has no such kernels");
        Run expected = Work(name, Simd.Best, threads: 1), actual = Work(name, level, threads: 1);
        Near(expected.LogProb, actual.LogProb, "log-probability");
        foreach (string tensor in expected.Gradient.Names)
        {
            float[] a = expected.Gradient[tensor].Values, b = actual.Gradient[tensor].Values;
            double gap = Math.Sqrt(a.Zip(b, (x, y) => Math.Pow((double)x - y, 2)).Sum()), norm = Math.Sqrt(a.Sum(x => (double)x * x));
            Assert.True(gap <= Tolerance * norm, $"gradient of {tensor}: off by {gap / norm}");
            Near(expected.Updated[tensor].Values, actual.Updated[tensor].Values, $"updated {tensor}");
        }
        Near(expected.Logits, actual.Logits, "logit");
    }

    [Theory]
    [InlineData(SimdLevel.Portable)]
    [InlineData(SimdLevel.Avx2)]
    [InlineData(SimdLevel.Avx512)]
    public void Two_threads_give_the_bytes_of_one(SimdLevel level)
    {
        Assert.SkipWhen(level > Simd.Best, "this machine has no such kernels");
        foreach (string name in new[] { "everything, head 40, adjacent", "qwen2: bias, grouped queries, head 24" })
        {
            Run one = Work(name, level, threads: 1), two = Work(name, level, threads: 2);
            Assert.Equal(one.LogProb, two.LogProb);
            Assert.Equal(one.Logits, two.Logits);
            foreach (string tensor in one.Gradient.Names)
            {
                Assert.Equal(one.Gradient[tensor].Values, two.Gradient[tensor].Values);
                Assert.Equal(one.Updated[tensor].Values, two.Updated[tensor].Values);
            }
        }
    }

    /// <summary>Scores and accumulates one batch, updates, then decodes with the new weights.</summary>
    private static Run Work(string name, SimdLevel level, int threads)
    {
        var config = TestModels.ByName[name];
        var batch = CpuUpdateTests.Batch(config, 5);
        using var policy = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = threads, Simd = level, ChunkTokens = 25 });
        float[] logProb = CpuScoreTests.Score(policy, batch).LogProb;
        policy.Accumulate(batch, new LinearObjective());
        var gradient = policy.ExportGradient();
        policy.Apply(Settings, 0.01);
        using var decoder = policy.NewDecoder(new PickSettings());
        int[] branches = new int[3], children = new int[2], path = CpuDecoderTests.Path(config, 24);
        decoder.Prompt(new[] { path[..19], path[..1], path[..8] }, branches);
        decoder.Fork(branches[0], children);
        branches[0] = children[1];
        for (int i = 19; i < path.Length; i++) decoder.Advance(branches, [path[i], path[i], path[i]]);
        var logits = new float[branches.Length * config.VocabSize];
        for (int i = 0; i < branches.Length; i++) decoder.CopyLogits(branches[i], logits.AsSpan(i * config.VocabSize, config.VocabSize));
        return new Run(logProb, gradient, policy.ExportWeights(), logits);
    }

    private static void Near(float[] expected, float[] actual, string what)
    {
        for (int i = 0; i < expected.Length; i++) Assert.True(Math.Abs((double)expected[i] - actual[i]) <= Tolerance, $"{what} {i}: {actual[i]} against {expected[i]}");
    }

    private sealed record Run(float[] LogProb, ITensorSet Gradient, ModelWeights Updated, float[] Logits);
}
