using System;

namespace TreeRl.Numerics;

internal static unsafe partial class RmsNorm
{
    /// <summary>The plain definitions.</summary>
    internal static class Reference
    {
        /// <inheritdoc cref="RmsNorm.Forward"/>
        public static void Forward(float* x, nint strideX, float* gain, float* y, nint strideY, float* inverseRms, int rows, int width, float epsilon)
        {
            for (int i = 0; i < rows; i++)
            {
                float* from = x + i * strideX, to = y + i * strideY;
                double squares = 0;
                for (int j = 0; j < width; j++) squares += (double)from[j] * from[j];
                float inverse = (float)(1 / Math.Sqrt(squares / width + epsilon));
                if (inverseRms != null) inverseRms[i] = inverse;
                for (int j = 0; j < width; j++) to[j] = from[j] * inverse * gain[j];
                for (int j = width; j < Simd.Pad(width); j++) to[j] = 0;
            }
        }

        /// <inheritdoc cref="RmsNorm.Backward"/>
        public static void Backward(
            float* x, nint strideX, float* gain, float* inverseRms, float* dy, nint strideDy, float* dx, nint strideDx, float* dGain, int rows, int width, bool accumulate)
        {
            for (int i = 0; i < rows; i++)
            {
                float* xi = x + i * strideX, dyi = dy + i * strideDy, dxi = dx + i * strideDx;
                double inverse = inverseRms[i], dot = 0;
                for (int j = 0; j < width; j++) dot += (double)dyi[j] * gain[j] * xi[j];
                double pull = -dot * inverse * inverse * inverse / width;
                for (int j = 0; j < width; j++)
                {
                    double flow = inverse * dyi[j];
                    dGain[j] += (float)(flow * xi[j]);
                    double d = flow * gain[j] + pull * xi[j];
                    dxi[j] = (float)(accumulate ? dxi[j] + d : d);
                }
            }
        }
    }
}
