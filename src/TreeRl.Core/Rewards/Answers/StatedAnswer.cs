using System;
using System.Text;

namespace TreeRl.Rewards.Answers;

/// <summary>Finds answers announced in words, and mathematics between delimiters.</summary>
internal static class StatedAnswer
{
    private static readonly string[] Phrases =
        ["answer is", "answers are", "answer:", "answers:", "answer is:", "answer =", "answer**:", "answer :", "result is", "solution is", "answer would be", "answer must be"];

    // what begins a remark behind the answer
    private static readonly string[] Reasons =
        [" because ", " since ", ", which", ", so ", ", where", " (or ", " (since", " (because", ", as ", ", with ", " where ", ", because", ", since"];

    private static readonly (string Open, string Close)[] Delimiters = [("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]")];

    /// <summary>What follows the last phrase that announces an answer, or null. A line that begins with "A:" announces one too.</summary>
    public static string? Last(string text)
    {
        int end = LetterLine(text);
        foreach (string phrase in Phrases)
        {
            int at = text.LastIndexOf(phrase, StringComparison.OrdinalIgnoreCase);
            if (at >= 0 && at + phrase.Length > end) end = at + phrase.Length;
        }
        return end < 0 ? null : Statement(text, end);
    }

    /// <summary>What follows "A:" at the beginning of the last such line, or null.</summary>
    public static string? OnLetterLine(string text) => LetterLine(text) is var at and >= 0 ? Statement(text, at) : null;

    /// <summary>The last piece of mathematics in dollar signs, \( \) or \[ \], or null; and where it ends.</summary>
    public static string? LastMathematics(string text, out int end)
    {
        int start = -1;
        end = -1;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] is not ('$' or '\\')) continue;
            if (!Opens(text, i, out int length, out string close))
            {
                if (text[i] == '\\') i++;
                continue;
            }
            int closing = Closing(text, close, i + length);
            if (closing < 0) break;
            if (text.AsSpan(i + length, closing - i - length).Trim().Length > 0)
            {
                start = i + length;
                end = closing;
            }
            i = closing + close.Length - 1;
        }
        return start < 0 ? null : text[start..end].Trim();
    }

    /// <summary>True when a sentence ends, or a line, between two places.</summary>
    public static bool SentenceEndsBetween(string text, int from, int to)
    {
        int after = from;
        while (after < to && text[after] is '$' or '\\' or ')' or ']' or ' ') after++;
        return to > from && (SentenceEnd(text, from) < to || after < to && char.IsUpper(text[after]));
    }

    /// <summary>The place behind "A:" at the beginning of the last line that has it, or -1; choices, which go on with "B:", do not count.</summary>
    private static int LetterLine(string text)
    {
        for (int at = text.LastIndexOf("A:", StringComparison.Ordinal); at >= 0; at = at == 0 ? -1 : text.LastIndexOf("A:", at - 1, StringComparison.Ordinal))
            if (at == 0 || text[at - 1] == '\n') return text.IndexOf("\nB:", at, StringComparison.Ordinal) < 0 ? at + 2 : -1;
        return -1;
    }

    private static bool Opens(string text, int at, out int length, out string close)
    {
        foreach ((string open, string closing) in Delimiters)
        {
            if (string.CompareOrdinal(text, at, open, 0, open.Length) != 0) continue;
            length = open.Length;
            close = closing;
            return true;
        }
        length = 0;
        close = "";
        return false;
    }

    /// <summary>The next closing delimiter that is no escaped dollar sign, or -1.</summary>
    private static int Closing(string text, string close, int from)
    {
        int closing = text.IndexOf(close, from, StringComparison.Ordinal);
        while (close[0] == '$' && closing > 0 && text[closing - 1] == '\\') closing = text.IndexOf(close, closing + 1, StringComparison.Ordinal);
        return closing;
    }

    private static string? Statement(string text, int at)
    {
        while (at < text.Length && (char.IsWhiteSpace(text[at]) || text[at] is ':' or '*' or '=')) at++;
        if (at >= text.Length) return null;
        var pieces = new StringBuilder();
        int next = at;
        while (next < text.Length && Opens(text, next, out int length, out string close))
        {
            if (close == "$" && next + 1 < text.Length && char.IsAsciiDigit(text[next + 1]) && ClosesAsPrice(text, next)) break;
            int closing = Closing(text, close, next + length);
            if (closing < 0) break;
            if (pieces.Length > 0) pieces.Append(", ");
            pieces.Append(text, next + length, closing - next - length);
            next = closing + close.Length;
            int joined = AfterJoin(text, next);
            if (joined == next) break;
            next = joined;
        }
        if (pieces.Length > 0) return Trimmed(pieces.ToString() + Unit(text, next));
        string sentence = text[at..SentenceEnd(text, at)];
        int reason = sentence.Length;
        foreach (string word in Reasons)
            if (sentence.IndexOf(word, StringComparison.OrdinalIgnoreCase) is var found and > 0 && found < reason) reason = found;
        return Trimmed(sentence[..reason]);
    }

    /// <summary>True when a dollar sign before digits has no partner in its sentence: it is a currency.</summary>
    private static bool ClosesAsPrice(string text, int at)
    {
        int partner = text.IndexOf('$', at + 1), end = SentenceEnd(text, at + 1);
        return partner < 0 || partner > end;
    }

    /// <summary>The position behind ", " or " and " when mathematics follows there, else the same position.</summary>
    private static int AfterJoin(string text, int at)
    {
        int next = at;
        while (next < text.Length && next - at < 12 && (text[next] is ' ' or ',' || Word(text, next, "and") || Word(text, next, "or")))
            next += Word(text, next, "and") ? 3 : Word(text, next, "or") ? 2 : 1;
        return next > at && next < text.Length && Opens(text, next, out _, out _) ? next : at;
    }

    private static bool Word(string text, int at, string word) => string.CompareOrdinal(text, at, word, 0, word.Length) == 0;

    /// <summary>A percent or degree sign, or nothing, right behind the mathematics.</summary>
    private static string Unit(string text, int at) => at < text.Length && text[at] is '%' or '°' ? text[at].ToString() : "";

    /// <summary>The end of the line or of the sentence: a full stop that white space or nothing follows.</summary>
    private static int SentenceEnd(string text, int at)
    {
        for (int i = at; i < text.Length; i++)
        {
            if (text[i] == '\n') return i;
            if (text[i] == '.' && (i + 1 == text.Length || char.IsWhiteSpace(text[i + 1]))) return i;
        }
        return text.Length;
    }

    private static string? Trimmed(string found)
    {
        string plain = found.Trim().Trim('*', ' ', '`');
        return plain.Length == 0 ? null : plain;
    }
}
