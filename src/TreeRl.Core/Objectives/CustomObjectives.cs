using System;
using TreeRl.Policies;

namespace TreeRl.Objectives;

/// <summary>What a per-token objective knows of one target; see <see cref="ObjectiveInput"/> for units.</summary>
/// <param name="LogProb">Present log-probability.</param>
/// <param name="LogProbOld">Log-probability before the update.</param>
/// <param name="LogProbRef">Log-probability under the reference; NaN when the objective does not need it.</param>
/// <param name="Entropy">Entropy in nats of the predicting distribution.</param>
/// <param name="PositiveMass">Sum of w max(A, 0) over the samples that contain the token.</param>
/// <param name="NegativeMass">Sum of w max(-A, 0).</param>
/// <param name="Mass">Sum of w.</param>
public readonly record struct TokenInput(double LogProb, double LogProbOld, double LogProbRef, double Entropy, double PositiveMass, double NegativeMass, double Mass)
{
    /// <summary>exp(LogProb - LogProbOld).</summary>
    public double Ratio => Math.Exp(LogProb - LogProbOld);
}

/// <summary>What it answers: the token's share of the loss and its derivatives.</summary>
/// <param name="Loss">Share of the loss, weights included.</param>
/// <param name="DLogProb">dLoss/dLogProb.</param>
/// <param name="DEntropy">dLoss/dEntropy; not read unless the objective says that it uses the entropy.</param>
public readonly record struct TokenLoss(double Loss, double DLogProb, double DEntropy = 0);

/// <summary>
/// An objective from a function of one token. For the loss of duplicated paths to be exact the function must be linear in the three
/// masses (any function of A that is positively homogeneous for either sign can be written so).
/// </summary>
public sealed class PerTokenObjective : CustomObjective
{
    private readonly Func<TokenInput, TokenLoss> loss;

    /// <summary>Creates the objective.</summary>
    /// <param name="name">Names it in logs and errors.</param>
    /// <param name="aggregation">How token losses become one number.</param>
    /// <param name="loss">Loss and derivatives of one token; pure, since it is called from several threads.</param>
    /// <param name="needsReference">Whether it reads <see cref="TokenInput.LogProbRef"/>.</param>
    /// <param name="usesEntropy">Whether it gives <see cref="TokenLoss.DEntropy"/>.</param>
    public PerTokenObjective(string name, AggregationSettings aggregation, Func<TokenInput, TokenLoss> loss, bool needsReference = false, bool usesEntropy = false)
        : base(name, aggregation, needsReference, usesEntropy)
    {
        ArgumentNullException.ThrowIfNull(loss);
        this.loss = loss;
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The function threw; it is named, and its exception is inside.</exception>
    /// <exception cref="NonFiniteException">The function returned NaN or infinity; it is named, with what it was asked about.</exception>
    public override LossReport Evaluate(in ObjectiveInput input, Span<float> dLogProb, Span<float> dEntropy)
    {
        var report = new LossReport();
        for (int t = 0; t < input.TargetCount; t++)
        {
            SharedTerms.Statistics(input, t, ref report);
            var token = new TokenInput(input.LogProb[t], input.LogProbOld[t], input.LogProbRef.IsEmpty ? double.NaN : input.LogProbRef[t],
                input.Entropy[t], input.PositiveMass[t], input.NegativeMass[t], input.Mass[t]);
            var answer = Ask(loss, token, input.Group, t);
            CheckFinite(answer, token, input.Group, t);
            if (token.Mass > 0)
            {
                report.RatioSum += token.Ratio;
                report.RatioCount++;
            }
            report.PolicyLoss += answer.Loss;
            dLogProb[t] = (float)answer.DLogProb;
            if (!dEntropy.IsEmpty) dEntropy[t] = (float)answer.DEntropy;
        }
        return report;
    }

    private void CheckFinite(TokenLoss answer, TokenInput token, int group, int target)
    {
        var (what, value) = !double.IsFinite(answer.Loss) ? (nameof(TokenLoss.Loss), answer.Loss)
            : !double.IsFinite(answer.DLogProb) ? (nameof(TokenLoss.DLogProb), answer.DLogProb)
            : (nameof(TokenLoss.DEntropy), UsesEntropy ? answer.DEntropy : 0);
        if (!double.IsFinite(value))
            throw new NonFiniteException(FormattableString.Invariant($"{what} of objective '{Name}' for {Place(group, target)}, {token}"), value);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name}: custom by token, {Aggregation}";
}

/// <summary>The columns of one group as arrays, for whole-group objectives written in a script; K targets.</summary>
public sealed class GroupInput
{
    internal GroupInput(in ObjectiveInput input)
    {
        LogProb = input.LogProb.ToArray();
        LogProbOld = input.LogProbOld.ToArray();
        LogProbRef = input.LogProbRef.ToArray();
        Entropy = input.Entropy.ToArray();
        PositiveMass = input.PositiveMass.ToArray();
        NegativeMass = input.NegativeMass.ToArray();
        Mass = input.Mass.ToArray();
        Samples = input.Samples;
        Group = input.Group;
        FirstTarget = input.FirstTarget;
    }

    /// <summary>Present log-probabilities.</summary>
    public float[] LogProb { get; }

    /// <summary>Log-probabilities before the update.</summary>
    public float[] LogProbOld { get; }

    /// <summary>Log-probabilities under the reference; empty when not needed.</summary>
    public float[] LogProbRef { get; }

    /// <summary>Entropies in nats.</summary>
    public float[] Entropy { get; }

    /// <summary>Sum of w max(A, 0) by target.</summary>
    public float[] PositiveMass { get; }

    /// <summary>Sum of w max(-A, 0) by target.</summary>
    public float[] NegativeMass { get; }

    /// <summary>Sum of w by target.</summary>
    public float[] Mass { get; }

    /// <summary>The batch's samples.</summary>
    public SampleTable Samples { get; }

    /// <summary>Index of this group in the sample table.</summary>
    public int Group { get; }

    /// <summary>Batch index of the group's first target.</summary>
    public int FirstTarget { get; }
}

/// <summary>What a whole-group objective answers.</summary>
/// <param name="Loss">The group's loss.</param>
/// <param name="DLogProb">Its derivative by log-probability, length K.</param>
/// <param name="DEntropy">Its derivative by entropy, length K; null when the objective does not use it.</param>
public sealed record GroupLoss(double Loss, double[] DLogProb, double[]? DEntropy = null);

/// <summary>An objective from a function of a whole group, for losses that couple tokens; the script-friendly face of <see cref="IObjective"/>.</summary>
public sealed class PerGroupObjective : CustomObjective
{
    private readonly Func<GroupInput, GroupLoss> loss;

    /// <summary>Creates the objective.</summary>
    /// <param name="name">Names it in logs and errors.</param>
    /// <param name="aggregation">How the packer weighs samples.</param>
    /// <param name="loss">Loss and derivatives of one group; pure, since it is called from several threads.</param>
    /// <param name="needsReference">Whether it reads <see cref="GroupInput.LogProbRef"/>.</param>
    /// <param name="usesEntropy">Whether it gives <see cref="GroupLoss.DEntropy"/>.</param>
    public PerGroupObjective(string name, AggregationSettings aggregation, Func<GroupInput, GroupLoss> loss, bool needsReference = false, bool usesEntropy = false)
        : base(name, aggregation, needsReference, usesEntropy)
    {
        ArgumentNullException.ThrowIfNull(loss);
        this.loss = loss;
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The function threw; it is named, and its exception is inside.</exception>
    /// <exception cref="ArgumentException">A derivative has another length than K.</exception>
    public override LossReport Evaluate(in ObjectiveInput input, Span<float> dLogProb, Span<float> dEntropy)
    {
        var group = new GroupInput(input);
        var answer = Ask(loss, group, input.Group);
        Guard.That(answer is not null, $"objective '{Name}' returned null for {Place(input.Group)}: must return a {nameof(GroupLoss)}", "loss");
        OneForEachTarget(answer!.DLogProb, nameof(GroupLoss.DLogProb), input);
        if (UsesEntropy) OneForEachTarget(answer.DEntropy, nameof(GroupLoss.DEntropy), input);
        var report = new LossReport { PolicyLoss = answer.Loss };
        for (int t = 0; t < input.TargetCount; t++)
        {
            SharedTerms.Statistics(input, t, ref report);
            dLogProb[t] = (float)answer.DLogProb[t];
            if (!dEntropy.IsEmpty) dEntropy[t] = answer.DEntropy is null ? 0 : (float)answer.DEntropy[t];
        }
        return report;
    }

    private void OneForEachTarget(double[]? derivatives, string name, in ObjectiveInput input)
    {
        if (derivatives?.Length == input.TargetCount) return;
        string given = derivatives is null ? "null" : Counted.Of(derivatives.Length, "derivative");
        throw new ArgumentException(
            $"objective '{Name}' returned {given} as {name} for {Place(input.Group)}: must return {input.TargetCount}, one for each target; make the array as long as the group's {nameof(GroupInput.LogProb)}", name);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name}: custom by group, {Aggregation}";
}
