using System;
using System.Collections.Generic;

namespace TreeRl.Rewards.Answers;

/// <summary>Finds boxes in one pass.</summary>
internal static class BoxScanner
{
    private static readonly string[] Names = ["boxed", "fbox", "framebox"];

    /// <summary>A closed outermost box: the whole and its content.</summary>
    internal readonly record struct Box(int Start, int ContentStart, int ContentEnd, int End);

    /// <summary>The closed boxes that are not inside another one, in the order of the text.</summary>
    public static List<Box> Boxes(string text)
    {
        var found = new List<Box>();
        var open = new Stack<(int Start, int Content, bool IsBox)>(); // one entry per open brace
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '{') open.Push((i, i + 1, false));
            else if (c == '}')
            {
                if (open.Count > 0 && open.Pop() is { IsBox: true } box) Add(found, new Box(box.Start, box.Content, i, i + 1));
            }
            else if (c == '\\' || c == 'b' && (i == 0 || !char.IsLetter(text[i - 1]) && text[i - 1] != '\\'))
            {
                int name = c == '\\' ? i + 1 : i;
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
                    open.Push((i, next + 1, true));
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
    }

    /// <summary>True when nothing but joining words and marks stands between two boxes.</summary>
    public static bool IsJoining(string text, int from, int to)
    {
        if (to - from > 40) return false;
        string between = text[from..to].Replace("\\text", "", StringComparison.Ordinal).Replace("and", "", StringComparison.Ordinal)
            .Replace("or", "", StringComparison.Ordinal);
        foreach (char c in between)
            if (!(c is ' ' or ',' or ';' or '$' or '\n' or '{' or '}' or '*' or '\\' or '(' or ')')) return false;
        return true;
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
