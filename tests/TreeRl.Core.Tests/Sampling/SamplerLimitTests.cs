using System;
using System.Linq;
using TreeRl.Forests;
using TreeRl.Sampling;
using Xunit;

namespace TreeRl.Tests;

public class SamplerLimitTests
{
    private static readonly FakeTokenizer Letters = FakeTokenizer.Letters(6);

    private static FakePolicy Endless() => FakePolicy.Scripted(6, _ => [0, .2, .2, .2, .2, .2]);

    [Fact]
    public void A_fork_takes_the_leaves_that_are_left_when_at_least_two()
    {
        var plan = new SamplingPlan { Branch = BranchTrigger.EveryTokens(1), FanOut = 3, MaxTokens = 3 };
        Assert.Equal("1(1(1 1 1) 2 2)", Grow.Shape(Grow.Forest(Endless(), Letters, plan with { MaxLeaves = 5 })));
        Assert.Equal("1(1(1 1) 2 2)", Grow.Shape(Grow.Forest(Endless(), Letters, plan with { MaxLeaves = 4 })));
        Assert.Equal("1(1(1 1 1) 1(1 1) 2)", Grow.Shape(Grow.Forest(Endless(), Letters, plan with { MaxLeaves = 6 })));
        Assert.Equal("1(2 2 2)", Grow.Shape(Grow.Forest(Endless(), Letters, plan with { MaxLeaves = 3 })));
        Assert.Equal("1(2 2)", Grow.Shape(Grow.Forest(Endless(), Letters, plan with { MaxLeaves = 2 })));
        Assert.Equal("3", Grow.Shape(Grow.Forest(Endless(), Letters, plan with { MaxLeaves = 1 })));
    }

    [Fact]
    public void A_fork_may_be_wider_than_all_branches_before_it() =>
        Assert.Equal(300, Grow.Forest(Endless(), Letters, new SamplingPlan { Branch = BranchTrigger.EveryTokens(1), FanOut = 300, MaxLeaves = 300, MaxTokens = 2 }).LeafTotal);

    [Fact]
    public void Leaves_that_have_ended_count()
    {
        // Both children of the first fork go on; the tree of width 2 each step would need 8 leaves.
        var plan = new SamplingPlan { Trees = 2, Branch = BranchTrigger.EveryTokens(1), MaxLeaves = 3, MaxTokens = 3 };
        Assert.Equal("1(2 2) 3", Grow.Shape(Grow.Forest(Endless(), Letters, plan)));
    }

    [Fact]
    public void Fill_leaves_uses_all_leaves_at_the_first_chance() =>
        Assert.Equal("2(1 1 1 1 1)", Grow.Shape(Grow.Forest(Endless(), Letters, new SamplingPlan { Branch = BranchTrigger.EveryTokens(2), FanOutRule = FanOutRule.FillLeaves, MaxLeaves = 5, MaxTokens = 3 })));

    [Fact]
    public void Transfer_passes_the_width_of_an_ended_branch_on()
    {
        // Two trees: one ends after its first segment of two tokens, so the other forks into 2 x (1 + 1) children.
        var policy = FakePolicy.Scripted(6, answer => answer.Length switch
        {
            0 => [0, .5, .5, 0, 0, 0],
            1 => answer[0] == 1 ? FakePolicy.Only(6, 0) : FakePolicy.Only(6, 3),
            _ => FakePolicy.Only(6, 4),
        });
        var plan = new SamplingPlan { Trees = 2, Branch = BranchTrigger.EveryTokens(2), MaxLeaves = 8, MaxTokens = 3 };
        bool met = false;
        for (int seed = 0; seed < 10; seed++)
        {
            var forest = Grow.Forest(policy, Letters, plan with { FanOutRule = FanOutRule.Transfer }, seed: seed);
            if (forest.Roots.Count(r => forest.TokenId[forest.FirstToken[r]] == 1) != 1) continue;
            met = true;
            Assert.Equal([0, 4], forest.Roots.Select(r => forest.ChildCount[r]).Order());
            Assert.Equal([0, 2], Grow.Forest(policy, Letters, plan, seed: seed) is var f ? f.Roots.Select(r => f.ChildCount[r]).Order() : []);
        }
        Assert.True(met);
    }

    [Fact]
    public void The_token_budget_of_a_prompt_goes_to_earlier_branches()
    {
        var forest = Grow.Forest(Endless(), Letters, new SamplingPlan { Trees = 3, MaxLeaves = 3, MaxTokens = 10, PromptTokenBudget = 8 });
        Assert.Equal("3 3 2", Grow.Shape(forest));
        Assert.All(forest.Finish, f => Assert.Equal(Finish.PromptBudget, f));
    }

    [Fact]
    public void A_fork_needs_a_token_for_each_child()
    {
        var plan = new SamplingPlan { Branch = BranchTrigger.EveryTokens(1), FanOut = 4, MaxLeaves = 9, MaxTokens = 10 };
        Assert.Equal("1(1 1 1)", Grow.Shape(Grow.Forest(Endless(), Letters, plan with { PromptTokenBudget = 4 })));
        Assert.Equal("1(1 1 1 1)", Grow.Shape(Grow.Forest(Endless(), Letters, plan with { PromptTokenBudget = 5 })));
        Assert.Equal("2", Grow.Shape(Grow.Forest(Endless(), Letters, plan with { PromptTokenBudget = 2 })));
    }

    [Fact]
    public void Each_prompt_has_its_own_limits()
    {
        var forest = Grow.Forest(Endless(), Letters, new SamplingPlan { Trees = 2, MaxLeaves = 2, MaxTokens = 10, PromptTokenBudget = 3 }, prompts: 3);
        Assert.Equal("2 1 | 2 1 | 2 1", Grow.Shape(forest));
    }

    [Fact]
    public void A_top_up_starts_trees_until_the_leaves_are_there()
    {
        var policy = FakePolicy.Scripted(6, answer => answer.Length < 2 ? FakePolicy.Only(6, 1) : FakePolicy.Only(6, 0));
        var plan = new SamplingPlan { Trees = 2, MaxLeaves = 5, MaxTokens = 9 };
        Assert.Equal("3 3", Grow.Shape(Grow.Forest(policy, Letters, plan)));
        var sampled = Grow.Sampled(policy, Letters, plan with { TopUp = TopUp.NewTree }, Grow.Prompts(1));
        Assert.Equal("3 3 3 3 3", Grow.Shape(sampled.Forest));
        Assert.Equal(3, sampled.Stats.TopUpTrees);
        Assert.Equal(1, policy.Decoders[^1].PromptsRead);
    }

    [Fact]
    public void Top_up_trees_branch_and_draw_anew()
    {
        // A tree forks once, at its first token, and then only where its leaf budget allows.
        var plan = new SamplingPlan { Branch = BranchTrigger.EveryTokens(1), MaxDepth = 1, MaxLeaves = 5, MaxTokens = 4, TopUp = TopUp.NewTree };
        var forest = Grow.Forest(Endless(), Letters, plan);
        Assert.Equal("1(3 3) 1(3 3) 4", Grow.Shape(forest));
        Assert.Equal(5, forest.Leaves.Select(l => string.Join(",", forest.PathTokens(l))).Distinct().Count());
    }

    [Fact]
    public void Top_up_keeps_to_the_token_budget()
    {
        var plan = new SamplingPlan { Trees = 2, MaxLeaves = 50, MaxTokens = 3, TopUp = TopUp.NewTree, PromptTokenBudget = 13 };
        var forest = Grow.Forest(Endless(), Letters, plan);
        Assert.Equal("3 3 3 3 1", Grow.Shape(forest));
        Assert.Equal(Finish.PromptBudget, forest.Finish[4]);
    }

    [Fact]
    public void A_top_up_tree_has_the_draws_of_its_index_whoever_came_before()
    {
        var plan = new SamplingPlan { MaxLeaves = 3, MaxTokens = 6, TopUp = TopUp.NewTree };
        Assert.True(Grow.Same(Grow.Forest(Endless(), Letters, plan), Grow.Forest(Endless(), Letters, plan with { Trees = 3 })));
    }

    [Fact]
    public void A_wave_bounds_the_branches_decoded_together()
    {
        var plan = new SamplingPlan { Trees = 2, MaxLeaves = 4, Branch = BranchTrigger.EveryTokens(1), MaxTokens = 4, TopUp = TopUp.NewTree, WaveBranches = 9 };
        var policy = Endless();
        var sampled = Grow.Sampled(policy, Letters, plan, Grow.Prompts(7));
        Assert.Equal(28, sampled.Forest.LeafTotal);
        Assert.Equal(8, sampled.Stats.PeakBranches);
        Grow.Sampled(policy, Letters, plan with { WaveBranches = 1 }, Grow.Prompts(7));
        Assert.InRange(policy.Decoders[^1].MostBranches, 4, 5);
    }
}
