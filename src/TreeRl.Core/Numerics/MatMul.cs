using System;
using System.Runtime.Intrinsics;

namespace TreeRl.Numerics;

/// <summary>
/// Single-precision matrix products. Every element of a result is the same chain of multiply-adds whatever the number of rows, the panels asked
/// for or the place in the matrix: k runs upwards in blocks, a block is summed from zero and added to the result. So a row's result does not
/// depend on the rows it is computed with.
/// <para>Strides are in floats between rows. Widths are padded to 16: kernels read B's and write C's padding, and B's is zero, so C's stays so.</para>
/// </summary>
internal static unsafe partial class MatMul
{
    /// <summary>
    /// C = A B, or C += A B: A is <paramref name="m"/> x K, B is K x N packed. Only the columns of panels [<paramref name="firstPanel"/>,
    /// <paramref name="endPanel"/>) are touched, so that threads may share a product. A's padding is not read. C may not overlap A. <paramref name="then"/> is what the caller
    /// reads next, if it knows: it is fetched meanwhile.
    /// </summary>
    public static void Multiply(
        SimdLevel level, int m, float* a, nint strideA, PackedMatrix b, float* c, nint strideC, bool accumulate = false, int firstPanel = 0, int endPanel = int.MaxValue,
        Stretch then = default)
    {
        endPanel = Math.Min(endPanel, b.Panels);
        switch (level)
        {
            case SimdLevel.Avx512: Kernels<Vector512<float>, Lanes512>.Multiply(m, a, strideA, b, c, strideC, accumulate, firstPanel, endPanel, then); break;
            case SimdLevel.Avx2: Kernels<Vector256<float>, Lanes256>.Multiply(m, a, strideA, b, c, strideC, accumulate, firstPanel, endPanel, then); break;
            default: Kernels<Vector128<float>, Lanes128>.Multiply(m, a, strideA, b, c, strideC, accumulate, firstPanel, endPanel, then); break;
        }
    }

    /// <summary>
    /// C = A B, or C += A B, with B unpacked: A is <paramref name="m"/> x <paramref name="k"/> with element (i, l) at a[i * rowStrideA + l * colStrideA], B is
    /// <paramref name="k"/> x <paramref name="n"/>. <paramref name="n"/> is rounded up to a multiple of 16: B is read and C written that wide.
    /// </summary>
    public static void MultiplyPlain(
        SimdLevel level, int m, int n, int k, float* a, nint rowStrideA, nint colStrideA, float* b, nint strideB, float* c, nint strideC, bool accumulate = false)
    {
        n = Simd.Pad(n);
        switch (level)
        {
            case SimdLevel.Avx512: Kernels<Vector512<float>, Lanes512>.Block(m, n, k, a, rowStrideA, colStrideA, b, strideB, c, strideC, accumulate); break;
            case SimdLevel.Avx2: Kernels<Vector256<float>, Lanes256>.Block(m, n, k, a, rowStrideA, colStrideA, b, strideB, c, strideC, accumulate); break;
            default: Kernels<Vector128<float>, Lanes128>.Block(m, n, k, a, rowStrideA, colStrideA, b, strideB, c, strideC, accumulate); break;
        }
    }

    /// <summary>
    /// C += transpose(A) B, the gradient of weights: A is <paramref name="t"/> x <paramref name="k1"/>, B is <paramref name="t"/> x <paramref name="n"/>, C is
    /// <paramref name="k1"/> x <paramref name="n"/>. B is read and C written at <paramref name="n"/> rounded up to 16. <paramref name="scratch"/> holds
    /// <see cref="TransposedScratch"/> floats, belongs to one thread and need not be cleared.
    /// </summary>
    public static void MultiplyTransposedA(
        SimdLevel level, int t, int k1, int n, float* a, nint strideA, float* b, nint strideB, float* c, nint strideC, float* scratch)
    {
        n = Simd.Pad(n);
        switch (level)
        {
            case SimdLevel.Avx512: Kernels<Vector512<float>, Lanes512>.MultiplyTransposedA(t, k1, n, a, strideA, b, strideB, c, strideC, scratch); break;
            case SimdLevel.Avx2: Kernels<Vector256<float>, Lanes256>.MultiplyTransposedA(t, k1, n, a, strideA, b, strideB, c, strideC, scratch); break;
            default: Kernels<Vector128<float>, Lanes128>.MultiplyTransposedA(t, k1, n, a, strideA, b, strideB, c, strideC, scratch); break;
        }
    }

    /// <summary>Floats of scratch memory that <see cref="MultiplyTransposedA"/> needs when A has at most <paramref name="k1"/> columns, whatever the number of rows.</summary>
    public static long TransposedScratch(int k1) => (long)TransposedRows * (Simd.Pad(k1 + StripRows) + PackedMatrix.PanelWidth);

    /// <summary>Rows into whose multiples a sum of <see cref="MultiplyTransposedA"/> into so many floats of C may be cut without changing a bit: as many as it sums at a time, or some times that.</summary>
    public static int GradientRows(long floats) => floats <= ResidentC ? DirectRows : TransposedRows;
}
