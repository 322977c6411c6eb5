using System;
using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace TreeRl.Forests;

/// <summary>Columns derived from the stored ones in one pass.</summary>
internal sealed class ForestLayout
{
    public required ImmutableArray<int> FirstToken, Depth, TreeOf, SubtreeEnd, Leaves, FirstLeaf, LeafCount, ChildCount, Roots, PathTokenCount, FirstNodeOfPrompt;

    public static ForestLayout Of(ForestColumns columns)
    {
        int nodes = columns.Parent.Length, prompts = columns.Prompts.Length;
        int[] firstToken = new int[nodes], depth = new int[nodes], treeOf = new int[nodes], end = new int[nodes];
        int[] firstLeaf = new int[nodes], leafCount = new int[nodes], childCount = new int[nodes], pathTokens = new int[nodes];
        var firstNode = new int[prompts + 1];
        var leaves = ImmutableArray.CreateBuilder<int>();
        var roots = ImmutableArray.CreateBuilder<int>();
        Array.Fill(firstNode, nodes);
        int token = 0;
        for (int n = 0; n < nodes; n++)
        {
            int parent = columns.Parent[n];
            firstToken[n] = token;
            token += columns.TokenCount[n];
            if (parent < 0)
            {
                roots.Add(n);
                int p = columns.PromptOf[n];
                if (firstNode[p] == nodes) firstNode[p] = n;
            }
            else
            {
                depth[n] = depth[parent] + 1;
                childCount[parent]++;
            }
            treeOf[n] = roots.Count - 1;
            pathTokens[n] = columns.TokenCount[n] + (parent < 0 ? 0 : pathTokens[parent]);
            firstLeaf[n] = leaves.Count;
            if (columns.Finish[n] != Finish.Branched) leaves.Add(n);
        }
        for (int n = nodes - 1; n >= 0; n--)
        {
            if (childCount[n] == 0) leafCount[n] = 1;
            if (end[n] == 0) end[n] = n + 1;
            int parent = columns.Parent[n];
            if (parent < 0) continue;
            leafCount[parent] += leafCount[n];
            end[parent] = Math.Max(end[parent], end[n]);
        }
        return new ForestLayout
        {
            FirstToken = Wrap(firstToken),
            Depth = Wrap(depth),
            TreeOf = Wrap(treeOf),
            SubtreeEnd = Wrap(end),
            Leaves = leaves.ToImmutable(),
            FirstLeaf = Wrap(firstLeaf),
            LeafCount = Wrap(leafCount),
            ChildCount = Wrap(childCount),
            Roots = roots.ToImmutable(),
            PathTokenCount = Wrap(pathTokens),
            FirstNodeOfPrompt = Wrap(firstNode),
        };
    }

    private static ImmutableArray<int> Wrap(int[] column) => ImmutableCollectionsMarshal.AsImmutableArray(column);
}
