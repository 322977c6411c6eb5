using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using TreeRl.Forests;
using TreeRl.Policies;
using TreeRl.Sampling;
using Xunit;

namespace TreeRl.Tests;

public class SamplerTests
{
    private static readonly FakeTokenizer Letters = FakeTokenizer.Letters(6);

    /// <summary>A policy over "&lt;end&gt;abcde" that never ends by itself.</summary>
    private static FakePolicy Endless() => FakePolicy.Scripted(6, _ => [0, .2, .2, .2, .2, .2]);

    [Fact]
    public void A_plan_that_never_branches_grows_chains()
    {
        var forest = Grow.Forest(Endless(), Letters, new SamplingPlan { Trees = 3, MaxLeaves = 3, MaxTokens = 4 }, prompts: 2);
        Assert.Equal("4 4 4 | 4 4 4", Grow.Shape(forest));
        Assert.All(forest.Finish, f => Assert.Equal(Finish.MaxTokens, f));
        Assert.True(Enumerable.Range(0, forest.NodeCount).Select(n => string.Join(",", forest.PathTokens(n))).Distinct().Count() > 3);
    }

    [Fact]
    public void Every_n_tokens_forks_at_multiples_of_n()
    {
        var plan = new SamplingPlan { Branch = BranchTrigger.EveryTokens(2), FanOut = 2, MaxLeaves = 4, MaxTokens = 7 };
        Assert.Equal("2(2(3 3) 2(3 3))", Grow.Shape(Grow.Forest(Endless(), Letters, plan)));
    }

    [Fact]
    public void A_step_draws_and_measures_in_one_call_and_in_a_second_where_a_branch_forks()
    {
        var plan = new SamplingPlan { Branch = BranchTrigger.EveryTokens(2), FanOut = 2, MaxLeaves = 4, MaxTokens = 7 };
        var policy = Endless();
        Assert.Equal(7, Grow.Sampled(policy, Letters, plan, Grow.Prompts(3)).Stats.Steps);
        Assert.Equal(7 + 2, policy.Decoders[0].PickCalls);
    }

    [Fact]
    public void TreeRpo_s_shape_is_trees_of_n_segments_that_stop_at_the_depth_limit()
    {
        // N = 3 continuations from the question, from each segment of 2 tokens again, down to depth 2.
        var plan = new SamplingPlan { Trees = 3, Branch = BranchTrigger.EveryTokens(2), FanOut = 3, MaxLeaves = 100, MaxDepth = 1, AtMaxDepth = DepthLimit.Stop, MaxTokens = 50 };
        var policy = Endless();
        var sampled = Grow.Sampled(policy, Letters, plan, Grow.Prompts(1));
        Assert.Equal("2(2 2 2) 2(2 2 2) 2(2 2 2)", Grow.Shape(sampled.Forest));
        Assert.All(sampled.Forest.Leaves, l => Assert.Equal(Finish.MaxDepth, sampled.Forest.Finish[l]));
        // The token at the depth limit is not read: 3 x 2 of the roots, 9 x 1 of the children.
        Assert.Equal(15, policy.Decoders[0].TokensRead);
    }

    [Fact]
    public void At_the_depth_limit_a_branch_goes_on_unless_told_to_stop()
    {
        var plan = new SamplingPlan { Branch = BranchTrigger.EveryTokens(1), MaxLeaves = 100, MaxDepth = 1, MaxTokens = 3 };
        Assert.Equal("1(2 2)", Grow.Shape(Grow.Forest(Endless(), Letters, plan)));
        Assert.Equal("3", Grow.Shape(Grow.Forest(Endless(), Letters, plan with { MaxDepth = 0 })));
    }

    [Fact]
    public void An_entropy_fork_at_the_depth_limit_can_stop_too()
    {
        var plan = new SamplingPlan { Branch = BranchTrigger.EntropyAbove(1), MaxLeaves = 100, MaxDepth = 1, AtMaxDepth = DepthLimit.Stop, MaxTokens = 9 };
        var forest = Grow.Forest(Endless(), Letters, plan);
        Assert.Equal("1(1 1)", Grow.Shape(forest));
        Assert.All(forest.Leaves, l => Assert.Equal(Finish.MaxDepth, forest.Finish[l]));
    }

    [Fact]
    public void A_branch_that_stops_takes_no_token_from_those_that_go_on()
    {
        // 'a' is followed by a free choice, where a branch at the depth limit stops; 'b' by 'e' and the end for certain.
        static double[] Row(int[] answer) => answer switch
        {
            [] => [0, .5, .5, 0, 0, 0],
            [1, ..] => [0, .2, .2, .2, .2, .2],
            [2] => [0, 0, 0, 0, 0, 1],
            _ => [1, 0, 0, 0, 0, 0],
        };
        var plan = new SamplingPlan { Trees = 16, MaxLeaves = 100, Branch = BranchTrigger.EntropyAbove(1), MaxDepth = 0, AtMaxDepth = DepthLimit.Stop, MaxTokens = 9 };
        string[] leaves = [.. Grow.Text(Grow.Forest(FakePolicy.Scripted(6, Row), Letters, plan), Letters).Split(' ').Distinct().Order()];
        Assert.Equal(["a!MaxDepth", "be<end>!EndOfText"], leaves);
    }

    [Fact]
    public void Entropy_branching_forks_exactly_where_the_entropy_is_above_the_threshold()
    {
        // Two certain tokens, then a fair choice of three (ln 3 = 1.0986), then two certain ones and the end.
        static double[] Row(int[] answer) => answer.Length switch
        {
            0 => FakePolicy.Only(6, 1),
            1 => FakePolicy.Only(6, 2),
            2 => [0, 0, 0, 1 / 3.0, 1 / 3.0, 1 / 3.0],
            3 or 4 => FakePolicy.Only(6, answer[2]),
            _ => FakePolicy.Only(6, 0),
        };
        var plan = new SamplingPlan { Branch = BranchTrigger.EntropyAbove(1.09), FanOut = 3, MaxLeaves = 8, MaxTokens = 20 };
        var forest = Grow.Forest(FakePolicy.Scripted(6, Row), Letters, plan);
        Assert.Equal(["ccc<end>!EndOfText", "ddd<end>!EndOfText", "eee<end>!EndOfText"], Grow.Text(forest, Letters)[3..^1].Split(' ').Order());
        Assert.StartsWith("ab(", Grow.Text(forest, Letters));
        Assert.Equal(Math.Log(3), forest.Entropy[2], 1e-6);
        Assert.Equal(-Math.Log(3), forest.LogProb[2], 1e-6);
        Assert.Equal(0, forest.Entropy[3], 1e-6);
        Assert.Equal("6", Grow.Shape(Grow.Forest(FakePolicy.Scripted(6, Row), Letters, plan with { Branch = BranchTrigger.EntropyAbove(1.1) })));
        Assert.Equal("6", Grow.Shape(Grow.Forest(FakePolicy.Scripted(6, Row), Letters, plan with { Branch = BranchTrigger.EntropyAbove(1.09, minNodeTokens: 3) })));
    }

    [Fact]
    public void Entropy_forks_begin_with_different_tokens_and_fixed_forks_draw_independently()
    {
        var plan = new SamplingPlan { FanOut = 3, MaxLeaves = 12, MaxTokens = 6, Branch = BranchTrigger.EntropyAbove(0.5) };
        bool Distinct(Forest f, int node) => f.Children(node).Select(c => f.TokenId[f.FirstToken[c]]).Distinct().Count() == f.ChildCount[node];
        bool AllDistinct(SamplingPlan p) => Enumerable.Range(0, 20).All(seed =>
        {
            var f = Grow.Forest(Endless(), Letters, p, seed: seed);
            return Enumerable.Range(0, f.NodeCount).All(n => Distinct(f, n));
        });
        Assert.True(AllDistinct(plan));
        Assert.False(AllDistinct(plan with { DistinctFirstTokens = false }));
        Assert.False(AllDistinct(plan with { Branch = BranchTrigger.EveryTokens(1) }));
        Assert.True(AllDistinct(plan with { Branch = BranchTrigger.EveryTokens(1), DistinctFirstTokens = true }));
    }

    [Fact]
    public void A_distinct_fork_takes_what_the_truncated_distribution_has_and_none_when_that_is_one_token()
    {
        var plan = new SamplingPlan { FanOut = 4, MaxLeaves = 4, MaxTokens = 2, Branch = BranchTrigger.EntropyAbove(0.5), Picking = new PickSettings { TopK = 2 } };
        Assert.Equal("1(1 1)", Grow.Shape(Grow.Forest(Endless(), Letters, plan)));
        Assert.Equal("2", Grow.Shape(Grow.Forest(Endless(), Letters, plan with { Picking = new PickSettings { TopK = 1 } })));
        Assert.Equal("2", Grow.Shape(Grow.Forest(Endless(), Letters, plan with { Picking = new PickSettings { Temperature = 0 } })));
    }

    [Fact]
    public void First_tokens_follow_the_policy()
    {
        const int trees = 3000;
        double[] p = [0, .5, .25, .15, .07, .03];
        var forest = Grow.Forest(FakePolicy.Scripted(6, _ => p), Letters, new SamplingPlan { Trees = trees, MaxLeaves = trees, MaxTokens = 1, WaveBranches = trees });
        double chi = 0;
        for (int id = 1; id < 6; id++)
        {
            double expected = trees * p[id], seen = forest.TokenId.Count(t => t == id);
            chi += (seen - expected) * (seen - expected) / expected;
        }
        Assert.True(chi < 18.5, $"chi-square {chi} beyond its 99.9 % point for 4 degrees of freedom");
    }

    [Fact]
    public void Children_of_a_fork_follow_the_policy_and_not_each_other()
    {
        // 400 forks of two children each over five equal tokens: a pair is equal with probability 1/5.
        int equal = 0;
        for (int seed = 0; seed < 400; seed++)
        {
            var f = Grow.Forest(Endless(), Letters, new SamplingPlan { Branch = BranchTrigger.EveryTokens(1), MaxLeaves = 2, MaxTokens = 3 }, seed: seed);
            if (f.PathTokens(1)[1..].SequenceEqual(f.PathTokens(2)[1..])) equal++;
        }
        // Two free tokens each: 1/25 of the pairs agree in both. 400/25 = 16 expected, standard deviation 3.9.
        Assert.InRange(equal, 3, 32);
    }

    [Fact]
    public void The_recorded_probability_is_untempered_and_unfiltered()
    {
        double[] p = [.1, .4, .3, .1, .06, .04];
        var plan = new SamplingPlan { MaxTokens = 5, Picking = new PickSettings { Temperature = 0.3, TopK = 3, TopP = 0.9 } };
        var forest = Grow.Forest(FakePolicy.Scripted(6, _ => p), Letters, plan);
        for (int t = 0; t < forest.TokenTotal; t++) Assert.Equal(Math.Log(p[forest.TokenId[t]]), forest.LogProb[t], 1e-5);
        double entropy = -p.Sum(x => x * Math.Log(x));
        Assert.All(forest.Entropy, e => Assert.Equal(entropy, e, 1e-5));
    }

    [Fact]
    public void Two_forks_share_their_prefix_in_the_cache()
    {
        var sampled = Grow.Sampled(Endless(), Letters, new SamplingPlan { Branch = BranchTrigger.EveryTokens(3), MaxLeaves = 2, MaxTokens = 6, DistinctFirstTokens = true }, Grow.Prompts(1));
        Assert.Equal("3(3 3)", Grow.Shape(sampled.Forest));
        // One prompt token, three shared ones, two of each child (the last is not read).
        Assert.Equal(8, sampled.Stats.PeakCachedTokens);
        Assert.Equal(9, sampled.Stats.Tokens);
        Assert.Equal(6, sampled.Stats.Steps);
        Assert.Equal(1, sampled.Stats.Forks);
        Assert.Equal(1, sampled.Stats.PromptTokens);
        Assert.Equal(2, sampled.Stats.PeakBranches);
    }

    [Fact]
    public void A_custom_trigger_sees_the_branch()
    {
        var seen = new List<string>();
        var trigger = BranchTrigger.Custom("after b", b =>
        {
            seen.Add($"{b.PromptId}/{b.PromptIndex} tree {b.TreeIndex} depth {b.Depth} node {b.NodeTokens} path {b.PathText()} last {b.LastText} leaves {b.LeavesSoFar} live {b.LiveBranches} H {b.Entropy:0.00}");
            return b.LastText == "b";
        });
        double[] Row(int[] answer) => FakePolicy.Only(6, answer.Length switch { 0 => 1, 1 => 2, _ => 3 });
        var forest = Grow.Forest(FakePolicy.Scripted(6, Row), Letters, new SamplingPlan { Branch = trigger, MaxTokens = 4, MaxLeaves = 2 });
        Assert.Equal("ab(cc!MaxTokens cc!MaxTokens)", Grow.Text(forest, Letters));
        Assert.Equal(["p0/0 tree 0 depth 0 node 1 path a last a leaves 1 live 1 H 0.00", "p0/0 tree 0 depth 0 node 2 path ab last b leaves 1 live 1 H 0.00"], seen);
    }

    [Fact]
    public void An_exception_of_a_trigger_names_it_and_the_place()
    {
        var plan = new SamplingPlan { Branch = BranchTrigger.Custom("mine", _ => throw new FormatException("oops")) };
        var policy = Endless();
        var e = Assert.Throws<InvalidOperationException>(() => Sampler.Grow(policy, Letters, Grow.Prompts(1), plan, Seed.Of(1), null, TestContext.Current.CancellationToken));
        Assert.Equal("branch trigger 'mine' threw FormatException at prompt 'p0', answer token 1: oops", e.Message);
        Assert.IsType<FormatException>(e.InnerException);
        Assert.True(policy.Decoders[0].Disposed);
    }

    [Fact]
    public void Progress_is_told_after_each_step()
    {
        var told = new List<SamplingProgress>();
        Sampler.Grow(Endless(), Letters, Grow.Prompts(2), new SamplingPlan { MaxTokens = 2, MaxLeaves = 1, WaveBranches = 1 }, Seed.Of(1), told.Add, TestContext.Current.CancellationToken);
        Assert.Equal(
            [new(0, 2, 0, 1, 1), new(1, 2, 1, 0, 2), new(1, 2, 1, 1, 3), new(2, 2, 2, 0, 4)], told);
    }

    [Fact]
    public void Cancellation_stops_between_steps_and_frees_the_decoder()
    {
        using var source = new CancellationTokenSource();
        var policy = Endless();
        Assert.Throws<OperationCanceledException>(() => Sampler.Grow(policy, Letters, Grow.Prompts(1), new SamplingPlan { MaxTokens = 50 }, Seed.Of(1),
            progress => { if (progress.Tokens == 3) source.Cancel(); }, source.Token));
        Assert.True(policy.Decoders[0].Disposed);
        Assert.Equal(3, policy.Decoders[0].TokensRead);
    }

    [Fact]
    public void Prompts_that_cannot_be_sampled_are_refused()
    {
        var plan = new SamplingPlan();
        string Message(FakePolicy policy, List<ForestPrompt> prompts) => Assert.Throws<ArgumentException>(() => Sampler.Grow(policy, Letters, prompts, plan, Seed.Of(1), null, TestContext.Current.CancellationToken)).Message;
        Assert.Contains("no prompts", Message(Endless(), []));
        Assert.Contains("prompt 'p0' is there already", Message(Endless(), [.. Grow.Prompts(1), .. Grow.Prompts(1)]));
        Assert.Contains("prompt 'long' has 3 tokens: the policy's context of 3 leaves no room", Message(FakePolicy.Uniform(6, context: 3), [new("long", "", [1, 1, 1], "")]));
        Assert.Contains("the tokenizer has 6 ids and the policy 4", Message(FakePolicy.Uniform(4), Grow.Prompts(1)));
    }
}
