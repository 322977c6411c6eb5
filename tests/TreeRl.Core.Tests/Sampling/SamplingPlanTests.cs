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
        { new SamplingPlan { Trees = 4, TreesUpTo = 3 }, "TreesUpTo = 3: must be 0, or at least Trees = 4" },
        { new SamplingPlan { Trees = 4, TreesUpTo = 20 }, "MaxLeaves = 16: must be at least TreesUpTo = 20" },
        { new SamplingPlan { FanOuts = default }, "FanOuts = default: must be an array" },
        { new SamplingPlan { FanOuts = [3, 1], MaxDepth = 2 }, "FanOuts[1] = 1: must be at least 2" },
        { new SamplingPlan { FanOuts = [3, 2], MaxDepth = 3 }, "MaxDepth = 3: must be at most 2, the number of FanOuts" },
        { new SamplingPlan { FanOuts = [3, 2], MaxDepth = 2, FanOutRule = FanOutRule.Transfer }, "FanOuts = 3-2: belongs to FanOutRule.Fixed, not Transfer" },
        { new SamplingPlan { Weights = new ForkWeights(PathScore.PathSum, ForkPreference.Likely, 0) }, "Weights.Temperature = 0: must be a finite number above 0" },
        { new SamplingPlan { RepetitionOrder = (RepetitionOrder)5 }, "RepetitionOrder = 5: must be one of the named orders" },
        { new SamplingPlan { Expansion = null! }, "Expansion = null: must be given" },
        { new SamplingPlan { Expansion = new Expansion.TopTokens(0, 1, 1) }, "Expansion.Tokens = 0: must be at least 1" },
        { new SamplingPlan { Expansion = new Expansion.RandomNodes(1, 1, new StepRule.EveryTokens(0)) }, "Expansion.Steps.Tokens = 0: must be at least 1" },
        { new SamplingPlan { Expansion = new Expansion.Fallback(FallbackFrom.Any, new CutPoint.RandomSegments(0)) }, "Expansion.Cut.BlockTokens = 0: must be at least 1" },
        { new SamplingPlan { Expansion = new Expansion.Fallback(FallbackFrom.Any, null!) }, "Expansion.Cut = null: must be given" },
        { new SamplingPlan { Expansion = new Expansion.TopTokens(1, 1, 1), MaxDepth = 3 }, "MaxDepth = 3: must be unlimited with an expansion" },
        { new SamplingPlan { Trees = 6, Expansion = new Expansion.TopTokens(2, 1, 2) }, "MaxLeaves = 16: must be at least 30: the expansion brings each of 6 trees to 5 answers" },
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
        Assert.Equal(
            "2 .. 8 trees, branch every 512 tokens, fan out 2 with transfer, weighed by low segment mean of log-probability (temperature 2), "
            + "fall back on finished answers, a random number of 512-token segments dropped, leaves <= 16, tokens <= 7168, temperature 1",
            new SamplingPlan
            {
                Trees = 2,
                TreesUpTo = 8,
                Branch = BranchTrigger.EveryTokens(512),
                FanOutRule = FanOutRule.Transfer,
                Weights = new ForkWeights(PathScore.SegmentMean, ForkPreference.Unlikely, 2),
                MaxTokens = 7168,
                Expansion = new Expansion.Fallback(FallbackFrom.OnlyFinished, new CutPoint.RandomSegments(512)),
            }.ToString());
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
