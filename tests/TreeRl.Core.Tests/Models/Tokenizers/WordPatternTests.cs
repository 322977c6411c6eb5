using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using TreeRl.Models;
using Xunit;

namespace TreeRl.Tests.Models.Tokenizers;

public class WordPatternTests
{
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    private const string Llama3 = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Qwen = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    [Theory]
    [InlineData(Gpt2, "I'll  pay 1234 $, O'Neil's\n\n x", "I|'ll| | pay| 1234| $,| O|'|Neil|'s|\n\n| x")]
    [InlineData(Llama3, "I'LL  pay 1234 $,\n\nO'Neil's \n\n x", "I|'LL| | pay| |123|4| $,\n\n|O|'Neil|'s| \n\n| x")]
    [InlineData(Qwen, "I'LL  pay 1234'ſo", "I|'LL| | pay| |1|2|3|4|'ſ|o")]
    [InlineData(Llama3, "\U0001D7CE\U0001D7CF12 \U00010400\U00010401\U0001F600", "\U0001D7CE\U0001D7CF1|2| \U00010400\U00010401|\U0001F600")]
    public void Pieces_of_a_text(string pattern, string text, string expected) => Assert.Equal(expected.Split('|'), Pieces(WordPattern.Find(pattern)!, text));

    [Theory]
    [InlineData(Gpt2)]
    [InlineData(Llama3)]
    [InlineData(Qwen)]
    public void A_scanner_equals_its_regular_expression_on_texts_of_single_units(string pattern)
    {
        // The runtime's regular expressions see halves of surrogate pairs, and no long s in (?i:s): such texts are left to the golden data.
        var scanner = WordPattern.Find(pattern)!;
        var expression = new Regex(pattern, RegexOptions.CultureInvariant);
        int compared = 0;
        foreach (string text in Goldens.Texts.Where(text => text.Length < 500 && !text.Any(c => char.IsSurrogate(c) || c == '\u017F')))
        {
            Assert.Equal(expression.Matches(text).Select(match => match.Value), Pieces(scanner, text));
            compared++;
        }
        Assert.True(compared > 5000);
    }

    [Fact]
    public void Another_pattern_has_no_scanner() => Assert.Null(WordPattern.Find(@"\w+|\s+"));

    // In quadratic time these texts would take hours.
    [Theory]
    [InlineData("a")]
    [InlineData(" ")]
    [InlineData("\n")]
    [InlineData(" \n")]
    [InlineData("\n ")]
    [InlineData("\t")]
    [InlineData("1")]
    [InlineData("'")]
    [InlineData("!")]
    [InlineData("!\r")]
    [InlineData("\U0001F600")]
    [InlineData("\u0301")]
    public void A_million_of_the_same_are_cut_in_linear_time(string unit)
    {
        string text = string.Concat(Enumerable.Repeat(unit, 1_000_000));
        foreach (string pattern in new[] { Gpt2, Llama3, Qwen })
        {
            var scanner = WordPattern.Find(pattern)!;
            int end = 0;
            while (end < text.Length) end = scanner.Next(text, end);
            Assert.Equal(text.Length, end);
        }
    }

    private static List<string> Pieces(WordPattern pattern, string text)
    {
        var pieces = new List<string>();
        for (int start = 0, end; start < text.Length; start = end)
        {
            end = pattern.Next(text, start);
            pieces.Add(text[start..end]);
        }
        return pieces;
    }
}
