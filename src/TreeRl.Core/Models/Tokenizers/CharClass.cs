using System;
using System.Globalization;
using System.Text;

namespace TreeRl.Models;

/// <summary>What the pre-tokenizer patterns can tell apart: <c>\p{L}</c>, <c>\p{N}</c>, <c>\s</c> and everything else.</summary>
internal enum CharKind : byte
{
    /// <summary>Neither letter, number nor white space.</summary>
    Other,

    /// <summary><c>\p{L}</c>: categories Lu, Ll, Lt, Lm, Lo.</summary>
    Letter,

    /// <summary><c>\p{N}</c>: categories Nd, Nl, No.</summary>
    Number,

    /// <summary><c>\s</c>: the property White_Space (25 characters, all of one UTF-16 unit).</summary>
    Space,
}

/// <summary>Classes of characters, by the Unicode version of the runtime (16.0 in .NET 10).</summary>
internal static class CharClass
{
    private static readonly CharKind[] Ascii = BuildAscii();

    /// <summary>The kind of the character at <paramref name="index"/> and its length in UTF-16 units (1 or 2).</summary>
    public static CharKind KindAt(ReadOnlySpan<char> text, int index, out int units)
    {
        char first = text[index];
        units = 1;
        if (first < 128) return Ascii[first];
        if (char.IsHighSurrogate(first) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]))
        {
            units = 2;
            return KindOf(char.ConvertToUtf32(first, text[index + 1]));
        }
        return KindOf(first);
    }

    /// <summary>True for what regular expressions call a word character: alphabetic, mark, decimal digit, connector or joiner.</summary>
    public static bool IsWord(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
            or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter or UnicodeCategory.LetterNumber
            or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
            or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.ConnectorPunctuation => true,
        // The joiners, and the circled and squared Latin letters, which are symbols with the property Alphabetic.
        _ => rune.Value is 0x200C or 0x200D or (>= 0x24B6 and <= 0x24E9)
            or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189),
    };

    private static CharKind KindOf(int codePoint) => CharUnicodeInfo.GetUnicodeCategory(codePoint) switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
            or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => CharKind.Letter,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => CharKind.Number,
        _ => codePoint <= char.MaxValue && char.IsWhiteSpace((char)codePoint) ? CharKind.Space : CharKind.Other,
    };

    private static CharKind[] BuildAscii()
    {
        var kinds = new CharKind[128];
        for (int value = 0; value < kinds.Length; value++) kinds[value] = KindOf(value);
        return kinds;
    }
}
