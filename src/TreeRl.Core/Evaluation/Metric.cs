using System;
using System.Globalization;

namespace TreeRl.Evaluation;

/// <summary>One number per item, whose mean over items is reported.</summary>
public sealed class Metric
{
    private readonly Func<ItemAnswers, double> ofItem;

    private Metric(string name, int answers, double least, double most, Func<ItemAnswers, double> ofItem)
    {
        Name = name;
        Answers = answers;
        Least = least;
        Most = most;
        this.ofItem = ofItem;
    }

    /// <summary>
    /// avg@k: the mean score of an item's answers, with missing scores as 0. All n answers are used, since the mean over n estimates
    /// the same number as that over any k with less noise; so k is n.
    /// </summary>
    public static Metric Avg { get; } = new("avg", 1, double.NegativeInfinity, double.PositiveInfinity, static item =>
    {
        double sum = 0;
        foreach (var answer in item.Answers) sum += answer.Score;
        return sum / item.Answers.Length;
    });

    /// <summary>The share of an item's answers that are right: <see cref="Avg"/> with scores of 0 and 1.</summary>
    public static Metric Accuracy { get; } = new("accuracy", 1, 0, 1, static item => (double)item.Right / item.Answers.Length);

    /// <summary>Mean tokens of an answer.</summary>
    public static Metric Tokens { get; } = new("tokens", 1, double.NegativeInfinity, double.PositiveInfinity, static item =>
    {
        double sum = 0;
        foreach (var answer in item.Answers) sum += answer.Tokens;
        return sum / item.Answers.Length;
    });

    /// <summary>The name in tables.</summary>
    public string Name { get; }

    /// <summary>Answers that an item must have.</summary>
    public int Answers { get; }

    /// <summary>The least an item can score.</summary>
    public double Least { get; }

    /// <summary>The most an item can score.</summary>
    public double Most { get; }

    /// <summary>pass@k without bias; see <see cref="Estimators.PassAtK"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="k"/> is below 1.</exception>
    public static Metric Pass(int k) => new(At("pass", k), k, 0, 1, item => Estimators.PassAtK(item.Answers.Length, item.Right, k));

    /// <summary>maj@k by classes of equivalent answers; see <see cref="Estimators.MajAtK"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="k"/> is below 1.</exception>
    public static Metric Maj(int k) => // rounding may leave the sum of chances a last bit above 1
        new(At("maj", k), k, 0, 1, item => Math.Min(1, Estimators.MajAtK(item.Classes, item.Silent, k)));

    /// <summary>A number of your own.</summary>
    /// <param name="name">Names it in tables.</param>
    /// <param name="ofItem">A finite number for each item.</param>
    /// <param name="least">The least it can be; a limit on both sides keeps the interval honest where all items score the same.</param>
    /// <param name="most">The most it can be.</param>
    public static Metric Of(string name, Func<ItemAnswers, double> ofItem, double least = double.NegativeInfinity, double most = double.PositiveInfinity)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(ofItem);
        Guard.InRange(least <= most, least, $"must not exceed most = {most}");
        return new Metric(name, 1, least, most, ofItem);
    }

    /// <summary>The item's number.</summary>
    /// <exception cref="ArgumentException">The item has fewer answers than the metric needs.</exception>
    public double Item(ItemAnswers item)
    {
        ArgumentNullException.ThrowIfNull(item);
        Guard.That(item.Answers.Length >= Answers, $"{Name} needs {Counted.Of(Answers, "answer")} an item, and {item.Id} has {item.Answers.Length}: sample more, or choose a smaller k", nameof(item));
        return ofItem(item);
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static string At(string name, int k)
    {
        Guard.InRange(k >= 1, k, "must be at least 1");
        return string.Create(CultureInfo.InvariantCulture, $"{name}@{k}");
    }
}
