using System;
using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using TreeRl.Policies;

namespace TreeRl.Objectives;

/// <summary>What the ratio new/old of an objective is taken over.</summary>
public enum RatioLevel
{
    /// <summary>Each token has its own ratio r = exp(logp - old).</summary>
    Token,

    /// <summary>
    /// GSPO (2507.18071): all tokens of a sample share s = exp((1/n) sum (logp - old)), n its tokens. The derivative is the true one of this
    /// loss: every token of the sample gets the sample's mean derivative, also where its parts differ in advantage.
    /// </summary>
    Sequence,

    /// <summary>
    /// GSPO-token (2507.18071): the value of s, but the gradient of s_t = stop(s) exp(logp_t - stop(logp_t)), so that a token's derivative
    /// is its own advantage's. Equal to <see cref="Sequence"/> where a sample has one advantage.
    /// </summary>
    SequenceToken,
}

/// <summary>The policy term, for a token with ratio r, advantage A and weight w.</summary>
public enum PolicyLoss
{
    /// <summary>w max(-A r, -A clip(r, 1-low, 1+high)); for A &lt; 0 at most -A c when there is a dual clip c (PPO 1707.06347, dual clip 1912.09729).</summary>
    Clip,

    /// <summary>-w stop(clip(r, 1-low, 1+high)) A logp (CISPO, 2506.13585).</summary>
    Cispo,

    /// <summary>-w stop(min(r, cap)) A logp: CISPO by its upper bound only, given as the absolute cap.</summary>
    CispoUpper,

    /// <summary>-w A logp. No ratio.</summary>
    Reinforce,
}

/// <summary>An estimate of KL(policy || reference) from one token; x = logp - ref.</summary>
public enum KlEstimator
{
    /// <summary>No KL term; no reference policy is needed.</summary>
    None,

    /// <summary>x, derivative 1.</summary>
    K1,

    /// <summary>x^2 / 2, derivative x.</summary>
    K2,

    /// <summary>exp(-x) + x - 1, derivative 1 - exp(-x).</summary>
    K3,
}

/// <summary>
/// The policy-gradient objectives of the field as one value: loss = policy term + KlCoefficient * KL term - EntropyCoefficient * entropy
/// term, each a weighted sum over the duplicated samples. With token ratios it is computed from the three masses of a target, since the
/// policy term is positively homogeneous in A for either sign; with sequence ratios from the sample table. Both are exact.
/// </summary>
/// <remarks>
/// KL derivatives are those of the estimator's value. Nothing is clamped unless a limit below asks for it; a ratio or KL estimate that
/// overflows stops the step with <see cref="NonFiniteException"/>. At a kink (r exactly on a bound) the unclipped derivative is taken.
/// From F#, or to change a preset, use the With methods. Immutable, hence safe to call from several threads.
/// </remarks>
public sealed record PolicyObjective : ITrainingObjective
{
    /// <summary>The very objects that were found free of problems; looking for problems allocates, and is done once for each.</summary>
    private static readonly ConditionalWeakTable<PolicyObjective, PolicyObjective> Sound = [];

    /// <summary>Creates a GRPO-like objective: token ratios, clip 0.2/0.2, token mean.</summary>
    public PolicyObjective(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        Name = name;
    }

    /// <inheritdoc/>
    public string Name { get; init; }

    /// <summary>What a ratio is taken over.</summary>
    public RatioLevel Ratio { get; init; } = RatioLevel.Token;

    /// <summary>The policy term.</summary>
    public PolicyLoss Loss { get; init; } = PolicyLoss.Clip;

    /// <summary>A ratio below 1 - ClipLow is held; in [0, 1]. Read by Clip and Cispo.</summary>
    public double ClipLow { get; init; } = 0.2;

    /// <summary>A ratio above 1 + ClipHigh is held; not negative, infinity allowed. Read by Clip and Cispo.</summary>
    public double ClipHigh { get; init; } = 0.2;

    /// <summary>The dual clip c: for negative advantages the loss is at most -A c; greater than 1 + ClipHigh, or null for none. Read by Clip.</summary>
    public double? DualClip { get; init; }

    /// <summary>The cap of <see cref="PolicyLoss.CispoUpper"/>; positive.</summary>
    public double CispoCap { get; init; } = 5.0;

    /// <summary>The KL estimator against the reference.</summary>
    public KlEstimator Kl { get; init; } = KlEstimator.None;

    /// <summary>Factor of the KL term; not negative.</summary>
    public double KlCoefficient { get; init; }

    /// <summary>Factor of the entropy bonus; any finite number, 0 for none.</summary>
    public double EntropyCoefficient { get; init; }

    /// <summary>Limits a log-ratio (token's or sequence's) to +-this, with derivative 0 beyond; null for no limit. verl uses 20 (token).</summary>
    public double? LogRatioLimit { get; init; }

    /// <summary>Limits x = logp - ref to +-this, with derivative 0 beyond; null for no limit. verl uses 20 for k3.</summary>
    public double? KlLogRatioLimit { get; init; }

    /// <summary>Limits the KL estimate of a token to +-this, with derivative 0 beyond; null for no limit. verl uses 10 for k3.</summary>
    public double? KlValueLimit { get; init; }

    /// <inheritdoc/>
    public AggregationSettings Aggregation { get; init; } = new(Objectives.Aggregation.TokenMean);

    /// <inheritdoc/>
    public bool NeedsReference => Kl != KlEstimator.None;

    /// <inheritdoc/>
    public bool UsesEntropy => EntropyCoefficient != 0;

    /// <inheritdoc/>
    public bool PullsWithoutAdvantage => NeedsReference || UsesEntropy;

    /// <summary>Under another name.</summary>
    public PolicyObjective WithName(string name) => this with { Name = name };

    /// <summary>With other clip bounds.</summary>
    public PolicyObjective WithClip(double low, double high) => this with { ClipLow = low, ClipHigh = high };

    /// <summary>With a dual clip.</summary>
    public PolicyObjective WithDualClip(double c) => this with { DualClip = c };

    /// <summary>Without dual clip.</summary>
    public PolicyObjective WithoutDualClip() => this with { DualClip = null };

    /// <summary>With another ratio.</summary>
    public PolicyObjective WithRatio(RatioLevel ratio) => this with { Ratio = ratio };

    /// <summary>With another policy term.</summary>
    public PolicyObjective WithLoss(PolicyLoss loss) => this with { Loss = loss };

    /// <summary>With another cap of <see cref="PolicyLoss.CispoUpper"/>.</summary>
    public PolicyObjective WithCispoCap(double cap) => this with { CispoCap = cap };

    /// <summary>With a KL term.</summary>
    public PolicyObjective WithKl(KlEstimator estimator, double coefficient) => this with { Kl = estimator, KlCoefficient = coefficient };

    /// <summary>With an entropy bonus.</summary>
    public PolicyObjective WithEntropy(double coefficient) => this with { EntropyCoefficient = coefficient };

    /// <summary>With a limit on log-ratios.</summary>
    public PolicyObjective WithLogRatioLimit(double limit) => this with { LogRatioLimit = limit };

    /// <summary>With limits on the KL term's log-ratio and value.</summary>
    public PolicyObjective WithKlLimits(double logRatio, double value) => this with { KlLogRatioLimit = logRatio, KlValueLimit = value };

    /// <summary>With another aggregation.</summary>
    public PolicyObjective WithAggregation(AggregationSettings aggregation) => this with { Aggregation = aggregation };

    /// <summary>The problems that make the objective meaningless, each with its cure; empty when there is none.</summary>
    public ImmutableArray<string> Problems()
    {
        var problems = ImmutableArray.CreateBuilder<string>();
        void Need(bool holds, FormattableString problem)
        {
            if (!holds) problems.Add(problem.ToString(CultureInfo.InvariantCulture));
        }

        Need(Loss == PolicyLoss.Clip || Ratio == RatioLevel.Token, $"ratio = {Ratio}: {Loss} is defined by token; use Token, or the loss Clip");
        Need(ClipLow is >= 0 and <= 1, $"clipLow = {ClipLow}: must lie within 0 .. 1 (a ratio is held at 1 - clipLow)");
        Need(ClipHigh >= 0, $"clipHigh = {ClipHigh}: must not be negative");
        Need(DualClip is null || DualClip > 1 + ClipHigh, $"dualClip = {DualClip}: must be greater than 1 + clipHigh = {1 + ClipHigh}");
        Need(CispoCap > 0, $"cispoCap = {CispoCap}: must be positive");
        Need(double.IsFinite(KlCoefficient) && KlCoefficient >= 0, $"klCoefficient = {KlCoefficient}: must be finite and not negative");
        Need(Kl != KlEstimator.None || KlCoefficient == 0, $"klCoefficient = {KlCoefficient} without an estimator: choose K1, K2 or K3");
        Need(double.IsFinite(EntropyCoefficient), $"entropyCoefficient = {EntropyCoefficient}: must be finite");
        Need(LogRatioLimit is null or > 0, $"logRatioLimit = {LogRatioLimit}: must be positive");
        Need(KlLogRatioLimit is null or > 0, $"klLogRatioLimit = {KlLogRatioLimit}: must be positive");
        Need(KlValueLimit is null or > 0, $"klValueLimit = {KlValueLimit}: must be positive");
        Need(!Aggregation.DropZeroSignal || !PullsWithoutAdvantage,
            $"aggregation: samples without signal cannot be dropped while a KL or entropy term pulls on them; switch dropping off");
        try
        {
            Aggregation.Validate();
        }
        catch (ArgumentException problem)
        {
            problems.Add(problem.Message);
        }
        return problems.ToImmutable();
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The objective is inconsistent; all problems are listed.</exception>
    /// <exception cref="NonFiniteException">A ratio or KL estimate overflowed.</exception>
    public LossReport Evaluate(in ObjectiveInput input, Span<float> dLogProb, Span<float> dEntropy)
    {
        if (!Sound.TryGetValue(this, out _))
        {
            var problems = Problems();
            Guard.That(problems.IsEmpty, $"objective '{Name}': {string.Join("; ", problems)}", "objective");
            Sound.AddOrUpdate(this, this);
        }
        var gradient = ObjectiveScratch.Gradient.Zeros(input.TargetCount);
        var report = new LossReport();
        SharedTerms.Tokens(this, input, gradient, ref report);
        if (Ratio == RatioLevel.Token) TokenTerms.Add(this, input, gradient, ref report);
        else SequenceTerms.Add(this, input, gradient, ref report);
        for (int t = 0; t < gradient.Length; t++) dLogProb[t] = (float)gradient[t];
        for (int t = 0; t < dEntropy.Length; t++) dEntropy[t] = (float)(-EntropyCoefficient * input.Mass[t]);
        return report;
    }

    /// <summary>Name and all settings that differ from the plain form.</summary>
    public override string ToString()
    {
        FormattableString clip = Loss switch
        {
            PolicyLoss.Clip or PolicyLoss.Cispo => $"{Loss} -{ClipLow}/+{ClipHigh}",
            PolicyLoss.CispoUpper => $"{Loss} {CispoCap}",
            _ => $"{Loss}",
        };
        string text = $"{Name}: {Ratio} ratio, {clip.ToString(CultureInfo.InvariantCulture)}";
        if (DualClip is { } c && Loss == PolicyLoss.Clip) text += string.Create(CultureInfo.InvariantCulture, $", dual clip {c}");
        if (Kl != KlEstimator.None) text += string.Create(CultureInfo.InvariantCulture, $", {KlCoefficient} {Kl}");
        if (UsesEntropy) text += string.Create(CultureInfo.InvariantCulture, $", entropy {EntropyCoefficient}");
        if (LogRatioLimit is { } limit) text += string.Create(CultureInfo.InvariantCulture, $", log-ratio within +-{limit}");
        return $"{text}, {Aggregation}";
    }
}
