using System;
using System.Collections.Generic;
using TreeRl.Rewards.Answers;

namespace TreeRl.Rewards;

/// <summary>
/// Graders of mathematical answers by equivalence: the final answer of the text is extracted (<see cref="AnswerExtraction"/>) and compared with the
/// reference (<see cref="AnswerEquivalence"/>). Score 1 when they mean the same. Score 0 when they do not, when the answer has no final answer, and
/// when it cannot be read: those are faults of the answer. Failed when the reference is empty or has no answer in it: a fault of the data.
/// A score of 0 carries the reason in <see cref="Outcome.Reason"/>; <see cref="Explain(string, string)"/> gives the full verdict.
/// A reference may be the bare key, a solution with <c>\boxed{}</c>, or one that ends in <c>#### key</c> or in a line <c>A: key</c>. An answer stated in a
/// sentence with a single number in it counts by that number.
/// </summary>
public static class MathGraders
{
    private static readonly AnswerPlace[] Stated = [AnswerPlace.Hashes, AnswerPlace.Box, AnswerPlace.Statement];
    private static readonly AnswerPlace[] StatedOrLast = [AnswerPlace.Hashes, AnswerPlace.Box, AnswerPlace.Statement, AnswerPlace.LastNumber];

    /// <summary>
    /// GSM8K: the answer must be stated, behind <c>####</c>, else in a box, else behind "the answer is"; numbers are compared by value. A statement
    /// that is more than a number counts by its first number (<c>#### 18 eggs</c>).
    /// </summary>
    public static Grader Gsm8k { get; } = answer => Score(Explain(answer.Text, answer.Reference, Stated, numbers: true));

    /// <summary>As <see cref="Gsm8k"/>, but a text without a statement counts by its last number.</summary>
    public static Grader Gsm8kLastNumber { get; } = answer => Score(Explain(answer.Text, answer.Reference, StatedOrLast, numbers: true));

    /// <summary>
    /// MATH: the last box; without one what follows "the answer is" or <c>####</c>; a short text as a whole; the last mathematics between delimiters; the last
    /// number.
    /// </summary>
    public static Grader Math { get; } = answer => Score(Explain(answer.Text, answer.Reference, AnswerExtraction.AnyPlace, numbers: false));

    /// <summary>MATH, where only an answer in a box counts.</summary>
    public static Grader MathBoxed { get; } = answer => Score(Explain(answer.Text, answer.Reference, [AnswerPlace.Box], numbers: false));

    /// <summary>A grader that looks at the given places only, in their order.</summary>
    /// <exception cref="ArgumentException">There is no place.</exception>
    public static Grader At(params AnswerPlace[] places)
    {
        ArgumentNullException.ThrowIfNull(places);
        Guard.That(places.Length > 0, "no places: name at least one place to look for the answer at", nameof(places));
        AnswerPlace[] own = [.. places];
        return answer => Score(Explain(answer.Text, answer.Reference, own, numbers: false));
    }

    /// <summary>The verdict on an answer text with its reason, as <see cref="Math"/> sees it.</summary>
    public static AnswerVerdict Explain(string text, string reference) => Explain(text, reference, AnswerExtraction.AnyPlace, numbers: false).Verdict;

    /// <summary>The key inside a reference: the content of its box, what follows its <c>####</c>, or "A:" at the beginning of a line, else all of it.</summary>
    public static string Key(string reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        return AnswerExtraction.LastBoxed(reference)
            ?? (reference.Contains("####", StringComparison.Ordinal) ? AnswerExtraction.AfterHashes(reference) ?? "" : StatedAnswer.OnLetterLine(reference) ?? reference.Trim());
    }

    private static (AnswerVerdict Verdict, bool BadReference) Explain(string text, string reference, IReadOnlyList<AnswerPlace> places, bool numbers)
    {
        ArgumentNullException.ThrowIfNull(text);
        string key = Key(reference);
        if (key.Length == 0) return (AnswerVerdict.Unparsed("the reference is empty"), true);
        if (AnswerExtraction.Final(text, places) is not { } found) return (AnswerVerdict.Unparsed("no answer found in the text"), false);
        AnswerVerdict verdict = AnswerEquivalence.Same(found.Text, key);
        if (!verdict.IsSame && found.Place == AnswerPlace.Statement && IsSentence(found.Text) && NumberScanner.Only(found.Text) is { } only && AnswerEquivalence.Same(only, key) is { IsSame: true } stated)
            return (stated, false);
        if (verdict.IsSame || !numbers || verdict.Kind == AnswerVerdictKind.Different && AnswerText.Number(found.Text) is not null) return (verdict, false);
        if (AnswerExtraction.FirstNumber(found.Text) is { } number && AnswerEquivalence.Same(number, key) is { IsSame: true } same) return (same, false);
        return (verdict, false);
    }

    /// <summary>True for at least four words.</summary>
    private static bool IsSentence(string text)
    {
        int words = 0;
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            if (word.Length > 1 && System.Linq.Enumerable.All(word, char.IsLetter) && ++words == 4) return true;
        return false;
    }

    private static Outcome Score((AnswerVerdict Verdict, bool BadReference) result) =>
        result.BadReference ? Outcome.Failed(result.Verdict.Reason!) : Outcome.Score(result.Verdict.IsSame ? 1 : 0) with { Reason = result.Verdict.Reason };
}
