using System;
using System.Collections.Generic;
using System.Threading;
using TreeRl.Models;
using TreeRl.Objectives;
using TreeRl.Policies;
using TreeRl.Tasks;

namespace TreeRl.Training;

/// <summary>Next-token training on demonstrations, which makes the policy that reinforcement learning starts from.</summary>
public sealed record PretrainingPlan
{
    /// <summary>Demonstration i; asked for 0, 1, 2, ... once each.</summary>
    public required Func<long, Demonstration> Demonstrations { get; init; }

    /// <summary>Optimiser updates.</summary>
    public required int Updates { get; init; }

    /// <summary>Demonstrations in an update.</summary>
    public int BatchSize { get; init; } = 256;

    /// <summary>The learning rate.</summary>
    public LearningRateSchedule LearningRate { get; init; } = new() { Peak = 3e-3, WarmupUpdates = 50, Decay = Decay.Cosine, FloorShare = 0.05 };

    /// <summary>AdamW and clipping.</summary>
    public OptimizerSettings Optimizer { get; init; } = new() { WeightDecay = 0.01 };
}

/// <summary>One update of pretraining.</summary>
/// <param name="Update">0-based update.</param>
/// <param name="LossPerToken">Mean negative log-likelihood of a solution token, in nats.</param>
/// <param name="TokensSoFar">Solution tokens trained on so far.</param>
public readonly record struct PretrainingProgress(int Update, double LossPerToken, long TokensSoFar);

/// <summary>Runs a <see cref="PretrainingPlan"/> through the same packed batches and policy seam that reinforcement learning uses.</summary>
public static class Pretrainer
{
    /// <summary>Trains <paramref name="policy"/>; every solution token weighs the same within an update, prompts are read but not learned.</summary>
    /// <param name="policy">Its weights change.</param>
    /// <param name="tokenizer">Encodes prompts and solutions; its first end token closes each solution.</param>
    /// <param name="plan">What to train on and how long.</param>
    /// <param name="progress">Called after every update; may be null.</param>
    /// <param name="cancellation">Ends training between updates.</param>
    /// <exception cref="ArgumentException">The plan breaks a rule, or the tokenizer has no end token.</exception>
    public static void Train(IPolicy policy, ITokenizer tokenizer, PretrainingPlan plan, Action<PretrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(plan);
        Guard.InRange(plan.Updates >= 1, plan.Updates, "must be at least 1");
        Guard.InRange(plan.BatchSize >= 1, plan.BatchSize, "must be at least 1");
        plan.LearningRate.Validated();
        var objective = new NegativeLogLikelihood();
        long tokens = 0;
        for (int update = 0; update < plan.Updates; update++)
        {
            cancellation.ThrowIfCancellationRequested();
            var examples = new List<TokenizedDemonstration>(plan.BatchSize);
            for (int i = 0; i < plan.BatchSize; i++)
            {
                var shown = plan.Demonstrations((long)update * plan.BatchSize + i);
                examples.Add(new TokenizedDemonstration(shown.PromptTokens(tokenizer), shown.AnswerTokens(tokenizer)));
            }
            var batch = Packer.PackDemonstrations(examples);
            var report = policy.Accumulate(batch, objective);
            policy.Apply(plan.Optimizer, plan.LearningRate.At(update, plan.Updates));
            tokens += batch.TargetCount;
            progress?.Invoke(new PretrainingProgress(update, report.PolicyLoss, tokens));
        }
    }
}
