using System;
using System.Text;

namespace TreeRl.Rewards.Answers;

/// <summary>
/// Brings an answer into the form the lexer reads: one spelling for Unicode symbols, no outer wrappers (dollar signs, boxes, bold marks, a
/// closing full stop), no phrase in front. One pass, linear in the length.
/// </summary>
internal static class AnswerCleaner
{
    private const int MaxWrappers = 24;

    private static readonly string[] Openings =
    [
        "therefore,", "therefore", "the final answer is", "final answer is", "final answer:", "the answer is", "the correct answer is",
        "answer is", "answer:", "answer", ":", "\\implies", "\\rightarrow", "\\therefore",
    ];

    /// <summary>The cleaned text, possibly empty.</summary>
    public static string Clean(string text)
    {
        string plain = Unwrap(Spell(text));
        foreach (string opening in Openings)
            if (plain.Length > opening.Length && plain.StartsWith(opening, StringComparison.OrdinalIgnoreCase)
                && !(char.IsLetter(opening[^1]) && char.IsLetter(plain[opening.Length])))
                plain = Unwrap(plain[opening.Length..]);
        return plain;
    }

    /// <summary>One spelling for symbols that Unicode offers in several; doubled backslashes of escaped text made single.</summary>
    private static string Spell(string text)
    {
        bool rows = text.Contains("\\begin", StringComparison.Ordinal);
        var builder = new StringBuilder(text.Length + 16);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '\\' && !rows && i + 2 < text.Length && text[i + 1] == '\\' && char.IsAsciiLetter(text[i + 2])) continue;
            if (c == '\\' && i + 5 < text.Length && char.IsAsciiLetter(text[i + 5]) && string.CompareOrdinal(text, i, "\\quad", 0, 5) == 0)
            {
                builder.Append(' '); // a space that ran into the letter behind it
                i += 4;
                continue;
            }
            if (c is >= '！' and <= '～') c = (char)(c - '！' + '!'); // full-width forms
            if (c < 128 && c >= ' ' && c != '"' && c != '`') builder.Append(c);
            else if (UnicodeSpelling.Of(c) is { } spelling) builder.Append(spelling);
            else if (char.IsWhiteSpace(c) || char.IsControl(c) || c is '\u200b' or '\ufeff' or '\u2061' or '\u2062') builder.Append(' ');
            else builder.Append(c);
        }
        return builder.ToString();
    }

    /// <summary>Drops white space, full stops and wrappers around the whole.</summary>
    private static string Unwrap(string text)
    {
        int start = 0, end = text.Length;
        for (int layer = 0; layer < MaxWrappers; layer++)
        {
            int before = end - start;
            while (start < end && (text[start] is ' ' or ',' or ';' || text[start] == '.' && !(start + 1 < end && char.IsAsciiDigit(text[start + 1])))) start++;
            while (end > start && text[end - 1] is ' ' or '.' or ',' or ';' or ':' or '?' && !Escaped(text, start, end - 1) && !EndsWith(text, start, end, "...")) end--;
            if (EndsWith(text, start, end, "\\")) end--;
            if (EndsWith(text, start, end, "**") && !StartsWith(text, start, end, "**")) end -= 2;
            Pair(text, ref start, ref end, "**", "**");
            Pair(text, ref start, ref end, "$", "$");
            Pair(text, ref start, ref end, "\\(", "\\)");
            Pair(text, ref start, ref end, "\\[", "\\]");
            Box(text, ref start, ref end);
            if (end - start == before) break;
        }
        return text[start..end];
    }

    private static bool Escaped(string text, int start, int index) => index > start && text[index - 1] == '\\';

    private static void Pair(string text, ref int start, ref int end, string open, string close)
    {
        if (end - start < open.Length + close.Length || !StartsWith(text, start, end, open) || !EndsWith(text, start, end, close)) return;
        if (open == "$" && (Escaped(text, start, end - 1) || text.AsSpan(start + 1, end - start - 2).Contains('$') && text[start + 1] != '$')) return;
        if (open == "**" && text.AsSpan(start + 2, end - start - 4).Contains("**", StringComparison.Ordinal)) return;
        start += open.Length;
        end -= close.Length;
    }

    private static void Box(string text, ref int start, ref int end)
    {
        foreach (string name in (ReadOnlySpan<string>)["\\boxed{", "\\fbox{", "boxed{"])
        {
            if (!StartsWith(text, start, end, name) || text[end - 1] != '}') continue;
            int depth = 0;
            for (int i = start + name.Length - 1; i < end; i++)
            {
                if (text[i] == '\\') i++;
                else if (text[i] == '{') depth++;
                else if (text[i] == '}' && --depth == 0 && i < end - 1) return; // the box closes before the end
            }
            if (depth != 0) return;
            start += name.Length;
            end--;
            return;
        }
    }

    private static bool StartsWith(string text, int start, int end, string part) =>
        text.AsSpan(start, end - start).StartsWith(part, StringComparison.Ordinal);

    private static bool EndsWith(string text, int start, int end, string part) =>
        text.AsSpan(start, end - start).EndsWith(part, StringComparison.Ordinal);
}
