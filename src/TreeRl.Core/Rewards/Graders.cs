using System;
using System.Text.RegularExpressions;
using System.Threading;
using TreeRl.Forests;

namespace TreeRl.Rewards;

/// <summary>Graders in common use, and adapters for plain functions.</summary>
public static class Graders
{
    /// <summary>
    /// 1 when the final number of the answer - after the last '#', or without a '#' the last number of the text - equals the reference as a number, else 0. A
    /// reference may itself be a solution that ends in '#' and the key (GSM8K). Fails when the reference has no number.
    /// </summary>
    public static Grader Correct { get; } = answer => Compare(AnswerText.FinalNumber(answer.Text), answer.Reference);

    /// <summary>1 when the last number of the answer equals the reference as a number, wherever a '#' is, else 0. Fails when the reference has no number.</summary>
    public static Grader LastNumber { get; } = answer => Compare(AnswerText.LastNumber(answer.Text), answer.Reference);

    /// <summary>1 when the final text - after the last '#', or without a '#' all of it - is the reference, both trimmed, character by character; else 0.</summary>
    public static Grader ExactAnswer { get; } = answer =>
        Truth(string.Equals(AnswerText.AfterHash(answer.Text) ?? answer.Text.Trim(), answer.Reference.Trim(), StringComparison.Ordinal));

    /// <summary>1 when the policy ended the answer itself, by an end token or a stop text, else 0.</summary>
    public static Grader Finished { get; } = answer => Truth(answer.Finish is Finish.EndOfText or Finish.StopText);

    /// <summary>1 when the answer has at most <paramref name="tokens"/> tokens, else 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="tokens"/> is not positive.</exception>
    public static Grader Within(int tokens)
    {
        Guard.InRange(tokens >= 1, tokens, "must be at least 1");
        return answer => Truth(answer.TokenCount <= tokens);
    }

    /// <summary>max(0, 1 - n / <paramref name="tokens"/>) for an answer of n tokens: near 1 for a short one, 0 from the limit on.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="tokens"/> is not positive.</exception>
    public static Grader Brevity(int tokens)
    {
        Guard.InRange(tokens >= 1, tokens, "must be at least 1");
        return answer => Outcome.Score(Math.Max(0, 1 - answer.TokenCount / (double)tokens));
    }

    /// <summary>
    /// The soft penalty on long answers of DAPO (arXiv 2503.14476, eq. 13): 0 up to <paramref name="limit"/> - <paramref name="buffer"/> tokens, from there
    /// falling in a straight line to -1 at the limit, and -1 beyond.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The limit is not positive, or the buffer is not 1 .. limit.</exception>
    public static Grader Overlong(int limit, int buffer)
    {
        Guard.InRange(limit >= 1, limit, "must be at least 1");
        Guard.InRange(buffer >= 1 && buffer <= limit, buffer, $"must be 1 .. {limit}, the limit");
        return answer => Outcome.Score(Math.Clamp((limit - buffer - answer.TokenCount) / (double)buffer, -1, 0));
    }

    /// <summary>1 when a regular expression matches somewhere in the text, else 0. Runs in time linear in the text.</summary>
    /// <exception cref="ArgumentException">The pattern is no regular expression.</exception>
    /// <exception cref="NotSupportedException">The pattern needs backtracking: look-around or back references.</exception>
    public static Grader Matches(string pattern)
    {
        var regex = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        return answer => Truth(regex.IsMatch(answer.Text));
    }

    /// <summary>A function's value as the score; NaN and infinities fail.</summary>
    public static Grader Of(Func<Answer, double> score)
    {
        ArgumentNullException.ThrowIfNull(score);
        return answer => Scored(score(answer));
    }

    /// <summary>As <see cref="Of"/>, for a function that heeds a token which is cancelled when its time is up.</summary>
    public static Grader Cancellable(Func<Answer, CancellationToken, double> score)
    {
        ArgumentNullException.ThrowIfNull(score);
        return answer => Scored(score(answer, answer.TimeUp));
    }

    /// <summary>1 when the condition holds, else 0.</summary>
    public static Grader When(Func<Answer, bool> condition)
    {
        ArgumentNullException.ThrowIfNull(condition);
        return answer => Truth(condition(answer));
    }

    /// <summary>Another grader where the condition holds; elsewhere this term abstains.</summary>
    public static Grader OnlyIf(Func<Answer, bool> condition, Grader grader)
    {
        ArgumentNullException.ThrowIfNull(condition);
        ArgumentNullException.ThrowIfNull(grader);
        return answer => condition(answer) ? grader(answer) : Outcome.Abstain("its condition does not hold");
    }

    private static Outcome Compare(string? number, string reference)
    {
        string? key = AnswerText.AfterHash(reference) is { } ending ? AnswerText.Number(ending) : AnswerText.Number(reference);
        return key is null
            ? Outcome.Failed($"the reference '{Cut(reference)}' is no number: use ExactAnswer or a grader of your own")
            : Truth(number == key);
    }

    private static string Cut(string text) => text.Length <= 60 ? text : text[..60] + "...";

    private static Outcome Scored(double value) =>
        double.IsFinite(value) ? Outcome.Score(value) : Outcome.Failed($"returned {value}: a score must be finite");

    private static Outcome Truth(bool holds) => Outcome.Score(holds ? 1 : 0);
}
