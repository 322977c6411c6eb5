using System;
using TreeRl.Numerics;
using Xunit;

namespace TreeRl.Tests.Numerics;

/// <summary>Buffers of reproducible numbers, and comparisons that say where they fail.</summary>
internal static unsafe class KernelData
{
    /// <summary>Every register width; a machine without one runs it in software, with the same results.</summary>
    public static TheoryData<SimdLevel> Levels => [SimdLevel.Portable, SimdLevel.Avx2, SimdLevel.Avx512];

    /// <summary>Written where a kernel must not write.</summary>
    public const float Sentinel = 12345.678f;

    /// <summary><paramref name="count"/> draws, uniform on [-scale, scale).</summary>
    public static NativeBuffer<float> Random(long count, long seed, double scale = 1)
    {
        var buffer = new NativeBuffer<float>(Math.Max(count, 1));
        var draws = Seed.Of(seed);
        for (long i = 0; i < count; i++) buffer.Pointer[i] = (float)(scale * (2 * draws.Uniform(i) - 1));
        return buffer;
    }

    /// <summary>Rows of random numbers whose padding (from <paramref name="width"/> to <paramref name="stride"/>) is zero.</summary>
    public static NativeBuffer<float> RandomRows(int rows, int width, int stride, long seed, double scale = 1)
    {
        var buffer = Random((long)rows * stride, seed, scale);
        for (int i = 0; i < rows; i++)
            for (int j = width; j < stride; j++) buffer.Pointer[(long)i * stride + j] = 0;
        return buffer;
    }

    /// <summary><paramref name="count"/> copies of one number.</summary>
    public static NativeBuffer<float> Constant(long count, float value)
    {
        var buffer = new NativeBuffer<float>(Math.Max(count, 1));
        for (long i = 0; i < buffer.Length; i++) buffer.Pointer[i] = value;
        return buffer;
    }

    /// <summary>A buffer with the same contents.</summary>
    public static NativeBuffer<float> Copy(NativeBuffer<float> source)
    {
        var buffer = new NativeBuffer<float>(source.Length);
        source.Span.CopyTo(buffer.Span);
        return buffer;
    }

    /// <summary>Each element within <paramref name="tolerance"/> * (1 + |expected|); NaN only where NaN is expected.</summary>
    public static void AssertClose(float* expected, float* actual, long count, double tolerance, string what)
    {
        for (long i = 0; i < count; i++)
            Assert.True(Close(expected[i], actual[i], tolerance), $"{what}: element {i} is {actual[i]:r}, expected {expected[i]:r} within {tolerance}");
    }

    /// <summary>Each element within <paramref name="tolerance"/> * (1 + |expected|).</summary>
    public static void AssertClose(NativeBuffer<float> expected, NativeBuffer<float> actual, double tolerance, string what) =>
        AssertClose(expected.Pointer, actual.Pointer, expected.Length, tolerance, what);

    /// <summary>The same bits.</summary>
    public static void AssertSame(float* expected, float* actual, long count, string what)
    {
        for (long i = 0; i < count; i++)
        {
            bool same = BitConverter.SingleToInt32Bits(expected[i]) == BitConverter.SingleToInt32Bits(actual[i]);
            Assert.True(same, $"{what}: element {i} is {actual[i]:r}, expected the same bits as {expected[i]:r}");
        }
    }

    /// <summary>The same bits throughout.</summary>
    public static void AssertSame(NativeBuffer<float> expected, NativeBuffer<float> actual, string what) =>
        AssertSame(expected.Pointer, actual.Pointer, expected.Length, what);

    /// <summary>Whether two numbers agree to <paramref name="tolerance"/> * (1 + |expected|), infinities and NaN included.</summary>
    public static bool Close(double expected, double actual, double tolerance)
    {
        if (double.IsNaN(expected)) return double.IsNaN(actual);
        if (double.IsInfinity(expected)) return expected == actual;
        return Math.Abs(expected - actual) <= tolerance * (1 + Math.Abs(expected));
    }
}
