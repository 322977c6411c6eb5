using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Credit;
using TreeRl.Objectives;
using TreeRl.Policies;
using TreeRl.Training;
using Xunit;

namespace TreeRl.Tests;

public class PackerTests
{
    private static readonly AggregationSettings TokenMean = new(Aggregation.TokenMean);
    private static readonly AggregationSettings Sum = new(Aggregation.SequenceMeanTokenSumNorm, 1);

    public static TheoryData<string> AllRules => [.. CreditRules.All.Select(rule => rule.Name)];

    [Fact]
    public void A_small_tree_is_laid_out_as_documented()
    {
        // prompt [0]; root (3 4) over leaves (5) and (6 7); root leaf (8)
        var credit = TestTrees.Prompt(Twig.Branch(2, Twig.Leaf(1, 1), Twig.Leaf(2, 0)), Twig.Leaf(1, 0.5)).Apply(CreditRules.DrGrpo);
        var batch = Packer.Pack(credit, Sum);
        Assert.Equal([0, 5], batch.GroupFirstSegment);
        Assert.Equal([-1, 0, 1, 1, 0], batch.SegmentParent);
        Assert.Equal([0, 1, 3, 3, 4, 4], batch.SegmentFirstRow);
        Assert.Equal([0, 3, 4, 6], batch.RowToken);
        Assert.Equal([0, 1, 2, 3], batch.RowPosition);
        Assert.Equal([0, 1, 2, 2, 3, 0], batch.TargetRow);
        Assert.Equal([3, 4, 5, 6, 7, 8], batch.TargetToken);
        Assert.Equal([0, 1, 2, 3, 4, 5], batch.TargetSource);
        Assert.Equal([0.5f, 0.5f, 0.5f, 0, 0, 0], batch.Credit.PositiveMass);
        Assert.Equal([0.5f, 0.5f, 0, 0.5f, 0.5f, 0], batch.Credit.NegativeMass);
        Assert.Equal([2, 2, 1, 1, 1, 1], batch.Credit.Mass);
        var samples = batch.Credit.Samples;
        Assert.Equal([0, 2, 3, 5], samples.RunFirstTarget);
        Assert.Equal([2, 1, 2, 1], samples.RunTargetCount);
        Assert.Equal([0, 2, 4, 5], samples.SampleFirstPart);
        Assert.Equal([0, 1, 0, 2, 3], samples.PartRun);
        Assert.Equal([0.5f, 0.5f, -0.5f, -0.5f, 0], samples.PartAdvantage);
    }

    [Theory]
    [InlineData(TrainingUnit.TokenOnce, Aggregation.TokenMean, 1.0 / 6, 1.0 / 6)]
    [InlineData(TrainingUnit.TokenOnce, Aggregation.SequenceMeanTokenMean, 1.0 / 8, 1.0 / 4)]
    [InlineData(TrainingUnit.TokenOnce, Aggregation.SequenceMeanTokenSum, 1.0 / 4, 1.0 / 4)]
    [InlineData(TrainingUnit.SiblingGroup, Aggregation.TokenMean, 1.0 / 6, 1.0 / 6)]
    [InlineData(TrainingUnit.SiblingGroup, Aggregation.SequenceMeanTokenMean, 1.0 / 8, 1.0 / 4)]
    [InlineData(TrainingUnit.PathDuplicated, Aggregation.TokenMean, 2.0 / 8, 1.0 / 8)]
    [InlineData(TrainingUnit.PathDuplicated, Aggregation.SequenceMeanTokenMean, (1.0 / 3 + 1.0 / 4) / 3, 1.0 / 9)]
    [InlineData(TrainingUnit.PathDuplicated, Aggregation.SequenceMeanTokenSum, 2.0 / 3, 1.0 / 3)]
    public void Masses_follow_unit_and_aggregation(TrainingUnit unit, Aggregation mode, double root, double leaf)
    {
        // root of two tokens over leaves of one and two; a root leaf of one token
        var rule = CreditRules.TreeAdv.WithUnit(unit);
        var credit = TestTrees.Prompt(Twig.Branch(2, Twig.Leaf(1, 1), Twig.Leaf(2, 0)), Twig.Leaf(1, 0.5)).Apply(rule);
        var mass = Packer.Pack(credit, new AggregationSettings(mode)).Credit.Mass;
        Assert.Equal(root, mass[0], 1e-6);
        Assert.Equal(leaf, mass[2], 1e-6);
    }

    [Theory]
    [MemberData(nameof(AllRules))]
    public void Every_batch_keeps_the_invariants(string name)
    {
        var rule = CreditRules.All.Single(r => r.Name == name);
        for (int i = 0; i < 12; i++)
        {
            var credit = TestTrees.Build(TestTrees.Random(Seed.Of(i), prompts: 4, rewards: [0, 1, 0, null], onlyChildren: i % 2 == 1, depth: 2)).Apply(rule);
            foreach (bool drop in new[] { false, true })
            {
                var batch = Packer.Pack(credit, TokenMean.WithDropZeroSignal(drop), i % 3 == 0 ? [3, 1] : null);
                Check(batch);
                CheckPaths(batch, credit);
            }
        }
    }

    [Fact]
    public void Masses_are_the_sums_over_the_sample_table()
    {
        var rule = CreditRules.TreeRl.WithAfter(AfterStep.Tokens("waves", (_, a) => [.. a.Select((v, t) => v + t % 2)]));
        var batch = Packer.Pack(TestTrees.Build(TestTrees.Random(Seed.Of(4))).Apply(rule), TokenMean);
        Assert.True(batch.Credit.Samples.RunFirstTarget.Length > batch.SegmentCount);
        Check(batch);
    }

    [Fact]
    public void Branches_without_trained_tokens_are_left_out()
    {
        // the masked branch hangs below a trained root; the untrained root of the second tree carries trained children
        var credit = TestTrees.Prompt(
            Twig.Branch(2, Twig.Leaf(1, 1), Twig.Branch(5, Twig.Leaf(4, null), Twig.Leaf(4, null))),
            Twig.Branch(3, Twig.Leaf(1, 1), Twig.Leaf(1, 0), Twig.Leaf(1, 1), Twig.Leaf(1, 1), Twig.Leaf(1, 1), Twig.Leaf(1, 1)))
            .Apply(CreditRules.TreeRpoWith(TermScale.None, new PruneRule(PruneGroups.Siblings, SpreadStatistic.Std, 0.2)));
        var batch = Packer.Pack(credit, TokenMean);
        Assert.False(credit.NodeTrained[5]);
        Assert.Equal(6, batch.TargetCount);  // the children of the second root
        Assert.Equal(1 + 3, batch.RowCount); // prompt and second root; the first tree is gone
        Assert.Equal(8, batch.SegmentCount);
    }

    [Fact]
    public void A_node_whose_children_are_left_out_ends_like_a_leaf()
    {
        var credit = TestTrees.Prompt(Twig.Branch(2, Twig.Branch(3, Twig.Leaf(1, 1), Twig.Leaf(1, 1)), Twig.Leaf(2, 0))).Apply(CreditRules.Spo);
        var batch = Packer.Pack(credit, TokenMean);
        Assert.Equal(1 + 2 + 2 + 1, batch.RowCount); // prompt, untrained root, two of the node's three tokens, one of the leaf's two
        Assert.Equal(5, batch.TargetCount);
    }

    [Fact]
    public void Prompts_without_anything_to_train_are_no_groups()
    {
        var credit = TestTrees.Build([Twig.Leaf(1, null)], [Twig.Leaf(1, 1), Twig.Leaf(2, 0)], [Twig.Leaf(1, 1), Twig.Leaf(2, 1)]).Apply(CreditRules.Grpo);
        Assert.Equal(2, Packer.Pack(credit, TokenMean).GroupCount);
        var empty = Packer.Pack(credit, TokenMean, [0]);
        Assert.Equal((0, 0, 0), (empty.GroupCount, empty.RowCount, empty.TargetCount));
        Check(empty);
    }

    [Fact]
    public void Dropping_zero_signal_keeps_the_denominators()
    {
        var credit = TestTrees.Flat([1, 0], [1, 1, 1]).Apply(CreditRules.Grpo);
        PackedBatch all = Packer.Pack(credit, TokenMean), dropped = Packer.Pack(credit, TokenMean.WithDropZeroSignal(true));
        Assert.Equal(2, all.GroupCount);
        Assert.Equal(1, dropped.GroupCount);
        Assert.Equal(1f / 9, dropped.Credit.Mass[0]);
        Assert.Equal(all.Credit.PositiveMass.Take(3), dropped.Credit.PositiveMass);
    }

    [Fact]
    public void Pruned_prompts_leave_the_denominators()
    {
        var credit = TestTrees.Flat([1, 0], [1, 1, 1]).Apply(CreditRules.Grpo.WithPrune(PruneRule.EqualPrompts));
        Assert.Equal(1f / 3, Packer.Pack(credit, TokenMean).Credit.Mass[0]);
    }

    [Fact]
    public void A_mini_batch_has_its_own_denominators_and_order()
    {
        var credit = TestTrees.Flat([1, 0], [1, 0, 0], [0, 1]).Apply(CreditRules.Grpo);
        var batch = Packer.Pack(credit, TokenMean, [2, 0]);
        Assert.Equal([9, 10, 11, 0, 1, 2], batch.TargetSource);
        Assert.All(batch.Credit.Mass, mass => Assert.Equal(1f / 6, mass));
    }

    [Fact]
    public void Wrong_prompts_and_constants_are_refused()
    {
        var credit = TestTrees.Flat([1, 0]).Apply(CreditRules.Grpo);
        Assert.Throws<ArgumentException>(() => Packer.Pack(credit, TokenMean, [1]));
        Assert.Throws<ArgumentException>(() => Packer.Pack(credit, TokenMean, [0, 0]));
        Assert.Throws<ArgumentException>(() => Packer.Pack(credit, new AggregationSettings(Aggregation.SequenceMeanTokenSumNorm)));
        Assert.Throws<ArgumentException>(() => Packer.PackDemonstrations([]));
        Assert.Throws<ArgumentException>(() => Packer.PackDemonstrations([new TokenizedDemonstration([], [1])]));
        Assert.Throws<ArgumentException>(() => Packer.PackDemonstrations([new TokenizedDemonstration([1], [])]));
    }

    [Theory]
    [InlineData(Aggregation.TokenMean, 1.0 / 5)]
    [InlineData(Aggregation.SequenceMeanTokenMean, 1.0 / 9)]
    [InlineData(Aggregation.SequenceMeanTokenSum, 1.0 / 3)]
    public void Demonstrations_are_chains_of_their_own(Aggregation mode, double mass)
    {
        var batch = Packer.PackDemonstrations([new TokenizedDemonstration([9, 8], [3, 4, 5]), new TokenizedDemonstration([7], [6]), new TokenizedDemonstration([1], [2])], new AggregationSettings(mode));
        Check(batch);
        Assert.Equal([9, 8, 3, 4, 7, 1], batch.RowToken);
        Assert.Equal([0, 1, 2, 3, 0, 0], batch.RowPosition);
        Assert.Equal([1, 2, 3, 4, 5], batch.TargetRow);
        Assert.Equal([3, 4, 5, 6, 2], batch.TargetToken);
        Assert.Equal(mass, batch.Credit.Mass[0], 1e-6);
    }

    /// <summary>The invariants PackedBatch, CreditColumns and SampleTable document.</summary>
    private static void Check(PackedBatch batch)
    {
        var samples = batch.Credit.Samples;
        int groups = batch.GroupCount, targets = batch.TargetCount, runs = samples.RunFirstTarget.Length;
        foreach (var starts in new[] { batch.GroupFirstSegment, batch.GroupFirstTarget, samples.GroupFirstRun, samples.GroupFirstSample })
        {
            Assert.Equal(groups + 1, starts.Length);
            Assert.Equal(0, starts[0]);
            Assert.True(starts.Zip(starts.Skip(1)).All(pair => pair.First < pair.Second));
        }
        Assert.Equal((batch.SegmentCount, targets, runs, samples.SampleTokenWeight.Length),
            (batch.GroupFirstSegment[^1], batch.GroupFirstTarget[^1], samples.GroupFirstRun[^1], samples.GroupFirstSample[^1]));
        Assert.Equal(batch.SegmentCount + 1, batch.SegmentFirstRow.Length);
        Assert.Equal(batch.RowCount, batch.SegmentFirstRow[^1]);
        Assert.Equal((batch.RowCount, runs, samples.PartRun.Length), (batch.RowPosition.Length, samples.RunTargetCount.Length, samples.PartAdvantage.Length));
        Assert.Equal(samples.PartRun.Length, samples.SampleFirstPart[^1]);
        foreach (int length in new[] { batch.TargetToken.Length, batch.TargetSource.Length, batch.Credit.Mass.Length, batch.Credit.PositiveMass.Length, batch.Credit.NegativeMass.Length, batch.Credit.LogProbSampled.Length })
            Assert.Equal(targets, length);
        double[] mass = new double[targets], positive = new double[targets], negative = new double[targets];
        for (int g = 0; g < groups; g++)
        {
            Assert.Equal(-1, batch.SegmentParent[batch.GroupFirstSegment[g]]);
            for (int s = batch.GroupFirstSegment[g] + 1; s < batch.GroupFirstSegment[g + 1]; s++) Assert.InRange(batch.SegmentParent[s], batch.GroupFirstSegment[g], s - 1);
            for (int t = batch.GroupFirstTarget[g]; t < batch.GroupFirstTarget[g + 1]; t++) Assert.InRange(batch.TargetRow[t], batch.GroupFirstRow(g), batch.GroupFirstRow(g + 1) - 1);
            int next = batch.GroupFirstTarget[g];
            for (int r = samples.GroupFirstRun[g]; r < samples.GroupFirstRun[g + 1]; r++)
            {
                Assert.Equal(next, samples.RunFirstTarget[r]);
                Assert.True(samples.RunTargetCount[r] > 0);
                next += samples.RunTargetCount[r];
            }
            Assert.Equal(batch.GroupFirstTarget[g + 1], next);
            for (int i = samples.GroupFirstSample[g]; i < samples.GroupFirstSample[g + 1]; i++)
            {
                Assert.True(samples.SampleFirstPart[i] < samples.SampleFirstPart[i + 1]);
                for (int part = samples.SampleFirstPart[i]; part < samples.SampleFirstPart[i + 1]; part++)
                {
                    int run = samples.PartRun[part];
                    Assert.InRange(run, samples.GroupFirstRun[g], samples.GroupFirstRun[g + 1] - 1);
                    for (int t = samples.RunFirstTarget[run]; t < samples.RunFirstTarget[run] + samples.RunTargetCount[run]; t++)
                    {
                        mass[t] += samples.SampleTokenWeight[i];
                        positive[t] += samples.SampleTokenWeight[i] * Math.Max(samples.PartAdvantage[part], 0);
                        negative[t] += samples.SampleTokenWeight[i] * Math.Max(-samples.PartAdvantage[part], 0);
                    }
                }
            }
        }
        for (int t = 0; t < targets; t++)
        {
            Assert.True(mass[t] > 0);
            Assert.Equal(mass[t], batch.Credit.Mass[t], 1e-6 * (1 + mass[t]));
            Assert.Equal(positive[t], batch.Credit.PositiveMass[t], 1e-6 * (1 + positive[t]));
            Assert.Equal(negative[t], batch.Credit.NegativeMass[t], 1e-6 * (1 + negative[t]));
        }
    }

    /// <summary>Each target's predictor row ends the sequence prompt + path up to the token before it; every row is a predictor or stands above one.</summary>
    private static void CheckPaths(PackedBatch batch, CreditResult credit)
    {
        var forest = credit.Forest;
        var segmentOfRow = new int[batch.RowCount];
        for (int s = 0; s < batch.SegmentCount; s++)
        {
            for (int row = batch.SegmentFirstRow[s]; row < batch.SegmentFirstRow[s + 1]; row++) segmentOfRow[row] = s;
        }
        var used = new bool[batch.RowCount];
        for (int t = 0; t < batch.TargetCount; t++)
        {
            int source = batch.TargetSource[t], node = Enumerable.Range(0, forest.NodeCount).Last(n => forest.FirstToken[n] <= source);
            int[] path = [.. forest.Prompts[forest.PromptOf[node]].TokenIds, .. forest.PathTokens(node)];
            int length = path.Length - forest.TokenCount[node] + source - forest.FirstToken[node];
            var above = new List<int>();
            int last = batch.TargetRow[t];
            for (int s = segmentOfRow[last]; s >= 0; s = batch.SegmentParent[s])
            {
                for (int row = Math.Min(last, batch.SegmentFirstRow[s + 1] - 1); row >= batch.SegmentFirstRow[s]; row--) above.Insert(0, row);
            }
            above.ForEach(row => used[row] = true);
            Assert.Equal(path.Take(length), above.Select(row => batch.RowToken[row]));
            Assert.Equal(Enumerable.Range(0, length), above.Select(row => batch.RowPosition[row]));
            Assert.Equal(path[length], batch.TargetToken[t]);
            Assert.Equal(forest.LogProb[source], batch.Credit.LogProbSampled[t]);
            Assert.True(credit.NodeTrained[node]);
        }
        Assert.DoesNotContain(false, used);
    }
}
