using System;

namespace TreeRl.Sampling;

/// <summary>Which figure of a branch <see cref="ForkWeights"/> weighs by.</summary>
public enum PathScore
{
    /// <summary>Sum of the log-probabilities of the answer so far.</summary>
    PathSum,

    /// <summary>Their mean.</summary>
    PathMean,

    /// <summary>Mean log-probability of the last segment: the tokens since the branch's trigger last fired, or since it started.</summary>
    SegmentMean,
}

/// <summary>Which branches get more children.</summary>
public enum ForkPreference
{
    /// <summary>Those of low likelihood.</summary>
    Unlikely,

    /// <summary>Those of high likelihood.</summary>
    Likely,
}

/// <summary>
/// Shares the children of one prompt's forks by likelihood (TreePO's log-probability-weighted branching, arXiv 2508.17445). The fan-out rule
/// says how many children the n branches that fork at one step get together; branch i gets one, and of the rest its share
/// w_i = softmax(-s_i / temperature), or with +s_i where likely branches are preferred, rounded by <see cref="LargestRemainder"/>.
/// </summary>
/// <param name="Score">The figure s in nats.</param>
/// <param name="Prefer">The direction.</param>
/// <param name="Temperature">Above 0; large values share evenly. The paper has 2.</param>
public sealed record ForkWeights(PathScore Score, ForkPreference Prefer, double Temperature)
{
    /// <summary>
    /// The temperature of a run's last step; null keeps <see cref="Temperature"/>. Between the first step and the last it follows half a cosine
    /// (TreePO's public code has such a wave in either direction; its paper goes from 5 to 1). Outside a run the first temperature holds.
    /// </summary>
    public double? LastTemperature { get; init; }

    /// <summary>The weights of step <paramref name="step"/> (from 0) of a run of <paramref name="steps"/>: a fixed temperature.</summary>
    public ForkWeights AtStep(int step, int steps)
    {
        if (LastTemperature is not { } last) return this;
        double share = steps <= 1 ? 0 : (double)step / (steps - 1);
        return this with { Temperature = last + (Temperature - last) * (1 + Math.Cos(Math.PI * share)) / 2, LastTemperature = null };
    }

    /// <summary>Softmax of the scores in one direction; scores are finite, at least one.</summary>
    internal static double[] Softmax(ReadOnlySpan<double> scores, ForkPreference prefer, double temperature)
    {
        double sign = prefer == ForkPreference.Unlikely ? -1 : 1, top = double.NegativeInfinity, sum = 0;
        foreach (double score in scores) top = Math.Max(top, sign * score);
        var weights = new double[scores.Length];
        for (int i = 0; i < weights.Length; i++) sum += weights[i] = Math.Exp((sign * scores[i] - top) / temperature);
        for (int i = 0; i < weights.Length; i++) weights[i] /= sum;
        return weights;
    }

    /// <summary>
    /// Divides <paramref name="total"/> into whole shares: one each, the rest in proportion to the weights, rounded down; what is then left goes one each to the
    /// largest remainders, the earlier ones on a tie. [.5, .3, .2] for 8 gives [4, 2, 2].
    /// </summary>
    /// <param name="weights">Finite, not negative, with a sum above 0.</param>
    /// <param name="total">At least one for each weight.</param>
    /// <exception cref="ArgumentException">A weight breaks its rule, or there is fewer than one for each.</exception>
    public static int[] LargestRemainder(ReadOnlySpan<double> weights, int total)
    {
        double sum = 0;
        foreach (double weight in weights)
        {
            Guard.InRange(double.IsFinite(weight) && weight >= 0, weight, "must be finite and not negative");
            sum += weight;
        }
        Guard.That(weights.Length == 0 || sum > 0, "weights sum to 0: one of them must be above it", nameof(weights));
        Guard.InRange(total >= weights.Length, total, $"must be at least {weights.Length}, one for each weight");
        int n = weights.Length, rest = total - n, left = rest;
        var shares = new int[n];
        var remainders = new double[n];
        for (int i = 0; i < n; i++)
        {
            double exact = rest * (weights[i] / sum);
            int whole = (int)Math.Min(Math.Floor(exact), left);
            shares[i] = 1 + whole;
            remainders[i] = exact - whole;
            left -= whole;
        }
        while (left > 0 && n > 0)
        {
            int largest = 0;
            for (int i = 1; i < n; i++)
                if (remainders[i] > remainders[largest]) largest = i;
            shares[largest]++;
            remainders[largest] -= 1;
            left--;
        }
        return shares;
    }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant(
        $"weighed by {(Prefer == ForkPreference.Unlikely ? "low" : "high")} {Score switch { PathScore.PathSum => "path sum", PathScore.PathMean => "path mean", _ => "segment mean" }} of log-probability (temperature {Temperature}{(LastTemperature is { } last ? FormattableString.Invariant($" to {last} over the run") : "")})");
}
