using System;
using System.Collections.Generic;

namespace TreeRl.Rewards.Answers;

/// <summary>Finds boxes in one pass.</summary>
internal static class BoxScanner
{
    private const int LongestJoin = 80;
    private static readonly string[] Names = ["boxed", "fbox", "framebox"];
    private static readonly HashSet<string> Joins = new(StringComparer.Ordinal) { "and", "or", "text", "textrm", "mathrm", "mbox", "quad", "qquad", "left", "right" };

    /// <summary>A closed outermost box: the whole and its content.</summary>
    internal sealed record Box(int Start, int ContentStart, int ContentEnd, int End);

    /// <summary>The closed boxes that are not inside another one, in the order of the text.</summary>
    public static List<Box> Boxes(string text)
    {
        var found = new List<Box>();
        var open = new List<int>(); // per open brace where the box begins, or -1, and where its content does
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '{') Push(-1, i + 1);
            else if (c == '}')
            {
                if (open.Count == 0) continue;
                int begin = open[^2], content = open[^1];
                open.RemoveRange(open.Count - 2, 2);
                if (begin >= 0) Add(found, new Box(begin, content, i, i + 1));
            }
            else if (c == '\\' || c == 'b' && (i == 0 || !char.IsLetter(text[i - 1]) && text[i - 1] != '\\'))
            {
                int name = c == '\\' ? i + 1 : i;
                if (c == '\\' && name < text.Length && text[name] == '\\' && NameLength(text, name + 1) > 0) name++; // a backslash that was escaped once more
                int length = NameLength(text, name);
                if (length == 0)
                {
                    if (c == '\\') i++; // an escaped character, braces included
                    continue;
                }
                int next = name + length;
                while (next < text.Length && text[next] is ' ' or '\n') next++;
                if (next < text.Length && text[next] == '{')
                {
                    Push(i, next + 1);
                    i = next;
                }
                else if (c == '\\' && next < text.Length)
                {
                    int end = UnbracedEnd(text, next);
                    if (end > next) Add(found, new Box(i, next, end, end));
                    i = Math.Max(end, next) - 1;
                }
            }
        }
        return found;

        void Push(int begin, int content)
        {
            open.Add(begin);
            open.Add(content);
        }
    }

    /// <summary>True when nothing but joining words, marks, space and the name of what follows (<c>y_2 =</c>) stands between two boxes.</summary>
    public static bool IsJoining(string text, int from, int to)
    {
        if (to - from > LongestJoin) return false;
        int end = to;
        while (end > from && text[end - 1] == ' ') end--;
        if (end > from && text[end - 1] == '=') end = Name(text, from, end - 1);
        for (int i = from; i < end; i++)
        {
            char c = text[i];
            if (c is ' ' or ',' or ';' or '$' or '\n' or '{' or '}' or '*' or '(' or ')' or '[' or ']') continue;
            int word = i;
            if (c == '\\') word++;
            int stop = word;
            while (stop < end && char.IsAsciiLetter(text[stop])) stop++;
            if (c == '\\' && stop == word && word < end && text[word] is ' ' or ',' or ';' or ':' or '!' or '\\' or '(' or ')' or '[' or ']') stop = word + 1;
            if (stop == word || char.IsAsciiLetter(text[word]) && !Joins.Contains(text[word..stop])) return false;
            i = stop - 1;
        }
        return true;
    }

    /// <summary>Where the name before an equals sign begins: a letter with its subscript; the sign's own place when there is none.</summary>
    private static int Name(string text, int from, int equals)
    {
        int at = equals;
        while (at > from && text[at - 1] == ' ') at--;
        int end = at;
        while (at > from && (char.IsAsciiLetterOrDigit(text[at - 1]) || text[at - 1] is '_' or '{' or '}' or '\'') && end - at < 8) at--;
        while (at < end && !char.IsAsciiLetter(text[at])) at++;
        return at < end ? at : equals + 1;
    }

    private static void Add(List<Box> found, Box box)
    {
        while (found.Count > 0 && found[^1].Start > box.Start) found.RemoveAt(found.Count - 1); // inside this one
        found.Add(box);
    }

    private static int NameLength(string text, int at)
    {
        foreach (string name in Names)
            if (string.CompareOrdinal(text, at, name, 0, name.Length) == 0 && !(at + name.Length < text.Length && char.IsAsciiLetter(text[at + name.Length])))
                return name.Length;
        return 0;
    }

    /// <summary>End of a box without braces: a sign, digits and letters up to white space or a dollar sign.</summary>
    private static int UnbracedEnd(string text, int at)
    {
        int end = at;
        while (end < text.Length && (char.IsLetterOrDigit(text[end]) || text[end] is '-' or '+' or '/' || text[end] is '.' or ',' && end + 1 < text.Length && char.IsAsciiDigit(text[end + 1])))
            end++;
        return end;
    }
}
