using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TreeRl.Numerics;

/// <summary>
/// y = gain * x / rms(x), with rms(x) = sqrt(mean of x^2 over the row + epsilon) (1910.07467). Rows have a given width and are
/// padded to 16 with zeros, and so is the gain, which keeps y's padding zero. A head of attention is a row too: give its strides.
/// </summary>
internal static unsafe partial class RmsNorm
{
    /// <summary>Normalises <paramref name="rows"/> rows. <paramref name="y"/> may be <paramref name="x"/>. <paramref name="inverseRms"/> receives 1/rms of each row and may be null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Forward(float* x, nint strideX, float* gain, float* y, nint strideY, float* inverseRms, int rows, int width, float epsilon)
    {
        int padded = Simd.Pad(width);
        for (int i = 0; i < rows; i++)
        {
            float* from = x + i * strideX, to = y + i * strideY;
            float inverse = 1 / MathF.Sqrt(VectorMath.Dot(from, from, padded) / width + epsilon);
            if (inverseRms != null) inverseRms[i] = inverse;
            var factor = Vector512.Create(inverse);
            for (int j = 0; j < padded; j += Simd.Unit) (Vector512.Load(from + j) * factor * Vector512.Load(gain + j)).Store(to + j);
        }
    }

    /// <summary>
    /// From the gradient <paramref name="dy"/> of y: dx += (or =, without <paramref name="accumulate"/>; then dx may be dy) r * gain * dy - x * r^3 * mean(gain * dy * x),
    /// and dGain += r * dy * x, with r the saved <paramref name="inverseRms"/> and x the input of the forward pass.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Backward(
        float* x, nint strideX, float* gain, float* inverseRms, float* dy, nint strideDy, float* dx, nint strideDx, float* dGain, int rows, int width, bool accumulate = true)
    {
        int padded = Simd.Pad(width);
        for (int i = 0; i < rows; i++)
        {
            float* xi = x + i * strideX, dyi = dy + i * strideDy, dxi = dx + i * strideDx;
            float inverse = inverseRms[i];
            var dot = Vector512<float>.Zero;
            for (int j = 0; j < padded; j += Simd.Unit)
                dot = Vector512.MultiplyAddEstimate(Vector512.Load(dyi + j) * Vector512.Load(gain + j), Vector512.Load(xi + j), dot);
            var pull = Vector512.Create(-Vector512.Sum(dot) * inverse * inverse * inverse / width);
            var factor = Vector512.Create(inverse);
            for (int j = 0; j < padded; j += Simd.Unit)
            {
                var value = Vector512.Load(xi + j);
                var flow = Vector512.Load(dyi + j) * factor;
                Vector512.MultiplyAddEstimate(flow, value, Vector512.Load(dGain + j)).Store(dGain + j);
                var d = Vector512.MultiplyAddEstimate(flow, Vector512.Load(gain + j), value * pull);
                if (accumulate) d += Vector512.Load(dxi + j);
                d.Store(dxi + j);
            }
        }
    }
}
