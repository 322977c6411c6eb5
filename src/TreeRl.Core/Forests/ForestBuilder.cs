using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace TreeRl.Forests;

/// <summary>
/// Grows a forest in any order - many branches of many prompts at once - and seals it into depth-first columns. Siblings stand in the
/// order of their creation. Nodes have builder indices while growing; <see cref="Seal()"/> renumbers them.
/// </summary>
/// <remarks>
/// Tokens lie in one list in order of arrival, each linked to its predecessor in its node, so that branches that grow side by side
/// share the memory and appending costs the same for each:
/// <code>
/// node    parent, prompt, last token, token count, finish, first child, last child, next sibling
/// token   id, log-probability, entropy, previous token of the node (-1 at its start)
/// </code>
/// </remarks>
public sealed partial class ForestBuilder
{
    private readonly List<ForestPrompt> prompts = [];
    private readonly List<PromptRoots> roots = [];
    private readonly HashSet<string> promptIds = new(StringComparer.Ordinal);
    private readonly List<Node> nodes = [];
    private readonly List<Token> tokens = [];

    private struct PromptRoots
    {
        public int First, Last;
    }

    private struct Node
    {
        public int Parent, Prompt, LastToken, TokenCount, FirstChild, LastChild, NextSibling;
        public Finish Finish; // Branched stands for "none yet"
    }

    private readonly record struct Token(int Id, float LogProb, float Entropy, int Previous);

    /// <summary>Number of prompts added.</summary>
    public int PromptCount => prompts.Count;

    /// <summary>Number of nodes added.</summary>
    public int NodeCount => nodes.Count;

    /// <summary>Number of tokens added.</summary>
    public int TokenTotal => tokens.Count;

    /// <summary>Adds a prompt and returns its index.</summary>
    /// <exception cref="ArgumentException">The prompt has no tokens, or its id is there already.</exception>
    public int AddPrompt(ForestPrompt prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        Guard.That(!prompt.TokenIds.IsDefaultOrEmpty, $"prompt '{prompt.Id}' has no tokens: a policy needs at least one token to predict from", nameof(prompt));
        Guard.That(promptIds.Add(prompt.Id), $"prompt '{prompt.Id}' is there already: ids are unique within a forest", nameof(prompt));
        prompts.Add(prompt);
        roots.Add(new PromptRoots { First = -1, Last = -1 });
        return prompts.Count - 1;
    }

    /// <summary>Adds a prompt of the one token 1, with its id as text: enough where no policy reads it.</summary>
    public int AddPrompt(string id, string reference = "") => AddPrompt(new ForestPrompt(id, id, [1], reference));

    /// <summary>Starts a tree below a prompt and returns its root, which has no tokens yet.</summary>
    public int AddRoot(int prompt)
    {
        Guard.InRange((uint)prompt < (uint)prompts.Count, prompt, $"must be a prompt, 0 .. {prompts.Count - 1}");
        int node = NewNode(-1, prompt);
        ref var of = ref CollectionsMarshal.AsSpan(roots)[prompt];
        Link(ref of.First, ref of.Last, node);
        return node;
    }

    /// <summary>Starts a tree below a prompt with these tokens, at log-probability -1 and entropy 1 each, and returns its root.</summary>
    public int AddRoot(int prompt, ReadOnlySpan<int> tokenIds) => Fill(AddRoot(prompt), tokenIds);

    /// <summary>Adds a child below a node and returns it; the parent gets no more tokens.</summary>
    /// <exception cref="ArgumentException">The parent has no tokens yet, or has a finish.</exception>
    public int AddChild(int parent)
    {
        var above = Get(parent, nameof(parent));
        Guard.That(above.Finish == Forests.Finish.Branched, $"node {parent} ended with {above.Finish}: it cannot have children", nameof(parent));
        Guard.That(above.TokenCount > 0, $"node {parent} has no tokens: a node has at least one before it branches", nameof(parent));
        int node = NewNode(parent, above.Prompt);
        ref var of = ref CollectionsMarshal.AsSpan(nodes)[parent];
        Link(ref of.FirstChild, ref of.LastChild, node);
        return node;
    }

    /// <summary>Adds a child with these tokens, at log-probability -1 and entropy 1 each, and returns it.</summary>
    public int AddChild(int parent, ReadOnlySpan<int> tokenIds) => Fill(AddChild(parent), tokenIds);

    private int Fill(int node, ReadOnlySpan<int> tokenIds)
    {
        foreach (int id in tokenIds) AddToken(node, id, -1f, 1f);
        return node;
    }

    /// <summary>Appends a token to a node that has neither children nor a finish.</summary>
    /// <param name="node">The node.</param>
    /// <param name="id">Vocabulary id.</param>
    /// <param name="logProb">Log-probability in nats, at most 0.</param>
    /// <param name="entropy">Entropy in nats of the distribution the token was drawn from.</param>
    /// <exception cref="ArgumentException">The node is closed, or a value breaks its rule.</exception>
    public void AddToken(int node, int id, float logProb, float entropy)
    {
        Get(node, nameof(node));
        ref var of = ref CollectionsMarshal.AsSpan(nodes)[node];
        Guard.InRange(id >= 0, id, "must not be negative");
        Guard.InRange(float.IsFinite(logProb) && logProb <= 0, logProb, "must be a number of at most 0");
        Guard.InRange(float.IsFinite(entropy), entropy, "must be finite");
        if (of.Finish != Forests.Finish.Branched || of.FirstChild >= 0)
            throw new ArgumentException($"node {node} {(of.FirstChild >= 0 ? "has children" : $"ended with {of.Finish}")}: it gets no more tokens", nameof(node));
        tokens.Add(new Token(id, logProb, entropy, of.LastToken));
        of.LastToken = tokens.Count - 1;
        of.TokenCount++;
    }

    /// <summary>Ends a leaf.</summary>
    /// <exception cref="ArgumentException">The node has children, no tokens or a finish already, or <paramref name="finish"/> is <see cref="Finish.Branched"/>.</exception>
    public void Finish(int node, Finish finish)
    {
        var of = Get(node, nameof(node));
        Guard.That(finish != Forests.Finish.Branched && Enum.IsDefined(finish), $"finish {finish} of node {node}: a leaf must say why it ended", nameof(finish));
        Guard.That(of.FirstChild < 0, $"node {node} has children: only a leaf ends", nameof(node));
        Guard.That(of.TokenCount > 0, $"node {node} has no tokens: a leaf has at least one", nameof(node));
        Guard.That(of.Finish == Forests.Finish.Branched, $"node {node} ended with {of.Finish} already", nameof(node));
        CollectionsMarshal.AsSpan(nodes)[node].Finish = finish;
    }

    /// <summary>Number of tokens of a node so far.</summary>
    public int TokenCount(int node) => Get(node, nameof(node)).TokenCount;

    /// <summary>The token ids from the root to the end of <paramref name="node"/>.</summary>
    public int[] PathTokens(int node)
    {
        int count = 0;
        for (int n = node; n >= 0; n = nodes[n].Parent) count += Get(n, nameof(node)).TokenCount;
        var path = new int[count];
        for (int n = node; n >= 0; n = nodes[n].Parent)
            for (int t = nodes[n].LastToken; t >= 0; t = tokens[t].Previous) path[--count] = tokens[t].Id;
        return path;
    }

    /// <summary>Copies the last tokens of the path that ends with <paramref name="node"/>, as many as <paramref name="tail"/> holds.</summary>
    internal void CopyTail(int node, Span<int> tail)
    {
        var allNodes = CollectionsMarshal.AsSpan(nodes);
        var allTokens = CollectionsMarshal.AsSpan(tokens);
        int left = tail.Length;
        for (int n = node; left > 0; n = allNodes[n].Parent)
            for (int t = allNodes[n].LastToken; t >= 0 && left > 0; t = allTokens[t].Previous) tail[--left] = allTokens[t].Id;
    }

    /// <summary>Checks all and seals the forest. The builder stays as it is.</summary>
    /// <exception cref="ArgumentException">A prompt has no tree, or a leaf has no tokens or no finish; the message names it.</exception>
    public Forest Seal() => Seal(out _);

    /// <summary>Checks all and seals the forest.</summary>
    /// <param name="sealedIndex">Builder's node -> node of the forest.</param>
    /// <exception cref="ArgumentException">A prompt has no tree, or a leaf has no tokens or no finish; the message names it.</exception>
    public Forest Seal(out int[] sealedIndex)
    {
        int nodeCount = nodes.Count, tokenCount = tokens.Count;
        sealedIndex = new int[nodeCount];
        int[] parent = new int[nodeCount], promptOf = new int[nodeCount], counts = new int[nodeCount], ids = new int[tokenCount];
        var finish = new Finish[nodeCount];
        float[] logProb = new float[tokenCount], entropy = new float[tokenCount];
        var all = CollectionsMarshal.AsSpan(tokens);
        int next = 0, nextToken = 0;
        for (int prompt = 0; prompt < prompts.Count; prompt++)
        {
            Guard.That(roots[prompt].First >= 0, $"prompt '{prompts[prompt].Id}' has no tree: every prompt needs at least one", nameof(prompts));
            int node = roots[prompt].First;
            while (node >= 0)
            {
                var of = nodes[node];
                bool leaf = of.FirstChild < 0;
                Guard.That(of.TokenCount > 0, $"node {node} of prompt '{prompts[prompt].Id}' has no tokens: a node has at least one", nameof(nodes));
                Guard.That(!leaf || of.Finish != Forests.Finish.Branched, $"leaf {node} of prompt '{prompts[prompt].Id}' has no finish: say why it ended", nameof(nodes));
                sealedIndex[node] = next;
                parent[next] = of.Parent < 0 ? -1 : sealedIndex[of.Parent];
                promptOf[next] = prompt;
                counts[next] = of.TokenCount;
                finish[next++] = of.Finish;
                nextToken += of.TokenCount;
                for (int t = of.LastToken, into = nextToken - 1; t >= 0; t = all[t].Previous, into--)
                    (ids[into], logProb[into], entropy[into]) = (all[t].Id, all[t].LogProb, all[t].Entropy);
                node = leaf ? After(node) : of.FirstChild;
            }
        }
        return Forest.Create(ForestColumns.Over([.. prompts], parent, promptOf, counts, finish, ids, logProb, entropy));
    }

    /// <summary>The next node in preorder after the subtree that ends with the leaf <paramref name="node"/>; -1 at the prompt's end.</summary>
    private int After(int node)
    {
        while (node >= 0)
        {
            if (nodes[node].NextSibling >= 0) return nodes[node].NextSibling;
            node = nodes[node].Parent;
        }
        return -1;
    }

    private Node Get(int node, string name)
    {
        if ((uint)node >= (uint)nodes.Count) throw new ArgumentOutOfRangeException(name, node, $"{name} = {node}: must be a node, 0 .. {nodes.Count - 1}");
        return nodes[node];
    }

    private int NewNode(int parent, int prompt)
    {
        nodes.Add(new Node { Parent = parent, Prompt = prompt, LastToken = -1, FirstChild = -1, LastChild = -1, NextSibling = -1 });
        return nodes.Count - 1;
    }

    private void Link(ref int first, ref int last, int node)
    {
        if (last < 0) first = node;
        else CollectionsMarshal.AsSpan(nodes)[last].NextSibling = node;
        last = node;
    }
}
