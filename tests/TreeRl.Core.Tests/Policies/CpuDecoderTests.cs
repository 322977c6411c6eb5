using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Policies.Cpu;
using Xunit;

namespace TreeRl.Tests.Policies;

public sealed class CpuDecoderTests
{
    private static readonly PickSettings Picking = new();

    [Theory]
    [MemberData(nameof(TestModels.Names), MemberType = typeof(TestModels))]
    public void Logits_equal_the_reference_after_prompts_and_steps(string name)
    {
        var config = TestModels.ByName[name];
        var weights = TestBatches.Weights(config);
        using var policy = CpuPolicy.Create(weights, new CpuOptions { Threads = 2 });
        using var decoder = policy.NewDecoder(Picking);
        int[] path = Path(config, 37);
        var expected = new ReferenceModel(weights).Logits(path);
        var branch = new int[1];
        decoder.Prompt(new[] { path[..19] }, branch);
        for (int length = 19; ; length++)
        {
            float[] logits = Logits(decoder, branch[0], config);
            for (int j = 0; j < logits.Length; j++) Assert.InRange(logits[j] - expected[length - 1][j], -3e-5, 3e-5);
            var entropy = new float[1];
            decoder.Pick([new PickRequest(branch[0], 0, false, default)], [], entropy);
            Assert.Equal(ReferenceModel.Read(expected[length - 1], 0).Entropy, entropy[0], 3e-5);
            Assert.Equal(length, decoder.Length(branch[0]));
            if (length == path.Length) break;
            decoder.Advance(branch, [path[length]]);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Branches_of_several_waves_give_the_bits_of_their_paths_decoded_alone(int threads)
    {
        const int Branches = 900;
        var config = TestModels.ByName["qwen3: q/k norm, untied, head 32"];
        using var policy = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = threads });
        using var decoder = policy.NewDecoder(Picking);
        using var alone = policy.NewDecoder(Picking);
        int[] prompt = Path(config, 20), root = new int[1], ids = new int[Branches];
        decoder.Prompt(new[] { prompt }, root);
        decoder.Fork(root[0], ids);
        int[] first = [.. ids.Select((_, i) => i % config.VocabSize)], second = [.. ids.Select((_, i) => i / config.VocabSize)];
        decoder.Advance(ids, first);
        decoder.Advance(ids, second);
        foreach (int i in new[] { 0, 1, 255, 256, 257, 449, 450, 511, 512, 600, 706, 767, 768, Branches - 1 })
        {
            alone.Prompt(new[] { prompt }, root);
            alone.Advance(root, [first[i]]);
            alone.Advance(root, [second[i]]);
            Assert.Equal(Logits(alone, root[0], config), Logits(decoder, ids[i], config));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_forked_branch_gives_the_bits_of_its_path_decoded_alone(int threads)
    {
        var config = TestModels.ByName["qwen3: q/k norm, untied, head 32"];
        using var policy = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = threads });
        using var single = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = 1 });
        using var decoder = policy.NewDecoder(Picking);
        var random = new Random(5);
        var live = new List<(int Branch, List<int> Path)>();
        var prompts = Enumerable.Range(0, 3).Select(i => Path(config, 3 + 14 * i)).ToArray();
        var ids = new int[3];
        decoder.Prompt(prompts, ids);
        for (int i = 0; i < 3; i++) live.Add((ids[i], [.. prompts[i]]));
        for (int step = 0; step < 25; step++)
        {
            for (int i = live.Count - 1; i >= 0; i--)
            {
                if (random.Next(6) != 0 || live.Count > 60) continue;
                var children = new int[random.Next(1, 4)];
                decoder.Fork(live[i].Branch, children);
                foreach (int child in children) live.Add((child, [.. live[i].Path]));
                live.RemoveAt(i);
            }
            for (int i = live.Count - 1; i >= 0; i--)
            {
                if (live.Count < 4 || random.Next(20) != 0) continue;
                decoder.Release(live[i].Branch);
                live.RemoveAt(i);
            }
            // A random part of the branches advances, in random order: company must not matter.
            var moving = live.Where(_ => random.Next(4) > 0).OrderBy(_ => random.Next()).ToArray();
            int[] tokens = [.. moving.Select(_ => random.Next(config.VocabSize))];
            decoder.Advance([.. moving.Select(m => m.Branch)], tokens);
            for (int i = 0; i < moving.Length; i++) moving[i].Path.Add(tokens[i]);
        }
        Assert.True(live.Count > 10);
        foreach (var (branch, path) in live)
        {
            using var alone = single.NewDecoder(Picking);
            var id = new int[1];
            alone.Prompt(new[] { path.ToArray() }, id);
            Assert.Equal(Logits(alone, id[0], config), Logits(decoder, branch, config));
        }
    }

    [Theory]
    [InlineData("llama2c: adjacent rotary, head 8, odd widths")]
    [InlineData("everything, head 40, adjacent")]
    [InlineData("qwen2: bias, grouped queries, head 24")]
    public void Picked_log_probs_and_entropies_equal_the_scores_to_the_bit(string name)
    {
        var config = TestModels.ByName[name];
        using var policy = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = 2 });
        var prompts = TestBatches.RandomPrompts(4, config.VocabSize, 6, maxNode: 12);
        var batch = TestBatches.Pack(prompts);
        List<float> logProb = [], entropy = [];
        using var decoder = policy.NewDecoder(Picking);
        void Walk(int branch, TestNode node)
        {
            foreach (int token in node.Tokens)
            {
                var values = new float[1];
                decoder.Pick([new PickRequest(branch, 0, false, default)], [], values);
                entropy.Add(values[0]);
                logProb.Add(LogitMeasure.Of(Logits(decoder, branch, config)).LogProb(Logits(decoder, branch, config)[token]));
                decoder.Advance([branch], [token]);
            }
            Below(branch, node.Children);
        }

        void Below(int branch, List<TestNode> nodes)
        {
            if (nodes.Count == 0) return;
            var children = new int[nodes.Count];
            decoder.Fork(branch, children);
            for (int i = 0; i < children.Length; i++) Walk(children[i], nodes[i]);
        }

        foreach (var prompt in prompts)
        {
            var id = new int[1];
            decoder.Prompt(new[] { prompt.Tokens }, id);
            Below(id[0], prompt.Roots);
        }
        var scores = CpuScoreTests.Score(policy, batch);
        Assert.Equal(scores.LogProb, logProb.ToArray());
        Assert.Equal(scores.Entropy, entropy.ToArray());
    }

    [Fact]
    public void A_long_prompt_gives_the_bits_of_its_tokens_read_one_by_one()
    {
        var config = TestModels.Plain with { ContextLength = 400 };
        using var policy = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = 2 });
        using var decoder = policy.NewDecoder(Picking);
        int[] path = Path(config, 300);
        var ids = new int[2];
        decoder.Prompt(new[] { path, path[..1] }, ids);
        for (int i = 1; i < path.Length; i++) decoder.Advance([ids[1]], [path[i]]);
        Assert.Equal(Logits(decoder, ids[0], config), Logits(decoder, ids[1], config));
    }

    [Fact]
    public void Cached_tokens_count_each_shared_token_once_and_fall_when_branches_end()
    {
        var config = TestModels.Plain;
        using var policy = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = 1 });
        using var decoder = policy.NewDecoder(Picking);
        long block = 4L * 2 * config.Layers * config.KeyValueHeads * 16 * config.HeadSize;
        var root = new int[1];
        decoder.Prompt(new[] { Path(config, 20) }, root);
        Assert.Equal((20, 2 * block), (decoder.CachedTokens, decoder.CacheBytes));
        var children = new int[3];
        decoder.Fork(root[0], children);
        Assert.Equal((20, 2 * block), (decoder.CachedTokens, decoder.CacheBytes));
        decoder.Advance(children, [1, 2, 3]);
        Assert.Equal((23, 4 * block), (decoder.CachedTokens, decoder.CacheBytes)); // one whole block shared, three last blocks
        var grand = new int[2];
        decoder.Fork(children[0], grand);
        decoder.Release(children[1]);
        Assert.Equal((22, 3 * block), (decoder.CachedTokens, decoder.CacheBytes));
        decoder.Release(children[2]);
        decoder.Release(grand[0]);
        Assert.Equal((21, 2 * block), (decoder.CachedTokens, decoder.CacheBytes));
        decoder.Release(grand[1]);
        Assert.Equal((0, 0), (decoder.CachedTokens, decoder.CacheBytes));
        decoder.Prompt(new[] { Path(config, 20) }, root);
        Assert.Equal((20, 2 * block), (decoder.CachedTokens, decoder.CacheBytes));
    }

    [Fact]
    public void A_pick_is_the_pickers_draw_from_the_branchs_logits()
    {
        var config = TestModels.ByName["llama2c: adjacent rotary, head 8, odd widths"];
        var settings = new PickSettings { Temperature = 0.8, TopK = 20 };
        using var policy = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = 2 });
        using var decoder = policy.NewDecoder(settings);
        var ids = new int[40];
        decoder.Prompt([.. Enumerable.Range(1, 40).Select(i => Path(config, i))], ids);
        // Enough requests for the threads to share them.
        var requests = Enumerable.Range(0, 2000).Select(i => new PickRequest(ids[i % 40], 1 + i % 3, i % 2 == 0, Seed.Of(i))).ToArray();
        var picks = new TokenPick[requests.Sum(r => r.Count)];
        decoder.Pick(requests, picks);
        var picker = new TokenPicker(config.VocabSize, settings);
        int at = 0;
        foreach (var request in requests)
        {
            var expected = new TokenPick[request.Count];
            picker.Pick(Logits(decoder, request.Branch, config), request.Distinct, request.Seed, expected);
            Assert.Equal(expected, picks[at..(at += request.Count)]);
        }
    }

    [Fact]
    public void Misuse_is_refused_and_changes_nothing()
    {
        var config = TestModels.Plain;
        using var policy = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = 1 });
        using var decoder = policy.NewDecoder(Picking);
        var ids = new int[2];
        Assert.Throws<ArgumentException>(() => decoder.Prompt(new int[][] { [] }, new int[1]));
        Assert.Throws<ArgumentException>(() => decoder.Prompt(new[] { new int[config.ContextLength + 1] }, new int[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => decoder.Prompt(new[] { new[] { 1 }, [config.VocabSize] }, new int[2]));
        Assert.Equal(0, decoder.CachedTokens);
        decoder.Prompt(new[] { new int[config.ContextLength], [1] }, ids);
        Assert.Contains("twice", Assert.Throws<ArgumentException>(() => decoder.Advance([ids[1], ids[1]], [1, 2])).Message);
        Assert.Contains("context", Assert.Throws<ArgumentException>(() => decoder.Advance([ids[1], ids[0]], [1, 2])).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => decoder.Advance([ids[1]], [-1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => decoder.Advance([ids[1]], [config.VocabSize]));
        Assert.Throws<ArgumentException>(() => decoder.Advance([ids[1]], []));
        Assert.Throws<ArgumentOutOfRangeException>(() => decoder.Fork(ids[1], []));
        Assert.Throws<ArgumentException>(() => decoder.Length(12345));
        Assert.Throws<ArgumentException>(() => decoder.Pick([new PickRequest(ids[1], 1, false, default)], new TokenPick[2]));
        Assert.Equal(1, decoder.Length(ids[1]));
        decoder.Advance([ids[1]], [3]);
        decoder.Release(ids[1]);
        Assert.Contains("released", Assert.Throws<ArgumentException>(() => decoder.Advance([ids[1]], [1])).Message);
        var next = new int[1];
        decoder.Prompt(new[] { new[] { 1 } }, next);
        Assert.NotEqual(ids[1], next[0]);
        Assert.Throws<ArgumentException>(() => decoder.Release(ids[1]));
        policy.Apply(new OptimizerSettings(), 1e-3);
        Assert.Contains("older weights", Assert.Throws<InvalidOperationException>(() => decoder.Advance(next, [1])).Message);
    }

    internal static int[] Path(ModelConfig config, int length) => [.. Enumerable.Range(0, length).Select(i => Seed.Of(length).Below(config.VocabSize, i))];

    private static float[] Logits(IDecoder decoder, int branch, ModelConfig config)
    {
        var logits = new float[config.VocabSize];
        decoder.CopyLogits(branch, logits);
        return logits;
    }
}
