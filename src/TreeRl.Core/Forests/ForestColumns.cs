using System;
using System.Collections.Immutable;

namespace TreeRl.Forests;

/// <summary>The columns from which <see cref="Forest.Create"/> seals a forest; see there for shapes, units and invariants.</summary>
public sealed class ForestColumns
{
    /// <summary>The prompts, length P.</summary>
    public required ImmutableArray<ForestPrompt> Prompts { get; init; }

    /// <summary>Node -> parent, length N.</summary>
    public required ImmutableArray<int> Parent { get; init; }

    /// <summary>Node -> prompt, length N.</summary>
    public required ImmutableArray<int> PromptOf { get; init; }

    /// <summary>Node -> number of tokens, length N.</summary>
    public required ImmutableArray<int> TokenCount { get; init; }

    /// <summary>Node -> why it ended, length N.</summary>
    public required ImmutableArray<Finish> Finish { get; init; }

    /// <summary>Token -> id, length T.</summary>
    public required ImmutableArray<int> TokenId { get; init; }

    /// <summary>Token -> log-probability, length T.</summary>
    public required ImmutableArray<float> LogProb { get; init; }

    /// <summary>Token -> entropy, length T.</summary>
    public required ImmutableArray<float> Entropy { get; init; }

    internal void Validate()
    {
        int nodes = Parent.Length;
        Guard.SameLength(PromptOf.Length, nodes, "a column of nodes");
        Guard.SameLength(TokenCount.Length, nodes, "a column of nodes");
        Guard.SameLength(Finish.Length, nodes, "a column of nodes");
        Guard.SameLength(LogProb.Length, TokenId.Length, "a column of tokens");
        Guard.SameLength(Entropy.Length, TokenId.Length, "a column of tokens");
        var hasChild = new bool[nodes];
        int prompt = -1, lastOnPath = -1;
        long tokens = 0;
        for (int n = 0; n < nodes; n++)
        {
            int parent = Parent[n];
            Guard.That(parent >= -1 && parent < n, $"Parent[{n}] = {parent}: must be -1 for a root or an earlier node", nameof(Parent));
            Guard.That(TokenCount[n] >= 1, $"TokenCount[{n}] = {TokenCount[n]}: a node has at least one token", nameof(TokenCount));
            tokens += TokenCount[n];
            if (parent < 0)
            {
                int next = PromptOf[n];
                Guard.That(next == prompt || next == prompt + 1,
                    $"PromptOf[{n}] = {next}: roots stand in the order of their prompts, and every prompt has a tree (expected {prompt} or {prompt + 1})", nameof(PromptOf));
                prompt = next;
            }
            else
            {
                hasChild[parent] = true;
                Guard.That(PromptOf[n] == PromptOf[parent], $"PromptOf[{n}] = {PromptOf[n]}: must be that of its parent, {PromptOf[parent]}", nameof(PromptOf));
                int ancestor = lastOnPath;
                while (ancestor > parent) ancestor = Parent[ancestor];
                Guard.That(ancestor == parent, $"Parent[{n}] = {parent}: nodes must stand in depth-first preorder, so the parent is node {n - 1} or an ancestor of it", nameof(Parent));
            }
            lastOnPath = n;
        }
        Guard.That(prompt == Prompts.Length - 1, $"{Prompts.Length} prompts but trees for {prompt + 1}: every prompt needs at least one tree", nameof(Prompts));
        Guard.That(tokens == TokenId.Length, $"TokenCount sums to {tokens} but there are {TokenId.Length} tokens", nameof(TokenCount));
        for (int n = 0; n < nodes; n++)
        {
            bool branched = Finish[n] == Forests.Finish.Branched;
            Guard.That(branched == hasChild[n],
                hasChild[n] ? $"Finish[{n}] = {Finish[n]}: a node with children has Branched" : $"Finish[{n}] = Branched: a leaf must say why it ended", nameof(Finish));
        }
        for (int t = 0; t < TokenId.Length; t++)
        {
            Guard.That(TokenId[t] >= 0, $"TokenId[{t}] = {TokenId[t]}: must not be negative", nameof(TokenId));
            Guard.That(LogProb[t] <= 0, $"LogProb[{t}] = {LogProb[t]}: must be a number of at most 0", nameof(LogProb));
            Guard.That(float.IsFinite(Entropy[t]), $"Entropy[{t}] = {Entropy[t]}: must be finite", nameof(Entropy));
        }
        foreach (var p in Prompts)
            Guard.That(!p.TokenIds.IsDefaultOrEmpty, $"prompt '{p.Id}' has no tokens: a policy needs at least one token to predict from", nameof(Prompts));
    }
}

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
            FirstToken = [.. firstToken],
            Depth = [.. depth],
            TreeOf = [.. treeOf],
            SubtreeEnd = [.. end],
            Leaves = leaves.ToImmutable(),
            FirstLeaf = [.. firstLeaf],
            LeafCount = [.. leafCount],
            ChildCount = [.. childCount],
            Roots = roots.ToImmutable(),
            PathTokenCount = [.. pathTokens],
            FirstNodeOfPrompt = [.. firstNode],
        };
    }
}
