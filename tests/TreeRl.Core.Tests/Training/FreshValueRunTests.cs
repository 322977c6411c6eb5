using System;
using System.IO;
using System.Linq;
using TreeRl.Credit;
using TreeRl.Sampling;
using TreeRl.Training;
using Xunit;

namespace TreeRl.Tests.Training;

/// <summary>VinePPO as a run: the training step samples the values its rule asks for.</summary>
public sealed class FreshValueRunTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("treerl-tests-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    private ExperimentPlan Plan(string name, bool onDisk = false, long budget = long.MaxValue) => TinyRun.Plan(name, onDisk ? root : null) with
    {
        Sampling = new SamplingPlan { Trees = 2, MaxLeaves = 2, MaxTokens = 12, StepNodes = new StepRule.EveryTokens(4) },
        Credit = CreditRules.VinePpo(3) with { Backup = Backup.FreshValues(3, budget) },
    };

    [Fact]
    public void A_step_draws_its_values_counts_their_tokens_and_trains_on_them()
    {
        using var run = TinyRun.Run(Plan("vine"));
        long sum = 0;
        foreach (var step in run.Steps)
        {
            Assert.True(step.ValueTokens > step.Tokens);
            Assert.Equal(1, step.Updates);
            sum += step.Tokens + step.ValueTokens;
            Assert.Equal(sum, step.TokensSoFar);
        }
        Assert.NotEqual(TinyRun.Bytes(TinyRun.Weights()), TinyRun.Bytes(run.Policy.ExportWeights()));
        var last = run.LastProducts!;
        Assert.True(last.Estimates!.Complete);
        var forest = last.Forest;
        for (int n = 0; n < forest.NodeCount; n++)
        {
            double value = forest.IsLeaf(n) ? last.Outcomes.Total[forest.FirstLeaf[n]].Value : last.Estimates.Node[n];
            double above = forest.Parent[n] >= 0 ? last.Estimates.Node[forest.Parent[n]] : last.Estimates.Prompt[forest.PromptOf[n]];
            Assert.Equal(value - above, last.Credit.NodeAdvantage[n], 12);
        }
    }

    [Fact]
    public void A_run_continues_to_the_same_bytes_and_is_read_back_with_its_values()
    {
        using var whole = TinyRun.Run(Plan("whole", onDisk: true));
        var plan = Plan("cut", onDisk: true);
        TinyRun.Run(plan).Dispose();
        Directory.Delete(Path.Combine(plan.Folder!, "checkpoints", "step-4"), recursive: true);
        using var resumed = TinyRun.Run(plan);
        Assert.Equal(TinyRun.WithoutSeconds(whole), TinyRun.WithoutSeconds(resumed));
        Assert.Equal(TinyRun.Bytes(whole.Policy.ExportWeights()), TinyRun.Bytes(resumed.Policy.ExportWeights()));
        using var again = TinyRun.Run(plan);
        Assert.Equal(resumed.LastProducts!.Credit.NodeAdvantage, again.LastProducts!.Credit.NodeAdvantage);
        File.Delete(Path.Combine(plan.Folder!, "forests", "step-3.values.json"));
        using var without = TinyRun.Run(plan);
        Assert.Null(without.LastProducts);
    }

    [Fact]
    public void Two_threads_give_the_bytes_of_one()
    {
        using var one = TinyRun.Run(Plan("one"));
        using var two = TinyRun.Run(Plan("two"), threads: 2);
        Assert.Equal(TinyRun.Bytes(one.Policy.ExportWeights()), TinyRun.Bytes(two.Policy.ExportWeights()));
    }

    [Fact]
    public void A_budget_bounds_the_tokens_of_values()
    {
        using var free = TinyRun.Run(Plan("free") with { Steps = 1, PromptsPerStep = 40 });
        using var bound = TinyRun.Run(Plan("bound", budget: 500) with { Steps = 1, PromptsPerStep = 40 });
        Assert.InRange(bound.Steps[0].ValueTokens, 500, 500 + 32 * 3 * 12);
        Assert.True(bound.Steps[0].ValueTokens < free.Steps[0].ValueTokens);
        Assert.False(bound.LastProducts!.Estimates!.Complete);
    }

    [Fact]
    public void Dynamic_sampling_draws_values_for_the_prompts_that_are_trained()
    {
        var plan = Plan("both") with { Steps = 2, DynamicSampling = new DynamicSampling(10), Reward = TinyRun.Earns("odd", answer => answer.TokenIds[0] % 2) };
        using var run = TinyRun.Run(plan);
        Assert.All(run.Steps, step => Assert.Equal(3, step.PromptsTrained));
        Assert.Equal(run.LastProducts!.Forest.NodeCount, run.LastProducts.Estimates!.Node.Length);
    }

    [Fact]
    public void A_stop_rule_that_looks_back_over_the_answer_is_refused_before_the_run()
    {
        var plan = Plan("repeats");
        plan = plan with { Sampling = plan.Sampling with { Repetition = new RepetitionRule(2, 2) } };
        Assert.Contains("ends answers by repetition", Assert.Throws<ArgumentException>(plan.Validated).Message);
    }
}
