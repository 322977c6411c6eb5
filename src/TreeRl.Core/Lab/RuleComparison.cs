using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;
using System.Text;
using TreeRl.Credit;
using TreeRl.Forests;
using TreeRl.Objectives;
using TreeRl.Rewards;

namespace TreeRl.Lab;

/// <summary>
/// Several rules on the same graded forest: sample once, compare many. Measures run over the tokens of scored nodes; a token that a rule
/// does not train has advantage 0 there.
/// </summary>
[Notebooks.TypeFormatterSource(typeof(Notebooks.HtmlFormatterSource))]
public sealed class RuleComparison
{
    private readonly double[][] columns; // by rule: advantages of the scored tokens
    private readonly double[]?[] ranks; // likewise, made when asked for

    private RuleComparison(Forest forest, LeafOutcomes outcomes, ImmutableArray<TokenCredit> rules)
    {
        Forest = forest;
        Outcomes = outcomes;
        Rules = rules;
        columns = [.. rules.Select(Column)];
        ranks = new double[]?[rules.Length];
    }

    /// <summary>The forest.</summary>
    public Forest Forest { get; }

    /// <summary>Its leaves' outcomes.</summary>
    public LeafOutcomes Outcomes { get; }

    /// <summary>One entry for each rule, in the order given.</summary>
    public ImmutableArray<TokenCredit> Rules { get; }

    /// <summary>Applies rules to a graded forest.</summary>
    /// <param name="forest">The forest.</param>
    /// <param name="outcomes">One outcome for each leaf.</param>
    /// <param name="rules">At least one; names differ.</param>
    /// <param name="aggregation">How token losses become one number, the same for all; null takes <see cref="Aggregation.TokenMean"/>.</param>
    /// <exception cref="ArgumentException">No rule, two of one name, or a rule does not fit the forest.</exception>
    public static RuleComparison Of(Forest forest, LeafOutcomes outcomes, IReadOnlyList<CreditRule> rules, AggregationSettings? aggregation = null)
    {
        ArgumentNullException.ThrowIfNull(rules);
        Guard.That(rules.Count > 0, "rules = none: give at least one rule to look at", nameof(rules));
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var rule in rules)
            Guard.That(names.Add(rule.Name), $"two rules are called '{rule.Name}': rename one with WithName, tables tell rules by name", nameof(rules));
        return new RuleComparison(forest, outcomes, [.. rules.Select(rule => TokenCredit.Of(Redistribution.Apply(rule, forest, outcomes), aggregation))]);
    }

    /// <summary>The rules' names, in order.</summary>
    public ImmutableArray<string> Names => [.. Rules.Select(rule => rule.Credit.Rule.Name)];

    /// <summary>Share of equal signs among the tokens where both rules have signal; NaN when there is none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such rule.</exception>
    public double SignAgreement(int rule, int other)
    {
        Check(rule, other);
        return LabMath.SignAgreement(columns[rule], Rules[rule].SignalThreshold, columns[other], Rules[other].SignalThreshold);
    }

    /// <summary>Pearson's correlation of two rules' token advantages; NaN when one is constant.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such rule.</exception>
    public double Pearson(int rule, int other)
    {
        Check(rule, other);
        return LabMath.Pearson(columns[rule], columns[other]);
    }

    /// <summary>Spearman's rank correlation of two rules' token advantages; NaN when one is constant.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such rule.</exception>
    public double Spearman(int rule, int other)
    {
        Check(rule, other);
        ranks[rule] ??= LabMath.Ranks(columns[rule]);
        ranks[other] ??= LabMath.Ranks(columns[other]);
        return LabMath.Pearson(ranks[rule]!, ranks[other]!);
    }

    /// <summary>The trees of a prompt as text with one column of node advantages for each rule.</summary>
    /// <param name="promptIndex">Index into the forest's prompts.</param>
    /// <param name="piece">Shows a token; null shows ids.</param>
    public string NodeTable(int promptIndex, Func<int, string>? piece = null)
    {
        var shown = ImmutableArray.CreateBuilder<PrinterColumn>();
        foreach (var rule in Rules)
            shown.Add(PrinterColumn.Number(rule.Credit.Rule.Name, node => rule.NodeAdvantage[node], "+0.000;-0.000;0"));
        shown.Add(new PrinterColumn("earned", node => Forest.IsLeaf(node) ? Outcomes.Total[Forest.FirstLeaf[node]].ToString() : ""));
        var options = new ForestPrinterOptions { Columns = shown.ToImmutable() };
        if (piece is not null) options = options with { Piece = piece };
        return ForestPrinter.PrintPrompt(Forest, promptIndex, options).TrimEnd();
    }

    /// <summary>Signal and effective tokens by rule, then the matrices of sign agreement, Pearson and Spearman.</summary>
    public override string ToString()
    {
        int width = Names.Max(name => name.Length);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Counted.Of(Rules.Length, "rule")} on {Forest}\n");
        text.Append(CultureInfo.InvariantCulture, $"{"rule".PadRight(width)}  {"with signal",12}  {"effective tokens",17}\n");
        for (int r = 0; r < Rules.Length; r++)
            text.Append(CultureInfo.InvariantCulture, $"{Names[r].PadRight(width)}  {Rules[r].SignalShare,12:P1}  {Rules[r].EffectiveTokens,17:N0}\n");
        Matrix("sign agreement", SignAgreement);
        Matrix("Pearson correlation of token advantages", Pearson);
        Matrix("Spearman correlation of token advantages", Spearman);
        return text.ToString().TrimEnd();

        void Matrix(string title, Func<int, int, double> of)
        {
            text.Append('\n').Append(title).Append('\n').Append(' ', width);
            foreach (string name in Names) text.Append("  ").Append(name.PadLeft(6));
            for (int r = 0; r < Rules.Length; r++)
            {
                text.Append('\n').Append(Names[r].PadRight(width));
                for (int c = 0; c < Rules.Length; c++)
                {
                    double value = of(r, c);
                    text.Append("  ").Append((double.IsNaN(value) ? "-" : value.ToString("0.000", CultureInfo.InvariantCulture)).PadLeft(Math.Max(6, Names[c].Length)));
                }
            }
            text.Append('\n');
        }
    }

    private double[] Column(TokenCredit rule)
    {
        var column = new List<double>((int)rule.ScoredTokens);
        for (int n = 0; n < Forest.NodeCount; n++)
        {
            if (!rule.NodeScored[n]) continue;
            column.AddRange(rule.TokenAdvantage.AsSpan(Forest.FirstToken[n], Forest.TokenCount[n]));
        }
        return [.. column];
    }

    private void Check(int rule, int other)
    {
        Guard.InRange((uint)rule < (uint)Rules.Length, rule, $"must be a rule, 0 .. {Rules.Length - 1}");
        Guard.InRange((uint)other < (uint)Rules.Length, other, $"must be a rule, 0 .. {Rules.Length - 1}");
    }
}
