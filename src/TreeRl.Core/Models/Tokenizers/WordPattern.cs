using System;

namespace TreeRl.Models;

/// <summary>
/// The pre-tokenizer patterns of the byte-level families, as scanners that visit every character a constant number of times. Each equals its regular expression
/// (leftmost match, alternatives in order), named by its published text.
/// </summary>
internal sealed class WordPattern
{
    private const string Gpt2Text = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private const string Llama3Text =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string QwenText =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private readonly bool gpt2;
    private readonly int maxDigits;

    private WordPattern(bool gpt2, int maxDigits)
    {
        this.gpt2 = gpt2;
        this.maxDigits = maxDigits;
    }

    /// <summary>GPT-2: words and numbers with one leading space, contractions in lower case.</summary>
    public static WordPattern Gpt2 { get; } = new(gpt2: true, maxDigits: int.MaxValue);

    /// <summary>Llama 3: numbers in groups of up to three digits, line ends with the punctuation before them, contractions in any case.</summary>
    public static WordPattern Llama3 { get; } = new(gpt2: false, maxDigits: 3);

    /// <summary>Qwen 2 and 3: as Llama 3 with one digit a piece.</summary>
    public static WordPattern Qwen { get; } = new(gpt2: false, maxDigits: 1);

    /// <summary>The scanner for a published pattern, or null when the text is none of the three.</summary>
    public static WordPattern? Find(string regularExpression) => regularExpression switch
    {
        Gpt2Text => Gpt2,
        Llama3Text => Llama3,
        QwenText => Qwen,
        _ => null,
    };

    /// <summary>The end of the piece that starts at <paramref name="start"/>; pieces follow each other without a gap.</summary>
    /// <param name="text">Well-formed UTF-16.</param>
    /// <param name="start">At least 0, less than the length.</param>
    public int Next(ReadOnlySpan<char> text, int start) => gpt2 ? NextGpt2(text, start) : NextLlama(text, start);

    private static int NextGpt2(ReadOnlySpan<char> text, int start)
    {
        if (text[start] == '\'')
        {
            int contraction = Contraction(text[(start + 1)..], anyCase: false);
            if (contraction > 0) return start + 1 + contraction;
        }
        int body = text[start] == ' ' && start + 1 < text.Length ? start + 1 : start;
        CharKind kind = CharClass.KindAt(text, body, out _);
        return kind == CharKind.Space ? EndOfSpace(text, start, EndOfRun(text, start, CharKind.Space)) : EndOfRun(text, body, kind);
    }

    private int NextLlama(ReadOnlySpan<char> text, int start)
    {
        char first = text[start];
        if (first == '\'')
        {
            int contraction = Contraction(text[(start + 1)..], anyCase: true);
            if (contraction > 0) return start + 1 + contraction;
        }
        CharKind kind = CharClass.KindAt(text, start, out int units);
        if (kind == CharKind.Letter) return EndOfRun(text, start, CharKind.Letter);
        if (kind == CharKind.Number) return EndOfDigits(text, start);

        int next = start + units;
        CharKind nextKind = next < text.Length ? CharClass.KindAt(text, next, out _) : CharKind.Space;
        if (nextKind == CharKind.Letter && first is not ('\r' or '\n')) return EndOfRun(text, next, CharKind.Letter);

        int body = first == ' ' && nextKind == CharKind.Other ? next : start;
        if (body != start || kind == CharKind.Other)
        {
            int end = EndOfRun(text, body, CharKind.Other);
            while (end < text.Length && text[end] is '\r' or '\n') end++;
            return end;
        }

        int endOfRun = EndOfRun(text, start, CharKind.Space);
        int lastLineEnd = text[start..endOfRun].LastIndexOfAny('\r', '\n');
        return lastLineEnd >= 0 ? start + lastLineEnd + 1 : EndOfSpace(text, start, endOfRun);
    }

    /// <summary>White space before a word leaves its last character to the word; at the end of the text, or alone, it is taken whole.</summary>
    private static int EndOfSpace(ReadOnlySpan<char> text, int start, int endOfRun) =>
        endOfRun == text.Length || endOfRun - start == 1 ? endOfRun : endOfRun - 1;

    private static int EndOfRun(ReadOnlySpan<char> text, int start, CharKind kind)
    {
        int end = start;
        while (end < text.Length && CharClass.KindAt(text, end, out int units) == kind) end += units;
        return end;
    }

    private int EndOfDigits(ReadOnlySpan<char> text, int start)
    {
        int end = start;
        for (int digit = 0; digit < maxDigits && end < text.Length; digit++)
        {
            if (CharClass.KindAt(text, end, out int units) != CharKind.Number) break;
            end += units;
        }
        return end;
    }

    /// <summary>Length of s, t, re, ve, m, ll or d at the start of <paramref name="rest"/>, or 0.</summary>
    private static int Contraction(ReadOnlySpan<char> rest, bool anyCase)
    {
        if (rest.IsEmpty) return 0;
        char first = Fold(rest[0], anyCase);
        if (first is 's' or 't' or 'm' or 'd') return 1;
        if (rest.Length < 2) return 0;
        char second = Fold(rest[1], anyCase);
        return (first, second) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 2 : 0;
    }

    /// <summary>Simple case folding as far as the contractions need it: A-Z, and the long s, which folds to s.</summary>
    private static char Fold(char letter, bool anyCase)
    {
        if (!anyCase) return letter;
        return letter switch
        {
            >= 'A' and <= 'Z' => (char)(letter | 0x20),
            '\u017F' => 's',
            _ => letter,
        };
    }
}
