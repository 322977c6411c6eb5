using System;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using TreeRl.Credit;
using TreeRl.Forests;
using TreeRl.Objectives;
using TreeRl.Training;

namespace TreeRl.Lab;

/// <summary>
/// What a rule gives each token once its training samples are folded together, so that rules with different training units can be laid
/// side by side. With the masses of <see cref="Policies.CreditColumns"/>, a token's advantage is the mass-weighted mean over the samples
/// that contain it, <c>A(t) = (PositiveMass - NegativeMass) / Mass</c>, and <c>Mass * A</c> is what multiplies the token's gradient in the
/// first on-policy update.
/// </summary>
public sealed class TokenCredit
{
    /// <summary>An advantage smaller than this share of the rule's largest one is rounding and counts as no signal.</summary>
    public const double RoundingShare = 1e-6;

    private TokenCredit(CreditResult credit, double[] advantage, double[] mass, double[] nodeAdvantage, bool[] nodeScored)
    {
        Credit = credit;
        TokenAdvantage = ImmutableCollectionsMarshal.AsImmutableArray(advantage);
        TokenMass = ImmutableCollectionsMarshal.AsImmutableArray(mass);
        NodeAdvantage = ImmutableCollectionsMarshal.AsImmutableArray(nodeAdvantage);
        NodeScored = ImmutableCollectionsMarshal.AsImmutableArray(nodeScored);
        double largest = 0;
        foreach (double a in advantage) largest = Math.Max(largest, Math.Abs(a));
        SignalThreshold = RoundingShare * largest;
        var forest = credit.Forest;
        for (int n = 0; n < forest.NodeCount; n++)
        {
            if (!nodeScored[n]) continue;
            ScoredTokens += forest.TokenCount[n];
            for (int t = forest.FirstToken[n]; t < forest.FirstToken[n] + forest.TokenCount[n]; t++)
                if (Math.Abs(advantage[t]) > SignalThreshold) SignalTokens++;
        }
        EffectiveTokens = LabMath.EffectiveSampleSize(TokenMass, TokenAdvantage);
    }

    /// <summary>The rule's result.</summary>
    public CreditResult Credit { get; }

    /// <summary>Token -> mass-weighted mean advantage; 0 where the rule trains nothing. Length T.</summary>
    public ImmutableArray<double> TokenAdvantage { get; }

    /// <summary>Token -> sum of the weights of the samples that contain it; 0 where the rule trains nothing. Length T.</summary>
    public ImmutableArray<double> TokenMass { get; }

    /// <summary>Node -> mean of its tokens' advantages. Length N.</summary>
    public ImmutableArray<double> NodeAdvantage { get; }

    /// <summary>Node -> whether a leaf at or below it has a score. Length N.</summary>
    public ImmutableArray<bool> NodeScored { get; }

    /// <summary>Advantages up to this size count as no signal: <see cref="RoundingShare"/> of the largest.</summary>
    public double SignalThreshold { get; }

    /// <summary>Tokens of scored nodes.</summary>
    public long ScoredTokens { get; }

    /// <summary>Tokens of scored nodes whose advantage is beyond <see cref="SignalThreshold"/>.</summary>
    public long SignalTokens { get; }

    /// <summary>Share of the scored tokens that carry signal; NaN when no token is scored.</summary>
    public double SignalShare => ScoredTokens == 0 ? double.NaN : (double)SignalTokens / ScoredTokens;

    /// <summary>Effective number of tokens, <c>(sum w|A|)^2 / sum (wA)^2</c>: see <see cref="LabMath.EffectiveSampleSize"/>.</summary>
    public double EffectiveTokens { get; }

    /// <summary>Folds a rule's samples.</summary>
    /// <param name="credit">The rule's result on a forest.</param>
    /// <param name="aggregation">How token losses become one number over the whole forest; null takes <see cref="Aggregation.TokenMean"/>.</param>
    /// <exception cref="ArgumentException">The aggregation lacks its constant.</exception>
    public static TokenCredit Of(CreditResult credit, AggregationSettings? aggregation = null)
    {
        ArgumentNullException.ThrowIfNull(credit);
        var forest = credit.Forest;
        double[] advantage = new double[forest.TokenTotal], mass = new double[forest.TokenTotal];
        var batch = Packer.Pack(credit, (aggregation ?? new AggregationSettings(Aggregation.TokenMean)).WithDropZeroSignal(false));
        for (int k = 0; k < batch.TargetCount; k++)
        {
            double w = batch.Credit.Mass[k];
            if (!(w > 0)) continue;
            mass[batch.TargetSource[k]] = w;
            advantage[batch.TargetSource[k]] = ((double)batch.Credit.PositiveMass[k] - batch.Credit.NegativeMass[k]) / w;
        }
        return new TokenCredit(credit, advantage, mass, ByNode(forest, advantage), Scored(credit));
    }

    private static double[] ByNode(Forest forest, double[] advantage)
    {
        var mean = new double[forest.NodeCount];
        for (int n = 0; n < mean.Length; n++)
        {
            double sum = 0;
            for (int t = forest.FirstToken[n]; t < forest.FirstToken[n] + forest.TokenCount[n]; t++) sum += advantage[t];
            mean[n] = sum / forest.TokenCount[n];
        }
        return mean;
    }

    private static bool[] Scored(CreditResult credit)
    {
        var forest = credit.Forest;
        var scored = new bool[forest.NodeCount];
        for (int n = forest.NodeCount - 1; n >= 0; n--)
        {
            if (forest.IsLeaf(n)) scored[n] = credit.LeafScored[forest.FirstLeaf[n]];
            if (scored[n] && forest.Parent[n] >= 0) scored[forest.Parent[n]] = true;
        }
        return scored;
    }
}
