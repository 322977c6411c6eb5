using System.Linq;
using TreeRl.Credit;
using Xunit;

namespace TreeRl.Tests;

/// <summary>Numbers computed by the methods' public implementations, to the six digits they were printed with.</summary>
public class PublishedNumbersTests
{
    private const double Printed = 1e-5;

    // lengths 5, 3, 2, 4, 3
    private static TestForest TwoGroups => TestTrees.Build(
        [Twig.Leaf(5, 1), Twig.Leaf(3, 0), Twig.Leaf(2, 0)], [Twig.Leaf(4, 1), Twig.Leaf(3, 0)]);

    private static TestForest WithSingletons => TestTrees.Build(
        [Twig.Leaf(5, 1), Twig.Leaf(3, 0), Twig.Leaf(2, 0)], [Twig.Leaf(4, 1)], [Twig.Leaf(3, 1)]);

    [Fact]
    public void Grpo_agrees_with_verl() => Leaves(CreditRules.Grpo, TwoGroups, 1.154698, -0.577349, -0.577349, 0.707106, -0.707106);

    [Fact]
    public void Dr_grpo_agrees_with_verl() => Leaves(CreditRules.DrGrpo, TwoGroups, .666667, -.333333, -.333333, .5, -.5);

    [Fact]
    public void Rloo_agrees_with_verl() => Leaves(CreditRules.Rloo, TwoGroups, 1, -.5, -.5, 1, -1);

    [Fact]
    public void Reinforce_plus_plus_with_baseline_agrees_with_verl() =>
        Leaves(CreditRules.ReinforcePlusPlusBaseline, TwoGroups, 1.046031, -0.893881, -0.893881, 0.722712, -1.2172);

    [Fact]
    public void Reinforce_plus_plus_agrees_with_verl() =>
        Leaves(CreditRules.ReinforcePlusPlus, TwoGroups, 0.914659, -1.028992, -1.028992, 0.914659, -1.028992);

    [Fact]
    public void Singletons_that_keep_their_value_agree_with_verl()
    {
        Leaves(CreditRules.Grpo.WithSingletons(SingletonRule.KeepValue), WithSingletons, 1.154698, -0.577349, -0.577349, 0.999999, 0.999999);
        Leaves(CreditRules.DrGrpo.WithSingletons(SingletonRule.KeepValue), WithSingletons, .666667, -.333333, -.333333, 1, 1);
        Leaves(CreditRules.Rloo.WithSingletons(SingletonRule.KeepValue), WithSingletons, 1, -.5, -.5, 1, 1);
        Leaves(CreditRules.ReinforcePlusPlusBaseline.WithSingletons(SingletonRule.KeepValue), WithSingletons, 0.271031, -1.45679, -1.45679, 0.846971, 0.846971);
    }

    [Fact]
    public void Singletons_are_zero_by_default_and_counted()
    {
        foreach (var rule in new[] { CreditRules.Grpo, CreditRules.DrGrpo, CreditRules.Rloo })
        {
            var credit = WithSingletons.Apply(rule);
            Assert.Equal([0, 0], credit.LeafAdvantage.AsSpan(3, 2).ToArray());
            Assert.Equal(2, credit.Counts.SingletonPrompts);
            Assert.Equal(2, credit.Counts.WithoutSignal);
        }
    }

    [Fact]
    public void Tree_po_agrees_with_its_figure_3()
    {
        var (forest, _) = Figure3();
        Leaves(CreditRules.TreePo.WithAfter(), forest, -.75, 1.25, -.472222, -.472222, 1.083333, 1.083333, -.916667, -.708333);
        Leaves(CreditRules.TreePo, forest, -.849543, 1.415904, -.534897, -.534897, 1.227117, 1.227117, -1.03833, -.802346);
    }

    [Fact]
    public void Tree_po_size_weighted_agrees_with_hand_calculation()
    {
        // groups of c11: prompt (8, -1/4), c (6, -1/3), c1 (2, -1): baseline -(2 + 2 + 2) / 16
        var (forest, _) = Figure3();
        var credit = forest.Apply(CreditRules.TreePoSizeWeighted.WithAfter());
        Assert.Equal(-1 + 6.0 / 16, credit.LeafAdvantage[2], 12);
        // c22: prompt (8, -1/4), c (6, -1/3), c2 (3, 1/3): (-2 - 2 + 1) / 17
        Assert.Equal(1 + 3.0 / 17, credit.LeafAdvantage[5], 12);
    }

    [Fact]
    public void Tree_po_rejects_deeper_groups_without_spread_when_asked()
    {
        // c1 has rewards -1, -1: without its group c11 has baseline (-1/4 - 1/3) / 2
        var (forest, _) = Figure3();
        var credit = forest.Apply(CreditRules.TreePoWith(sizeWeighted: false, rejectZeroSpread: true).WithAfter());
        Assert.Equal(-1 + (1.0 / 4 + 1.0 / 3) / 2, credit.LeafAdvantage[2], 12);
        Assert.Equal(1.083333, credit.LeafAdvantage[5], Printed);
    }

    [Fact]
    public void Mean_of_children_and_mean_of_leaves_differ_on_figure_3()
    {
        var (forest, c) = Figure3();
        Assert.Equal(-.555556, forest.Apply(CreditRules.Spo).NodeValue[forest.Node(c)], Printed);
        Assert.Equal(-.333333, forest.Apply(CreditRules.TreeRl.WithLeaves()).NodeValue[forest.Node(c)], Printed);
    }

    [Fact]
    public void Spo_with_its_normaliser_agrees_with_its_code()
    {
        Twig x1 = Twig.Leaf(1, 1), x = Twig.Branch(1, x1, Twig.Leaf(1, 0), Twig.Leaf(1, 0)), y = Twig.Leaf(1, 0), z = Twig.Leaf(1, 1);
        var forest = TestTrees.Prompt(x, y, z);
        var credit = forest.Apply(CreditRules.SpoWith(TermScale.Std(StdRule.Population(1e-8))));
        double[] actual = [.. new[] { x, x1, y, z }.Select(twig => credit.NodeAdvantage[forest.Node(twig)])];
        TestTrees.Near([-.267261, 1.414214, -1.069045, 1.336306], actual, Printed);
    }

    internal static (TestForest Forest, Twig C) Figure3()
    {
        Twig c1 = Twig.Branch(1, Twig.Leaf(1, -1), Twig.Leaf(1, -1));
        Twig c2 = Twig.Branch(1, Twig.Leaf(1, 1), Twig.Leaf(1, 1), Twig.Leaf(1, -1));
        Twig c = Twig.Branch(1, c1, c2, Twig.Leaf(1, -1));
        return (TestTrees.Prompt(Twig.Leaf(1, -1), Twig.Leaf(1, 1), c), c);
    }

    private static void Leaves(CreditRule rule, TestForest forest, params double[] expected) =>
        TestTrees.Near(expected, forest.Apply(rule).LeafAdvantage, Printed);
}
