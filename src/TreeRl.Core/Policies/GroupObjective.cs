using System;

namespace TreeRl.Policies;

/// <summary>Applies an objective to one group of a batch and checks what comes back; every engine calls it between forward and backward.</summary>
public static class GroupObjective
{
    /// <summary>Evaluates group <paramref name="group"/>. All spans have the group's K targets.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="group">Group index.</param>
    /// <param name="objective">The objective.</param>
    /// <param name="logProb">Present log-probabilities.</param>
    /// <param name="entropy">Present entropies.</param>
    /// <param name="dLogProb">Receives dL/dlogp.</param>
    /// <param name="dEntropy">Receives dL/dentropy; may be empty when the objective does not use it.</param>
    /// <exception cref="NonFiniteException">An input or a result is NaN or infinite.</exception>
    public static LossReport Evaluate(PackedBatch batch, int group, IObjective objective, ReadOnlySpan<float> logProb, ReadOnlySpan<float> entropy, Span<float> dLogProb, Span<float> dEntropy)
    {
        var credit = batch.Credit;
        int first = batch.GroupFirstTarget[group], count = batch.GroupFirstTarget[group + 1] - first;
        Finite(logProb, "log-probability of", batch, group);
        Finite(entropy, "entropy before", batch, group);
        if (objective.NeedsReference && credit.LogProbRef is null)
            throw new InvalidOperationException("the objective has a KL term but the batch has no reference log-probabilities: score it with the reference policy first");
        var input = new ObjectiveInput
        {
            LogProb = logProb,
            LogProbOld = credit.LogProbOld is null ? logProb : credit.LogProbOld.AsSpan(first, count),
            LogProbRef = credit.LogProbRef is null ? default : credit.LogProbRef.AsSpan(first, count),
            Entropy = entropy,
            PositiveMass = credit.PositiveMass.AsSpan(first, count),
            NegativeMass = credit.NegativeMass.AsSpan(first, count),
            Mass = credit.Mass.AsSpan(first, count),
            Samples = credit.Samples,
            Group = group,
            FirstTarget = first,
        };
        var report = objective.Evaluate(in input, dLogProb, dEntropy);
        if (!double.IsFinite(report.Loss)) throw new NonFiniteException($"loss of group {group}", report.Loss);
        Finite(dLogProb, "dL/dlogp of", batch, group);
        Finite(dEntropy, "dL/dentropy before", batch, group);
        for (int t = 0; t < count; t++)
        {
            double gap = Math.Abs((double)logProb[t] - credit.LogProbSampled[first + t]);
            if (gap > report.MaxSamplerGap) report.MaxSamplerGap = gap;
        }
        return report;
    }

    /// <summary>Evaluates groups [<paramref name="first"/>, <paramref name="end"/>) one after the other; spans begin at the first one's first target.</summary>
    /// <exception cref="NonFiniteException">An input or a result is NaN or infinite.</exception>
    internal static LossReport EvaluateAll(
        PackedBatch batch, int first, int end, IObjective objective, ReadOnlySpan<float> logProb, ReadOnlySpan<float> entropy, Span<float> dLogProb, Span<float> dEntropy)
    {
        var total = default(LossReport);
        for (int g = first; g < end; g++)
        {
            var targets = (batch.GroupFirstTarget[g] - batch.GroupFirstTarget[first])..(batch.GroupFirstTarget[g + 1] - batch.GroupFirstTarget[first]);
            total = total.Plus(Evaluate(batch, g, objective, logProb[targets], entropy[targets], dLogProb[targets], dEntropy.IsEmpty ? [] : dEntropy[targets]));
        }
        return total;
    }

    private static void Finite(ReadOnlySpan<float> values, string what, PackedBatch batch, int group)
    {
        for (int t = 0; t < values.Length; t++)
        {
            if (!float.IsFinite(values[t]))
                throw new NonFiniteException($"{what} token {batch.TargetSource[batch.GroupFirstTarget[group] + t]} (group {group})", values[t]);
        }
    }
}
