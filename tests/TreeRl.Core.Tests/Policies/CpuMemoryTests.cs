using System;
using System.Linq;
using TreeRl.Models;
using TreeRl.Numerics;
using TreeRl.Policies;
using TreeRl.Policies.Cpu;
using Xunit;

namespace TreeRl.Tests.Policies;

public sealed class CpuMemoryTests
{
    [Theory]
    [MemberData(nameof(TestModels.Names), MemberType = typeof(TestModels))]
    public void Activations_computed_again_change_no_bit_of_any_result(string name)
    {
        var config = TestModels.ByName[name];
        var batch = TestBatches.Pack(TestBatches.RandomPrompts(6, config.VocabSize, 5, maxNode: 9));
        using var kept = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = 2, ChunkTokens = 40 });
        using var again = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = 1, ChunkTokens = 40, RecomputeActivations = true });
        for (int step = 0; step < 2; step++)
        {
            Assert.Equal(kept.Accumulate(batch, new LinearObjective()), again.Accumulate(batch, new LinearObjective()));
            Assert.Equal(kept.Apply(new OptimizerSettings(), 1e-2), again.Apply(new OptimizerSettings(), 1e-2));
        }
        var (expected, actual) = (kept.ExportWeights(), again.ExportWeights());
        foreach (string tensor in expected.Names) Assert.Equal(expected[tensor].Values, actual[tensor].Values);
    }

    [Theory]
    [InlineData(false, 1, 0)]
    [InlineData(false, 3, 2)]
    [InlineData(true, 2, 0)]
    public void The_formulas_give_the_bytes_that_training_takes(bool recompute, int threads, int lanes)
    {
        var config = TestModels.Plain with { Width = 96, FeedForward = 160, Layers = 5, VocabSize = 70 };
        var options = new CpuOptions { Threads = threads, GradientLanes = lanes, RecomputeActivations = recompute, ChunkTokens = 1 };
        var batch = TestBatches.Pack(TestBatches.RandomPrompts(11, config.VocabSize, 40, maxNode: 20));
        var weights = TestBatches.Weights(config);
        int largest = Enumerable.Range(0, batch.GroupCount).Max(g => batch.GroupFirstRow(g + 1) - batch.GroupFirstRow(g));
        long before = NativeBytes.OfThisThread;
        using var policy = CpuPolicy.Create(weights, options);
        policy.Accumulate(batch, new LinearObjective());
        policy.Apply(new OptimizerSettings(), 1e-3);
        double taken = NativeBytes.OfThisThread - before;
        // With so short a chunk each prompt is one.
        double told = CpuMemory.StateBytes(config, options) + CpuMemory.ActivationBytes(config, options, largest, batch.RowPosition.Max() + 1);
        Assert.InRange(taken / told, 0.9, 1.1);
    }

    [Fact]
    public void Recomputation_keeps_one_layers_activations_and_the_residual_stream_of_the_others()
    {
        var config = TestModels.Plain with { Width = 64, FeedForward = 192, Layers = 12 };
        long kept = CpuMemory.ActivationBytes(config, new CpuOptions { Threads = 1 }, 512, 128);
        long again = CpuMemory.ActivationBytes(config, new CpuOptions { Threads = 1, RecomputeActivations = true }, 512, 128);
        Assert.InRange((double)again / kept, 0.1, 0.3);
    }

    [Fact]
    public void Threads_without_a_chunk_take_no_room_and_change_nothing()
    {
        var config = TestModels.Plain with { Width = 96, FeedForward = 160 };
        var batch = TestBatches.Random(config, 40, prompts: 2);
        (long Bytes, float[] Gradient) Train(int threads)
        {
            long before = NativeBytes.OfThisThread;
            using var policy = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = threads, GradientLanes = 3, ChunkTokens = 1 });
            policy.Accumulate(batch, new LinearObjective());
            long taken = NativeBytes.OfThisThread - before;
            return (taken, policy.TakeGradient()["model.embed_tokens.weight"].Values);
        }

        var (two, many) = (Train(2), Train(9));
        Assert.InRange((double)many.Bytes / two.Bytes, 1, 1.02);
        Assert.Equal(two.Gradient, many.Gradient);
    }

    [Fact]
    public void A_pass_that_the_machine_cannot_hold_is_refused_with_the_options_that_make_it_smaller()
    {
        var config = TestModels.Plain with { Width = 16, FeedForward = 100_000, Layers = 1 };
        int leaves = (int)(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (sizeof(float) * 2L * config.FeedForward)) + 1;
        var answers = Enumerable.Range(0, leaves).Select(_ => new TestNode { Tokens = [1, 2] }).ToList();
        using var policy = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = 1 });
        var error = Assert.Throws<InsufficientMemoryException>(() => policy.Accumulate(TestBatches.Pack([new TestPrompt([0], answers)]), new LinearObjective()));
        Assert.StartsWith($"a pass over {leaves + 1} rows needs ", error.Message);
        Assert.Contains("SplitAbove", error.Message);
        // It took nothing, and what fits goes on.
        var small = TestBatches.Pack([new TestPrompt([0], answers[..3])]);
        policy.Accumulate(TestBatches.WithMasses(small, 1), new LinearObjective());
        Assert.True(policy.Apply(new OptimizerSettings(), 1e-3).GradientNorm > 0);
    }

    [Fact]
    public void A_cached_token_takes_what_the_formula_says()
    {
        var config = TestModels.Plain with { ContextLength = 400 };
        using var policy = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = 1 });
        using var decoder = policy.NewDecoder(new PickSettings());
        var branch = new int[1];
        decoder.Prompt(new[] { Enumerable.Range(0, 320).Select(i => i % config.VocabSize).ToArray() }, branch);
        Assert.Equal(320 * CpuMemory.CacheBytesPerToken(config), decoder.CacheBytes);
    }
}
