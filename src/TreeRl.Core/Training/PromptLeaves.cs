using System.Collections.Generic;
using System.Collections.Immutable;
using TreeRl.Forests;
using TreeRl.Rewards;

namespace TreeRl.Training;

/// <summary>The leaves of prompts, which own ranges of them, and the outcomes that belong to parts of forests.</summary>
internal static class PromptLeaves
{
    /// <summary>The prompt's leaves are From .. To-1.</summary>
    public static (int From, int To) Of(Forest forest, int prompt) => (First(forest, prompt), First(forest, prompt + 1));

    /// <summary>The outcomes of chosen prompts of graded forests, in the order of <see cref="Forest.Concat"/> over their <see cref="Forest.SelectPrompts"/>.</summary>
    public static LeafOutcomes Outcomes(IReadOnlyList<(Forest Forest, LeafOutcomes Outcomes, IReadOnlyList<int> Prompts)> parts)
    {
        var names = parts[0].Outcomes.TermNames;
        var total = ImmutableArray.CreateBuilder<Outcome>();
        var terms = new List<Outcome>[names.Length];
        for (int k = 0; k < terms.Length; k++) terms[k] = [];
        foreach (var (forest, outcomes, prompts) in parts)
        {
            foreach (int prompt in prompts)
            {
                var (from, to) = Of(forest, prompt);
                for (int leaf = from; leaf < to; leaf++)
                {
                    total.Add(outcomes.Total[leaf]);
                    for (int k = 0; k < terms.Length; k++) terms[k].Add(outcomes.Term(k, leaf));
                }
            }
        }
        var all = ImmutableArray.CreateBuilder<Outcome>();
        foreach (var column in terms) all.AddRange(column);
        return LeafOutcomes.Create(total.ToImmutable(), names, all.ToImmutable());
    }

    private static int First(Forest forest, int prompt)
    {
        int node = forest.FirstNodeOfPrompt[prompt];
        return node == forest.NodeCount ? forest.LeafTotal : forest.FirstLeaf[node];
    }
}
