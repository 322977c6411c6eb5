using System;
using System.Collections.Generic;

namespace TreeRl.Policies;

/// <summary>
/// An objective's derivatives as weights on the logits [n, V] of n predicting rows: the derivative of the loss by the logits is that of
/// <c>sum Weight logit[Place] - sum Row ln Z + sum Entropy H</c>, with ln Z and the entropy H of each row.
/// </summary>
/// <param name="Place">Flat indices row V + token of the logits that are targets, ascending, each at most once.</param>
/// <param name="Weight">The derivative by log-probability at each of them, summed over targets that are the same token of the same row.</param>
/// <param name="Row">Its sum over each row, length n.</param>
/// <param name="Entropy">The derivative by entropy, summed over each row's targets; empty without one.</param>
internal sealed record LogitWeights(long[] Place, float[] Weight, float[] Row, float[] Entropy)
{
    /// <summary>Flat indices of the targets of predictors [<paramref name="first"/>, <paramref name="end"/>), row 0 being the first one's, in the order of <see cref="PredictorIndex.Target"/>.</summary>
    public static long[] Places(PredictorIndex predictors, int vocabulary, int first, int end)
    {
        int from = predictors.First[first];
        var token = predictors.Token.Span;
        var places = new long[predictors.First[end] - from];
        for (int p = first; p < end; p++)
            for (int i = predictors.First[p]; i < predictors.First[p + 1]; i++) places[i - from] = (long)(p - first) * vocabulary + token[predictors.Target[i]];
        return places;
    }

    /// <summary>Sums, in double, the derivatives by log-probability and by entropy (or none) of targets, chosen as for <see cref="Places"/>.</summary>
    public static LogitWeights Of(PredictorIndex predictors, int vocabulary, int first, int end, ReadOnlySpan<float> dLogProb, ReadOnlySpan<float> dEntropy)
    {
        long[] places = Places(predictors, vocabulary, first, end);
        var sums = new SortedDictionary<long, double>();
        float[] row = new float[end - first], entropy = new float[dEntropy.IsEmpty ? 0 : end - first];
        for (int p = first; p < end; p++)
        {
            double rowSum = 0, entropySum = 0;
            for (int i = predictors.First[p]; i < predictors.First[p + 1]; i++)
            {
                int target = predictors.Target[i];
                long place = places[i - predictors.First[first]];
                sums[place] = sums.GetValueOrDefault(place) + dLogProb[target];
                rowSum += dLogProb[target];
                if (!dEntropy.IsEmpty) entropySum += dEntropy[target];
            }
            row[p - first] = (float)rowSum;
            if (!dEntropy.IsEmpty) entropy[p - first] = (float)entropySum;
        }
        return new LogitWeights([.. sums.Keys], Array.ConvertAll([.. sums.Values], sum => (float)sum), row, entropy);
    }
}
