using System;

namespace TreeRl.Rewards.Answers;

/// <summary>
/// Decides whether two final answers mean the same. Both are read as LaTeX or plain text: numbers, expressions, equations, inequalities,
/// tuples, sets, intervals, matrices, ratios, quantities with units, multiple choice letters, words.
/// <para>Decisions:</para>
/// <list type="bullet">
/// <item>Percent: 50%, 0.5 and 1/2 are the same, and 50% and 50 are; 0.5 and 50 are not.</item>
/// <item>Rounding: a decimal equals what it rounds or truncates from 6 significant digits on (3.14159 is pi); shorter ones are exact.</item>
/// <item>Units and currency may be left out. Known units that measure different things differ; of the same kind they are converted (1 hour is
/// 60 minutes). Unknown words behind a number are ignored.</item>
/// <item>Degrees: 90 degrees is 90 and is pi/2.</item>
/// <item>A comma is a decimal sign where it can be nothing else: 1000,99 and 2,74 and 0,5 and 1.234,56; 1,5 is a list and 1,234 a thousand.</item>
/// <item>A chain of equations counts when every member agrees with the answer, the last within one percent of it.</item>
/// <item>Order: lists without brackets and sets have none; tuples, vectors and matrices have one. Round and square brackets of a pair matter.</item>
/// <item>x = 5 and 5 are the same, and so are y = 2x and f(x) = 2x; equations are compared up to a constant factor.</item>
/// <item>A base may be left out when the digits agree (52 and 52_8); two numbers with bases are compared by value.</item>
/// <item>log without a base is the natural logarithm; functions are compared where both are real.</item>
/// <item>Text is compared without case, spaces and punctuation.</item>
/// </list>
/// The verdict is deterministic: work is limited by a count of steps, never by a clock, and no input makes it throw.
/// </summary>
public static class AnswerEquivalence
{
    /// <summary>Longest answer that is read, in characters; a longer one is the same only as an identical text.</summary>
    public const int MaxLength = 10_000;

    private static readonly CommaRule[] CommaRules = [CommaRule.Everywhere, CommaRule.Nowhere, CommaRule.Spaced];

    /// <summary>Compares a given answer with the reference.</summary>
    /// <param name="given">The answer to judge, extracted (see <see cref="AnswerExtraction"/>) but otherwise as written.</param>
    /// <param name="reference">The right answer.</param>
    /// <returns>Same, different, or unparsed with the reason when one of them is empty, too long or cannot be decided within the limits.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static AnswerVerdict Same(string given, string reference) => Same(given, reference, new WorkBudget());

    internal static AnswerVerdict Same(string given, string reference, WorkBudget budget)
    {
        ArgumentNullException.ThrowIfNull(given);
        ArgumentNullException.ThrowIfNull(reference);
        if (given.Length > MaxLength || reference.Length > MaxLength)
            return given.AsSpan().Trim().SequenceEqual(reference.AsSpan().Trim())
                ? AnswerVerdict.Same
                : AnswerVerdict.Unparsed($"longer than {MaxLength} characters");
        string left = AnswerCleaner.Clean(given), right = AnswerCleaner.Clean(reference);
        if (left.Length == 0) return AnswerVerdict.Unparsed("the given answer is empty");
        if (right.Length == 0) return AnswerVerdict.Unparsed("the reference is empty");
        if (left == right) return AnswerVerdict.Same;
        if (Choices(left, right, budget) is { } choice) return choice;
        return Read(left, right, budget);
    }

    /// <summary>The verdict on multiple choice letters, or null when the two are no matter of letters.</summary>
    private static AnswerVerdict? Choices(string given, string reference, WorkBudget budget)
    {
        char? letter = TextAnswer.Choice(given, out string givenRest), wanted = TextAnswer.Choice(reference, out string wantedRest);
        if (letter is not null && wanted is not null)
            return letter == wanted ? AnswerVerdict.Same : AnswerVerdict.Different($"choice {letter}, not {wanted}");
        if (letter is not null && givenRest.Length > 0) return Read(AnswerCleaner.Clean(givenRest), reference, budget);
        if (wanted is not null && wantedRest.Length > 0) return Read(given, AnswerCleaner.Clean(wantedRest), budget);
        return null;
    }

    private static AnswerVerdict Read(string given, string reference, WorkBudget budget)
    {
        MathNode left = MathParser.Parse(given, CommaRule.OutsideBrackets, budget), right = MathParser.Parse(reference, CommaRule.OutsideBrackets, budget);
        var forms = new FormComparer(budget);
        Tri verdict = forms.Compare(left, right);
        if (verdict == Tri.Same) return AnswerVerdict.Same;
        foreach (CommaRule rule in CommaRules)
        {
            bool first = HasGroups(given), second = HasGroups(reference);
            if (first && forms.Compare(MathParser.Parse(given, rule, budget), right) == Tri.Same) return AnswerVerdict.Same;
            if (second && forms.Compare(left, MathParser.Parse(reference, rule, budget)) == Tri.Same) return AnswerVerdict.Same;
        }
        foreach (bool first in (ReadOnlySpan<bool>)[true, false])
        {
            string written = first ? given : reference;
            if (!DecimalComma.In(written)) continue;
            MathNode read = MathParser.Parse(written, CommaRule.Decimal, budget);
            if ((first ? forms.Compare(read, right) : forms.Compare(left, read)) == Tri.Same) return AnswerVerdict.Same;
        }
        if ((HasText(left) || HasText(right)) && TextAnswer.Normal(given) is { Length: > 0 } text && text == TextAnswer.Normal(reference))
            return AnswerVerdict.Same;
        if (budget.Exhausted) return AnswerVerdict.Unparsed("too much work: the step limit was reached");
        if (left.Any(static n => n.Garbled)) return AnswerVerdict.Unparsed("the given answer could not be read");
        if (right.Any(static n => n.Garbled)) return AnswerVerdict.Unparsed("the reference could not be read");
        return verdict == Tri.Unknown
            ? AnswerVerdict.Unparsed("equality could not be decided: a part has no value within the limits")
            : AnswerVerdict.Different("the values differ");
    }

    private static bool HasText(MathNode node) => node.Any(static n => n.Kind == MathKind.Text);

    /// <summary>True when a comma stands between a digit and three digits, so that it may join or separate.</summary>
    private static bool HasGroups(string text)
    {
        for (int i = 1; i + 3 < text.Length; i++)
        {
            if (text[i] != ',' || !char.IsAsciiDigit(text[i - 1])) continue;
            int at = text[i + 1] == ' ' ? i + 2 : i + 1;
            if (at + 2 < text.Length && char.IsAsciiDigit(text[at]) && char.IsAsciiDigit(text[at + 1]) && char.IsAsciiDigit(text[at + 2])) return true;
        }
        return false;
    }
}
