using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TreeRl.Numerics;

/// <summary>
/// The head's distribution over a vocabulary of V tokens, from a row of logits z padded to 16: with L = ln sum e^z and p = e^(z - L), the log-probability of
/// token t is z_t - L and the entropy is H = L - sum p z, in nats.
/// </summary>
internal static unsafe partial class LogSoftmax
{
    // Logits whose sums stay in single-precision lanes before they join the double sums; a multiple of 16.
    private const int SumBlock = 1024;

    /// <summary>
    /// The largest logit, L and H of the first <paramref name="vocabulary"/> logits. Sums are kept in double over blocks of fixed size. Logits of -infinity are tokens of
    /// probability 0; NaN, +infinity or nothing but -infinity give NaN.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Stats(float* logits, int vocabulary, out float max, out float logSumExp, out float entropy)
    {
        max = VectorMath.Max(logits, vocabulary);
        var shift = Vector512.Create(max);
        var floor = Vector512.Create(VectorMath.ExpFlush - 1); // keeps 0 * -infinity out of the weighted sum
        double sum = 0, weighted = 0;
        for (int first = 0; first < vocabulary; first += SumBlock)
        {
            int end = Math.Min(vocabulary, first + SumBlock), whole = end & ~(Simd.Unit - 1), j = first;
            var blockSum = Vector512<float>.Zero;
            var blockWeighted = Vector512<float>.Zero;
            for (; j < whole; j += Simd.Unit)
            {
                var shifted = Vector512.Load(logits + j) - shift;
                var e = VectorMath.Exp(shifted);
                blockSum += e;
                blockWeighted = Vector512.MultiplyAddEstimate(e, Vector512.MaxNative(shifted, floor), blockWeighted);
            }
            if (j < end)
            {
                var shifted = Vector512.ConditionalSelect(VectorMath.FirstLanes(end - j), Vector512.Load(logits + j) - shift, floor);
                var e = VectorMath.Exp(shifted);
                blockSum += e;
                blockWeighted = Vector512.MultiplyAddEstimate(e, Vector512.MaxNative(shifted, floor), blockWeighted);
            }
            sum += Vector512.Sum(blockSum);
            weighted += Vector512.Sum(blockWeighted);
        }
        double logSum = Math.Log(sum);
        logSumExp = (float)(max + logSum);
        entropy = (float)(logSum - weighted / sum);
    }

    /// <summary>
    /// The gradient of a loss by the logits of one row, when the loss takes <paramref name="count"/> log-probabilities from it (a branch row predicts several
    /// tokens, perhaps one twice) and the entropy:
    /// dLogits[j] = sum over i of dLogProb[i] * ([j = target[i]] - p_j) - dEntropy * p_j * (ln p_j + H). Pad elements become 0.
    /// </summary>
    /// <param name="logits">The row.</param>
    /// <param name="vocabulary">V.</param>
    /// <param name="logSumExp">L, from <see cref="Stats"/>.</param>
    /// <param name="entropy">H, from <see cref="Stats"/>.</param>
    /// <param name="targets">Token ids, each below V.</param>
    /// <param name="dLogProb">Derivative of the loss by each target's log-probability.</param>
    /// <param name="count">Number of targets.</param>
    /// <param name="dEntropy">Derivative of the loss by H.</param>
    /// <param name="dLogits">Overwritten to the padded width; may be <paramref name="logits"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gradient(
        float* logits, int vocabulary, float logSumExp, float entropy, int* targets, float* dLogProb, int count, float dEntropy, float* dLogits)
    {
        double sum = 0;
        for (int i = 0; i < count; i++) sum += dLogProb[i];
        var total = Vector512.Create(-(float)sum);
        var slope = Vector512.Create(-dEntropy);
        var shift = Vector512.Create(logSumExp);
        var offset = Vector512.Create(entropy);
        var floor = Vector512.Create(VectorMath.ExpFlush - 1);
        for (int j = 0; j < vocabulary; j += Simd.Unit)
        {
            var logP = Vector512.Max(Vector512.Load(logits + j) - shift, floor);
            var d = VectorMath.Exp(logP) * Vector512.MultiplyAddEstimate(slope, logP + offset, total);
            if (vocabulary - j < Simd.Unit) d = Vector512.ConditionalSelect(VectorMath.FirstLanes(vocabulary - j), d, Vector512<float>.Zero);
            d.Store(dLogits + j);
        }
        for (int i = 0; i < count; i++) dLogits[targets[i]] += dLogProb[i];
    }
}
