using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Credit;
using Xunit;

namespace TreeRl.Tests;

/// <summary>Laws every rule keeps, over random forests. Tolerances are rounding: values are of order 1, sums have tens of terms.</summary>
public class CreditLawTests
{
    private const double Rounding = 1e-9;
    private const int Forests = 15;

    private static readonly CreditRule[] Variants =
    [
        .. CreditRules.All,
        CreditRules.TreeRlAsCode,
        CreditRules.TreePoWith(true, true).WithName("treePoReject"),
        CreditRules.TreeAdvWith(TrainingUnit.PathDuplicated, StdRule.Population()).WithName("treeAdvPaths"),
        CreditRules.SpoWith(TermScale.Std(StdRule.Population())).WithName("spoGrpo"),
        CreditRules.TreeRpoWith(TermScale.Std(StdRule.Sample()), PruneRule.EqualSiblings).WithName("treeRpoStd"),
        new CreditRule("maxAgainstRoot")
        {
            Leaves = [LeafTransform.Centre(CreditScope.Tree), LeafTransform.Scale(CreditScope.Batch, StdRule.Sample())],
            Backup = Backup.MaxOfLeaves,
            Terms = [CreditTerm.Over(Baseline.Root), CreditTerm.Over(Baseline.Tree, TermScale.SqrtLeafCount).Times(0.5)],
            Spread = CreditSpread.Segment,
            Unit = TrainingUnit.TokenOnce,
            After = [AfterStep.Whiten(), AfterStep.Clip(2)],
        },
        new CreditRule("ancestorsBySegment")
        {
            Backup = Backup.MeanOfLeaves,
            Terms = [CreditTerm.Over(Baseline.AncestorGroups(true))],
            Spread = CreditSpread.Segment,
        },
    ];

    public static TheoryData<string> AllRules => [.. Variants.Select(rule => rule.Name)];

    // TreeRPO's scale is built from the mean itself
    public static TheoryData<string> ShiftInvariant => [.. Variants.Select(rule => rule.Name).Except(["treeRpo"])];

    [Theory]
    [MemberData(nameof(AllRules))]
    public void Permuting_siblings_changes_nothing(string name)
    {
        var rule = Rule(name);
        for (int i = 0; i < Forests; i++)
        {
            var trees = TestTrees.Random(Seed.Of(i), onlyChildren: i % 2 == 0);
            var (shuffled, original) = TestTrees.Shuffle(trees, Seed.Of(i).Child("shuffle"));
            TestForest one = TestTrees.Build(trees), two = TestTrees.Build(shuffled);
            CreditResult a = one.Apply(rule), b = two.Apply(rule);
            double[] expected = TestTrees.FinalByNode(a), actual = TestTrees.FinalByNode(b);
            for (int n = 0; n < actual.Length; n++)
            {
                int m = one.Node(original[two.Twigs[n]]);
                Assert.Equal(expected[m], actual[n], Rounding);
                Assert.Equal(a.NodeTrained[m], b.NodeTrained[n]);
            }
            Assert.Equal(a.Counts, b.Counts);
        }
    }

    [Theory]
    [MemberData(nameof(AllRules))]
    public void Equal_rewards_give_exact_zeros(string name)
    {
        foreach (double reward in new[] { 0, 1, 0.1, 1.0 / 3, 0.7 })
        {
            var forest = TestTrees.Build(TestTrees.Random(Seed.Of(5), rewards: [reward]));
            var credit = forest.Apply(Rule(name));
            Assert.All(TestTrees.FinalByNode(credit), a => Assert.Equal(0.0, a));
            if (name != "reinforcePlusPlus") // compares with 0: the signal goes only in the whitening
                Assert.Equal(3, credit.Counts.WithoutSignal);
        }
    }

    [Theory]
    [MemberData(nameof(ShiftInvariant))]
    public void Adding_a_constant_to_every_reward_changes_nothing(string name)
    {
        for (int i = 0; i < Forests; i++)
        {
            var trees = TestTrees.Random(Seed.Of(i));
            var shifted = TestTrees.MapRewards(trees, reward => reward + 0.37);
            CreditResult a = TestTrees.Build(trees).Apply(Rule(name)), b = TestTrees.Build(shifted).Apply(Rule(name));
            TestTrees.Near(TestTrees.FinalByNode(a), TestTrees.FinalByNode(b), Rounding);
            Assert.Equal(a.NodeTrained.AsEnumerable(), b.NodeTrained.AsEnumerable());
        }
    }

    [Fact]
    public void Tree_rpo_is_not_shift_invariant_because_its_scale_is_built_from_the_mean()
    {
        var trees = TestTrees.MapRewards(TestTrees.Random(Seed.Of(1)), reward => reward / 2);
        var shifted = TestTrees.MapRewards(trees, reward => reward + 0.2);
        Assert.NotEqual(TestTrees.FinalByNode(TestTrees.Build(trees).Apply(CreditRules.TreeRpo)), TestTrees.FinalByNode(TestTrees.Build(shifted).Apply(CreditRules.TreeRpo)));
    }

    [Theory]
    [MemberData(nameof(AllRules))]
    public void Leaves_without_a_score_move_nothing(string name)
    {
        for (int i = 0; i < Forests; i++)
        {
            var trees = TestTrees.Random(Seed.Of(i));
            var (masked, original) = AddMasked(trees, Seed.Of(i).Child("mask"));
            TestForest one = TestTrees.Build(trees), two = TestTrees.Build(masked);
            CreditResult a = one.Apply(Rule(name)), b = two.Apply(Rule(name));
            double[] expected = TestTrees.FinalByNode(a), actual = TestTrees.FinalByNode(b);
            for (int n = 0; n < actual.Length; n++)
            {
                if (original.TryGetValue(two.Twigs[n], out var twig))
                {
                    Assert.Equal(expected[one.Node(twig)], actual[n], Rounding);
                    Assert.Equal(a.NodeTrained[one.Node(twig)], b.NodeTrained[n]);
                    continue;
                }
                Assert.Equal(0.0, actual[n]);
                Assert.Equal(0.0, b.NodeAdvantage[n]);
                Assert.True(double.IsNaN(b.NodeValue[n]));
                Assert.False(b.NodeTrained[n]);
            }
            Assert.Equal(a.Counts with { Leaves = b.Counts.Leaves }, b.Counts);
        }
    }

    [Theory]
    [InlineData("treeRpoPlain", "drGrpo", 1)]
    [InlineData("treePo", "reinforcePlusPlusBaseline", 1)]
    [InlineData("treePoSizeWeighted", "reinforcePlusPlusBaseline", 1)]
    [InlineData("treeAdv", "grpo", 1)]
    [InlineData("treeRl", "rloo", 2)]
    [InlineData("treeGrpo", "grpo", 1)]
    [InlineData("spo", "drGrpo", 1)]
    [InlineData("dTreeRpo", "rloo", 1)]
    public void A_forest_of_chains_gives_the_flat_rule(string tree, string flat, double factor)
    {
        var chains = TestTrees.Build(TestTrees.Random(Seed.Of(3)).Select(roots => roots.Select((_, i) => Twig.Leaf(1 + i % 4, i % 3 == 0 ? 1 : 0.25 * i)).ToArray()).ToArray());
        var rule = tree == "treeRpoPlain" ? CreditRules.TreeRpoWith(TermScale.None, null) : Rule(tree);
        TestTrees.Near([.. TestTrees.FinalByNode(chains.Apply(Rule(flat))).Select(a => factor * a)], TestTrees.FinalByNode(chains.Apply(rule)), Rounding);
    }

    [Theory]
    [InlineData("grpo")]
    [InlineData("treePo")]
    [InlineData("treePoSizeWeighted")]
    [InlineData("treeAdv")]
    [InlineData("treeGrpo")]
    public void Cutting_an_unbranched_stretch_into_nodes_changes_no_token(string name)
    {
        for (int i = 0; i < Forests; i++)
        {
            var trees = TestTrees.Random(Seed.Of(i));
            TestForest whole = TestTrees.Build(trees), cut = TestTrees.Build([.. trees.Select(roots => roots.Select(Cut).ToArray())]);
            CreditResult a = whole.Apply(Rule(name)), b = cut.Apply(Rule(name));
            TestTrees.Near(a.TokenAdvantage, b.TokenAdvantage, Rounding);
            TestTrees.Near(a.LeafAdvantage, b.LeafAdvantage, Rounding);
        }

        static Twig Cut(Twig twig)
        {
            var rest = twig with { Children = [.. twig.Children.Select(Cut)] };
            return twig.Tokens == 1 ? rest : Twig.Branch(1, rest with { Tokens = twig.Tokens - 1 });
        }
    }

    [Fact]
    public void Leave_one_out_is_mean_centring_stretched()
    {
        var forest = TestTrees.Build(TestTrees.Random(Seed.Of(8), prompts: 1));
        double leaves = forest.Forest.LeafTotal;
        TestTrees.Near([.. forest.Apply(CreditRules.DrGrpo).LeafAdvantage.Select(a => leaves / (leaves - 1) * a)], forest.Apply(CreditRules.Rloo).LeafAdvantage, Rounding);
    }

    [Fact]
    public void Grpo_on_a_tree_weighs_a_node_by_its_leaf_mean()
    {
        var forest = TestTrees.Build(TestTrees.Random(Seed.Of(9), prompts: 1));
        CreditResult grpo = forest.Apply(CreditRules.Grpo), tree = forest.Apply(CreditRules.TreeAdv);
        for (int n = 0; n < forest.Forest.NodeCount; n++)
            Assert.Equal(SumBelow(forest, n, grpo.LeafAdvantage), forest.Forest.LeafCount[n] * tree.NodeAdvantage[n], Rounding);
    }

    [Fact]
    public void Deeper_groups_of_tree_po_cancel_in_a_nodes_weight()
    {
        // All leaves stand in four groups (prompt, root, inner node, inner node), so the weight of node j is (1/4) sum over k < j of |G_j| (V_j - V_k).
        var forest = TestTrees.Prompt([.. Enumerable.Range(0, 2).Select(r => Grow(Seed.Of(r), 3))]);
        var credit = forest.Apply(CreditRules.TreePo.WithAfter());
        var value = forest.Apply(CreditRules.TreeRl.WithLeaves());
        for (int n = 0; n < forest.Forest.NodeCount; n++)
        {
            if (forest.Forest.IsLeaf(n)) continue;
            double expected = value.NodeValue[n] - value.PromptValue[0];
            for (int k = forest.Forest.Parent[n]; k >= 0; k = forest.Forest.Parent[k]) expected += value.NodeValue[n] - value.NodeValue[k];
            Assert.Equal(expected * forest.Forest.LeafCount[n] / 4, SumBelow(forest, n, credit.LeafAdvantage), Rounding);
        }

        static Twig Grow(Seed at, int depth) => depth == 0
            ? Twig.Leaf(1, at.Child("reward").Uniform())
            : Twig.Branch(1, [.. Enumerable.Range(0, 2 + at.Below(2)).Select(c => Grow(at.Child(c), depth - 1))]);
    }

    [Fact]
    public void Children_add_up_to_their_parent_where_a_rule_conserves()
    {
        // sibling baselines: the advantages of a group sum to zero; parent baselines with mean of leaves: leaf-weighted they do
        var forest = TestTrees.Build(TestTrees.Random(Seed.Of(11)));
        var siblings = forest.Apply(CreditRules.TreeRpoWith(TermScale.None, null));
        var parent = forest.Apply(CreditRules.TreeRl.WithLeaves().WithTerms(CreditTerm.Over(Baseline.Parent)));
        for (int n = 0; n < forest.Forest.NodeCount; n++)
        {
            if (forest.Forest.IsLeaf(n)) continue;
            Assert.Equal(0, forest.Forest.Children(n).Sum(child => siblings.NodeAdvantage[child]), Rounding);
            Assert.Equal(0, forest.Forest.Children(n).Sum(child => forest.Forest.LeafCount[child] * parent.NodeAdvantage[child]), Rounding);
        }
    }

    private static CreditRule Rule(string name) => Variants.Single(rule => rule.Name == name);

    private static double SumBelow(TestForest forest, int node, IReadOnlyList<double> leafAdvantage) =>
        Enumerable.Range(forest.Forest.FirstLeaf[node], forest.Forest.LeafCount[node]).Sum(leaf => leafAdvantage[leaf]);

    private static (Twig[][] Trees, Dictionary<Twig, Twig> Original) AddMasked(Twig[][] prompts, Seed seed)
    {
        var original = new Dictionary<Twig, Twig>(ReferenceEqualityComparer.Instance);
        int drawn = 0;
        return ([.. prompts.Select(roots => Widen([.. roots.Select(Copy)]))], original);

        Twig[] Widen(Twig[] siblings) => seed.Child(drawn++).Below(3) switch
        {
            0 => [Twig.Leaf(2, null), .. siblings],
            1 => [.. siblings, Twig.Branch(1, Twig.Leaf(1, null), Twig.Leaf(3, null))],
            _ => siblings,
        };

        Twig Copy(Twig twig)
        {
            var copy = twig with { Children = twig.Children.Length == 0 ? [] : Widen([.. twig.Children.Select(Copy)]) };
            original.Add(copy, twig);
            return copy;
        }
    }
}
