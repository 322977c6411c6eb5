using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using TreeRl.Forests;
using TreeRl.Policies;

namespace TreeRl.Credit;

/// <summary>A rule applied to a case, read by the keys of nodes.</summary>
internal sealed class LawRun
{
    private LawRun(LawForest forest, CreditResult credit)
    {
        Sealed = forest;
        Credit = credit;
    }

    public LawForest Sealed { get; }

    public CreditResult Credit { get; }

    public Forest Forest => Sealed.Forest;

    public bool BySegment => Credit.Rule.Spread == CreditSpread.Segment;

    /// <summary>Applies the rule.</summary>
    /// <exception cref="LawRunException">The rule refused the forest or a function of the user's threw.</exception>
    public static LawRun Of(CreditRule rule, LawCase of)
    {
        var forest = of.Build();
        try
        {
            return new LawRun(forest, Redistribution.Apply(rule, forest.Forest, forest.Outcomes));
        }
        catch (Exception problem) when (problem is ArgumentException or InvalidOperationException or NonFiniteException)
        {
            throw new LawRunException(forest, problem);
        }
    }

    /// <summary>Number of advantages a node has of its own: one a token by segment; by path one at a leaf, none above.</summary>
    public int Count(int node) => BySegment ? Forest.TokenCount[node] : Forest.IsLeaf(node) ? 1 : 0;

    /// <summary>Final advantage number <paramref name="i"/> of a node.</summary>
    public double Advantage(int node, int i) =>
        BySegment ? Credit.TokenAdvantage[Forest.FirstToken[node] + i] : Credit.LeafAdvantage[Forest.FirstLeaf[node]];

    /// <summary>Mean of a node's final advantages; NaN when it has none of its own.</summary>
    public double Mean(int node)
    {
        int count = Count(node);
        double sum = 0;
        for (int i = 0; i < count; i++) sum += Advantage(node, i);
        return count == 0 ? double.NaN : sum / count;
    }

    /// <summary>Final advantages unless whitening or clipping moved them; then those before the after-steps. NaN where a node has none.</summary>
    public double Unmoved(int node)
    {
        foreach (var step in Credit.Rule.After)
        {
            if (step is WhitenStep or ClipStep) return BySegment || Forest.IsLeaf(node) ? Credit.NodeAdvantage[node] : double.NaN;
        }
        return Mean(node);
    }
}

/// <summary>A rule could not be applied to a generated forest.</summary>
internal sealed class LawRunException(LawForest forest, Exception problem) : Exception(problem.Message, problem)
{
    public LawForest Forest { get; } = forest;
}

/// <summary>
/// The worst that a law's examination of one case found: at node <see cref="Node"/> of the drawn forest, something expected and something
/// got. <see cref="Deviation"/> is |expected - got| / max(1, |expected|), infinite when something is missing.
/// </summary>
internal sealed record LawFinding(LawForest Drawn, int Node, string What, double Expected, double Got, double Deviation)
{
    /// <summary>Whether the law is broken: set by the law's test.</summary>
    public bool Broken { get; init; }

    /// <summary>What to show beside the nodes.</summary>
    public ImmutableArray<PrinterColumn> Columns { get; init; } = [];

    /// <summary>What the rule threw, null when it did not.</summary>
    public string? Threw { get; init; }

    public static double Distance(double expected, double got) =>
        expected.Equals(got) ? 0 : double.IsFinite(expected) && double.IsFinite(got) ? Math.Abs(expected - got) / Math.Max(1, Math.Abs(expected)) : double.PositiveInfinity;
}

/// <summary>Gathers the worst deviation of a case.</summary>
internal sealed class LawWitness(LawForest drawn)
{
    private readonly SortedDictionary<int, double> expected = [], got = [], second = [];

    public LawFinding Worst { get; private set; } = new(drawn, -1, "", 0, 0, 0);

    public LawForest Drawn => drawn;

    /// <summary>Compares two numbers at a key of the drawn forest.</summary>
    public void See(int key, string what, double expectedValue, double gotValue) =>
        See(key, what, expectedValue, gotValue, LawFinding.Distance(expectedValue, gotValue));

    public void See(int key, string what, double expectedValue, double gotValue, double deviation)
    {
        expected.TryAdd(key, expectedValue);
        got.TryAdd(key, gotValue);
        if (deviation <= Worst.Deviation && Worst.Node >= 0) return;
        Worst = new(drawn, drawn.NodeOf(key), what, expectedValue, gotValue, deviation);
        (expected[key], got[key]) = (expectedValue, gotValue);
    }

    /// <summary>Compares what two runs gave a node: its advantages, and whether it is trained.</summary>
    public void Compare(LawRun was, LawRun now, Func<int, bool>? only = null, double factor = 1)
    {
        for (int n = 0; n < now.Forest.NodeCount; n++)
        {
            int key = now.Sealed.Keys[n], m = was.Sealed.NodeOf(key);
            if (m < 0 || !(only?.Invoke(key) ?? true)) continue;
            for (int i = 0; i < now.Count(n); i++) See(key, "advantage", factor * was.Advantage(m, i), now.Advantage(n, i));
            bool before = was.Credit.NodeTrained[m], after = now.Credit.NodeTrained[n];
            if (before != after) See(key, "trained (1 yes, 0 no)", before ? 1 : 0, after ? 1 : 0);
        }
    }

    /// <summary>Shows a second reward beside each leaf.</summary>
    public void Second(LawForest other)
    {
        for (int n = 0; n < other.Forest.NodeCount; n++) second[other.Keys[n]] = other.RewardOf(n);
    }

    public LawFinding Finding()
    {
        var columns = ImmutableArray.CreateBuilder<PrinterColumn>();
        columns.Add(PrinterColumn.Number("reward", drawn.RewardOf, "0.####"));
        if (second.Count > 0) columns.Add(Column("then", second));
        columns.Add(Column("expected", expected));
        columns.Add(Column("got", got));
        return Worst with { Columns = columns.ToImmutable() };
    }

    private PrinterColumn Column(string name, SortedDictionary<int, double> values) =>
        PrinterColumn.Number(name, node => values.GetValueOrDefault(drawn.Keys[node], double.NaN), "0.######");
}
