using System.Collections.Generic;
using System.Linq;
using TreeRl.Forests;
using TreeRl.Models;
using TreeRl.Sampling;
using Xunit;

namespace TreeRl.Tests;

/// <summary>Short ways to sample in tests. Each checks that all branches were freed and the decoder disposed.</summary>
internal static class Grow
{
    public static List<ForestPrompt> Prompts(int count) =>
        Enumerable.Range(0, count).Select(p => new ForestPrompt($"p{p}", $"prompt {p}", [1 + p % 2], "")).ToList();

    public static Forest Forest(FakePolicy policy, ITokenizer tokenizer, SamplingPlan plan, int prompts = 1, long seed = 7) =>
        Sampled(policy, tokenizer, plan, Prompts(prompts), seed).Forest;

    public static SampledForest Sampled(FakePolicy policy, ITokenizer tokenizer, SamplingPlan plan, IReadOnlyList<ForestPrompt> prompts, long seed = 7)
    {
        var sampled = Sampler.Grow(policy, tokenizer, prompts, plan, Seed.Of(seed), null, TestContext.Current.CancellationToken);
        var decoder = policy.Decoders[^1];
        Assert.Equal(0, decoder.LiveBranches);
        Assert.True(decoder.Disposed);
        return sampled;
    }

    /// <summary>The forest as one line: node = tokens as text, '!' and the finish for leaves, children in brackets.</summary>
    public static string Text(Forest forest, ITokenizer tokenizer)
    {
        string Node(int n)
        {
            string own = string.Concat(forest.TokenId.AsSpan(forest.FirstToken[n], forest.TokenCount[n]).ToArray().Select(tokenizer.Piece));
            return forest.IsLeaf(n) ? $"{own}!{forest.Finish[n]}" : $"{own}({string.Join(" ", forest.Children(n).Select(Node))})";
        }
        return string.Join(" | ", Enumerable.Range(0, forest.PromptCount)
            .Select(p => string.Join(" ", forest.Roots.Where(r => forest.PromptOf[r] == p).Select(Node))));
    }

    /// <summary>The forest's sizes in the notation of <see cref="Forest.OfShape"/>.</summary>
    public static string Shape(Forest forest)
    {
        string Node(int n) => forest.IsLeaf(n) ? $"{forest.TokenCount[n]}" : $"{forest.TokenCount[n]}({string.Join(" ", forest.Children(n).Select(Node))})";
        return string.Join(" | ", Enumerable.Range(0, forest.PromptCount)
            .Select(p => string.Join(" ", forest.Roots.Where(r => forest.PromptOf[r] == p).Select(Node))));
    }

    public static bool Same(Forest a, Forest b) => a.Prompts.Select(p => p.Id).SequenceEqual(b.Prompts.Select(p => p.Id)) && a.Parent.SequenceEqual(b.Parent)
        && a.PromptOf.SequenceEqual(b.PromptOf) && a.TokenCount.SequenceEqual(b.TokenCount) && a.Finish.SequenceEqual(b.Finish)
        && a.TokenId.SequenceEqual(b.TokenId) && a.LogProb.SequenceEqual(b.LogProb) && a.Entropy.SequenceEqual(b.Entropy);
}
