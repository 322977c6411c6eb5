using System;
using System.Collections.Generic;
using System.Threading;
using TreeRl.Credit;
using TreeRl.Forests;
using TreeRl.Models;
using TreeRl.Objectives;
using TreeRl.Policies;
using TreeRl.Rewards;
using TreeRl.Sampling;

namespace TreeRl.Lab;

/// <summary>
/// The gradient of the true objective, minus the expected reward averaged over some prompts, estimated from many independent rollouts:
/// REINFORCE with the mean of the prompt's other rollouts as baseline (leave-one-out, unbiased), summed over an answer's tokens. Made of two
/// independent halves, which tell how exact it is.
/// </summary>
public sealed class TrueGradient
{
    internal TrueGradient(PromptGradients first, PromptGradients second, int rollouts, long tokens)
    {
        Mean = PromptGradients.Mean(first, second);
        HalfProducts = first.InnerProducts(second);
        MeanProducts = Mean.InnerProducts(Mean);
        Rollouts = rollouts;
        Tokens = tokens;
    }

    /// <summary>The estimate, prompt by prompt.</summary>
    public PromptGradients Mean { get; }

    /// <summary>Rollouts of each prompt.</summary>
    public int Rollouts { get; }

    /// <summary>Tokens drawn.</summary>
    public long Tokens { get; }

    /// <summary>Inner products of the first half's entries with the second's: free of their noise on average. P times P.</summary>
    internal double[] HalfProducts { get; }

    /// <summary>Inner products of the mean's entries. P times P.</summary>
    internal double[] MeanProducts { get; }

    /// <summary>Samples and differentiates.</summary>
    /// <param name="policy">A policy that can be trained; its weights and optimiser stay as they are.</param>
    /// <param name="tokenizer">Reads its tokens.</param>
    /// <param name="prompts">The questions, at least one.</param>
    /// <param name="reward">What answers earn.</param>
    /// <param name="plan">How tokens are drawn and how long answers may be; its number of continuations and its budgets are not read.</param>
    /// <param name="rollouts">Rollouts of each prompt; even, at least 4.</param>
    /// <param name="seed">Names the draws.</param>
    /// <param name="progress">Called with the share done after each group of prompts.</param>
    /// <param name="cancellation">Looked at before each group of prompts.</param>
    /// <exception cref="ArgumentException">No prompts, or an odd or too small number of rollouts, or a plan that draws otherwise than from the full distribution at temperature 1.</exception>
    public static TrueGradient Estimate(
        IPolicy policy,
        ITokenizer tokenizer,
        IReadOnlyList<ForestPrompt> prompts,
        RewardPlan reward,
        TruthPlan plan,
        int rollouts,
        Seed seed,
        Action<double>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        ArgumentNullException.ThrowIfNull(plan);
        plan.Validated();
        Guard.That(prompts.Count > 0, "no prompts: give at least one", nameof(prompts));
        Guard.InRange(rollouts >= 4 && rollouts % 2 == 0, rollouts, "must be even and at least 4: two halves with a baseline each");
        var draw = plan.Picking;
        Guard.That(draw is { Temperature: 1, TopK: 0, TopP: 1, MinP: 0 },
            $"picking = {draw}: the gradient of log-probabilities is that of the expected reward only for draws from the full distribution at temperature 1", nameof(plan));
        long tokens = 0;
        int done = 0;
        var halves = new PromptGradients[2];
        for (int half = 0; half < 2; half++)
        {
            var sampled = Sampler.Grow(policy, tokenizer, prompts, plan.Sampling(rollouts / 2), seed.Child(half), null, cancellation).Forest;
            progress?.Invoke(++done / 4.0);
            tokens += sampled.TokenTotal;
            var credit = Redistribution.Apply(CreditRules.Rloo, sampled, Grading.Grade(sampled, tokenizer, reward));
            halves[half] = PromptGradients.Of(policy, credit, aggregation: new AggregationSettings(Aggregation.SequenceMeanTokenSum));
            progress?.Invoke(++done / 4.0);
        }
        return new TrueGradient(halves[0], halves[1], rollouts, tokens);
    }
}
