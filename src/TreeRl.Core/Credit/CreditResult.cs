using System;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;
using System.Text;
using TreeRl.Forests;

namespace TreeRl.Credit;

/// <summary>
/// What a rule made of one graded forest: L leaves, N nodes, T tokens, P prompts. "Scored" says that a leaf has a score (a node: that a
/// leaf at or below it has one); "trained" says that it is scored and was neither pruned, dropped nor left unchosen. What is not scored has value NaN and
/// advantage 0; what is not trained has advantage 0 for tokens and leaves, and no training weight.
/// </summary>
[Notebooks.TypeFormatterSource(typeof(Notebooks.HtmlFormatterSource))]
public sealed class CreditResult
{
    internal CreditResult()
    {
    }

    /// <summary>The rule.</summary>
    public required CreditRule Rule { get; init; }

    /// <summary>The forest.</summary>
    public required Forest Forest { get; init; }

    /// <summary>Leaf -> reward as graded, NaN without a score. Length L.</summary>
    public required ImmutableArray<double> LeafReward { get; init; }

    /// <summary>Leaf -> score x after the rule's leaf steps, NaN without a score. Length L.</summary>
    public required ImmutableArray<double> LeafScore { get; init; }

    /// <summary>Node -> value V, NaN where there is none (no scored leaf below; inner nodes when the backup gives leaves only). Length N.</summary>
    public required ImmutableArray<double> NodeValue { get; init; }

    /// <summary>Prompt -> value of the parent of its roots, NaN where there is none. Length P.</summary>
    public required ImmutableArray<double> PromptValue { get; init; }

    /// <summary>
    /// Node -> sum of the terms, before pruning and after-steps; 0 when not scored or without a chosen leaf below. With spread Path an inner node has the mean over
    /// the scored leaves below it, which is what its tokens get for each path. Length N.
    /// </summary>
    public required ImmutableArray<double> NodeAdvantage { get; init; }

    /// <summary>Token -> final advantage with spread Segment, after-steps applied; 0 when not trained. Length T; empty with spread Path.</summary>
    public required ImmutableArray<double> TokenAdvantage { get; init; }

    /// <summary>Leaf -> final advantage of its path with spread Path, after-steps applied; 0 when not trained. Length L; empty with spread Segment.</summary>
    public required ImmutableArray<double> LeafAdvantage { get; init; }

    /// <summary>Leaf -> whether it has a score. Length L.</summary>
    public required ImmutableArray<bool> LeafScored { get; init; }

    /// <summary>Leaf -> whether its path is a training sample (training unit PathDuplicated) or may be part of trained nodes. Length L.</summary>
    public required ImmutableArray<bool> LeafTrained { get; init; }

    /// <summary>Node -> whether its tokens have training weight. Length N.</summary>
    public required ImmutableArray<bool> NodeTrained { get; init; }

    /// <summary>Token -> whether the rule's <see cref="CreditRule.Mask"/> leaves it out of training. Length T; empty without a mask, which leaves none out.</summary>
    public ImmutableArray<bool> TokenMasked { get; init; } = [];

    /// <summary>Prompt -> whether every trained node (with spread Path: leaf) of it has NodeAdvantage exactly 0 or only masked tokens, or none is trained. Length P.</summary>
    public required ImmutableArray<bool> PromptWithoutSignal { get; init; }

    /// <summary>How the forest's prompts and groups fared.</summary>
    public required CreditCounts Counts { get; init; }

    /// <summary>Whether a token belongs to a trained node and is not masked.</summary>
    internal bool Trains(int node, int token) => NodeTrained[node] && (TokenMasked.Length == 0 || !TokenMasked[token]);

    /// <summary>Number of a node's tokens that are trained.</summary>
    internal int TrainedTokens(int node)
    {
        if (!NodeTrained[node]) return 0;
        int count = Forest.TokenCount[node];
        return TokenMasked.Length == 0 ? count : count - TokenMasked.AsSpan(Forest.FirstToken[node], count).Count(true);
    }

    /// <summary>A summary of a few lines.</summary>
    public override string ToString()
    {
        var c = Counts;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"credit by {Rule.Name}: {Counted.Of(c.Prompts, "prompt")}, {Counted.Of(Forest.NodeCount, "node")}, {c.ScoredLeaves} of {Counted.Of(c.Leaves, "leaf", "leaves")} scored\n");
        text.Append(CultureInfo.InvariantCulture, $"  prompts: {c.AllGood} all good, {c.AllBad} all bad, {c.Mixed} mixed, {c.Unscored} unscored (good: reward at least {c.GoodScore:0.####}); {c.WithoutSignal} without signal, {c.SingletonPrompts} with one scored leaf\n");
        text.Append(CultureInfo.InvariantCulture, $"  trained: {Counted.Of(NodeTrained.Count(trained => trained), "node")}; pruned: {c.PrunedGroups} of {Counted.Of(c.PruneGroups, "group")} ({Counted.Of(c.PrunedNodes, "node")}); dropped: {Counted.Of(c.DroppedEdges, "edge")} without advantage\n");
        if (TokenMasked.Length > 0) text.Append(CultureInfo.InvariantCulture, $"  masked: {TokenMasked.Count(masked => masked)} of {Counted.Of(TokenMasked.Length, "token")}\n");
        double min = 0, max = 0, sum = 0;
        int count = 0;
        for (int n = 0; n < NodeAdvantage.Length; n++)
        {
            if (!NodeTrained[n]) continue;
            (min, max) = count == 0 ? (NodeAdvantage[n], NodeAdvantage[n]) : (Math.Min(min, NodeAdvantage[n]), Math.Max(max, NodeAdvantage[n]));
            sum += NodeAdvantage[n];
            count++;
        }
        text.Append(CultureInfo.InvariantCulture, $"  node advantage: min {min:0.####}, mean {(count == 0 ? 0 : sum / count):0.####}, max {max:0.####}");
        return text.ToString();
    }
}

/// <summary>Counters of one redistribution. AllGood + AllBad + Mixed + Unscored = Prompts.</summary>
public sealed record CreditCounts
{
    /// <summary>Number of prompts.</summary>
    public int Prompts { get; init; }

    /// <summary>Number of leaves.</summary>
    public int Leaves { get; init; }

    /// <summary>Leaves with a score.</summary>
    public int ScoredLeaves { get; init; }

    /// <summary>The reward from which a leaf counts as good.</summary>
    public double GoodScore { get; init; }

    /// <summary>Prompts all of whose scored leaves are good (reward at least the threshold given to <see cref="Redistribution.Apply"/>).</summary>
    public int AllGood { get; init; }

    /// <summary>Prompts none of whose scored leaves is good.</summary>
    public int AllBad { get; init; }

    /// <summary>Prompts with good and other scored leaves.</summary>
    public int Mixed { get; init; }

    /// <summary>Prompts without a scored leaf.</summary>
    public int Unscored { get; init; }

    /// <summary>Prompts whose trained advantages are all exactly 0, or that have none: see <see cref="CreditResult.PromptWithoutSignal"/>.</summary>
    public int WithoutSignal { get; init; }

    /// <summary>Prompts with exactly one scored leaf.</summary>
    public int SingletonPrompts { get; init; }

    /// <summary>Groups the prune rule looked at: prompts or sibling groups with a scored leaf; 0 without a prune rule.</summary>
    public int PruneGroups { get; init; }

    /// <summary>Groups it left out.</summary>
    public int PrunedGroups { get; init; }

    /// <summary>Scored nodes in them.</summary>
    public int PrunedNodes { get; init; }

    /// <summary>Nodes left out because their advantage is 0 (training unit EdgeOnce).</summary>
    public int DroppedEdges { get; init; }
}
