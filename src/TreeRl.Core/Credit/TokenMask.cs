using System;
using System.Globalization;
using TreeRl.Forests;

namespace TreeRl.Credit;

/// <summary>
/// Leaves single tokens out of training: those whose probability when they were sampled is not below a threshold (SPO, arXiv 2505.23564, whose
/// threshold is 0.9). A token that the policy was nearly sure of was hardly a choice, so the advantage goes to the others. A masked token
/// has no target, hence no policy, KL or entropy term, and every denominator and whitening forgets it; it is still read by what follows it.
/// </summary>
/// <param name="ProbabilityBelow">
/// A token is trained when <c>exp(logp) &lt; ProbabilityBelow</c>, logp being the forest's recorded log-probability: full vocabulary,
/// temperature 1, the policy before the update. Above 0 and at most 1; 1 leaves out only tokens of probability 1.
/// </param>
public sealed record TokenMask(double ProbabilityBelow)
{
    /// <summary>The words that make this mask.</summary>
    public string Words => string.Create(CultureInfo.InvariantCulture, $"mask probabilityBelow {ProbabilityBelow}");

    /// <inheritdoc/>
    public override string ToString() => Words;

    /// <summary>Whether a token of this log-probability is trained.</summary>
    public bool Trains(double logProb) => Math.Exp(logProb) < ProbabilityBelow;

    internal void Validate() =>
        Guard.That(ProbabilityBelow is > 0 and <= 1, $"{Words}: must lie above 0 and be at most 1; leave the mask out to train every token", "mask");

    /// <summary>Token -> whether it is left out. Length T.</summary>
    internal bool[] Masked(Forest forest)
    {
        var masked = new bool[forest.TokenTotal];
        for (int t = 0; t < masked.Length; t++) masked[t] = !Trains(forest.LogProb[t]);
        return masked;
    }
}
