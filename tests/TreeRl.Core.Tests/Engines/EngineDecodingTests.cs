using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Policies.Engines;
using TreeRl.Tests.Policies;
using Xunit;

namespace TreeRl.Tests.Engines;

[Collection("engines")]
public sealed class EngineDecodingTests
{
    [Theory]
    [MemberData(nameof(TestEngines.Present), MemberType = typeof(TestEngines))]
    public void Branches_see_their_own_path_however_they_were_forked_released_and_mixed(EngineDevice device)
    {
        double worst = 0;
        foreach (var (name, config) in TestEngines.Models.Where(model => model.Config.VocabSize < 1000))
        {
            var weights = TestBatches.Weights(config);
            using var policy = TestEngines.Make(device, weights);
            using var decoder = policy.NewDecoder(new PickSettings());
            var random = new Random(5);
            var live = new List<(int Branch, int[] Path)>();
            for (int step = 0; step < 22; step++)
            {
                // New prompts come while others are under way; all but a few branches end now and then.
                if (step % 8 == 0)
                {
                    int[][] prompts = [.. Enumerable.Range(0, 3).Select(i => Tokens(random, config.VocabSize, 2 + 7 * i))];
                    var ids = new int[prompts.Length];
                    decoder.Prompt(prompts, ids);
                    live.AddRange(ids.Zip(prompts));
                }
                foreach (var branch in live.Where(_ => random.Next(5) == 0).ToArray())
                {
                    if (live.Count > 30) break;
                    var children = new int[random.Next(1, 4)];
                    decoder.Fork(branch.Branch, children);
                    live.Remove(branch);
                    live.AddRange(children.Select(child => (child, branch.Path)));
                }
                foreach (var branch in live.Where(_ => live.Count > 3 && random.Next(step % 7 == 6 ? 2 : 12) == 0).ToArray())
                {
                    decoder.Release(branch.Branch);
                    live.Remove(branch);
                }
                int[] moving = [.. Enumerable.Range(0, live.Count).Where(_ => random.Next(4) > 0).OrderBy(_ => random.Next())];
                int[] tokens = Tokens(random, config.VocabSize, moving.Length);
                decoder.Advance([.. moving.Select(i => live[i].Branch)], tokens);
                for (int i = 0; i < moving.Length; i++) live[moving[i]] = (live[moving[i]].Branch, [.. live[moving[i]].Path, tokens[i]]);
            }
            var reference = new ReferenceModel(weights);
            var prefixes = new HashSet<string>();
            foreach (var (branch, path) in live)
            {
                var expected = reference.Logits(path)[^1];
                var logits = new float[config.VocabSize];
                var entropy = new float[1];
                decoder.CopyLogits(branch, logits);
                decoder.Pick([new PickRequest(branch, 0, false, default)], [], entropy);
                Assert.Equal(path.Length, decoder.Length(branch));
                for (int j = 0; j < logits.Length; j++)
                {
                    worst = Math.Max(worst, Math.Abs(logits[j] - expected[j]));
                    Assert.True(Math.Abs(logits[j] - expected[j]) < TestEngines.LogProbTolerance, $"{name}: logit {j} of branch {branch} is {logits[j]}, expected {expected[j]}");
                }
                Assert.Equal(ReferenceModel.Read(expected, 0).Entropy, entropy[0], TestEngines.LogProbTolerance);
            }
            foreach (var (branch, _) in live) decoder.Release(branch);
            Assert.Equal(0, decoder.CachedTokens);
        }
        TestContext.Current.TestOutputHelper!.WriteLine($"largest difference of a logit {worst:G3}");
    }

    [Theory]
    [MemberData(nameof(TestEngines.Present), MemberType = typeof(TestEngines))]
    public void Cached_tokens_count_a_shared_token_once(EngineDevice device)
    {
        using var policy = TestEngines.Make(device, TestBatches.Weights(TestModels.Plain));
        using var decoder = policy.NewDecoder(new PickSettings());
        int[] prompt = new int[1], children = new int[3], grandchildren = new int[2];
        decoder.Prompt(new[] { new[] { 1, 2, 3, 4 } }, prompt);
        decoder.Fork(prompt[0], children);
        Assert.Equal(4, decoder.CachedTokens);
        decoder.Advance(children, [5, 6, 7]);
        decoder.Advance([children[0]], [8]);
        Assert.Equal(8, decoder.CachedTokens);
        decoder.Fork(children[0], grandchildren);
        decoder.Advance(grandchildren, [9, 10]);
        Assert.Equal(10, decoder.CachedTokens);
        decoder.Release(grandchildren[0]);
        Assert.Equal(9, decoder.CachedTokens);
        decoder.Release(grandchildren[1]);
        Assert.Equal(6, decoder.CachedTokens);
        decoder.Release(children[1]);
        decoder.Release(children[2]);
        Assert.Equal(0, decoder.CachedTokens);
        Assert.Throws<ArgumentException>(() => decoder.Length(children[2]));
    }

    [Theory]
    [MemberData(nameof(TestEngines.Present), MemberType = typeof(TestEngines))]
    public void Picks_are_those_of_the_picker_on_the_same_logits(EngineDevice device)
    {
        PickSettings[] ways =
        [
            new(), new() { Temperature = 0.6 }, new() { Temperature = 3 }, new() { Temperature = 0 }, new() { TopK = 5 }, new() { TopP = 0.8 }, new() { MinP = 0.2 },
            new() { TopK = 12, TopP = 0.9, MinP = 0.05, Temperature = 1.3 },
        ];
        foreach (string model in (string[])["llama2c: adjacent rotary, head 8, odd widths", "large vocabulary, recomputed logits"])
        {
            var config = TestModels.Find(model);
            using var policy = TestEngines.Make(device, TestBatches.Weights(config));
            int[][] prompts = [.. Enumerable.Range(0, 6).Select(i => Tokens(new Random(i), config.VocabSize, 5))];
            foreach (var settings in ways)
            {
                using var decoder = policy.NewDecoder(settings);
                var branches = new int[prompts.Length];
                decoder.Prompt(prompts, branches);
                PickRequest[] requests = [.. branches.Select((branch, i) => new PickRequest(branch, i == 2 ? 1 : 7 * i + 1, i % 2 == 1, Seed.Of(i)))];
                var picks = new TokenPick[requests.Sum(request => request.Count)];
                decoder.Pick(requests, picks);
                var picker = new TokenPicker(config.VocabSize, settings);
                int at = 0;
                foreach (var request in requests)
                {
                    var logits = new float[config.VocabSize];
                    decoder.CopyLogits(request.Branch, logits);
                    var expected = new TokenPick[request.Count];
                    picker.Pick(logits, request.Distinct, request.Seed, expected);
                    for (int j = 0; j < request.Count; j++, at++)
                    {
                        Assert.True(expected[j].Id == picks[at].Id, $"{model}, {settings}, branch {request.Branch}, draw {j}: {picks[at].Id}, expected {expected[j].Id}");
                        Assert.Equal(expected[j].LogProb, picks[at].LogProb, 1e-5);
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(TestEngines.Present), MemberType = typeof(TestEngines))]
    public void Equal_logits_rank_by_id_and_a_share_that_is_reached_exactly_is_enough(EngineDevice device)
    {
        // Without weights every logit is 0: each of the 32 tokens has probability 1/32, and sums of them are exact.
        var blank = new ModelWeights(TestModels.Plain, ModelWeights.Shapes(TestModels.Plain).Select(entry => new WeightTensor(entry.Name, entry.Shape, new float[entry.Shape.Aggregate(1, (a, b) => a * b)])));
        using var policy = TestEngines.Make(device, blank);
        (PickSettings Settings, int Kept)[] ways = [(new() { Temperature = 0 }, 1), (new() { TopK = 5 }, 5), (new() { TopP = 0.25 }, 8), (new() { TopP = 0.25 + 1e-9 }, 9), (new() { MinP = 1 }, 32)];
        foreach (var (settings, kept) in ways)
        {
            using var decoder = policy.NewDecoder(settings);
            var branch = new int[1];
            decoder.Prompt(new[] { new[] { 3 } }, branch);
            var picks = new TokenPick[33];
            decoder.Pick([new PickRequest(branch[0], picks.Length, true, Seed.Of(9))], picks);
            Assert.Equal(Enumerable.Range(0, kept), picks[..kept].Select(pick => pick.Id).Order());
            Assert.All(picks[..kept], pick => Assert.Equal(-Math.Log(32), pick.LogProb, 1e-6));
            Assert.All(picks[kept..], pick => Assert.Equal(-1, pick.Id));
        }
    }

    [Theory]
    [MemberData(nameof(TestEngines.Present), MemberType = typeof(TestEngines))]
    public void A_decoder_of_older_weights_and_an_unknown_branch_are_refused(EngineDevice device)
    {
        using var policy = TestEngines.Make(device, TestBatches.Weights(TestModels.Plain));
        using var decoder = policy.NewDecoder(new PickSettings());
        var branch = new int[1];
        decoder.Prompt(new[] { new[] { 1 } }, branch);
        Assert.Throws<ArgumentException>(() => decoder.Advance([branch[0] + 1], [1]));
        Assert.Throws<ArgumentException>(() => decoder.Advance([branch[0], branch[0]], [1, 1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => decoder.Advance(branch, [TestModels.Plain.VocabSize]));
        Assert.Throws<ArgumentException>(() => decoder.Prompt(new[] { Array.Empty<int>() }, branch));
        policy.Apply(new OptimizerSettings(), 1e-3);
        Assert.Throws<InvalidOperationException>(() => decoder.Advance(branch, [1]));
    }

    private static int[] Tokens(Random random, int vocabulary, int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(vocabulary))];
}
