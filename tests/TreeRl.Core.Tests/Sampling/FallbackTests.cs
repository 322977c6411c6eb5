using System.Collections.Generic;
using System.Linq;
using TreeRl.Forests;
using TreeRl.Sampling;
using Xunit;

namespace TreeRl.Tests;

public class FallbackTests
{
    private static readonly FakeTokenizer Letters = FakeTokenizer.Letters(6);

    private static FakePolicy Endless() => FakePolicy.Scripted(6, _ => [0, .2, .2, .2, .2, .2]);

    private static Expansion Cut(CutPoint cut, FallbackFrom from = FallbackFrom.Any) => new Expansion.Fallback(from, cut);

    [Fact]
    public void Missing_leaves_grow_from_segment_boundaries_of_ended_answers()
    {
        var shapes = new HashSet<string>();
        for (int seed = 0; seed < 40; seed++)
        {
            var plan = new SamplingPlan { MaxLeaves = 3, MaxTokens = 6, Expansion = Cut(new CutPoint.RandomSegments(2)) };
            shapes.Add(Grow.Shape(Grow.Forest(Endless(), Letters, plan, seed: seed)));
        }
        Assert.Equal(["2(4 4 4)", "4(2 2 2)", "6 6 6"], shapes.Order());
    }

    [Fact]
    public void Falling_back_repeats_until_the_leaves_are_there()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            var plan = new SamplingPlan { Trees = 2, MaxLeaves = 16, MaxTokens = 6, Expansion = Cut(new CutPoint.RandomSegments(2)) };
            var sampled = Grow.Sampled(Endless(), Letters, plan, Grow.Prompts(1), seed);
            Assert.Equal(16, sampled.Forest.LeafTotal);
            Assert.Equal(14, sampled.Stats.ExpansionBranches);
            // All forks lie on segment boundaries.
            for (int n = 0; n < sampled.Forest.NodeCount; n++) Assert.Equal(0, sampled.Forest.PathTokens(n).Length % 2);
        }
    }

    [Fact]
    public void Without_an_answer_to_cut_the_prompt_starts_again()
    {
        var plan = new SamplingPlan { MaxLeaves = 4, MaxTokens = 6, Expansion = Cut(new CutPoint.LowestBlock(2), FallbackFrom.OnlyFinished) };
        Assert.Equal("6 6 6 6", Grow.Shape(Grow.Forest(Endless(), Letters, plan)));
        Assert.Equal("6 6 6 6", Grow.Shape(Grow.Forest(Endless(), Letters, plan with { Expansion = Cut(new CutPoint.Start()) })));
    }

    [Fact]
    public void The_least_likely_block_is_where_the_new_branches_start()
    {
        // The third segment holds the only uncertain token.
        var policy = FakePolicy.Scripted(6, answer => answer.Length == 4 ? [0, .2, .2, .2, .2, .2] : FakePolicy.Only(6, answer.Length == 7 ? 0 : 1));
        var plan = new SamplingPlan { MaxLeaves = 3, MaxTokens = 20, Expansion = Cut(new CutPoint.LowestBlock(2), FallbackFrom.OnlyFinished) };
        Assert.Equal("4(4 4 4)", Grow.Shape(Grow.Forest(policy, Letters, plan)));
    }

    [Fact]
    public void Continuations_fork_by_the_trigger()
    {
        // The first answer ends after three tokens; what falls back to place 2 goes on and forks at 4.
        var policy = FakePolicy.Scripted(6, answer => answer.Length == 2 ? [.5, .5, 0, 0, 0, 0] : FakePolicy.Only(6, 1));
        var plan = new SamplingPlan { Branch = BranchTrigger.Custom("at 4", b => b.PathTokens == 4), MaxLeaves = 5, MaxTokens = 6, Expansion = Cut(new CutPoint.LowestToken()) };
        bool forked = false;
        for (int seed = 0; seed < 20; seed++)
        {
            var forest = Grow.Forest(policy, Letters, plan, seed: seed);
            Assert.Equal(5, forest.LeafTotal);
            string shape = Grow.Shape(forest);
            if (shape.StartsWith("2(1 ", System.StringComparison.Ordinal)) forked |= shape.Contains("2(2 2)", System.StringComparison.Ordinal);
        }
        Assert.True(forked);
    }

    [Fact]
    public void The_token_budget_ends_falling_back()
    {
        var plan = new SamplingPlan { MaxLeaves = 9, MaxTokens = 4, PromptTokenBudget = 11, Expansion = Cut(new CutPoint.RandomSegments(2)) };
        for (int seed = 0; seed < 20; seed++)
        {
            var forest = Grow.Forest(Endless(), Letters, plan, seed: seed);
            Assert.Equal(11, forest.TokenTotal);
            Assert.InRange(forest.LeafTotal, 2, 9);
        }
    }

    [Fact]
    public void Repetitions_before_the_cut_count()
    {
        // Two a's, then anything: a third a in a continuation ends it, since the prefix holds two.
        var policy = FakePolicy.Scripted(6, answer => answer.Length < 2 ? FakePolicy.Only(6, 1) : [0, .5, .5, 0, 0, 0]);
        var plan = new SamplingPlan { MaxLeaves = 8, MaxTokens = 4, Repetition = new RepetitionRule(1, 3), Expansion = Cut(new CutPoint.RandomSegments(2)) };
        var forest = Grow.Forest(policy, Letters, plan);
        Assert.All(forest.Leaves, l => Assert.Equal(forest.Finish[l] == Finish.Repetition, forest.PathTokens(l).Count(t => t == 1) == 3 || forest.PathTokens(l).Count(t => t == 2) == 3));
        Assert.Contains(forest.Leaves, l => forest.Finish[l] == Finish.Repetition);
        Assert.Contains(forest.Leaves, l => forest.Finish[l] == Finish.MaxTokens);
    }

    [Fact]
    public void The_first_fork_is_drawn_from_its_range_for_each_prompt()
    {
        var plan = new SamplingPlan { Trees = 2, TreesUpTo = 8, MaxLeaves = 8, MaxTokens = 1 };
        var forest = Grow.Forest(Endless(), Letters, plan, prompts: 200);
        int[] trees = Enumerable.Range(0, 200).Select(p => forest.Roots.Count(r => forest.PromptOf[r] == p)).ToArray();
        Assert.Equal([2, 3, 4, 5, 6, 7, 8], trees.Distinct().Order());
        Assert.All(Enumerable.Range(2, 7), count => Assert.InRange(trees.Count(t => t == count), 10, 52)); // 28.6 expected, standard deviation 5
    }

    [Fact]
    public void Fan_outs_by_depth_make_6_5_4_and_the_last_level_is_unbounded()
    {
        var plan = new SamplingPlan { Trees = 6, FanOuts = [5, 4], MaxDepth = 2, MaxLeaves = 120, Branch = BranchTrigger.EveryTokens(2), MaxTokens = 9 };
        var forest = Grow.Forest(Endless(), Letters, plan);
        Assert.Equal(120, forest.LeafTotal);
        Assert.All(forest.Roots, r => Assert.Equal(5, forest.ChildCount[r]));
        Assert.All(forest.Leaves, l => Assert.Equal(5, forest.TokenCount[l]));
        var treeRpo = new SamplingPlan { Trees = 8, FanOut = 8, MaxDepth = 2, MaxLeaves = 512, Branch = BranchTrigger.EveryTokens(1), MaxTokens = 3 };
        var tree = Grow.Forest(Endless(), Letters, treeRpo);
        Assert.Equal(512, tree.LeafTotal);
        Assert.Equal(8 + 64 + 512, tree.NodeCount);
    }

    [Fact]
    public void The_repetition_rule_comes_where_the_plan_puts_it()
    {
        var policy = FakePolicy.Scripted(6, _ => FakePolicy.Only(6, 1));
        var plan = new SamplingPlan { MaxLeaves = 1, MaxTokens = 3, Repetition = new RepetitionRule(1, 3), StopTexts = ["aaa"] };
        Finish With(SamplingPlan p) => Assert.Single(Grow.Forest(policy, Letters, p).Finish);
        Assert.Equal(Finish.StopText, With(plan));
        Assert.Equal(Finish.Repetition, With(plan with { RepetitionOrder = RepetitionOrder.First }));
        Assert.Equal(Finish.Repetition, With(plan with { StopTexts = [] }));
        Assert.Equal(Finish.MaxTokens, With(plan with { StopTexts = [], RepetitionOrder = RepetitionOrder.Last }));
        Assert.Equal(Finish.Repetition, With(plan with { StopTexts = [], RepetitionOrder = RepetitionOrder.Last, MaxTokens = 9 }));
        var deep = plan with { StopTexts = [], MaxTokens = 9, Branch = BranchTrigger.EveryTokens(3), MaxDepth = 0, AtMaxDepth = DepthLimit.Stop };
        Assert.Equal(Finish.Repetition, With(deep));
        Assert.Equal(Finish.MaxDepth, With(deep with { RepetitionOrder = RepetitionOrder.Last }));
    }
}
