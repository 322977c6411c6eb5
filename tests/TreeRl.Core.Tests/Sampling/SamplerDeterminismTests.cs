using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Forests;
using TreeRl.Policies;
using TreeRl.Sampling;
using Xunit;

namespace TreeRl.Tests;

public class SamplerDeterminismTests
{
    private static readonly FakeTokenizer Letters = FakeTokenizer.Letters(9);

    public static TheoryData<int> Trials() => [.. Enumerable.Range(0, 40)];

    private static SamplingPlan RandomPlan(Seed seed)
    {
        int trees = 1 + seed.Below(3, 0), leaves = trees + seed.Below(9, 1);
        BranchTrigger[] triggers =
        [
            BranchTrigger.Never, BranchTrigger.EveryTokens(1 + seed.Below(4, 2)), BranchTrigger.EntropyAbove(1.2 + 0.8 * seed.Uniform(3), 1 + seed.Below(3, 4)),
            BranchTrigger.Custom("even", b => b.LastToken % 2 == 0, seed.Below(2, 5) == 0),
        ];
        return new SamplingPlan
        {
            Trees = trees,
            MaxLeaves = leaves,
            Branch = triggers[seed.Below(triggers.Length, 6)],
            FanOut = 2 + seed.Below(3, 7),
            FanOutRule = (FanOutRule)seed.Below(4, 8),
            DistinctFirstTokens = seed.Below(3, 9) switch { 0 => null, 1 => true, _ => false },
            MaxDepth = seed.Below(2, 10) == 0 ? int.MaxValue : seed.Below(4, 11),
            AtMaxDepth = (DepthLimit)seed.Below(2, 12),
            MaxTokens = 1 + seed.Below(15, 13),
            PromptTokenBudget = seed.Below(2, 14) == 0 ? long.MaxValue : trees + seed.Below(40, 15),
            TopUp = (TopUp)seed.Below(2, 16),
            StopTexts = seed.Below(2, 17) == 0 ? [] : ["ab", "ccc"],
            Repetition = seed.Below(2, 18) == 0 ? null : new RepetitionRule(1 + seed.Below(2, 19), 3),
            Custom = seed.Below(2, 20) == 0 ? null : new StopRule("f after 3", s => s.LastText == "f" && s.PathTokens > 3),
            Picking = new PickSettings { Temperature = 0.5 + seed.Uniform(21), TopK = seed.Below(6, 22), TopP = seed.Below(2, 23) == 0 ? 1 : 0.8 },
            WaveBranches = seed.Below(3, 24) switch { 0 => 0, 1 => 1, _ => 20 },
        };
    }

    [Theory]
    [MemberData(nameof(Trials))]
    public void Drawing_for_forks_ahead_gives_the_same_forest_in_one_call_a_step(int trial)
    {
        var plan = RandomPlan(Seed.Of(trial));
        if (plan.FanOutRule == FanOutRule.Fixed) plan = plan with { FanOutUpTo = plan.FanOut + trial % 3 };
        FakePolicy plain = FakePolicy.Scrambled(9, endBias: 1), dear = FakePolicy.Scrambled(9, endBias: 1, callsAreDear: true);
        SampledForest expected = Grow.Sampled(plain, Letters, plan, Grow.Prompts(4), trial), actual = Grow.Sampled(dear, Letters, plan, Grow.Prompts(4), trial);
        Assert.Equal(Grow.Text(expected.Forest, Letters), Grow.Text(actual.Forest, Letters));
        Assert.Equal(expected.Forest.LogProb.ToArray(), actual.Forest.LogProb.ToArray());
        Assert.Equal(expected.Stats.Steps, dear.Decoders[0].PickCalls);
        Assert.True(plain.Decoders[0].PickCalls >= dear.Decoders[0].PickCalls);
    }

    [Theory]
    [MemberData(nameof(Trials))]
    public void Any_plan_keeps_its_limits_and_frees_its_branches(int trial)
    {
        var plan = RandomPlan(Seed.Of(trial));
        const int promptCount = 4;
        var sampled = Grow.Sampled(FakePolicy.Scrambled(9, endBias: 1), Letters, plan, Grow.Prompts(promptCount), trial);
        var f = sampled.Forest; // sealing has checked the forest's invariants
        Assert.Equal(promptCount, f.PromptCount);
        Assert.Equal(f.TokenTotal, sampled.Stats.Tokens);
        for (int p = 0; p < promptCount; p++)
        {
            int from = f.FirstNodeOfPrompt[p], to = f.FirstNodeOfPrompt[p + 1];
            var nodes = Enumerable.Range(from, to - from).ToList();
            var leaves = nodes.Where(f.IsLeaf).ToList();
            long tokens = nodes.Sum(n => (long)f.TokenCount[n]);
            Assert.InRange(leaves.Count, plan.Trees, plan.MaxLeaves);
            Assert.InRange(tokens, 1, plan.PromptTokenBudget);
            if (plan.TopUp == TopUp.NewTree && tokens < plan.PromptTokenBudget) Assert.Equal(plan.MaxLeaves, leaves.Count);
            Assert.All(nodes, n => Assert.InRange(f.Depth[n], 0, plan.MaxDepth));
            Assert.All(nodes, n => Assert.NotEqual(1, f.ChildCount[n]));
            if (plan.FanOutRule == FanOutRule.Fixed) Assert.All(nodes, n => Assert.InRange(f.ChildCount[n], 0, plan.FanOut));
            if (plan.Branch == BranchTrigger.Never) Assert.All(nodes, n => Assert.Equal(0, f.ChildCount[n]));
            foreach (int n in nodes)
            {
                if (!plan.Distinct) continue;
                var first = f.Children(n).Select(c => f.TokenId[f.FirstToken[c]]).ToList();
                Assert.Equal(first.Count, first.Distinct().Count());
            }
            foreach (int leaf in leaves)
            {
                int[] path = f.PathTokens(leaf);
                string text = Letters.Decode(path), before = Letters.Decode(path[..^1]);
                Assert.InRange(path.Length, 1, plan.MaxTokens);
                Assert.DoesNotContain(0, path[..^1]);
                Assert.All(plan.StopTexts, s => Assert.DoesNotContain(s, before));
                Assert.Equal(f.Finish[leaf] == Finish.EndOfText, path[^1] == 0);
                if (f.Finish[leaf] == Finish.StopText) Assert.Contains(plan.StopTexts, text.Contains);
                if (f.Finish[leaf] == Finish.MaxTokens) Assert.Equal(plan.MaxTokens, path.Length);
                if (f.Finish[leaf] == Finish.MaxDepth) Assert.Equal(plan.MaxDepth, f.Depth[leaf]);
                if (f.Finish[leaf] == Finish.PromptBudget) Assert.Equal(plan.PromptTokenBudget, tokens);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Trials))]
    public void The_forest_does_not_depend_on_waves(int trial)
    {
        var plan = RandomPlan(Seed.Of(trial));
        Forest With(int wave) => Grow.Sampled(FakePolicy.Scrambled(9, endBias: 1), Letters, plan with { WaveBranches = wave }, Grow.Prompts(5), trial).Forest;
        var all = With(0);
        Assert.True(Grow.Same(all, With(1)));
        Assert.True(Grow.Same(all, With(2 * plan.MaxLeaves + 1)));
    }

    [Theory]
    [MemberData(nameof(Trials))]
    public void A_prompt_s_trees_do_not_depend_on_the_other_prompts_or_their_order(int trial)
    {
        var plan = RandomPlan(Seed.Of(trial));
        Forest Of(IReadOnlyList<ForestPrompt> prompts) => Grow.Sampled(FakePolicy.Scrambled(9, endBias: 1), Letters, plan, prompts, trial).Forest;
        var prompts = Grow.Prompts(4);
        var together = Of(prompts);
        var reversed = Of(prompts.AsEnumerable().Reverse().ToList());
        for (int p = 0; p < prompts.Count; p++)
        {
            var alone = Of([prompts[p]]);
            Assert.True(Grow.Same(alone, together.SelectPrompts([p])));
            Assert.True(Grow.Same(alone, reversed.SelectPrompts([prompts.Count - 1 - p])));
        }
    }

    [Fact]
    public void Other_seeds_and_other_prompt_ids_grow_other_forests()
    {
        var plan = new SamplingPlan { MaxTokens = 12 };
        Forest Of(string id, long seed) => Grow.Sampled(FakePolicy.Uniform(9), Letters, plan, [new ForestPrompt(id, "", [1], "")], seed).Forest;
        Assert.Equal(Of("a", 1).TokenId, Of("a", 1).TokenId);
        Assert.NotEqual(Of("a", 1).TokenId, Of("a", 2).TokenId);
        Assert.NotEqual(Of("a", 1).TokenId, Of("b", 1).TokenId);
    }
}
