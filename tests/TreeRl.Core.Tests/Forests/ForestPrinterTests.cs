using System;
using System.Linq;
using TreeRl.Forests;
using Xunit;

namespace TreeRl.Tests;

public class ForestPrinterTests
{
    private static string Lines(params string[] lines) => string.Concat(lines.Select(l => l + "\n"));

    private static readonly ForestPrinterOptions Letters = new() { Piece = id => ((char)('a' + id - 1)).ToString() };

    [Fact]
    public void A_forest_is_drawn_with_its_texts_forks_and_reasons()
    {
        var f = Forest.OfShape("3(1 2(1 1)) 4 | 5");
        Assert.Equal(
            Lines(
                "prompt p0 \"p0\": 2 trees, 4 leaves, 12 tokens",
                "├─ \"abc\" 3 tokens, fork at H 0.75",
                "│  ├─ \"d\" 1 token, EndOfText",
                "│  └─ \"ef\" 2 tokens, fork at H 0.25",
                "│     ├─ \"g\" 1 token, EndOfText",
                "│     └─ \"h\" 1 token, EndOfText",
                "└─ \"ijkl\" 4 tokens, EndOfText",
                "prompt p1 \"p1\": 1 tree, 1 leaf, 5 tokens",
                "└─ \"mnopq\" 5 tokens, EndOfText"),
            ForestPrinter.Print(f, Letters));
    }

    [Fact]
    public void Columns_follow_each_node_or_leaf()
    {
        var f = Forest.OfShape("2(1 1)");
        var options = Letters with
        {
            Columns =
            [
                PrinterColumn.Number("V", node => node / 4.0),
                PrinterColumn.OfLeaves(f, "reward", leaf => leaf == 0 ? double.NaN : 1, "0.0"),
                new PrinterColumn("note", node => node == 2 ? "here" : null),
            ],
        };
        Assert.Equal(
            Lines(
                "prompt p0 \"p0\": 1 tree, 2 leaves, 4 tokens",
                "└─ \"ab\" 2 tokens, fork at H 0.50  V 0.00",
                "   ├─ \"c\" 1 token, EndOfText  V 0.25",
                "   └─ \"d\" 1 token, EndOfText  V 0.50  reward 1.0  note here"),
            ForestPrinter.PrintPrompt(f, 0, options));
    }

    [Fact]
    public void A_subtree_is_drawn_alone() =>
        Assert.Equal(
            Lines("└─ \"ef\" 2 tokens, fork at H 0.25", "   ├─ \"g\" 1 token, EndOfText", "   └─ \"h\" 1 token, EndOfText"),
            ForestPrinter.PrintNode(Forest.OfShape("3(1 2(1 1)) 4 | 5"), 2, Letters));

    [Fact]
    public void Long_texts_keep_two_thirds_of_head_and_one_third_of_tail()
    {
        string Text(int tokens, int max) => ForestPrinter.PrintNode(Forest.OfShape($"{tokens}"), 0, Letters with { MaxText = max }).Split('"')[1];
        Assert.Equal("abcdefghijkl", Text(12, 12));
        Assert.Equal("abcdefgh[+1]jklm", Text(13, 12));
        Assert.Equal("abcdefgh[+18]", Text(30, 12)[..13]);
    }

    [Fact]
    public void Surrogate_pairs_are_not_cut()
    {
        string Text(string piece, int tokens) => ForestPrinter.PrintNode(Forest.OfShape($"{tokens}"), 0, Letters with { MaxText = 8, Piece = _ => piece }).Split('"')[1];
        string shown = Text("\U0001F333", 20);
        Assert.Equal(shown, new string(shown.EnumerateRunes().SelectMany(r => r.ToString()).ToArray()));
        Assert.DoesNotContain("\uFFFD", shown);
        Assert.Contains("[+34]", shown);
    }

    [Fact]
    public void Line_ends_and_control_characters_are_escaped()
    {
        var b = new ForestBuilder();
        int root = b.AddRoot(b.AddPrompt(new ForestPrompt("a", "1\n2", [1], "r\ts")), [1, 2]);
        b.Finish(root, Finish.MaxTokens);
        Assert.Equal(
            Lines("prompt a \"1\\n2\" = r\\ts: 1 tree, 1 leaf, 2 tokens", "└─ \"\\u001b\\r\\u001b\\r\" 2 tokens, MaxTokens"),
            ForestPrinter.Print(b.Seal(), new ForestPrinterOptions { Piece = _ => "\u001b\r" }));
    }

    [Fact]
    public void Without_a_piece_function_ids_are_shown() => Assert.Contains("\"1 2 3 \" 3 tokens", ForestPrinter.Print(Forest.OfShape("3")));

    [Fact]
    public void Colour_is_off_unless_asked_for_and_changes_no_text()
    {
        var f = Forest.OfShape("3(1 2(1 1))");
        string plain = ForestPrinter.Print(f, Letters), colored = ForestPrinter.Print(f, Letters with { Color = true });
        Assert.DoesNotContain('\u001b', plain);
        Assert.Contains("\u001b[36m\"abc\"\u001b[0m", colored);
        Assert.Equal(plain, System.Text.RegularExpressions.Regex.Replace(colored, "\u001b\\[[0-9]+m", ""));
    }

    [Fact]
    public void A_tone_colours_texts_by_its_sign()
    {
        var f = Forest.OfShape("1(1 1 1)");
        double[] tone = [0, 2.5, -1, double.NaN];
        string[] lines = ForestPrinter.PrintNode(f, 0, Letters with { Color = true, Tone = node => tone[node] }).Split('\n');
        Assert.Contains("\u001b[36m\"", lines[0]);
        Assert.Contains("\u001b[32m\"", lines[1]);
        Assert.Contains("\u001b[31m\"", lines[2]);
        Assert.Contains("\u001b[2m\"", lines[3]);
    }

    [Fact]
    public void Broken_options_and_indices_are_named()
    {
        var f = Forest.OfShape("1");
        Assert.Contains("must be at least 8 characters", Assert.Throws<ArgumentOutOfRangeException>(() => ForestPrinter.Print(f, Letters with { MaxText = 7 })).Message);
        Assert.Contains("Piece = null", Assert.Throws<ArgumentException>(() => ForestPrinter.Print(f, Letters with { Piece = null! })).Message);
        Assert.Contains("prompt = 1: must be a prompt, 0 .. 0", Assert.Throws<ArgumentOutOfRangeException>(() => ForestPrinter.PrintPrompt(f, 1)).Message);
        Assert.Contains("node = 4: must be a node, 0 .. 0", Assert.Throws<ArgumentOutOfRangeException>(() => ForestPrinter.PrintNode(f, 4)).Message);
    }
}
