using System;
using System.Collections.Generic;
using TreeRl.Forests;
using TreeRl.Models;

namespace TreeRl.Sampling;

/// <summary>Continuations to start at one place.</summary>
/// <param name="Node">The builder's node; -1 for the prompt.</param>
/// <param name="Kept">Tokens of the node before the place, 1 .. its count; 0 for the prompt.</param>
/// <param name="Origin">The tree the place was chosen in, by number of its first root; -1 for a tree of its own.</param>
/// <param name="Copies">How many.</param>
internal readonly record struct Cut(int Node, int Kept, int Origin, int Copies);

/// <summary>Chooses where a prompt whose branches have all ended is continued. What it says depends on the prompt's answers and the seed alone.</summary>
internal sealed class ExpansionPlanner(SamplingPlan plan, ITokenizer tokenizer, ForestBuilder builder)
{
    private readonly StepEnds steps = new(tokenizer, builder);

    /// <summary>
    /// The cuts of one round, each place once, with at most <paramref name="missing"/> copies in all, granted in the order of choice. Empty when there is
    /// nothing to do.
    /// </summary>
    /// <param name="prompt">Index of the prompt, which has an ended answer.</param>
    /// <param name="promptId">Its id.</param>
    /// <param name="round">Rounds before this one.</param>
    /// <param name="missing">Answers the prompt may still get, at least 1.</param>
    /// <param name="origins">The prompt's roots in order of creation -> number of the tree that each belongs to.</param>
    /// <param name="seed">Names the draws of this round.</param>
    public List<Cut> Plan(int prompt, string promptId, int round, int missing, List<int> origins, Seed seed)
    {
        var cuts = plan.Expansion switch
        {
            Expansion.Fallback fallback => Fallback(fallback, prompt, missing, origins, seed),
            Expansion.TopTokens top when round < top.Rounds => TopTokens(top, prompt, promptId, origins),
            Expansion.RandomNodes nodes when round < nodes.Rounds => RandomNodes(nodes, prompt, promptId, origins, seed),
            _ => [],
        };
        return Merge(cuts, missing);
    }

    private List<Cut> Fallback(Expansion.Fallback fallback, int prompt, int missing, List<int> origins, Seed seed)
    {
        var candidates = new List<FallbackOrder.Candidate>();
        foreach (var node in Nodes(prompt, origins, -1))
        {
            if (builder.FirstChildOf(node.Index) >= 0) continue;
            if (builder.FinishOf(node.Index) == Finish.Pruned) continue;
            candidates.Add(new FallbackOrder.Candidate(node.Index, builder.FinishOf(node.Index), node.Before + builder.TokenCount(node.Index)));
        }
        var cuts = new List<Cut>();
        var draws = seed.Child("cut");
        foreach (var candidate in FallbackOrder.Sort(fallback.From, candidates, seed.Child("order")))
        {
            if (missing <= 0) break;
            int copies = Math.Min(plan.FanOut, missing);
            cuts.Add(CutAt(candidate.Leaf, candidate.PathTokens, fallback.Cut.Choose(PathLogProbs(candidate), draws.Child(cuts.Count)), copies));
            missing -= copies;
        }
        if (cuts.Count == 0) cuts.Add(new Cut(-1, 0, -1, Math.Min(plan.FanOut, missing)));
        return cuts;
    }

    private List<Cut> TopTokens(Expansion.TopTokens top, int prompt, string promptId, List<int> origins)
    {
        var cuts = new List<Cut>();
        var candidates = new List<(double Score, int Node, int Offset)>();
        for (int tree = 0; tree < TreeCount(origins); tree++)
        {
            candidates.Clear();
            // A tree that was continued from the prompt has a fork at its start.
            bool startIsFork = origins.FindAll(o => o == tree).Count > 1;
            foreach (var node in Nodes(prompt, origins, tree))
            {
                if (builder.FinishOf(node.Index) == Finish.Pruned) continue;
                var own = builder.OwnTokens(node.Index);
                int first = builder.ParentOf(node.Index) >= 0 || startIsFork ? 1 : 0;
                for (int t = first; t < own.Length; t++)
                {
                    if (top.Where is { } rule && !rule.Ask(steps.Place(promptId, node.Index, node.Before, own, t))) continue;
                    candidates.Add((top.Measure == TokenMeasure.Surprisal ? -own[t].LogProb : own[t].Entropy, node.Index, t));
                }
            }
            for (int n = 0; n < top.Tokens && candidates.Count > 0; n++)
            {
                int best = 0;
                for (int c = 1; c < candidates.Count; c++)
                    if (candidates[c].Score > candidates[best].Score) best = c;
                var (_, node, offset) = candidates[best];
                candidates.RemoveAt(best);
                cuts.Add(new Cut(offset == 0 ? -1 : node, offset, tree, top.Copies));
            }
        }
        return cuts;
    }

    private List<Cut> RandomNodes(Expansion.RandomNodes nodes, int prompt, string promptId, List<int> origins, Seed seed)
    {
        var cuts = new List<Cut>();
        var places = new List<Cut>();
        for (int tree = 0; tree < TreeCount(origins); tree++)
        {
            places.Clear();
            if (nodes.IncludeRoot) places.Add(new Cut(-1, 0, tree, 1));
            foreach (var node in Nodes(prompt, origins, tree))
            {
                if (builder.FinishOf(node.Index) == Finish.Pruned) continue;
                var own = builder.OwnTokens(node.Index);
                bool leaf = builder.FirstChildOf(node.Index) < 0;
                for (int kept = 1; kept <= own.Length - (leaf ? 1 : 0); kept++)
                    if (steps.Holds(nodes.Steps, promptId, node.Index, node.Before, own, kept)) places.Add(new Cut(node.Index, kept, tree, 1));
            }
            for (int n = 0; n < nodes.Nodes && places.Count > 0; n++) cuts.Add(places[seed.Child(tree).Below(places.Count, n)]);
        }
        return cuts;
    }

    /// <summary>The cut that leaves so many tokens of the answer that ends with a leaf.</summary>
    private Cut CutAt(int leaf, int pathTokens, int stay, int copies)
    {
        if (stay == 0) return new Cut(-1, 0, -1, copies);
        int node = leaf, before = pathTokens - builder.TokenCount(leaf);
        while (before >= stay)
        {
            node = builder.ParentOf(node);
            before -= builder.TokenCount(node);
        }
        return new Cut(node, stay - before, -1, copies);
    }

    private float[] PathLogProbs(in FallbackOrder.Candidate candidate)
    {
        var path = new float[candidate.PathTokens];
        int end = path.Length;
        for (int node = candidate.Leaf; node >= 0; node = builder.ParentOf(node))
        {
            var own = builder.OwnTokens(node);
            end -= own.Length;
            for (int t = 0; t < own.Length; t++) path[end + t] = own[t].LogProb;
        }
        return path;
    }

    private static List<Cut> Merge(List<Cut> cuts, int missing)
    {
        var merged = new List<Cut>();
        foreach (var cut in cuts)
        {
            int copies = Math.Min(cut.Copies, missing);
            if (copies == 0) break;
            missing -= copies;
            int same = merged.FindIndex(other => other with { Copies = cut.Copies } == cut);
            if (same < 0) merged.Add(cut with { Copies = copies });
            else merged[same] = cut with { Copies = merged[same].Copies + copies };
        }
        return merged;
    }

    /// <summary>A node and the number of answer tokens before it.</summary>
    private readonly record struct GrownNode(int Index, int Before);

    /// <summary>The nodes of a prompt's trees of one origin (-1: of all), in preorder.</summary>
    private IEnumerable<GrownNode> Nodes(int prompt, List<int> origins, int origin)
    {
        int rank = 0;
        var open = new Stack<GrownNode>();
        for (int root = builder.FirstRootOf(prompt); root >= 0; root = builder.NextSiblingOf(root), rank++)
        {
            if (origin >= 0 && origins[rank] != origin) continue;
            open.Push(new GrownNode(root, 0));
            while (open.TryPop(out var node))
            {
                yield return node;
                int before = node.Before + builder.TokenCount(node.Index), below = open.Count;
                for (int child = builder.FirstChildOf(node.Index); child >= 0; child = builder.NextSiblingOf(child)) open.Push(new GrownNode(child, before));
                Reverse(open, open.Count - below);
            }
        }
    }

    /// <summary>Turns the order of the topmost entries, so that the oldest child comes first.</summary>
    private static void Reverse(Stack<GrownNode> stack, int count)
    {
        if (count < 2) return;
        var top = new GrownNode[count];
        for (int i = 0; i < count; i++) top[i] = stack.Pop();
        foreach (var node in top) stack.Push(node);
    }

    private static int TreeCount(List<int> origins)
    {
        int count = 0;
        foreach (int origin in origins) count = Math.Max(count, origin + 1);
        return count;
    }
}
