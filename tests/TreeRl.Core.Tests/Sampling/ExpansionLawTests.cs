using System.Collections.Generic;
using System.Linq;
using TreeRl.Forests;
using TreeRl.Policies;
using TreeRl.Sampling;
using Xunit;

namespace TreeRl.Tests;

public class ExpansionLawTests
{
    private static readonly FakeTokenizer Letters = FakeTokenizer.Letters(9);

    public static TheoryData<int> Trials() => [.. Enumerable.Range(0, 40)];

    private static FakePolicy Policy() => FakePolicy.Scrambled(9, endBias: 1);

    private static SamplingPlan RandomPlan(Seed seed)
    {
        int trees = 1 + seed.Below(3, 0), most = trees + seed.Below(3, 1), n = 1 + seed.Below(2, 2), rounds = 1 + seed.Below(2, 3), block = 1 + seed.Below(4, 4);
        CutPoint[] cuts =
        [
            new CutPoint.RandomSegments(block), new CutPoint.LowestBlock(block), new CutPoint.DrawnBlock(block, (ForkPreference)seed.Below(2, 5), 0.5),
            new CutPoint.LowestToken(), new CutPoint.Start(),
        ];
        Expansion[] expansions =
        [
            new Expansion.Fallback((FallbackFrom)seed.Below(5, 6), cuts[seed.Below(cuts.Length, 7)]),
            new Expansion.TopTokens(n, rounds, 1 + seed.Below(2, 8)) { Measure = (TokenMeasure)seed.Below(2, 9), Where = seed.Below(2, 10) == 0 ? null : new PlaceRule("odd", p => p.PathTokens % 2 == 1) },
            new Expansion.RandomNodes(n, rounds, seed.Below(2, 11) == 0 ? new StepRule.EveryTokens(block) : new StepRule.AfterText("c")) { IncludeRoot = seed.Below(2, 12) == 0 },
        ];
        var expansion = expansions[seed.Below(expansions.Length, 13)];
        BranchTrigger[] triggers = [BranchTrigger.Never, BranchTrigger.EveryTokens(1 + seed.Below(4, 14)), BranchTrigger.EntropyAbove(1.2 + 0.8 * seed.Uniform(15))];
        return new SamplingPlan
        {
            Trees = trees,
            TreesUpTo = seed.Below(2, 16) == 0 ? 0 : most,
            MaxLeaves = (int)(most * (expansion.LeavesPerTree ?? 1)) + seed.Below(9, 17),
            Branch = triggers[seed.Below(triggers.Length, 18)],
            FanOut = 2 + seed.Below(3, 19),
            FanOutRule = (FanOutRule)seed.Below(4, 20),
            Weights = seed.Below(2, 21) == 0 ? null : new ForkWeights((PathScore)seed.Below(3, 22), (ForkPreference)seed.Below(2, 23), 2),
            Expansion = expansion,
            MaxTokens = 1 + seed.Below(15, 24),
            PromptTokenBudget = seed.Below(2, 25) == 0 ? long.MaxValue : most + seed.Below(60, 26),
            TopUp = (TopUp)seed.Below(2, 27),
            Repetition = seed.Below(2, 28) == 0 ? null : new RepetitionRule(1 + seed.Below(2, 29), 3),
            RepetitionOrder = (RepetitionOrder)seed.Below(3, 30),
            Picking = new PickSettings { TopK = seed.Below(6, 31) },
            WaveBranches = seed.Below(3, 32) switch { 0 => 0, 1 => 1, _ => 20 },
        };
    }

    [Theory]
    [MemberData(nameof(Trials))]
    public void Any_expansion_keeps_the_limits_and_records_the_policy_s_figures(int trial)
    {
        var plan = RandomPlan(Seed.Of(trial));
        var policy = Policy();
        var sampled = Grow.Sampled(policy, Letters, plan, Grow.Prompts(3), trial);
        var f = sampled.Forest;
        var decoder = policy.NewDecoder(plan.Picking);
        var logits = new float[9];
        Assert.Equal(f.TokenTotal, sampled.Stats.Tokens);
        for (int p = 0; p < 3; p++)
        {
            var nodes = Enumerable.Range(f.FirstNodeOfPrompt[p], f.FirstNodeOfPrompt[p + 1] - f.FirstNodeOfPrompt[p]).ToList();
            long tokens = nodes.Sum(n => (long)f.TokenCount[n]);
            int leaves = nodes.Count(f.IsLeaf);
            Assert.InRange(leaves, plan.Trees, plan.MaxLeaves);
            Assert.InRange(tokens, 1, plan.PromptTokenBudget);
            if ((plan.TopUp == TopUp.NewTree || plan.Expansion is Expansion.Fallback) && tokens < plan.PromptTokenBudget) Assert.Equal(plan.MaxLeaves, leaves);
            Assert.All(nodes, n => Assert.NotEqual(1, f.ChildCount[n]));
            foreach (int n in nodes)
            {
                int[] path = [.. f.Prompts[p].TokenIds, .. f.PathTokens(n)];
                int first = path.Length - f.TokenCount[n];
                if (f.IsLeaf(n)) Assert.InRange(path.Length - f.Prompts[p].TokenIds.Length, 1, plan.MaxTokens);
                Assert.DoesNotContain(0, f.PathTokens(n)[..^1]);
                for (int t = first; t < path.Length; t++)
                {
                    var branch = new int[1];
                    decoder.Prompt([path[..t]], branch);
                    decoder.CopyLogits(branch[0], logits);
                    var measure = LogitMeasure.Of(logits);
                    int at = f.FirstToken[n] + t - first;
                    Assert.Equal(measure.Entropy, f.Entropy[at], 1e-5);
                    Assert.Equal(logits[path[t]] - logits.Max() - System.Math.Log(logits.Sum(x => System.Math.Exp(x - logits.Max()))), f.LogProb[at], 1e-5);
                    decoder.Release(branch[0]);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Trials))]
    public void An_expanded_forest_depends_neither_on_waves_nor_on_the_other_prompts(int trial)
    {
        var plan = RandomPlan(Seed.Of(trial));
        Forest Of(IReadOnlyList<ForestPrompt> prompts, int wave) => Grow.Sampled(Policy(), Letters, plan with { WaveBranches = wave }, prompts, trial).Forest;
        var prompts = Grow.Prompts(4);
        var all = Of(prompts, 0);
        Assert.True(Grow.Same(all, Of(prompts, 1)));
        Assert.True(Grow.Same(all, Of(prompts, 2 * plan.MaxLeaves + 1)));
        var reversed = Of(prompts.AsEnumerable().Reverse().ToList(), 0);
        for (int p = 0; p < 4; p++)
        {
            Assert.True(Grow.Same(all.SelectPrompts([p]), Of([prompts[p]], 0)));
            Assert.True(Grow.Same(all.SelectPrompts([p]), reversed.SelectPrompts([3 - p])));
        }
    }
}
