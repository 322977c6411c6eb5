using System;

namespace TreeRl.Numerics;

internal static unsafe partial class VectorMath
{
    /// <summary>The plain definitions.</summary>
    internal static class Reference
    {
        public static float Exp(float x) => x < VectorMath.ExpFlush ? 0f : (float)Math.Exp(x);

        public static void Exp(float* x, float* y, long count)
        {
            for (long i = 0; i < count; i++) y[i] = Exp(x[i]);
        }

        public static void Fill(float* x, long count, float value)
        {
            for (long i = 0; i < count; i++) x[i] = value;
        }

        public static void AddScaled(float* x, float scale, float* to, long count)
        {
            for (long i = 0; i < count; i++) to[i] += scale * x[i];
        }

        public static void Scale(float* x, long count, float scale)
        {
            for (long i = 0; i < count; i++) x[i] *= scale;
        }

        public static float Dot(float* a, float* b, long count)
        {
            double sum = 0;
            for (long i = 0; i < count; i++) sum += (double)a[i] * b[i];
            return (float)sum;
        }

        public static float Max(float* x, long count)
        {
            float max = float.NegativeInfinity;
            for (long i = 0; i < count; i++) max = MathF.Max(max, x[i]);
            return max;
        }

        public static long FirstNonFinite(float* x, long count)
        {
            for (long i = 0; i < count; i++)
                if (!float.IsFinite(x[i])) return i;
            return -1;
        }
    }
}
