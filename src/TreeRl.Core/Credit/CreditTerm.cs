using System;
using System.Globalization;
using TreeRl.Forests;

namespace TreeRl.Credit;

/// <summary>What a term's difference V(n) - baseline is divided by.</summary>
public abstract record TermScale
{
    private protected TermScale()
    {
    }

    /// <summary>1.</summary>
    public static TermScale None { get; } = new NoScale();

    /// <summary>
    /// Deviation of the baseline's group (see <see cref="Baseline"/>) plus epsilon. A group without spread gives exactly 0; a group of one
    /// follows the rule's <see cref="SingletonRule"/>.
    /// </summary>
    public static TermScale Std(StdRule std) => new StdScale(std);

    /// <summary>Square root of the number of scored leaves below the node (TreeRL, 2506.11902).</summary>
    public static TermScale SqrtLeafCount { get; } = new SqrtLeafScale();

    /// <summary>A function of your own.</summary>
    /// <param name="name">Names it in prints and errors.</param>
    /// <param name="scale">Forest and node values (length N, NaN where a node has none) to divisors (length N): finite and not 0 wherever the rule evaluates it.</param>
    public static TermScale Custom(string name, Func<Forest, double[], double[]> scale) => new CustomScale(name, scale);

    /// <summary>The words that make this scale.</summary>
    public abstract string Words { get; }

    /// <inheritdoc/>
    public sealed override string ToString() => Words;

    /// <summary>Prepares the scale on one forest: (node, baseline, difference) -> scaled difference.</summary>
    internal abstract Func<int, BaselineAt, double, double> On(CreditWork work);

    internal virtual void Validate()
    {
    }
}

/// <summary>One term of the advantage: weight (V(n) - baseline(n)) / scale(n).</summary>
/// <param name="Weight">Factor of the term; any finite number.</param>
/// <param name="Baseline">What V(n) is compared with.</param>
/// <param name="Scale">What the difference is divided by.</param>
public sealed record CreditTerm(double Weight, Baseline Baseline, TermScale Scale)
{
    /// <summary>V(n) - baseline.</summary>
    public static CreditTerm Over(Baseline baseline) => new(1, baseline, TermScale.None);

    /// <summary>(V(n) - baseline) / scale.</summary>
    public static CreditTerm Over(Baseline baseline, TermScale scale) => new(1, baseline, scale);

    /// <summary>The same term, with its weight multiplied.</summary>
    public CreditTerm Times(double factor) => new(Weight * factor, Baseline, Scale);

    /// <summary>The words that make this term.</summary>
    public string Words
    {
        get
        {
            string words = Scale is NoScale ? $"over {Baseline}" : $"over {Baseline} / {Scale}";
            return Weight == 1 ? words : string.Create(CultureInfo.InvariantCulture, $"{Weight} * ({words})");
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Words;
}

internal sealed record NoScale : TermScale
{
    public override string Words => "none";

    internal override Func<int, BaselineAt, double, double> On(CreditWork work) => (_, _, difference) => difference;
}

internal sealed record StdScale(StdRule Rule) : TermScale
{
    public override string Words => $"std {Rule}";

    internal override Func<int, BaselineAt, double, double> On(CreditWork work) => (_, at, difference) =>
        at.Group.Count == 1 ? work.Singleton(difference) / (1 + Rule.Epsilon) : at.Group.HasSpread ? difference / at.Group.Divisor(Rule) : 0;

    internal override void Validate() => Rule.Validate(Words);
}

internal sealed record SqrtLeafScale : TermScale
{
    public override string Words => "sqrtLeafCount";

    internal override Func<int, BaselineAt, double, double> On(CreditWork work) => (n, _, difference) => difference / Math.Sqrt(work.ChosenLeaves[n]);
}

internal sealed record CustomScale(string Name, Func<Forest, double[], double[]> Function) : TermScale
{
    public override string Words => $"customScale \"{Name}\"";

    internal override Func<int, BaselineAt, double, double> On(CreditWork work)
    {
        var column = UserCode.Column("scale", Words, ColumnOf.Nodes, work.Forest, () => Function(work.Forest, [.. work.NodeValue]), work.TermEvaluated);
        for (int n = 0; n < column.Length; n++)
            Guard.That(!work.TermEvaluated[n] || column[n] != 0, $"{Words} returned 0 for node {n}, of prompt '{work.Forest.Prompts[work.Forest.PromptOf[n]].Id}': a divisor must not be 0; return 1 where nothing is to be divided", "scale");
        return (n, _, difference) => difference / column[n];
    }
}
