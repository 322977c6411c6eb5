namespace TreeRl.Rewards.Answers;

/// <summary>What comparing two answers came to.</summary>
public enum AnswerVerdictKind : byte
{
    /// <summary>Both mean the same.</summary>
    Same = 0,

    /// <summary>Both were read and mean different things.</summary>
    Different,

    /// <summary>One of them could not be read or decided within the limits; never to be counted as right.</summary>
    Unparsed,
}

/// <summary>The result of comparing a given answer with a reference: the kind and, unless they are the same, the reason.</summary>
/// <param name="Kind">Same, different or unparsed.</param>
/// <param name="Reason">Why they are not the same; null when they are.</param>
public readonly record struct AnswerVerdict(AnswerVerdictKind Kind, string? Reason)
{
    /// <summary>True for <see cref="AnswerVerdictKind.Same"/>.</summary>
    public bool IsSame => Kind == AnswerVerdictKind.Same;

    internal static AnswerVerdict Same => new(AnswerVerdictKind.Same, null);

    internal static AnswerVerdict Different(string reason) => new(AnswerVerdictKind.Different, reason);

    internal static AnswerVerdict Unparsed(string reason) => new(AnswerVerdictKind.Unparsed, reason);

    /// <inheritdoc/>
    public override string ToString() => Reason is null ? $"{Kind}" : $"{Kind}: {Reason}";
}
