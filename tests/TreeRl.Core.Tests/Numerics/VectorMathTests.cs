using System;
using TreeRl.Numerics;
using Xunit;
using static TreeRl.Tests.Numerics.KernelData;

namespace TreeRl.Tests.Numerics;

public unsafe class VectorMathTests
{
    private const int Longest = 130;

    // A sum of 130 products of numbers below 3, in single precision.
    private const double SumTolerance = 2e-5;

    [Fact]
    public void Exp_is_within_two_units_in_the_last_place_over_the_normal_range()
    {
        const int Count = 400_000;
        using var x = new NativeBuffer<float>(Count);
        using var y = new NativeBuffer<float>(Count);
        for (int i = 0; i < Count; i++) x.Pointer[i] = VectorMath.ExpFlush + i * ((88.7228f - VectorMath.ExpFlush) / Count);
        VectorMath.Exp(x.Pointer, y.Pointer, Count);
        for (int i = 0; i < Count; i++)
        {
            double exact = Math.Exp(x.Pointer[i]);
            float rounded = (float)exact;
            double unit = MathF.BitIncrement(rounded) - (double)rounded;
            Assert.True(Math.Abs(y.Pointer[i] - exact) <= 2 * unit, $"e^{x.Pointer[i]:r} is {y.Pointer[i]:r}, expected {exact:r}");
        }
    }

    [Theory]
    [InlineData(0f, 1f)]
    [InlineData(-87.01f, 0f)]
    [InlineData(-100f, 0f)]
    [InlineData(-3e38f, 0f)]
    [InlineData(float.NegativeInfinity, 0f)]
    [InlineData(88.73f, float.PositiveInfinity)]
    [InlineData(3e38f, float.PositiveInfinity)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData(float.NaN, float.NaN)]
    [InlineData(1e-42f, 1f)]
    public void Exp_of_special_values_is_exact(float x, float expected)
    {
        float* values = stackalloc float[17];
        for (int i = 0; i < 17; i++) values[i] = x;
        VectorMath.Exp(values, values, 17);
        for (int i = 0; i < 17; i++) Assert.Equal(expected, values[i]);
    }

    [Fact]
    public void A_NaN_of_any_payload_stays_a_NaN_under_Exp()
    {
        foreach (int bits in new[] { 0x7FC00001, 0x7FC000FF, 0x7FFFFFFF, -1, 0x7F800001 })
        {
            float x = BitConverter.Int32BitsToSingle(bits);
            VectorMath.Exp(&x, &x, 1);
            Assert.True(float.IsNaN(x), $"payload {bits:x}");
        }
    }

    [Fact]
    public void Elementwise_kernels_equal_their_references_for_every_length_and_write_no_further()
    {
        for (int n = 0; n <= Longest; n++)
        {
            using var x = Random(n, 1, 3);
            Check(n, 2e-7, "exp", to => VectorMath.Exp(x.Pointer, to, n), to => VectorMath.Reference.Exp(x.Pointer, to, n));
            Check(n, 0, "fill", to => VectorMath.Fill(to, n, 1.5f), to => VectorMath.Reference.Fill(to, n, 1.5f));
            Check(n, 0, "clear", to => VectorMath.Clear(to, n), to => VectorMath.Reference.Fill(to, n, 0));
            Check(n, 0, "copy", to => VectorMath.Copy(x.Pointer, to, n), to => x.Span[..n].CopyTo(new Span<float>(to, n)));
            Check(n, 0, "add", to => VectorMath.Add(x.Pointer, to, n), to => VectorMath.Reference.AddScaled(x.Pointer, 1, to, n));
            Check(n, 2e-7, "add scaled", to => VectorMath.AddScaled(x.Pointer, 0.7f, to, n), to => VectorMath.Reference.AddScaled(x.Pointer, 0.7f, to, n));
            Check(n, 0, "scale", to => VectorMath.Scale(to, n, 0.7f), to => VectorMath.Reference.Scale(to, n, 0.7f));
        }
    }

    [Fact]
    public void Kernels_may_work_in_place()
    {
        for (int n = 0; n <= Longest; n++)
        {
            Check(n, 2e-7, "exp", to => VectorMath.Exp(to, to, n), to => VectorMath.Reference.Exp(to, to, n));
            Check(n, 0, "add", to => VectorMath.Add(to, to, n), to => VectorMath.Reference.AddScaled(to, 1, to, n));
            Check(n, 2e-7, "add scaled", to => VectorMath.AddScaled(to, -0.3f, to, n), to => VectorMath.Reference.AddScaled(to, -0.3f, to, n));
        }
    }

    [Fact]
    public void An_element_has_the_same_bits_wherever_the_range_is_cut()
    {
        using var x = Random(Longest, 2, 3);
        using var start = Random(Longest, 3, 3);
        using var whole = Copy(start);
        using var wholeExp = new NativeBuffer<float>(Longest);
        VectorMath.AddScaled(x.Pointer, 0.7f, whole.Pointer, Longest);
        VectorMath.Exp(x.Pointer, wholeExp.Pointer, Longest);
        for (int cut = 0; cut <= Longest; cut++)
        {
            using var parts = Copy(start);
            VectorMath.AddScaled(x.Pointer, 0.7f, parts.Pointer, cut);
            VectorMath.AddScaled(x.Pointer + cut, 0.7f, parts.Pointer + cut, Longest - cut);
            AssertSame(whole, parts, $"add scaled, cut at {cut}");
            VectorMath.Exp(x.Pointer, parts.Pointer, cut);
            VectorMath.Exp(x.Pointer + cut, parts.Pointer + cut, Longest - cut);
            AssertSame(wholeExp, parts, $"exp, cut at {cut}");
        }
    }

    [Fact]
    public void Dot_and_maximum_equal_their_references_for_every_length()
    {
        for (int n = 0; n <= Longest; n++)
        {
            using var a = Random(n, 4, 3);
            using var b = Random(n, 5, 3);
            Assert.True(Close(VectorMath.Reference.Dot(a.Pointer, b.Pointer, n), VectorMath.Dot(a.Pointer, b.Pointer, n), SumTolerance), $"dot of {n}");
            Assert.Equal(VectorMath.Reference.Max(a.Pointer, n), VectorMath.Max(a.Pointer, n));
        }
    }

    [Fact]
    public void The_maximum_of_none_is_minus_infinity_and_a_NaN_anywhere_makes_it_NaN()
    {
        Assert.Equal(float.NegativeInfinity, VectorMath.Max(null, 0));
        for (int i = 0; i < 40; i++)
        {
            using var x = Random(40, 6);
            x.Pointer[i] = float.NaN;
            Assert.True(float.IsNaN(VectorMath.Max(x.Pointer, 40)), $"NaN at {i}");
        }
    }

    [Fact]
    public void The_first_number_that_is_not_finite_is_found_wherever_it_stands()
    {
        for (int n = 0; n <= Longest; n++)
        {
            using var x = Random(n, 7, 1e38);
            Assert.Equal(-1, VectorMath.FirstNonFinite(x.Pointer, n));
            if (n == 0) continue;
            x.Pointer[n - 1] = float.NaN;
            Assert.Equal(n - 1, VectorMath.FirstNonFinite(x.Pointer, n));
            x.Pointer[n / 2] = float.NegativeInfinity;
            Assert.Equal(n / 2, VectorMath.FirstNonFinite(x.Pointer, n));
        }
    }

    private delegate void Kernel(float* to);

    private static void Check(int n, double tolerance, string name, Kernel kernel, Kernel reference)
    {
        using var expected = Random(n + 20, 8, 3);
        for (int i = n; i < n + 20; i++) expected.Pointer[i] = Sentinel;
        using var actual = Copy(expected);
        reference(expected.Pointer);
        kernel(actual.Pointer);
        AssertClose(expected, actual, tolerance, $"{name} of {n}");
    }
}
