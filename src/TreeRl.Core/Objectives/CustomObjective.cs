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

    /// <summary>Where in a batch a group is, as messages say it: a group is a prompt with its trees.</summary>
    private protected static string Place(int group) => $"prompt {group} of the batch";

    /// <summary>Where a target is.</summary>
    private protected static string Place(int group, int target) => $"target {target} of {Place(group)}";

    /// <summary>Calls the user's function for a group, or for one of its targets.</summary>
    /// <exception cref="InvalidOperationException">It threw; the objective is named, and its exception is inside.</exception>
    private protected TLoss Ask<TInput, TLoss>(Func<TInput, TLoss> loss, TInput input, int group, int? target = null)
    {
        try
        {
            return loss(input);
        }
        catch (Exception problem)
        {
            throw new InvalidOperationException($"objective '{Name}' threw {problem.GetType().Name} for {(target is { } t ? Place(group, t) : Place(group))}: {problem.Message}", problem);
        }
    }
}
