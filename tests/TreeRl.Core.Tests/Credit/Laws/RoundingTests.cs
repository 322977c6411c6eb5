using System.Linq;
using TreeRl.Credit;
using Xunit;

namespace TreeRl.Tests;

/// <summary>Where a rule decides - equal or not, pruned or not, dropped or not - rounding must not decide for it.</summary>
public class RoundingTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(0.37)]
    [InlineData(123.456)]
    public void An_edge_at_its_baseline_is_dropped_however_small_the_scores_are_after_centring(double shift)
    {
        // the middle leaf lies at the mean of the prompt; rewards differ by 1e-4, and centring loses digits of their common size
        var forest = TestTrees.Flat([0.2 + shift, 0.2001 + shift, 0.2002 + shift]);
        foreach (var scale in new[] { StdRule.Sample(), StdRule.Population() })
        {
            var rule = CreditRules.Spo.WithBackup(Backup.MeanOfLeaves).WithTerms(CreditTerm.Over(Baseline.Parent)).WithLeaves(LeafTransform.Centre(CreditScope.Prompt), LeafTransform.Scale(CreditScope.Prompt, scale));
            Assert.Equal([true, false, true], forest.Apply(rule).NodeTrained);
            Assert.Equal([true, false, true], forest.Apply(rule.WithLeaves(LeafTransform.LeaveOneOut(CreditScope.Prompt))).NodeTrained);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.37)]
    [InlineData(0.1)]
    public void Scores_that_centring_made_equal_are_equal_siblings(double shift)
    {
        // the first tree's mean is the second tree's reward
        var forest = TestTrees.Prompt(Twig.Branch(1, Twig.Leaf(1, 0.2 + shift), Twig.Leaf(1, 0.2 + shift), Twig.Leaf(1, 0.2003 + shift)), Twig.Leaf(1, 0.2001 + shift));
        var rule = CreditRules.TreeAdv.WithLeaves(LeafTransform.Centre(CreditScope.Prompt)).WithPrune(PruneRule.EqualSiblings);
        Assert.Equal([false, true, true, true, false], forest.Apply(rule).NodeTrained);
    }

    [Fact]
    public void A_group_that_meets_the_threshold_exactly_is_pruned_in_any_order_and_at_any_level()
    {
        foreach (double shift in new[] { 0, 0.05, 0.1, 0.25, 0.33, 0.6 })
        {
            double[] rewards = [shift, shift + 0.2]; // deviation 0.1, range 0.2
            foreach (var prune in new PruneRule[] { new(PruneGroups.Siblings, SpreadStatistic.Std, 0.1), new(PruneGroups.Siblings, SpreadStatistic.Range, 0.2), new(PruneGroups.Siblings, SpreadStatistic.Variance, 0.01) })
            {
                var rule = CreditRules.TreeRpoWith(TermScale.None, prune);
                Assert.Equal([false, false], TestTrees.Flat(rewards).Apply(rule).NodeTrained);
                Assert.Equal([false, false], TestTrees.Flat([.. rewards.Reverse()]).Apply(rule).NodeTrained);
                Assert.Equal([true, true], TestTrees.Flat([rewards[0], rewards[1] + 1e-6]).Apply(rule).NodeTrained);
            }
        }
    }
}
