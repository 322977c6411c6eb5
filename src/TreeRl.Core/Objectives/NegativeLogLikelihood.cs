using System;
using TreeRl.Policies;

namespace TreeRl.Objectives;

/// <summary>
/// Supervised learning: loss = -sum Mass logp, for batches of demonstrations. In the report <see cref="LossReport.PolicyLoss"/> is the loss;
/// there are no ratios.
/// </summary>
public sealed class NegativeLogLikelihood : ITrainingObjective
{
    /// <summary>Creates the objective; without an argument the loss is the mean over all answer tokens.</summary>
    public NegativeLogLikelihood(AggregationSettings? aggregation = null)
    {
        Aggregation = aggregation ?? new AggregationSettings(Objectives.Aggregation.TokenMean);
        Aggregation.Validate();
    }

    /// <inheritdoc/>
    public string Name => "nll";

    /// <inheritdoc/>
    public AggregationSettings Aggregation { get; }

    /// <inheritdoc/>
    public bool NeedsReference => false;

    /// <inheritdoc/>
    public bool UsesEntropy => false;

    /// <inheritdoc/>
    public LossReport Evaluate(in ObjectiveInput input, Span<float> dLogProb, Span<float> dEntropy)
    {
        var report = new LossReport();
        for (int t = 0; t < input.TargetCount; t++)
        {
            SharedTerms.Statistics(input, t, ref report);
            report.PolicyLoss -= (double)input.Mass[t] * input.LogProb[t];
            dLogProb[t] = -input.Mass[t];
        }
        dEntropy.Clear();
        return report;
    }

    /// <inheritdoc/>
    public override string ToString() => $"nll, {Aggregation}";
}
