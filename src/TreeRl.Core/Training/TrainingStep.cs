using System;
using System.Collections.Generic;
using System.Diagnostics;
using TreeRl.Credit;
using TreeRl.Forests;
using TreeRl.Policies;

namespace TreeRl.Training;

/// <summary>What the updates on one forest did.</summary>
/// <param name="Loss">Summed over the updates.</param>
/// <param name="FirstRatioDeviation">Largest |ratio - 1| on the first update; NaN when none was made.</param>
/// <param name="FirstSamplerGap">Largest |log-probability now - as sampled| in nats on the first update; NaN when none was made.</param>
/// <param name="GradientNorm">Of the last update, before clipping; 0 when none was made.</param>
/// <param name="Updates">Updates made.</param>
/// <param name="LearningRate">Of the last update made; 0 when none was.</param>
public readonly record struct UpdateSummary(LossReport Loss, double FirstRatioDeviation, double FirstSamplerGap, double GradientNorm, int Updates, double LearningRate);

/// <summary>The updates of one step: the forest's prompts, dealt into mini-batches, for as many epochs as the plan says.</summary>
/// <remarks>
/// With a single update the log-probabilities before it are those of its own forward pass, so every ratio is exactly 1. With several,
/// the whole forest is scored once before the first update by the same kernels that train, so that the first update's ratios are
/// exactly 1 as well; the decoder's own log-probabilities serve only to measure how far sampler and trainer are apart.
/// </remarks>
public static class TrainingStep
{
    /// <summary>Trains <paramref name="policy"/> on a redistributed forest.</summary>
    /// <param name="policy">Its weights change.</param>
    /// <param name="reference">Reference policy for the KL term, or null when the objective has none.</param>
    /// <param name="credit">The forest's credit.</param>
    /// <param name="plan">Epochs, mini-batches, objective, optimiser and seed.</param>
    /// <param name="step">0-based step.</param>
    /// <exception cref="NonFiniteException">A NaN or infinity was met; the update that met it changed nothing.</exception>
    /// <exception cref="InvalidOperationException">The first update's ratios are not 1, or sampler and trainer disagree by more than rounding.</exception>
    public static UpdateSummary Train(IPolicy policy, IPolicy? reference, CreditResult credit, ExperimentPlan plan, int step)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(credit);
        var forest = credit.Forest;
        bool single = plan.Epochs * plan.MiniBatches == 1;
        // Samples without any advantage have no gradient unless the objective pulls at them in another way, as a KL or entropy term does.
        var aggregation = plan.Objective.Aggregation.WithDropZeroSignal(!plan.Objective.PullsWithoutAdvantage);
        float[]? old = null, referenceLogProb = null;
        if (!single || plan.Objective.NeedsReference)
        {
            var whole = Packer.Pack(credit, aggregation);
            if (!single) old = ScoreByToken(policy, whole, forest);
            if (plan.Objective.NeedsReference)
                referenceLogProb = ScoreByToken(reference ?? throw new ArgumentNullException(nameof(reference), "the objective has a KL term and needs a reference policy"), whole, forest);
        }
        var sum = default(LossReport);
        double firstDeviation = double.NaN, firstGap = double.NaN, norm = 0, rate = 0;
        int updates = 0;
        for (int epoch = 0; epoch < plan.Epochs; epoch++)
        {
            var parts = Deal(forest.PromptCount, Math.Min(plan.MiniBatches, forest.PromptCount), plan.Seed.Child("mini-batches").Child(step).Child(epoch));
            for (int part = 0; part < parts.Length; part++)
            {
                var batch = Packer.Pack(credit, aggregation, parts[part]);
                if (batch.TargetCount == 0) continue; // nothing in it was earned or lost
                if (old is not null) batch.Credit.LogProbOld = Take(old, batch.TargetSource);
                if (referenceLogProb is not null) batch.Credit.LogProbRef = Take(referenceLogProb, batch.TargetSource);
                var report = policy.Accumulate(batch, plan.Objective);
                if (updates == 0)
                {
                    firstDeviation = Math.Exp(report.MaxAbsLogRatio) - 1;
                    firstGap = report.MaxSamplerGap;
                    CheckFirst(firstDeviation, firstGap, plan.LargestSamplerGap, step);
                }
                long update = ((long)step * plan.Epochs + epoch) * plan.MiniBatches + part;
                rate = plan.LearningRate.At(update, plan.TotalUpdates);
                norm = policy.Apply(plan.Optimizer, rate).GradientNorm;
                sum = sum.Plus(report);
                updates++;
            }
        }
        return new UpdateSummary(sum, firstDeviation, firstGap, norm, updates, rate);
    }

    /// <summary>Deals 0 .. count-1 into <paramref name="parts"/> nearly equal parts, each ascending.</summary>
    internal static int[][] Deal(int count, int parts, Seed seed)
    {
        Guard.InRange(parts >= 1 && parts <= count, parts, $"must lie in 1 .. {count}: prompts are not split");
        int[] order = seed.Permutation(count);
        var dealt = new int[parts][];
        for (int p = 0; p < parts; p++)
        {
            int from = (int)((long)count * p / parts), to = (int)((long)count * (p + 1) / parts);
            dealt[p] = order[from..to];
            Array.Sort(dealt[p]);
        }
        return dealt;
    }

    private static void CheckFirst(double ratioDeviation, double samplerGap, double largestGap, int step)
    {
        if (ratioDeviation != 0)
        {
            throw new InvalidOperationException(
                $"step {step}: the first update's ratios deviate from 1 by {ratioDeviation:g3}, but the policy has not changed since it was scored: scoring and training do not compute the same function.");
        }
        if (samplerGap > largestGap)
        {
            throw new InvalidOperationException(
                $"step {step}: sampler and trainer give log-probabilities up to {samplerGap:g3} nats apart, more than rounding ({largestGap}): the forest was sampled by another policy, or an engine is at fault.");
        }
    }

    private static float[] ScoreByToken(IPolicy policy, PackedBatch batch, Forest forest)
    {
        var logProb = new float[batch.TargetCount];
        policy.Score(batch, logProb, new float[batch.TargetCount]);
        var byToken = new float[forest.TokenTotal];
        for (int t = 0; t < logProb.Length; t++) byToken[batch.TargetSource[t]] = logProb[t];
        return byToken;
    }

    private static float[] Take(float[] byToken, int[] source)
    {
        var taken = new float[source.Length];
        for (int t = 0; t < taken.Length; t++) taken[t] = byToken[source[t]];
        return taken;
    }
}
