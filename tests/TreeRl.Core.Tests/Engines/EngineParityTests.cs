using System;
using System.Linq;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Policies.Engines;
using TreeRl.Tests.Policies;
using Xunit;

namespace TreeRl.Tests.Engines;

[Collection("engines")]
public sealed class EngineParityTests
{
    [Theory]
    [InlineData(EngineDevice.Cpu)]
    [InlineData(EngineDevice.TorchCpu)]
    [InlineData(EngineDevice.Cuda)]
    public void Every_engine_is_here(EngineDevice device)
    {
        var missing = TestEngines.Missing(device);
        Assert.SkipWhen(missing is not null, missing?.Message ?? "");
        TestContext.Current.SendDiagnosticMessage("{0}: {1}", device, EngineRegistry.PackageOf(device));
    }

    [Theory]
    [MemberData(nameof(TestEngines.Present), MemberType = typeof(TestEngines))]
    public void Log_probabilities_and_entropies_equal_the_plain_models(EngineDevice device)
    {
        double worst = 0;
        foreach (var (name, config) in TestEngines.Models)
        {
            var weights = TestBatches.Weights(config);
            var batch = TestBatches.Random(config, 7, config.VocabSize > 1000 ? 1 : 4);
            using var policy = TestEngines.Make(device, weights);
            var (expectedLogProb, expectedEntropy) = new ReferenceModel(weights).Score(batch);
            var (logProb, entropy) = TestEngines.Score(policy, batch);
            for (int t = 0; t < batch.TargetCount; t++)
            {
                worst = Math.Max(worst, Math.Max(Math.Abs(logProb[t] - expectedLogProb[t]), Math.Abs(entropy[t] - expectedEntropy[t])));
                Assert.True(Math.Abs(logProb[t] - expectedLogProb[t]) < TestEngines.LogProbTolerance, $"{name}: target {t} has {logProb[t]}, expected {expectedLogProb[t]}");
                Assert.True(Math.Abs(entropy[t] - expectedEntropy[t]) < TestEngines.LogProbTolerance, $"{name}: entropy {t} is {entropy[t]}, expected {expectedEntropy[t]}");
            }
        }
        TestContext.Current.TestOutputHelper!.WriteLine($"largest difference {worst:G3} nats");
    }

    [Theory]
    [MemberData(nameof(TestEngines.Present), MemberType = typeof(TestEngines))]
    public void Gradients_equal_central_differences_of_the_plain_model(EngineDevice device)
    {
        const double step = 1e-4;
        double worst = 0;
        foreach (var (name, config) in TestEngines.Models.Where(model => model.Config is { VocabSize: < 1000, HeadSize: < 64 }))
        {
            var weights = TestBatches.Weights(config, 3);
            var batch = TestBatches.Random(config, 11, 2);
            using var policy = TestEngines.Make(device, weights);
            policy.Accumulate(batch, new LinearObjective());
            var gradient = policy.TakeGradient();
            var reference = new ReferenceModel(weights);
            foreach (string tensor in weights.Names)
            {
                // Along the gradient itself, where the derivative is its norm.
                float[] g = gradient[tensor].Values;
                double norm = Math.Sqrt(g.Sum(v => (double)v * v));
                if (norm < 1e-6) continue;
                double slope = TestBatches.Slope(reference, batch, tensor, [.. g.Select(v => (double)v)], step / norm) / norm;
                worst = Math.Max(worst, Math.Abs(slope - norm) / norm);
                Assert.True(Math.Abs(slope - norm) <= TestEngines.GradientTolerance * norm + 1e-6, $"{name}: {tensor} has norm {norm}, but the loss rises by {slope} along it");
            }
        }
        TestContext.Current.TestOutputHelper!.WriteLine($"largest relative difference {worst:G3}");
    }

    [Theory]
    [MemberData(nameof(TestEngines.Torch), MemberType = typeof(TestEngines))]
    public void Gradients_equal_the_embedded_engines_however_the_batch_is_cut(EngineDevice device)
    {
        TestEngines.SkipEmbedded(device);
        EngineOptions[] ways =
        [
            new(), new() { TokenBudget = 1, LogitRows = 1 }, new() { TokenBudget = 20, LogitRows = 3, Checkpointing = true }, new() { FusedAttention = true },
            new() { SplitAbove = 10, TokenBudget = 20 },
        ];
        double worst = 0;
        foreach (var (name, config) in TestEngines.Models)
        {
            var weights = TestBatches.Weights(config, 3);
            var batch = TestBatches.Random(config, 13, config.VocabSize > 1000 ? 1 : 3);
            using var embedded = TestEngines.Make(EngineDevice.Cpu, weights);
            var loss = embedded.Accumulate(batch, new LinearObjective());
            var expected = embedded.TakeGradient();
            foreach (var way in ways)
            {
                using var policy = TestEngines.Make(device, weights, way);
                var found = policy.Accumulate(batch, new LinearObjective());
                Assert.Equal(loss.Loss, found.Loss, 1e-4 * batch.TargetCount);
                Assert.Equal(loss.TokenCount, found.TokenCount);
                worst = Math.Max(worst, TestEngines.AssertClose(expected, policy.TakeGradient(), TestEngines.GradientTolerance, $"{name}, {way}"));
                policy.Accumulate(batch, new LinearObjective(entropy: false));
                embedded.Accumulate(batch, new LinearObjective(entropy: false));
                TestEngines.AssertClose(embedded.TakeGradient(), policy.TakeGradient(), TestEngines.GradientTolerance, $"{name}, {way}, without entropy");
            }
        }
        TestContext.Current.TestOutputHelper!.WriteLine($"largest relative difference {worst:G3}");
    }

    [Theory]
    [MemberData(nameof(TestEngines.Torch), MemberType = typeof(TestEngines))]
    public void Updates_lead_to_the_embedded_engines_weights_and_moments(EngineDevice device)
    {
        TestEngines.SkipEmbedded(device);
        var config = TestModels.Find("everything, head 40, adjacent");
        var weights = TestBatches.Weights(config);
        // An epsilon above the gradients' rounding, else Adam's quotient is a coin for gradients near 0.
        var settings = new OptimizerSettings { WeightDecay = 0.1, MaxGradientNorm = 3, Epsilon = 1e-3 };
        using var embedded = TestEngines.Make(EngineDevice.Cpu, weights);
        using var policy = TestEngines.Make(device, weights);
        for (int step = 0; step < 5; step++)
        {
            var batch = TestBatches.Random(config, step + 1);
            embedded.Accumulate(batch, new LinearObjective());
            policy.Accumulate(batch, new LinearObjective());
            UpdateReport expected = embedded.Apply(settings, 1e-2), found = policy.Apply(settings, 1e-2);
            Assert.Equal(expected.GradientNorm, found.GradientNorm, TestEngines.GradientTolerance * expected.GradientNorm);
            Assert.Equal((expected.Clipped, expected.Step), (found.Clipped, found.Step));
        }
        TestEngines.AssertClose(embedded.ExportWeights(), policy.ExportWeights(), TestEngines.GradientTolerance, "weights");
        TestEngines.AssertClose(embedded.ExportOptimizer().FirstMoment, policy.ExportOptimizer().FirstMoment, TestEngines.GradientTolerance, "first moments");
        TestEngines.AssertClose(embedded.ExportOptimizer().SecondMoment, policy.ExportOptimizer().SecondMoment, 2 * TestEngines.GradientTolerance, "second moments");
    }

    [Theory]
    [MemberData(nameof(TestEngines.Present), MemberType = typeof(TestEngines))]
    public void Weights_and_moments_go_from_engine_to_engine_bit_for_bit(EngineDevice device)
    {
        foreach (var (_, config) in TestEngines.Models)
        {
            var weights = TestBatches.Weights(config);
            using var policy = TestEngines.Make(device, weights);
            TestEngines.AssertEqual(weights, policy.ExportWeights());
            policy.Accumulate(TestBatches.Random(config, 2, 1), new LinearObjective());
            policy.Apply(new OptimizerSettings(), 1e-3);
            var state = policy.ExportOptimizer();
            using var other = TestEngines.Make(EngineDevice.Cpu, policy.ExportWeights());
            other.ImportOptimizer(state);
            using var back = TestEngines.Make(device, other.ExportWeights());
            back.ImportOptimizer(other.ExportOptimizer());
            TestEngines.AssertEqual(policy.ExportWeights(), back.ExportWeights());
            Assert.Equal(1, back.ExportOptimizer().Step);
            TestEngines.AssertEqual(state.FirstMoment, back.ExportOptimizer().FirstMoment);
            TestEngines.AssertEqual(state.SecondMoment, back.ExportOptimizer().SecondMoment);
        }
    }

    [Theory]
    [MemberData(nameof(TestEngines.Torch), MemberType = typeof(TestEngines))]
    public void An_adapter_is_trained_alone_and_as_by_the_embedded_engine(EngineDevice device)
    {
        TestEngines.SkipEmbedded(device);
        var settings = new OptimizerSettings { WeightDecay = 0.1, Epsilon = 1e-3 };
        foreach (string name in (string[])["plain", "everything, head 40, adjacent"]) // head tied and not
        {
            var config = TestModels.Find(name);
            LoraSettings[] adapters = [TestAdapters.Everywhere, new() { Rank = 2, Layers = ["v_proj", "down_proj"], Blocks = [1] }];
            foreach (var adapter in adapters)
            {
                var weights = TestAdapters.On(TestBatches.Weights(config), adapter);
                using var embedded = TestEngines.Make(EngineDevice.Cpu, weights);
                using var policy = TestEngines.Make(device, weights);
                for (int step = 0; step < 3; step++)
                {
                    var batch = TestBatches.Random(config, step + 1);
                    var (expected, found) = (TestEngines.Score(embedded, batch).LogProb, TestEngines.Score(policy, batch).LogProb);
                    for (int t = 0; t < found.Length; t++) Assert.Equal(expected[t], found[t], TestEngines.LogProbTolerance);
                    foreach (var trained in (IPolicy[])[embedded, policy])
                    {
                        trained.Accumulate(batch, new LinearObjective());
                        trained.Apply(settings, 1e-2);
                    }
                }
                Assert.Equal(embedded.ParameterCount, policy.ParameterCount);
                TestEngines.AssertEqual(weights, policy.ExportWeights());
                TestEngines.AssertClose(embedded.ExportAdapter()!, policy.ExportAdapter()!, TestEngines.GradientTolerance, $"{name}, adapter");
                TestEngines.AssertClose(embedded.ExportOptimizer().FirstMoment, policy.ExportOptimizer().FirstMoment, TestEngines.GradientTolerance, $"{name}, moments");
                embedded.ImportOptimizer(policy.ExportOptimizer());
                Assert.Throws<InvalidOperationException>(policy.TakeGradient);
            }
        }
    }

    [Theory]
    [MemberData(nameof(TestEngines.Present), MemberType = typeof(TestEngines))]
    public void A_frozen_copy_keeps_its_weights_and_refuses_to_be_trained(EngineDevice device)
    {
        var weights = TestBatches.Weights(TestModels.Plain);
        var batch = TestBatches.Random(TestModels.Plain, 5);
        using var policy = TestEngines.Make(device, weights);
        using var copy = policy.CloneFrozen();
        var before = TestEngines.Score(copy, batch);
        policy.Accumulate(batch, new LinearObjective());
        policy.Apply(new OptimizerSettings(), 1e-2);
        Assert.Equal(before.LogProb, TestEngines.Score(copy, batch).LogProb);
        Assert.NotEqual(before.LogProb, TestEngines.Score(policy, batch).LogProb);
        Assert.Throws<InvalidOperationException>(() => copy.Accumulate(batch, new LinearObjective()));
    }

    [Theory]
    [MemberData(nameof(TestEngines.Present), MemberType = typeof(TestEngines))]
    public void An_overflowing_update_is_not_made_and_names_its_tensor(EngineDevice device)
    {
        var weights = TestBatches.Weights(TestModels.Plain);
        var batch = TestBatches.Random(TestModels.Plain, 5);
        using var policy = TestEngines.Make(device, weights);
        policy.Accumulate(batch, new LinearObjective());
        var met = Assert.Throws<NonFiniteException>(() => policy.Apply(new OptimizerSettings { MaxGradientNorm = double.PositiveInfinity }, 1e300));
        Assert.Contains("model.embed_tokens.weight", met.Message, StringComparison.Ordinal);
        TestEngines.AssertEqual(weights, policy.ExportWeights());
        Assert.All(policy.TakeGradient()["model.norm.weight"].Values, value => Assert.Equal(0, value));
        Assert.Equal(0, policy.ExportOptimizer().Step);
    }

    [Theory]
    [MemberData(nameof(TestEngines.Torch), MemberType = typeof(TestEngines))]
    public void In_bfloat16_scores_and_gradients_stay_near(EngineDevice device)
    {
        TestEngines.SkipEmbedded(device);
        var config = TestModels.Find("qwen3: q/k norm, untied, head 32");
        var weights = ModelWeights.Random(config, Seed.Of(4), 0.1);
        var batch = TestBatches.Random(config, 3);
        using var exact = TestEngines.Make(device, weights);
        using var rough = TestEngines.Make(device, weights, new EngineOptions { BFloat16 = true, Checkpointing = true });
        var (expected, found) = (TestEngines.Score(exact, batch).LogProb, TestEngines.Score(rough, batch).LogProb);
        for (int t = 0; t < expected.Length; t++) Assert.Equal(expected[t], found[t], 0.05);
        Assert.NotEqual(expected, found);
        exact.Accumulate(batch, new LinearObjective());
        rough.Accumulate(batch, new LinearObjective());
        TestEngines.AssertClose(exact.TakeGradient(), rough.TakeGradient(), 0.05, "bf16");
        TestEngines.AssertEqual(weights, rough.ExportWeights());
    }

    [Fact]
    public void A_missing_engine_says_which_part_is_missing_what_was_found_and_what_to_do()
    {
        var missing = TestEngines.Missing(EngineDevice.Cuda);
        Assert.SkipWhen(missing is null, "CUDA is here");
        Assert.Contains($"the {(missing!.Part == EnginePart.Package ? "package" : "device")} is missing. Found: ", missing.Message, StringComparison.Ordinal);
        Assert.Contains(missing.Part == EnginePart.Package ? "./treerl --torch cuda" : "nvidia-smi", missing.Message, StringComparison.Ordinal);
        Assert.Throws<EngineMissingException>(() => EngineRegistry.Create(EngineDevice.Cuda, TestBatches.Weights(TestModels.Plain)));
        Assert.Throws<ArgumentException>(() => EngineRegistry.Create(EngineDevice.Cpu, TestBatches.Weights(TestModels.Plain), new EngineOptions()));
    }
}
