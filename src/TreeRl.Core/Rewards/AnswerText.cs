using System;
using System.Text.RegularExpressions;

namespace TreeRl.Rewards;

/// <summary>Finds the final answer in a text, and compares numbers as they are written, without rounding.</summary>
public static partial class AnswerText
{
    /// <summary>
    /// The final answer of a text: what follows the last '#' up to the end of its line, trimmed; null when there is no '#'. So both <c>#41</c> and
    /// GSM8K's <c>#### 41</c> give <c>41</c>.
    /// </summary>
    public static string? AfterHash(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int hash = text.LastIndexOf('#');
        if (hash < 0) return null;
        int end = text.IndexOf('\n', hash);
        return (end < 0 ? text[(hash + 1)..] : text[(hash + 1)..end]).Trim();
    }

    /// <summary>
    /// The last number in a text in canonical form, or null. A minus that follows a digit or a closing bracket is an operator, no sign.
    /// </summary>
    public static string? LastNumber(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string? last = null;
        foreach (var match in NumberInText().EnumerateMatches(text)) last = Canonical(text.AsSpan(match.Index, match.Length));
        return last;
    }

    /// <summary>The number that <see cref="AfterHash"/> finds, and without a '#' the <see cref="LastNumber"/>; null when there is none.</summary>
    public static string? FinalNumber(string text) => AfterHash(text) is { } answer ? Number(answer) : LastNumber(text);

    /// <summary>
    /// The canonical form of a text that is one number and nothing else, or null: an optional sign and $, digits with or without thousands commas, an
    /// optional fraction, an optional closing % or full stop. Numbers are equal exactly when their canonical forms are.
    /// </summary>
    public static string? Number(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var match = WholeNumber().Match(text.Trim());
        return match.Success ? Canonical($"{match.Groups[1].ValueSpan}{match.Groups[2].ValueSpan}") : null;
    }

    private static string Canonical(ReadOnlySpan<char> number)
    {
        string digits = number.ToString().Replace(",", "", StringComparison.Ordinal);
        bool negative = digits.StartsWith('-');
        digits = digits.TrimStart('-', '+');
        int point = digits.IndexOf('.');
        string whole = (point < 0 ? digits : digits[..point]).TrimStart('0');
        string fraction = point < 0 ? "" : digits[(point + 1)..].TrimEnd('0');
        if (whole.Length == 0) whole = "0";
        string value = fraction.Length == 0 ? whole : $"{whole}.{fraction}";
        return negative && value != "0" ? "-" + value : value;
    }

    [GeneratedRegex(@"(?:(?<![0-9.)\]])-)?(?:(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+)", RegexOptions.CultureInvariant)]
    private static partial Regex NumberInText();

    [GeneratedRegex(@"\A([+-]?)\$?((?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+)[%.]?\z", RegexOptions.CultureInvariant)]
    private static partial Regex WholeNumber();
}
