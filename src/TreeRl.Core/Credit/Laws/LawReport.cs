using System;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;
using System.Text;
using TreeRl.Forests;
using TreeRl.Rewards;

namespace TreeRl.Credit;

/// <summary>The smallest forest found on which a law breaks.</summary>
/// <param name="Forest">The forest.</param>
/// <param name="Outcomes">Its outcomes, by leaf.</param>
/// <param name="Node">The node that deviates most; -1 when the rule threw.</param>
/// <param name="What">What was compared there.</param>
/// <param name="Expected">What the law expects.</param>
/// <param name="Got">What the rule gave.</param>
/// <param name="Threw">The message of what the rule threw; null when it gave numbers.</param>
/// <param name="Columns">What to print beside the nodes: rewards, expected and got; "then" are the rewards after the law changed them.</param>
public sealed record LawCounterexample(Forest Forest, LeafOutcomes Outcomes, int Node, string What, double Expected, double Got, string? Threw, ImmutableArray<PrinterColumn> Columns)
{
    /// <summary>The drawn forest, the deviating node marked, and the numbers.</summary>
    public override string ToString()
    {
        var mark = new PrinterColumn("<--", node => node == Node ? "here" : null);
        var text = new StringBuilder(ForestPrinter.Print(Forest, new ForestPrinterOptions { Columns = [.. Columns, mark] }));
        if (Threw is not null) return text.Append("threw: ").Append(Threw).Append('\n').ToString();
        return text.Append(CultureInfo.InvariantCulture, $"node {Node}: {What}: expected {Expected:G9}, got {Got:G9}\n").ToString();
    }
}

/// <summary>What came out for one law.</summary>
/// <param name="Law">The law.</param>
/// <param name="Verdict">Holds, Fails or NotClaimed.</param>
/// <param name="Words">What the law claims of the rule, or why it is not claimed.</param>
/// <param name="Cases">Number of forests it was tried on.</param>
/// <param name="LargestDeviation">
/// Largest |expected - got| / max(1, |expected|) over them; for <see cref="Credit.Law.Bound"/> the largest |advantage|. Infinite when the rule threw.
/// </param>
/// <param name="Counterexample">The smallest forest found that breaks it; null unless it fails.</param>
public sealed record LawResult(Law Law, LawVerdict Verdict, string Words, int Cases, double LargestDeviation, LawCounterexample? Counterexample)
{
    internal static LawResult Unclaimed(Law law, string words) => new(law, LawVerdict.NotClaimed, words, 0, 0, null);
}

/// <summary>Law by law, what <see cref="LawBook.Check"/> found. Print it for a table and the counterexamples.</summary>
[Notebooks.TypeFormatterSource(typeof(Notebooks.HtmlFormatterSource))]
public sealed class LawReport
{
    internal LawReport(CreditRule rule, long seed, int forests, ImmutableArray<LawResult> results, string note)
    {
        (Rule, Seed, Forests, Results, Note) = (rule, seed, forests, results, note);
    }

    /// <summary>The rule that was checked.</summary>
    public CreditRule Rule { get; }

    /// <summary>Seed of the forests.</summary>
    public long Seed { get; }

    /// <summary>Number of forests generated.</summary>
    public int Forests { get; }

    /// <summary>One result for each law, in the order of <see cref="Law"/>.</summary>
    public ImmutableArray<LawResult> Results { get; }

    /// <summary>What was replaced or left aside before checking; empty for nothing.</summary>
    public string Note { get; }

    /// <summary>The result of one law.</summary>
    public LawResult this[Law law] => Results.Single(result => result.Law == law);

    /// <summary>Whether no claimed law fails.</summary>
    public bool AllHold => Results.All(result => result.Verdict != LawVerdict.Fails);

    /// <summary>Throws when a claimed law fails, with the report as message.</summary>
    /// <exception cref="LawBrokenException">A law fails.</exception>
    public void ThrowIfBroken()
    {
        if (!AllHold) throw new LawBrokenException(this);
    }

    /// <summary>The table, then a drawing for every law that fails.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"laws of {Rule.Name}: {Results.Count(r => r.Verdict == LawVerdict.Holds)} hold, {Results.Count(r => r.Verdict == LawVerdict.Fails)} fail, {Results.Count(r => r.Verdict == LawVerdict.NotClaimed)} not claimed ({Counted.Of(Forests, "forest")}, seed {Seed})\n");
        if (Note.Length > 0) text.Append("  ").Append(Note).Append('\n');
        text.Append(CultureInfo.InvariantCulture, $"  {"law",-12}{"verdict",-12}{"cases",6}{"deviation",11}  claim\n");
        foreach (var result in Results)
        {
            bool claimed = result.Verdict != LawVerdict.NotClaimed;
            string deviation = claimed && result.Law != Law.Bound ? Size(result.LargestDeviation) : "-";
            text.Append(CultureInfo.InvariantCulture, $"  {Name(result.Law),-12}{Word(result.Verdict),-12}{(claimed ? result.Cases.ToString(CultureInfo.InvariantCulture) : "-"),6}{deviation,11}  {result.Words}\n");
        }
        foreach (var result in Results)
        {
            if (result.Counterexample is not { } example) continue;
            text.Append('\n').Append(Name(result.Law)).Append(" fails: ").Append(result.Words).Append('\n').Append(example);
        }
        return text.ToString();
    }

    private static string Name(Law law) => law switch { Law.ZeroSpread => "zero spread", Law.TokenOnce => "token once", _ => law.ToString().ToLowerInvariant() };

    private static string Word(LawVerdict verdict) => verdict switch { LawVerdict.Holds => "holds", LawVerdict.Fails => "FAILS", _ => "not claimed" };

    private static string Size(double deviation) => double.IsInfinity(deviation) ? "threw" : deviation == 0 ? "0" : deviation.ToString("0.0e+00", CultureInfo.InvariantCulture);
}

/// <summary>A rule breaks a law that it claims.</summary>
public sealed class LawBrokenException : Exception
{
    /// <summary>Creates the exception of a report.</summary>
    public LawBrokenException(LawReport report)
        : base(report?.ToString())
    {
        ArgumentNullException.ThrowIfNull(report);
        Report = report;
    }

    /// <summary>The report.</summary>
    public LawReport Report { get; }
}
