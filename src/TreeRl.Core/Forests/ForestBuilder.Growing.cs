using System;
using System.Runtime.InteropServices;

namespace TreeRl.Forests;

/// <content>What a sampler reads of a growing forest, and how it opens a fork inside a node.</content>
public sealed partial class ForestBuilder
{
    /// <summary>
    /// Cuts a node in two, so that it can branch where the cut is. The node keeps its index, its place among its siblings and its first tokens, and
    /// gets no more; the rest, with children and finish, goes to a new node, its only child so far.
    /// </summary>
    /// <param name="node">The node.</param>
    /// <param name="keptTokens">Tokens that stay above the cut, 1 .. token count - 1.</param>
    /// <returns>The new node below the cut.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such node, or one of the parts would have no tokens.</exception>
    public int Split(int node, int keptTokens)
    {
        var of = Get(node, nameof(node));
        Guard.InRange(keptTokens >= 1 && keptTokens < of.TokenCount, keptTokens, $"must be 1 .. {of.TokenCount - 1}: both parts of node {node} have a token");
        int first = of.LastToken;
        for (int after = of.TokenCount - keptTokens; after > 1; after--) first = tokens[first].Previous;
        int lower = NewNode(node, of.Prompt);
        var all = CollectionsMarshal.AsSpan(nodes);
        all[lower] = of with { Parent = node, TokenCount = of.TokenCount - keptTokens, NextSibling = -1 };
        for (int child = of.FirstChild; child >= 0; child = all[child].NextSibling) all[child].Parent = lower;
        all[node] = of with
        {
            LastToken = tokens[first].Previous,
            TokenCount = keptTokens,
            FirstChild = lower,
            LastChild = lower,
            Finish = Forests.Finish.Branched,
        };
        tokens[first] = tokens[first] with { Previous = -1 };
        return lower;
    }

    /// <summary>The node above, -1 for a root.</summary>
    internal int ParentOf(int node) => nodes[node].Parent;

    /// <summary>The oldest child, -1 for a leaf.</summary>
    internal int FirstChildOf(int node) => nodes[node].FirstChild;

    /// <summary>The next younger sibling (for a root: of its prompt), -1 when there is none.</summary>
    internal int NextSiblingOf(int node) => nodes[node].NextSibling;

    /// <summary>A prompt's first root, -1 when there is none.</summary>
    internal int FirstRootOf(int prompt) => roots[prompt].First;

    /// <summary>Why a node ended; <see cref="Forests.Finish.Branched"/> while it grows and when it has children.</summary>
    internal Finish FinishOf(int node) => nodes[node].Finish;

    /// <summary>A node's own tokens, in order.</summary>
    internal GrownToken[] OwnTokens(int node)
    {
        var own = new GrownToken[nodes[node].TokenCount];
        for (int t = nodes[node].LastToken, into = own.Length - 1; t >= 0; t = tokens[t].Previous, into--)
            own[into] = new GrownToken(tokens[t].Id, tokens[t].LogProb, tokens[t].Entropy);
        return own;
    }
}

/// <summary>A token of a growing forest: vocabulary id, log-probability and entropy in nats.</summary>
internal readonly record struct GrownToken(int Id, float LogProb, float Entropy);
