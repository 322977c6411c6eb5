using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace TreeRl.Numerics;

/// <summary>
/// The register tile of the matrix kernels: C[rows x vectors] (+)= A[rows x k] B[k x vectors], accumulators in registers for the whole of k. One text is compiled for each
/// size: the size of an otherwise empty struct is a constant to the JIT, which drops the branches and variables of larger tiles. Every size performs the same
/// chain of multiply-adds for an element, so tiles of different sizes agree to the bit.
/// </summary>
internal static unsafe class Tile<TVector, TLanes>
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
{
    /// <summary>Rows of the largest tile.</summary>
    public const int MaxRows = 6;

    /// <summary>The longest step ahead that leaves nothing out, in floats: two cache lines.</summary>
    public const int MostAhead = 32;

    /// <summary>
    /// Runs a tile of 1 .. 6 rows and 1 .. <see cref="ILanes{TVector}.TileVectors"/> vectors. Element (i, l) of A is a[i * rowStrideA + l * colStrideA].
    /// With <paramref name="accumulate"/> the sum is added to C at the end, else it replaces C. Each step of k asks for a cache line at <paramref name="ahead"/>, and for the one after it
    /// where <paramref name="aheadStep"/> is more than one, into the second-level cache, and moves on by <paramref name="aheadStep"/> floats: what later tiles will read.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run(
        int rows, int vectors, nint k, float* a, nint rowStrideA, nint colStrideA, float* b, nint strideB, float* c, nint strideC, bool accumulate, float* ahead, nint aheadStep)
    {
        switch (vectors)
        {
            case 4: RunRows<Size4>(rows, k, a, rowStrideA, colStrideA, b, strideB, c, strideC, accumulate, ahead, aheadStep); break;
            case 3: RunRows<Size3>(rows, k, a, rowStrideA, colStrideA, b, strideB, c, strideC, accumulate, ahead, aheadStep); break;
            case 2: RunRows<Size2>(rows, k, a, rowStrideA, colStrideA, b, strideB, c, strideC, accumulate, ahead, aheadStep); break;
            default: RunRows<Size1>(rows, k, a, rowStrideA, colStrideA, b, strideB, c, strideC, accumulate, ahead, aheadStep); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RunRows<TVectors>(
        int rows, nint k, float* a, nint rowStrideA, nint colStrideA, float* b, nint strideB, float* c, nint strideC, bool accumulate, float* ahead, nint aheadStep)
        where TVectors : unmanaged
    {
        switch (rows)
        {
            case 6: Kernel<Size6, TVectors>(k, a, rowStrideA, colStrideA, b, strideB, c, strideC, accumulate, ahead, aheadStep); break;
            case 5: Kernel<Size5, TVectors>(k, a, rowStrideA, colStrideA, b, strideB, c, strideC, accumulate, ahead, aheadStep); break;
            case 4: Kernel<Size4, TVectors>(k, a, rowStrideA, colStrideA, b, strideB, c, strideC, accumulate, ahead, aheadStep); break;
            case 3: Kernel<Size3, TVectors>(k, a, rowStrideA, colStrideA, b, strideB, c, strideC, accumulate, ahead, aheadStep); break;
            case 2: Kernel<Size2, TVectors>(k, a, rowStrideA, colStrideA, b, strideB, c, strideC, accumulate, ahead, aheadStep); break;
            default: Kernel<Size1, TVectors>(k, a, rowStrideA, colStrideA, b, strideB, c, strideC, accumulate, ahead, aheadStep); break;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Kernel<TRows, TVectors>(
        nint k, float* a, nint rowStrideA, nint colStrideA, float* b, nint strideB, float* c, nint strideC, bool accumulate, float* ahead, nint aheadStep)
        where TRows : unmanaged
        where TVectors : unmanaged
    {
        TVector s00 = default, s01 = default, s02 = default, s03 = default;
        TVector s10 = default, s11 = default, s12 = default, s13 = default;
        TVector s20 = default, s21 = default, s22 = default, s23 = default;
        TVector s30 = default, s31 = default, s32 = default, s33 = default;
        TVector s40 = default, s41 = default, s42 = default, s43 = default;
        TVector s50 = default, s51 = default, s52 = default, s53 = default;
        nint row2 = rowStrideA * 2, row3 = rowStrideA * 3, row4 = rowStrideA * 4, row5 = rowStrideA * 5;
        // The rows of C are asked for one after the other along the sums: all at once they would hold up the lines of B that are not in the first cache.
        nint part = k < 64 ? 0 : k / sizeof(TRows);
        float* row = c;
        for (int left = sizeof(TRows); left > 0; left--, row += strideC)
        {
            Prefetch<TVectors>(row);
            nint steps = left > 1 ? part : k;
            k -= steps;
            for (; steps > 0; steps--)
            {
                if (Sse.IsSupported)
                {
                    Sse.Prefetch1(ahead);
                    if (aheadStep > 16) Sse.Prefetch1(ahead + 16);
                    ahead += aheadStep;
                }
                TVector b0 = TLanes.Load(b), b1 = default, b2 = default, b3 = default;
                if (sizeof(TVectors) >= 2) b1 = TLanes.Load(b + TLanes.Count);
                if (sizeof(TVectors) >= 3) b2 = TLanes.Load(b + TLanes.Count * 2);
                if (sizeof(TVectors) >= 4) b3 = TLanes.Load(b + TLanes.Count * 3);
                {
                    var x = TLanes.Broadcast(*a);
                    s00 = TLanes.MultiplyAdd(x, b0, s00);
                    if (sizeof(TVectors) >= 2) s01 = TLanes.MultiplyAdd(x, b1, s01);
                    if (sizeof(TVectors) >= 3) s02 = TLanes.MultiplyAdd(x, b2, s02);
                    if (sizeof(TVectors) >= 4) s03 = TLanes.MultiplyAdd(x, b3, s03);
                }
                if (sizeof(TRows) >= 2)
                {
                    var x = TLanes.Broadcast(a[rowStrideA]);
                    s10 = TLanes.MultiplyAdd(x, b0, s10);
                    if (sizeof(TVectors) >= 2) s11 = TLanes.MultiplyAdd(x, b1, s11);
                    if (sizeof(TVectors) >= 3) s12 = TLanes.MultiplyAdd(x, b2, s12);
                    if (sizeof(TVectors) >= 4) s13 = TLanes.MultiplyAdd(x, b3, s13);
                }
                if (sizeof(TRows) >= 3)
                {
                    var x = TLanes.Broadcast(a[row2]);
                    s20 = TLanes.MultiplyAdd(x, b0, s20);
                    if (sizeof(TVectors) >= 2) s21 = TLanes.MultiplyAdd(x, b1, s21);
                    if (sizeof(TVectors) >= 3) s22 = TLanes.MultiplyAdd(x, b2, s22);
                    if (sizeof(TVectors) >= 4) s23 = TLanes.MultiplyAdd(x, b3, s23);
                }
                if (sizeof(TRows) >= 4)
                {
                    var x = TLanes.Broadcast(a[row3]);
                    s30 = TLanes.MultiplyAdd(x, b0, s30);
                    if (sizeof(TVectors) >= 2) s31 = TLanes.MultiplyAdd(x, b1, s31);
                    if (sizeof(TVectors) >= 3) s32 = TLanes.MultiplyAdd(x, b2, s32);
                    if (sizeof(TVectors) >= 4) s33 = TLanes.MultiplyAdd(x, b3, s33);
                }
                if (sizeof(TRows) >= 5)
                {
                    var x = TLanes.Broadcast(a[row4]);
                    s40 = TLanes.MultiplyAdd(x, b0, s40);
                    if (sizeof(TVectors) >= 2) s41 = TLanes.MultiplyAdd(x, b1, s41);
                    if (sizeof(TVectors) >= 3) s42 = TLanes.MultiplyAdd(x, b2, s42);
                    if (sizeof(TVectors) >= 4) s43 = TLanes.MultiplyAdd(x, b3, s43);
                }
                if (sizeof(TRows) >= 6)
                {
                    var x = TLanes.Broadcast(a[row5]);
                    s50 = TLanes.MultiplyAdd(x, b0, s50);
                    if (sizeof(TVectors) >= 2) s51 = TLanes.MultiplyAdd(x, b1, s51);
                    if (sizeof(TVectors) >= 3) s52 = TLanes.MultiplyAdd(x, b2, s52);
                    if (sizeof(TVectors) >= 4) s53 = TLanes.MultiplyAdd(x, b3, s53);
                }
                a += colStrideA;
                b += strideB;
            }
        }
        StoreRow<TVectors>(c, s00, s01, s02, s03, accumulate);
        if (sizeof(TRows) >= 2) StoreRow<TVectors>(c + strideC, s10, s11, s12, s13, accumulate);
        if (sizeof(TRows) >= 3) StoreRow<TVectors>(c + strideC * 2, s20, s21, s22, s23, accumulate);
        if (sizeof(TRows) >= 4) StoreRow<TVectors>(c + strideC * 3, s30, s31, s32, s33, accumulate);
        if (sizeof(TRows) >= 5) StoreRow<TVectors>(c + strideC * 4, s40, s41, s42, s43, accumulate);
        if (sizeof(TRows) >= 6) StoreRow<TVectors>(c + strideC * 5, s50, s51, s52, s53, accumulate);
    }

    // Brings a row of C into the cache while the sums are formed.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch<TVectors>(float* c)
        where TVectors : unmanaged
    {
        if (!Sse.IsSupported) return;
        Sse.Prefetch0(c);
        if (TLanes.Count * sizeof(TVectors) > 16) Sse.Prefetch0(c + 16);
        if (TLanes.Count * sizeof(TVectors) > 32) Sse.Prefetch0(c + 32);
        if (TLanes.Count * sizeof(TVectors) > 48) Sse.Prefetch0(c + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow<TVectors>(float* c, TVector s0, TVector s1, TVector s2, TVector s3, bool accumulate)
        where TVectors : unmanaged
    {
        if (accumulate)
        {
            s0 = TLanes.Add(TLanes.Load(c), s0);
            if (sizeof(TVectors) >= 2) s1 = TLanes.Add(TLanes.Load(c + TLanes.Count), s1);
            if (sizeof(TVectors) >= 3) s2 = TLanes.Add(TLanes.Load(c + TLanes.Count * 2), s2);
            if (sizeof(TVectors) >= 4) s3 = TLanes.Add(TLanes.Load(c + TLanes.Count * 3), s3);
        }
        TLanes.Store(s0, c);
        if (sizeof(TVectors) >= 2) TLanes.Store(s1, c + TLanes.Count);
        if (sizeof(TVectors) >= 3) TLanes.Store(s2, c + TLanes.Count * 2);
        if (sizeof(TVectors) >= 4) TLanes.Store(s3, c + TLanes.Count * 3);
    }
}

[StructLayout(LayoutKind.Sequential, Size = 1)]
internal readonly struct Size1;

[StructLayout(LayoutKind.Sequential, Size = 2)]
internal readonly struct Size2;

[StructLayout(LayoutKind.Sequential, Size = 3)]
internal readonly struct Size3;

[StructLayout(LayoutKind.Sequential, Size = 4)]
internal readonly struct Size4;

[StructLayout(LayoutKind.Sequential, Size = 5)]
internal readonly struct Size5;

[StructLayout(LayoutKind.Sequential, Size = 6)]
internal readonly struct Size6;
