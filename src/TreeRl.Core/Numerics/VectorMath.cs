using System;
using System.Runtime.InteropServices;

namespace TreeRl.Numerics;

/// <summary>Elementwise operations and sums over any number of floats. No alignment or padding needed.</summary>
internal static unsafe partial class VectorMath
{
    /// <summary>y[i] = e^x[i], at most 2 units in the last place off; exactly 0 below -87.33 (where the result would be denormal), +infinity above 88.72, NaN for NaN. y may be x.</summary>
    public static void Exp(float* x, float* y, long count) => Reference.Exp(x, y, count);

    /// <summary>x[i] = value.</summary>
    public static void Fill(float* x, long count, float value) => Reference.Fill(x, count, value);

    /// <summary>x[i] = 0.</summary>
    public static void Clear(float* x, long count) => NativeMemory.Clear(x, (nuint)count * sizeof(float));

    /// <summary>to[i] = from[i]. The ranges may overlap.</summary>
    public static void Copy(float* from, float* to, long count) => Buffer.MemoryCopy(from, to, count * sizeof(float), count * sizeof(float));

    /// <summary>Copies <paramref name="rows"/> rows of <paramref name="width"/> floats.</summary>
    public static void CopyRows(float* from, nint strideFrom, float* to, nint strideTo, int rows, int width)
    {
        for (int i = 0; i < rows; i++) Copy(from + i * strideFrom, to + i * strideTo, width);
    }

    /// <summary>to[i] += x[i].</summary>
    public static void Add(float* x, float* to, long count) => Reference.AddScaled(x, 1, to, count);

    /// <summary>to[i] += scale * x[i].</summary>
    public static void AddScaled(float* x, float scale, float* to, long count) => Reference.AddScaled(x, scale, to, count);

    /// <summary>x[i] *= scale.</summary>
    public static void Scale(float* x, long count, float scale) => Reference.Scale(x, count, scale);

    /// <summary>Sum of a[i] * b[i]; 0 for none. The order of summation depends on the count only.</summary>
    public static float Dot(float* a, float* b, long count) => Reference.Dot(a, b, count);

    /// <summary>Largest x[i]; -infinity for none. NaN if any is NaN.</summary>
    public static float Max(float* x, long count) => Reference.Max(x, count);

    /// <summary>Index of the first NaN or infinity, or -1.</summary>
    public static long FirstNonFinite(float* x, long count) => Reference.FirstNonFinite(x, count);
}
