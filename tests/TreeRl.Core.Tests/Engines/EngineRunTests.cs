using System;
using System.IO;
using System.Linq;
using TreeRl.Credit;
using TreeRl.Models;
using TreeRl.Objectives;
using TreeRl.Policies;
using TreeRl.Policies.Engines;
using TreeRl.Rewards;
using TreeRl.Sampling;
using TreeRl.Tasks;
using TreeRl.Tests.Policies;
using TreeRl.Training;
using Xunit;

namespace TreeRl.Tests.Engines;

/// <summary>Whole training runs by engine, and what they leave behind in memory.</summary>
[Collection("engines")]
public sealed class EngineRunTests
{
    private static ITokenizer Tokenizer => ChainTasks.NewTokenizer();

    private static ModelWeights Start() => ModelWeights.Random(
        new ModelConfig { VocabSize = Tokenizer.VocabSize, Width = 32, Layers = 2, Heads = 2, KeyValueHeads = 1, HeadSize = 16, FeedForward = 48, ContextLength = 96 },
        Seed.Of(3), deviation: 0.2);

    private static ExperimentPlan Plan(int steps) => new()
    {
        Name = "engines",
        TrainTasks = new ChainTasks(new ChainOptions { MinSteps = 1, MaxSteps = 2 }),
        TestTasks = new ChainTasks(new ChainOptions { MinSteps = 1, MaxSteps = 2, Split = TaskSplit.Test }),
        Sampling = new SamplingPlan { Trees = 2, MaxLeaves = 8, Branch = BranchTrigger.EntropyAbove(0.5), MaxTokens = 12 },
        // An untrained policy is never right: a reward that any text earns drives the test.
        Reward = new RewardPlan { Terms = [new RewardTerm("digits", 1, Graders.Of(answer => answer.Text.Count(char.IsAsciiDigit) / 12.0))] },
        Credit = CreditRules.TreeAdv,
        Objective = ObjectivePresets.Grpo,
        Steps = steps,
        PromptsPerStep = 6,
        LearningRate = new LearningRateSchedule { Peak = 5e-3 },
        Seed = Seed.Of(5),
        Evaluation = new EvaluationPlan { Items = 3, SamplesPerItem = 2 },
    };

    private static RunResult Run(EngineDevice device, int steps, string? folder = null, EngineOptions? options = null) =>
        Trainer.Run(Plan(steps) with { Folder = folder }, Start(), Tokenizer, weights => TestEngines.Make(device, weights, options), null, TestContext.Current.CancellationToken);

    [Theory]
    [MemberData(nameof(TestEngines.Present), MemberType = typeof(TestEngines))]
    public void The_same_seed_gives_the_same_bits_on_one_device(EngineDevice device)
    {
        using RunResult first = Run(device, 3), second = Run(device, 3);
        TestEngines.AssertEqual(first.Policy.ExportWeights(), second.Policy.ExportWeights());
        Assert.Equal(first.Steps.Select(step => step.Reward), second.Steps.Select(step => step.Reward));
    }

    [Theory]
    [MemberData(nameof(TestEngines.Torch), MemberType = typeof(TestEngines))]
    public void Learning_curves_agree_with_the_embedded_engines(EngineDevice device)
    {
        TestEngines.SkipEmbedded(device);
        using RunResult expected = Run(EngineDevice.Cpu, 12), found = Run(device, 12);
        double[] a = [.. expected.Steps.Select(step => step.Reward)], b = [.. found.Steps.Select(step => step.Reward)];
        TestContext.Current.TestOutputHelper!.WriteLine($"embedded {string.Join(" ", a.Select(x => $"{x:F3}"))}");
        TestContext.Current.TestOutputHelper!.WriteLine($"{found.Policy.Engine} {string.Join(" ", b.Select(x => $"{x:F3}"))}");
        // The first forest is the same to the token; later ones part where rounding moves a draw over a token's edge.
        Assert.Equal(a[0], b[0], 1e-9);
        for (int i = 0; i < a.Length; i++) Assert.Equal(a[i], b[i], 0.15);
        Assert.True(a[^4..].Average() > a[..4].Average() + 0.05, "the run does not learn, so that agreement says nothing");
        Assert.Equal(a[^4..].Average(), b[^4..].Average(), 0.08);
        Assert.All(found.Steps, step => Assert.True(step.Loss.MaxSamplerGap < TestEngines.LogProbTolerance, $"sampler gap {step.Loss.MaxSamplerGap}"));
    }

    [Theory]
    [MemberData(nameof(TestEngines.Torch), MemberType = typeof(TestEngines))]
    public void A_run_is_continued_on_its_own_engine_only(EngineDevice device)
    {
        TestEngines.SkipEmbedded(device);
        string folder = Directory.CreateTempSubdirectory("treerl-engines-").FullName;
        try
        {
            using var whole = Run(device, 1, folder);
            using (var again = Run(device, 1, folder, new EngineOptions { Checkpointing = true })) // changes no digit
            {
                Assert.Equal(1, again.ResumedFrom);
                TestEngines.AssertEqual(whole.Policy.ExportWeights(), again.Policy.ExportWeights());
            }
            var rough = Assert.Throws<InvalidOperationException>(() => Run(device, 1, folder, new EngineOptions { BFloat16 = true }));
            Assert.Contains($"began on the engine {whole.Policy.Arithmetic} and would continue on {whole.Policy.Arithmetic.Replace("fp32", "bf16", StringComparison.Ordinal)}", rough.Message, StringComparison.Ordinal);
            var embedded = Assert.Throws<InvalidOperationException>(() => Run(EngineDevice.Cpu, 1, folder));
            Assert.Contains($"began on the engine {whole.Policy.Arithmetic} and would continue on cpu", embedded.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [MemberData(nameof(TestEngines.Torch), MemberType = typeof(TestEngines))]
    public void Steps_leave_no_tensor_behind_when_they_succeed_and_when_they_throw(EngineDevice device)
    {
        TestEngines.SkipEmbedded(device);
        var config = TestModels.Find("qwen3: q/k norm, untied, head 32");
        var batch = TestBatches.Random(config, 3);
        using var policy = TestEngines.Make(device, TestBatches.Weights(config), new EngineOptions { TokenBudget = 30 });
        var memory = (IDeviceMemory)policy;
        int total = int.TryParse(Environment.GetEnvironmentVariable("TREERL_LEAK_STEPS"), out int asked) ? asked : 40;
        (long Tensors, long Bytes) after10 = default;
        for (int step = 1; step <= total; step++)
        {
            Step(policy, batch, config, step);
            if (step % 3 == 0) Assert.Throws<TimeoutException>(() => policy.Accumulate(batch, new ThrowingObjective(step % 2)));
            if (step == 10) after10 = (memory.LiveTensors, memory.HeldBytes);
            if (step == 10 || step == total / 2 || step == total)
                TestContext.Current.TestOutputHelper!.WriteLine($"after step {step}: {memory.LiveTensors} tensors, {memory.HeldBytes} bytes, {Environment.WorkingSet >> 20} MiB resident");
        }
        Assert.Equal(after10, (memory.LiveTensors, memory.HeldBytes));
        Assert.Equal(0, policy.TakeGradient()["model.norm.weight"].Values.Sum(Math.Abs));
    }

    private static void Step(IPolicy policy, PackedBatch batch, ModelConfig config, int seed)
    {
        using (var decoder = policy.NewDecoder(new PickSettings { TopP = 0.9 }))
        {
            int[] prompts = new int[2], children = new int[3];
            decoder.Prompt(new[] { new[] { 1, 2, 3 }, new[] { 4 } }, prompts);
            decoder.Advance(prompts, [5, 6]);
            decoder.Fork(prompts[0], children);
            var picks = new TokenPick[3];
            for (int i = 0; i < 20; i++)
            {
                decoder.Pick([.. children.Select(child => new PickRequest(child, 1, false, Seed.Of(seed).Child(i)))], picks);
                decoder.Advance(children, [.. picks.Select(pick => pick.Id)]);
            }
        }
        TestEngines.Score(policy, batch);
        policy.Accumulate(batch, new LinearObjective());
        policy.Apply(new OptimizerSettings(), 1e-3);
    }

    /// <summary>Throws at its second group, or at its first.</summary>
    private sealed class ThrowingObjective(int before) : IObjective
    {
        private int calls;

        public bool NeedsReference => false;

        public bool UsesEntropy => false;

        public LossReport Evaluate(in ObjectiveInput input, Span<float> dLogProb, Span<float> dEntropy)
        {
            if (calls++ == before) throw new TimeoutException("in the middle of a step");
            dLogProb.Fill(1);
            return default;
        }
    }
}
