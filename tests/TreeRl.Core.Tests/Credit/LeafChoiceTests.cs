using System;
using System.Linq;
using TreeRl.Credit;
using TreeRl.Forests;
using TreeRl.Objectives;
using TreeRl.Training;
using Xunit;

namespace TreeRl.Tests;

public class LeafChoiceTests
{
    private static readonly TestForest Wide = TestTrees.Flat([.. Enumerable.Repeat(0, 2).Select(_ => Enumerable.Range(0, 30).Select(i => i == 17 ? 1.0 : 0.0).ToArray())]);

    private static bool[] Trained(TestForest forest, LeafChoice choice) => [.. forest.Apply(CreditRules.Rloo.WithChoice(choice)).LeafTrained];

    [Fact]
    public void Sixteen_of_thirty_leaves_are_trained_and_the_only_good_one_is_among_them()
    {
        foreach (long seed in new long[] { 0, 1, 2, 3 })
        {
            bool[] trained = Trained(Wide, new LeafChoice(16) { Seed = seed });
            Assert.Equal(16, trained[..30].Count(t => t));
            Assert.Equal(16, trained[30..].Count(t => t));
            Assert.True(trained[17] && trained[47]);
        }
    }

    [Fact]
    public void Without_the_good_first_rule_the_good_leaf_is_chosen_as_often_as_any()
    {
        int chosen = Enumerable.Range(0, 400).Count(seed => Trained(Wide, new LeafChoice(15, GoodFirst: false) { Seed = seed })[17]);
        Assert.InRange(chosen, 160, 240); // 200 expected, standard deviation 10
    }

    [Fact]
    public void The_choice_is_a_function_of_the_forest_and_differs_by_prompt_and_seed()
    {
        bool[] once = Trained(Wide, new LeafChoice(16)), again = Trained(Wide, new LeafChoice(16)), other = Trained(Wide, new LeafChoice(16) { Seed = 1 });
        Assert.Equal(once, again);
        Assert.NotEqual(once, other);
        Assert.NotEqual(once[..30], once[30..]);
    }

    [Fact]
    public void All_leaves_make_the_values_and_chosen_ones_the_root_of_the_count()
    {
        // leave-one-out scores of 1 1 0: 1/2, 1/2, -1; V(r) 1/2 over a and b, V(d) -1, prompt 0
        Twig a = Twig.Leaf(1, 1), b = Twig.Leaf(1, 1), d = Twig.Leaf(1, 0), r = Twig.Branch(1, a, b);
        var forest = TestTrees.Prompt(r, d);
        var two = forest.Apply(CreditRules.TreeRl.WithChoice(new LeafChoice(2)));
        Assert.Equal(2, two.LeafTrained.Count(t => t));
        int below = new[] { a, b }.Count(leaf => two.NodeTrained[forest.Node(leaf)]);
        Assert.InRange(below, 1, 2);
        Assert.Equal(0.5, two.NodeValue[forest.Node(r)], 12);
        Assert.Equal((0.5 + 0.5) / Math.Sqrt(below), two.NodeAdvantage[forest.Node(r)], 12);
        Assert.Equal(below == 1, two.NodeTrained[forest.Node(d)]);
        var one = forest.Apply(CreditRules.TreeRl.WithChoice(new LeafChoice(1)));
        Assert.False(one.NodeTrained[forest.Node(d)]); // a good one comes first
        Assert.Equal(1.0, one.NodeAdvantage[forest.Node(r)], 12);
        var batch = Packer.Pack(one, new AggregationSettings(Aggregation.TokenMean));
        Assert.Equal(2, batch.TargetCount); // r and the chosen leaf
        Assert.All(batch.Credit.Mass, mass => Assert.Equal(0.5f, mass));
    }

    [Fact]
    public void A_prompt_with_fewer_scored_leaves_trains_all_of_them()
    {
        var forest = TestTrees.Prompt(Twig.Leaf(1, 1), Twig.Leaf(1, null), Twig.Leaf(1, 0));
        Assert.Equal([true, false, true], Trained(forest, new LeafChoice(16)));
        Assert.Equal([true, false, false], Trained(forest, new LeafChoice(1)));
    }

    [Fact]
    public void Siblings_that_change_places_take_their_choice_with_them()
    {
        for (int i = 0; i < 20; i++)
        {
            var trees = TestTrees.Random(Seed.Of(i), prompts: 2, rewards: [0, 1]);
            var forest = TestTrees.Build(trees);
            var rule = CreditRules.TreeRl.WithChoice(new LeafChoice(2));
            var (shuffled, original) = TestTrees.Shuffle(trees, Seed.Of(i));
            var moved = TestTrees.Build(shuffled);
            // siblings take their tokens with them
            int[] ids = [.. moved.Twigs.SelectMany(twig => Tokens(forest, forest.Node(original[twig])))];
            moved = moved with { Forest = WithTokens(moved.Forest, ids) };
            var before = forest.Apply(rule);
            var after = moved.Apply(rule);
            for (int n = 0; n < moved.Forest.NodeCount; n++)
                Assert.Equal(before.NodeTrained[forest.Node(original[moved.Twigs[n]])], after.NodeTrained[n]);
        }
    }

    private static int[] Tokens(TestForest of, int node) =>
        of.Forest.TokenId.AsSpan(of.Forest.FirstToken[node], of.Forest.TokenCount[node]).ToArray();

    private static Forest WithTokens(Forest forest, int[] ids) => Forest.Create(new ForestColumns
    {
        Prompts = forest.Prompts,
        Parent = forest.Parent,
        PromptOf = forest.PromptOf,
        TokenCount = forest.TokenCount,
        Finish = forest.Finish,
        TokenId = [.. ids],
        LogProb = forest.LogProb,
        Entropy = forest.Entropy,
    });

    [Fact]
    public void A_choice_of_nothing_is_refused() =>
        Assert.Contains("must choose at least 1 leaf", Assert.Throws<ArgumentException>(() => Trained(Wide, new LeafChoice(0))).Message);
}
