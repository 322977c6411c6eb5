using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Forests;
using TreeRl.Sampling;
using Xunit;

namespace TreeRl.Tests;

public class ExpansionTests
{
    private static readonly FakeTokenizer Letters = FakeTokenizer.Letters(6);

    private static FakePolicy Endless() => FakePolicy.Scripted(6, _ => [0, .2, .2, .2, .2, .2]);

    /// <summary>Certain tokens, but for one of two at place 3 and one of four at place 5.</summary>
    private static FakePolicy Certain() => FakePolicy.Scripted(6, answer => answer.Length switch
    {
        3 => [0, 0, .5, .5, 0, 0],
        5 => [0, 0, .25, .25, .25, .25],
        _ => FakePolicy.Only(6, 1),
    });

    private static SamplingPlan Plan(Expansion expansion, int trees, int leaves, int tokens) =>
        new() { Trees = trees, MaxLeaves = leaves, MaxTokens = tokens, Expansion = expansion };

    [Fact]
    public void EpTree_6_2_1_2_has_30_leaves()
    {
        var sampled = Grow.Sampled(Endless(), Letters, Plan(new Expansion.TopTokens(2, 1, 2), 6, 30, 12), Grow.Prompts(2));
        for (int p = 0; p < 2; p++) Assert.Equal(30, sampled.Forest.SelectPrompts([p]).LeafTotal);
        Assert.Equal(2 * 24, sampled.Stats.ExpansionBranches);
        Assert.All(sampled.Forest.Leaves, l => Assert.Equal(12, sampled.Forest.PathTokens(l).Length));
    }

    [Fact]
    public void Forks_open_in_front_of_the_tokens_of_highest_surprisal()
    {
        Assert.Equal("3(2(3 3) 5)", Grow.Shape(Grow.Forest(Certain(), Letters, Plan(new Expansion.TopTokens(2, 1, 1), 1, 3, 8))));
        Assert.Equal("3(2(3 3 3) 5 5)", Grow.Shape(Grow.Forest(Certain(), Letters, Plan(new Expansion.TopTokens(2, 1, 2), 1, 5, 8))));
        Assert.Equal("5(3 3)", Grow.Shape(Grow.Forest(Certain(), Letters, Plan(new Expansion.TopTokens(1, 1, 1), 1, 2, 8))));
    }

    [Fact]
    public void A_later_round_finds_other_places_since_a_fork_is_no_candidate() =>
        Assert.Equal("3(2(3 3) 5)", Grow.Shape(Grow.Forest(Certain(), Letters, Plan(new Expansion.TopTokens(1, 2, 1), 1, 3, 8))));

    [Fact]
    public void Surprisal_and_entropy_rank_differently()
    {
        // Place 2 is open (five tokens of a fifth); at place 4 a token of 1 in 10 may come, which is more surprising.
        var policy = FakePolicy.Scripted(6, answer => answer.Length switch
        {
            2 => [0, .2, .2, .2, .2, .2],
            4 => [0, .9, .1, 0, 0, 0],
            _ => FakePolicy.Only(6, 1),
        });
        var shapes = new HashSet<string>();
        for (int seed = 0; seed < 30; seed++)
        {
            var plan = Plan(new Expansion.TopTokens(1, 1, 1), 1, 2, 6);
            shapes.Add(Grow.Shape(Grow.Forest(policy, Letters, plan, seed: seed)));
            var byEntropy = plan with { Expansion = new Expansion.TopTokens(1, 1, 1) { Measure = TokenMeasure.Entropy } };
            Assert.Equal("2(4 4)", Grow.Shape(Grow.Forest(policy, Letters, byEntropy, seed: seed)));
        }
        Assert.Equal(["2(4 4)", "4(2 2)"], shapes.Order());
    }

    [Fact]
    public void A_fork_at_the_start_is_another_root_of_the_same_tree()
    {
        var policy = FakePolicy.Scripted(6, answer => answer.Length == 0 ? [0, .2, .2, .2, .2, .2] : FakePolicy.Only(6, 1));
        Assert.Equal("4 4 4", Grow.Shape(Grow.Forest(policy, Letters, Plan(new Expansion.TopTokens(1, 1, 2), 1, 3, 4))));
        // Its first token is no candidate again; the others tie at surprisal 0, and the earliest is taken.
        Assert.Equal("1(3 3 3) 4 4", Grow.Shape(Grow.Forest(policy, Letters, Plan(new Expansion.TopTokens(1, 2, 2), 1, 5, 4))));
    }

    [Fact]
    public void Short_answers_give_what_they_have()
    {
        // One token an answer: its start is the only place.
        Assert.Equal("1 1", Grow.Shape(Grow.Forest(Endless(), Letters, Plan(new Expansion.TopTokens(4, 1, 1), 1, 5, 1))));
        Assert.Equal("1 1 1", Grow.Shape(Grow.Forest(Endless(), Letters, Plan(new Expansion.TopTokens(4, 1, 1), 1, 5, 1) with { TopUp = TopUp.NewTree, PromptTokenBudget = 3 })));
    }

    [Fact]
    public void A_place_rule_masks_and_its_exception_names_it()
    {
        var seen = new List<string>();
        var rule = new PlaceRule("late", place =>
        {
            seen.Add($"{place.PromptId} {place.PathTokens} '{place.PathText()}' {place.NextToken} {place.LogProb:0.0} {place.Entropy:0.0}");
            return place.PathTokens >= 6;
        });
        var plan = Plan(new Expansion.TopTokens(1, 1, 1) { Where = rule }, 1, 2, 8);
        Assert.Equal("6(2 2)", Grow.Shape(Grow.Forest(Certain(), Letters, plan)));
        Assert.Equal(8, seen.Count);
        Assert.Equal("p0 2 'aa' 1 0.0 0.0", seen[2].Replace("-0.0", "0.0"));
        var failing = plan with { Expansion = new Expansion.TopTokens(1, 1, 1) { Where = new PlaceRule("mine", _ => throw new FormatException("oops")) } };
        var e = Assert.Throws<InvalidOperationException>(() => Grow.Forest(Certain(), Letters, failing));
        Assert.Equal("place rule 'mine' threw FormatException at prompt 'p0', answer token 0: oops", e.Message);
    }

    [Fact]
    public void Continuations_run_to_their_end_without_forking()
    {
        // The trigger fires in the third token of a node below a fork, which only a continuation has.
        var trigger = BranchTrigger.Custom("third below", b => b.NodeTokens == 3 && b.PathTokens > 3);
        var plan = Plan(new Expansion.TopTokens(1, 1, 1), 1, 9, 10) with { Branch = trigger };
        Assert.Equal("5(5 5)", Grow.Shape(Grow.Forest(Certain(), Letters, plan)));
    }

    [Fact]
    public void Random_nodes_draws_step_ends_and_the_start_with_equal_chance()
    {
        // Eight tokens in steps of two: places 0, 2, 4, 6.
        var counts = new Dictionary<string, int>();
        for (int seed = 0; seed < 400; seed++)
        {
            string shape = Grow.Shape(Grow.Forest(Endless(), Letters, Plan(new Expansion.RandomNodes(1, 1, new StepRule.EveryTokens(2)), 1, 2, 8), seed: seed));
            counts[shape] = counts.GetValueOrDefault(shape) + 1;
        }
        Assert.Equal(["2(6 6)", "4(4 4)", "6(2 2)", "8 8"], counts.Keys.Order());
        Assert.All(counts.Values, count => Assert.InRange(count, 65, 135)); // 100 expected, standard deviation 8.7
    }

    [Fact]
    public void Random_nodes_draws_with_replacement_and_may_leave_the_start_out()
    {
        var shapes = new HashSet<string>();
        var expansion = new Expansion.RandomNodes(2, 1, new StepRule.EveryTokens(2)) { IncludeRoot = false };
        for (int seed = 0; seed < 60; seed++) shapes.Add(Grow.Shape(Grow.Forest(Endless(), Letters, Plan(expansion, 1, 3, 6), seed: seed)));
        Assert.Equal(["2(2(2 2) 4)", "2(4 4 4)", "4(2 2 2)"], shapes.Order());
    }

    [Fact]
    public void Tree_grpo_2_2_1_has_three_leaves_a_tree()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            var expansion = new Expansion.RandomNodes(2, 1, new StepRule.EveryTokens(2)) { IncludeRoot = false };
            var forest = Grow.Forest(Endless(), Letters, Plan(expansion, 2, 6, 8), seed: seed);
            Assert.Equal([3, 3], forest.Roots.Select(r => forest.LeafCount[r]));
            Assert.Equal(6, Grow.Forest(Endless(), Letters, Plan(expansion with { IncludeRoot = true }, 2, 6, 8), seed: seed).LeafTotal);
        }
    }

    [Fact]
    public void Steps_end_after_a_text_or_where_a_rule_says()
    {
        var lines = new FakeTokenizer("a", ".\n", "b");
        var policy = FakePolicy.Scripted(4, answer => FakePolicy.Only(4, answer.Length is 2 or 4 ? 2 : 1));
        var shapes = new HashSet<string>();
        var expansion = new Expansion.RandomNodes(1, 1, new StepRule.AfterText("\n")) { IncludeRoot = false };
        for (int seed = 0; seed < 30; seed++) shapes.Add(Grow.Shape(Grow.Forest(policy, lines, Plan(expansion, 1, 2, 7), seed: seed)));
        Assert.Equal(["3(4 4)", "5(2 2)"], shapes.Order());
        var custom = expansion with { Steps = new StepRule.Custom(new PlaceRule("after three", p => p.PathText() == "aa.\na")) };
        Assert.Equal("4(3 3)", Grow.Shape(Grow.Forest(policy, lines, Plan(custom, 1, 2, 7))));
        // No place at all: the prompt is done.
        Assert.Equal("7", Grow.Shape(Grow.Forest(policy, lines, Plan(expansion with { Steps = new StepRule.AfterText("z") }, 1, 2, 7))));
    }

    [Fact]
    public void The_policy_reads_prompt_and_prefix_once_for_each_place()
    {
        var policy = Certain();
        var sampled = Grow.Sampled(policy, Letters, Plan(new Expansion.TopTokens(2, 1, 2), 1, 5, 8), Grow.Prompts(1));
        Assert.Equal((1 + 5) + (1 + 3), sampled.Stats.RereadTokens);
        Assert.Equal(4, sampled.Stats.ExpansionBranches);
        Assert.Equal(3, policy.Decoders[0].PromptsRead);
        Assert.Equal(8 + 2 * 3 + 2 * 5, sampled.Stats.Tokens);
    }
}
