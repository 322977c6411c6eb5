using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using TreeRl.Credit;
using TreeRl.Models;
using TreeRl.Objectives;
using TreeRl.Policies.Cpu;
using TreeRl.Rewards;
using TreeRl.Sampling;
using TreeRl.Tasks;
using TreeRl.Training;
using Xunit;

namespace TreeRl.Tests.Training;

/// <summary>Runs of an untrained policy of 20,000 parameters, for tests of the training loop.</summary>
internal static class TinyRun
{
    public static ITokenizer Tokenizer => ChainTasks.NewTokenizer();

    public static ModelWeights Weights() => ModelWeights.Random(
        new ModelConfig
        {
            VocabSize = Tokenizer.VocabSize,
            Width = 32,
            Layers = 2,
            Heads = 2,
            KeyValueHeads = 1,
            HeadSize = 16,
            FeedForward = 48,
            ContextLength = 96,
        },
        Seed.Of(3),
        deviation: 0.2);

    /// <summary>A plan of 4 steps with 3 prompts; below <paramref name="root"/> on disk unless that is null.</summary>
    public static ExperimentPlan Plan(string name, string? root = null) => new()
    {
        Name = name,
        TrainTasks = new ChainTasks(new ChainOptions { MinSteps = 1, MaxSteps = 2 }),
        TestTasks = new ChainTasks(new ChainOptions { MinSteps = 1, MaxSteps = 2, Split = TaskSplit.Test }),
        Sampling = new SamplingPlan { Trees = 2, MaxLeaves = 6, Branch = BranchTrigger.EntropyAbove(0.5), MaxTokens = 12 },
        // An untrained policy is never right: a reward with spread that any text earns drives the tests.
        Reward = Earns("digits", answer => answer.Text.Count(char.IsAsciiDigit) / 12.0),
        Credit = CreditRules.TreeAdv,
        Objective = ObjectivePresets.Grpo,
        Steps = 4,
        PromptsPerStep = 3,
        Seed = Seed.Of(5),
        Evaluation = new EvaluationPlan { Items = 3, SamplesPerItem = 2 },
        CheckpointEvery = 2,
        Folder = root is null ? null : Path.Combine(root, name),
    };

    public static RewardPlan Earns(string name, Func<Answer, double> score) => new() { Terms = [new RewardTerm(name, 1, Graders.Of(score))] };

    public static PolicyFactory Engine(int threads = 1) => weights => CpuPolicy.Create(weights, new CpuOptions { Threads = threads });

    public static RunResult Run(ExperimentPlan plan, int threads = 1, Action<RunEvent>? tell = null) =>
        Trainer.Run(plan, Weights(), Tokenizer, Engine(threads), tell, TestContext.Current.CancellationToken);

    public static byte[] Bytes(ModelWeights weights) =>
        [.. weights.Names.SelectMany(name => MemoryMarshal.AsBytes(weights[name].Values.AsSpan()).ToArray())];

    public static IEnumerable<StepMetrics> WithoutSeconds(RunResult run) => run.Steps.Select(step => step with { Seconds = default, Terms = [], Finishes = [], Troubles = [] });
}

/// <summary>So many items that ask the same.</summary>
internal sealed class FiniteTasks(int count) : ITaskSource
{
    public string Name => "finite";

    public int? Count => count;

    public TaskItem Item(long index) => new($"item-{index}", "1;+1?", "2", "1");
}
