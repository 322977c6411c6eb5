using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace TreeRl.Numerics;

/// <summary>
/// Elementwise operations and sums over any number of floats. No alignment or padding needed. An element's result does not depend on its place or on
/// how a range is cut.
/// </summary>
internal static unsafe partial class VectorMath
{
    private const int Unit = Simd.Unit;

    /// <summary>Below this <see cref="Exp(float*, float*, long)"/> gives exactly 0, a little above the point where e^x becomes denormal.</summary>
    public const float ExpFlush = -87f;

    /// <summary>y[i] = e^x[i], at most 2 units in the last place off; exactly 0 below <see cref="ExpFlush"/>, +infinity above 88.7228, NaN for NaN. y may be x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Exp(float* x, float* y, long count)
    {
        long i = 0;
        for (; i + Unit <= count; i += Unit) Exp(Vector512.Load(x + i)).Store(y + i);
        if (i == count) return;
        float* rest = stackalloc float[Unit];
        Copy(x + i, rest, count - i);
        Exp(Vector512.Load(rest)).Store(rest);
        Copy(rest, y + i, count - i);
    }

    /// <summary>
    /// e^x in each lane. x = n ln 2 + r with |r| &lt;= ln(2)/2; a polynomial of degree 7 gives e^r (the coefficients of Cephes' expf), and n is added to the
    /// exponent bits. n is rounded by adding 1.5 * 2^23, which leaves it in the low bits of the sum.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x)
    {
        var magic = Vector512.Create(12582912f);
        var biased = Vector512.MultiplyAddEstimate(x, Vector512.Create(1.44269504f), magic);
        var n = biased - magic;
        var r = Vector512.MultiplyAddEstimate(n, Vector512.Create(-0.693359375f), x);
        r = Vector512.MultiplyAddEstimate(n, Vector512.Create(2.12194440e-4f), r);
        var p = Vector512.MultiplyAddEstimate(Vector512.Create(1.9875691500e-4f), r, Vector512.Create(1.3981999507e-3f));
        p = Vector512.MultiplyAddEstimate(p, r, Vector512.Create(8.3334519073e-3f));
        p = Vector512.MultiplyAddEstimate(p, r, Vector512.Create(4.1665795894e-2f));
        p = Vector512.MultiplyAddEstimate(p, r, Vector512.Create(1.6666665459e-1f));
        p = Vector512.MultiplyAddEstimate(p, r, Vector512.Create(5.0000001201e-1f));
        p = Vector512.MultiplyAddEstimate(p, r * r, r + Vector512<float>.One);
        var scaled = (p.AsInt32() + Vector512.ShiftLeft(biased.AsInt32(), 23)).AsSingle();
        scaled = Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512.Create(ExpFlush)), Vector512<float>.Zero, scaled);
        scaled = Vector512.ConditionalSelect(Vector512.GreaterThan(x, Vector512.Create(88.72283f)), Vector512.Create(float.PositiveInfinity), scaled);
        return Vector512.ConditionalSelect(Vector512.Equals(x, x), scaled, x);
    }

    /// <summary>x[i] = value.</summary>
    public static void Fill(float* x, long count, float value)
    {
        var vector = Vector512.Create(value);
        long i = 0;
        for (; i + Unit <= count; i += Unit) vector.Store(x + i);
        for (; i < count; i++) x[i] = value;
    }

    /// <summary>x[i] = 0.</summary>
    public static void Clear(float* x, long count) => NativeMemory.Clear(x, (nuint)count * sizeof(float));

    /// <summary>to[i] = from[i]. The ranges may overlap.</summary>
    public static void Copy(float* from, float* to, long count) => Buffer.MemoryCopy(from, to, count * sizeof(float), count * sizeof(float));

    /// <summary>Copies <paramref name="rows"/> rows of <paramref name="width"/> floats.</summary>
    public static void CopyRows(float* from, nint strideFrom, float* to, nint strideTo, int rows, int width)
    {
        for (int i = 0; i < rows; i++) Copy(from + i * strideFrom, to + i * strideTo, width);
    }

    /// <summary>to[i] += x[i]. x may be to.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(float* x, float* to, long count)
    {
        long i = 0;
        for (; i + Unit <= count; i += Unit) (Vector512.Load(to + i) + Vector512.Load(x + i)).Store(to + i);
        for (; i < count; i++) to[i] += x[i];
    }

    /// <summary>to[i] += scale * x[i]. x may be to.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(float* x, float scale, float* to, long count)
    {
        var factor = Vector512.Create(scale);
        long i = 0;
        for (; i + Unit <= count; i += Unit) Vector512.MultiplyAddEstimate(Vector512.Load(x + i), factor, Vector512.Load(to + i)).Store(to + i);
        for (; i < count; i++) to[i] = float.MultiplyAddEstimate(x[i], scale, to[i]);
    }

    /// <summary>x[i] *= scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(float* x, long count, float scale)
    {
        var factor = Vector512.Create(scale);
        long i = 0;
        for (; i + Unit <= count; i += Unit) (Vector512.Load(x + i) * factor).Store(x + i);
        for (; i < count; i++) x[i] *= scale;
    }

    /// <summary>Sum of a[i] * b[i]; 0 for none. The order of summation depends on the count only.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Dot(float* a, float* b, long count)
    {
        var even = Vector512<float>.Zero;
        var odd = Vector512<float>.Zero;
        long i = 0;
        for (; i + 2 * Unit <= count; i += 2 * Unit)
        {
            even = Vector512.MultiplyAddEstimate(Vector512.Load(a + i), Vector512.Load(b + i), even);
            odd = Vector512.MultiplyAddEstimate(Vector512.Load(a + i + Unit), Vector512.Load(b + i + Unit), odd);
        }
        if (i + Unit <= count)
        {
            even = Vector512.MultiplyAddEstimate(Vector512.Load(a + i), Vector512.Load(b + i), even);
            i += Unit;
        }
        float sum = Vector512.Sum(even + odd);
        for (; i < count; i++) sum = float.MultiplyAddEstimate(a[i], b[i], sum);
        return sum;
    }

    /// <summary>Largest x[i]; -infinity for none. NaN if any is NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Max(float* x, long count)
    {
        var max = Vector512.Create(float.NegativeInfinity);
        long i = 0;
        for (; i + Unit <= count; i += Unit) max = Vector512.Max(max, Vector512.Load(x + i));
        float result = HorizontalMax(max);
        for (; i < count; i++) result = MathF.Max(result, x[i]);
        return result;
    }

    /// <summary>Index of the first NaN or infinity, or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static long FirstNonFinite(float* x, long count)
    {
        var exponent = Vector512.Create(0x7F800000);
        long i = 0;
        for (; i + Unit <= count; i += Unit)
            if (Vector512.EqualsAny(Vector512.Load(x + i).AsInt32() & exponent, exponent)) break;
        for (; i < count; i++)
            if (!float.IsFinite(x[i])) return i;
        return -1;
    }

    /// <summary>Largest lane; NaN if any is NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float HorizontalMax(Vector512<float> x)
    {
        var half = Vector256.Max(x.GetLower(), x.GetUpper());
        var quarter = Vector128.Max(half.GetLower(), half.GetUpper());
        return MathF.Max(MathF.Max(quarter[0], quarter[1]), MathF.Max(quarter[2], quarter[3]));
    }

    /// <summary>All bits set in the first <paramref name="count"/> lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> FirstLanes(int count) => Vector512.LessThan(Vector512<float>.Indices, Vector512.Create((float)count));
}
