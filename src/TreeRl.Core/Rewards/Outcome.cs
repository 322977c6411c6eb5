using System.Globalization;

namespace TreeRl.Rewards;

/// <summary>What grading an answer came to. The value 0 is none of them, so that an outcome nobody made is not taken for a score.</summary>
public enum OutcomeKind : byte
{
    /// <summary>The answer has a score, a finite number.</summary>
    Score = 1,

    /// <summary>The grader has nothing to say about this answer; it takes no part in any mean.</summary>
    Abstain,

    /// <summary>The grader threw an exception or gave NaN or an infinity.</summary>
    Failed,

    /// <summary>The grader did not return within the time limit.</summary>
    TimedOut,
}

/// <summary>
/// The result of grading one answer: a finite score, or the reason why there is none. An answer without a score is never counted as 0.
/// </summary>
/// <param name="Kind">Which of the four it is.</param>
/// <param name="Value">The score; 0 and without meaning unless <paramref name="Kind"/> is <see cref="OutcomeKind.Score"/>.</param>
/// <param name="Reason">Why there is no score; null for a score.</param>
public readonly record struct Outcome(OutcomeKind Kind, double Value, string? Reason)
{
    /// <summary>True when there is a score to use.</summary>
    public bool HasScore => Kind == OutcomeKind.Score;

    /// <summary>A score.</summary>
    /// <exception cref="System.ArgumentOutOfRangeException"><paramref name="value"/> is NaN or infinite.</exception>
    public static Outcome Score(double value)
    {
        Guard.InRange(double.IsFinite(value), value, "a score must be finite; return Outcome.Failed with a reason when there is none");
        return new Outcome(OutcomeKind.Score, value, null);
    }

    /// <summary>No opinion.</summary>
    public static Outcome Abstain(string reason) => new(OutcomeKind.Abstain, 0, reason);

    /// <summary>The grader broke.</summary>
    public static Outcome Failed(string reason) => new(OutcomeKind.Failed, 0, reason);

    /// <summary>The grader took too long.</summary>
    public static Outcome TimedOut(string reason) => new(OutcomeKind.TimedOut, 0, reason);

    /// <inheritdoc/>
    public override string ToString() =>
        HasScore ? Value.ToString("0.####", CultureInfo.InvariantCulture) : $"{Kind}: {Reason}";
}
