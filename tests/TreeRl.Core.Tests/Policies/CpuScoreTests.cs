using System;
using System.Linq;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Policies.Cpu;
using Xunit;

namespace TreeRl.Tests.Policies;

public sealed class CpuScoreTests
{
    /// <summary>Single precision through a few layers against double: the longest sums here have about a hundred terms of size one.</summary>
    private const double Tolerance = 3e-5;

    [Theory]
    [MemberData(nameof(TestModels.NamesAndLargeHeads), MemberType = typeof(TestModels))]
    public void Log_probs_and_entropies_equal_the_reference_along_each_path(string name)
    {
        var config = TestModels.Find(name);
        var weights = TestBatches.Weights(config);
        var batch = TestBatches.Pack(TestBatches.RandomPrompts(config.VocabSize > 1000 ? 1 : 3, config.VocabSize, 5));
        AssertAsReference(weights, batch);
    }

    [Fact]
    public void A_vocabulary_of_two_hundred_thousand_tokens_scores_as_the_reference_does()
    {
        var config = TestModels.ByName["large vocabulary, recomputed logits"] with { VocabSize = 200_003 };
        var weights = TestBatches.Weights(config);
        var root = new TestNode { Tokens = [199_999] };
        root.Children.AddRange([new TestNode { Tokens = [200_002, 3] }, new TestNode { Tokens = [131_072] }]);
        var batch = TestBatches.Pack([new TestPrompt([200_002, 1], [root])]);
        AssertAsReference(weights, batch);
    }

    private static void AssertAsReference(ModelWeights weights, PackedBatch batch)
    {
        using var policy = CpuPolicy.Create(weights, new CpuOptions { Threads = 1 });
        var (logProb, entropy) = Score(policy, batch);
        var (expected, expectedEntropy) = new ReferenceModel(weights).Score(batch);
        for (int t = 0; t < batch.TargetCount; t++)
        {
            Assert.InRange(logProb[t] - expected[t], -Tolerance, Tolerance);
            Assert.InRange(entropy[t] - expectedEntropy[t], -Tolerance, Tolerance);
        }
    }

    [Fact]
    public void A_tree_scores_as_its_paths_do_to_the_bit()
    {
        var config = TestModels.ByName["qwen2: bias, grouped queries, head 24"];
        using var policy = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = 1 });
        for (int seed = 1; seed <= 20; seed++)
        {
            var prompts = TestBatches.RandomPrompts(3, config.VocabSize, seed);
            var tree = TestBatches.Pack(prompts);
            var paths = TestBatches.Pack(TestBatches.AsPaths(prompts, ownPrompt: seed % 2 == 0));
            Assert.Equal(ByPath(paths, Score(policy, paths).LogProb), ByPath(tree, Score(policy, tree).LogProb));
            Assert.Equal(ByPath(paths, Score(policy, paths).Entropy), ByPath(tree, Score(policy, tree).Entropy));
        }
    }

    [Fact]
    public void Scores_do_not_depend_on_chunking_threads_or_company()
    {
        var config = TestModels.ByName["qwen3: q/k norm, untied, head 32"];
        var weights = TestBatches.Weights(config);
        var prompts = TestBatches.RandomPrompts(9, config.VocabSize, 3);
        var batch = TestBatches.Pack(prompts);
        using var one = CpuPolicy.Create(weights, new CpuOptions { Threads = 1, ChunkTokens = 10_000 });
        using var two = CpuPolicy.Create(weights, new CpuOptions { Threads = 2, ChunkTokens = 1 });
        var expected = Score(one, batch);
        var actual = Score(two, batch);
        Assert.Equal(expected.LogProb, actual.LogProb);
        Assert.Equal(expected.Entropy, actual.Entropy);
        float[] alone = [.. prompts.SelectMany(prompt => Score(one, TestBatches.Pack([prompt])).LogProb)];
        Assert.Equal(expected.LogProb, alone);
    }

    [Theory]
    [InlineData(6, 20)]
    [InlineData(60, 1 << 20)] // one pass of several feed-forward blocks
    public void Training_sees_the_scores_to_the_bit_and_so_does_each_prompt_alone(int count, int chunkTokens)
    {
        var config = TestModels.ByName["everything, head 40, adjacent"];
        var prompts = TestBatches.RandomPrompts(count, config.VocabSize, 8);
        var batch = TestBatches.Pack(prompts);
        Assert.True(chunkTokens < batch.RowCount || batch.RowCount > 3 * ChunkBuffers.ForwardBlock, $"{batch.RowCount} rows are too few to fill blocks");
        using var policy = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = 2, ChunkTokens = chunkTokens });
        var (logProb, entropy) = Score(policy, batch);
        var seen = new Recorder(batch.TargetCount);
        policy.Accumulate(batch, seen);
        Assert.Equal(logProb, seen.LogProb);
        Assert.Equal(entropy, seen.Entropy);
        Assert.Equal(logProb, prompts.SelectMany(prompt => Score(policy, TestBatches.Pack([prompt])).LogProb));
    }

    [Fact]
    public void Bad_batches_are_refused()
    {
        var config = TestModels.Plain;
        using var policy = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = 1 });
        void Refused(Action<PackedBatch> spoil)
        {
            var batch = TestBatches.Pack(TestBatches.RandomPrompts(2, config.VocabSize, 4));
            spoil(batch);
            Assert.ThrowsAny<ArgumentException>(() => Score(policy, batch));
            Assert.ThrowsAny<ArgumentException>(() => policy.Accumulate(batch, new LinearObjective()));
        }

        Refused(batch => batch.RowToken[1] = config.VocabSize);
        Refused(batch => batch.RowToken[1] = -1);
        Refused(batch => batch.TargetToken[2] = config.VocabSize);
        Refused(batch => batch.TargetRow[0] = batch.RowCount);
        Refused(batch => batch.TargetRow[^1] = 0);
        Refused(batch => batch.SegmentParent[1] = 1);
        Refused(batch => batch.RowPosition[1]++);
        var sound = TestBatches.Pack(TestBatches.RandomPrompts(2, config.VocabSize, 4));
        Assert.Throws<ArgumentException>(() => policy.Score(sound, new float[1], new float[sound.TargetCount]));
        var deep = TestBatches.Pack([new TestPrompt(new int[config.ContextLength], [new TestNode { Tokens = [1, 2] }])]);
        Assert.Contains("context", Assert.Throws<ArgumentException>(() => Score(policy, deep)).Message);
    }

    internal static (float[] LogProb, float[] Entropy) Score(IPolicy policy, PackedBatch batch)
    {
        var logProb = new float[batch.TargetCount];
        var entropy = new float[batch.TargetCount];
        policy.Score(batch, logProb, entropy);
        return (logProb, entropy);
    }

    /// <summary>Values read along each leaf's path, leaves in order: the same list for a tree and for its paths.</summary>
    private static float[] ByPath(PackedBatch batch, float[] values)
    {
        var all = new System.Collections.Generic.List<float>();
        var firstTarget = new int[batch.SegmentCount];
        var targetCount = new int[batch.SegmentCount];
        for (int s = 0, t = 0; s < batch.SegmentCount; s++)
        {
            firstTarget[s] = t;
            bool leaf = !batch.SegmentParent.Contains(s);
            if (batch.SegmentParent[s] >= 0) targetCount[s] = batch.SegmentFirstRow[s + 1] - batch.SegmentFirstRow[s] + (leaf ? 1 : 0);
            t += targetCount[s];
        }
        for (int s = 0; s < batch.SegmentCount; s++)
        {
            if (batch.SegmentParent.Contains(s)) continue;
            var path = new System.Collections.Generic.List<float>();
            for (int at = s; at >= 0; at = batch.SegmentParent[at]) path.InsertRange(0, values.AsSpan(firstTarget[at], targetCount[at]).ToArray());
            all.AddRange(path);
        }
        return [.. all];
    }

    private sealed class Recorder(int targets) : IObjective
    {
        public readonly float[] LogProb = new float[targets], Entropy = new float[targets];

        public bool NeedsReference => false;

        public bool UsesEntropy => false;

        public LossReport Evaluate(in ObjectiveInput input, Span<float> dLogProb, Span<float> dEntropy)
        {
            input.LogProb.CopyTo(LogProb.AsSpan(input.FirstTarget));
            input.Entropy.CopyTo(Entropy.AsSpan(input.FirstTarget));
            dLogProb.Clear();
            return default;
        }
    }
}
