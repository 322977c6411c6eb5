using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using TreeRl.Forests;

namespace TreeRl.Values;

/// <summary>
/// The places of a forest whose value has to be sampled, prompt by prompt: the end of the prompt, then the ends of its inner nodes in node
/// order. Nodes with equal paths - two trees may begin alike - are one place.
/// </summary>
internal sealed class ValuePlaces
{
    private readonly List<ForestPrompt> prompts = [];
    private readonly List<int> promptOf = [], pathLength = [];

    public ValuePlaces(Forest forest)
    {
        int[] ofNode = new int[forest.NodeCount], ofPrompt = new int[forest.PromptCount];
        var known = new Dictionary<string, int>();
        for (int p = 0; p < forest.PromptCount; p++)
        {
            known.Clear();
            ofPrompt[p] = Place(forest.Prompts[p], p, [], known);
            for (int n = forest.FirstNodeOfPrompt[p]; n < forest.FirstNodeOfPrompt[p + 1]; n++)
                ofNode[n] = forest.IsLeaf(n) ? -1 : Place(forest.Prompts[p], p, forest.PathTokens(n), known);
        }
        OfNode = [.. ofNode];
        OfPrompt = [.. ofPrompt];
    }

    /// <summary>Number of places.</summary>
    public int Count => prompts.Count;

    /// <summary>Node -> place, -1 for leaves.</summary>
    public ImmutableArray<int> OfNode { get; }

    /// <summary>Prompt -> place.</summary>
    public ImmutableArray<int> OfPrompt { get; }

    /// <summary>
    /// A place as a prompt to be continued. Its id is made of the question's id and the path's tokens, so that the sampler's draws there
    /// depend on the path alone.
    /// </summary>
    public ForestPrompt Prompt(int place) => prompts[place];

    /// <summary>The forest's prompt that a place belongs to.</summary>
    public int PromptOf(int place) => promptOf[place];

    /// <summary>Number of answer tokens before a place.</summary>
    public int PathLength(int place) => pathLength[place];

    private int Place(ForestPrompt prompt, int promptIndex, int[] path, Dictionary<string, int> known)
    {
        string key = string.Join(' ', System.Linq.Enumerable.Select(path, id => id.ToString(CultureInfo.InvariantCulture)));
        if (known.TryGetValue(key, out int place)) return place;
        known.Add(key, prompts.Count);
        prompts.Add(new ForestPrompt($"{prompt.Id}\n{key}", prompt.Text, [.. prompt.TokenIds, .. path], prompt.Reference));
        promptOf.Add(promptIndex);
        pathLength.Add(path.Length);
        return prompts.Count - 1;
    }
}
