using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace TreeRl.Rewards;

/// <summary>
/// The outcomes of a forest's L leaves, in leaf order: the total of each leaf, and the terms it was made of one by one.
/// It knows no tree; leaf i is entry i of the forest's <c>Leaves</c>.
/// </summary>
[Notebooks.TypeFormatterSource(typeof(Notebooks.HtmlFormatterSource))]
public sealed class LeafOutcomes
{
    private readonly ImmutableArray<Outcome> terms; // term-major: term k of leaf i at k*L + i

    private LeafOutcomes(ImmutableArray<Outcome> total, ImmutableArray<string> termNames, ImmutableArray<Outcome> terms)
    {
        Total = total;
        TermNames = termNames;
        this.terms = terms;
    }

    /// <summary>Leaf -> its outcome over all terms. Length L.</summary>
    public ImmutableArray<Outcome> Total { get; }

    /// <summary>The names of the K terms; empty when the totals were given without terms.</summary>
    public ImmutableArray<string> TermNames { get; }

    /// <summary>Number of leaves, L.</summary>
    public int LeafCount => Total.Length;

    /// <summary>The outcome of one term, before its weight is applied.</summary>
    /// <param name="term">Index into <see cref="TermNames"/>.</param>
    /// <param name="leaf">Leaf, 0 .. L-1.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such term or leaf.</exception>
    public Outcome Term(int term, int leaf)
    {
        Guard.InRange((uint)term < (uint)TermNames.Length, term, $"must be a term, 0 .. {TermNames.Length - 1}");
        Guard.InRange((uint)leaf < (uint)LeafCount, leaf, $"must be a leaf, 0 .. {LeafCount - 1}");
        return terms[term * LeafCount + leaf];
    }

    /// <summary>Number of leaves whose total is of a kind.</summary>
    public int Count(OutcomeKind kind) => CountIn(Total.AsSpan(), kind);

    /// <summary>Number of leaves for which one term came to a kind.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such term.</exception>
    public int Count(int term, OutcomeKind kind) => CountIn(TermColumn(term), kind);

    /// <summary>Mean of the totals over the leaves that have a score; null when none has.</summary>
    public double? MeanScore => MeanOf(Total.AsSpan());

    /// <summary>Mean of one term, before its weight, over the leaves for which it scored; null when there is none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such term.</exception>
    public double? MeanTerm(int term) => MeanOf(TermColumn(term));

    /// <summary>Outcomes that are plain scores, in leaf order, without terms.</summary>
    /// <exception cref="ArgumentException">A score is NaN or infinite; the message names the leaf.</exception>
    public static LeafOutcomes FromScores(params double[] scores)
    {
        ArgumentNullException.ThrowIfNull(scores);
        var total = new Outcome[scores.Length];
        for (int leaf = 0; leaf < scores.Length; leaf++)
        {
            Guard.That(double.IsFinite(scores[leaf]), $"scores[{leaf}] = {scores[leaf]}: must be finite; use FromOutcomes for leaves without a score", nameof(scores));
            total[leaf] = Outcome.Score(scores[leaf]);
        }
        return FromOutcomes(total);
    }

    /// <summary>Outcomes given leaf by leaf, without terms.</summary>
    /// <exception cref="ArgumentException">An outcome is inconsistent: a score that is not finite, or no score and no reason.</exception>
    public static LeafOutcomes FromOutcomes(IReadOnlyList<Outcome> total)
    {
        ArgumentNullException.ThrowIfNull(total);
        return Create([.. total], [], []);
    }

    /// <summary>Gathers totals and terms.</summary>
    /// <param name="total">Leaf -> outcome, length L.</param>
    /// <param name="termNames">Names of the K terms.</param>
    /// <param name="terms">Term-major outcomes: term k of leaf i at k*L + i; length K*L.</param>
    /// <exception cref="ArgumentException">A length is wrong, or an outcome is inconsistent: a score that is not finite, or no score and no reason.</exception>
    public static LeafOutcomes Create(ImmutableArray<Outcome> total, ImmutableArray<string> termNames, ImmutableArray<Outcome> terms)
    {
        Guard.That(!total.IsDefault && !termNames.IsDefault && !terms.IsDefault, "an array is not initialised: pass an empty one for nothing", nameof(total));
        Guard.SameLength(terms.Length, checked(total.Length * termNames.Length), $"{termNames.Length} terms of {total.Length} leaves");
        Check(total, nameof(total));
        Check(terms, nameof(terms));
        return new LeafOutcomes(total, termNames, terms);
    }

    /// <summary>Counts by kind, the mean score, and a line for each term.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(Counted.Of(LeafCount, "leaf", "leaves"));
        Describe(text, Total.AsSpan());
        for (int term = 0; term < TermNames.Length; term++)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n  {TermNames[term]}");
            Describe(text, TermColumn(term));
        }
        return text.ToString();
    }

    private ReadOnlySpan<Outcome> TermColumn(int term)
    {
        Guard.InRange((uint)term < (uint)TermNames.Length, term, $"must be a term, 0 .. {TermNames.Length - 1}");
        return terms.AsSpan().Slice(term * LeafCount, LeafCount);
    }

    private static void Describe(StringBuilder text, ReadOnlySpan<Outcome> column)
    {
        text.Append(CultureInfo.InvariantCulture, $": {CountIn(column, OutcomeKind.Score)} scored");
        if (MeanOf(column) is { } mean) text.Append(CultureInfo.InvariantCulture, $" (mean {mean:0.####})");
        AppendCount(text, column, OutcomeKind.Abstain, "abstained");
        AppendCount(text, column, OutcomeKind.Failed, "failed");
        AppendCount(text, column, OutcomeKind.TimedOut, "timed out");
    }

    private static void AppendCount(StringBuilder text, ReadOnlySpan<Outcome> column, OutcomeKind kind, string word)
    {
        int count = CountIn(column, kind);
        if (count == 0) return;
        text.Append(CultureInfo.InvariantCulture, $", {count} {word}");
        foreach (var outcome in column)
        {
            if (outcome.Kind != kind) continue;
            text.Append(CultureInfo.InvariantCulture, $" (first: {outcome.Reason})");
            return;
        }
    }

    private static int CountIn(ReadOnlySpan<Outcome> column, OutcomeKind kind)
    {
        int count = 0;
        foreach (var outcome in column) count += outcome.Kind == kind ? 1 : 0;
        return count;
    }

    private static double? MeanOf(ReadOnlySpan<Outcome> column)
    {
        double sum = 0;
        int count = 0;
        foreach (var outcome in column)
        {
            if (!outcome.HasScore) continue;
            sum += outcome.Value;
            count++;
        }
        return count == 0 ? null : sum / count;
    }

    private static void Check(ImmutableArray<Outcome> outcomes, string name)
    {
        for (int i = 0; i < outcomes.Length; i++)
        {
            var outcome = outcomes[i];
            Guard.That(outcome.Kind is >= OutcomeKind.Score and <= OutcomeKind.TimedOut, $"{name}[{i}].Kind = {outcome.Kind}: must be Score, Abstain, Failed or TimedOut", name);
            Guard.That(!outcome.HasScore || double.IsFinite(outcome.Value), $"{name}[{i}] scores {outcome.Value}: a score must be finite", name);
            Guard.That(outcome.HasScore || !string.IsNullOrEmpty(outcome.Reason), $"{name}[{i}] is {outcome.Kind} without a reason: say why there is no score", name);
        }
    }
}
