using System;
using TreeRl.Numerics;
using Xunit;
using static TreeRl.Tests.Numerics.KernelData;

namespace TreeRl.Tests.Numerics;

public unsafe class PackedMatrixTests
{
    [Fact]
    public void Packing_puts_each_element_in_its_panel_and_zeros_in_the_padding()
    {
        foreach (int k in new[] { 1, 3, 16, 17, 40 })
            foreach (int n in new[] { 1, 15, 16, 17, 63, 64, 65, 100, 129 })
            {
                using var source = Random(k * n, 1);
                using var packed = Stale(k, n);
                packed.PackRows(source.Pointer, n);
                for (int row = 0; row < k; row++)
                    for (int column = 0; column < packed.PaddedColumns; column++)
                    {
                        int panel = column / 64;
                        float actual = packed.Panel(panel)[row * packed.WidthOf(panel) + column % 64];
                        Assert.Equal(column < n ? source.Pointer[row * n + column] : 0f, actual);
                    }
            }
    }

    [Fact]
    public void Packing_the_transposed_source_gives_the_same_panels()
    {
        foreach (int k in new[] { 1, 15, 16, 17, 40, 64 })
            foreach (int n in new[] { 1, 15, 16, 17, 63, 64, 65, 100, 128 })
            {
                using var rows = Random(k * n, 2);
                using var columns = new NativeBuffer<float>(n * (k + 3));
                for (int i = 0; i < k; i++)
                    for (int j = 0; j < n; j++) columns.Pointer[j * (k + 3) + i] = rows.Pointer[i * n + j];
                using var expected = Stale(k, n);
                using var actual = Stale(k, n);
                expected.PackRows(rows.Pointer, n);
                actual.PackTransposed(columns.Pointer, k + 3);
                AssertSame(expected.Pointer, actual.Pointer, k * expected.PaddedColumns, $"{k} x {n}");
            }
    }

    [Fact]
    public void Packing_panel_by_panel_is_packing_at_once()
    {
        const int K = 24, N = 200;
        using var source = Random(K * N, 3);
        using var expected = new PackedMatrix(K, N);
        using var rows = new PackedMatrix(K, N);
        expected.PackRows(source.Pointer, N);
        for (int panel = 0; panel < rows.Panels; panel++) rows.PackRows(source.Pointer, N, panel, panel + 1);
        AssertSame(expected.Pointer, rows.Pointer, K * expected.PaddedColumns, "rows");
        using var whole = new PackedMatrix(N, K);
        using var parts = new PackedMatrix(N, K);
        whole.PackTransposed(source.Pointer, N);
        for (int panel = 0; panel < parts.Panels; panel++) parts.PackTransposed(source.Pointer, N, panel, panel + 1);
        AssertSame(whole.Pointer, parts.Pointer, N * whole.PaddedColumns, "transposed");
    }

    [Fact]
    public void Every_way_to_transpose_a_block_gives_the_same_block()
    {
        using var source = Random(16 * 21, 4);
        using var expected = Constant(16 * 19, Sentinel);
        Transpose.Reference.Block(source.Pointer, 21, expected.Pointer, 19);
        Assert.Equal(source.Pointer[3 * 21 + 5], expected.Pointer[5 * 19 + 3]);
        using var best = Constant(16 * 19, Sentinel);
        Transpose.Block(source.Pointer, 21, best.Pointer, 19);
        AssertSame(expected, best, "best");
        if (System.Runtime.Intrinsics.X86.Sse.IsSupported)
        {
            using var quarter = Constant(16 * 19, Sentinel);
            Transpose.Block128(source.Pointer, 21, quarter.Pointer, 19);
            AssertSame(expected, quarter, "128 bits");
        }
    }

    [Fact]
    public void Transposing_twice_gives_the_matrix_back()
    {
        using var source = Random(48 * 32, 5);
        using var turned = new NativeBuffer<float>(48 * 32);
        using var back = new NativeBuffer<float>(48 * 32);
        Transpose.Matrix(source.Pointer, 32, 48, 32, turned.Pointer, 48);
        Assert.Equal(source.Pointer[40 * 32 + 7], turned.Pointer[7 * 48 + 40]);
        Transpose.Matrix(turned.Pointer, 48, 32, 48, back.Pointer, 32);
        AssertSame(source, back, "twice");
    }

    [Fact]
    public void A_matrix_without_rows_or_columns_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new PackedMatrix(0, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PackedMatrix(4, 0));
    }

    private static PackedMatrix Stale(int k, int n)
    {
        var packed = new PackedMatrix(k, n);
        VectorMath.Fill(packed.Pointer, (long)k * packed.PaddedColumns, Sentinel);
        return packed;
    }
}
