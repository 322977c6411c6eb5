using System;
using TreeRl.Policies;

namespace TreeRl.Objectives;

/// <summary>The clipped surrogate of one unit of advantage, for either sign.</summary>
internal readonly struct Surrogate(PolicyObjective objective)
{
    private readonly double low = 1 - objective.ClipLow, high = 1 + objective.ClipHigh, dual = objective.DualClip ?? double.PositiveInfinity;

    /// <summary>max(-r, -clip(r)) = -min(r, 1+high).</summary>
    public double Positive(double ratio) => -Math.Min(ratio, high);

    /// <summary>d/dlogr of <see cref="Positive"/>.</summary>
    public double PositiveSlope(double ratio) => ratio <= high ? -ratio : 0;

    /// <summary>min(max(r, clip(r)), c) = min(max(r, 1-low), c).</summary>
    public double Negative(double ratio) => Math.Min(Math.Max(ratio, low), dual);

    /// <summary>d/dlogr of <see cref="Negative"/>.</summary>
    public double NegativeSlope(double ratio) => ratio >= low && ratio <= dual ? ratio : 0;

    /// <summary>Counts a ratio once: held from above, by the dual clip, or from below.</summary>
    public void Count(double ratio, bool positive, bool negative, ref LossReport report)
    {
        report.RatioSum += ratio;
        report.RatioCount++;
        if (positive && ratio > high) report.ClippedHigh++;
        else if (negative && ratio > dual) report.DualClipped++;
        else if (negative && ratio < low) report.ClippedLow++;
    }
}

/// <summary>KL, entropy and the sums every objective reports.</summary>
internal static class SharedTerms
{
    public static void Tokens(PolicyObjective objective, in ObjectiveInput input, Span<double> gradient, ref LossReport report)
    {
        for (int t = 0; t < gradient.Length; t++)
        {
            Statistics(input, t, ref report);
            double mass = input.Mass[t];
            if (!(mass > 0)) continue;
            if (objective.Kl != KlEstimator.None)
            {
                var (value, slope) = Kl(objective, (double)input.LogProb[t] - input.LogProbRef[t]);
                if (!double.IsFinite(value)) throw new NonFiniteException($"KL estimate of target {input.FirstTarget + t}", value);
                report.KlRefSum += value;
                report.KlLoss += objective.KlCoefficient * mass * value;
                gradient[t] += objective.KlCoefficient * mass * slope;
            }
            report.EntropyLoss -= objective.EntropyCoefficient * mass * input.Entropy[t];
        }
    }

    /// <summary>The sums over targets that do not depend on the objective.</summary>
    public static void Statistics(in ObjectiveInput input, int t, ref LossReport report)
    {
        if (!(input.Mass[t] > 0)) return;
        double x = (double)input.LogProb[t] - input.LogProbOld[t];
        report.TokenCount++;
        report.MaxAbsLogRatio = Math.Max(report.MaxAbsLogRatio, Math.Abs(x));
        report.KlOldSum += Math.Exp(x) - x - 1;
        report.EntropySum += input.Entropy[t];
    }

    /// <summary>exp of a log-ratio, its limit applied; the flag says whether a derivative passes.</summary>
    public static (double Ratio, bool Passes) RatioOf(PolicyObjective objective, double logRatio, string what, int index)
    {
        bool passes = objective.LogRatioLimit is not { } limit || Math.Abs(logRatio) <= limit;
        double ratio = Math.Exp(passes ? logRatio : Math.CopySign(objective.LogRatioLimit!.Value, logRatio));
        if (!double.IsFinite(ratio)) throw new NonFiniteException($"ratio of {what} {index}", ratio);
        return (ratio, passes);
    }

    private static (double Value, double Slope) Kl(PolicyObjective objective, double x)
    {
        bool passes = objective.KlLogRatioLimit is not { } limit || Math.Abs(x) <= limit;
        if (!passes) x = Math.CopySign(objective.KlLogRatioLimit!.Value, x);
        var (value, slope) = objective.Kl switch
        {
            KlEstimator.K1 => (x, 1.0),
            KlEstimator.K2 => (x * x / 2, x),
            _ => (Math.Exp(-x) + x - 1, 1 - Math.Exp(-x)),
        };
        if (objective.KlValueLimit is { } most && Math.Abs(value) > most) (value, passes) = (Math.CopySign(most, value), false);
        return (value, passes ? slope : 0);
    }
}

/// <summary>Policy terms with a ratio for each token, from the masses.</summary>
internal static class TokenTerms
{
    public static void Add(PolicyObjective objective, in ObjectiveInput input, Span<double> gradient, ref LossReport report)
    {
        var surrogate = new Surrogate(objective);
        for (int t = 0; t < gradient.Length; t++)
        {
            if (!(input.Mass[t] > 0)) continue;
            double logProb = input.LogProb[t], positive = input.PositiveMass[t], negative = input.NegativeMass[t];
            if (objective.Loss == PolicyLoss.Reinforce)
            {
                report.PolicyLoss -= (positive - negative) * logProb;
                gradient[t] -= positive - negative;
                continue;
            }
            var (ratio, passes) = SharedTerms.RatioOf(objective, logProb - input.LogProbOld[t], "target", input.FirstTarget + t);
            if (objective.Loss == PolicyLoss.Clip)
            {
                surrogate.Count(ratio, positive > 0, negative > 0, ref report);
                report.PolicyLoss += positive * surrogate.Positive(ratio) + negative * surrogate.Negative(ratio);
                if (passes) gradient[t] += positive * surrogate.PositiveSlope(ratio) + negative * surrogate.NegativeSlope(ratio);
                continue;
            }
            double factor = objective.Loss == PolicyLoss.Cispo ? Math.Clamp(ratio, 1 - objective.ClipLow, 1 + objective.ClipHigh) : Math.Min(ratio, objective.CispoCap);
            report.RatioSum += ratio;
            report.RatioCount++;
            if (factor < ratio) report.ClippedHigh++;
            if (factor > ratio) report.ClippedLow++;
            report.PolicyLoss -= (positive - negative) * factor * logProb;
            gradient[t] -= (positive - negative) * factor;
        }
    }
}

/// <summary>The clipped surrogate with one ratio for each sample, from the sample table.</summary>
internal static class SequenceTerms
{
    public static void Add(PolicyObjective objective, in ObjectiveInput input, Span<double> gradient, ref LossReport report)
    {
        var samples = input.Samples;
        var surrogate = new Surrogate(objective);
        int firstRun = samples.GroupFirstRun[input.Group], runs = samples.GroupFirstRun[input.Group + 1] - firstRun;
        var runLogRatio = ObjectiveScratch.RunLogRatio.Zeros(runs);
        var runGradient = ObjectiveScratch.RunGradient.Zeros(runs);
        for (int r = 0; r < runs; r++)
        {
            int first = samples.RunFirstTarget[firstRun + r] - input.FirstTarget;
            for (int t = first; t < first + samples.RunTargetCount[firstRun + r]; t++) runLogRatio[r] += (double)input.LogProb[t] - input.LogProbOld[t];
        }
        for (int i = samples.GroupFirstSample[input.Group]; i < samples.GroupFirstSample[input.Group + 1]; i++)
        {
            double weight = samples.SampleTokenWeight[i];
            if (!(weight > 0)) continue;
            int firstPart = samples.SampleFirstPart[i], endPart = samples.SampleFirstPart[i + 1];
            double logRatio = 0;
            long tokens = 0;
            for (int part = firstPart; part < endPart; part++)
            {
                logRatio += runLogRatio[samples.PartRun[part] - firstRun];
                tokens += samples.RunTargetCount[samples.PartRun[part]];
            }
            if (tokens == 0) continue;
            var (ratio, passes) = SharedTerms.RatioOf(objective, logRatio / tokens, "sample", i);
            bool positive = false, negative = false;
            double slopeSum = 0;
            for (int part = firstPart; part < endPart; part++)
            {
                double advantage = samples.PartAdvantage[part];
                int count = samples.RunTargetCount[samples.PartRun[part]];
                positive |= advantage > 0;
                negative |= advantage < 0;
                double value = advantage >= 0 ? advantage * surrogate.Positive(ratio) : -advantage * surrogate.Negative(ratio);
                double slope = !passes ? 0 : advantage >= 0 ? advantage * surrogate.PositiveSlope(ratio) : -advantage * surrogate.NegativeSlope(ratio);
                report.PolicyLoss += weight * count * value;
                if (objective.Ratio == RatioLevel.SequenceToken) runGradient[samples.PartRun[part] - firstRun] += weight * slope;
                slopeSum += weight * count * slope;
            }
            surrogate.Count(ratio, positive, negative, ref report);
            if (objective.Ratio != RatioLevel.Sequence) continue;
            for (int part = firstPart; part < endPart; part++) runGradient[samples.PartRun[part] - firstRun] += slopeSum / tokens;
        }
        for (int r = 0; r < runs; r++)
        {
            int first = samples.RunFirstTarget[firstRun + r] - input.FirstTarget;
            for (int t = first; t < first + samples.RunTargetCount[firstRun + r]; t++) gradient[t] += runGradient[r];
        }
    }
}
