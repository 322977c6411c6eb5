using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Models;
using TreeRl.Objectives;
using TreeRl.Policies;
using TreeRl.Policies.Cpu;
using Xunit;

namespace TreeRl.Tests.Policies;

public sealed class GroupPartsTests
{
    [Fact]
    public void A_tree_worked_by_hand_is_cut_where_the_next_segment_would_not_fit()
    {
        // Rows: prompt 0 1, then 2 3 | 4 (child of 2 3; its last token is no row) | 5 (likewise) | 6 7 (a second root).
        var first = new TestNode { Tokens = [2, 3], Children = { new TestNode { Tokens = [4, 9] }, new TestNode { Tokens = [5, 9] } } };
        var batch = TestBatches.Pack([new TestPrompt([0, 1], [first, new TestNode { Tokens = [6, 7, 9] }])]);
        Assert.Null(GroupParts.Of(batch, 8));
        var parts = GroupParts.Of(batch, 5)!.Batch;
        Assert.Equal([0, 1, 2, 3, 4, /**/ 0, 1, 2, 3, 5, /**/ 0, 1, 6, 7], parts.RowToken);
        Assert.Equal([0, 1, 2, 3, 4, /**/ 0, 1, 2, 3, 4, /**/ 0, 1, 2, 3], parts.RowPosition);
        Assert.Equal([-1, 0, 1, /**/ -1, 3, 4, /**/ -1, 6], parts.SegmentParent);
        Assert.Equal([0, 2, 4, 5, 7, 9, 10, 12, 14], parts.SegmentFirstRow);
        // What the prompt and the first node predict stays with the first part, which has their rows of its own: 2, 3, both children's first tokens, 4's 9 and the second root's 6.
        Assert.Equal([2, 3, 4, 9, 5, 6, /**/ 9, /**/ 7, 9], parts.TargetToken);
        Assert.Equal([1, 2, 3, 4, 3, 1, /**/ 9, /**/ 12, 13], parts.TargetRow);
        Assert.Equal([0, 6, 7, 9], parts.GroupFirstTarget);
    }

    [Fact]
    public void Parts_are_whole_batches_no_larger_than_asked_and_hold_every_target_once_behind_its_own_path()
    {
        for (int seed = 1; seed <= 40; seed++)
        {
            var batch = TestBatches.Pack(TestBatches.RandomPrompts(3, 20, seed));
            for (int limit = 1; limit < 60; limit += 7)
            {
                if (GroupParts.Of(batch, limit) is not { } split) continue;
                var parts = split.Batch;
                var check = new BatchCheck();
                check.Check(parts, TestModels.Plain with { VocabSize = 20 });
                for (int g = 0; g < parts.GroupCount; g++)
                    Assert.InRange(parts.GroupFirstRow(g + 1) - parts.GroupFirstRow(g), 1, Math.Max(limit, check.LongestPath));
                Assert.Equal(Paths(batch), Paths(parts));
            }
        }
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("qwen2: bias, grouped queries, head 24")]
    [InlineData("everything, head 40, adjacent")]
    public void Splitting_changes_no_bit_of_scores_and_reports_and_a_gradient_by_rounding_only(string name)
    {
        var config = TestModels.Find(name);
        var weights = TestBatches.Weights(config);
        foreach (var (what, batch, objective) in Cases(config))
        {
            using var whole = CpuPolicy.Create(weights, new CpuOptions { Threads = 2 });
            var expected = Score(whole, batch);
            var report = whole.Accumulate(batch, objective);
            var gradient = whole.TakeGradient();
            foreach (int limit in new[] { 1, 12, 25 })
            {
                using var split = CpuPolicy.Create(weights, new CpuOptions { Threads = 2, SplitAbove = limit });
                Assert.NotNull(GroupParts.Of(batch, limit));
                var found = Score(split, batch);
                Assert.Equal(expected.LogProb, found.LogProb);
                Assert.Equal(expected.Entropy, found.Entropy);
                Assert.Equal(report, split.Accumulate(batch, objective));
                var parts = split.TakeGradient();
                foreach (string tensor in gradient.Names)
                {
                    double norm = Norm(gradient[tensor].Values), gap = Norm([.. gradient[tensor].Values.Zip(parts[tensor].Values, (a, b) => a - b)]);
                    Assert.True(gap <= 1e-5 * norm, $"{what}, {limit} rows: {tensor} is off by {gap / norm} of its norm");
                }
            }
        }
    }

    [Fact]
    public void A_failure_leaves_no_gradient_behind_and_the_engine_usable()
    {
        using var policy = CpuPolicy.Create(TestBatches.Weights(TestModels.Plain), new CpuOptions { Threads = 1, SplitAbove = 8 });
        var batch = TestBatches.Random(TestModels.Plain, 3);
        float kept = batch.Credit.PositiveMass[4];
        for (int round = 0; round < 2; round++)
        {
            batch.Credit.PositiveMass[4] = float.NaN;
            Assert.Throws<NonFiniteException>(() => policy.Accumulate(batch, new LinearObjective()));
            Assert.Equal(0, policy.Apply(new OptimizerSettings(), 0).GradientNorm);
            batch.Credit.PositiveMass[4] = kept;
            policy.Accumulate(batch, new LinearObjective());
            if (round == 0) Assert.True(policy.Apply(new OptimizerSettings(), 0).GradientNorm > 0);
        }
    }

    [Fact]
    public void What_changes_digits_is_part_of_the_arithmetics_name()
    {
        string Name(CpuOptions options)
        {
            using var policy = CpuPolicy.Create(TestBatches.Weights(TestModels.Plain), options with { Threads = 1 });
            return policy.Arithmetic;
        }

        Assert.Equal("cpu", Name(new CpuOptions { RecomputeActivations = true, GradientLanes = 4 }));
        Assert.Equal("cpu (2 gradient lanes, chunks of 64 rows, split above 4096 rows)", Name(new CpuOptions { GradientLanes = 2, ChunkTokens = 64, SplitAbove = 4096 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Name(new CpuOptions { SplitAbove = -1 }));
    }

    private static IEnumerable<(string What, PackedBatch Batch, IObjective Objective)> Cases(ModelConfig config)
    {
        yield return ("linear", TestBatches.Random(config, 7), new LinearObjective());
        var batch = TestBatches.WithSamples(TestBatches.Random(config, 9));
        var stream = Seed.Of(3);
        batch.Credit.LogProbOld = [.. Enumerable.Range(0, batch.TargetCount).Select(t => (float)(-3 - stream.Uniform(t)))];
        batch.Credit.LogProbRef = [.. Enumerable.Range(0, batch.TargetCount).Select(t => (float)(-3 - stream.Uniform(t + 1000)))];
        yield return ("gspo", batch, ObjectivePresets.Gspo with { ClipLow = 0.9, ClipHigh = 9 });
        yield return ("grpo, KL, entropy", batch, ObjectivePresets.Grpo.WithKl(KlEstimator.K3, 0.1).WithEntropy(0.05));
    }

    private static (float[] LogProb, float[] Entropy) Score(CpuPolicy policy, PackedBatch batch)
    {
        float[] logProb = new float[batch.TargetCount], entropy = new float[batch.TargetCount];
        policy.Score(batch, logProb, entropy);
        return (logProb, entropy);
    }

    private static double Norm(float[] values) => Math.Sqrt(values.Sum(v => (double)v * v));

    /// <summary>Source, token and the tokens before it, of every target by its source.</summary>
    private static List<string> Paths(PackedBatch batch)
    {
        var lines = new List<(int Source, string Path)>();
        for (int t = 0; t < batch.TargetCount; t++)
        {
            int row = batch.TargetRow[t], segment = Array.FindLastIndex(batch.SegmentFirstRow, first => first <= row);
            while (segment == batch.SegmentCount || batch.SegmentFirstRow[segment + 1] <= row) segment--;
            List<int> path = [batch.TargetToken[t]];
            for (int end = row + 1; segment >= 0; segment = batch.SegmentParent[segment], end = segment < 0 ? 0 : batch.SegmentFirstRow[segment + 1])
                for (int r = end - 1; r >= batch.SegmentFirstRow[segment]; r--) path.Add(batch.RowToken[r]);
            lines.Add((batch.TargetSource[t], string.Join(' ', path)));
        }
        return [.. lines.OrderBy(line => line.Source).Select(line => $"{line.Source}: {line.Path}")];
    }
}
