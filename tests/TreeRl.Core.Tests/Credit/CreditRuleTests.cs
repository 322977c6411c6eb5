using System;
using System.Linq;
using TreeRl.Credit;
using TreeRl.Forests;
using TreeRl.Policies;
using TreeRl.Rewards;
using Xunit;

namespace TreeRl.Tests;

public class CreditRuleTests
{
    private static readonly CreditRule Plain = new CreditRule("plain").WithBackup(Backup.MeanOfLeaves).WithSpread(CreditSpread.Segment).WithUnit(TrainingUnit.TokenOnce);

    // prompt 0: root 0 over leaves 1 (score 1) and 2 (score 0), root 3 is a leaf (score 1); prompt 1: leaves 4 and 5, both 1
    private static TestForest Small => TestTrees.Build(
        [Twig.Branch(2, Twig.Leaf(1, 1), Twig.Leaf(3, 0)), Twig.Leaf(1, 1)], [Twig.Leaf(1, 1), Twig.Leaf(1, 1)]);

    [Fact]
    public void The_parent_of_a_root_is_its_prompt_by_either_backup()
    {
        var children = Small.Apply(CreditRules.Spo);
        Assert.Equal(0.75, children.PromptValue[0]);
        Assert.Equal([-0.25, 0.5, -0.5, 0.25, 0, 0], children.NodeAdvantage);
        var leaves = Small.Apply(Plain.WithTerms(CreditTerm.Over(Baseline.Parent)));
        Assert.Equal(2.0 / 3, leaves.PromptValue[0]);
        TestTrees.Near([0.5 - 2.0 / 3, 0.5, -0.5, 1.0 / 3, 0, 0], leaves.NodeAdvantage, 1e-15);
    }

    [Theory]
    [InlineData("Zero", 1, 0.5)]
    [InlineData("Parent", 0.5, -1.0 / 6)]
    [InlineData("Root", 0.5, 0)]
    [InlineData("Siblings", 0.5, -0.25)]
    [InlineData("OtherSiblings", 1, -0.5)]
    [InlineData("Tree", 0.5, 0)]
    [InlineData("Prompt", 1.0 / 3, -1.0 / 6)]
    public void Baselines_agree_with_hand_calculation(string name, double leaf1, double root0)
    {
        Baseline[] all = [Baseline.Zero, Baseline.Parent, Baseline.Root, Baseline.Siblings, Baseline.OtherSiblings, Baseline.Tree, Baseline.Prompt];
        var credit = Small.Apply(Plain.WithTerms(CreditTerm.Over(all.Single(b => b.Words == name))));
        Assert.Equal(leaf1, credit.NodeAdvantage[1], 1e-12);
        Assert.Equal(root0, credit.NodeAdvantage[0], 1e-12);
    }

    [Fact]
    public void Terms_are_weighted_scaled_and_added()
    {
        var credit = Small.Apply(Plain.WithTerms(CreditTerm.Over(Baseline.Parent, TermScale.SqrtLeafCount), CreditTerm.Over(Baseline.Zero).Times(3)));
        Assert.Equal(-1.0 / 6 / Math.Sqrt(2) + 1.5, credit.NodeAdvantage[0], 1e-12);
    }

    [Theory]
    [InlineData(StdKind.Sample, 0.5773502691896258)]
    [InlineData(StdKind.Population, 0.4714045207910317)]
    [InlineData(StdKind.BernoulliStd, 0.4714045207910317)]
    [InlineData(StdKind.BernoulliVariance, 0.2222222222222222)]
    public void Scales_agree_with_hand_calculation(StdKind kind, double deviation)
    {
        var credit = Small.Apply(CreditRules.GrpoWith(new StdRule(kind, 0.01)));
        Assert.Equal(1.0 / 3 / (deviation + 0.01), credit.LeafAdvantage[0], 1e-12);
    }

    [Fact]
    public void Leaf_scopes_are_prompt_tree_and_batch()
    {
        CreditRule Centred(CreditScope scope) => new CreditRule("x").WithLeaves(LeafTransform.Centre(scope));
        TestTrees.Near([1.0 / 3, -2.0 / 3, 1.0 / 3, 0, 0], Small.Apply(Centred(CreditScope.Prompt)).LeafScore, 1e-15);
        TestTrees.Near([0.5, -0.5, 0, 0, 0], Small.Apply(Centred(CreditScope.Tree)).LeafScore, 1e-15);
        TestTrees.Near([0.2, -0.8, 0.2, 0.2, 0.2], Small.Apply(Centred(CreditScope.Batch)).LeafScore, 1e-15);
    }

    [Fact]
    public void Values_equal_up_to_rounding_are_equal()
    {
        // 0.1 + 0.7 and 0.3 + 0.5 differ in the last bit as sums; a deviation of that difference must not be divided by
        var forest = TestTrees.Prompt(Twig.Branch(1, Twig.Leaf(1, 0.1), Twig.Leaf(1, 0.7)), Twig.Branch(1, Twig.Leaf(1, 0.3), Twig.Leaf(1, 0.5)),
            Twig.Branch(1, Twig.Leaf(1, 0.3), Twig.Leaf(1, 0.4), Twig.Leaf(1, 0.5)));
        var credit = forest.Apply(CreditRules.SpoWith(TermScale.Std(StdRule.Population(0))));
        Assert.Equal([0, 0, 0], forest.Forest.Roots.Select(root => credit.NodeAdvantage[root]));
        Assert.Equal(3, credit.Counts.DroppedEdges - 1); // the three roots, and the leaf at its parent's mean
    }

    [Fact]
    public void Pruned_sibling_groups_lose_their_weight_and_their_descendants_keep_it()
    {
        // the roots differ by 0.5 (std 0.25), the children of root 0 by 1 (std 0.5)
        var rule = CreditRules.TreeRpoWith(TermScale.None, new PruneRule(PruneGroups.Siblings, SpreadStatistic.Std, 0.25));
        var credit = Small.Apply(rule);
        Assert.Equal([false, true, true, false, false, false], credit.NodeTrained);
        Assert.Equal(0, credit.TokenAdvantage[0]);
        Assert.Equal(-0.25, credit.NodeAdvantage[0]);
        Assert.Equal((3, 2, 4), (credit.Counts.PruneGroups, credit.Counts.PrunedGroups, credit.Counts.PrunedNodes));
        Assert.True(Small.Apply(rule.WithPrune(rule.Prune! with { Statistic = SpreadStatistic.Range })).NodeTrained[0]);
        Assert.False(Small.Apply(rule.WithPrune(rule.Prune! with { Statistic = SpreadStatistic.Variance })).NodeTrained[1]);
        Assert.True(Small.Apply(rule.WithPrune(rule.Prune! with { Statistic = SpreadStatistic.Variance, Threshold = 0.24 })).NodeTrained[1]);
    }

    [Fact]
    public void Pruned_prompts_take_no_part_in_the_whitening()
    {
        var alone = TestTrees.Flat([1, 0, 0.5]).Apply(CreditRules.TreePo);
        var together = TestTrees.Flat([1, 0, 0.5], [1, 1, 1, 1]).Apply(CreditRules.TreePo);
        TestTrees.Near([.. alone.LeafAdvantage, 0, 0, 0, 0], together.LeafAdvantage, 1e-12);
        Assert.Equal([true, true, true, false, false, false, false], together.LeafTrained);
        Assert.Equal([false, true], together.PromptWithoutSignal);
    }

    [Fact]
    public void Whitening_by_segment_counts_a_shared_token_once_or_once_for_each_path()
    {
        var rule = Plain.WithAfter(AfterStep.Whiten(0));
        int[] paths = [2, 2, 1, 1, 1, 1, 1, 1, 1]; // by token of Small: root 0 has two tokens and two leaves
        var once = Small.Apply(rule).TokenAdvantage;
        Assert.Equal(0, once.Sum(), 1e-12);
        Assert.Equal(paths.Length - 1, once.Sum(a => a * a), 1e-12);
        var duplicated = Small.Apply(rule.WithUnit(TrainingUnit.PathDuplicated)).TokenAdvantage;
        Assert.Equal(0, duplicated.Zip(paths, (a, k) => k * a).Sum(), 1e-12);
        Assert.Equal(paths.Sum() - 1, duplicated.Zip(paths, (a, k) => k * a * a).Sum(), 1e-12);
    }

    [Fact]
    public void Singletons_are_pruned_unless_kept()
    {
        var forest = TestTrees.Flat([1, 0], [1]);
        var rule = CreditRules.DrGrpo.WithPrune(PruneRule.EqualPrompts);
        Assert.False(forest.Apply(rule).LeafTrained[2]);
        Assert.True(forest.Apply(rule.WithPrune(PruneRule.EqualPrompts with { KeepSingletons = true })).LeafTrained[2]);
    }

    [Fact]
    public void Edges_without_advantage_are_dropped()
    {
        var credit = Small.Apply(CreditRules.Spo);
        Assert.Equal([true, true, true, true, false, false], credit.NodeTrained);
        Assert.Equal(2, credit.Counts.DroppedEdges);
    }

    [Fact]
    public void Prompts_are_counted_as_good_bad_mixed_and_unscored()
    {
        var forest = TestTrees.Build([Twig.Leaf(1, 1), Twig.Leaf(1, 0)], [Twig.Leaf(1, 1), Twig.Leaf(1, 0.6)], [Twig.Leaf(1, 0)], [Twig.Leaf(1, null)]);
        var counts = forest.Apply(CreditRules.Grpo).Counts;
        Assert.Equal((1, 1, 1, 1), (counts.Mixed, counts.AllGood, counts.AllBad, counts.Unscored));
        Assert.Equal((1, 2), (counts.SingletonPrompts, counts.WithoutSignal));
        Assert.Equal(2, Redistribution.Apply(CreditRules.Grpo, forest.Forest, forest.Outcomes, goodScore: 0.7).Counts.Mixed);
    }

    [Fact]
    public void A_leaf_the_sampler_pruned_is_masked_whatever_its_outcome()
    {
        var forest = Forest.Create(new ForestColumns
        {
            Prompts = [new ForestPrompt("p", "", [1], "")],
            Parent = [-1, -1, -1],
            PromptOf = [0, 0, 0],
            TokenCount = [1, 1, 1],
            Finish = [Finish.EndOfText, Finish.Pruned, Finish.EndOfText],
            TokenId = [1, 2, 3],
            LogProb = [-1, -1, -1],
            Entropy = [1, 1, 1],
        });
        var credit = Redistribution.Apply(CreditRules.DrGrpo, forest, LeafOutcomes.FromScores(1, 7, 0));
        Assert.Equal([0.5, 0, -0.5], credit.LeafAdvantage);
    }

    [Fact]
    public void Monte_carlo_values_replace_inner_nodes_and_leaves_keep_their_scores()
    {
        var rule = Plain.WithBackup(Backup.MonteCarlo([0.6, 9, 9, 9, 9, 9], [0.4, 1])).WithTerms(CreditTerm.Over(Baseline.Parent));
        TestTrees.Near([0.2, 0.4, -0.6, 0.6, 0, 0], Small.Apply(rule).NodeAdvantage, 1e-12);
        Assert.Throws<ArgumentException>(() => Small.Apply(Plain.WithBackup(Backup.MonteCarlo([1, 2]))));
    }

    [Fact]
    public void Custom_functions_fit_every_axis()
    {
        var rule = new CreditRule("mine")
        {
            Leaves = [LeafTransform.Custom("double", (_, x) => [.. x.Select(v => 2 * v)])],
            Backup = Backup.Custom("first leaf", (forest, x) => [.. forest.FirstLeaf.Select(leaf => x[leaf])]),
            Terms = [new CreditTerm(1, Baseline.Custom("one", (forest, _) => [.. forest.Parent.Select(_ => 1.0)]), TermScale.Custom("depth", (forest, _) => [.. forest.Depth.Select(d => d + 1.0)]))],
            Spread = CreditSpread.Segment,
            Unit = TrainingUnit.TokenOnce,
            After = [AfterStep.Tokens("ramp", (forest, a) => [.. a.Select((v, t) => v * (t - forest.FirstToken[0]))])],
        };
        var credit = Small.Apply(rule);
        Assert.Equal([1, 0.5, -0.5, 1, 1, 1], credit.NodeAdvantage);
        Assert.Equal([0, 1, 1, -1.5, -2, -2.5, 6, 7, 8], credit.TokenAdvantage);
        var leaves = Small.Apply(CreditRules.DrGrpo.WithAfter(AfterStep.Leaves("sign", (_, a) => [.. a.Select(v => (double)Math.Sign(v))])));
        Assert.Equal([1, -1, 1, 0, 0], leaves.LeafAdvantage);
    }

    [Fact]
    public void A_custom_function_that_throws_or_returns_nonsense_is_named()
    {
        var throwing = Assert.Throws<InvalidOperationException>(() => Small.Apply(Plain.WithBackup(Backup.Custom("mine", (_, _) => throw new FormatException("no")))));
        Assert.StartsWith("customBackup \"mine\" threw FormatException for the forest of 2 prompts ('p0' .. 'p1'): no", throwing.Message);
        var shorter = Assert.Throws<ArgumentException>(() => Small.Apply(Plain.WithLeaves(LeafTransform.Custom("mine", (_, _) => [1]))));
        Assert.StartsWith("customLeaves \"mine\" returned 1 value for the forest of 2 prompts ('p0' .. 'p1'): must return 5, one for each leaf; make the array as long as the forest's LeafTotal", shorter.Message);
        var missing = Assert.Throws<ArgumentException>(() => Small.Apply(Plain.WithLeaves(LeafTransform.Custom("mine", (_, x) => [.. x.Select(_ => double.NaN)]))));
        Assert.StartsWith("customLeaves \"mine\" returned NaN for leaf 0, of prompt 'p0': must be a finite number; ", missing.Message);
        var zero = Assert.Throws<ArgumentException>(() => Small.Apply(Plain.WithTerms(CreditTerm.Over(Baseline.Zero, TermScale.Custom("mine", (_, v) => new double[v.Length])))));
        Assert.StartsWith("customScale \"mine\" returned 0 for node ", zero.Message);
    }

    [Fact]
    public void A_custom_column_of_the_wrong_length_says_of_what_it_must_have_one_each()
    {
        string Message(CreditRule rule) => Assert.Throws<ArgumentException>(() => Small.Apply(rule)).Message;
        static double[] None(Forest forest, double[] values) => [];
        Assert.Contains("must return 6, one for each node; make the array as long as the forest's NodeCount", Message(Plain.WithBackup(Backup.Custom("mine", None))));
        Assert.Contains("must return 6, one for each node; ", Message(Plain.WithTerms(CreditTerm.Over(Baseline.Custom("mine", None)))));
        Assert.Contains("must return 6, one for each node; ", Message(Plain.WithTerms(CreditTerm.Over(Baseline.Zero, TermScale.Custom("mine", None)))));
        Assert.Contains("must return 9, one for each token; make the array as long as the forest's TokenTotal", Message(Plain.WithAfter(AfterStep.Tokens("mine", None))));
        Assert.Contains("must return 5, one for each leaf; make the array as long as the forest's LeafTotal", Message(CreditRules.DrGrpo.WithAfter(AfterStep.Leaves("mine", None))));
    }

    [Fact]
    public void A_value_that_is_not_finite_is_named_with_its_prompt()
    {
        for (int t = 0; t < 9; t++)
        {
            int at = t;
            var rule = Plain.WithAfter(AfterStep.Tokens("mine", (_, a) => [.. a.Select((x, i) => i == at ? double.NaN : x)]));
            string message = Assert.Throws<ArgumentException>(() => Small.Apply(rule)).Message;
            Assert.StartsWith($"customTokens \"mine\" returned NaN for token {t}, of prompt 'p{(t < 7 ? 0 : 1)}': must be a finite number; ", message);
        }
    }

    [Fact]
    public void A_forest_of_one_prompt_is_named_by_it()
    {
        var one = TestTrees.Prompt(Twig.Leaf(1, 1), Twig.Leaf(2, 0));
        var thrown = Assert.Throws<ArgumentException>(() => one.Apply(Plain.WithBackup(Backup.Custom("mine", (_, _) => null!))));
        Assert.StartsWith("customBackup \"mine\" returned null for prompt 'p0': must return 2, one for each node", thrown.Message);
    }

    [Fact]
    public void Clipping_happens_only_by_name()
    {
        Assert.Equal([1.0 / 3, -0.5, 1.0 / 3, 0, 0], Small.Apply(CreditRules.DrGrpo.WithAfter(AfterStep.Clip(0.5))).LeafAdvantage.Select(a => Math.Round(a, 15)).Select((a, i) => i is 0 or 2 ? 1.0 / 3 : a));
        Assert.Equal(-2.0 / 3, Small.Apply(CreditRules.DrGrpo).LeafAdvantage[1], 1e-12);
    }

    [Fact]
    public void All_problems_of_a_rule_are_reported_at_once()
    {
        var rule = new CreditRule("bad")
        {
            Terms = [CreditTerm.Over(Baseline.Parent).Times(double.NaN)],
            Unit = TrainingUnit.TokenOnce,
            Prune = new PruneRule(PruneGroups.Siblings, SpreadStatistic.Std, -1),
            After = [AfterStep.Clip(0), AfterStep.Tokens("x", (_, a) => a)],
        };
        Assert.Equal(8, rule.Problems().Length);
        Assert.Throws<ArgumentException>(() => Small.Apply(rule));
        Assert.All(CreditRules.All, preset => Assert.Empty(preset.Problems()));
        Assert.NotEmpty(CreditRules.Grpo.WithSpread(CreditSpread.Segment).WithUnit(TrainingUnit.TokenOnce).Problems());
        Assert.NotEmpty(CreditRules.GrpoWith(StdRule.Sample(-1)).Problems());
        Assert.NotEmpty(CreditRules.Grpo.WithTerms().Problems());
    }

    [Fact]
    public void Outcomes_must_fit_the_forest() =>
        Assert.Throws<ArgumentException>(() => Redistribution.Apply(CreditRules.Grpo, Small.Forest, LeafOutcomes.FromScores(1, 2)));

    [Fact]
    public void A_bernoulli_scale_refuses_values_outside_0_to_1()
    {
        var problem = Assert.Throws<ArgumentException>(() => TestTrees.Flat([-1, 0]).Apply(CreditRules.TreeRpo));
        Assert.Contains("0 .. 1", problem.Message);
    }

    [Fact]
    public void Overflow_stops_instead_of_training_on_infinity() =>
        Assert.Throws<NonFiniteException>(() => TestTrees.Flat([1, 0]).Apply(CreditRules.Grpo.WithTerms(CreditTerm.Over(Baseline.Zero).Times(1e308), CreditTerm.Over(Baseline.Zero).Times(1e308))));

    [Fact]
    public void A_rule_prints_the_words_that_make_it()
    {
        Assert.Equal("""
            redistribution { // treeRpo
                leaves raw
                backup meanOfChildren
                advantage over Siblings / std (bernoulliStd 1E-06)
                spread Segment
                prune Siblings Std 0.1
                train SiblingGroup
            }
            """.ReplaceLineEndings("\n"), CreditRules.TreeRpo.ToString());
        Assert.Contains("leaves centre Prompt >> scale Prompt (sample 1E-06)", CreditRules.TreeAdv.ToString());
        Assert.Contains("2 prompts, 6 nodes, 5 of 5 leaves scored", Small.Apply(CreditRules.TreeAdv).ToString());
    }
}
