using System;
using System.Collections.Generic;
using System.Text;

namespace TreeRl.Forests;

/// <summary>One drawing in the making.</summary>
internal sealed class ForestDrawing(Forest forest, ForestPrinterOptions options)
{
    private const string Dim = "\u001b[2m", Bold = "\u001b[1m", Cyan = "\u001b[36m", Yellow = "\u001b[33m", Green = "\u001b[32m", Red = "\u001b[31m", Reset = "\u001b[0m";

    private readonly StringBuilder text = new();

    public override string ToString() => text.ToString();

    public void Prompt(int prompt)
    {
        var of = forest.Prompts[prompt];
        var roots = new List<int>();
        int first = forest.FirstNodeOfPrompt[prompt], end = forest.FirstNodeOfPrompt[prompt + 1], leaves = 0, tokens = 0;
        for (int n = first; n < end; n++)
        {
            if (forest.Parent[n] < 0) roots.Add(n);
            if (forest.IsLeaf(n)) leaves++;
            tokens += forest.TokenCount[n];
        }
        text.Append("prompt ").Append(Paint(Bold, of.Id));
        if (of.Text.Length > 0) text.Append(' ').Append(Paint(Cyan, Quoted(of.Text)));
        if (of.Reference.Length > 0) text.Append(" = ").Append(Shorten(Escaped(of.Reference)));
        text.Append($": {Counted.Of(roots.Count, "tree")}, {Counted.Of(leaves, "leaf", "leaves")}, {Counted.Of(tokens, "token")}\n");
        Nodes(roots);
    }

    /// <summary>Draws sibling subtrees. An own stack stands for recursion, since a forest may be deeper than the call stack.</summary>
    public void Nodes(IReadOnlyList<int> siblings)
    {
        var stack = new Stack<(int Node, string Indent, bool Last)>();
        Push(siblings, "");
        while (stack.TryPop(out var next))
        {
            text.Append(Paint(Dim, next.Indent + (next.Last ? "└─ " : "├─ ")));
            Node(next.Node);
            Push([.. forest.Children(next.Node)], next.Indent + (next.Last ? "   " : "│  "));
        }

        void Push(IReadOnlyList<int> nodes, string indent)
        {
            for (int i = nodes.Count - 1; i >= 0; i--) stack.Push((nodes[i], indent, i == nodes.Count - 1));
        }
    }

    private void Node(int node)
    {
        var segment = new StringBuilder();
        foreach (int id in forest.TokenId.AsSpan(forest.FirstToken[node], forest.TokenCount[node])) segment.Append(options.Piece(id));
        text.Append(Paint(Tone(node), Quoted(segment.ToString()))).Append(' ').Append(Counted.Of(forest.TokenCount[node], "token")).Append(", ");
        if (forest.IsLeaf(node)) text.Append(forest.Finish[node]);
        else text.Append(FormattableString.Invariant($"fork at H {forest.Entropy[forest.FirstToken[node + 1]]:0.00}"));
        foreach (var column in options.Columns)
        {
            string? value = column.Value(node);
            if (!string.IsNullOrEmpty(value)) text.Append("  ").Append(Paint(Dim, column.Name)).Append(' ').Append(Paint(Yellow, value));
        }
        text.Append('\n');
    }

    private string Tone(int node) => options.Tone?.Invoke(node) switch
    {
        double.NaN => Dim,
        > 0 => Green,
        < 0 => Red,
        _ => Cyan,
    };

    private string Quoted(string raw) => $"\"{Shorten(Escaped(raw))}\"";

    private string Shorten(string shown)
    {
        if (shown.Length <= options.MaxText) return shown;
        int head = options.MaxText * 2 / 3, tail = options.MaxText - head;
        // Never cut a surrogate pair in two.
        if (char.IsHighSurrogate(shown[head - 1])) head--;
        int from = shown.Length - tail;
        if (char.IsLowSurrogate(shown[from])) from++;
        return $"{shown[..head]}[+{from - head}]{shown[from..]}";
    }

    private static string Escaped(string raw)
    {
        var shown = new StringBuilder(raw.Length);
        foreach (char c in raw)
        {
            if (c == '\n') shown.Append("\\n");
            else if (c == '\r') shown.Append("\\r");
            else if (c == '\t') shown.Append("\\t");
            else if (char.IsControl(c)) shown.Append($"\\u{(int)c:x4}");
            else shown.Append(c);
        }
        return shown.ToString();
    }

    private string Paint(string color, string what) => options.Color ? color + what + Reset : what;
}
