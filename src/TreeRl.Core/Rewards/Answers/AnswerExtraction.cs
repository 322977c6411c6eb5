using System;
using System.Collections.Generic;
using System.Linq;

namespace TreeRl.Rewards.Answers;

/// <summary>Where an extracted answer was found.</summary>
public enum AnswerPlace : byte
{
    /// <summary>In the last <c>\boxed{}</c> or <c>\fbox{}</c>.</summary>
    Box = 0,

    /// <summary>Behind the last <c>####</c>.</summary>
    Hashes,

    /// <summary>Behind the last "the answer is", "final answer:" or "answer:", or "A:" at the beginning of a line.</summary>
    Statement,

    /// <summary>The text as a whole is short enough to be an answer.</summary>
    Whole,

    /// <summary>In the last piece of mathematics between dollar signs or their like, unless a later sentence has a number.</summary>
    Mathematics,

    /// <summary>The last number of the text.</summary>
    LastNumber,
}

/// <summary>An answer found in a text.</summary>
/// <param name="Text">The answer as written, not empty.</param>
/// <param name="Place">Where it stood.</param>
public readonly record struct ExtractedAnswer(string Text, AnswerPlace Place);

/// <summary>
/// Finds the final answer in a solution text. Every method takes time linear in the text and returns null when it finds nothing. Where a text
/// has a reasoning part that ends in <c>&lt;/think&gt;</c>, <see cref="Final"/> looks behind it only.
/// </summary>
public static class AnswerExtraction
{
    private const int LongestWhole = 200;
    private const int MaxJoined = 8;
    private const string ThinkEnd = "</think>";

    private static readonly AnswerPlace[] AllPlaces =
        [AnswerPlace.Box, AnswerPlace.Statement, AnswerPlace.Hashes, AnswerPlace.Whole, AnswerPlace.Mathematics, AnswerPlace.LastNumber];

    /// <summary>Every place, surest first.</summary>
    public static IReadOnlyList<AnswerPlace> AnyPlace => AllPlaces;

    /// <summary>The answer at the first of the places where there is one; null when there is none at any.</summary>
    /// <param name="text">The solution.</param>
    /// <param name="places">The places to look at, in order; null for <see cref="AnyPlace"/>.</param>
    public static ExtractedAnswer? Final(string text, IReadOnlyList<AnswerPlace>? places = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        int think = text.LastIndexOf(ThinkEnd, StringComparison.Ordinal);
        if (think >= 0) text = text[(think + ThinkEnd.Length)..];
        foreach (AnswerPlace place in places ?? AllPlaces)
        {
            string? found = place switch
            {
                AnswerPlace.Box => LastBoxed(text),
                AnswerPlace.Hashes => AfterHashes(text),
                AnswerPlace.Statement => StatedAnswer.Last(text),
                AnswerPlace.Whole => Whole(text),
                AnswerPlace.Mathematics => Mathematics(text),
                _ => LastNumber(text),
            };
            if (!string.IsNullOrWhiteSpace(found)) return new ExtractedAnswer(found.Trim(), place);
        }
        return null;
    }

    /// <summary>
    /// The content of the last <c>\boxed{}</c>, <c>\fbox{}</c> or <c>\boxed 5</c>, nested braces included. Boxes that follow each other with only
    /// "and", "or", marks, space and the name of what follows (<c>y =</c>) between them are one answer, joined by commas (once when they mean the same), so that
    /// boxing every candidate earns nothing. An unclosed box counts only when no box is closed behind it, and then has no content: null.
    /// </summary>
    public static string? LastBoxed(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<BoxScanner.Box> boxes = BoxScanner.Boxes(text);
        if (boxes.Count == 0) return null;
        int first = boxes.Count - 1;
        while (first > 0 && BoxScanner.IsJoining(text, boxes[first - 1].End, boxes[first].Start)) first--;
        var contents = new List<string>();
        foreach (BoxScanner.Box box in boxes.Skip(first))
        {
            string content = text[box.ContentStart..box.ContentEnd].Trim();
            if (contents.Count > MaxJoined || !contents.Exists(known => AnswerEquivalence.Same(content, known).IsSame)) contents.Add(content);
        }
        return string.Join(", ", contents);
    }

    /// <summary>
    /// The text behind the last <c>####</c> up to the end of the line, trimmed. Without one, the text behind the last # that stands alone and has no
    /// space behind it (<c>#41</c>), on the last line with little behind it, so that headings and "the #2 runner" do not count.
    /// </summary>
    public static string? AfterHashes(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int hash = text.LastIndexOf("####", StringComparison.Ordinal);
        int start = hash >= 0 ? hash + 4 : SingleHash(text) + 1;
        if (start == 0) return null;
        while (start < text.Length && text[start] is '#' or ' ') start++;
        int end = text.IndexOf('\n', start);
        string line = (end < 0 ? text[start..] : text[start..end]).Trim();
        return line.Length == 0 ? null : line;
    }

    /// <summary>What follows the last "the answer is", "final answer:", "answer:" or, at the beginning of a line, "A:", up to the end of the sentence, without dollar signs or bold marks around it.</summary>
    public static string? Stated(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return StatedAnswer.Last(text);
    }

    /// <summary>
    /// The last number, as written: a sign unless it follows an operand, digits with thousands separators, a decimal part, <c>/</c> and a denominator, a %.
    /// </summary>
    public static string? LastNumber(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return NumberScanner.Last(text);
    }

    /// <summary>The first number, written as for <see cref="LastNumber"/>.</summary>
    public static string? FirstNumber(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return NumberScanner.First(text);
    }

    private static string? Mathematics(string text)
    {
        string? found = StatedAnswer.LastMathematics(text, out int end);
        return found is not null && NumberScanner.LastAt(text) is var number and >= 0 && StatedAnswer.SentenceEndsBetween(text, end, number) ? null : found;
    }

    /// <summary>A lone # counts on the last line when little follows, and no calculation: #41, but not #2 in "horse #2 wins 3 + 4 = 7 times".</summary>
    private static int SingleHash(string text)
    {
        for (int i = text.LastIndexOf('#'); i >= 0; i = i == 0 ? -1 : text.LastIndexOf('#', i - 1))
            if ((i == 0 || text[i - 1] is not ('#' or '\\')) && i + 1 < text.Length && text[i + 1] != '#' && !char.IsWhiteSpace(text[i + 1]) && IsBrief(text, i + 1)) return i;
        return -1;
    }

    private static bool IsBrief(string text, int from)
    {
        var rest = text.AsSpan(from).TrimEnd();
        return rest.Length <= 24 && !rest.ContainsAny('=', '\n');
    }

    /// <summary>The text itself when it is one short line that reads as mathematics or has at most three words.</summary>
    private static string? Whole(string text)
    {
        string line = text.Trim();
        if (line.Length is 0 or > LongestWhole || line.Contains('\n')) return null;
        int words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Count(static w => w.All(char.IsLetter) && w.Length > 1);
        MathNode read = MathParser.Parse(AnswerCleaner.Clean(line), CommaRule.OutsideBrackets, new WorkBudget());
        bool prose = read.Any(static n => n.Kind == MathKind.Text);
        return !prose || words <= 3 && !line.Any(char.IsAsciiDigit) ? line : null;
    }
}
