using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using TreeRl.Policies;
using TreeRl.Rewards;

namespace TreeRl.Evaluation;

/// <summary>Part of an evaluation: the items of one level or subject.</summary>
/// <param name="Name">The level or subject; empty for items without one.</param>
/// <param name="Evaluation">The same evaluation with these items only.</param>
public readonly record struct EvaluationGroup(string Name, PolicyEvaluation Evaluation);

/// <summary>A policy's graded answers to a set of items. Everything reported is computed from them, at any time, without the policy.</summary>
[Notebooks.TypeFormatterSource(typeof(Notebooks.HtmlFormatterSource))]
public sealed record PolicyEvaluation
{
    /// <summary>Names the policy.</summary>
    public required string Policy { get; init; }

    /// <summary>Names the items.</summary>
    public required string Tasks { get; init; }

    /// <summary>How answers were drawn.</summary>
    public PickSettings Picking { get; init; } = new();

    /// <summary>Longest answer in tokens.</summary>
    public int MaxTokens { get; init; }

    /// <summary>Seed of the draws.</summary>
    public Seed Seed { get; init; }

    /// <summary>The items in order; ids are unique.</summary>
    public required ImmutableArray<ItemAnswers> Items { get; init; }

    /// <summary>Answers of an item, n; where items differ, the fewest.</summary>
    public int AnswersPerItem => Items.IsEmpty ? 0 : Items.Min(static item => item.Answers.Length);

    /// <summary>Answers whose grading failed or timed out; they count as wrong.</summary>
    public int Ungraded => Items.Sum(static item => item.Answers.Count(static answer => answer.Outcome.Kind is OutcomeKind.Failed or OutcomeKind.TimedOut));

    /// <summary>Answers without a final answer; they do not vote.</summary>
    public int Silent => Items.Sum(static item => item.Silent);

    /// <summary>The same answers under another name of the policy.</summary>
    public PolicyEvaluation WithPolicy(string name) => this with { Policy = name };

    /// <summary>A metric's mean over items with its interval.</summary>
    /// <param name="metric">What is measured.</param>
    /// <param name="bootstrap">How the interval is made; null for the default.</param>
    /// <exception cref="ArgumentException">An item has fewer answers than the metric needs.</exception>
    public MeanEstimate Measure(Metric metric, ItemBootstrap? bootstrap = null)
    {
        ArgumentNullException.ThrowIfNull(metric);
        return (bootstrap ?? ItemBootstrap.Default).Mean([.. Items.Select(metric.Item)], metric.Least, metric.Most);
    }

    /// <summary>The items of each level, in natural order of their names: numbers by value, words by letters.</summary>
    public ImmutableArray<EvaluationGroup> ByLevel() => By(static item => item.Level);

    /// <summary>The items of each subject, in order of their names.</summary>
    public ImmutableArray<EvaluationGroup> BySubject() => By(static item => item.Subject);

    /// <summary>The items in groups by any property, in natural order of the groups' names.</summary>
    public ImmutableArray<EvaluationGroup> By(Func<ItemAnswers, string> group)
    {
        ArgumentNullException.ThrowIfNull(group);
        return [.. Items.GroupBy(group).OrderBy(static part => part.Key, NaturalOrder).Select(part => new EvaluationGroup(part.Key, this with { Items = [.. part] }))];
    }

    /// <summary>Policy, tasks and accuracy in one line.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"{Policy} on {Tasks}: accuracy {Measure(Metric.Accuracy)} ({Counted.Of(Items.Length, "item")}, {Counted.Of(AnswersPerItem, "answer")} each, temperature {Picking.Temperature})");

    /// <summary>Runs of digits by value, all else by code; so "level 2" comes before "level 10".</summary>
    private static Comparer<string> NaturalOrder { get; } = Comparer<string>.Create(static (left, right) =>
    {
        int i = 0, j = 0;
        while (i < left.Length && j < right.Length)
        {
            int first = Digits(left, i), second = Digits(right, j);
            if (first > 0 && second > 0)
            {
                var a = left.AsSpan(i, first).TrimStart('0');
                var b = right.AsSpan(j, second).TrimStart('0');
                int order = a.Length != b.Length ? a.Length - b.Length : a.SequenceCompareTo(b);
                if (order != 0) return order;
                i += first;
                j += second;
            }
            else if (left[i] != right[j]) return left[i] - right[j];
            else
            {
                i++;
                j++;
            }
        }
        int rest = (left.Length - i) - (right.Length - j);
        return rest != 0 ? rest : string.CompareOrdinal(left, right);
    });

    private static int Digits(string text, int at)
    {
        int end = at;
        while (end < text.Length && char.IsAsciiDigit(text[end])) end++;
        return end - at;
    }
}
