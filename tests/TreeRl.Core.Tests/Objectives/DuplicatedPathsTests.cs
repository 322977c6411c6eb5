using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Credit;
using TreeRl.Objectives;
using TreeRl.Policies;
using TreeRl.Training;
using Xunit;

namespace TreeRl.Tests;

/// <summary>
/// Training over duplicated samples at once-per-token cost: the packed loss and its derivatives equal the plain, duplicated computation and
/// its central differences, for every rule, objective and aggregation.
/// </summary>
public class DuplicatedPathsTests
{
    // Masses and log-probabilities are floats: 1e-6 relative to values of order 1. Central differences with step 1e-5 add about 1e-9.
    private const double FloatRounding = 5e-6;
    private const double Step = 1e-5;

    private static readonly CreditRule[] Rules =
    [
        CreditRules.Grpo, CreditRules.TreePo, CreditRules.TreeGrpo, CreditRules.TreeRl, CreditRules.TreeAdv, CreditRules.TreeRpo, CreditRules.Spo,
        CreditRules.TreeAdvWith(TrainingUnit.PathDuplicated, StdRule.Sample()).WithName("treeAdvPaths"),
        CreditRules.TreeRl.WithName("prunedPaths").WithPrune(PruneRule.EqualSiblings),
        CreditRules.Spo.WithName("masked").WithMask(new TokenMask(0.85)),
        CreditRules.DrGrpo.WithName("maskedPaths").WithMask(new TokenMask(0.85)),
        CreditRules.TreeRl.WithName("maskedChosenPaths").WithMask(new TokenMask(0.85)).WithChoice(new LeafChoice(2)),
        CreditRules.TreeRpo.WithName("maskedGroups").WithMask(new TokenMask(0.85)),
        CreditRules.TreeAdv.WithName("byToken").WithAfter(AfterStep.Tokens("waves", (_, a) => [.. a.Select((v, t) => v + (t / 2 % 3) - 1)])),
        CreditRules.TreeRl.WithName("byTokenPaths").WithAfter(AfterStep.Tokens("waves", (_, a) => [.. a.Select((v, t) => v + (t / 2 % 3) - 1)])),
    ];

    private static readonly PolicyObjective[] Variants =
    [
        ObjectivePresets.Grpo, ObjectivePresets.Dapo, ObjectivePresets.Cispo, ObjectivePresets.CispoUpper.WithCispoCap(1.1), ObjectivePresets.Reinforce,
        ObjectivePresets.Gspo.WithClip(0.1, 0.1), ObjectivePresets.GspoToken.WithClip(0.1, 0.1),
        ObjectivePresets.Gspo.WithName("gspoDual").WithClip(0.05, 0.05).WithDualClip(1.1),
        ObjectivePresets.GspoToken.WithName("gspoTokenDual").WithClip(0.05, 0.05).WithDualClip(1.1),
        ObjectivePresets.Grpo.WithName("grpoK1").WithKl(KlEstimator.K1, 0.3).WithEntropy(0.05),
        ObjectivePresets.Grpo.WithName("grpoK2").WithKl(KlEstimator.K2, 0.3),
        ObjectivePresets.Gspo.WithName("gspoK3").WithClip(0.1, 0.1).WithKl(KlEstimator.K3, 0.3).WithEntropy(-0.02),
    ];

    private static readonly AggregationSettings[] Aggregations =
    [
        new(Aggregation.TokenMean), new(Aggregation.SequenceMeanTokenMean), new(Aggregation.SequenceMeanTokenSum), new(Aggregation.SequenceMeanTokenSumNorm, 20),
    ];

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var rule in Rules)
            {
                foreach (var objective in Variants) cases.Add(rule.Name, objective.Name);
            }
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Packed_training_equals_duplicated_training(string ruleName, string objectiveName)
    {
        var rule = Rules.Single(r => r.Name == ruleName);
        for (int mode = 0; mode < Aggregations.Length; mode++)
        {
            var objective = Variants.Single(o => o.Name == objectiveName).WithAggregation(Aggregations[mode]);
            var forest = TestTrees.Build(TestTrees.Random(Seed.Of(mode), prompts: 3, rewards: [0, 1, 0.5, 1, null], onlyChildren: mode == 1, depth: 2));
            var credit = forest.Apply(rule);
            int[] prompts = mode == 2 ? [2, 0] : [0, 1, 2];
            Compare(credit, objective, prompts, objective.Aggregation);
            if (!objective.NeedsReference && !objective.UsesEntropy) Compare(credit, objective, prompts, objective.Aggregation.WithDropZeroSignal(true));
        }
    }

    [Fact]
    public void On_policy_duplicated_paths_weigh_a_node_by_the_sum_of_its_leaves()
    {
        var credit = TestTrees.Build(TestTrees.Random(Seed.Of(21))).Apply(CreditRules.Grpo);
        var forest = credit.Forest;
        var batch = Packer.Pack(credit, new AggregationSettings(Aggregation.SequenceMeanTokenSumNorm, 1));
        var (_, gradient, _) = Evaluate(batch, ObjectivePresets.Grpo, forest.LogProb.ToArray(), null, null, new float[forest.TokenTotal]);
        for (int n = 0; n < forest.NodeCount; n++)
        {
            double sum = Enumerable.Range(forest.FirstLeaf[n], forest.LeafCount[n]).Sum(leaf => credit.LeafAdvantage[leaf]);
            for (int t = forest.FirstToken[n]; t < forest.FirstToken[n] + forest.TokenCount[n]; t++) Assert.Equal(-sum, gradient[t], FloatRounding);
        }
    }

    private static void Compare(CreditResult credit, PolicyObjective objective, int[] prompts, AggregationSettings aggregation)
    {
        int tokens = credit.Forest.TokenTotal;
        var seed = Seed.Of(99);
        float[] Draw(string name, double centre, double width) => [.. Enumerable.Range(0, tokens).Select(t => (float)(centre + width * (seed.Child(name).Uniform(t) - 0.5)))];
        float[] old = Draw("old", -1, 0.5), reference = Draw("ref", -1, 0.5), entropy = Draw("entropy", 1, 0.5);
        float[] logProb = [.. Draw("new", 0, 2.6).Select((d, t) => old[t] + d)];
        var (report, gradient, dEntropy) = Evaluate(Packer.Pack(credit, aggregation, prompts), objective, logProb, old, reference, entropy);

        var plain = new PlainLoss(credit, prompts);
        double[] Wide(float[] column) => Array.ConvertAll(column, x => (double)x);
        double[] x = Wide(logProb), o = Wide(old), r = Wide(reference), h = Wide(entropy);
        Assert.Equal(plain.Value(objective, x, x, o, r, h), report.Loss, FloatRounding);
        for (int t = 0; t < tokens; t++)
        {
            Assert.Equal(Difference(x, t, moved => plain.Value(objective, moved, x, o, r, h)), gradient[t], FloatRounding);
            Assert.Equal(Difference(h, t, moved => plain.Value(objective, x, x, o, r, moved)), dEntropy[t], FloatRounding);
        }
    }

    private static double Difference(double[] at, int index, Func<double[], double> loss)
    {
        double[] up = [.. at], down = [.. at];
        up[index] += Step;
        down[index] -= Step;
        return (loss(up) - loss(down)) / (2 * Step);
    }

    /// <summary>Evaluates all groups; derivatives come back by token of the forest.</summary>
    internal static (LossReport Report, double[] DLogProb, double[] DEntropy) Evaluate(PackedBatch batch, IObjective objective, float[] logProb, float[]? old, float[]? reference, float[] entropy)
    {
        float[] Gather(float[] column) => Array.ConvertAll(batch.TargetSource, t => column[t]);
        batch.Credit.LogProbOld = old is null ? null : Gather(old);
        batch.Credit.LogProbRef = objective.NeedsReference && reference is not null ? Gather(reference) : null;
        float[] present = Gather(logProb), bits = Gather(entropy);
        double[] dLogProb = new double[logProb.Length], dEntropy = new double[logProb.Length];
        var total = new LossReport();
        for (int g = 0; g < batch.GroupCount; g++)
        {
            int first = batch.GroupFirstTarget[g], count = batch.GroupFirstTarget[g + 1] - first;
            float[] slope = new float[count], entropySlope = new float[objective.UsesEntropy ? count : 0];
            total = total.Plus(GroupObjective.Evaluate(batch, g, objective, present.AsSpan(first, count), bits.AsSpan(first, count), slope, entropySlope));
            for (int t = 0; t < count; t++)
            {
                dLogProb[batch.TargetSource[first + t]] += slope[t];
                if (objective.UsesEntropy) dEntropy[batch.TargetSource[first + t]] += entropySlope[t];
            }
        }
        return (total, dLogProb, dEntropy);
    }
}
