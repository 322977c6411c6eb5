using System;
using System.Collections.Generic;
using System.Collections.Immutable;

namespace TreeRl.Forests;

/// <summary>
/// A sealed set of rollout trees, stored as flat columns. A node is a run of tokens between two branch points; a leaf is the end of one
/// complete answer. A flat GRPO group is a forest of one-node trees, so no method needs a second code path.
/// </summary>
/// <remarks>
/// Invariants, checked by <see cref="Create"/>, with N nodes, L leaves, T tokens and P prompts:
/// <code>
/// nodes stand in depth-first preorder       Parent[n] &lt; n; roots have Parent[n] = -1
/// a subtree is a range of nodes             n .. SubtreeEnd[n]-1
/// the leaves below a node are a range       FirstLeaf[n] .. FirstLeaf[n]+LeafCount[n]-1, indices into Leaves
/// token ranges are in node order            FirstToken[n+1] = FirstToken[n] + TokenCount[n]; TokenCount[n] >= 1
/// leaves and only leaves have a reason      Finish[n] = Branched exactly when n has children
/// prompts own ranges of roots               PromptOf is non-decreasing over nodes, and every prompt has at least one tree
/// </code>
/// </remarks>
[Notebooks.TypeFormatterSource(typeof(Notebooks.HtmlFormatterSource))]
public sealed class Forest
{
    private Forest(ForestColumns columns)
    {
        Prompts = columns.Prompts;
        Parent = columns.Parent;
        PromptOf = columns.PromptOf;
        TokenCount = columns.TokenCount;
        Finish = columns.Finish;
        TokenId = columns.TokenId;
        LogProb = columns.LogProb;
        Entropy = columns.Entropy;
        var layout = ForestLayout.Of(columns);
        FirstToken = layout.FirstToken;
        Depth = layout.Depth;
        TreeOf = layout.TreeOf;
        SubtreeEnd = layout.SubtreeEnd;
        Leaves = layout.Leaves;
        FirstLeaf = layout.FirstLeaf;
        LeafCount = layout.LeafCount;
        ChildCount = layout.ChildCount;
        Roots = layout.Roots;
        PathTokenCount = layout.PathTokenCount;
        FirstNodeOfPrompt = layout.FirstNodeOfPrompt;
    }

    /// <summary>The prompts, length P.</summary>
    public ImmutableArray<ForestPrompt> Prompts { get; }

    /// <summary>Node -> its parent node, -1 for a root. Length N.</summary>
    public ImmutableArray<int> Parent { get; }

    /// <summary>Node -> index into <see cref="Prompts"/>. Length N.</summary>
    public ImmutableArray<int> PromptOf { get; }

    /// <summary>Node -> number of its own tokens, at least 1. Length N.</summary>
    public ImmutableArray<int> TokenCount { get; }

    /// <summary>Node -> why it ended. Length N.</summary>
    public ImmutableArray<Finish> Finish { get; }

    /// <summary>Token -> vocabulary id. Length T.</summary>
    public ImmutableArray<int> TokenId { get; }

    /// <summary>
    /// Token -> natural log-probability of the token under the sampling policy's full-vocabulary distribution at temperature 1,
    /// whatever temperature or truncation picked it; in nats, at most 0. Length T.
    /// </summary>
    public ImmutableArray<float> LogProb { get; }

    /// <summary>Token -> entropy in nats of the full-vocabulary, temperature-1 distribution the token was drawn from. Length T.</summary>
    public ImmutableArray<float> Entropy { get; }

    /// <summary>Node -> index of its first token. Length N.</summary>
    public ImmutableArray<int> FirstToken { get; }

    /// <summary>Node -> number of branch points above it; 0 for a root. Length N.</summary>
    public ImmutableArray<int> Depth { get; }

    /// <summary>Node -> index of its tree, that is of its root in <see cref="Roots"/>. Length N.</summary>
    public ImmutableArray<int> TreeOf { get; }

    /// <summary>Node -> one past the last node of its subtree. Length N.</summary>
    public ImmutableArray<int> SubtreeEnd { get; }

    /// <summary>Leaf -> node. Ascending. Length L.</summary>
    public ImmutableArray<int> Leaves { get; }

    /// <summary>Node -> index into <see cref="Leaves"/> of the first leaf at or below it. Length N.</summary>
    public ImmutableArray<int> FirstLeaf { get; }

    /// <summary>Node -> number of leaves at or below it, at least 1. Length N.</summary>
    public ImmutableArray<int> LeafCount { get; }

    /// <summary>Node -> number of children; 0 for a leaf. Length N.</summary>
    public ImmutableArray<int> ChildCount { get; }

    /// <summary>Tree -> root node. Ascending.</summary>
    public ImmutableArray<int> Roots { get; }

    /// <summary>Node -> number of tokens from the root up to and including this node (prompt excluded). Length N.</summary>
    public ImmutableArray<int> PathTokenCount { get; }

    /// <summary>Prompt -> its first node; one more entry than prompts, the last being N. Length P+1.</summary>
    public ImmutableArray<int> FirstNodeOfPrompt { get; }

    /// <summary>Number of nodes, N.</summary>
    public int NodeCount => Parent.Length;

    /// <summary>Number of unique tokens, T.</summary>
    public int TokenTotal => TokenId.Length;

    /// <summary>Number of complete answers, L.</summary>
    public int LeafTotal => Leaves.Length;

    /// <summary>Number of trees.</summary>
    public int TreeCount => Roots.Length;

    /// <summary>Number of prompts, P.</summary>
    public int PromptCount => Prompts.Length;

    /// <summary>Number of tokens the same answers would have as separate, unshared rollouts.</summary>
    public long FlatTokenTotal
    {
        get
        {
            long total = 0;
            foreach (int leaf in Leaves) total += PathTokenCount[leaf];
            return total;
        }
    }

    /// <summary>True when node <paramref name="node"/> has no children.</summary>
    public bool IsLeaf(int node) => ChildCount[node] == 0;

    /// <summary>The children of a node, in order.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="node"/> is no node.</exception>
    public IEnumerable<int> Children(int node)
    {
        CheckNode(node);
        return Walk(node);
    }

    private IEnumerable<int> Walk(int node)
    {
        for (int child = node + 1; child < SubtreeEnd[node]; child = SubtreeEnd[child]) yield return child;
    }

    /// <summary>The nodes from the root down to and including <paramref name="node"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="node"/> is no node.</exception>
    public int[] Path(int node)
    {
        CheckNode(node);
        var path = new int[Depth[node] + 1];
        for (int i = path.Length - 1; i >= 0; i--, node = Parent[node]) path[i] = node;
        return path;
    }

    /// <summary>The token ids from the root down to the end of <paramref name="node"/>, prompt excluded.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="node"/> is no node.</exception>
    public int[] PathTokens(int node)
    {
        CheckNode(node);
        var tokens = new int[PathTokenCount[node]];
        int end = tokens.Length;
        for (int n = node; n >= 0; n = Parent[n])
        {
            end -= TokenCount[n];
            TokenId.AsSpan(FirstToken[n], TokenCount[n]).CopyTo(tokens.AsSpan(end));
        }
        return tokens;
    }

    private void CheckNode(int node) => Guard.InRange((uint)node < (uint)NodeCount, node, $"must be a node, 0 .. {NodeCount - 1}");

    /// <summary>The forest of some prompts, in the order given; its nodes, leaves and tokens are numbered anew.</summary>
    /// <param name="promptIndices">Indices into <see cref="Prompts"/>; none twice.</param>
    /// <exception cref="ArgumentException">An index is no prompt or stands twice.</exception>
    public Forest SelectPrompts(IReadOnlyList<int> promptIndices) => ForestJoin.Select(this, promptIndices);

    /// <summary>The forest of those prompts for which <paramref name="keep"/> holds.</summary>
    public Forest Where(Func<ForestPrompt, bool> keep)
    {
        ArgumentNullException.ThrowIfNull(keep);
        var kept = new List<int>();
        for (int p = 0; p < PromptCount; p++)
            if (keep(Prompts[p])) kept.Add(p);
        return SelectPrompts(kept);
    }

    /// <summary>The prompts of several forests in one, in the order given.</summary>
    /// <exception cref="ArgumentException">Two prompts have the same id.</exception>
    public static Forest Concat(IReadOnlyList<Forest> forests) => ForestJoin.Concat(forests);

    /// <summary>
    /// A forest of a given shape, for tests and for trying things out. A node is written as its number of tokens, followed by its children in
    /// brackets; spaces separate siblings and trees, a bar separates prompts: <c>"3(1 2(1 1)) 4 | 5"</c>. Prompts are called p0, p1, ...; leaves
    /// end with <see cref="Finish.EndOfText"/>; token t has id 1 + t mod (vocabSize - 1), log-probability -(1 + t mod 7) / 8 and entropy (t mod 5) / 4.
    /// </summary>
    /// <exception cref="ArgumentException">The notation is broken; the message says where.</exception>
    public static Forest OfShape(string shape, int vocabSize = 32) => ForestShape.Read(shape, vocabSize);

    /// <summary>Sizes in one line; "flat" counts the tokens of the same answers without sharing.</summary>
    public override string ToString()
    {
        string sharing = TokenTotal == 0 ? "" : FormattableString.Invariant($" (flat {FlatTokenTotal:N0}, sharing {(double)FlatTokenTotal / TokenTotal:0.0}x)");
        return $"forest: {Counted.Grouped(PromptCount, "prompt")}, {Counted.Grouped(TreeCount, "tree")}, {Counted.Grouped(LeafTotal, "leaf", "leaves")}, {Counted.Grouped(TokenTotal, "token")}{sharing}";
    }

    /// <summary>Checks the columns against the invariants and seals them.</summary>
    /// <exception cref="ArgumentException">A column has the wrong length or an invariant is broken; the message names the node.</exception>
    public static Forest Create(ForestColumns columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        columns.Validate();
        return new Forest(columns);
    }
}
