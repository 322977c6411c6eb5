namespace TreeRl.Rewards.Answers;

/// <summary>What a token of an answer is.</summary>
internal enum TokenKind : byte
{
    /// <summary>A number, plain digits with an optional decimal point: separators are gone.</summary>
    Number,

    /// <summary>A repeating decimal: digits before and after the point, "r", the digits that repeat.</summary>
    Repeating,

    /// <summary>Digits in a named base: digits, "_", base.</summary>
    Based,

    /// <summary>A variable, Greek letter or constant.</summary>
    Name,

    /// <summary>Words: plain text, a unit, a name.</summary>
    Word,

    /// <summary>A function or construction: frac, sqrt, sin, begin.</summary>
    Command,

    /// <summary>An operator, bracket or separator.</summary>
    Operator,
}

/// <summary>One token and where it stood in the cleaned text.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its canonical spelling.</param>
/// <param name="Spaced">True when white space stood before it.</param>
/// <param name="Start">Index of its first character.</param>
/// <param name="End">Index after its last character.</param>
internal readonly record struct MathToken(TokenKind Kind, string Text, bool Spaced, int Start, int End);
