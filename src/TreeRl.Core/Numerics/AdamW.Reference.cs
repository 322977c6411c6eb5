using System;

namespace TreeRl.Numerics;

internal static unsafe partial class AdamW
{
    /// <summary>The plain definitions.</summary>
    internal static class Reference
    {
        /// <inheritdoc cref="AdamW.Step"/>
        public static void Step(
            float* weights, float** lanes, int laneCount, float* firstMoment, float* secondMoment, long first, long end, double gradientScale, AdamWSettings settings, bool decays)
        {
            double correct1 = 1 - Math.Pow(settings.Beta1, settings.Step), correct2 = 1 - Math.Pow(settings.Beta2, settings.Step);
            double keep = decays ? 1 - settings.LearningRate * settings.WeightDecay : 1;
            for (long i = first; i < end; i++)
            {
                float sum = lanes[0][i];
                lanes[0][i] = 0;
                for (int lane = 1; lane < laneCount; lane++)
                {
                    sum += lanes[lane][i];
                    lanes[lane][i] = 0;
                }
                double g = sum * gradientScale;
                double m = settings.Beta1 * firstMoment[i] + (1 - settings.Beta1) * g;
                double v = settings.Beta2 * secondMoment[i] + (Math.Abs(g) < FlushSquare ? 0 : (1 - settings.Beta2) * g * g);
                firstMoment[i] = Math.Abs(m) < Flush ? 0 : (float)m;
                secondMoment[i] = v < Flush ? 0 : (float)v;
                weights[i] = (float)(weights[i] * keep - settings.LearningRate * (firstMoment[i] / correct1) / (Math.Sqrt(secondMoment[i] / correct2) + settings.Epsilon));
            }
        }

        /// <inheritdoc cref="AdamW.SumOfSquares"/>
        public static double SumOfSquares(float** lanes, int laneCount, long first, long end)
        {
            double squares = 0;
            for (long i = first; i < end; i++)
            {
                float sum = lanes[0][i];
                for (int lane = 1; lane < laneCount; lane++) sum += lanes[lane][i];
                squares += (double)sum * sum;
            }
            return squares;
        }
    }
}
