using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TreeRl.Numerics;

/// <summary>The numbers of one AdamW step.</summary>
/// <param name="LearningRate">Step size.</param>
/// <param name="Beta1">Decay of the first moment.</param>
/// <param name="Beta2">Decay of the second moment.</param>
/// <param name="Epsilon">Added to the root of the corrected second moment.</param>
/// <param name="WeightDecay">Decoupled decay, multiplied by the learning rate.</param>
/// <param name="Step">Number of this step, from 1: the bias corrections are 1 - beta^Step.</param>
internal readonly record struct AdamWSettings(double LearningRate, double Beta1, double Beta2, double Epsilon, double WeightDecay, long Step);

/// <summary>
/// AdamW (1711.05101) fused over a range of parameters. The gradient is the sum of several lanes, each filled by one part of the batch, in the order of the lanes,
/// so that the sum does not depend on which thread filled which.
/// </summary>
internal static unsafe partial class AdamW
{
    /// <summary>Moments smaller than this become 0: arithmetic on denormals is a hundred times slower, and such a moment moves nothing.</summary>
    public const float Flush = 1e-30f;

    /// <summary>Gradients smaller than this do not enter the second moment: their squares are near or below the smallest normal float.</summary>
    public const float FlushSquare = 1e-17f;

    /// <summary>
    /// For elements [<paramref name="first"/>, <paramref name="end"/>): with both multiples of 16: g = scale * sum of lanes; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
    /// w = w (1 - lr * decay) - lr * m^ / (sqrt(v^) + epsilon), where m^ and v^ are corrected for their start at zero. The lanes are set to 0.
    /// </summary>
    /// <param name="weights">w.</param>
    /// <param name="lanes">Pointers to the gradient lanes.</param>
    /// <param name="laneCount">Number of lanes, at least 1.</param>
    /// <param name="firstMoment">m.</param>
    /// <param name="secondMoment">v.</param>
    /// <param name="first">First element.</param>
    /// <param name="end">Element after the last.</param>
    /// <param name="gradientScale">Factor that clips the gradient's norm; 1 for none.</param>
    /// <param name="settings">Numbers of the step.</param>
    /// <param name="decays">Whether these elements decay (matrices do, gains and biases do not).</param>
    public static void Step(
        float* weights, float** lanes, int laneCount, float* firstMoment, float* secondMoment, long first, long end, double gradientScale, AdamWSettings settings, bool decays) =>
        Run(weights, lanes, laneCount, firstMoment, secondMoment, first, end, gradientScale, settings, decays, writes: true, out _);

    /// <summary>
    /// The first element of which <see cref="Step"/> would make a weight or moment that is NaN or infinite; -1 when there is none. By the same
    /// arithmetic, but nothing is written.
    /// </summary>
    /// <inheritdoc cref="Step"/>
    public static long FirstNonFinite(
        float* weights, float** lanes, int laneCount, float* firstMoment, float* secondMoment, long first, long end, double gradientScale, AdamWSettings settings, bool decays, out float value) =>
        Run(weights, lanes, laneCount, firstMoment, secondMoment, first, end, gradientScale, settings, decays, writes: false, out value);

    /// <summary>The largest |x| of elements [0, <paramref name="end"/>), a multiple of 16; NaN when one is NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float LargestMagnitude(float* values, long end)
    {
        CheckRange(0, end);
        var largest = Vector512<float>.Zero;
        for (long i = 0; i < end; i += Simd.Unit) largest = Vector512.Max(largest, Vector512.Abs(Vector512.Load(values + i)));
        float most = 0;
        for (int i = 0; i < Simd.Unit; i++) most = Math.Max(most, largest[i]);
        return most;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Run(
        float* weights, float** lanes, int laneCount, float* firstMoment, float* secondMoment, long first, long end, double gradientScale, AdamWSettings settings, bool decays, bool writes, out float value)
    {
        CheckRange(first, end);
        value = 0;
        double correct1 = 1 - Math.Pow(settings.Beta1, settings.Step), correct2 = 1 - Math.Pow(settings.Beta2, settings.Step);
        var keep1 = Vector512.Create((float)settings.Beta1);
        var take1 = Vector512.Create((float)(1 - settings.Beta1));
        var keep2 = Vector512.Create((float)settings.Beta2);
        var take2 = Vector512.Create((float)(1 - settings.Beta2));
        var rate = Vector512.Create((float)(settings.LearningRate / correct1));
        var correctRoot = Vector512.Create((float)(1 / Math.Sqrt(correct2)));
        var epsilon = Vector512.Create((float)settings.Epsilon);
        var keepWeight = Vector512.Create((float)(decays ? 1 - settings.LearningRate * settings.WeightDecay : 1));
        var scale = Vector512.Create((float)gradientScale);
        var flush = Vector512.Create(Flush);
        var flushSquare = Vector512.Create(FlushSquare);
        var zero = Vector512<float>.Zero;
        for (long i = first; i < end; i += Simd.Unit)
        {
            var g = Vector512.Load(lanes[0] + i);
            for (int lane = 1; lane < laneCount; lane++) g += Vector512.Load(lanes[lane] + i);
            g *= scale;
            var m = Vector512.MultiplyAddEstimate(keep1, Vector512.Load(firstMoment + i), take1 * g);
            m = Vector512.ConditionalSelect(Vector512.LessThan(Vector512.Abs(m), flush), zero, m);
            var forSquare = Vector512.ConditionalSelect(Vector512.LessThan(Vector512.Abs(g), flushSquare), zero, g);
            var v = Vector512.MultiplyAddEstimate(keep2, Vector512.Load(secondMoment + i), take2 * forSquare * forSquare);
            v = Vector512.ConditionalSelect(Vector512.LessThan(v, flush), zero, v);
            var move = rate * m / Vector512.MultiplyAddEstimate(Vector512.Sqrt(v), correctRoot, epsilon);
            var w = Vector512.Load(weights + i) * keepWeight - move;
            if (!writes)
            {
                // x - x is 0 for a finite x and NaN for every other.
                if (Vector512.EqualsAll((w - w) + (m - m) + (v - v), zero)) continue;
                for (int k = 0; ; k++)
                {
                    value = !float.IsFinite(v[k]) ? v[k] : !float.IsFinite(m[k]) ? m[k] : w[k];
                    if (!float.IsFinite(value)) return i + k;
                }
            }
            for (int lane = 0; lane < laneCount; lane++) zero.Store(lanes[lane] + i);
            m.Store(firstMoment + i);
            v.Store(secondMoment + i);
            w.Store(weights + i);
        }
        return -1;
    }

    /// <summary>
    /// Sum of squares of the summed lanes over [<paramref name="first"/>, <paramref name="end"/>), both multiples of 16, in double. The order depends on the range only: call it over
    /// ranges that do not depend on the number of threads and add the results in order.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double SumOfSquares(float** lanes, int laneCount, long first, long end)
    {
        CheckRange(first, end);
        var low = Vector512<double>.Zero;
        var high = Vector512<double>.Zero;
        for (long i = first; i < end; i += Simd.Unit)
        {
            var g = Vector512.Load(lanes[0] + i);
            for (int lane = 1; lane < laneCount; lane++) g += Vector512.Load(lanes[lane] + i);
            (var a, var b) = Vector512.Widen(g);
            low = Vector512.MultiplyAddEstimate(a, a, low);
            high = Vector512.MultiplyAddEstimate(b, b, high);
        }
        return Vector512.Sum(low + high);
    }

    private static void CheckRange(long first, long end)
    {
        Guard.InRange(first % Simd.Unit == 0, first, "must be a multiple of 16: pad every tensor");
        Guard.InRange(end % Simd.Unit == 0, end, "must be a multiple of 16: pad every tensor");
    }
}
