using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using TreeRl.Credit;
using TreeRl.Forests;
using TreeRl.Rewards;

namespace TreeRl.Tests;

/// <summary>A node of a forest written by hand: a leaf has a reward (null: it abstains), a branch has children.</summary>
internal sealed record Twig(int Tokens, double? Reward, Twig[] Children)
{
    public static Twig Leaf(int tokens, double? reward) => new(tokens, reward, []);

    public static Twig Branch(int tokens, params Twig[] children) => new(tokens, null, children);
}

/// <summary>A forest with its outcomes; <see cref="Twigs"/> names the twig each node was made from.</summary>
internal sealed record TestForest(Forest Forest, LeafOutcomes Outcomes, Twig[] Twigs)
{
    public CreditResult Apply(CreditRule rule) => Redistribution.Apply(rule, Forest, Outcomes);

    public int Node(Twig twig) => Array.FindIndex(Twigs, t => ReferenceEquals(t, twig));
}

internal static class TestTrees
{
    /// <summary>One prompt.</summary>
    public static TestForest Prompt(params Twig[] roots) => Build(roots);

    /// <summary>One array of roots for each prompt. Token ids number the tokens from 3; prompts have 1, 2, 3, ... tokens.</summary>
    public static TestForest Build(params Twig[][] prompts)
    {
        List<int> parent = [], promptOf = [], tokenCount = [], ids = [];
        List<Finish> finish = [];
        List<Outcome> outcomes = [];
        List<Twig> twigs = [];
        for (int p = 0; p < prompts.Length; p++)
        {
            foreach (var root in prompts[p]) Add(root, -1, p);
        }
        var forest = Forest.Create(new ForestColumns
        {
            Prompts = [.. Enumerable.Range(0, prompts.Length).Select(p => new ForestPrompt($"p{p}", "", [.. Enumerable.Range(0, p % 3 + 1)], ""))],
            Parent = [.. parent],
            PromptOf = [.. promptOf],
            TokenCount = [.. tokenCount],
            Finish = [.. finish],
            TokenId = [.. ids],
            LogProb = [.. ids.Select(id => -0.01f * (id % 70))],
            Entropy = [.. ids.Select(id => 0.1f)],
        });
        return new TestForest(forest, LeafOutcomes.FromOutcomes(outcomes), [.. twigs]);

        void Add(Twig twig, int above, int prompt)
        {
            int node = parent.Count;
            twigs.Add(twig);
            parent.Add(above);
            promptOf.Add(prompt);
            tokenCount.Add(twig.Tokens);
            for (int t = 0; t < twig.Tokens; t++) ids.Add(ids.Count + 3);
            finish.Add(twig.Children.Length == 0 ? Finish.EndOfText : Finish.Branched);
            if (twig.Children.Length == 0) outcomes.Add(twig.Reward is { } reward ? Outcome.Score(reward) : Outcome.Abstain("no answer"));
            foreach (var child in twig.Children) Add(child, node, prompt);
        }
    }

    /// <summary>A flat group a prompt: one leaf for each reward; token counts 1, 2, 3, 1, 2, 3, ...</summary>
    public static TestForest Flat(params double[][] groups) =>
        Build([.. groups.Select(group => group.Select((reward, i) => Twig.Leaf(i % 3 + 1, reward)).ToArray())]);

    /// <summary>Random prompts: trees of depth at most <paramref name="depth"/>, fan-out 1 to 3, one to four tokens a node, rewards from <paramref name="rewards"/>.</summary>
    public static Twig[][] Random(Seed seed, int prompts = 3, double?[]? rewards = null, bool onlyChildren = false, int depth = 3)
    {
        rewards ??= [0, 1, 0.25, 1];
        return [.. Enumerable.Range(0, prompts).Select(p =>
            Enumerable.Range(0, 2 + seed.Child(p).Child("roots").Below(3)).Select(r => Grow(seed.Child(p).Child(r), depth)).ToArray())];

        Twig Grow(Seed at, int levels)
        {
            int tokens = 1 + at.Child("tokens").Below(4);
            if (levels == 0 || at.Child("leaf").Uniform() < 0.4) return Twig.Leaf(tokens, rewards[at.Child("reward").Below(rewards.Length)]);
            int fan = (onlyChildren ? 1 : 2) + at.Child("fan").Below(2);
            return Twig.Branch(tokens, [.. Enumerable.Range(0, fan).Select(c => Grow(at.Child(c), levels - 1))]);
        }
    }

    /// <summary>The same trees with siblings (and roots) in another order; twigs stay the same objects.</summary>
    public static (Twig[][] Trees, Dictionary<Twig, Twig> Original) Shuffle(Twig[][] prompts, Seed seed)
    {
        var original = new Dictionary<Twig, Twig>(ReferenceEqualityComparer.Instance);
        int drawn = 0;
        return ([.. prompts.Select(Permute)], original);

        Twig[] Permute(Twig[] siblings) => [.. seed.Child(drawn++).Permutation(siblings.Length).Select(i => Copy(siblings[i]))];

        Twig Copy(Twig twig)
        {
            var copy = twig with { Children = Permute(twig.Children) };
            original.Add(copy, twig);
            return copy;
        }
    }

    /// <summary>The same trees, every reward mapped.</summary>
    public static Twig[][] MapRewards(Twig[][] prompts, Func<double?, double?> map)
    {
        return [.. prompts.Select(roots => roots.Select(Map).ToArray())];

        Twig Map(Twig twig) => twig with { Reward = twig.Children.Length == 0 ? map(twig.Reward) : null, Children = [.. twig.Children.Select(Map)] };
    }

    /// <summary>Final advantages by node: of its first token with spread Segment, of the leaf with spread Path (0 for inner nodes).</summary>
    public static double[] FinalByNode(CreditResult credit)
    {
        var forest = credit.Forest;
        return [.. Enumerable.Range(0, forest.NodeCount).Select(n =>
            credit.Rule.Spread == CreditSpread.Segment ? credit.TokenAdvantage[forest.FirstToken[n]]
            : forest.IsLeaf(n) ? credit.LeafAdvantage[forest.FirstLeaf[n]] : 0)];
    }

    public static void Near(IReadOnlyList<double> expected, IReadOnlyList<double> actual, double tolerance)
    {
        Xunit.Assert.Equal(expected.Count, actual.Count);
        for (int i = 0; i < expected.Count; i++)
            Xunit.Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance, $"[{i}]: expected {expected[i]}, got {actual[i]}");
    }
}
