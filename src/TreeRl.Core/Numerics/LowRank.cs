using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TreeRl.Numerics;

/// <summary>Rows of a matrix with a low-rank term: W + scale B A.</summary>
internal static unsafe class LowRank
{
    private const int Unrolled = 4 * Simd.Unit;

    /// <summary>
    /// One row: to[j] = w[j] + sum over k of (scale b[k]) A[k, j], k upwards, one multiply-add each, so that an element's value does not depend on where a row is cut.
    /// </summary>
    /// <param name="w">The row of W.</param>
    /// <param name="b">The row of B, <paramref name="rank"/> elements.</param>
    /// <param name="rank">Rows of A.</param>
    /// <param name="scale">Factor.</param>
    /// <param name="a">A, rows <paramref name="strideA"/> floats apart.</param>
    /// <param name="strideA">Floats between rows of A.</param>
    /// <param name="to">Receives the row; may be <paramref name="w"/>.</param>
    /// <param name="count">Elements of the row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddRow(float* w, float* b, int rank, float scale, float* a, nint strideA, float* to, int count)
    {
        int j = 0;
        for (; j + Unrolled <= count; j += Unrolled)
        {
            Vector512<float> s0 = Vector512.Load(w + j), s1 = Vector512.Load(w + j + 16), s2 = Vector512.Load(w + j + 32), s3 = Vector512.Load(w + j + 48);
            float* row = a + j;
            for (int k = 0; k < rank; k++, row += strideA)
            {
                var factor = Vector512.Create(scale * b[k]);
                s0 = Vector512.MultiplyAddEstimate(factor, Vector512.Load(row), s0);
                s1 = Vector512.MultiplyAddEstimate(factor, Vector512.Load(row + 16), s1);
                s2 = Vector512.MultiplyAddEstimate(factor, Vector512.Load(row + 32), s2);
                s3 = Vector512.MultiplyAddEstimate(factor, Vector512.Load(row + 48), s3);
            }
            s0.Store(to + j);
            s1.Store(to + j + 16);
            s2.Store(to + j + 32);
            s3.Store(to + j + 48);
        }
        for (; j + Simd.Unit <= count; j += Simd.Unit)
        {
            var sum = Vector512.Load(w + j);
            for (int k = 0; k < rank; k++) sum = Vector512.MultiplyAddEstimate(Vector512.Create(scale * b[k]), Vector512.Load(a + k * strideA + j), sum);
            sum.Store(to + j);
        }
        for (; j < count; j++)
        {
            float sum = w[j];
            for (int k = 0; k < rank; k++) sum = float.MultiplyAddEstimate(scale * b[k], a[k * strideA + j], sum);
            to[j] = sum;
        }
    }
}
