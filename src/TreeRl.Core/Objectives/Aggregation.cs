using System.Globalization;
using TreeRl.Policies;

namespace TreeRl.Objectives;

/// <summary>
/// How token losses become one number. Sequences are the training samples: paths, nodes or nodes in sibling groups, as the training unit
/// says. S is their number, |y| their trained tokens.
/// </summary>
public enum Aggregation
{
    /// <summary>Sum over all sequences' tokens / number of these tokens.</summary>
    TokenMean,

    /// <summary>(1/S) sum over sequences of (1/|y|) sum over tokens.</summary>
    SequenceMeanTokenMean,

    /// <summary>(1/S) sum over sequences of the sum over tokens.</summary>
    SequenceMeanTokenSum,

    /// <summary>Sum over all sequences' tokens / a constant given by the user (Dr. GRPO; verl takes the padded length and does not divide by S).</summary>
    SequenceMeanTokenSumNorm,
}

/// <summary>The aggregation of an objective, which the packer folds into the masses of a batch.</summary>
/// <param name="Mode">How token losses become one number.</param>
/// <param name="NormConstant">The divisor of <see cref="Aggregation.SequenceMeanTokenSumNorm"/>, positive; not read by the other modes.</param>
/// <param name="DropZeroSignal">
/// Leave samples whose advantages are all exactly 0 out of the batch. They have no gradient, so this saves work and changes nothing as long
/// as the objective has neither a KL nor an entropy term. Denominators still count them.
/// </param>
public sealed record AggregationSettings(Aggregation Mode, double NormConstant = 0, bool DropZeroSignal = false)
{
    /// <summary>The same aggregation, dropping samples without signal or not.</summary>
    public AggregationSettings WithDropZeroSignal(bool drop) => this with { DropZeroSignal = drop };

    /// <inheritdoc/>
    public override string ToString() =>
        (Mode == Aggregation.SequenceMeanTokenSumNorm ? string.Create(CultureInfo.InvariantCulture, $"{Mode} {NormConstant}") : Mode.ToString()) + (DropZeroSignal ? ", zero signal dropped" : "");

    internal void Validate() => Guard.That(Mode != Aggregation.SequenceMeanTokenSumNorm || (double.IsFinite(NormConstant) && NormConstant > 0),
        $"aggregation SequenceMeanTokenSumNorm with constant {NormConstant}: the constant must be finite and positive, for example the longest answer allowed", "aggregation");
}

/// <summary>An objective a training plan can use: it has a name for logs and says how the packer aggregates.</summary>
public interface ITrainingObjective : IObjective
{
    /// <summary>Names the objective in logs and reports.</summary>
    string Name { get; }

    /// <summary>How token losses become one number.</summary>
    AggregationSettings Aggregation { get; }

    /// <summary>
    /// Whether a sample whose advantages are all 0 still has a gradient, through a KL or entropy term or in a way of your own. Only when it
    /// has none may a trainer drop such samples (<see cref="AggregationSettings.DropZeroSignal"/>); true unless an objective knows better.
    /// </summary>
    bool PullsWithoutAdvantage => true;
}
