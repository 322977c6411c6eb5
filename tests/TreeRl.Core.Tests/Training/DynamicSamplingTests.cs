using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using TreeRl.Credit;
using TreeRl.Forests;
using TreeRl.Rewards;
using TreeRl.Sampling;
using TreeRl.Training;
using Xunit;

namespace TreeRl.Tests.Training;

public sealed class DynamicSamplingTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("treerl-tests-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    /// <summary>Two answers a prompt that earn 1 where their second token's id is odd: about half of the prompts are informative.</summary>
    private ExperimentPlan Plan(string name, DynamicSampling? dynamic, bool onDisk = false) => TinyRun.Plan(name, onDisk ? root : null) with
    {
        Sampling = new SamplingPlan { Trees = 2, MaxLeaves = 2, MaxTokens = 12 },
        Reward = TinyRun.Earns("odd", Odd),
        Credit = CreditRules.Grpo,
        DynamicSampling = dynamic,
    };

    private static double Odd(Answer answer) => answer.TokenIds.Length > 1 ? answer.TokenIds[1] % 2 : 0;

    [Fact]
    public void A_step_samples_on_until_it_has_the_informative_prompts_it_asks_for()
    {
        using var run = TinyRun.Run(Plan("refill", new DynamicSampling(20)));
        Assert.All(run.Steps, step => Assert.Equal(3, step.PromptsTrained));
        Assert.All(run.Steps, step => Assert.Equal(3 * step.Tries, step.PromptsSampled));
        Assert.Contains(run.Steps, step => step.Tries > 1);
        var last = run.LastProducts!;
        Assert.Equal(3, last.Forest.PromptCount);
        Assert.Equal(0, last.Credit.Counts.WithoutSignal);
        Assert.All(Enumerable.Range(0, 3), p => Assert.Equal(1.0, last.Outcomes.Total[2 * p].Value + last.Outcomes.Total[2 * p + 1].Value));
    }

    [Fact]
    public void The_prompts_of_all_tries_follow_each_other_and_all_their_tokens_count()
    {
        var plan = Plan("tokens", new DynamicSampling(20)) with { Steps = 1 };
        using var run = TinyRun.Run(plan);
        var step = run.Steps[0];
        using var policy = TinyRun.Engine()(TinyRun.Weights());
        var asked = Evaluator.Prompts(plan.TrainTasks, TinyRun.Tokenizer, 0, step.PromptsSampled);
        var forest = Sampler.Grow(policy, TinyRun.Tokenizer, asked, plan.Sampling, plan.Seed.Child("sample").Child(0), cancellation: TestContext.Current.CancellationToken).Forest;
        Assert.Equal(forest.TokenTotal, step.Tokens);
        Assert.Equal(forest.TokenTotal, step.TokensSoFar);
        Assert.Equal(2 * step.PromptsSampled, step.Leaves);
        var outcomes = Grading.Grade(forest, TinyRun.Tokenizer, plan.Reward);
        var informative = Enumerable.Range(0, forest.PromptCount).Where(p => outcomes.Total[2 * p].Value != outcomes.Total[2 * p + 1].Value).ToArray();
        Assert.Equal(informative.Length / (double)step.PromptsSampled, step.InformativeShare);
        Assert.Equal(informative.Take(3).Select(p => asked[p].Id), run.LastProducts!.Forest.Prompts.Select(p => p.Id));
        Assert.Equal(forest.SelectPrompts([.. informative.Take(3)]).TokenId, run.LastProducts.Forest.TokenId);
        Assert.Equal(outcomes.MeanScore!.Value, step.Reward, 12);
    }

    [Fact]
    public void Asking_for_the_missing_prompts_only_samples_no_surplus()
    {
        using var whole = TinyRun.Run(Plan("whole", new DynamicSampling(20)));
        using var missing = TinyRun.Run(Plan("missing", new DynamicSampling(20) { Refill = RefillSize.Missing }));
        Assert.All(missing.Steps, step => Assert.Equal(3, step.PromptsTrained));
        Assert.All(missing.Steps, step => Assert.Equal(3.0, step.InformativeShare * step.PromptsSampled, 9));
        Assert.Contains(whole.Steps, step => step.InformativeShare * step.PromptsSampled > 3.5);
    }

    [Fact]
    public void A_step_that_runs_out_of_tries_trains_what_it_has()
    {
        using var one = TinyRun.Run(Plan("one-try", new DynamicSampling(1)) with { MiniBatches = 3, Steps = 6 });
        Assert.All(one.Steps, step => Assert.Equal(3, step.PromptsSampled));
        Assert.All(one.Steps, step => Assert.Equal(step.PromptsTrained, step.Updates));
        Assert.Contains(one.Steps, step => step.PromptsTrained is 1 or 2);
    }

    [Fact]
    public void Without_an_informative_prompt_nothing_is_trained_and_the_tries_are_counted()
    {
        var plan = Plan("silent", new DynamicSampling(4)) with { Reward = TinyRun.Earns("same", _ => 0.25) };
        using var run = TinyRun.Run(plan);
        Assert.All(run.Steps, step => Assert.Equal((4, 12, 0, 0, 0.0), (step.Tries, step.PromptsSampled, step.PromptsTrained, step.Updates, step.InformativeShare)));
        Assert.Equal(TinyRun.Bytes(TinyRun.Weights()), TinyRun.Bytes(run.Policy.ExportWeights()));
    }

    [Fact]
    public void A_run_with_refills_continues_to_the_same_bytes()
    {
        using var whole = TinyRun.Run(Plan("whole-run", new DynamicSampling(20), onDisk: true));
        var plan = Plan("cut-run", new DynamicSampling(20), onDisk: true);
        TinyRun.Run(plan).Dispose();
        Directory.Delete(Path.Combine(plan.Folder!, "checkpoints", "step-4"), recursive: true);
        using var resumed = TinyRun.Run(plan);
        Assert.Equal(2, resumed.ResumedFrom);
        Assert.NotEqual(6, whole.Steps[0].PromptsSampled + whole.Steps[1].PromptsSampled); // the place to go on from is no function of the step
        Assert.Equal(TinyRun.WithoutSeconds(whole), TinyRun.WithoutSeconds(resumed));
        Assert.Equal(TinyRun.Bytes(whole.Policy.ExportWeights()), TinyRun.Bytes(resumed.Policy.ExportWeights()));
    }

    [Fact]
    public void Two_threads_give_the_bytes_of_one()
    {
        using var one = TinyRun.Run(Plan("one", new DynamicSampling(20)));
        using var two = TinyRun.Run(Plan("two", new DynamicSampling(20)), threads: 2);
        Assert.Equal(TinyRun.Bytes(one.Policy.ExportWeights()), TinyRun.Bytes(two.Policy.ExportWeights()));
    }

    [Fact]
    public void Trees_are_refilled_too()
    {
        var plan = Plan("trees", new DynamicSampling(20)) with
        {
            Sampling = new SamplingPlan { Trees = 1, MaxLeaves = 2, Branch = BranchTrigger.EveryTokens(1), MaxTokens = 8 },
            Credit = CreditRules.TreeAdv,
        };
        using var run = TinyRun.Run(plan);
        Assert.All(run.Steps, step => Assert.Equal(3, step.PromptsTrained));
        Assert.True(run.LastProducts!.Forest.NodeCount > run.LastProducts.Forest.LeafTotal);
    }

    [Fact]
    public void A_finite_source_is_asked_for_no_item_twice_in_a_step()
    {
        var plan = Plan("finite", new DynamicSampling(50)) with { TrainTasks = new FiniteTasks(4), Reward = TinyRun.Earns("same", _ => 1) };
        using var run = TinyRun.Run(plan);
        Assert.All(run.Steps, step => Assert.Equal(4, step.PromptsSampled));
        Assert.All(run.Steps, step => Assert.Equal(2, step.Tries)); // three prompts, then the one that is left
    }

    [Fact]
    public void The_term_named_is_looked_at_instead_of_the_whole_reward()
    {
        var terms = new RewardPlan { Terms = [new RewardTerm("odd", 1, Graders.Of(Odd)), new RewardTerm("length", 0.01, Graders.Of(answer => answer.TokenCount + answer.TokenIds[0] / 100.0))] };
        using var whole = TinyRun.Run(Plan("by-all", new DynamicSampling(20)) with { Reward = terms });
        using var term = TinyRun.Run(Plan("by-term", new DynamicSampling(20) { Term = "odd" }) with { Reward = terms });
        Assert.True(term.Steps[0].PromptsSampled > whole.Steps[0].PromptsSampled);
        using var threshold = TinyRun.Run(Plan("by-gap", new DynamicSampling(20) { Uninformative = new PruneRule(PruneGroups.Prompt, SpreadStatistic.Range, 0.5) }) with { Reward = terms });
        Assert.Equal(term.Steps[0].PromptsSampled, threshold.Steps[0].PromptsSampled);
    }

    [Fact]
    public void Rules_that_make_no_sense_are_refused()
    {
        string Problem(DynamicSampling rule) => Assert.ThrowsAny<ArgumentException>(() => Plan("refused", rule).Validated()).Message;
        Assert.Contains("at least 1 try", Problem(new DynamicSampling(0)));
        Assert.Contains("use PruneGroups.Prompt", Problem(new DynamicSampling(2) { Uninformative = PruneRule.EqualSiblings }));
        Assert.Contains("the reward has no such term, but odd", Problem(new DynamicSampling(2) { Term = "accuracy" }));
    }
}
