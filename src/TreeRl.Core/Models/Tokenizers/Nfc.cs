using System;
using System.Collections.Generic;
using System.Text;

namespace TreeRl.Models;

/// <summary>
/// Unicode normalisation form C. The runtime's own <see cref="string.Normalize()"/> leaves text as it is where globalisation is invariant, as it is in this
/// toolkit, so the form is computed here. Time is linear in the text, n log n in the length of a run of combining marks out of order.
/// </summary>
internal static class Nfc
{
    private const int HangulFirst = 0xAC00, LeadFirst = 0x1100, VowelFirst = 0x1161, TrailFirst = 0x11A7;
    private const int Leads = 19, Vowels = 21, Trails = 28, HangulCount = Leads * Vowels * Trails;

    /// <summary>The text in form C; the same object when every character is below U+0300, where nothing can change.</summary>
    /// <param name="text">Well-formed UTF-16.</param>
    public static string Apply(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\u0300', char.MaxValue)) return text;
        var points = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes()) Decompose(rune.Value, points);
        var classes = new List<int>(points.Count);
        foreach (int point in points) classes.Add(NfcTables.ClassOf(point));
        Order(points, classes);
        Compose(points, classes);
        var composed = new StringBuilder(text.Length);
        foreach (int point in points) composed.Append(new Rune(point));
        return composed.ToString();
    }

    private static void Decompose(int codePoint, List<int> into)
    {
        int syllable = codePoint - HangulFirst;
        if ((uint)syllable < HangulCount)
        {
            into.Add(LeadFirst + syllable / (Vowels * Trails));
            into.Add(VowelFirst + syllable % (Vowels * Trails) / Trails);
            if (syllable % Trails != 0) into.Add(TrailFirst + syllable % Trails);
        }
        else if (codePoint >= 0xC0 && NfcTables.Decompose(codePoint) is { } parts) into.AddRange(parts);
        else into.Add(codePoint);
    }

    /// <summary>Puts each run of combining marks in the order of their classes, keeping the order of equals.</summary>
    private static void Order(List<int> points, List<int> classes)
    {
        for (int start = 0; start < points.Count; start++)
        {
            if (classes[start] == 0) continue;
            int end = start + 1;
            bool ordered = true;
            for (; end < points.Count && classes[end] != 0; end++) ordered &= classes[end] >= classes[end - 1];
            if (!ordered) OrderRun(points, classes, start, end);
            start = end; // a starter or the end of the text
        }
    }

    private static void OrderRun(List<int> points, List<int> classes, int start, int end)
    {
        var keys = new long[end - start];
        var run = new int[end - start];
        for (int i = 0; i < run.Length; i++)
        {
            keys[i] = ((long)classes[start + i] << 32) | (uint)i;
            run[i] = points[start + i];
        }
        Array.Sort(keys, run);
        for (int i = 0; i < run.Length; i++)
        {
            points[start + i] = run[i];
            classes[start + i] = (int)(keys[i] >> 32);
        }
    }

    /// <summary>Joins each starter with the characters after it that are not blocked from it by one of the same or a higher class.</summary>
    private static void Compose(List<int> points, List<int> classes)
    {
        int kept = 0, starter = -1, lastClass = 0;
        for (int i = 0; i < points.Count; i++)
        {
            int point = points[i], pointClass = classes[i];
            bool blocked = starter < 0 || (lastClass != 0 && lastClass >= pointClass);
            int composed = blocked ? -1 : ComposePair(points[starter], point);
            if (composed >= 0)
            {
                points[starter] = composed;
                continue;
            }
            if (pointClass == 0) starter = kept;
            lastClass = pointClass;
            points[kept++] = point;
        }
        points.RemoveRange(kept, points.Count - kept);
    }

    private static int ComposePair(int first, int second)
    {
        int lead = first - LeadFirst, vowel = second - VowelFirst;
        if ((uint)lead < Leads && (uint)vowel < Vowels) return HangulFirst + (lead * Vowels + vowel) * Trails;
        int syllable = first - HangulFirst, trail = second - TrailFirst;
        if ((uint)syllable < HangulCount && syllable % Trails == 0 && trail is > 0 and < Trails) return first + trail;
        return NfcTables.Compose(first, second);
    }
}
