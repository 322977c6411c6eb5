using System;
using System.Collections.Immutable;
using TreeRl.Policies;
using TreeRl.Rewards;
using TreeRl.Rewards.Answers;

namespace TreeRl.Evaluation;

/// <summary>How a policy is measured: how many items, how answers are drawn, graded and compared with each other.</summary>
public sealed record MeasurePlan
{
    /// <summary>Number of items, from the front of the source.</summary>
    public int Items { get; init; } = 200;

    /// <summary>Answers to each item, n: the largest k of pass@k and maj@k.</summary>
    public int AnswersPerItem { get; init; } = 4;

    /// <summary>How tokens are drawn; temperature 0 is greedy and allows one answer an item.</summary>
    public PickSettings Picking { get; init; } = new();

    /// <summary>Longest answer in tokens.</summary>
    public int MaxTokens { get; init; } = 128;

    /// <summary>Texts that end an answer.</summary>
    public ImmutableArray<string> StopTexts { get; init; } = [];

    /// <summary>Grades an answer; a score above one half is right.</summary>
    public Grader Grader { get; init; } = Graders.Correct;

    /// <summary>Longest time for grading one answer.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Finds the final answer, which votes, in a text; null where there is none. It must be deterministic and must not throw.</summary>
    public Func<string, string?> Final { get; init; } = static text => AnswerExtraction.Final(text)?.Text;

    /// <summary>Says whether two final answers mean the same.</summary>
    public Func<string, string, bool> Same { get; init; } = AnswerClasses.Equivalent;

    /// <summary>Seeds the draws.</summary>
    public Seed Seed { get; init; } = Seed.Of(1);

    /// <summary>Checks every rule above; those of sampling are checked when sampling starts.</summary>
    /// <exception cref="ArgumentException">A value breaks its rule; the message names it.</exception>
    public MeasurePlan Validated()
    {
        Guard.InRange(Items >= 1, Items, "an evaluation needs at least 1 item");
        Guard.InRange(AnswersPerItem >= 1, AnswersPerItem, "must be at least 1");
        Guard.That(Picking is not null && Grader is not null && Final is not null && Same is not null, "Picking, Grader, Final and Same must be given: leave them out for the defaults", nameof(MeasurePlan));
        Guard.InRange(Picking.Temperature != 0 || AnswersPerItem == 1, AnswersPerItem, "must be 1 at temperature 0, where all answers of an item are the same; raise the temperature for more");
        return this;
    }
}
