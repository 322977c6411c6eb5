using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Text;

namespace TreeRl.Forests;

/// <summary>A value shown with each node or leaf of a printed forest, such as reward or advantage.</summary>
/// <param name="Name">The label before the value.</param>
/// <param name="Value">Node -> what to show; null or empty shows nothing for it.</param>
public sealed record PrinterColumn(string Name, Func<int, string?> Value)
{
    /// <summary>A column of numbers for every node, in format <paramref name="format"/>; NaN shows nothing.</summary>
    /// <param name="name">The label.</param>
    /// <param name="value">Node -> number.</param>
    /// <param name="format">A .NET number format.</param>
    public static PrinterColumn Number(string name, Func<int, double> value, string format = "0.00") =>
        new(name, node => value(node) is var v && double.IsNaN(v) ? null : Show(v, format));

    /// <summary>A column of numbers for leaves only, indexed by leaf.</summary>
    /// <param name="forest">The forest to be printed.</param>
    /// <param name="name">The label.</param>
    /// <param name="value">Leaf -> number.</param>
    /// <param name="format">A .NET number format.</param>
    public static PrinterColumn OfLeaves(Forest forest, string name, Func<int, double> value, string format = "0.00") =>
        new(name, node => forest.IsLeaf(node) && value(forest.FirstLeaf[node]) is var v && !double.IsNaN(v) ? Show(v, format) : null);

    private static string Show(double value, string format) => value.ToString(format, System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>How a forest is drawn.</summary>
public sealed record ForestPrinterOptions
{
    /// <summary>Token id -> printable text. The default shows ids, separated by blanks.</summary>
    public Func<int, string> Piece { get; init; } = id => $"{id} ";

    /// <summary>
    /// Longest text of a segment in characters, at least 8. Of a longer one the first two thirds and the last third are shown, with
    /// "[+n]" between them for the n characters left out.
    /// </summary>
    public int MaxText { get; init; } = 60;

    /// <summary>Values shown after each node.</summary>
    public ImmutableArray<PrinterColumn> Columns { get; init; } = [];

    /// <summary>Whether to colour the output with ANSI escape codes.</summary>
    public bool Color { get; init; }

    /// <summary>
    /// Node -> a number whose sign colours the node's text, such as its advantage: green above 0, red below, dim for NaN. Without it, and for 0,
    /// texts are cyan. Counts only with <see cref="Color"/>.
    /// </summary>
    public Func<int, double>? Tone { get; init; }
}

/// <summary>
/// Draws forests as text with box-drawing characters:
/// <code>
/// prompt p0 "2+3" = 5: 1 tree, 2 leaves, 6 tokens
/// └─ "so " 3 tokens, fork at H 1.10
///    ├─ "5" 1 token, EndOfText  reward 1.00
///    └─ "61" 2 tokens, MaxTokens  reward 0.00
/// </code>
/// "fork at H" is the entropy in nats of the distribution that the children's first tokens were drawn from.
/// </summary>
public static class ForestPrinter
{
    /// <summary>Draws all prompts.</summary>
    public static string Print(Forest forest, ForestPrinterOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(forest);
        var text = new StringBuilder();
        for (int prompt = 0; prompt < forest.PromptCount; prompt++) text.Append(PrintPrompt(forest, prompt, options));
        return text.ToString();
    }

    /// <summary>Draws the trees of one prompt.</summary>
    /// <exception cref="ArgumentException"><paramref name="prompt"/> is no prompt, or an option breaks its rule.</exception>
    public static string PrintPrompt(Forest forest, int prompt, ForestPrinterOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(forest);
        Guard.InRange((uint)prompt < (uint)forest.PromptCount, prompt, $"must be a prompt, 0 .. {forest.PromptCount - 1}");
        var drawing = new ForestDrawing(forest, Checked(options));
        drawing.Prompt(prompt);
        return drawing.ToString();
    }

    /// <summary>Draws the subtree of one node.</summary>
    /// <exception cref="ArgumentException"><paramref name="node"/> is no node, or an option breaks its rule.</exception>
    public static string PrintNode(Forest forest, int node, ForestPrinterOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(forest);
        Guard.InRange((uint)node < (uint)forest.NodeCount, node, $"must be a node, 0 .. {forest.NodeCount - 1}");
        var drawing = new ForestDrawing(forest, Checked(options));
        drawing.Nodes([node]);
        return drawing.ToString();
    }

    private static ForestPrinterOptions Checked(ForestPrinterOptions? options)
    {
        options ??= new ForestPrinterOptions();
        Guard.That(options.Piece is not null, "Piece = null: must be a function from token id to text", nameof(options));
        Guard.InRange(options.MaxText >= 8, options.MaxText, "must be at least 8 characters");
        Guard.That(!options.Columns.IsDefault, "Columns = default: must be an array; [] for none", nameof(options));
        return options;
    }
}
