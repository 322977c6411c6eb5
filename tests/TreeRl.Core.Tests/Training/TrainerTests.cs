using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using TreeRl.Credit;
using TreeRl.Models;
using TreeRl.Objectives;
using TreeRl.Policies;
using TreeRl.Policies.Cpu;
using TreeRl.Rewards;
using TreeRl.Sampling;
using TreeRl.Tasks;
using TreeRl.Training;
using Xunit;

namespace TreeRl.Tests.Training;

public sealed class TrainerTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("treerl-tests-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    private static ITokenizer Tokenizer => TinyRun.Tokenizer;

    private static ModelWeights TinyWeights() => TinyRun.Weights();

    private ExperimentPlan Plan(string name, bool onDisk = true) => TinyRun.Plan(name, onDisk ? root : null);

    private static PolicyFactory Engine(int threads = 1) => TinyRun.Engine(threads);

    private static RunResult Run(ExperimentPlan plan, int threads = 1, Action<RunEvent>? tell = null) => TinyRun.Run(plan, threads, tell);

    private static byte[] Bytes(ModelWeights weights) => TinyRun.Bytes(weights);

    private static IEnumerable<StepMetrics> WithoutSeconds(RunResult run) => TinyRun.WithoutSeconds(run);

    [Fact]
    public void A_run_continued_from_a_checkpoint_ends_with_the_same_bytes_as_one_that_was_never_interrupted()
    {
        using var whole = Run(Plan("whole"));
        var plan = Plan("resumed");
        Run(plan).Dispose();
        Directory.Delete(Path.Combine(plan.Folder!, "checkpoints", "step-4"), recursive: true);
        File.AppendAllText(Path.Combine(plan.Folder!, "metrics.jsonl"), "{\"step\": 4, \"half a li");
        var started = new List<int>();
        using var resumed = Run(plan, tell: e => { if (e is RunEvent.Started s) started.Add(s.ResumedFrom); });
        Assert.Equal([2], started);
        Assert.Equal(4, resumed.Steps.Length);
        Assert.Equal(Bytes(whole.Policy.ExportWeights()), Bytes(resumed.Policy.ExportWeights()));
        Assert.Equal(WithoutSeconds(whole), WithoutSeconds(resumed));
        foreach (string file in new[] { "model.safetensors", "optimizer.safetensors" })
        {
            Assert.Equal(
                File.ReadAllBytes(Path.Combine(root, "whole", "checkpoints", "step-4", file)),
                File.ReadAllBytes(Path.Combine(root, "resumed", "checkpoints", "step-4", file)));
        }
    }

    [Fact]
    public void A_run_with_an_adapter_continues_from_a_checkpoint_of_the_adapter_alone_to_the_same_bytes()
    {
        var start = TinyWeights().WithAdapter(LoraAdapter.Fresh(TinyWeights().Config, new LoraSettings { Rank = 4 }, Seed.Of(2)));
        RunResult Adapted(ExperimentPlan plan) => Trainer.Run(plan, start, Tokenizer, Engine(), cancellation: TestContext.Current.CancellationToken);
        using var whole = Adapted(Plan("whole") with { Objective = ObjectivePresets.Grpo.WithKl(KlEstimator.K3, 0.01) });
        var plan = Plan("resumed") with { Objective = ObjectivePresets.Grpo.WithKl(KlEstimator.K3, 0.01) };
        Adapted(plan).Dispose();
        Directory.Delete(Path.Combine(plan.Folder!, "checkpoints", "step-4"), recursive: true);
        using var resumed = Adapted(plan);
        Assert.Equal(2, resumed.ResumedFrom);
        Assert.Equal(Bytes(start), Bytes(resumed.Policy.ExportWeights()));
        Assert.NotEqual(start.Adapter!.Fingerprint(), resumed.Policy.ExportAdapter()!.Fingerprint());
        Assert.Equal(WithoutSeconds(whole), WithoutSeconds(resumed));
        string[] files = ["adapter_config.json", "adapter_model.safetensors", "optimizer.safetensors", "state.json"];
        Assert.Equal(files, Directory.GetFiles(Path.Combine(root, "resumed", "checkpoints", "step-4")).Select(Path.GetFileName).Order());
        foreach (string file in files[..3])
            Assert.Equal(File.ReadAllBytes(Path.Combine(root, "whole", "checkpoints", "step-4", file)), File.ReadAllBytes(Path.Combine(root, "resumed", "checkpoints", "step-4", file)));
        var error = Assert.Throws<InvalidOperationException>(() => Run(plan));
        Assert.Contains("startingWeights", error.Message);
    }

    [Fact]
    public void A_finished_run_is_read_back_without_sampling_anything()
    {
        var plan = Plan("finished");
        using var first = Run(plan);
        var events = new List<RunEvent>();
        using var again = Run(plan, tell: events.Add);
        Assert.DoesNotContain(events, e => e is RunEvent.StepDone or RunEvent.Evaluated);
        Assert.Equal(Bytes(first.Policy.ExportWeights()), Bytes(again.Policy.ExportWeights()));
        Assert.Equal(WithoutSeconds(first), WithoutSeconds(again));
        Assert.Equal(first.After.Accuracy, again.After.Accuracy);
        Assert.Equal(first.LastProducts!.Forest.TokenId, again.LastProducts!.Forest.TokenId);
        Assert.Equal(first.LastProducts.Credit.NodeAdvantage, again.LastProducts.Credit.NodeAdvantage);
    }

    [Fact]
    public void One_thread_and_two_threads_train_the_same_policy_to_the_byte()
    {
        using var one = Run(Plan("one", onDisk: false));
        using var two = Run(Plan("two", onDisk: false), threads: 2);
        Assert.NotEqual(Bytes(TinyWeights()), Bytes(one.Policy.ExportWeights()));
        Assert.Equal(Bytes(one.Policy.ExportWeights()), Bytes(two.Policy.ExportWeights()));
    }

    [Fact]
    public void The_first_ratio_of_every_step_is_exactly_one_with_and_without_mini_batches_and_epochs()
    {
        using var single = Run(Plan("single", onDisk: false));
        using var several = Run(Plan("several", onDisk: false) with { MiniBatches = 3, Epochs = 2 });
        Assert.All(single.Steps.Concat(several.Steps), step => Assert.Equal(0.0, step.FirstRatioDeviation));
        Assert.All(single.Steps, step => Assert.Equal(1, step.Updates));
        Assert.All(several.Steps, step => Assert.InRange(step.Updates, 2, 6));
        Assert.Contains(several.Steps, step => step.Loss.MaxAbsLogRatio > 0);
        Assert.All(single.Steps, step => Assert.InRange(step.Loss.MaxSamplerGap, 0, 1e-4));
    }

    [Fact]
    public void A_run_of_another_plan_in_the_same_folder_is_refused_and_names_the_difference()
    {
        var plan = Plan("clash");
        Run(plan).Dispose();
        var error = Assert.Throws<InvalidOperationException>(() => Run(plan with { PromptsPerStep = 4 }));
        Assert.Contains("promptsPerStep", error.Message);
    }

    [Fact]
    public void A_run_from_other_weights_in_the_same_folder_is_refused()
    {
        var plan = Plan("weights");
        Run(plan).Dispose();
        var other = ModelWeights.Random(TinyWeights().Config, Seed.Of(99), deviation: 0.2);
        var error = Assert.Throws<InvalidOperationException>(() => Trainer.Run(plan, other, Tokenizer, Engine(), cancellation: TestContext.Current.CancellationToken));
        Assert.Contains("startingWeights", error.Message);
    }

    [Fact]
    public void A_run_that_began_on_another_engine_is_refused_and_both_are_named()
    {
        const string other = "torch (cuda, bf16)";
        var plan = Plan("engines");
        RunFolder.Open(plan.Folder!, Trainer.Identity(plan, TinyWeights(), other)).Dispose();
        RunFolder.Open(plan.Folder!, Trainer.Identity(plan, TinyWeights(), other)).Dispose();
        var error = Assert.Throws<InvalidOperationException>(() => Run(plan));
        Assert.Contains($"began on the engine {other} and would continue on cpu", error.Message);
        Assert.Contains("give this run another name or folder", error.Message);
    }

    [Fact]
    public void A_run_of_the_embedded_engine_names_none_and_is_refused_on_another()
    {
        var plan = Plan("embedded");
        Run(plan).Dispose();
        Assert.DoesNotContain("\"engine\"", File.ReadAllText(Path.Combine(plan.Folder!, "plan.json")));
        var error = Assert.Throws<InvalidOperationException>(() => RunFolder.Open(plan.Folder!, Trainer.Identity(plan, TinyWeights(), "torch (cpu, fp32)")));
        Assert.Contains("began on the engine cpu and would continue on torch (cpu, fp32)", error.Message);
        using var again = Run(plan);
        Assert.Equal(plan.Steps, again.ResumedFrom);
    }

    [Fact]
    public void A_folder_that_another_run_has_open_is_refused()
    {
        var plan = Plan("held");
        using var held = RunFolder.Open(plan.Folder!, Trainer.Identity(plan, TinyWeights()));
        var error = Assert.Throws<InvalidOperationException>(() => Run(plan));
        Assert.Contains("is in use by another run", error.Message);
    }

    [Fact]
    public void A_cancelled_run_keeps_a_checkpoint_and_continues_to_the_same_bytes()
    {
        using var whole = Run(Plan("uncancelled"));
        var plan = Plan("cancelled") with { CheckpointEvery = 0 };
        using var stop = new System.Threading.CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() =>
            Trainer.Run(plan, TinyWeights(), Tokenizer, Engine(), e => { if (e is RunEvent.StepDone { Metrics.Step: 2 }) stop.Cancel(); }, stop.Token));
        using var resumed = Run(plan);
        Assert.Equal(3, resumed.ResumedFrom);
        Assert.Equal(Bytes(whole.Policy.ExportWeights()), Bytes(resumed.Policy.ExportWeights()));
    }

    [Fact]
    public void A_reward_that_fails_for_every_answer_stops_the_run_and_says_why()
    {
        var plan = Plan("failing", onDisk: false) with
        {
            Reward = new RewardPlan { Terms = [new RewardTerm("boom", 1, Graders.Of((Answer _) => throw new FormatException("no digits")))] },
        };
        var error = Assert.Throws<InvalidOperationException>(() => Run(plan));
        Assert.Contains("none of the 18 answers could be graded (term 'boom': 18 answers could not be graded", error.Message);
        Assert.Contains("no digits", error.Message);
    }

    [Fact]
    public void Answers_that_could_not_be_graded_are_counted_with_the_reason_and_the_run_goes_on()
    {
        var plan = Plan("troubled", onDisk: false) with
        {
            Reward = new RewardPlan { Terms = [new RewardTerm("odd", 1, Graders.Of(answer => answer.TokenCount % 2 == 1 ? throw new FormatException("odd length") : answer.TokenCount))] },
        };
        using var run = Run(plan);
        Assert.Contains(run.Steps, step => step.Failed > 0 && step.Troubles.Any(line => line.StartsWith($"term 'odd': {step.Failed} answers", StringComparison.Ordinal) && line.Contains("odd length")));
    }

    [Fact]
    public void A_reward_without_spread_is_counted_as_no_signal_and_leaves_the_weights_alone()
    {
        var plan = Plan("flat", onDisk: false) with
        {
            Reward = new RewardPlan { Terms = [new RewardTerm("same", 1, Graders.Of(_ => 0.25))] },
        };
        using var run = Run(plan);
        Assert.All(run.Steps, step => Assert.Equal(0.0, step.InformativeShare));
        Assert.All(run.Steps, step => Assert.Equal(0, step.Updates));
        Assert.Equal(Bytes(TinyWeights()), Bytes(run.Policy.ExportWeights()));
    }

    [Fact]
    public void A_non_finite_loss_stops_the_run_before_the_policy_changes_and_keeps_what_was_earned()
    {
        var plan = Plan("broken") with { Objective = new BreaksAtStep(ObjectivePresets.Grpo, 3), CheckpointEvery = 0 };
        var error = Assert.Throws<NonFiniteException>(() => Run(plan));
        Assert.Contains("loss of group", error.Message);
        using (var folder = RunFolder.Open(plan.Folder!, Trainer.Identity(plan, TinyWeights()))) Assert.Equal([3], folder.Checkpoints());
        using var healthy = Run(Plan("healthy") with { Steps = 4, CheckpointEvery = 1 });
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(root, "healthy", "checkpoints", "step-3", "model.safetensors")),
            File.ReadAllBytes(Path.Combine(root, "broken", "checkpoints", "step-3", "model.safetensors")));
    }

    [Fact]
    public void Finite_task_sources_are_shuffled_anew_in_every_pass_and_each_pass_asks_every_item_once()
    {
        var plan = Plan("passes", onDisk: false) with { TrainTasks = new FiniteTasks(6), Steps = 6 };
        var asked = Enumerable.Range(0, 4).Select(step => Trainer.PromptsOfStep(plan, Tokenizer, step).Select(p => p.Id).ToArray()).ToArray();
        Assert.Equal(6, asked[0].Concat(asked[1]).Distinct().Count());
        Assert.Equal(6, asked[2].Concat(asked[3]).Distinct().Count());
        Assert.NotEqual(asked[0].Concat(asked[1]), asked[2].Concat(asked[3]));
    }

    [Fact]
    public void First_ratios_other_than_one_stop_the_run()
    {
        var error = Assert.Throws<InvalidOperationException>(() => Run(Plan("ratios", onDisk: false) with { Objective = new ReportsARatio(ObjectivePresets.Grpo) }));
        Assert.Contains("step 0: the first update's ratios deviate from 1", error.Message);
    }

    [Fact]
    public void A_forest_sampled_by_another_policy_is_refused()
    {
        var plan = Plan("stranger", onDisk: false);
        using var stranger = CpuPolicy.Create(ModelWeights.Random(TinyWeights().Config, Seed.Of(4), deviation: 0.2));
        using var policy = CpuPolicy.Create(TinyWeights());
        var prompts = Trainer.PromptsOfStep(plan, Tokenizer, 0);
        var forest = Sampler.Grow(stranger, Tokenizer, prompts, plan.Sampling, Seed.Of(1), cancellation: TestContext.Current.CancellationToken).Forest;
        var credit = Redistribution.Apply(plan.Credit, forest, Grading.Grade(forest, Tokenizer, plan.Reward));
        byte[] before = Bytes(policy.ExportWeights());
        var error = Assert.Throws<InvalidOperationException>(() => TrainingStep.Train(policy, null, credit, plan, 0));
        Assert.Contains("was sampled by another policy", error.Message);
        Assert.Equal(before, Bytes(policy.ExportWeights()));
    }

    /// <summary>Claims a ratio that differs from 1.</summary>
    private sealed class ReportsARatio(ITrainingObjective inner) : ITrainingObjective
    {
        public string Name => "ratio";

        public AggregationSettings Aggregation => inner.Aggregation;

        public bool NeedsReference => inner.NeedsReference;

        public bool UsesEntropy => inner.UsesEntropy;

        public LossReport Evaluate(in ObjectiveInput input, Span<float> dLogProb, Span<float> dEntropy) =>
            inner.Evaluate(in input, dLogProb, dEntropy) with { MaxAbsLogRatio = 0.1 };
    }

    /// <summary>Gives a NaN loss from the wanted call of the first group on.</summary>
    private sealed class BreaksAtStep(ITrainingObjective inner, int step) : ITrainingObjective
    {
        private int calls;

        public string Name => "breaks";

        public AggregationSettings Aggregation => inner.Aggregation;

        public bool NeedsReference => inner.NeedsReference;

        public bool UsesEntropy => inner.UsesEntropy;

        public LossReport Evaluate(in ObjectiveInput input, Span<float> dLogProb, Span<float> dEntropy)
        {
            var report = inner.Evaluate(in input, dLogProb, dEntropy);
            if (input.Group == 0) calls++;
            return calls > step ? report with { PolicyLoss = double.NaN } : report;
        }
    }
}
