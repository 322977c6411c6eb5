using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;

namespace TreeRl.Evaluation;

/// <summary>One item under two policies.</summary>
/// <param name="Id">The item.</param>
/// <param name="First">Its metric under the first policy.</param>
/// <param name="Second">Its metric under the second.</param>
public readonly record struct ItemPair(string Id, double First, double Second)
{
    /// <summary>Second minus first.</summary>
    public double Difference => Second - First;
}

/// <summary>Two policies on the same items, item by item: what differs between items, their difficulty above all, cancels.</summary>
[Notebooks.TypeFormatterSource(typeof(Notebooks.HtmlFormatterSource))]
public sealed record PolicyComparison
{
    /// <summary>The first policy's name.</summary>
    public required string First { get; init; }

    /// <summary>The second policy's name.</summary>
    public required string Second { get; init; }

    /// <summary>What is compared.</summary>
    public required string MetricName { get; init; }

    /// <summary>The items in the first evaluation's order.</summary>
    public required ImmutableArray<ItemPair> Items { get; init; }

    /// <summary>The first policy's mean with its own interval.</summary>
    public required MeanEstimate FirstMean { get; init; }

    /// <summary>The second policy's mean with its own interval.</summary>
    public required MeanEstimate SecondMean { get; init; }

    /// <summary>Mean of the items' differences, second minus first, with the paired bootstrap interval: items are resampled, each with both results.</summary>
    public required MeanEstimate Difference { get; init; }

    /// <summary>The sign-flip permutation test of the mean difference; see <see cref="PairedTests.SignFlip"/>.</summary>
    public required PairedP Permutation { get; init; }

    /// <summary>The exact sign test's two-sided p-value, McNemar's with one answer an item; see <see cref="PairedTests.Sign"/>.</summary>
    public required double SignP { get; init; }

    /// <summary>Items where the second policy does better.</summary>
    public int Better => Items.Count(static item => item.Difference > 0);

    /// <summary>Items where the second policy does worse.</summary>
    public int Worse => Items.Count(static item => item.Difference < 0);

    /// <summary>Items where both do equally well.</summary>
    public int Equal => Items.Length - Better - Worse;

    /// <summary>Compares two evaluations of the same items, which may be in another order.</summary>
    /// <param name="first">The first policy's answers.</param>
    /// <param name="second">The second policy's answers.</param>
    /// <param name="metric">What is compared.</param>
    /// <param name="bootstrap">How intervals are made; its seed also names drawn permutations. Null for the default.</param>
    /// <exception cref="ArgumentException">The items differ; the message names one.</exception>
    public static PolicyComparison Of(PolicyEvaluation first, PolicyEvaluation second, Metric metric, ItemBootstrap? bootstrap = null)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        ArgumentNullException.ThrowIfNull(metric);
        bootstrap ??= ItemBootstrap.Default;
        var others = new Dictionary<string, ItemAnswers>(StringComparer.Ordinal);
        foreach (var item in second.Items) others[item.Id] = item;
        Guard.That(others.Count == first.Items.Length,
            $"{first.Policy} was measured on {Counted.Of(first.Items.Length, "item")} and {second.Policy} on {others.Count}: measure both on the same", nameof(second));
        var pairs = ImmutableArray.CreateBuilder<ItemPair>(first.Items.Length);
        foreach (var item in first.Items)
        {
            Guard.That(others.TryGetValue(item.Id, out var other), $"{second.Policy} has no item '{item.Id}': measure both policies on the same items", nameof(second));
            Guard.That(other.Prompt == item.Prompt && other.Reference == item.Reference, $"item '{item.Id}' has another question or key in the two evaluations: measure both policies on the same items", nameof(second));
            pairs.Add(new ItemPair(item.Id, Snapped(metric.Item(item)), Snapped(metric.Item(other))));
        }
        var items = pairs.MoveToImmutable();
        double[] differences = [.. items.Select(static item => item.Difference)];
        double span = metric.Most - metric.Least;
        return new PolicyComparison
        {
            First = first.Policy,
            Second = second.Policy,
            MetricName = metric.Name,
            Items = items,
            FirstMean = first.Measure(metric, bootstrap),
            SecondMean = second.Measure(metric, bootstrap),
            Difference = bootstrap.Mean(differences, -span, span),
            Permutation = PairedTests.SignFlip(differences, bootstrap.Seed.Child("permutations")),
            SignP = PairedTests.Sign(differences.Count(static d => d > 0), differences.Count(static d => d < 0)),
        };
    }

    /// <summary>The difference, its interval, both tests and the counts.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"{MetricName}: {Second} minus {First} {Difference}, permutation p {P(Permutation.P)}{(Permutation.IsExact ? "" : " (drawn)")}, sign test p {P(SignP)}; better in {Better}, worse in {Worse}, equal in {Equal} of {Counted.Of(Items.Length, "item")}");

    /// <summary>Rounded to 14 decimals, so that equal results reached by another sum are ties.</summary>
    private static double Snapped(double value) => Math.Round(value, 14);

    private static string P(double p) => p < 0.0001 ? "< 0.0001" : FormattableString.Invariant($"{p:0.0000}");
}
