using System;
using System.Linq;
using TreeRl.Credit;
using Xunit;

namespace TreeRl.Tests;

/// <summary>
/// Every published rule on one tree, solved by hand. Leaves end at unequal depth, so that means of children and of leaves differ:
/// <code>
/// prompt     r (2 tokens): u (1): a = 1, b = 0
///                          c = 1
///            d = 0
/// </code>
/// V by leaves: u 1/2, r 2/3, prompt 1/2. V by children: u 1/2, r 3/4, prompt 3/8. Order of nodes: r u a b c d.
/// </summary>
public class MethodTableTests
{
    private const double Rounding = 1e-12;

    private static readonly TestForest Tree = TestTrees.Prompt(
        Twig.Branch(2, Twig.Branch(1, Twig.Leaf(1, 1), Twig.Leaf(2, 0)), Twig.Leaf(1, 1)), Twig.Leaf(3, 0));

    [Fact]
    public void Grpo_divides_by_the_deviation_of_the_prompt() // leaves 1 0 1 0: mean 1/2, std sqrt(1/3)
    {
        double z = 0.5 / (Math.Sqrt(1.0 / 3) + 1e-6);
        Leaves(CreditRules.Grpo, z, -z, z, -z);
    }

    [Fact]
    public void Dr_grpo_subtracts_the_mean() => Leaves(CreditRules.DrGrpo, 0.5, -0.5, 0.5, -0.5);

    [Fact]
    public void Rloo_subtracts_the_mean_of_the_others() => Leaves(CreditRules.Rloo, 2.0 / 3, -2.0 / 3, 2.0 / 3, -2.0 / 3);

    [Fact]
    public void Reinforce_plus_plus_whitens_over_path_tokens()
    {
        // path tokens 4 5 3 3: mean 7/15; squares 7 (8/15)^2 + 8 (7/15)^2 = 56/15, over 14: 4/15
        double std = Math.Sqrt(4.0 / 15 + 1e-8), high = 8.0 / 15 / std, low = -7.0 / 15 / std;
        Leaves(CreditRules.ReinforcePlusPlus, high, low, high, low);
        Leaves(CreditRules.ReinforcePlusPlusBaseline, high, low, high, low);
    }

    [Fact]
    public void Tree_rpo_compares_siblings_by_means_of_children_and_prunes_narrow_groups()
    {
        // roots 3/4 and 0: mean 3/8; children of r 1/2 and 1: mean 3/4; children of u 1 and 0: mean 1/2
        double roots = 0.375 / (Math.Sqrt(0.375 * 0.625) + 1e-6), inner = 0.25 / (Math.Sqrt(0.75 * 0.25) + 1e-6), last = 0.5 / (0.5 + 1e-6);
        Nodes(CreditRules.TreeRpo, roots, -inner, last, -last, inner, -roots);
        var strict = CreditRules.TreeRpoWith(TermScale.None, new PruneRule(PruneGroups.Siblings, SpreadStatistic.Std, 0.3));
        Nodes(strict, 0.375, 0, 0.5, -0.5, 0, -0.375); // 1/2 and 1 lie 1/4 from their mean
        Assert.Equal([true, false, true, true, false, true], Tree.Apply(strict).NodeTrained);
    }

    [Fact]
    public void Spo_telescopes_along_means_of_children() => Nodes(CreditRules.Spo, 0.375, -0.25, 0.5, -0.5, 0.25, -0.375);

    [Fact]
    public void Spo_in_its_grpo_form_divides_by_the_siblings_deviation() =>
        Nodes(CreditRules.SpoWith(TermScale.Std(StdRule.Population(0))), 1, -1, 1, -1, 1, -1);

    [Fact]
    public void D_tree_rpo_leaves_the_node_out_of_its_siblings() => Nodes(CreditRules.DTreeRpo, 0.75, -0.5, 1, -1, 0.5, -0.75);

    [Fact]
    public void Tree_po_averages_over_the_groups_of_the_ancestors()
    {
        // groups: prompt 4 leaves 1/2, r 3 leaves 2/3, u 2 leaves 1/2
        double three = (0.5 + 2.0 / 3 + 0.5) / 3, two = (0.5 + 2.0 / 3) / 2;
        Leaves(CreditRules.TreePo.WithAfter(), 1 - three, -three, 1 - two, -0.5);
        double sized = (4 * 0.5 + 3 * 2.0 / 3 + 2 * 0.5) / 9, sizedTwo = (4 * 0.5 + 3 * 2.0 / 3) / 7;
        Leaves(CreditRules.TreePoSizeWeighted.WithAfter(), 1 - sized, -sized, 1 - sizedTwo, -0.5);
    }

    [Fact]
    public void Tree_adv_takes_the_mean_z_score_of_the_leaves_below()
    {
        double z = 0.5 / (Math.Sqrt(1.0 / 3) + 1e-6);
        Nodes(CreditRules.TreeAdv, z / 3, 0, z, -z, z, -z);
    }

    [Fact]
    public void Tree_rl_adds_local_and_global_advantage_over_the_root_of_the_leaf_count()
    {
        // leave-one-out scores 2/3 -2/3 2/3 -2/3; V: u 0, r 2/9, prompt 0
        double s = 2.0 / 3, r = 2.0 / 9;
        Nodes(CreditRules.TreeRl, 2 * r / Math.Sqrt(3), -r / Math.Sqrt(2), 2 * s, -2 * s, 2 * s - r, -2 * s);
        // by its code V / sqrt(k) first: r 2/9 / sqrt 3
        double coded = r / Math.Sqrt(3);
        Nodes(CreditRules.TreeRlAsCode, 2 * coded, -coded, 2 * s, -2 * s, 2 * s - coded, -2 * s);
    }

    [Fact]
    public void Tree_grpo_adds_z_scores_over_prompt_and_tree()
    {
        // the tree of r: 1 0 1, mean 2/3, std sqrt(1/3); the tree of d has one leaf and adds nothing
        double std = Math.Sqrt(1.0 / 3) + 1e-6, high = 0.5 / std + 1.0 / 3 / std, low = -0.5 / std - 2.0 / 3 / std;
        Leaves(CreditRules.TreeGrpo, high, low, high, -0.5 / std);
    }

    [Fact]
    public void Root_and_tree_baselines_differ_by_the_backup()
    {
        CreditRule Over(Baseline baseline) => CreditRules.Spo.WithUnit(TrainingUnit.TokenOnce).WithTerms(CreditTerm.Over(baseline));
        Nodes(Over(Baseline.Root), 0, -0.25, 0.25, -0.75, 0.25, 0);
        // a tree's mean score is 2/3 whatever the backup; the tree of one leaf says nothing
        Nodes(Over(Baseline.Tree), 0.75 - 2.0 / 3, 0.5 - 2.0 / 3, 1.0 / 3, -2.0 / 3, 1.0 / 3, 0);
    }

    [Fact]
    public void Vine_ppo_earns_the_rise_between_given_values() // V: r 0.6, u 0.3, prompt 0.4; leaves their rewards
    {
        var rule = CreditRules.VinePpo().WithBackup(Backup.MonteCarlo([0.6, 0.3, 0, 0, 0, 0], [0.4]));
        Nodes(rule, 0.2, -0.3, 0.7, -0.3, 0.4, -0.4);
    }

    [Fact]
    public void Spo_leaves_likely_tokens_out() // ids 3 .. 12, log-probability -id / 100: below 0.93 from id 8 on, the second token of b
    {
        var credit = Tree.Apply(CreditRules.Spo.WithMask(new TokenMask(0.93)));
        TestTrees.Near([0, 0, 0, 0, 0, -0.5, 0.25, -0.375, -0.375, -0.375], credit.TokenAdvantage, Rounding);
    }

    [Fact]
    public void Tree_rpo_as_another_implementation_has_it_compares_siblings_by_means_of_leaves()
    {
        // roots 2/3 and 0: mean 1/3; children of r 1/2 and 1: mean 3/4; no divisor
        Nodes(CreditRules.TreeRpoWith(TermScale.None, null).WithBackup(Backup.MeanOfLeaves), 1.0 / 3, -0.25, 0.5, -0.5, 0.25, -1.0 / 3);
    }

    [Fact]
    public void Sibling_scores_over_the_population_deviation() // two values each: one deviation from their mean
    {
        var rule = CreditRules.TreeRpoWith(TermScale.Std(StdRule.Population(0)), null);
        Nodes(rule, 1, -1, 1, -1, 1, -1);
    }

    [Fact]
    public void A_search_tree_that_adds_signed_results_with_a_weight_by_depth_is_a_custom_backup()
    {
        // +1 for a and c, -1 for b and d, times (depth + 1) / nodes of the path: r 1/3 - 1/3 + 1/2, u 2/3 - 2/3
        var signed = Backup.Custom("signed", (forest, scores) =>
        {
            var value = new double[forest.NodeCount];
            foreach (int leaf in forest.Leaves)
            {
                int[] path = [.. forest.Path(leaf)];
                for (int d = 0; d < path.Length; d++) value[path[d]] += (scores[forest.FirstLeaf[leaf]] > 0.5 ? 1 : -1) * (d + 1.0) / path.Length;
            }
            return value;
        });
        Nodes(CreditRules.TreeAdv.WithLeaves().WithBackup(signed), 0.5, 0, 1, -1, 1, -1);
    }

    [Fact]
    public void Tree_rl_with_the_token_weighted_mean_of_its_code_is_a_custom_baseline()
    {
        // sum of V leaves tokens: 4/3 + 0 + 2/3 - 4/3 + 2/3 - 2 = -2/3, over 15 path tokens
        double s = 2.0 / 3, r = 2.0 / 9, mean = -2.0 / 45;
        var overall = Baseline.Custom("token mean", (forest, values) =>
        {
            double sum = 0, count = 0;
            for (int n = 0; n < forest.NodeCount; n++)
            {
                sum += values[n] * forest.LeafCount[n] * forest.TokenCount[n];
                count += forest.LeafCount[n] * forest.TokenCount[n];
            }
            double[] column = new double[forest.NodeCount];
            Array.Fill(column, sum / count);
            return column;
        });
        var rule = CreditRules.TreeRl.WithTerms(CreditTerm.Over(Baseline.Parent, TermScale.SqrtLeafCount), CreditTerm.Over(overall, TermScale.SqrtLeafCount));
        Nodes(rule, (2 * r - mean) / Math.Sqrt(3), (-r - mean) / Math.Sqrt(2), 2 * s - mean, -2 * s - mean, 2 * s - r - mean, -2 * s - mean);
    }

    private static void Leaves(CreditRule rule, params double[] expected) => TestTrees.Near(expected, Tree.Apply(rule).LeafAdvantage, Rounding);

    private static void Nodes(CreditRule rule, params double[] expected) => TestTrees.Near(expected, TestTrees.FinalByNode(Tree.Apply(rule)), Rounding);
}
