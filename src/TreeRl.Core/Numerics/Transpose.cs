using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace TreeRl.Numerics;

/// <summary>Transposition in blocks of 16 x 16 floats.</summary>
internal static unsafe partial class Transpose
{
    /// <summary>
    /// destination[j][i] = source[i][j] for <paramref name="rows"/> x <paramref name="columns"/>, both multiples of 16. Strides in floats. No overlap.
    /// </summary>
    public static void Matrix(float* source, nint strideSource, int rows, int columns, float* destination, nint strideDestination)
    {
        for (int i = 0; i < rows; i += Simd.Unit)
            for (int j = 0; j < columns; j += Simd.Unit)
                Block(source + i * strideSource + j, strideSource, destination + j * strideDestination + i, strideDestination);
    }

    /// <summary>One block of 16 x 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Block(float* source, nint strideSource, float* destination, nint strideDestination)
    {
        if (Avx512F.IsSupported) Block512(source, strideSource, destination, strideDestination);
        else if (Sse.IsSupported) Block128(source, strideSource, destination, strideDestination);
        else Reference.Block(source, strideSource, destination, strideDestination);
    }

    /// <summary>Sixteen registers: transposed within their 128-bit quarters, four rows at a time, then the quarters among the registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Block512(float* s, nint stride, float* d, nint strideD)
    {
        nint stride4 = stride * 4;
        Quarters(s, stride, out var a0, out var a1, out var a2, out var a3);
        Quarters(s + stride4, stride, out var b0, out var b1, out var b2, out var b3);
        Quarters(s + stride4 * 2, stride, out var c0, out var c1, out var c2, out var c3);
        Quarters(s + stride4 * 3, stride, out var e0, out var e1, out var e2, out var e3);
        StoreQuarters(a0, b0, c0, e0, d, strideD);
        StoreQuarters(a1, b1, c1, e1, d + strideD, strideD);
        StoreQuarters(a2, b2, c2, e2, d + strideD * 2, strideD);
        StoreQuarters(a3, b3, c3, e3, d + strideD * 3, strideD);
    }

    // Register r of the result holds, in quarter q, column 4q + r of the four rows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quarters(
        float* s, nint stride, out Vector512<float> r0, out Vector512<float> r1, out Vector512<float> r2, out Vector512<float> r3)
    {
        var a = Vector512.Load(s);
        var b = Vector512.Load(s + stride);
        var c = Vector512.Load(s + stride * 2);
        var e = Vector512.Load(s + stride * 3);
        var low1 = Avx512F.UnpackLow(a, b).AsDouble();
        var high1 = Avx512F.UnpackHigh(a, b).AsDouble();
        var low2 = Avx512F.UnpackLow(c, e).AsDouble();
        var high2 = Avx512F.UnpackHigh(c, e).AsDouble();
        r0 = Avx512F.UnpackLow(low1, low2).AsSingle();
        r1 = Avx512F.UnpackHigh(low1, low2).AsSingle();
        r2 = Avx512F.UnpackLow(high1, high2).AsSingle();
        r3 = Avx512F.UnpackHigh(high1, high2).AsSingle();
    }

    // Row 4q of the destination gathers quarter q of the four registers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreQuarters(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> e, float* d, nint strideD)
    {
        const byte Even = 0x88, Odd = 0xdd;
        var even1 = Avx512F.Shuffle4x128(a, b, Even);
        var odd1 = Avx512F.Shuffle4x128(a, b, Odd);
        var even2 = Avx512F.Shuffle4x128(c, e, Even);
        var odd2 = Avx512F.Shuffle4x128(c, e, Odd);
        Avx512F.Shuffle4x128(even1, even2, Even).Store(d);
        Avx512F.Shuffle4x128(odd1, odd2, Even).Store(d + strideD * 4);
        Avx512F.Shuffle4x128(even1, even2, Odd).Store(d + strideD * 8);
        Avx512F.Shuffle4x128(odd1, odd2, Odd).Store(d + strideD * 12);
    }

    /// <summary>Blocks of 4 x 4 in four registers each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Block128(float* s, nint stride, float* d, nint strideD)
    {
        for (int i = 0; i < Simd.Unit; i += 4)
        {
            for (int j = 0; j < Simd.Unit; j += 4)
            {
                float* from = s + i * stride + j, to = d + j * strideD + i;
                var a = Vector128.Load(from);
                var b = Vector128.Load(from + stride);
                var c = Vector128.Load(from + stride * 2);
                var e = Vector128.Load(from + stride * 3);
                var low1 = Sse.UnpackLow(a, b);
                var low2 = Sse.UnpackLow(c, e);
                var high1 = Sse.UnpackHigh(a, b);
                var high2 = Sse.UnpackHigh(c, e);
                Sse.MoveLowToHigh(low1, low2).Store(to);
                Sse.MoveHighToLow(low2, low1).Store(to + strideD);
                Sse.MoveLowToHigh(high1, high2).Store(to + strideD * 2);
                Sse.MoveHighToLow(high2, high1).Store(to + strideD * 3);
            }
        }
    }

    /// <summary>The plain definition.</summary>
    internal static class Reference
    {
        /// <inheritdoc cref="Transpose.Block"/>
        public static void Block(float* source, nint strideSource, float* destination, nint strideDestination)
        {
            for (int i = 0; i < Simd.Unit; i++)
                for (int j = 0; j < Simd.Unit; j++)
                    destination[j * strideDestination + i] = source[i * strideSource + j];
        }
    }
}
