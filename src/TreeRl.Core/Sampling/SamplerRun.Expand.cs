using System;
using System.Collections.Generic;
using System.Diagnostics;

namespace TreeRl.Sampling;

/// <content>Expansions: cut ended answers, let the policy read the prefixes again, and start continuations there.</content>
internal sealed partial class SamplerRun
{
    private long expansionBranches, rereadTokens;

    /// <summary>Runs the prompt's next expansion, which adds at most so many answers. False when there is nothing to expand.</summary>
    private bool Expand(int prompt, int missing)
    {
        ref var of = ref growth[prompt];
        if (planner is null) return false;
        var seed = of.Seed.Child("expand").Child(of.Expansions);
        var cuts = planner.Plan(prompt, promptIds[prompt], of.Expansions, missing, of.Origins, seed);
        if (cuts.Count == 0) return false;
        of.Expansions++;
        int[][] starts = Open(prompt, cuts);
        var prefixes = new int[cuts.Count][];
        for (int c = 0; c < prefixes.Length; c++)
        {
            int above = builder.ParentOf(starts[c][0]);
            prefixes[c] = above < 0 ? [.. prompts[prompt].TokenIds] : [.. prompts[prompt].TokenIds, .. builder.PathTokens(above)];
            rereadTokens += prefixes[c].Length;
        }
        var stems = new int[cuts.Count];
        long clock = Stopwatch.GetTimestamp();
        decoder.Prompt(prefixes, stems);
        decoderTicks += Stopwatch.GetTimestamp() - clock;
        for (int c = 0; c < stems.Length; c++)
        {
            var copies = new int[starts[c].Length];
            if (copies.Length == 1) copies[0] = stems[c];
            else Fork(stems[c], copies);
            Start(prompt, starts[c], copies, prefixes[c].AsSpan(prompts[prompt].TokenIds.Length), seed.Child(c));
        }
        return true;
    }

    /// <summary>Splits nodes where the cuts say and adds the continuations' nodes: cut -> its nodes.</summary>
    private int[][] Open(int prompt, List<Cut> cuts)
    {
        ref var of = ref growth[prompt];
        var order = new int[cuts.Count];
        for (int c = 0; c < order.Length; c++) order[c] = c;
        // Later places of a node first: a split leaves the upper part its index.
        Array.Sort(order, (a, b) => (cuts[a].Node, -cuts[a].Kept, a).CompareTo((cuts[b].Node, -cuts[b].Kept, b)));
        var starts = new int[cuts.Count][];
        foreach (int c in order)
        {
            var cut = cuts[c];
            starts[c] = new int[cut.Copies];
            if (cut.Node >= 0 && cut.Kept < builder.TokenCount(cut.Node)) builder.Split(cut.Node, cut.Kept);
            for (int j = 0; j < cut.Copies; j++)
            {
                starts[c][j] = cut.Node >= 0 ? builder.AddChild(cut.Node) : builder.AddRoot(prompt);
                if (cut.Node < 0) of.Origins.Add(cut.Origin >= 0 ? cut.Origin : of.Groups++);
            }
        }
        return starts;
    }

    /// <summary>Starts the continuations of one cut, all behind the same prefix of the answer.</summary>
    private void Start(int prompt, int[] nodes, int[] copies, ReadOnlySpan<int> prefix, Seed seed)
    {
        ref var of = ref growth[prompt];
        int depth = 0, top = nodes[0];
        double logProbs = 0;
        for (int above = builder.ParentOf(top); above >= 0; above = builder.ParentOf(above))
        {
            depth++;
            top = above;
            foreach (var token in builder.OwnTokens(above)) logProbs += token.LogProb;
        }
        for (int j = 0; j < nodes.Length; j++)
        {
            var repetition = rules.NewCounter(null);
            if (repetition is not null)
                foreach (int id in prefix) repetition.Push(id);
            Add(ref next, ref nextCount) = new Branch
            {
                Cache = copies[j],
                Node = nodes[j],
                Prompt = prompt,
                Tree = RootRank(prompt, depth == 0 ? nodes[j] : top),
                Depth = depth,
                PathTokens = prefix.Length,
                LastToken = prefix.IsEmpty ? -1 : prefix[^1],
                Seed = seed.Child(j),
                Repetition = repetition,
                PathLogProb = logProbs,
                RunsToEnd = plan.Expansion is not Expansion.Fallback,
            };
        }
        expansionBranches += nodes.Length;
        of.Trees += depth == 0 ? nodes.Length : 0;
        of.Leaves += nodes.Length;
        of.Live += nodes.Length;
        of.EndedSinceFire = 0;
    }

    private int RootRank(int prompt, int root)
    {
        int rank = 0;
        for (int r = builder.FirstRootOf(prompt); r != root; r = builder.NextSiblingOf(r)) rank++;
        return rank;
    }
}
