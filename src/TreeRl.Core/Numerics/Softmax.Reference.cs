using System;

namespace TreeRl.Numerics;

internal static unsafe partial class Softmax
{
    /// <summary>The plain definitions.</summary>
    internal static class Reference
    {
        /// <inheritdoc cref="Softmax.Forward"/>
        public static float Forward(float* row, int n, int padded, float scale, out float max)
        {
            max = float.NegativeInfinity;
            for (int j = 0; j < n; j++) max = MathF.Max(max, row[j] * scale);
            double sum = 0;
            for (int j = 0; j < n; j++)
            {
                row[j] = VectorMath.Reference.Exp((float)((double)scale * row[j] - max));
                sum += row[j];
            }
            for (int j = n; j < padded; j++) row[j] = 0;
            return (float)sum;
        }

        /// <inheritdoc cref="Softmax.Backward"/>
        public static void Backward(float* scores, float* dProbability, int n, int padded, float scale, float logSumExp, float correction)
        {
            for (int j = 0; j < n; j++)
            {
                float p = VectorMath.Reference.Exp((float)((double)scale * scores[j] - logSumExp));
                scores[j] = p;
                dProbability[j] = p * (dProbability[j] - correction) * scale;
            }
            for (int j = n; j < padded; j++) scores[j] = dProbability[j] = 0;
        }
    }
}
