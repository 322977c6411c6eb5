using System;
using System.Linq;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Policies.Cpu;
using Xunit;

namespace TreeRl.Tests.Policies;

public sealed class CpuGradientTests
{
    /// <summary>Central differences in double with this step are good to about 1e-8 of the third derivative; the engine's own single-precision sums decide the tolerance.</summary>
    private const double Step = 1e-4;

    /// <summary>Share of the gradient tensor's norm by which a derivative along a unit direction may be off.</summary>
    private const double Tolerance = 1e-4;

    [Theory]
    [MemberData(nameof(TestModels.NamesAndLargeHeads), MemberType = typeof(TestModels))]
    public void Each_tensors_gradient_equals_central_differences_of_the_reference(string name)
    {
        var config = TestModels.Find(name);
        bool large = config.VocabSize > 1000;
        var weights = TestBatches.Weights(config, 3);
        var batch = TestBatches.Random(config, 11, large ? 1 : 2);
        using var policy = CpuPolicy.Create(weights, new CpuOptions { Threads = 1 });
        policy.Accumulate(batch, new LinearObjective());
        var gradient = policy.ExportGradient();
        var reference = new ReferenceModel(weights);
        foreach (string tensor in weights.Names)
        {
            float[] g = gradient[tensor].Values;
            double norm = Math.Sqrt(g.Sum(v => (double)v * v));
            Assert.True(norm > 0 || config.Width == 1, $"{tensor} has no gradient at all");
            for (int trial = 0; trial < (large ? 1 : 4); trial++)
            {
                // The last trial follows the gradient itself, where an error of scale shows; the others are random.
                double[] direction = trial == 3 || large ? [.. g.Select(v => (double)v)] : Direction(g.Length, trial);
                double length = Math.Sqrt(direction.Sum(v => v * v));
                if (length == 0) continue;
                double along = 0;
                for (int i = 0; i < g.Length; i++) along += g[i] * direction[i] / length;
                double difference = TestBatches.Slope(reference, batch, tensor, direction, Step / length) / length;
                Assert.True(Math.Abs(along - difference) <= Tolerance * norm + 1e-6, $"{name}: {tensor}, trial {trial}: {along} against {difference}, norm {norm}");
            }
        }
    }

    [Theory]
    [InlineData("plain", 3)]
    [InlineData("llama2c: adjacent rotary, head 8, odd widths", 5)]
    [InlineData("qwen2: bias, grouped queries, head 24", 5)]
    [InlineData("qwen3: q/k norm, untied, head 32", 5)]
    [InlineData("everything, head 40, adjacent", 10)]
    [InlineData("head 128, q/k norm", 3)]
    public void A_trees_gradient_equals_the_sum_over_its_paths(string name, int seeds)
    {
        var config = TestModels.Find(name);
        for (int seed = 1; seed <= seeds; seed++)
        {
            var prompts = TestBatches.RandomPrompts(2, config.VocabSize, seed);
            // Every path carries masses of its own; a tree token carries the sum over the paths it lies on.
            var paths = TestBatches.WithMasses(TestBatches.Pack(TestBatches.AsPaths(prompts, ownPrompt: true)), seed);
            var tree = TestBatches.Pack(prompts);
            SumMasses(tree, paths);
            using var policy = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = 1 });
            using var other = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = 1 });
            double loss = policy.Accumulate(tree, new LinearObjective()).Loss, pathLoss = other.Accumulate(paths, new LinearObjective()).Loss;
            Assert.Equal(pathLoss, loss, 1e-5 * Math.Abs(pathLoss) + 1e-5);
            ITensorSet a = policy.ExportGradient(), b = other.ExportGradient();
            foreach (string tensor in a.Names)
            {
                AssertNear(a[tensor].Values, b[tensor].Values, $"seed {seed}, {tensor}");
            }
        }
    }

    [Theory]
    [InlineData(40, 43)] // 192 rows of the feed-forward half at a time
    [InlineData(64, 2080)] // 512, for gradients that outgrow the second-level cache, here a narrow one
    [InlineData(400, 400)] // and a wide one
    public void A_chunk_of_many_feed_forward_blocks_has_the_gradient_of_small_chunks(int width, int feedForward)
    {
        var config = TestModels.Plain with { Width = width, FeedForward = feedForward };
        var batch = TestBatches.Random(config, 5, 60);
        Assert.True(batch.RowCount > 1100, $"{batch.RowCount} rows are too few to fill blocks");
        using var whole = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = 1, GradientLanes = 1, ChunkTokens = 1 << 20 });
        using var again = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = 1, GradientLanes = 1, ChunkTokens = 1 << 20, RecomputeActivations = true });
        using var small = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = 1, GradientLanes = 1, ChunkTokens = 1 });
        foreach (var policy in new[] { whole, again, small }) policy.Accumulate(batch, new LinearObjective());
        ITensorSet a = whole.ExportGradient(), b = small.ExportGradient(), c = again.ExportGradient();
        foreach (string tensor in a.Names)
        {
            AssertNear(a[tensor].Values, b[tensor].Values, tensor);
            Assert.Equal(a[tensor].Values, c[tensor].Values);
        }
    }

    [Fact]
    public void Entropy_is_left_out_when_the_objective_does_not_use_it()
    {
        var config = TestModels.Plain;
        var batch = TestBatches.Random(config, 11, 2);
        using var with = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = 1 });
        using var without = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = 1 });
        with.Accumulate(batch, new LinearObjective());
        without.Accumulate(batch, new LinearObjective(entropy: false));
        Array.Clear(batch.Credit.NegativeMass);
        using var zero = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = 1 });
        zero.Accumulate(batch, new LinearObjective());
        foreach (string tensor in with.ExportGradient().Names)
        {
            Assert.Equal(zero.ExportGradient()[tensor].Values, without.ExportGradient()[tensor].Values);
            Assert.NotEqual(with.ExportGradient()[tensor].Values, without.ExportGradient()[tensor].Values);
        }
    }

    internal static void SumMasses(PackedBatch tree, PackedBatch paths)
    {
        int[] leaves = [.. Enumerable.Range(0, tree.SegmentCount).Where(s => tree.SegmentParent[s] >= 0 && !tree.SegmentParent.Contains(s))];
        var firstTarget = new int[tree.SegmentCount + 1];
        for (int s = 0; s < tree.SegmentCount; s++)
        {
            int count = tree.SegmentParent[s] < 0 ? 0 : tree.SegmentFirstRow[s + 1] - tree.SegmentFirstRow[s] + (leaves.Contains(s) ? 1 : 0);
            firstTarget[s + 1] = firstTarget[s] + count;
        }
        int at = 0;
        foreach (int leaf in leaves)
        {
            var targets = new System.Collections.Generic.List<int>();
            for (int s = leaf; tree.SegmentParent[s] >= 0; s = tree.SegmentParent[s]) targets.InsertRange(0, Enumerable.Range(firstTarget[s], firstTarget[s + 1] - firstTarget[s]));
            foreach (int target in targets)
            {
                Assert.Equal(tree.TargetToken[target], paths.TargetToken[at]);
                tree.Credit.PositiveMass[target] += paths.Credit.PositiveMass[at];
                tree.Credit.NegativeMass[target] += paths.Credit.NegativeMass[at++];
            }
        }
        Assert.Equal(paths.TargetCount, at);
    }

    /// <summary>Two sums of the same terms in other orders: apart by at most 1e-5 of the norm.</summary>
    private static void AssertNear(float[] actual, float[] expected, string what)
    {
        double gap = 0, norm = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            gap += Math.Pow((double)actual[i] - expected[i], 2);
            norm += Math.Pow(expected[i], 2);
        }
        Assert.True(Math.Sqrt(gap) <= 1e-5 * Math.Sqrt(norm), $"{what}: off by {Math.Sqrt(gap / norm)}");
    }

    private static double[] Direction(int count, int trial)
    {
        var stream = Seed.Of(trial);
        return [.. Enumerable.Range(0, count).Select(i => stream.Uniform(i) - 0.5)];
    }
}
