using System;
using TreeRl.Policies;

namespace TreeRl.Objectives;

/// <summary>What the objectives made from a user's function have in common: <see cref="PerTokenObjective"/> and <see cref="PerGroupObjective"/>.</summary>
public abstract class CustomObjective : ITrainingObjective
{
    private protected CustomObjective(string name, AggregationSettings aggregation, bool needsReference, bool usesEntropy)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(aggregation);
        aggregation.Validate();
        Name = name;
        Aggregation = aggregation;
        NeedsReference = needsReference;
        UsesEntropy = usesEntropy;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public AggregationSettings Aggregation { get; }

    /// <inheritdoc/>
    public bool NeedsReference { get; }

    /// <inheritdoc/>
    public bool UsesEntropy { get; }

    /// <inheritdoc/>
    public abstract LossReport Evaluate(in ObjectiveInput input, Span<float> dLogProb, Span<float> dEntropy);

    /// <summary>Calls the user's function.</summary>
    /// <exception cref="InvalidOperationException">It threw; the objective is named, and its exception is inside.</exception>
    private protected TLoss Ask<TInput, TLoss>(Func<TInput, TLoss> loss, TInput input)
    {
        try
        {
            return loss(input);
        }
        catch (Exception problem)
        {
            throw new InvalidOperationException($"objective '{Name}' threw {problem.GetType().Name}: {problem.Message}", problem);
        }
    }
}
