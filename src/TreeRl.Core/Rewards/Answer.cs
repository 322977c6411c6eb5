using System;
using System.Collections.Immutable;
using System.Threading;
using TreeRl.Forests;

namespace TreeRl.Rewards;

/// <summary>One finished answer, as a grader sees it: the text of a path from root to leaf, and the question. It knows no tree.</summary>
public sealed record Answer
{
    /// <summary>The text of the answer, prompt and end token excluded; a stop text that ended it is part of it.</summary>
    public required string Text { get; init; }

    /// <summary>Number of tokens the policy emitted for it, an end token included.</summary>
    public int TokenCount { get; init; }

    /// <summary>Why the answer ended.</summary>
    public Finish Finish { get; init; } = Finish.EndOfText;

    /// <summary>The id of the prompt.</summary>
    public string PromptId { get; init; } = "";

    /// <summary>The question.</summary>
    public string PromptText { get; init; } = "";

    /// <summary>The key to compare with; empty when there is none.</summary>
    public string Reference { get; init; } = "";

    /// <summary>The emitted tokens, an end token included. Length <see cref="TokenCount"/>.</summary>
    public ImmutableArray<int> TokenIds { get; init; } = [];

    /// <summary>
    /// Cancelled when the time limit of the grader at work has passed. A grader that heeds it ends its thread; one that does not is left behind.
    /// </summary>
    public CancellationToken TimeUp { get; internal set; }

    /// <summary>Length, ending, text and key in one line.</summary>
    public override string ToString()
    {
        string text = Text.ReplaceLineEndings("\\n"), count = Counted.Of(TokenCount, "token");
        return $"answer of {count}, {Finish}: \"{text}\"" + (Reference.Length == 0 ? "" : $" for {Reference}");
    }
}

/// <summary>
/// Grades one answer. It runs on a thread of its own, one answer at a time; exceptions, NaN and running out of time become outcomes.
/// </summary>
public delegate Outcome Grader(Answer answer);
