using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Runtime.InteropServices;

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

    /// <summary>Columns that take the arrays over without a copy: the caller must not write to them again.</summary>
    internal static ForestColumns Over(ImmutableArray<ForestPrompt> prompts, int[] parent, int[] promptOf, int[] tokenCount, Finish[] finish, int[] tokenId, float[] logProb, float[] entropy) => new()
    {
        Prompts = prompts,
        Parent = ImmutableCollectionsMarshal.AsImmutableArray(parent),
        PromptOf = ImmutableCollectionsMarshal.AsImmutableArray(promptOf),
        TokenCount = ImmutableCollectionsMarshal.AsImmutableArray(tokenCount),
        Finish = ImmutableCollectionsMarshal.AsImmutableArray(finish),
        TokenId = ImmutableCollectionsMarshal.AsImmutableArray(tokenId),
        LogProb = ImmutableCollectionsMarshal.AsImmutableArray(logProb),
        Entropy = ImmutableCollectionsMarshal.AsImmutableArray(entropy),
    };

    internal void Validate()
    {
        Guard.That(!Prompts.IsDefault && !Parent.IsDefault && !PromptOf.IsDefault && !TokenCount.IsDefault && !Finish.IsDefault && !TokenId.IsDefault
            && !LogProb.IsDefault && !Entropy.IsDefault, "a column is default: every column must be an array, [] when empty", nameof(ForestColumns));
        int nodes = Parent.Length;
        Guard.SameLength(PromptOf.Length, nodes, "a column of nodes");
        Guard.SameLength(TokenCount.Length, nodes, "a column of nodes");
        Guard.SameLength(Finish.Length, nodes, "a column of nodes");
        Guard.SameLength(LogProb.Length, TokenId.Length, "a column of tokens");
        Guard.SameLength(Entropy.Length, TokenId.Length, "a column of tokens");
        ValidatePrompts();
        ValidateNodes();
        for (int t = 0; t < TokenId.Length; t++)
        {
            Guard.That(TokenId[t] >= 0, $"TokenId[{t}] = {TokenId[t]}: must not be negative", nameof(TokenId));
            Guard.That(float.IsFinite(LogProb[t]) && LogProb[t] <= 0, $"LogProb[{t}] = {LogProb[t]}: must be a number of at most 0", nameof(LogProb));
            Guard.That(float.IsFinite(Entropy[t]), $"Entropy[{t}] = {Entropy[t]}: must be finite", nameof(Entropy));
        }
    }

    private void ValidatePrompts()
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        for (int p = 0; p < Prompts.Length; p++)
        {
            var prompt = Prompts[p];
            Guard.That(prompt is { Id: not null, Text: not null, Reference: not null }, $"Prompts[{p}] or one of its texts is null: use the empty text where there is none", nameof(Prompts));
            Guard.That(ids.Add(prompt.Id), $"Prompts[{p}] has the id '{prompt.Id}' of another prompt: ids are unique within a forest", nameof(Prompts));
            Guard.That(!prompt.TokenIds.IsDefaultOrEmpty, $"prompt '{prompt.Id}' has no tokens: a policy needs at least one token to predict from", nameof(Prompts));
            foreach (int id in prompt.TokenIds) Guard.That(id >= 0, $"prompt '{prompt.Id}' has the token {id}: must not be negative", nameof(Prompts));
        }
    }

    private void ValidateNodes()
    {
        int nodes = Parent.Length, prompt = -1;
        var hasChild = new bool[nodes];
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
                int ancestor = n - 1;
                while (ancestor > parent) ancestor = Parent[ancestor];
                Guard.That(ancestor == parent, $"Parent[{n}] = {parent}: nodes must stand in depth-first preorder, so the parent is node {n - 1} or an ancestor of it", nameof(Parent));
            }
        }
        Guard.That(prompt == Prompts.Length - 1, $"{Prompts.Length} prompts but trees for {prompt + 1}: every prompt needs at least one tree", nameof(Prompts));
        Guard.That(tokens == TokenId.Length, $"TokenCount sums to {tokens} but there are {TokenId.Length} tokens", nameof(TokenCount));
        for (int n = 0; n < nodes; n++)
        {
            Guard.That(Enum.IsDefined(Finish[n]), $"Finish[{n}] = {(int)Finish[n]}: no such reason", nameof(Finish));
            if (hasChild[n]) Guard.That(Finish[n] == Forests.Finish.Branched, $"Finish[{n}] = {Finish[n]}: a node with children has Branched", nameof(Finish));
            else Guard.That(Finish[n] != Forests.Finish.Branched, $"Finish[{n}] = Branched: a leaf must say why it ended", nameof(Finish));
        }
    }
}
