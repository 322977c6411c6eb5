using System;
using System.Linq;
using TreeRl.Credit;
using TreeRl.Lab;
using TreeRl.Objectives;
using Xunit;

namespace TreeRl.Tests.Lab;

/// <summary>One prompt, solved by hand: root a (2 tokens) with leaves b (1 token, reward 1) and c (3 tokens, 0), and the leaf d (2 tokens, 0).</summary>
public class RuleComparisonTests
{
    private const double Single = 1e-6; // masses are single precision

    internal static readonly Twig A = Twig.Branch(2, Twig.Leaf(1, 1), Twig.Leaf(3, 0)), D = Twig.Leaf(2, 0);

    internal static TestForest Forest => TestTrees.Prompt(A, D);

    private static readonly double[] DrGrpo = [1 / 6.0, 1 / 6.0, 2 / 3.0, -1 / 3.0, -1 / 3.0, -1 / 3.0, -1 / 3.0, -1 / 3.0];
    private static readonly double[] Spo = [.25, .25, .5, -.5, -.5, -.5, -.25, -.25];

    private static RuleComparison Compare(params CreditRule[] rules) => RuleComparison.Of(Forest.Forest, Forest.Outcomes, rules);

    [Fact]
    public void Token_advantages_of_duplicated_paths_are_means_over_the_paths()
    {
        var rule = Compare(CreditRules.DrGrpo).Rules[0];
        TestTrees.Near(DrGrpo, rule.TokenAdvantage, Single);
        TestTrees.Near([.2, .2, .1, .1, .1, .1, .1, .1], rule.TokenMass, Single);
        TestTrees.Near([1 / 6.0, 2 / 3.0, -1 / 3.0, -1 / 3.0], rule.NodeAdvantage, Single);
    }

    [Fact]
    public void Token_advantages_of_edges_are_the_nodes_own()
    {
        var rule = Compare(CreditRules.Spo).Rules[0];
        TestTrees.Near(Spo, rule.TokenAdvantage, Single);
        TestTrees.Near([.125, .125, .125, .125, .125, .125, .125, .125], rule.TokenMass, Single);
    }

    [Fact]
    public void Effective_tokens_by_hand()
    {
        var comparison = Compare(CreditRules.DrGrpo, CreditRules.Spo);
        Assert.Equal(81 / 11.0, comparison.Rules[0].EffectiveTokens, 1e-4);
        Assert.Equal(7.2, comparison.Rules[1].EffectiveTokens, 1e-4);
    }

    [Fact]
    public void Correlations_are_those_of_the_token_columns()
    {
        var comparison = Compare(CreditRules.DrGrpo, CreditRules.Spo);
        Assert.Equal(LabMath.Pearson(DrGrpo, Spo), comparison.Pearson(0, 1), Single);
        // of b, a a, then the zeros; of b, a a, d d, then c c c
        Assert.Equal(LabMath.Pearson([6.5, 6.5, 8, 3, 3, 3, 3, 3], [6.5, 6.5, 8, 2, 2, 2, 4.5, 4.5]), comparison.Spearman(0, 1), Single);
        Assert.Equal(1, comparison.SignAgreement(0, 1));
        Assert.Equal(1, comparison.Pearson(1, 1), 12);
    }

    [Fact]
    public void A_rule_with_the_opposite_sign_disagrees_everywhere()
    {
        var opposite = CreditRules.Spo.WithName("opposite").WithTerms([.. CreditRules.Spo.Terms.Select(term => term with { Weight = -1 })]);
        var comparison = Compare(CreditRules.Spo, opposite);
        Assert.Equal(0, comparison.SignAgreement(0, 1));
        Assert.Equal(-1, comparison.Pearson(0, 1), 12);
        Assert.Equal(comparison.Rules[0].EffectiveTokens, comparison.Rules[1].EffectiveTokens, 12);
    }

    [Fact]
    public void Signal_is_what_stands_out_of_rounding()
    {
        // b and c cancel on a when a has one good and one bad path and the mean is one half
        var forest = TestTrees.Prompt(A);
        var comparison = RuleComparison.Of(forest.Forest, forest.Outcomes, [CreditRules.DrGrpo, CreditRules.Spo]);
        foreach (var rule in comparison.Rules)
        {
            Assert.Equal(6, rule.ScoredTokens);
            Assert.Equal(4, rule.SignalTokens);
            Assert.Equal(4 / 6.0, rule.SignalShare, 12);
        }
    }

    [Fact]
    public void Tokens_without_a_score_are_left_out()
    {
        var forest = TestTrees.Prompt(A, D, Twig.Leaf(5, null));
        var comparison = RuleComparison.Of(forest.Forest, forest.Outcomes, [CreditRules.DrGrpo, CreditRules.Spo]);
        Assert.Equal(8, comparison.Rules[0].ScoredTokens);
        Assert.Equal(LabMath.Pearson(DrGrpo, Spo), comparison.Pearson(0, 1), Single);
    }

    [Fact]
    public void Tables_show_every_rule()
    {
        var comparison = Compare(CreditRules.DrGrpo, CreditRules.Spo);
        string text = comparison.ToString(), nodes = comparison.NodeTable(0);
        Assert.Contains("drGrpo", text);
        Assert.Contains("sign agreement", text);
        Assert.Contains("drGrpo +0.167", nodes);
        Assert.Contains("spo -0.500", nodes);
        Assert.Contains("earned 1", nodes);
    }

    [Fact]
    public void Aggregation_changes_weights_and_not_advantages()
    {
        var forest = Forest;
        var credit = forest.Apply(CreditRules.TreeRpoWith(TermScale.None, null));
        var rule = TokenCredit.Of(credit, new AggregationSettings(Aggregation.SequenceMeanTokenMean));
        // two groups of two nodes: half for each group, half for each node, then by its tokens
        TestTrees.Near([.125, .125, .25, .25 / 3, .25 / 3, .25 / 3, .125, .125], rule.TokenMass, Single);
        TestTrees.Near([.25, .5, -.5, -.25], rule.NodeAdvantage, Single);
    }

    [Fact]
    public void Rules_of_one_name_or_none_are_refused()
    {
        Assert.Contains("two rules are called 'spo'", Assert.Throws<ArgumentException>(() => Compare(CreditRules.Spo, CreditRules.Spo)).Message);
        Assert.Contains("give at least one", Assert.Throws<ArgumentException>(() => Compare()).Message);
    }
}
