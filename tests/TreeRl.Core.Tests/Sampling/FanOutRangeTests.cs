using System.Collections.Generic;
using System.Linq;
using TreeRl.Forests;
using TreeRl.Sampling;
using Xunit;

namespace TreeRl.Tests;

/// <summary>Random fan-outs, and budgets of tokens by step.</summary>
public class FanOutRangeTests
{
    private static readonly FakeTokenizer Letters = FakeTokenizer.Letters(6);

    private static FakePolicy Endless() => FakePolicy.Scripted(6, _ => [0, .2, .2, .2, .2, .2]);

    private static readonly SamplingPlan Plan = new()
    {
        Branch = BranchTrigger.EveryTokens(2),
        FanOut = 2,
        FanOutUpTo = 4,
        MaxDepth = 2,
        MaxLeaves = 64,
        MaxTokens = 6,
    };

    [Theory]
    [InlineData(FanOutRule.Fixed)]
    [InlineData(FanOutRule.Transfer)]
    [InlineData(FanOutRule.TransferToLast)]
    public void A_prompt_draws_one_fan_out_for_all_forks_of_a_step(FanOutRule rule)
    {
        var seen = new HashSet<(int, int)>();
        var forest = Grow.Forest(Endless(), Letters, Plan with { FanOutRule = rule }, prompts: 60);
        foreach (int root in forest.Roots)
        {
            int[] children = [.. forest.Children(root)];
            int[] below = [.. children.Select(child => forest.Children(child).Count())];
            Assert.Single(below.Distinct());
            seen.Add((children.Length, below[0]));
        }
        Assert.Equal(9, seen.Count); // 2, 3 and 4, step by step on their own
    }

    [Fact]
    public void The_draw_of_a_prompt_does_not_depend_on_the_others()
    {
        var all = Grow.Forest(Endless(), Letters, Plan, prompts: 8);
        for (int p = 0; p < 8; p++)
        {
            var alone = Grow.Sampled(Endless(), Letters, Plan, [Grow.Prompts(8)[p]]).Forest;
            Assert.True(Grow.Same(all.SelectPrompts([p]), alone));
        }
    }

    [Fact]
    public void A_budget_by_step_bounds_the_branches_of_every_segment()
    {
        // trees 2; then at most 12 / 2 = 6 branches a segment, while leaves last
        var plan = new SamplingPlan { Trees = 2, Branch = BranchTrigger.EveryTokens(2), FanOutRule = FanOutRule.StepBudget, StepTokens = 12, MaxLeaves = 64, MaxTokens = 6 };
        Assert.Equal("2(2(2) 2(2) 2(2)) 2(2(2) 2(2) 2(2))".Replace("(2)", ""), Grow.Shape(Grow.Forest(Endless(), Letters, plan with { MaxTokens = 4 })));
        // six branches keep six: a node of two segments
        Assert.Equal("2(4 4 4) 2(4 4 4)", Grow.Shape(Grow.Forest(Endless(), Letters, plan)));
        Assert.Equal("2(2 2) 2(2 2)", Grow.Shape(Grow.Forest(Endless(), Letters, plan with { MaxTokens = 4, MaxLeaves = 4 })));
    }

    [Fact]
    public void Rules_that_make_no_sense_are_refused()
    {
        string Problems(SamplingPlan plan) => string.Join("; ", plan.Problems());
        Assert.Contains("FanOutUpTo = 1: must be 0, or at least FanOut = 2", Problems(Plan with { FanOutUpTo = 1 }));
        Assert.Contains("FanOutUpTo = 4: must be 0", Problems(Plan with { FanOutRule = FanOutRule.FillLeaves }));
        Assert.Contains("StepTokens = 8: belongs to FanOutRule.StepBudget, not Fixed", Problems(Plan with { StepTokens = 8 }));
        Assert.Contains("StepTokens = 0: must be at least 1 token", Problems(Plan with { FanOutUpTo = 0, FanOutRule = FanOutRule.StepBudget }));
        Assert.Contains("needs BranchTrigger.EveryTokens", Problems(Plan with { FanOutUpTo = 0, FanOutRule = FanOutRule.StepBudget, StepTokens = 8, Branch = BranchTrigger.EntropyAbove(1) }));
        Assert.Contains("Weights.LastTemperature = 0", Problems(Plan with { Weights = new ForkWeights(PathScore.PathSum, ForkPreference.Likely, 1) { LastTemperature = 0 } }));
    }
}
