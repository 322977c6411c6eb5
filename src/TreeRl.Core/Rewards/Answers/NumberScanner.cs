using System;

namespace TreeRl.Rewards.Answers;

/// <summary>Finds numbers in running text in one pass.</summary>
internal static class NumberScanner
{
    /// <summary>The first number as written, or null.</summary>
    public static string? First(string text)
    {
        for (int i = 0; i < text.Length; i++)
            if (Starts(text, i)) return text[Signed(text, i)..End(text, i)];
        return null;
    }

    /// <summary>The last number as written, or null.</summary>
    public static string? Last(string text) => LastAt(text, out int end) is var start and >= 0 ? text[start..end] : null;

    /// <summary>Where the last number begins, or -1.</summary>
    public static int LastAt(string text) => LastAt(text, out _);

    /// <summary>The only number as written, or null when there are none or several.</summary>
    public static string? Only(string text)
    {
        int start = LastAt(text, out int end);
        return start >= 0 && First(text[..start]) is null ? text[start..end] : null;
    }

    private static int LastAt(string text, out int end)
    {
        int start = -1;
        end = -1;
        for (int i = 0; i < text.Length; i++)
        {
            if (!Starts(text, i)) continue;
            start = Signed(text, i);
            end = End(text, i);
            i = end - 1;
        }
        return start;
    }

    /// <summary>True where a number begins; digits between letters, as in AZ2B, are part of a name.</summary>
    private static bool Starts(string text, int at) =>
        char.IsAsciiDigit(text[at]) && !(at > 0 && char.IsAsciiLetter(text[at - 1]) && Digits(text, at) is var stop && stop < text.Length && char.IsAsciiLetter(text[stop])) || text[at] == '.' && at + 1 < text.Length && char.IsAsciiDigit(text[at + 1]) && (at == 0 || !char.IsAsciiDigit(text[at - 1]));

    /// <summary>Includes a sign before the number, behind a currency too, that does not follow an operand.</summary>
    private static int Signed(string text, int at)
    {
        int sign = at - 1;
        if (sign > 0 && text[sign] == '$') sign--;
        if (sign < 0 || text[sign] is not ('-' or '−')) return at;
        int before = sign - 1;
        bool operand = before >= 0 && (char.IsLetterOrDigit(text[before]) || text[before] is ')' or ']' or '}' or '%');
        return operand ? at : sign;
    }

    private static int End(string text, int at)
    {
        int end = Digits(text, at);
        if (end - at <= 3 && end > at)
            while (end + 3 < text.Length && text[end] == ',' && Digits(text, end + 1) == end + 4) end += 4;
        if (DecimalComma.At(text, at, end) is var past and > 0) end = past;
        else if (end + 1 < text.Length && text[end] == '.' && char.IsAsciiDigit(text[end + 1])) end = Digits(text, end + 1);
        if (end + 1 < text.Length && text[end] == '/' && char.IsAsciiDigit(text[end + 1])) end = Digits(text, end + 1);
        if (end < text.Length && text[end] == '%') end++;
        else if (end + 1 < text.Length && text[end] == '\\' && text[end + 1] == '%') end += 2;
        return end;
    }

    private static int Digits(string text, int at)
    {
        while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
        return at;
    }
}
