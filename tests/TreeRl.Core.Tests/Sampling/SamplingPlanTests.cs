using System;
using TreeRl.Policies;
using TreeRl.Sampling;
using Xunit;

namespace TreeRl.Tests;

public class SamplingPlanTests
{
    [Fact]
    public void The_default_plan_is_sound() => Assert.Empty(new SamplingPlan().Problems());

    public static TheoryData<SamplingPlan, string> Broken() => new()
    {
        { new SamplingPlan { Trees = 0 }, "Trees = 0: must be at least 1" },
        { new SamplingPlan { Branch = null! }, "Branch = null: must be a trigger" },
        { new SamplingPlan { FanOut = 1 }, "FanOut = 1: must be at least 2 (a node with one child is no branch)" },
        { new SamplingPlan { FanOutRule = (FanOutRule)7 }, "FanOutRule = 7: must be one of the named rules" },
        { new SamplingPlan { Trees = 4, MaxLeaves = 3 }, "MaxLeaves = 3: must be at least Trees = 4" },
        { new SamplingPlan { MaxDepth = -1 }, "MaxDepth = -1: must not be negative" },
        { new SamplingPlan { AtMaxDepth = (DepthLimit)9 }, "AtMaxDepth = 9: must be one of the named rules" },
        { new SamplingPlan { MaxTokens = 0 }, "MaxTokens = 0: must be at least 1" },
        { new SamplingPlan { Trees = 4, PromptTokenBudget = 3 }, "PromptTokenBudget = 3: must be at least Trees = 4" },
        { new SamplingPlan { TopUp = (TopUp)9 }, "TopUp = 9: must be one of the named rules" },
        { new SamplingPlan { WaveBranches = -1 }, "WaveBranches = -1: must not be negative" },
        { new SamplingPlan { StopTexts = default }, "StopTexts = default: must be an array" },
        { new SamplingPlan { StopTexts = ["a", ""] }, "StopTexts[1] = \"\": must not be empty" },
        { new SamplingPlan { Repetition = new RepetitionRule(0, 2) }, "Repetition.WindowTokens = 0: must be at least 1" },
        { new SamplingPlan { Repetition = new RepetitionRule(1, 1) }, "Repetition.Times = 1: must be at least 2" },
        { new SamplingPlan { Custom = new StopRule(" ", _ => false) }, "Custom.Name = ' ': must not be blank" },
        { new SamplingPlan { Custom = new StopRule("x", null!) }, "Custom.Fires = null: must be a function" },
        { new SamplingPlan { Picking = null! }, "Picking = null: must be given" },
        { new SamplingPlan { Picking = new PickSettings { TopP = 2 } }, "Picking.TopP = 2: must be above 0" },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void A_broken_rule_is_named(SamplingPlan plan, string message)
    {
        Assert.Contains(message, Assert.Single(plan.Problems()));
        Assert.Contains(message, Assert.Throws<ArgumentException>(plan.Validated).Message);
    }

    [Fact]
    public void All_broken_rules_are_named_together()
    {
        string message = Assert.Throws<ArgumentException>(new SamplingPlan { FanOut = 0, MaxTokens = -5, Picking = new PickSettings { TopK = -1 } }.Validated).Message;
        Assert.Contains("FanOut = 0", message);
        Assert.Contains("MaxTokens = -5", message);
        Assert.Contains("Picking.TopK = -1", message);
    }

    [Fact]
    public void Triggers_check_their_numbers()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => BranchTrigger.EveryTokens(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => BranchTrigger.EntropyAbove(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => BranchTrigger.EntropyAbove(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => BranchTrigger.EntropyAbove(1, 0));
        Assert.Throws<ArgumentException>(() => BranchTrigger.Custom("", _ => true));
        Assert.Throws<ArgumentNullException>(() => BranchTrigger.Custom("x", null!));
    }

    [Fact]
    public void Distinct_first_tokens_follow_the_trigger_unless_set()
    {
        Assert.True(new SamplingPlan { Branch = BranchTrigger.EntropyAbove(1) }.Distinct);
        Assert.False(new SamplingPlan { Branch = BranchTrigger.EveryTokens(4) }.Distinct);
        Assert.False(new SamplingPlan { Branch = BranchTrigger.EntropyAbove(1), DistinctFirstTokens = false }.Distinct);
        Assert.True(new SamplingPlan { Branch = BranchTrigger.Custom("mine", _ => true, distinctFirstTokens: true) }.Distinct);
    }

    [Fact]
    public void The_plan_prints_in_one_line()
    {
        Assert.Equal("1 tree, leaves <= 16, tokens <= 128, temperature 1", new SamplingPlan().ToString());
        Assert.Equal(
            "2 trees, branch entropy above 1.5 (from 4 tokens), fan out 3, distinct, depth <= 2 then stop, leaves <= 16 topped up, tokens <= 96, prompt budget 400, "
            + "stop at \"##\", stop at 4 times the same 8 tokens, stop by 'mine', temperature 0.7, top-k 5, top-p 0.9, min-p 0.1",
            new SamplingPlan
            {
                Trees = 2,
                Branch = BranchTrigger.EntropyAbove(1.5, 4),
                FanOut = 3,
                MaxDepth = 2,
                AtMaxDepth = DepthLimit.Stop,
                TopUp = TopUp.NewTree,
                MaxTokens = 96,
                PromptTokenBudget = 400,
                StopTexts = ["##"],
                Repetition = new RepetitionRule(8, 4),
                Custom = new StopRule("mine", _ => false),
                Picking = new PickSettings { Temperature = 0.7, TopK = 5, TopP = 0.9, MinP = 0.1 },
            }.ToString());
    }
}
