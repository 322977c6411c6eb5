using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Threading;
using TreeRl.Credit;
using TreeRl.Forests;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Rewards;
using TreeRl.Sampling;

namespace TreeRl.Values;

/// <summary>Values of a forest's nodes and prompts, estimated by fresh continuations.</summary>
/// <param name="Node">Node -> mean reward of the continuations from its end; NaN for leaves, past the budget, and where none had a score. Length N.</param>
/// <param name="Prompt">Prompt -> likewise, from the end of the prompt. Length P.</param>
/// <param name="PlacesDone">Places sampled.</param>
/// <param name="PlaceCount">Places there are: prompts and inner nodes, those with equal paths once.</param>
/// <param name="Tokens">Tokens drawn for them.</param>
public sealed record NodeEstimates(ImmutableArray<double> Node, ImmutableArray<double> Prompt, int PlacesDone, int PlaceCount, long Tokens)
{
    /// <summary>Whether the budget sufficed for all places.</summary>
    public bool Complete => PlacesDone == PlaceCount;

    /// <inheritdoc/>
    public override string ToString() => $"{PlacesDone} of {Counted.Of(PlaceCount, "place")}{(Complete ? "" : " (budget spent)")}, {Counted.Grouped(Tokens, "fresh token")}";
}

/// <summary>
/// Supplies the values that <see cref="Backup.FreshValues"/> asks for: K answers go on from the end of every prompt and inner node, are graded
/// as whole answers, and their mean reward is the place's value (VinePPO, arXiv 2410.01679).
/// </summary>
public static class FreshValues
{
    /// <summary>Places sampled between two looks at the budget. A constant, so that a budget means the same on every machine.</summary>
    public const int BatchPlaces = 32;

    /// <summary>Samples the values that a rule asks for.</summary>
    /// <param name="rule">A rule whose backup is <see cref="Backup.FreshValues"/>.</param>
    /// <param name="policy">The policy that goes on; its weights must not change meanwhile.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="forest">The forest.</param>
    /// <param name="reward">Grades the continuations; the reward of the forest's own leaves.</param>
    /// <param name="sampling">The plan of the forest: its longest answer, its way to draw, its stop texts.</param>
    /// <param name="seed">The draws of a place depend on this and its path alone.</param>
    /// <param name="cancellation">Looked at before each batch.</param>
    /// <exception cref="ArgumentException">The rule asks for no values, or the plan ends answers by a rule that looks back over a whole answer.</exception>
    public static NodeEstimates Estimate(
        CreditRule rule, IPolicy policy, ITokenizer tokenizer, Forest forest, RewardPlan reward, SamplingPlan sampling, Seed seed, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(rule);
        ArgumentNullException.ThrowIfNull(forest);
        var asks = rule.Backup as FreshValuesBackup;
        Guard.That(asks is not null, $"redistribution '{rule.Name}': its backup {rule.Backup} asks for no values", nameof(rule));
        var flat = Continuations.Of(sampling, asks!.Continuations, Cure);
        var places = new ValuePlaces(forest);
        var sampler = new PlaceSampler(policy, tokenizer, forest, reward, flat, seed, places);
        var value = new double[places.Count];
        Array.Fill(value, double.NaN);
        int[] order = ByDepth(places);
        int done = 0;
        long tokens = 0;
        while (done < order.Length && tokens < asks.BudgetTokens)
        {
            cancellation.ThrowIfCancellationRequested();
            int[] batch = order[done..Math.Min(done + BatchPlaces, order.Length)];
            var sampled = sampler.Sample(batch, cancellation);
            for (int i = 0; i < batch.Length; i++) value[batch[i]] = sampled[i].Value;
            tokens += sampled.Sum(place => place.Tokens);
            done += batch.Length;
        }
        return new NodeEstimates(
            [.. places.OfNode.Select(place => place < 0 ? double.NaN : value[place])],
            [.. places.OfPrompt.Select(place => value[place])],
            done, places.Count, tokens);
    }

    /// <summary>The rule with its values in place, as <see cref="Redistribution.Apply"/> needs it.</summary>
    /// <param name="rule">A rule whose backup is <see cref="Backup.FreshValues"/>.</param>
    /// <param name="forest">The forest the values belong to.</param>
    /// <param name="outcomes">What its leaves earned: a place without an estimate takes the mean of its own leaves, on a chain the chain's reward.</param>
    /// <param name="estimates">The values.</param>
    public static CreditRule Supply(CreditRule rule, Forest forest, LeafOutcomes outcomes, NodeEstimates estimates)
    {
        ArgumentNullException.ThrowIfNull(rule);
        ArgumentNullException.ThrowIfNull(estimates);
        Guard.SameLength(estimates.Node.Length, forest.NodeCount, "one estimate for each node");
        // The leaves' own rewards, unchanged: what the continuations' rewards are comparable with.
        var own = Redistribution.Apply(new CreditRule("leaves below") { Backup = Backup.MeanOfLeaves, Spread = CreditSpread.Segment }, forest, outcomes);
        return rule.WithBackup(Backup.MonteCarlo(
            estimates.Node.Select((value, node) => double.IsNaN(value) ? own.NodeValue[node] : value),
            estimates.Prompt.Select((value, prompt) => double.IsNaN(value) ? own.PromptValue[prompt] : value)));
    }

    internal const string Cure = "Leave that rule out of the sampling, or give the values yourself (Backup.MonteCarlo)";

    /// <summary>The places of all prompts, shallow ones first, so that a budget cuts off the last steps of every answer and not the last prompts.</summary>
    private static int[] ByDepth(ValuePlaces places)
    {
        var order = Enumerable.Range(0, places.Count).ToArray();
        Array.Sort(order, (a, b) => (places.PathLength(a), a).CompareTo((places.PathLength(b), b)));
        return order;
    }
}
