using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using TreeRl.Credit;

namespace TreeRl.Inspection;

/// <summary>
/// How much of a run is kept to be looked at token by token. It is bounded: a few steps, a few prompts of each, and no more tokens than
/// <see cref="TokensPerStep"/>. What is kept changes nothing in the run, and so is no part of what a run is recognised by.
/// </summary>
public sealed record InspectionPlan
{
    /// <summary>Steps kept, spread evenly from the first to the last; 0 keeps none.</summary>
    public int Steps { get; init; } = 6;

    /// <summary>Prompts kept of such a step, at most.</summary>
    public int Prompts { get; init; } = 6;

    /// <summary>Unique tokens kept of such a step: prompts are added while they fit, and there is always one.</summary>
    public int TokensPerStep { get; init; } = 20_000;

    /// <summary>Rules shown beside the run's own, on the same trees; those with the name of an earlier one are left out.</summary>
    public ImmutableArray<CreditRule> Rules { get; init; } = [CreditRules.Grpo, CreditRules.TreeAdv, CreditRules.Spo];

    /// <summary>Checks every rule above.</summary>
    /// <exception cref="ArgumentException">A value breaks its rule; the message names it.</exception>
    public InspectionPlan Validated()
    {
        Guard.InRange(Steps >= 0, Steps, "must not be negative; 0 keeps no step");
        Guard.InRange(Prompts >= 1, Prompts, "must be at least 1; Steps = 0 keeps nothing");
        Guard.InRange(TokensPerStep >= 1, TokensPerStep, "must be at least 1");
        Guard.That(!Rules.IsDefault, "Rules = default: must be an array; [] for none", nameof(Rules));
        foreach (var rule in Rules) rule.Validate();
        return this;
    }

    /// <summary>Whether a step of a run is kept.</summary>
    /// <param name="step">0-based step.</param>
    /// <param name="stepCount">Steps of the whole run, at least 1.</param>
    public bool Keeps(int step, int stepCount)
    {
        if (Steps == 0) return false;
        if (Steps == 1) return step == stepCount - 1;
        if (Steps >= stepCount) return true;
        // Step k of the Steps kept is round(k (stepCount - 1) / (Steps - 1)): the one nearest to this step decides.
        long k = ((long)step * (Steps - 1) + (stepCount - 1) / 2) / (stepCount - 1);
        return (k * (stepCount - 1) * 2 + (Steps - 1)) / (2L * (Steps - 1)) == step;
    }

    /// <summary>
    /// The prompts kept of a forest, ascending: the largest one whose rewards differ between good and bad, the first all bad, the first all
    /// good, then the others in order.
    /// </summary>
    /// <param name="credit">The forest with its rewards.</param>
    /// <param name="goodScore">A leaf is good when its reward is at least this.</param>
    public ImmutableArray<int> Choose(CreditResult credit, double goodScore = 0.5)
    {
        ArgumentNullException.ThrowIfNull(credit);
        var forest = credit.Forest;
        int prompts = forest.PromptCount, mixed = -1, bad = -1, good = -1;
        for (int p = 0; p < prompts; p++)
        {
            var (least, most) = Rewards(credit, p);
            if (double.IsNaN(least)) continue;
            if (least >= goodScore) good = good < 0 ? p : good;
            else if (most < goodScore) bad = bad < 0 ? p : bad;
            else if (mixed < 0 || TokensOf(credit, p) > TokensOf(credit, mixed)) mixed = p;
        }
        var order = new List<int>();
        foreach (int p in new[] { mixed, bad, good })
            if (p >= 0) order.Add(p);
        for (int p = 0; p < prompts; p++)
            if (p != mixed && p != bad && p != good) order.Add(p);
        var kept = new SortedSet<int>();
        long tokens = 0;
        foreach (int p in order)
        {
            int own = TokensOf(credit, p);
            if (kept.Count == Prompts || (kept.Count > 0 && tokens + own > TokensPerStep)) continue;
            kept.Add(p);
            tokens += own;
        }
        return [.. kept];
    }

    private static int TokensOf(CreditResult credit, int prompt)
    {
        var forest = credit.Forest;
        int last = forest.FirstNodeOfPrompt[prompt + 1] - 1;
        return forest.FirstToken[last] + forest.TokenCount[last] - forest.FirstToken[forest.FirstNodeOfPrompt[prompt]];
    }

    private static (double Least, double Most) Rewards(CreditResult credit, int prompt)
    {
        var forest = credit.Forest;
        double least = double.NaN, most = double.NaN;
        for (int n = forest.FirstNodeOfPrompt[prompt]; n < forest.FirstNodeOfPrompt[prompt + 1]; n++)
        {
            if (!forest.IsLeaf(n) || !credit.LeafScored[forest.FirstLeaf[n]]) continue;
            double reward = credit.LeafReward[forest.FirstLeaf[n]];
            (least, most) = double.IsNaN(least) ? (reward, reward) : (Math.Min(least, reward), Math.Max(most, reward));
        }
        return (least, most);
    }
}
