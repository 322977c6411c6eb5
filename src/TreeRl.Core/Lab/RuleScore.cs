using System;
using TreeRl.Forests;

namespace TreeRl.Lab;

/// <summary>Which nodes a score runs over.</summary>
public enum NodeSet
{
    /// <summary>All nodes.</summary>
    All,

    /// <summary>Nodes with children, where credit has to be estimated from the leaves below.</summary>
    Inner,

    /// <summary>Nodes that end an answer.</summary>
    Leaves,
}

/// <summary>
/// How well a rule's advantages A(n) estimate the true advantages T(n) = V(n) - V(parent) of a forest's nodes. Every node with known T counts
/// once; a node that the rule does not train has A = 0.
/// <code>
/// scale  c    = max(0, sum A T / sum A^2)         the best single factor that is not negative, since rules differ in units; 0 when A = 0
/// error  e(n) = c A(n) - T(n)
/// bias        = mean of e
/// RMSE        = sqrt(mean of e^2 - noise)         noise: mean error variance of the estimated T, which e^2 contains
/// variance    = RMSE^2 - bias^2
/// correlation = Pearson's of A and the estimated T;  corrected: / sqrt((var T - noise) / var T), for the noise in T
/// </code>
/// </summary>
/// <remarks>
/// The truth is sampled independently of the forest, so its noise is uncorrelated with A: sum A T is unbiased, and subtracting the noise
/// makes the mean square error so. By chance the difference can be negative, and the RMSE is then NaN: take more continuations.
/// Intervals resample prompts.
/// </remarks>
[Notebooks.TypeFormatterSource(typeof(Notebooks.HtmlFormatterSource))]
public sealed record RuleScore
{
    /// <summary>The rule's name.</summary>
    public required string Rule { get; init; }

    /// <summary>Which nodes.</summary>
    public required NodeSet Nodes { get; init; }

    /// <summary>Number of nodes.</summary>
    public required int NodeCount { get; init; }

    /// <summary>The factor c.</summary>
    public required Estimate Scale { get; init; }

    /// <summary>Mean error, in units of the reward.</summary>
    public required Estimate Bias { get; init; }

    /// <summary>Variance of the error.</summary>
    public required Estimate Variance { get; init; }

    /// <summary>Root mean square error.</summary>
    public required Estimate Rmse { get; init; }

    /// <summary>Root mean square of T, noise removed: the RMSE of a rule that gives zeros.</summary>
    public required Estimate ZeroRmse { get; init; }

    /// <summary>Correlation with the estimated truth.</summary>
    public required Estimate Correlation { get; init; }

    /// <summary>Correlation corrected for the noise of the truth; may exceed 1 by chance.</summary>
    public required Estimate CorrectedCorrelation { get; init; }

    /// <summary>Scores a rule.</summary>
    /// <param name="tokens">The rule's credit on the truth's forest.</param>
    /// <param name="truth">The truth.</param>
    /// <param name="nodes">Which nodes count.</param>
    /// <param name="bootstrap">How intervals are made; null takes <see cref="Bootstrap.Default"/>.</param>
    /// <exception cref="ArgumentException">Credit and truth are of different forests.</exception>
    public static RuleScore Of(TokenCredit tokens, NodeTruth truth, NodeSet nodes = NodeSet.All, Bootstrap? bootstrap = null)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentNullException.ThrowIfNull(truth);
        Guard.That(ReferenceEquals(tokens.Credit.Forest, truth.Forest), "the credit is of another forest than the truth: apply the rule to the truth's forest", nameof(tokens));
        bootstrap ??= Bootstrap.Default;
        var byPrompt = Sums(tokens, truth, nodes);
        var all = new ScoreSums();
        foreach (var sums in byPrompt) all = all.Plus(sums, 1);
        return new RuleScore
        {
            Rule = tokens.Credit.Rule.Name,
            Nodes = nodes,
            NodeCount = (int)all.Count,
            Scale = Over(sums => sums.Scale),
            Bias = Over(sums => sums.Bias),
            Variance = Over(sums => sums.Variance),
            Rmse = Over(sums => Math.Sqrt(sums.MeanSquare)),
            ZeroRmse = Over(sums => Math.Sqrt(sums.ZeroMeanSquare)),
            Correlation = Over(sums => sums.Correlation),
            CorrectedCorrelation = Over(sums => sums.CorrectedCorrelation),
        };

        Estimate Over(Func<ScoreSums, double> statistic) => bootstrap.Over(byPrompt.Length, counts =>
        {
            var sum = new ScoreSums();
            for (int p = 0; p < counts.Length; p++)
                if (counts[p] > 0) sum = sum.Plus(byPrompt[p], counts[p]);
            return sum.Count == 0 ? double.NaN : statistic(sum);
        });
    }

    /// <summary>The figures in one line.</summary>
    public override string ToString() =>
        FormattableString.Invariant($"{Rule}, {Nodes}: {Counted.Of(NodeCount, "node")}, scale {Scale.Value:0.000}, bias {Bias.Value:+0.000;-0.000;0}, RMSE {Rmse} (zeros {ZeroRmse.Value:0.000}), correlation {CorrectedCorrelation}");

    private static ScoreSums[] Sums(TokenCredit tokens, NodeTruth truth, NodeSet nodes)
    {
        Forest forest = truth.Forest;
        var byPrompt = new ScoreSums[forest.PromptCount];
        for (int n = 0; n < forest.NodeCount; n++)
        {
            if (nodes != NodeSet.All && forest.IsLeaf(n) != (nodes == NodeSet.Leaves)) continue;
            double t = truth.Advantage(n), noise = truth.AdvantageVariance(n), a = tokens.NodeAdvantage[n];
            if (double.IsNaN(t) || double.IsNaN(noise)) continue;
            ref var sums = ref byPrompt[forest.PromptOf[n]];
            sums = sums.Plus(new ScoreSums(1, a, t, a * a, t * t, a * t, noise), 1);
        }
        return byPrompt;
    }
}

/// <summary>Sums over nodes, from which every score is computed: resampling prompts is adding these.</summary>
internal readonly record struct ScoreSums(double Count, double A, double T, double AA, double TT, double AT, double Noise)
{
    public double Scale => AA > 0 ? Math.Max(0, AT / AA) : 0;

    public double Bias => (Scale * A - T) / Count;

    public double MeanSquare => (Scale * Scale * AA - 2 * Scale * AT + TT - Noise) / Count;

    public double ZeroMeanSquare => (TT - Noise) / Count;

    public double Variance => MeanSquare - Bias * Bias;

    private double VarianceOfT => TT / Count - T / Count * (T / Count);

    public double Correlation
    {
        get
        {
            double a = AA / Count - A / Count * (A / Count);
            return a > 1e-14 * AA / Count && VarianceOfT > 0 ? (AT / Count - A / Count * (T / Count)) / Math.Sqrt(a * VarianceOfT) : double.NaN;
        }
    }

    public double CorrectedCorrelation
    {
        get
        {
            double noiseless = VarianceOfT - Noise / Count;
            return noiseless > 0 ? Correlation * Math.Sqrt(VarianceOfT / noiseless) : double.NaN;
        }
    }

    public ScoreSums Plus(ScoreSums other, int times) => new(
        Count + times * other.Count,
        A + times * other.A,
        T + times * other.T,
        AA + times * other.AA,
        TT + times * other.TT,
        AT + times * other.AT,
        Noise + times * other.Noise);
}
