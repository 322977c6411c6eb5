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

/// <summary>
/// How well a rule's gradient on one forest points where the true gradient points: <c>cos = g.h / (|g| |h|)</c>, g the sum of the rule's
/// <see cref="PromptGradients"/>, h that of the <see cref="TrueGradient"/>. Noise in h lowers it; the ceiling <c>sqrt(h1.h2 / |h|^2)</c>, from
/// the halves of h, is what the exact gradient would reach, and the corrected cosine is cos / ceiling. Intervals resample prompts, for g and h alike.
/// </summary>
public sealed record GradientScore
{
    /// <summary>The rule's name.</summary>
    public required string Rule { get; init; }

    /// <summary>Cosine with the estimated true gradient; NaN when a gradient is 0.</summary>
    public required Estimate Cosine { get; init; }

    /// <summary>The cosine that the exact gradient would have; NaN when the halves of the truth disagree in direction.</summary>
    public required Estimate Ceiling { get; init; }

    /// <summary>Cosine / ceiling; may exceed 1 by chance.</summary>
    public required Estimate Corrected { get; init; }

    /// <summary>Scores a rule's gradient.</summary>
    /// <param name="rule">The rule's name.</param>
    /// <param name="gradient">The rule's gradient.</param>
    /// <param name="truth">The true one, of the same prompts in the same order.</param>
    /// <param name="bootstrap">How intervals are made; null takes <see cref="Bootstrap.Default"/>.</param>
    /// <exception cref="ArgumentException">The prompts differ.</exception>
    public static GradientScore Of(string rule, PromptGradients gradient, TrueGradient truth, Bootstrap? bootstrap = null)
    {
        ArgumentNullException.ThrowIfNull(rule);
        ArgumentNullException.ThrowIfNull(gradient);
        ArgumentNullException.ThrowIfNull(truth);
        bootstrap ??= Bootstrap.Default;
        int prompts = gradient.PromptIds.Length;
        double[] own = gradient.InnerProducts(gradient), cross = gradient.InnerProducts(truth.Mean);
        double Cosine(int[] counts) => Ratio(Sum(cross, counts), Math.Sqrt(Sum(own, counts)) * Math.Sqrt(Sum(truth.MeanProducts, counts)));
        double Ceiling(int[] counts) => Math.Sqrt(Ratio(Sum(truth.HalfProducts, counts), Sum(truth.MeanProducts, counts)));
        return new GradientScore
        {
            Rule = rule,
            Cosine = bootstrap.Over(prompts, Cosine),
            Ceiling = bootstrap.Over(prompts, Ceiling),
            Corrected = bootstrap.Over(prompts, counts => Ratio(Cosine(counts), Ceiling(counts))),
        };
    }

    /// <summary>The figures in one line.</summary>
    public override string ToString() => FormattableString.Invariant($"{Rule}: cosine {Cosine}, ceiling {Ceiling.Value:0.000}, corrected {Corrected}");

    /// <summary>The inner product of two sums over prompts, each prompt counted so often.</summary>
    internal static double Sum(double[] products, int[] counts)
    {
        double sum = 0;
        for (int p = 0; p < counts.Length; p++)
        {
            if (counts[p] == 0) continue;
            double row = 0;
            for (int q = 0; q < counts.Length; q++) row += counts[q] * products[p * counts.Length + q];
            sum += counts[p] * row;
        }
        return sum;
    }

    private static double Ratio(double a, double b) => b > 0 ? a / b : double.NaN;
}
