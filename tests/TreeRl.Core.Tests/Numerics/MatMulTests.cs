using System;
using TreeRl.Numerics;
using Xunit;
using static TreeRl.Tests.Numerics.KernelData;

namespace TreeRl.Tests.Numerics;

public unsafe class MatMulTests
{
    // Sums of up to 1100 products of numbers below 1 in single precision, against double.
    private const double Tolerance = 2e-5;

    public static TheoryData<SimdLevel> Levels => KernelData.Levels;

    [Theory, MemberData(nameof(Levels))]
    public void A_product_of_two_small_matrices_is_the_one_worked_by_hand(SimdLevel level)
    {
        using var source = new NativeBuffer<float>(32);
        using var a = new NativeBuffer<float>(32);
        using var c = new NativeBuffer<float>(32);
        (source.Pointer[0], source.Pointer[1], source.Pointer[16], source.Pointer[17]) = (1, 2, 3, 4);
        (a.Pointer[0], a.Pointer[1], a.Pointer[16], a.Pointer[17]) = (5, 6, 7, 8);
        using var b = new PackedMatrix(2, 2);
        b.PackRows(source.Pointer, 16);
        MatMul.Multiply(level, 2, a.Pointer, 16, b, c.Pointer, 16);
        Assert.Equal([23f, 34f, 31f, 46f], new[] { c.Pointer[0], c.Pointer[1], c.Pointer[16], c.Pointer[17] });
    }

    [Theory, MemberData(nameof(Levels))]
    public void A_packed_product_equals_its_reference_for_every_edge(SimdLevel level)
    {
        foreach (int m in new[] { 0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13 })
            foreach (int k in new[] { 1, 5, 16, 130 })
                foreach (int n in new[] { 1, 15, 16, 17, 48, 63, 64, 65, 130 })
                    CheckPacked(level, m, k, n);
    }

    [Theory, MemberData(nameof(Levels))]
    public void A_packed_product_equals_its_reference_when_k_is_split_into_blocks(SimdLevel level)
    {
        foreach (int k in new[] { 768, 769, 1100 })
        {
            CheckPacked(level, 7, k, 80);
            CheckPacked(level, 390, k, 17);
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void A_row_of_a_packed_product_has_the_same_bits_whatever_rows_and_panels_are_computed_with_it(SimdLevel level)
    {
        const int M = 401, N = 144;
        foreach (int k in new[] { 48, 1100 })
        {
            using var a = Random(M * k, 1);
            using var source = Random(k * N, 2);
            using var b = new PackedMatrix(k, N);
            b.PackRows(source.Pointer, N);
            using var whole = Constant(M * N, 0.5f);
            MatMul.Multiply(level, M, a.Pointer, k, b, whole.Pointer, N, accumulate: true);
            foreach (int rows in new[] { 1, 2, 3, 4, 5, 6, 8, 64 })
            {
                using var parts = Constant(M * N, 0.5f);
                for (int row = 0; row < M; row += rows)
                    for (int panel = b.Panels - 1; panel >= 0; panel--)
                    {
                        int count = System.Math.Min(rows, M - row);
                        MatMul.Multiply(level, count, a.Pointer + row * k, k, b, parts.Pointer + row * N, N, true, panel, panel + 1);
                    }
                AssertSame(whole, parts, $"k {k}, {rows} rows at a time");
            }
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void A_plain_product_equals_its_reference_for_every_edge_and_for_transposed_A(SimdLevel level)
    {
        foreach (int m in new[] { 0, 1, 2, 5, 6, 7, 13, 48 })
            foreach (int k in new[] { 0, 1, 5, 32, 130 })
                foreach (int n in new[] { 1, 16, 17, 32, 48, 64, 80, 130 })
                    foreach (bool transposed in new[] { false, true })
                        CheckPlain(level, m, n, k, transposed);
    }

    [Theory, MemberData(nameof(Levels))]
    public void A_row_of_a_plain_product_has_the_same_bits_whatever_rows_are_computed_with_it(SimdLevel level)
    {
        const int M = 23, N = 96, K = 70;
        using var a = Random(M * K, 1);
        using var b = Random(K * N, 2);
        using var whole = new NativeBuffer<float>(M * N);
        using var single = new NativeBuffer<float>(M * N);
        MatMul.MultiplyPlain(level, M, N, K, a.Pointer, K, 1, b.Pointer, N, whole.Pointer, N);
        for (int i = 0; i < M; i++) MatMul.MultiplyPlain(level, 1, N, K, a.Pointer + i * K, K, 1, b.Pointer, N, single.Pointer + i * N, N);
        AssertSame(whole, single, "row by row");
    }

    [Theory, MemberData(nameof(Levels))]
    public void A_transposed_product_adds_to_C_and_equals_its_reference(SimdLevel level)
    {
        foreach (int t in new[] { 0, 1, 5, 512, 513 })
            foreach (int k1 in new[] { 1, 5, 6, 7, 12, 29 })
                foreach (int n in new[] { 1, 16, 40, 64, 100 })
                    CheckTransposed(level, t, k1, n);
        CheckTransposed(level, 70, 1030, 300); // large and narrow
        CheckTransposed(level, 515, 620, 430); // large
    }

    [Theory, MemberData(nameof(Levels))]
    public void A_transposed_product_cut_into_the_rows_summed_at_a_time_has_the_same_bits(SimdLevel level)
    {
        foreach (var (k1, n) in new[] { (50, 64), (1030, 300), (620, 430) })
        {
            int rows = MatMul.GradientRows((long)k1 * n), t = 2 * rows + 9, padded = Simd.Pad(n);
            using var a = Random((long)t * k1, 1);
            using var b = RandomRows(t, n, padded, 2);
            using var scratch = new NativeBuffer<float>(MatMul.TransposedScratch(k1));
            using var whole = Random((long)k1 * padded, 3);
            using var cut = Copy(whole);
            MatMul.MultiplyTransposedA(level, t, k1, n, a.Pointer, k1, b.Pointer, padded, whole.Pointer, padded, scratch.Pointer);
            for (int first = 0; first < t; first += rows)
            {
                MatMul.MultiplyTransposedA(
                    level, Math.Min(rows, t - first), k1, n, a.Pointer + (long)first * k1, k1, b.Pointer + (long)first * padded, padded, cut.Pointer, padded, scratch.Pointer);
            }
            AssertSame(whole, cut, $"k1 {k1}, n {n}");
        }
    }

    private static void CheckPacked(SimdLevel level, int m, int k, int n)
    {
        int strideA = Simd.Pad(k), strideC = Simd.Pad(n) + 16;
        using var a = RandomRows(m, k, strideA, 1);
        using var source = RandomRows(k, n, Simd.Pad(n), 2);
        using var b = new PackedMatrix(k, n);
        b.PackRows(source.Pointer, Simd.Pad(n));
        foreach (bool accumulate in new[] { false, true })
        {
            using var expected = Constant(m * strideC, Sentinel);
            for (int i = 0; i < m; i++) VectorMath.Fill(expected.Pointer + i * strideC, Simd.Pad(n), accumulate ? 0.25f : float.NaN);
            using var actual = Copy(expected);
            MatMul.Reference.Multiply(m, a.Pointer, strideA, b, expected.Pointer, strideC, accumulate);
            MatMul.Multiply(level, m, a.Pointer, strideA, b, actual.Pointer, strideC, accumulate);
            AssertClose(expected, actual, Tolerance, $"{m} x {k} x {n}, accumulate {accumulate}");
        }
    }

    private static void CheckPlain(SimdLevel level, int m, int n, int k, bool transposed)
    {
        int padded = Simd.Pad(n), strideC = padded + 16;
        using var a = Random((long)m * k, 3);
        using var b = RandomRows(k, n, padded, 4);
        nint rowStride = transposed ? 1 : k, colStride = transposed ? m : 1;
        foreach (bool accumulate in new[] { false, true })
        {
            using var expected = Constant(m * strideC, accumulate ? 0.25f : Sentinel);
            using var actual = Copy(expected);
            MatMul.Reference.MultiplyPlain(m, padded, k, a.Pointer, rowStride, colStride, b.Pointer, padded, expected.Pointer, strideC, accumulate);
            MatMul.MultiplyPlain(level, m, n, k, a.Pointer, rowStride, colStride, b.Pointer, padded, actual.Pointer, strideC, accumulate);
            AssertClose(expected, actual, Tolerance, $"{m} x {k} x {n}, transposed {transposed}, accumulate {accumulate}");
        }
    }

    private static void CheckTransposed(SimdLevel level, int t, int k1, int n)
    {
        int strideA = Simd.Pad(k1), padded = Simd.Pad(n), strideC = padded + 16;
        using var a = Constant((long)t * strideA, float.NaN); // the padding of A must not be read
        using var numbers = Random((long)t * k1, 5);
        for (int i = 0; i < t; i++) VectorMath.Copy(numbers.Pointer + i * k1, a.Pointer + i * strideA, k1);
        using var b = RandomRows(t, n, padded, 6);
        using var scratch = Constant(MatMul.TransposedScratch(k1), float.NaN);
        using var expected = Random(k1 * strideC, 7);
        using var actual = Copy(expected);
        MatMul.Reference.MultiplyTransposedA(t, k1, padded, a.Pointer, strideA, b.Pointer, padded, expected.Pointer, strideC);
        MatMul.MultiplyTransposedA(level, t, k1, n, a.Pointer, strideA, b.Pointer, padded, actual.Pointer, strideC, scratch.Pointer);
        AssertClose(expected, actual, Tolerance, $"t {t}, k1 {k1}, n {n}");
    }
}
