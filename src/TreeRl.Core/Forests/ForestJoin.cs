using System;
using System.Collections.Generic;
using System.Collections.Immutable;

namespace TreeRl.Forests;

/// <summary>Cuts forests by prompts and joins them: prompts own ranges of nodes and tokens, so both copy ranges.</summary>
internal static class ForestJoin
{
    public static Forest Select(Forest forest, IReadOnlyList<int> promptIndices)
    {
        ArgumentNullException.ThrowIfNull(promptIndices);
        var seen = new HashSet<int>();
        var parts = new List<(Forest, int)>();
        foreach (int prompt in promptIndices)
        {
            Guard.InRange((uint)prompt < (uint)forest.PromptCount, prompt, $"must be a prompt, 0 .. {forest.PromptCount - 1}", nameof(promptIndices));
            Guard.That(seen.Add(prompt), $"prompt {prompt} is selected twice", nameof(promptIndices));
            parts.Add((forest, prompt));
        }
        return Join(parts);
    }

    public static Forest Concat(IReadOnlyList<Forest> forests)
    {
        ArgumentNullException.ThrowIfNull(forests);
        var parts = new List<(Forest, int)>();
        foreach (var forest in forests)
            for (int prompt = 0; prompt < forest.PromptCount; prompt++) parts.Add((forest, prompt));
        return Join(parts);
    }

    private static Forest Join(List<(Forest Forest, int Prompt)> parts)
    {
        var prompts = ImmutableArray.CreateBuilder<ForestPrompt>();
        var (parent, promptOf, counts, ids) = (Ints(), Ints(), Ints(), Ints());
        var finish = ImmutableArray.CreateBuilder<Finish>();
        var (logProb, entropy) = (ImmutableArray.CreateBuilder<float>(), ImmutableArray.CreateBuilder<float>());
        foreach (var (forest, prompt) in parts)
        {
            int from = forest.FirstNodeOfPrompt[prompt], to = forest.FirstNodeOfPrompt[prompt + 1], shift = parent.Count - from;
            for (int n = from; n < to; n++)
            {
                parent.Add(forest.Parent[n] < 0 ? -1 : forest.Parent[n] + shift);
                promptOf.Add(prompts.Count);
                counts.Add(forest.TokenCount[n]);
                finish.Add(forest.Finish[n]);
            }
            int firstToken = forest.FirstToken[from], tokens = (to < forest.NodeCount ? forest.FirstToken[to] : forest.TokenTotal) - firstToken;
            ids.AddRange(forest.TokenId.AsSpan(firstToken, tokens));
            logProb.AddRange(forest.LogProb.AsSpan(firstToken, tokens));
            entropy.AddRange(forest.Entropy.AsSpan(firstToken, tokens));
            prompts.Add(forest.Prompts[prompt]);
        }
        return Forest.Create(new ForestColumns
        {
            Prompts = prompts.DrainToImmutable(),
            Parent = parent.DrainToImmutable(),
            PromptOf = promptOf.DrainToImmutable(),
            TokenCount = counts.DrainToImmutable(),
            Finish = finish.DrainToImmutable(),
            TokenId = ids.DrainToImmutable(),
            LogProb = logProb.DrainToImmutable(),
            Entropy = entropy.DrainToImmutable(),
        });
    }

    private static ImmutableArray<int>.Builder Ints() => ImmutableArray.CreateBuilder<int>();
}
