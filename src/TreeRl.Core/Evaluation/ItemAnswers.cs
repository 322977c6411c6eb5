using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using TreeRl.Forests;
using TreeRl.Rewards;

namespace TreeRl.Evaluation;

/// <summary>One answer of an evaluation, kept whole.</summary>
public sealed record GradedAnswer
{
    /// <summary>The answer's text.</summary>
    public required string Text { get; init; }

    /// <summary>The final answer found in the text, which votes; null when there is none.</summary>
    public string? Final { get; init; }

    /// <summary>The class of equivalent final answers within the item, from 0 in order of appearance; -1 without a final answer.</summary>
    public int Class { get; init; } = -1;

    /// <summary>What grading came to; without a score the answer counts as wrong, with score 0.</summary>
    public required Outcome Outcome { get; init; }

    /// <summary>Tokens emitted, an end token included.</summary>
    public int Tokens { get; init; }

    /// <summary>Why it ended.</summary>
    public Finish Finish { get; init; } = Finish.EndOfText;

    /// <summary>The score; 0 when there is none.</summary>
    public double Score => Outcome.HasScore ? Outcome.Value : 0;

    /// <summary>True for a score above one half.</summary>
    public bool IsRight => Score > 0.5;
}

/// <summary>One item of an evaluation with all its answers.</summary>
public sealed record ItemAnswers
{
    /// <summary>The task's id; unique within an evaluation.</summary>
    public required string Id { get; init; }

    /// <summary>Difficulty in the source's words; empty when there is none.</summary>
    public string Level { get; init; } = "";

    /// <summary>Field in the source's words; empty when there is none.</summary>
    public string Subject { get; init; } = "";

    /// <summary>The question as the policy read it.</summary>
    public string Prompt { get; init; } = "";

    /// <summary>The key.</summary>
    public string Reference { get; init; } = "";

    /// <summary>The n answers, at least one, in the order in which they were drawn.</summary>
    public required ImmutableArray<GradedAnswer> Answers { get; init; }

    /// <summary>Answers that are right.</summary>
    public int Right
    {
        get
        {
            int right = 0;
            foreach (var answer in Answers) right += answer.IsRight ? 1 : 0;
            return right;
        }
    }

    /// <summary>
    /// Classes of equivalent answers for a vote; the score of a class is the share of its answers that are right (0 or 1 wherever the grader
    /// agrees with the equivalence).
    /// </summary>
    public ImmutableArray<VoteClass> Classes
    {
        get
        {
            var sizes = new List<(int Size, int Right)>();
            foreach (var answer in Answers)
            {
                if (answer.Class < 0) continue;
                while (sizes.Count <= answer.Class) sizes.Add((0, 0));
                var (size, right) = sizes[answer.Class];
                sizes[answer.Class] = (size + 1, right + (answer.IsRight ? 1 : 0));
            }
            var classes = ImmutableArray.CreateBuilder<VoteClass>(sizes.Count);
            foreach (var (size, right) in sizes)
                if (size > 0) classes.Add(new VoteClass(size, (double)right / size));
            return classes.ToImmutable();
        }
    }

    /// <summary>Answers without a final answer.</summary>
    public int Silent
    {
        get
        {
            int silent = 0;
            foreach (var answer in Answers) silent += answer.Class < 0 ? 1 : 0;
            return silent;
        }
    }
}
