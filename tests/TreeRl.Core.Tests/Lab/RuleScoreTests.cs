using System;
using System.Linq;
using TreeRl.Credit;
using TreeRl.Lab;
using TreeRl.Values;
using Xunit;

namespace TreeRl.Tests.Lab;

/// <summary>The forest of <see cref="RuleComparisonTests"/> with a truth put in by hand: the prompt is worth 1/4, a 1/2, so that T = 1/4, 1/2, -1/2, -1/4.</summary>
public class RuleScoreTests
{
    private const double Single = 1e-6;

    private static RuleScore Score(CreditRule rule, bool noisy = false, NodeSet nodes = NodeSet.All)
    {
        var forest = RuleComparisonTests.Forest;
        // four continuations that all earn the mean, or 0 and 1 in this proportion
        PlaceValue prompt = noisy ? new(4, 1, 1, 10) : new(4, 1, .25, 10), a = noisy ? new(4, 2, 2, 10) : new(4, 2, 1, 10);
        double[] leaves = [.. forest.Outcomes.Total.Select(outcome => outcome.Value)];
        var truth = new NodeTruth(forest.Forest, new ValuePlaces(forest.Forest), [prompt, a], leaves);
        TestTrees.Near([.25, .5, -.5, -.25], [.. Enumerable.Range(0, 4).Select(truth.Advantage)], 1e-12);
        return RuleScore.Of(TokenCredit.Of(forest.Apply(rule)), truth, nodes);
    }

    [Fact]
    public void A_rule_that_hits_the_truth_has_no_error()
    {
        var score = Score(CreditRules.Spo);
        Assert.Equal(4, score.NodeCount);
        Assert.Equal(1, score.Scale.Value, Single);
        Assert.Equal(0, score.Bias.Value, Single);
        Assert.Equal(1, score.Correlation.Value, Single);
        Assert.Equal(1, score.CorrectedCorrelation.Value, Single);
        Assert.Equal(Math.Sqrt(.625 / 4), score.ZeroRmse.Value, Single);
    }

    [Fact]
    public void Error_by_hand()
    {
        // A = 1/6 2/3 -1/3 -1/3: sum AT = 15/24, sum AA = 25/36, scale 0.9; mean error 0.9 (1/6) / 4; squares (0.625 - 0.5625) / 4
        var score = Score(CreditRules.DrGrpo);
        Assert.Equal(.9, score.Scale.Value, Single);
        Assert.Equal(.0375, score.Bias.Value, Single);
        Assert.Equal(.125, score.Rmse.Value, Single);
        Assert.Equal(.015625 - .0375 * .0375, score.Variance.Value, Single);
        Assert.Equal(Math.Sqrt(.15625 / (99 / 576.0)), score.Correlation.Value, Single);
    }

    [Fact]
    public void Units_do_not_matter_and_the_wrong_sign_is_worth_nothing()
    {
        CreditRule Times(double weight) => CreditRules.Spo.WithTerms([.. CreditRules.Spo.Terms.Select(term => term with { Weight = weight })]);
        Assert.Equal(.1, Score(Times(10)).Scale.Value, Single);
        var opposite = Score(Times(-1));
        Assert.Equal(0, opposite.Scale.Value);
        Assert.Equal(opposite.ZeroRmse, opposite.Rmse);
        Assert.Equal(-1, opposite.Correlation.Value, Single);
    }

    [Fact]
    public void Noise_of_the_truth_is_taken_off()
    {
        // squared standard errors: prompt 1/16, a 1/12; by node 7/48, 1/12, 1/12, 1/16: 3/8 in all
        var score = Score(CreditRules.DrGrpo, noisy: true);
        Assert.Equal(.25, score.ZeroRmse.Value, Single);
        Assert.Equal(Math.Sqrt(.15625 / (99 / 576.0)), score.Correlation.Value, Single);
        Assert.Equal(score.Correlation.Value * Math.Sqrt(.15625 / (.15625 - .09375)), score.CorrectedCorrelation.Value, Single);
        Assert.True(double.IsNaN(score.Rmse.Value));
    }

    [Fact]
    public void Inner_nodes_and_leaves_count_apart()
    {
        Assert.Equal(1, Score(CreditRules.DrGrpo, nodes: NodeSet.Inner).NodeCount);
        var leaves = Score(CreditRules.DrGrpo, nodes: NodeSet.Leaves);
        Assert.Equal(3, leaves.NodeCount);
        // sum AT = 1/3 + 1/6 + 1/12, sum AA = 4/9 + 1/9 + 1/9
        Assert.Equal(.875, leaves.Scale.Value, Single);
    }

    [Fact]
    public void Intervals_resample_prompts()
    {
        var score = Score(CreditRules.DrGrpo);
        Assert.Equal(score.Rmse.Value, score.Rmse.Low, 12); // one prompt: every resample is the same
        var two = TestTrees.Build([RuleComparisonTests.A, RuleComparisonTests.D], [Twig.Leaf(1, 1), Twig.Leaf(1, 0), Twig.Leaf(1, 1)]);
        double[] leaves = [.. two.Outcomes.Total.Select(outcome => outcome.Value)];
        var truth = new NodeTruth(two.Forest, new ValuePlaces(two.Forest), [new(4, 1, .25, 1), new(4, 2, 1, 1), new(4, 3, 2.25, 1)], leaves);
        var spread = RuleScore.Of(TokenCredit.Of(two.Apply(CreditRules.DrGrpo)), truth).Rmse;
        Assert.True(spread.Low < spread.Value && spread.Value < spread.High, spread.ToString());
    }

    [Fact]
    public void Unknown_values_are_left_out()
    {
        var forest = RuleComparisonTests.Forest;
        var truth = new NodeTruth(forest.Forest, new ValuePlaces(forest.Forest), [new(4, 1, .25, 10)], [1, 0, 0]);
        Assert.False(truth.Complete);
        Assert.Contains("1 of 2 places (budget spent)", truth.ToString());
        Assert.Equal(1, RuleScore.Of(TokenCredit.Of(forest.Apply(CreditRules.Spo)), truth).NodeCount); // d alone: a's value is not known
    }

    [Fact]
    public void Credit_of_another_forest_is_refused()
    {
        var truth = new NodeTruth(RuleComparisonTests.Forest.Forest, new ValuePlaces(RuleComparisonTests.Forest.Forest), [], [1, 0, 0]);
        Assert.Throws<ArgumentException>(() => RuleScore.Of(TokenCredit.Of(RuleComparisonTests.Forest.Apply(CreditRules.Spo)), truth));
    }
}
