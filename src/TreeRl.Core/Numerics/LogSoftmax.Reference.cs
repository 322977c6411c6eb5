using System;

namespace TreeRl.Numerics;

internal static unsafe partial class LogSoftmax
{
    /// <summary>The plain definitions, in double.</summary>
    internal static class Reference
    {
        /// <inheritdoc cref="LogSoftmax.Stats"/>
        public static void Stats(float* logits, int vocabulary, out float max, out float logSumExp, out float entropy)
        {
            max = VectorMath.Reference.Max(logits, vocabulary);
            double sum = 0, weighted = 0;
            for (int j = 0; j < vocabulary; j++)
            {
                double shifted = (double)logits[j] - max, e = Math.Exp(shifted);
                sum += e;
                if (e != 0) weighted += e * shifted;
            }
            logSumExp = (float)(max + Math.Log(sum));
            entropy = (float)(Math.Log(sum) - weighted / sum);
        }

        /// <inheritdoc cref="LogSoftmax.Gradient"/>
        public static void Gradient(
            float* logits, int vocabulary, float logSumExp, float entropy, int* targets, float* dLogProb, int count, float dEntropy, float* dLogits)
        {
            double total = 0;
            for (int i = 0; i < count; i++) total += dLogProb[i];
            for (int j = 0; j < vocabulary; j++)
            {
                double logP = (double)logits[j] - logSumExp, p = Math.Exp(logP);
                dLogits[j] = p == 0 ? 0 : (float)(-p * (total + dEntropy * (logP + entropy)));
            }
            for (int j = vocabulary; j < Simd.Pad(vocabulary); j++) dLogits[j] = 0;
            for (int i = 0; i < count; i++) dLogits[targets[i]] += dLogProb[i];
        }
    }
}
