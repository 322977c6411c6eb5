using System;
using System.Globalization;

namespace TreeRl.Credit;

/// <summary>The set of leaves a statistic is taken over. Leaves without a score belong to none.</summary>
public enum CreditScope
{
    /// <summary>All leaves of one prompt, over all its trees.</summary>
    Prompt,

    /// <summary>The leaves below one root.</summary>
    Tree,

    /// <summary>All leaves of the forest.</summary>
    Batch,
}

/// <summary>What a group of values is divided by. mu is the group's mean, d_i = x_i - mu, n its size.</summary>
public enum StdKind
{
    /// <summary>sqrt(sum d_i^2 / (n-1)), as in GRPO's public implementations.</summary>
    Sample,

    /// <summary>sqrt(sum d_i^2 / n).</summary>
    Population,

    /// <summary>sqrt(mu (1-mu)): equals <see cref="Population"/> when every value is 0 or 1. Needs 0 &lt;= mu &lt;= 1.</summary>
    BernoulliStd,

    /// <summary>mu (1-mu). Needs 0 &lt;= mu &lt;= 1.</summary>
    BernoulliVariance,
}

/// <summary>How a node's advantage reaches tokens.</summary>
public enum CreditSpread
{
    /// <summary>The tokens of node n get A(n).</summary>
    Segment,

    /// <summary>The terms are evaluated at the leaf, and every token of the leaf's path gets the leaf's A; a shared token gets one for each path.</summary>
    Path,
}

/// <summary>What one training sample is: it decides how often a shared token counts and what a sequence is for sequence means and ratios.</summary>
public enum TrainingUnit
{
    /// <summary>Every token of the forest counts once; a sequence is a node.</summary>
    TokenOnce,

    /// <summary>As <see cref="TokenOnce"/>, and nodes whose advantage is exactly 0 are left out (and out of every denominator).</summary>
    EdgeOnce,

    /// <summary>A node counts once, inside its sibling group: the aggregation is taken inside each group, then averaged over groups.</summary>
    SiblingGroup,

    /// <summary>A sequence is a whole path: a token shared by k leaves counts k times, at the cost of one.</summary>
    PathDuplicated,
}

/// <summary>What a group of a single value gets.</summary>
public enum SingletonRule
{
    /// <summary>Zero: one value says nothing relative to its group.</summary>
    Zero,

    /// <summary>The group's mean is taken to be 0 and its deviation 1, so that the value itself remains (as verl does for GRPO: R / (1 + 1e-6)).</summary>
    KeepValue,
}

/// <summary>A divisor: a deviation of a group plus <paramref name="Epsilon"/>. A group without spread is never divided; it gives zeros.</summary>
/// <param name="Kind">Which deviation.</param>
/// <param name="Epsilon">Added to the deviation; not negative.</param>
public sealed record StdRule(StdKind Kind, double Epsilon)
{
    /// <summary>Sample deviation (n-1), epsilon 1e-6 unless given.</summary>
    public static StdRule Sample(double epsilon = 1e-6) => new(StdKind.Sample, epsilon);

    /// <summary>Population deviation (n), epsilon 1e-8 unless given.</summary>
    public static StdRule Population(double epsilon = 1e-8) => new(StdKind.Population, epsilon);

    /// <summary>sqrt(mu (1-mu)), epsilon 1e-6 unless given.</summary>
    public static StdRule BernoulliStd(double epsilon = 1e-6) => new(StdKind.BernoulliStd, epsilon);

    /// <summary>mu (1-mu), epsilon 1e-6 unless given.</summary>
    public static StdRule BernoulliVariance(double epsilon = 1e-6) => new(StdKind.BernoulliVariance, epsilon);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"({char.ToLowerInvariant(Kind.ToString()[0])}{Kind.ToString()[1..]} {Epsilon})");

    internal void Validate(string where) =>
        Guard.That(double.IsFinite(Epsilon) && Epsilon >= 0, $"{where}: epsilon = {Epsilon}: must be finite and not negative", "epsilon");
}
