using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Policies.Cpu;
using Xunit;

namespace TreeRl.Tests.Policies;

public sealed class CpuAdapterTests
{
    private static readonly CpuOptions One = new() { Threads = 1 };
    private static readonly OptimizerSettings Settings = new() { WeightDecay = 0.1 };

    /// <summary>Log-probabilities, then entropies.</summary>
    private static float[] Score(ModelWeights weights, PackedBatch batch)
    {
        using var policy = CpuPolicy.Create(weights, One);
        return Score(policy, batch);
    }

    private static float[] Score(IPolicy policy, PackedBatch batch)
    {
        var logProb = new float[batch.TargetCount];
        var entropy = new float[batch.TargetCount];
        policy.Score(batch, logProb, entropy);
        return [.. logProb, .. entropy];
    }

    private static PackedBatch Batch(ModelConfig config, long seed = 11) =>
        TestBatches.Random(config, seed, config.VocabSize > 1000 ? 1 : 2);

    private static IEnumerable<int> Bits(ITensorSet set) => set.Names.SelectMany(name => set[name].Values).Select(BitConverter.SingleToInt32Bits);

    [Theory]
    [MemberData(nameof(TestModels.Names), MemberType = typeof(TestModels))]
    public void A_fresh_adapter_computes_what_the_base_computes_to_the_bit(string name)
    {
        var weights = TestBatches.Weights(TestModels.Find(name));
        var batch = Batch(weights.Config);
        Assert.Equal(Score(weights, batch), Score(TestAdapters.FreshOn(weights), batch));
    }

    [Theory]
    [MemberData(nameof(TestModels.NamesAndLargeHeads), MemberType = typeof(TestModels))]
    public void Merged_weights_compute_what_weights_with_an_adapter_compute_to_the_bit(string name)
    {
        var adapted = TestAdapters.On(TestBatches.Weights(TestModels.Find(name)));
        var merged = LoraMerge.Merged(adapted);
        var batch = Batch(adapted.Config);
        var scores = Score(adapted, batch);
        Assert.Equal(Score(merged, batch), scores);
        Assert.NotEqual(Score(adapted.WithAdapter(null), batch), scores);
        Assert.Equal((null, false), (merged.Adapter, merged.Config.TiedHead)); // the head is adapted, the embedding is not
        Assert.Equal(adapted["model.embed_tokens.weight"].Values, merged["model.embed_tokens.weight"].Values);
    }

    [Fact]
    public void A_decoder_reads_the_adapter_from_its_weights()
    {
        var adapted = TestAdapters.On(TestBatches.Weights(TestModels.Find("everything, head 40, adjacent")));
        float[] Logits(ModelWeights weights)
        {
            using var policy = CpuPolicy.Create(weights, One);
            using var decoder = policy.NewDecoder(new PickSettings());
            var branch = new int[1];
            decoder.Prompt([[1, 2, 3]], branch);
            decoder.Advance(branch, [4]);
            var logits = new float[weights.Config.VocabSize];
            decoder.CopyLogits(branch[0], logits);
            return logits;
        }

        Assert.Equal(Logits(LoraMerge.Merged(adapted)), Logits(adapted));
        Assert.NotEqual(Logits(adapted.WithAdapter(null)), Logits(adapted));
    }

    [Theory]
    [MemberData(nameof(TestModels.NamesAndLargeHeads), MemberType = typeof(TestModels))]
    public void Each_factors_gradient_equals_central_differences_of_the_reference(string name)
    {
        const double step = 1e-4, tolerance = 1e-4; // as for the gradients of weights
        var config = TestModels.Find(name);
        bool large = config.VocabSize > 1000;
        var adapted = TestAdapters.On(TestBatches.Weights(config, 3));
        var batch = Batch(config);
        using var policy = CpuPolicy.Create(adapted, One);
        policy.Accumulate(batch, new LinearObjective());
        var gradient = policy.ExportGradient();
        var reference = new ReferenceModel(LoraMerge.Merged(adapted));
        var adapter = adapted.Adapter!;
        Assert.Equal(adapter.Names, gradient.Names);
        foreach (string factor in adapter.Names)
        {
            string place = factor[..factor.IndexOf(".lora_", StringComparison.Ordinal)];
            float[] g = gradient[factor].Values;
            double norm = Math.Sqrt(g.Sum(v => (double)v * v));
            Assert.True(norm > 0 || config.Width == 1, $"{factor} has no gradient at all");
            for (int trial = 0; trial < (large ? 1 : 3); trial++)
            {
                var stream = Seed.Of(trial);
                double[] direction = trial == 2 || large ? [.. g.Select(v => (double)v)] : [.. g.Select((_, i) => stream.Uniform(i) - 0.5)];
                double length = Math.Sqrt(direction.Sum(v => v * v));
                if (length == 0) continue;
                double along = g.Select((v, i) => v * direction[i] / length).Sum();
                double difference = (Loss(step / length) - Loss(-step / length)) / (2 * step);
                Assert.True(Math.Abs(along - difference) <= tolerance * norm + 1e-6, $"{name}: {factor}, trial {trial}: {along} against {difference}, norm {norm}");

                double Loss(double amount)
                {
                    double[] Factor(string end) => [.. adapter[place + end].Values.Select((v, i) => v + (factor == place + end ? amount * direction[i] : 0))];
                    double[] kept = reference.Weights[place + ".weight"], a = Factor(".lora_A.weight"), b = Factor(".lora_B.weight");
                    float[] w = adapted[place == "lm_head" && config.TiedHead ? "model.embed_tokens.weight" : place + ".weight"].Values;
                    int rank = adapter.Settings.Rank, inputs = a.Length / rank;
                    reference.Weights[place + ".weight"] = [.. w.Select((v, i) => v + adapter.Settings.Scale * Enumerable.Range(0, rank).Sum(k => b[i / inputs * rank + k] * a[k * inputs + i % inputs]))];
                    var (logProb, entropy) = reference.Score(batch);
                    reference.Weights[place + ".weight"] = kept;
                    return Enumerable.Range(0, batch.TargetCount).Sum(t => batch.Credit.PositiveMass[t] * logProb[t] + batch.Credit.NegativeMass[t] * entropy[t]);
                }
            }
        }
    }

    [Fact]
    public void Training_changes_the_adapter_alone_and_keeps_moments_for_it_alone()
    {
        var adapted = TestAdapters.FreshOn(TestBatches.Weights(TestModels.Find("qwen3: q/k norm, untied, head 32")));
        using var policy = CpuPolicy.Create(adapted, One);
        for (int step = 0; step < 3; step++)
        {
            policy.Accumulate(Batch(adapted.Config, step), new LinearObjective());
            policy.Apply(Settings, 0.01);
        }
        var after = policy.ExportWeights();
        Assert.Equal(Bits(adapted), Bits(after));
        Assert.All(after.Adapter!.Names, name => Assert.NotEqual(adapted.Adapter![name].Values, after.Adapter[name].Values));
        Assert.Equal(after.Adapter.Names, policy.ExportOptimizer().FirstMoment.Names);
        Assert.Equal(after.Adapter.ParameterCount, policy.ParameterCount);
        Assert.NotEqual(adapted.Fingerprint(), after.Fingerprint());
        Assert.StartsWith(adapted.WithAdapter(null).Fingerprint(), after.Fingerprint());
        var batch = Batch(adapted.Config);
        Assert.Equal(Score(after, batch), Score(policy, batch)); // the packed copies were made anew
    }

    [Fact]
    public void A_few_layers_are_adapted_and_the_others_are_not()
    {
        var weights = TestBatches.Weights(TestModels.Find("qwen2: bias, grouped queries, head 24"));
        var settings = new LoraSettings { Rank = 20, Alpha = 3, Layers = ["up_proj", "k_proj"], Blocks = [1] };
        var adapted = TestAdapters.FreshOn(weights, settings);
        Assert.Equal(["model.layers.1.self_attn.k_proj.lora_A.weight", "model.layers.1.self_attn.k_proj.lora_B.weight", "model.layers.1.mlp.up_proj.lora_A.weight", "model.layers.1.mlp.up_proj.lora_B.weight"], adapted.Adapter!.Names);
        using var policy = CpuPolicy.Create(adapted, One);
        policy.Accumulate(Batch(weights.Config), new LinearObjective());
        policy.Apply(Settings, 0.01);
        var merged = LoraMerge.Merged(policy.ExportWeights());
        string[] changed = [.. weights.Names.Where(name => !weights[name].Values.AsSpan().SequenceEqual(merged[name].Values))];
        Assert.Equal(["model.layers.1.self_attn.k_proj.weight", "model.layers.1.mlp.up_proj.weight"], changed);
        Assert.True(merged.Config.TiedHead);
    }

    [Theory]
    [InlineData("plain", 3)]
    [InlineData("everything, head 40, adjacent", 4)]
    public void A_trees_gradient_equals_that_of_its_paths(string name, int seed)
    {
        var adapted = TestAdapters.On(TestBatches.Weights(TestModels.Find(name)));
        var prompts = TestBatches.RandomPrompts(2, adapted.Config.VocabSize, seed);
        var paths = TestBatches.WithMasses(TestBatches.Pack(TestBatches.AsPaths(prompts, ownPrompt: true)), seed);
        var tree = TestBatches.Pack(prompts);
        CpuGradientTests.SumMasses(tree, paths);
        using var one = CpuPolicy.Create(adapted, One);
        using var other = CpuPolicy.Create(adapted, One);
        one.Accumulate(tree, new LinearObjective());
        other.Accumulate(paths, new LinearObjective());
        ITensorSet a = one.ExportGradient(), b = other.ExportGradient();
        foreach (string tensor in a.Names)
        {
            double norm = Math.Sqrt(b[tensor].Values.Sum(v => (double)v * v));
            double gap = Math.Sqrt(a[tensor].Values.Zip(b[tensor].Values).Sum(pair => Math.Pow((double)pair.First - pair.Second, 2)));
            Assert.True(gap <= 1e-5 * norm, $"{tensor}: off by {gap / norm}"); // as for the gradients of weights
        }
    }

    [Fact]
    public void One_thread_and_three_train_the_same_adapter_to_the_bit()
    {
        var adapted = TestAdapters.On(TestBatches.Weights(TestModels.Find("qwen3: q/k norm, untied, head 32")));
        var results = new List<int[]>();
        foreach (int threads in new[] { 1, 3 })
        {
            using var policy = CpuPolicy.Create(adapted, new CpuOptions { Threads = threads, ChunkTokens = 25 });
            for (int step = 0; step < 3; step++)
            {
                policy.Accumulate(TestBatches.Random(adapted.Config, step, 5), new LinearObjective());
                policy.Apply(Settings, 0.01);
            }
            results.Add([.. Bits(policy.ExportAdapter()!), .. Bits(policy.ExportOptimizer().SecondMoment)]);
        }
        Assert.Equal(results[0], results[1]);
    }

    [Fact]
    public void A_policy_made_of_exported_weights_and_optimiser_goes_on_to_the_same_bits()
    {
        var adapted = TestAdapters.FreshOn(TestBatches.Weights(TestModels.Plain));
        using var policy = CpuPolicy.Create(adapted, One);
        void Step(IPolicy trained, int seed)
        {
            trained.Accumulate(Batch(adapted.Config, seed), new LinearObjective());
            trained.Apply(Settings, 0.01);
        }

        Step(policy, 1);
        using var restored = CpuPolicy.Create(policy.ExportWeights(), One);
        restored.ImportOptimizer(policy.ExportOptimizer());
        Step(policy, 2);
        Step(restored, 2);
        Assert.Equal(Bits(policy.ExportAdapter()!), Bits(restored.ExportAdapter()!));
    }

    [Fact]
    public void A_frozen_copy_has_the_adapter_of_its_moment()
    {
        var adapted = TestAdapters.On(TestBatches.Weights(TestModels.Plain));
        var batch = Batch(adapted.Config);
        using var policy = CpuPolicy.Create(adapted, One);
        using var frozen = policy.CloneFrozen();
        policy.Accumulate(batch, new LinearObjective());
        policy.Apply(Settings, 0.05);
        Assert.Equal(Score(adapted, batch), Score(frozen, batch));
        Assert.NotEqual(Score(frozen, batch), Score(policy, batch));
    }

    [Fact]
    public void The_gradient_of_frozen_weights_is_refused_and_says_what_to_do() =>
        Assert.Contains("LoraMerge.Merged", Assert.Throws<InvalidOperationException>(() =>
        {
            using var policy = CpuPolicy.Create(TestAdapters.On(TestBatches.Weights(TestModels.Plain)), One);
            policy.TakeGradient();
        }).Message);

    [Fact]
    public void Mistaken_settings_are_refused_all_at_once()
    {
        var settings = new LoraSettings { Rank = 0, Alpha = double.NaN, Layers = ["q_proj", "query", "q_proj"], Blocks = [2] };
        string message = Assert.Throws<ArgumentException>(() => LoraAdapter.Fresh(TestModels.Plain, settings, Seed.Of(1))).Message;
        foreach (string part in new[] { "Rank = 0", "Alpha = NaN", "'query', which is no linear layer", "choose among q_proj", "'q_proj' more than once", "Blocks has 2: must be 0 to 1" })
            Assert.Contains(part, message);
    }

    [Fact]
    public void Tensors_that_do_not_fit_are_refused_by_name()
    {
        var adapter = TestAdapters.On(TestBatches.Weights(TestModels.Plain)).Adapter!;
        string Refusal(Func<IEnumerable<WeightTensor>, IEnumerable<WeightTensor>> change) =>
            Assert.Throws<ArgumentException>(() => new LoraAdapter(adapter.Config, adapter.Settings, change(adapter.Names.Select(name => adapter[name])))).Message;
        Assert.Contains("'model.layers.0.self_attn.q_proj.lora_A.weight' is missing", Refusal(all => all.Skip(1)));
        Assert.Contains("has shape [4, 32]: must be [3, 32] for rank 3", Refusal(all => all.Skip(1).Prepend(all.First() with { Shape = [4, 32], Values = new float[128] })));
        Assert.Contains("twice", Refusal(all => all.Append(all.First())));
        Assert.Contains("'other' is no part", Refusal(all => all.Append(new("other", [1], [1]))));
        var wider = TestModels.Plain with { Width = 48 };
        Assert.Contains("made for another model", Assert.Throws<ArgumentException>(() => TestBatches.Weights(wider).WithAdapter(adapter)).Message);
    }
}
