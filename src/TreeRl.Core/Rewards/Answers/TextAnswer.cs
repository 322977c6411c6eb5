using System;
using System.Collections.Generic;
using System.Text;

namespace TreeRl.Rewards.Answers;

/// <summary>Answers in words: normal form, choice letters, number words.</summary>
internal static class TextAnswer
{
    private static readonly Dictionary<string, string> Synonyms = Map(
        "dne:doesnotexist nosolutions:nosolution norealsolution:nosolution norealsolutions:nosolution emptyset:nosolution none:nosolution "
        + "noroots:nosolution norealroots:nosolution theemptyset:nosolution infinite:infinity infinitelymany:infinity infty:infinity "
        + "infinitelymanysolutions:infinity allrealnumbers:reals allreals:reals realnumbers:reals allrealnumbersx:reals mathbbr:reals "
        + "notdefined:undefined notpossible:impossible");

    private static readonly string[] Units =
    [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
        "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
    ];

    private static readonly string[] Tens = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

    /// <summary>Lower case, without LaTeX, spaces and punctuation; articles in front dropped; well-known synonyms made one.</summary>
    public static string Normal(string text)
    {
        var builder = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '\\' && i + 1 < text.Length && char.IsAsciiLetter(text[i + 1]))
            {
                int end = i + 1;
                while (end < text.Length && char.IsAsciiLetter(text[end])) end++;
                string command = text[(i + 1)..end];
                if (!Vocabulary.TextBlocks.Contains(command) && !Vocabulary.Decoration.Contains(command)) builder.Append(command);
                i = end - 1;
            }
            else if (char.IsLetterOrDigit(c)) builder.Append(char.ToLowerInvariant(c));
            else if (c is '+' or '-' or '*' or '/' or '^' or '_' or '=' or '<' or '>' or '(' or ')' or '[' or ']' or '!' or '|') builder.Append(c);
            else if (c is '.' && i + 1 < text.Length && char.IsAsciiDigit(text[i + 1])) builder.Append(c);
            else if (c is ' ' && builder.Length > 0 && builder.Length <= 3 && builder.ToString() is "the" or "a" or "an") builder.Clear();
        }
        string normal = builder.ToString();
        while (normal.Length > 2 && normal[0] == '(' && normal[^1] == ')' && normal.IndexOf(')') == normal.Length - 1) normal = normal[1..^1];
        return Synonyms.GetValueOrDefault(normal, normal);
    }

    /// <summary>
    /// The letter of a multiple choice answer: <c>C</c>, <c>(C)</c>, <c>C)</c>, <c>C.</c>, <c>Option C</c>, each alone or, when marked by a
    /// bracket or point, followed by the text of the choice (<paramref name="rest"/>). Null when it is none.
    /// </summary>
    public static char? Choice(string text, out string rest)
    {
        rest = "";
        string plain = text.Trim();
        foreach (string word in (ReadOnlySpan<string>)["\\text{", "\\textbf{", "\\mathrm{", "\\mathbf{", "\\mbox{", "\\textrm{", "{", "\\rm ", "\\bf "])
            if (plain.StartsWith(word, StringComparison.Ordinal))
            {
                int close = word[^1] == '{' ? plain.IndexOf('}') : -1;
                plain = (close > 0 ? plain[word.Length..close] + " " + plain[(close + 1)..] : plain[word.Length..]).Trim();
            }
        foreach (string word in (ReadOnlySpan<string>)["option ", "choice ", "answer "])
            if (plain.StartsWith(word, StringComparison.OrdinalIgnoreCase)) plain = plain[word.Length..].TrimStart();
        plain = plain.TrimStart('*', ' ');
        int at = plain.StartsWith('(') || plain.StartsWith('[') ? 1 : 0;
        while (at < plain.Length && plain[at] == ' ') at++;
        if (at >= plain.Length || plain[at] is not (>= 'A' and <= 'J')) return null;
        char letter = plain[at];
        bool opened = plain[0] is '(' or '[';
        int after = at + 1;
        while (after < plain.Length && plain[after] == ' ') after++;
        if (after >= plain.Length) return opened ? null : letter;
        bool marked = opened ? plain[after] is ')' or ']' : plain[after] is ')' or '.' or ':';
        if (!marked) return null;
        rest = plain[(after + 1)..].Replace("\\qquad", "", StringComparison.Ordinal).Replace("\\quad", "", StringComparison.Ordinal)
            .Trim(' ', '\\', ':', '.', '*', '}');
        if (rest.Length > 0 && rest[0] is '+' or '-' or '*' or '/' or '^' or '=' or '(') rest = opened ? "" : rest;
        return opened && rest.Length == 0 && plain.Length > after + 2 && plain[(after + 1)..].Trim().Length > 1 ? null : letter;
    }

    /// <summary>The value of a number word up to ninety-nine, or null.</summary>
    public static int? WordValue(string text)
    {
        string lower = text.Trim().ToLowerInvariant();
        if (lower.Length > 20) return null;
        int index = Array.IndexOf(Units, lower);
        if (index >= 0) return index;
        if (lower is "hundred" or "one hundred") return 100;
        for (int ten = 0; ten < Tens.Length; ten++)
        {
            if (!lower.StartsWith(Tens[ten], StringComparison.Ordinal)) continue;
            string rest = lower[Tens[ten].Length..].TrimStart('-', ' ');
            if (rest.Length == 0) return (ten + 2) * 10;
            index = Array.IndexOf(Units, rest);
            return index is >= 1 and <= 9 ? (ten + 2) * 10 + index : null;
        }
        return null;
    }

    private static Dictionary<string, string> Map(string pairs)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string pair in pairs.Split(' ')) map[pair[..pair.IndexOf(':')]] = pair[(pair.IndexOf(':') + 1)..];
        return map;
    }
}
