using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TreeRl.Numerics;

/// <summary>Rows of attention probabilities over the first n of a padded row; the padding counts as masked out.</summary>
internal static unsafe partial class Softmax
{
    /// <summary>
    /// In place: row[j] = exp(scale * row[j] - max) for j &lt; <paramref name="n"/>, 0 for n &lt;= j &lt; <paramref name="padded"/>. Returns the sum, by which the caller
    /// divides what it makes of the row; log-sum-exp is max + ln(sum). <paramref name="max"/> is the largest scaled score. An n of 0 gives sum 0 and max -infinity;
    /// a score of -infinity counts as masked, and a row of nothing else gives NaN.
    /// </summary>
    /// <param name="row">Scores; <paramref name="padded"/> floats, a multiple of 16.</param>
    /// <param name="n">Scores that count.</param>
    /// <param name="padded">Floats to write.</param>
    /// <param name="scale">Positive factor of the scores.</param>
    /// <param name="max">Largest scale * score.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Forward(float* row, int n, int padded, float scale, out float max)
    {
        var masked = Vector512.Create(float.NegativeInfinity);
        var largest = masked;
        int whole = n & ~(Simd.Unit - 1), j = 0;
        for (; j < whole; j += Simd.Unit) largest = Vector512.MaxNative(largest, Vector512.Load(row + j));
        if (j < n) largest = Vector512.MaxNative(largest, Vector512.ConditionalSelect(VectorMath.FirstLanes(n - j), Vector512.Load(row + j), masked));
        max = VectorMath.HorizontalMax(largest) * scale;
        var factor = Vector512.Create(scale);
        var shift = Vector512.Create(-max);
        var sum = Vector512<float>.Zero;
        for (j = 0; j < whole; j += Simd.Unit)
        {
            var e = VectorMath.Exp(Vector512.MultiplyAddEstimate(Vector512.Load(row + j), factor, shift));
            sum += e;
            e.Store(row + j);
        }
        if (j < n)
        {
            var e = VectorMath.Exp(Vector512.MultiplyAddEstimate(Vector512.Load(row + j), factor, shift));
            e = Vector512.ConditionalSelect(VectorMath.FirstLanes(n - j), e, Vector512<float>.Zero);
            sum += e;
            e.Store(row + j);
            j += Simd.Unit;
        }
        for (; j < padded; j += Simd.Unit) Vector512<float>.Zero.Store(row + j);
        return Vector512.Sum(sum);
    }

    /// <summary>
    /// The backward row: from raw scores and the gradient of the probabilities makes, both in place, p[j] = exp(scale * scores[j] - logSumExp) in
    /// <paramref name="scores"/> and dScore[j] = p[j] * (dProbability[j] - correction) * scale in <paramref name="dProbability"/>, and zeros from <paramref name="n"/> to
    /// <paramref name="padded"/>. <paramref name="correction"/> is sum of p * dProbability, which is the dot product of the row's attention output and its gradient.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Backward(float* scores, float* dProbability, int n, int padded, float scale, float logSumExp, float correction)
    {
        var factor = Vector512.Create(scale);
        var shift = Vector512.Create(-logSumExp);
        var less = Vector512.Create(correction);
        int whole = n & ~(Simd.Unit - 1), j = 0;
        for (; j < whole; j += Simd.Unit)
        {
            var p = VectorMath.Exp(Vector512.MultiplyAddEstimate(Vector512.Load(scores + j), factor, shift));
            p.Store(scores + j);
            (p * (Vector512.Load(dProbability + j) - less) * factor).Store(dProbability + j);
        }
        if (j < n)
        {
            var lanes = VectorMath.FirstLanes(n - j);
            var p = VectorMath.Exp(Vector512.MultiplyAddEstimate(Vector512.Load(scores + j), factor, shift));
            Vector512.ConditionalSelect(lanes, p, Vector512<float>.Zero).Store(scores + j);
            Vector512.ConditionalSelect(lanes, p * (Vector512.Load(dProbability + j) - less) * factor, Vector512<float>.Zero).Store(dProbability + j);
            j += Simd.Unit;
        }
        for (; j < padded; j += Simd.Unit)
        {
            Vector512<float>.Zero.Store(scores + j);
            Vector512<float>.Zero.Store(dProbability + j);
        }
    }
}
