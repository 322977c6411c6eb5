using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Policies.Cpu;
using Xunit;

namespace TreeRl.Tests.Policies;

public sealed class CpuUpdateTests
{
    private static readonly OptimizerSettings Settings = new() { Beta1 = 0.8, Beta2 = 0.95, Epsilon = 1e-6, WeightDecay = 0.1, MaxGradientNorm = 0.5 };

    [Theory]
    [MemberData(nameof(TestModels.Names), MemberType = typeof(TestModels))]
    public void Weights_come_out_as_they_went_in(string name)
    {
        var config = TestModels.ByName[name];
        var weights = TestBatches.Weights(config);
        using var policy = CpuPolicy.Create(weights, new CpuOptions { Threads = 1 });
        AssertSame(weights, policy.ExportWeights());
        Assert.Equal(weights.Names.Sum(n => (long)weights[n].Values.Length), policy.ParameterCount);
        Assert.Equal(config, policy.Config);
    }

    [Fact]
    public void Steps_equal_AdamW_by_hand_in_double()
    {
        var config = TestModels.ByName["everything, head 40, adjacent"];
        using var policy = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = 2, ChunkTokens = 30 });
        var batch = Batch(config, 4);
        var m = new Dictionary<string, double[]>();
        var v = new Dictionary<string, double[]>();
        for (int step = 1; step <= 3; step++)
        {
            var before = policy.ExportWeights();
            policy.Accumulate(batch, new LinearObjective());
            if (step == 2) policy.Accumulate(Batch(config, 5), new LinearObjective()); // gradients add up
            var gradient = policy.ExportGradient();
            double norm = Math.Sqrt(gradient.Names.Sum(n => gradient[n].Values.Sum(g => (double)g * g)));
            var report = policy.Apply(Settings, 0.01 * step);
            Assert.Equal(norm, report.GradientNorm, 1e-6 * norm);
            Assert.Equal((norm > Settings.MaxGradientNorm, (long)step), (report.Clipped, report.Step));
            Assert.True(report.Clipped);
            var after = policy.ExportWeights();
            foreach (string tensor in before.Names)
            {
                float[] g = gradient[tensor].Values, w = before[tensor].Values;
                m.TryAdd(tensor, new double[g.Length]);
                v.TryAdd(tensor, new double[g.Length]);
                double decay = before[tensor].Shape.Length == 2 ? 1 - 0.01 * step * Settings.WeightDecay : 1;
                for (int i = 0; i < g.Length; i++)
                {
                    double clippedGradient = g[i] * Settings.MaxGradientNorm / norm;
                    m[tensor][i] = Settings.Beta1 * m[tensor][i] + (1 - Settings.Beta1) * clippedGradient;
                    v[tensor][i] = Settings.Beta2 * v[tensor][i] + (1 - Settings.Beta2) * clippedGradient * clippedGradient;
                    double moved = m[tensor][i] / (1 - Math.Pow(Settings.Beta1, step)) / (Math.Sqrt(v[tensor][i] / (1 - Math.Pow(Settings.Beta2, step))) + Settings.Epsilon);
                    // A step is at most about the learning rate, computed in single precision.
                    Assert.Equal(w[i] * decay - 0.01 * step * moved, after[tensor].Values[i], 1e-6);
                }
            }
            Assert.All(policy.ExportGradient().Names, n => Assert.All(policy.ExportGradient()[n].Values, g => Assert.Equal(0, g)));
        }
    }

    [Fact]
    public void A_small_gradient_is_not_clipped_and_no_gradient_moves_nothing_but_by_decay()
    {
        var config = TestModels.Plain;
        using var policy = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = 1 });
        var before = policy.ExportWeights();
        var report = policy.Apply(new OptimizerSettings { WeightDecay = 0.5 }, 0.1);
        Assert.Equal(new UpdateReport(0, false, 1), report);
        var after = policy.ExportWeights();
        foreach (string tensor in before.Names)
        {
            double keep = before[tensor].Shape.Length == 2 ? 0.95 : 1;
            for (int i = 0; i < before[tensor].Values.Length; i++) Assert.Equal(keep * before[tensor].Values[i], after[tensor].Values[i], 1e-6);
        }
        policy.Accumulate(Batch(config, 1), new LinearObjective());
        Assert.False(policy.Apply(new OptimizerSettings { MaxGradientNorm = double.PositiveInfinity }, 0.1).Clipped);
    }

    [Theory]
    [InlineData("everything, head 40, adjacent")]
    [InlineData("qwen2: bias, grouped queries, head 24")]
    public void Any_number_of_threads_gives_the_same_bytes(string name)
    {
        var config = TestModels.ByName[name];
        var results = new List<(ModelWeights Weights, OptimizerState State, double Loss)>();
        foreach (int threads in new[] { 1, 2, 3 })
        {
            using var policy = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = threads, ChunkTokens = 25 });
            double loss = 0;
            for (int step = 0; step < 4; step++)
            {
                loss += policy.Accumulate(Batch(config, step, prompts: 9), new LinearObjective()).Loss;
                policy.Apply(Settings, 0.01);
            }
            results.Add((policy.ExportWeights(), policy.ExportOptimizer(), loss));
        }
        foreach (var (weights, state, loss) in results.Skip(1))
        {
            AssertSame(results[0].Weights, weights);
            AssertSame(results[0].State.FirstMoment, state.FirstMoment);
            AssertSame(results[0].State.SecondMoment, state.SecondMoment);
            Assert.Equal(results[0].Loss, loss);
        }
    }

    [Fact]
    public void A_restored_policy_goes_on_to_the_same_bytes()
    {
        var config = TestModels.ByName["qwen3: q/k norm, untied, head 32"];
        using var policy = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = 2, ChunkTokens = 25 });
        void Step(CpuPolicy which, int step)
        {
            which.Accumulate(Batch(config, step), new LinearObjective());
            which.Apply(Settings, 0.01);
        }

        for (int step = 0; step < 3; step++) Step(policy, step);
        using var restored = CpuPolicy.Create(policy.ExportWeights(), new CpuOptions { Threads = 1, ChunkTokens = 25 });
        var state = policy.ExportOptimizer();
        restored.ImportOptimizer(state);
        Assert.Equal(3, restored.ExportOptimizer().Step);
        AssertSame(state.FirstMoment, restored.ExportOptimizer().FirstMoment);
        AssertSame(state.SecondMoment, restored.ExportOptimizer().SecondMoment);
        Step(policy, 3);
        Step(restored, 3);
        AssertSame(policy.ExportWeights(), restored.ExportWeights());
        using var other = CpuPolicy.Create(TestBatches.Weights(TestModels.Plain), new CpuOptions { Threads = 1 });
        Assert.Contains("embed_tokens", Assert.Throws<ArgumentException>(() => restored.ImportOptimizer(other.ExportOptimizer())).Message);
    }

    [Fact]
    public void A_frozen_clone_keeps_its_weights_and_cannot_be_trained()
    {
        var config = TestModels.Plain;
        using var policy = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = 2 });
        var batch = Batch(config, 1);
        var before = CpuScoreTests.Score(policy, batch).LogProb;
        using var clone = policy.CloneFrozen();
        policy.Accumulate(batch, new LinearObjective());
        policy.Apply(Settings, 0.1);
        Assert.Equal(before, CpuScoreTests.Score(clone, batch).LogProb);
        Assert.NotEqual(before, CpuScoreTests.Score(policy, batch).LogProb);
        Assert.Throws<InvalidOperationException>(() => clone.Accumulate(batch, new LinearObjective()));
        Assert.Throws<InvalidOperationException>(() => clone.Apply(Settings, 0.1));
        policy.Dispose();
        Assert.Equal(before, CpuScoreTests.Score(clone, batch).LogProb);
        Assert.Throws<ObjectDisposedException>(() => policy.ExportWeights());
    }

    [Fact]
    public void A_gradient_that_is_not_finite_stops_the_step_and_names_its_tensor()
    {
        var config = TestModels.ByName["qwen3: q/k norm, untied, head 32"];
        using var policy = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = 2, ChunkTokens = 25 });
        policy.Accumulate(Batch(config, 1), new LinearObjective());
        policy.Apply(Settings, 0.01);
        var weights = policy.ExportWeights();
        var state = policy.ExportOptimizer();
        var batch = Batch(config, 2);
        batch.Credit.PositiveMass[3] = 3e38f; // finite for the objective, too large for the products after it
        batch.Credit.PositiveMass[4] = -3e38f;
        policy.Accumulate(batch, new LinearObjective());
        var met = Assert.Throws<NonFiniteException>(() => policy.Apply(Settings, 0.01));
        Assert.Contains(config.TiedHead ? "embed_tokens" : ".weight", met.Where);
        AssertSame(weights, policy.ExportWeights());
        AssertSame(state.FirstMoment, policy.ExportOptimizer().FirstMoment);
        AssertSame(state.SecondMoment, policy.ExportOptimizer().SecondMoment);
        Assert.Equal(1, policy.ExportOptimizer().Step);
        Assert.Equal(0, policy.Apply(Settings, 0).GradientNorm); // cleared
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void An_update_that_overflows_is_not_made_and_names_its_tensor(int threads)
    {
        var config = TestModels.ByName["everything, head 40, adjacent"];
        using var policy = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = threads, ChunkTokens = 25 });
        policy.Accumulate(Batch(config, 1), new LinearObjective());
        policy.Apply(Settings, 0.01);
        void Refused(Action<CpuPolicy> spoil, OptimizerSettings settings, double rate, string tensor)
        {
            using var spoilt = CpuPolicy.Create(policy.ExportWeights(), new CpuOptions { Threads = threads, ChunkTokens = 25 });
            spoilt.ImportOptimizer(policy.ExportOptimizer());
            spoil(spoilt);
            var weights = spoilt.ExportWeights();
            var state = spoilt.ExportOptimizer();
            spoilt.Accumulate(Batch(config, 2), new LinearObjective());
            var met = Assert.Throws<NonFiniteException>(() => spoilt.Apply(settings, rate));
            Assert.Contains($" {tensor} ", met.Where);
            Assert.False(double.IsFinite(met.Value));
            AssertSame(weights, spoilt.ExportWeights());
            AssertSame(state.FirstMoment, spoilt.ExportOptimizer().FirstMoment);
            AssertSame(state.SecondMoment, spoilt.ExportOptimizer().SecondMoment);
            Assert.Equal(1, spoilt.ExportOptimizer().Step);
        }

        Refused(_ => { }, Settings, 1e39, "model.embed_tokens.weight");
        Refused(_ => { }, Settings with { WeightDecay = 1e30 }, 1e30, "model.embed_tokens.weight");
        foreach (string tensor in new[] { "model.embed_tokens.weight", "model.layers.1.mlp.up_proj.weight", "lm_head.weight", "model.layers.0.self_attn.k_proj.bias", "model.norm.weight" })
        {
            Refused(
                which =>
                {
                    var state = which.ExportOptimizer();
                    state.FirstMoment[tensor].Values[^1] = 1e33f;
                    state.SecondMoment[tensor].Values[^1] = 0;
                    which.ImportOptimizer(state);
                },
                Settings,
                1e6,
                tensor);
        }
    }

    [Fact]
    public void A_huge_update_that_stays_finite_is_made()
    {
        var config = TestModels.Plain;
        using var policy = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = 2, ChunkTokens = 25 });
        policy.Accumulate(Batch(config, 1), new LinearObjective());
        policy.Apply(Settings, 1e30);
        var after = policy.ExportWeights();
        Assert.Contains(after.Names, n => after[n].Values.Any(w => Math.Abs(w) > 1e29f));
        Assert.All(after.Names, n => Assert.All(after[n].Values, w => Assert.True(float.IsFinite(w))));
    }

    [Fact]
    public void A_gradient_whose_square_overflows_is_refused_without_clipping()
    {
        var config = TestModels.Plain;
        using var policy = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = 1 });
        var weights = policy.ExportWeights();
        var batch = Batch(config, 2);
        batch.Credit.PositiveMass[3] = 1e25f;
        policy.Accumulate(batch, new LinearObjective());
        Assert.Contains("model.", Assert.Throws<NonFiniteException>(() => policy.Apply(Settings with { MaxGradientNorm = double.PositiveInfinity }, 0.01)).Where);
        AssertSame(weights, policy.ExportWeights());
        policy.Accumulate(batch, new LinearObjective());
        Assert.True(policy.Apply(Settings, 0.01).Clipped);
    }

    [Fact]
    public void Failures_inside_accumulate_clear_the_gradient_and_do_not_depend_on_threads()
    {
        var config = TestModels.Plain;
        foreach (int threads in new[] { 1, 2, 3 })
        {
            using var policy = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = threads, ChunkTokens = 1 });
            var batch = Batch(config, 3, prompts: 8);
            policy.Accumulate(batch, new LinearObjective());
            batch.Credit.PositiveMass[batch.GroupFirstTarget[5]] = float.NaN;
            batch.Credit.PositiveMass[batch.GroupFirstTarget[6]] = float.NaN;
            Assert.Contains("group 5", Assert.Throws<NonFiniteException>(() => policy.Accumulate(batch, new LinearObjective())).Message);
            Assert.Equal(0, policy.Apply(Settings, 0).GradientNorm);
            Assert.Equal("mine", Assert.Throws<NotSupportedException>(() => policy.Accumulate(batch, new ThrowingObjective())).Message);
            Assert.Equal(0, policy.Apply(Settings, 0).GradientNorm);
        }
        var broken = TestBatches.Weights(config);
        broken["model.layers.0.mlp.up_proj.weight"].Values[7] = float.NaN;
        using var nan = CpuPolicy.Create(broken, new CpuOptions { Threads = 2 });
        Assert.Throws<NonFiniteException>(() => nan.Accumulate(Batch(config, 3), new LinearObjective()));
    }

    [Fact]
    public void Settings_out_of_range_are_refused()
    {
        var weights = TestBatches.Weights(TestModels.Plain);
        Assert.Throws<ArgumentOutOfRangeException>(() => CpuPolicy.Create(weights, new CpuOptions { Threads = -1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => CpuPolicy.Create(weights, new CpuOptions { GradientLanes = -1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => CpuPolicy.Create(weights, new CpuOptions { ChunkTokens = 0 }));
        using var policy = CpuPolicy.Create(weights, new CpuOptions { Threads = 1 });
        Assert.Equal("cpu (" + TreeRl.Numerics.Simd.Best.ToString().ToLowerInvariant() + ", 1 thread)", policy.Engine);
        Assert.Throws<ArgumentOutOfRangeException>(() => policy.Apply(new OptimizerSettings(), double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => policy.Apply(new OptimizerSettings { Beta1 = 1 }, 0.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => policy.Apply(new OptimizerSettings { MaxGradientNorm = 0 }, 0.1));
    }

    internal static PackedBatch Batch(ModelConfig config, long seed, int prompts = 5) =>
        TestBatches.WithMasses(TestBatches.Pack(TestBatches.RandomPrompts(prompts, config.VocabSize, seed + 100)), seed);

    private static void AssertSame(ITensorSet expected, ITensorSet actual)
    {
        Assert.Equal(expected.Names, actual.Names);
        foreach (string name in expected.Names) Assert.Equal(expected[name].Values, actual[name].Values);
    }

    private sealed class ThrowingObjective : IObjective
    {
        public bool NeedsReference => false;

        public bool UsesEntropy => false;

        public LossReport Evaluate(in ObjectiveInput input, Span<float> dLogProb, Span<float> dEntropy) => throw new NotSupportedException("mine");
    }
}
