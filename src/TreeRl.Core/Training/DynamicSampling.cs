using System;
using System.Collections.Generic;
using TreeRl.Credit;
using TreeRl.Forests;
using TreeRl.Rewards;

namespace TreeRl.Training;

/// <summary>How many prompts a further try of <see cref="DynamicSampling"/> samples.</summary>
public enum RefillSize
{
    /// <summary>As many as a step has; surplus informative prompts are not trained (DAPO's public code, which samples whole generation batches).</summary>
    WholeStep,

    /// <summary>As many as are still missing.</summary>
    Missing,
}

/// <summary>
/// DAPO's dynamic sampling (arXiv 2503.14476), for flat groups and trees alike: a step samples further prompts until it has as many informative
/// ones as it asks for, or the tries are spent; then it trains the first informative ones, fewer when there are no more. Every token of every
/// try counts as sampled.
/// </summary>
/// <param name="MaxTries">Tries of a step, the first one included; at least 1. With 1 the uninformative prompts are left out and not replaced.</param>
public sealed record DynamicSampling(int MaxTries)
{
    /// <summary>Which prompts are not informative, by their leaves' rewards; over <see cref="PruneGroups.Prompt"/>.</summary>
    public PruneRule Uninformative { get; init; } = PruneRule.EqualPrompts;

    /// <summary>The reward term that is looked at instead of the whole reward, by name; null for the whole (the public code looks at accuracy alone).</summary>
    public string? Term { get; init; }

    /// <summary>Prompts of a further try.</summary>
    public RefillSize Refill { get; init; } = RefillSize.WholeStep;

    /// <summary>The rule in one line.</summary>
    public override string ToString() =>
        $"until no prompt is missing after '{Uninformative.Words}'{(Term is null ? "" : $" on '{Term}'")}, at most {MaxTries} {(MaxTries == 1 ? "try" : "tries")} of {(Refill == RefillSize.Missing ? "the missing prompts" : "a step's prompts")}";

    /// <summary>Checks every rule, against the reward whose outcomes are looked at.</summary>
    /// <exception cref="ArgumentException">A value breaks its rule; the message names it.</exception>
    internal void Validate(RewardPlan reward)
    {
        Guard.InRange(MaxTries >= 1, MaxTries, "dynamic sampling has at least 1 try; leave it out to train every prompt");
        Guard.That(Uninformative is { Groups: PruneGroups.Prompt }, $"Uninformative = {Uninformative}: dynamic sampling looks at whole prompts: use PruneGroups.Prompt", nameof(Uninformative));
        Guard.That(double.IsFinite(Uninformative.Threshold) && Uninformative.Threshold >= 0, $"Uninformative = {Uninformative}: the threshold must be finite and not negative", nameof(Uninformative));
        Guard.That(Enum.IsDefined(Refill), $"Refill = {Refill}: must be one of the named sizes", nameof(Refill));
        if (Term is null) return;
        var names = new List<string>();
        foreach (var term in reward.Terms) names.Add(term.Name);
        Guard.That(names.Contains(Term), $"Term = '{Term}': the reward has no such term, but {string.Join(", ", names)}", nameof(Term));
    }

    /// <summary>Prompt -> whether it is informative. A prompt without a scored leaf is not.</summary>
    internal bool[] Informative(Forest forest, LeafOutcomes outcomes)
    {
        int term = Term is null ? -1 : outcomes.TermNames.IndexOf(Term);
        var informative = new bool[forest.PromptCount];
        var rewards = new List<double>();
        for (int p = 0; p < informative.Length; p++)
        {
            rewards.Clear();
            var (from, to) = PromptLeaves.Of(forest, p);
            for (int leaf = from; leaf < to; leaf++)
            {
                var outcome = term < 0 ? outcomes.Total[leaf] : outcomes.Term(term, leaf);
                if (outcome.HasScore && forest.Finish[forest.Leaves[leaf]] != Finish.Pruned) rewards.Add(outcome.Value);
            }
            informative[p] = rewards.Count > 0 && !Uninformative.Drops(rewards);
        }
        return informative;
    }
}
