using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Credit;
using TreeRl.Objectives;

namespace TreeRl.Tests;

/// <summary>
/// The objectives as their papers write them: every training sample is a sequence of its own with a copy of each of its tokens, one after
/// the other, in double precision. Defines what the packed computation must give.
/// </summary>
internal sealed class PlainLoss
{
    private readonly record struct Token(int Index, double Advantage);

    private readonly List<(Token[] Tokens, int Set)> sequences = [];

    public PlainLoss(CreditResult credit, IEnumerable<int> prompts)
    {
        var forest = credit.Forest;
        var chosen = prompts.ToHashSet();
        for (int n = 0; n < forest.NodeCount; n++)
        {
            if (!chosen.Contains(forest.PromptOf[n])) continue;
            bool paths = credit.Rule.Unit == TrainingUnit.PathDuplicated;
            if (paths ? !forest.IsLeaf(n) || !credit.LeafTrained[forest.FirstLeaf[n]] : !credit.NodeTrained[n]) continue;
            var tokens = new List<Token>();
            foreach (int m in paths ? forest.Path(n) : [n])
            {
                for (int t = forest.FirstToken[m]; credit.NodeTrained[m] && t < forest.FirstToken[m] + forest.TokenCount[m]; t++)
                    if (credit.Rule.Mask?.Trains(forest.LogProb[t]) != false) tokens.Add(new Token(t, credit.Rule.Spread == CreditSpread.Path ? credit.LeafAdvantage[forest.FirstLeaf[n]] : credit.TokenAdvantage[t]));
            }
            int set = credit.Rule.Unit == TrainingUnit.SiblingGroup ? forest.Parent[n] < 0 ? -1 - forest.PromptOf[n] : forest.Parent[n] : 0;
            if (tokens.Count > 0) sequences.Add(([.. tokens], set));
        }
    }

    /// <summary>The loss at <paramref name="logProb"/>; whatever an objective stops the gradient of is taken at <paramref name="frozen"/>.</summary>
    public double Value(PolicyObjective objective, double[] logProb, double[] frozen, double[] old, double[] reference, double[] entropy)
    {
        double total = 0;
        var sets = sequences.GroupBy(s => s.Set).ToArray();
        foreach (var set in sets)
        {
            var sums = new List<double>();
            foreach (var (tokens, _) in set)
            {
                double sequence = Math.Exp(tokens.Average(token => logProb[token.Index] - old[token.Index]));
                double stopped = Math.Exp(tokens.Average(token => frozen[token.Index] - old[token.Index]));
                double sum = 0;
                foreach (var (t, advantage) in tokens)
                {
                    double ratio = objective.Ratio switch
                    {
                        RatioLevel.Token => Math.Exp(logProb[t] - old[t]),
                        RatioLevel.Sequence => sequence,
                        _ => stopped * Math.Exp(logProb[t] - frozen[t]),
                    };
                    double stop = Math.Exp(frozen[t] - old[t]), low = 1 - objective.ClipLow, high = 1 + objective.ClipHigh;
                    double policy = objective.Loss switch
                    {
                        PolicyLoss.Clip => Math.Max(-advantage * ratio, -advantage * Math.Clamp(ratio, low, high)),
                        PolicyLoss.Cispo => -Math.Clamp(stop, low, high) * advantage * logProb[t],
                        PolicyLoss.CispoUpper => -Math.Min(stop, objective.CispoCap) * advantage * logProb[t],
                        _ => -advantage * logProb[t],
                    };
                    if (objective is { Loss: PolicyLoss.Clip, DualClip: { } c } && advantage < 0) policy = Math.Min(policy, -advantage * c);
                    double x = logProb[t] - reference[t];
                    double kl = objective.Kl switch { KlEstimator.K1 => x, KlEstimator.K2 => x * x / 2, KlEstimator.K3 => Math.Exp(-x) + x - 1, _ => 0 };
                    sum += policy + objective.KlCoefficient * kl - objective.EntropyCoefficient * entropy[t];
                }
                sums.Add(objective.Aggregation.Mode == Aggregation.SequenceMeanTokenMean ? sum / tokens.Length : sum);
            }
            total += objective.Aggregation.Mode switch
            {
                Aggregation.TokenMean => sums.Sum() / set.Sum(s => s.Tokens.Length) / sets.Length,
                Aggregation.SequenceMeanTokenSumNorm => sums.Sum() / objective.Aggregation.NormConstant,
                _ => sums.Average() / sets.Length,
            };
        }
        return total;
    }
}
