using System;
using System.Linq;
using TreeRl.Credit;
using TreeRl.Objectives;
using TreeRl.Policies;
using TreeRl.Training;
using Xunit;

namespace TreeRl.Tests;

public class PolicyObjectiveTests
{
    private const double Printed = 1e-5;

    private static readonly CreditRule Raw = new("raw");

    // two sequences of 4 and 3 tokens with advantages +1 and -1
    private static readonly float[] Old = [-1, -2, -.5f, -1, -.7f, -.7f, -.7f];
    private static readonly float[] Delta = [.1f, .3f, -.4f, 0, -.3f, .25f, 1.5f];

    private static (LossReport Report, double[] Gradient) TwoSequences(PolicyObjective objective)
    {
        var batch = Packer.Pack(TestTrees.Prompt(Twig.Leaf(4, 1), Twig.Leaf(3, -1)).Apply(Raw), objective.Aggregation);
        float[] present = [.. Old.Zip(Delta, (o, d) => o + d)];
        var (report, gradient, _) = DuplicatedPathsTests.Evaluate(batch, objective, present, Old, null, new float[7]);
        return (report, gradient);
    }

    private static (LossReport Report, double Slope) OneToken(PolicyObjective objective, double advantage, double logRatio, float reference = -1)
    {
        var batch = Packer.Pack(TestTrees.Prompt(Twig.Leaf(1, advantage)).Apply(Raw), objective.Aggregation);
        var (report, gradient, _) = DuplicatedPathsTests.Evaluate(batch, objective, [(float)(-1 + logRatio)], [-1], [reference], [0.5f]);
        return (report, gradient[0]);
    }

    [Fact]
    public void Clipped_losses_agree_with_verl()
    {
        var (report, gradient) = TwoSequences(ObjectivePresets.Grpo.WithDualClip(3));
        Assert.Equal(0.158362, report.Loss, Printed);
        TestTrees.Near([-.157882, 0, -.09576, -.142857, 0, .183432, 0], gradient, Printed);
        Assert.Equal((1, 1, 1), (report.ClippedHigh, report.ClippedLow, report.DualClipped));
        Assert.Equal(0.146933, TwoSequences(ObjectivePresets.Dapo).Report.Loss, Printed);
        Assert.Equal(0.158362 + (Math.Exp(1.5) - 3) / 7, TwoSequences(ObjectivePresets.Grpo).Report.Loss, Printed);
    }

    [Fact]
    public void Gspo_agrees_with_verl()
    {
        foreach (var objective in new[] { ObjectivePresets.Gspo, ObjectivePresets.GspoToken })
        {
            var (report, gradient) = TwoSequences(objective.WithClip(.2, .2));
            Assert.Equal(0.310735, report.Loss, Printed);
            TestTrees.Near([-.125, -.125, -.125, -.125, .270245, .270245, .270245], gradient, Printed);
            Assert.Equal(2, report.RatioCount);
        }
    }

    [Fact]
    public void Cispo_agrees_with_verl()
    {
        Assert.Equal(0.624951, TwoSequences(ObjectivePresets.Cispo).Report.Loss, Printed);
        Assert.Equal(0.648379, TwoSequences(ObjectivePresets.Cispo.WithClip(.2, .28)).Report.Loss, Printed);
    }

    [Fact]
    public void The_dual_clip_agrees_with_verl()
    {
        var (report, slope) = OneToken(ObjectivePresets.Dapo, -1, 1.5);
        Assert.Equal((3.0, 0.0), (report.Loss, slope));
        Assert.Equal(1, report.DualClipped);
    }

    [Fact]
    public void Kl_estimators_agree_with_verl()
    {
        var batch = Packer.Pack(TestTrees.Prompt(Twig.Leaf(3, 0)).Apply(Raw), new AggregationSettings(Aggregation.SequenceMeanTokenSum));
        void Agree(KlEstimator kind, double[] value, double[] slope)
        {
            var objective = ObjectivePresets.Grpo.WithKl(kind, 1);
            var (report, gradient, _) = DuplicatedPathsTests.Evaluate(batch, objective, [-1, -2, -.5f], null, [-1.5f, -1, -.5f], new float[3]);
            Assert.Equal(value.Sum(), report.KlLoss, Printed);
            Assert.Equal(value.Sum(), report.KlRefSum, Printed);
            TestTrees.Near(slope, gradient, Printed);
        }
        Agree(KlEstimator.K1, [.5, -1, 0], [1, 1, 1]);
        Agree(KlEstimator.K2, [.125, .5, 0], [.5, -1, 0]);
        Agree(KlEstimator.K3, [.106531, .718282, 0], [.393469, -1.718282, 0]);
    }

    [Theory]
    [InlineData(Aggregation.TokenMean, 0, 2.529412)]
    [InlineData(Aggregation.SequenceMeanTokenSum, 0, 8.6)]
    [InlineData(Aggregation.SequenceMeanTokenMean, 0, 2.5)]
    [InlineData(Aggregation.SequenceMeanTokenSumNorm, 5, 8.6)]
    [InlineData(Aggregation.SequenceMeanTokenSumNorm, 8, 5.375)]
    public void Aggregations_agree_with_verl(Aggregation mode, double constant, double expected)
    {
        double[][] rows = [[1, 2, 3, 4, 5], [1, 1, 1], [2, 4], [1, 2, 3, 4], [3, 3, 3]];
        var credit = TestTrees.Prompt([.. rows.Select(row => Twig.Leaf(row.Length, 1))]).Apply(Raw);
        var batch = Packer.Pack(credit, new AggregationSettings(mode, constant));
        float[] logProb = [.. rows.SelectMany(row => row).Select(loss => (float)-loss)];
        Assert.Equal(expected, DuplicatedPathsTests.Evaluate(batch, ObjectivePresets.Reinforce, logProb, null, null, new float[logProb.Length]).Report.Loss, Printed);
    }

    [Theory]
    [InlineData(1, 1.2, true)]   // upper bound, positive advantage: held above
    [InlineData(-1, 0.8, false)] // lower bound, negative advantage: held below
    [InlineData(-1, 3, true)]    // dual clip: held above
    public void The_derivative_changes_only_at_its_kink(double advantage, double kink, bool heldAbove)
    {
        var objective = ObjectivePresets.Grpo.WithDualClip(3);
        foreach (double distance in new[] { 1e-3, 1e-2, 0.1 })
        {
            foreach (int side in new[] { -1, 1 })
            {
                double x = Math.Log(kink) + side * distance;
                bool held = (side > 0) == heldAbove;
                Assert.Equal(held ? 0 : -advantage * Math.Exp(x), OneToken(objective, advantage, x).Slope, 1e-5);
            }
        }
        // the other bound does not hold this sign
        double other = advantage > 0 ? Math.Log(0.5) : Math.Log(1.5);
        Assert.Equal(-advantage * Math.Exp(other), OneToken(objective, advantage, other).Slope, 1e-5);
    }

    [Fact]
    public void Nothing_is_clamped_unless_asked()
    {
        Assert.Equal(Math.Exp(25), OneToken(ObjectivePresets.Grpo, -1, 25).Report.Loss, Math.Exp(25) * 1e-6);
        var limited = OneToken(ObjectivePresets.Grpo.WithLogRatioLimit(20), -1, 25);
        Assert.Equal(Math.Exp(20), limited.Report.Loss, Math.Exp(20) * 1e-6);
        Assert.Equal(0, limited.Slope);
        var kl = ObjectivePresets.Reinforce.WithKl(KlEstimator.K3, 1);
        Assert.Equal(Math.Exp(25) - 26, OneToken(kl, 0, 0, 24).Report.KlLoss, 1e5);
        var klLimited = OneToken(kl.WithKlLimits(20, 10), 0, 0, 24);
        Assert.Equal(10, klLimited.Report.KlLoss, 1e-12);
        Assert.Equal(0, klLimited.Slope);
    }

    [Fact]
    public void A_ratio_that_overflows_stops_the_step()
    {
        Assert.Throws<NonFiniteException>(() => OneToken(ObjectivePresets.Grpo, 1, 800));
        Assert.Throws<NonFiniteException>(() => OneToken(ObjectivePresets.Gspo, 1, 800));
        Assert.Throws<NonFiniteException>(() => OneToken(ObjectivePresets.Grpo.WithKl(KlEstimator.K3, 0), 1, 0, 900));
    }

    [Fact]
    public void The_report_holds_what_was_seen()
    {
        var objective = ObjectivePresets.Dapo.WithEntropy(0.1);
        var credit = TestTrees.Prompt(Twig.Leaf(4, 1), Twig.Leaf(3, -1), Twig.Leaf(2, null)).Apply(Raw);
        var batch = Packer.Pack(credit, objective.Aggregation);
        float[] present = [.. Old.Zip(Delta, (o, d) => o + d), 0, 0];
        var (report, _, dEntropy) = DuplicatedPathsTests.Evaluate(batch, objective, present, [.. Old, 0, 0], null, [1, 1, 1, 1, 2, 2, 2, 9, 9]);
        Assert.Equal(7, report.TokenCount);
        Assert.Equal(7, report.RatioCount);
        Assert.Equal(10, report.EntropySum);
        Assert.Equal(-0.1 * 10 / 7, report.EntropyLoss, 1e-6);
        Assert.Equal(1.5, report.MaxAbsLogRatio, 1e-6);
        Assert.Equal(Delta.Sum(d => Math.Exp(d)), report.RatioSum, 1e-5);
        Assert.Equal(Delta.Sum(d => Math.Exp(d) - d - 1), report.KlOldSum, 1e-5);
        Assert.Equal((1, 1, 1), (report.ClippedHigh, report.ClippedLow, report.DualClipped));
        Assert.Equal(-0.1 / 7, dEntropy[0], 1e-6);
    }

    [Fact]
    public void All_problems_of_an_objective_are_reported_at_once()
    {
        var objective = ObjectivePresets.Gspo.WithLoss(PolicyLoss.Cispo).WithClip(2, -1).WithDualClip(-3).WithKl(KlEstimator.None, 1).WithEntropy(double.NaN)
            .WithAggregation(new AggregationSettings(Aggregation.SequenceMeanTokenSumNorm, 0, true));
        Assert.Equal(8, objective.Problems().Length);
        Assert.All(ObjectivePresets.All, preset => Assert.Empty(preset.Problems()));
        Assert.Throws<ArgumentException>(() => OneToken(ObjectivePresets.Grpo.WithClip(-1, 0), 1, 0));
        Assert.Contains("dual clip 3", ObjectivePresets.Dapo.ToString());
    }

    [Fact]
    public void Custom_objectives_can_say_what_the_built_in_ones_say()
    {
        var settings = new AggregationSettings(Aggregation.TokenMean);
        var byToken = new PerTokenObjective("mine", settings, t => new TokenLoss(-(t.PositiveMass - t.NegativeMass) * t.LogProb, -(t.PositiveMass - t.NegativeMass)));
        var byGroup = new PerGroupObjective("mine", settings, g => new GroupLoss(
            -Enumerable.Range(0, g.LogProb.Length).Sum(t => ((double)g.PositiveMass[t] - g.NegativeMass[t]) * g.LogProb[t]),
            [.. Enumerable.Range(0, g.LogProb.Length).Select(t => -((double)g.PositiveMass[t] - g.NegativeMass[t]))]));
        var batch = Packer.Pack(TestTrees.Prompt(Twig.Leaf(4, 1), Twig.Leaf(3, -1)).Apply(Raw), settings);
        var (expected, slope, _) = DuplicatedPathsTests.Evaluate(batch, ObjectivePresets.Reinforce, Old, null, null, new float[7]);
        foreach (var objective in new ITrainingObjective[] { byToken, byGroup })
        {
            var (report, gradient, _) = DuplicatedPathsTests.Evaluate(batch, objective, Old, null, null, new float[7]);
            Assert.Equal(expected.Loss, report.Loss, 1e-12);
            Assert.Equal(slope, gradient);
            Assert.Equal(7, report.TokenCount);
        }
    }

    [Fact]
    public void Only_objectives_without_kl_and_entropy_let_samples_without_signal_go()
    {
        Assert.False(ObjectivePresets.Grpo.PullsWithoutAdvantage);
        Assert.True(ObjectivePresets.Grpo.WithKl(KlEstimator.K3, 0.01).PullsWithoutAdvantage);
        Assert.True(ObjectivePresets.Grpo.WithEntropy(0.01).PullsWithoutAdvantage);
        ITrainingObjective mine = new PerTokenObjective("mine", new AggregationSettings(Aggregation.TokenMean), t => new TokenLoss(-t.Mass * t.LogProb, -t.Mass));
        Assert.True(mine.PullsWithoutAdvantage);
    }

    [Fact]
    public void A_custom_objective_that_throws_or_returns_nonsense_is_named()
    {
        var settings = new AggregationSettings(Aggregation.TokenMean);
        var batch = Packer.Pack(TestTrees.Prompt(Twig.Leaf(4, 1), Twig.Leaf(3, -1)).Apply(Raw), settings);
        void Evaluate(ITrainingObjective objective) => DuplicatedPathsTests.Evaluate(batch, objective, Old, null, null, new float[7]);
        var problem = Assert.Throws<InvalidOperationException>(() => Evaluate(new PerTokenObjective("mine", settings, _ => throw new FormatException("no"))));
        Assert.Equal("objective 'mine' threw FormatException for target 0 of prompt 0 of the batch: no", problem.Message);
        var group = Assert.Throws<InvalidOperationException>(() => Evaluate(new PerGroupObjective("mine", settings, _ => throw new FormatException("no"))));
        Assert.Equal("objective 'mine' threw FormatException for prompt 0 of the batch: no", group.Message);
        var shorter = Assert.Throws<ArgumentException>(() => Evaluate(new PerGroupObjective("mine", settings, _ => new GroupLoss(1, [1]))));
        Assert.StartsWith(
            "objective 'mine' returned 1 derivative as DLogProb for prompt 0 of the batch: must return 7, one for each target; make the array as long as the group's LogProb", shorter.Message);
        var none = Assert.Throws<ArgumentException>(() => Evaluate(new PerGroupObjective("mine", settings, g => new GroupLoss(1, new double[g.LogProb.Length]), usesEntropy: true)));
        Assert.StartsWith("objective 'mine' returned null as DEntropy for prompt 0 of the batch: must return 7", none.Message);
        foreach (var (answer, what) in new[] { (new TokenLoss(double.NaN, 0), "Loss"), (new TokenLoss(0, double.PositiveInfinity), "DLogProb"), (new TokenLoss(0, 0, double.NaN), "DEntropy") })
        {
            var broken = Assert.Throws<NonFiniteException>(() => Evaluate(new PerTokenObjective("mine", settings, t => t.LogProb == Old[2] ? answer : default, usesEntropy: true)));
            Assert.StartsWith($"{what} of objective 'mine' for target 2 of prompt 0 of the batch, TokenInput", broken.Where);
        }
    }

    [Fact]
    public void Negative_log_likelihood_is_the_mean_surprise_of_the_answers()
    {
        var batch = Packer.PackDemonstrations([new TokenizedDemonstration([1, 2], [3, 4, 5]), new TokenizedDemonstration([1], [6])]);
        var (report, gradient, _) = DuplicatedPathsTests.Evaluate(batch, new NegativeLogLikelihood(), [-1, -2, -3, -6], null, null, new float[4]);
        Assert.Equal(3, report.Loss, 1e-6);
        Assert.Equal([-0.25, -0.25, -0.25, -0.25], gradient);
        Assert.Equal(0, report.MaxSamplerGap);
    }
}
