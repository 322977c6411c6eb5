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
        // In bytes, and from the first and the fourth row: what the processor may scale an index by reaches the two rows after each.
        nint across = rowStrideA * sizeof(float), along = colStrideA * sizeof(float);
        byte* a0 = (byte*)a, a3 = a0 + across * 3;
        // The rows of C are asked for one after the other along the sums: all at once they would hold up the lines of B that are not in the first cache.
        nint part = k < 64 ? 0 : k / sizeof(TRows) & ~1;
        float* row = c;
        for (int left = sizeof(TRows); left > 0; left--, row += strideC)
        {
            Prefetch<TVectors>(row);
            nint steps = left > 1 ? part : k;
            k -= steps;
            // Two steps a round: their bookkeeping is a tenth of the instructions, which counts wherever a core issues fewer of them than it could.
            for (; steps > 1; steps -= 2)
            {
                Fetch(ahead, aheadStep);
                ahead += 2 * aheadStep;
                Step<TRows, TVectors>(
                    a0, a3, across, b, ref s00, ref s01, ref s02, ref s03, ref s10, ref s11, ref s12, ref s13, ref s20, ref s21, ref s22, ref s23,
                    ref s30, ref s31, ref s32, ref s33, ref s40, ref s41, ref s42, ref s43, ref s50, ref s51, ref s52, ref s53);
                a0 += along;
                a3 += along;
                Step<TRows, TVectors>(
                    a0, a3, across, b + strideB, ref s00, ref s01, ref s02, ref s03, ref s10, ref s11, ref s12, ref s13, ref s20, ref s21, ref s22, ref s23,
                    ref s30, ref s31, ref s32, ref s33, ref s40, ref s41, ref s42, ref s43, ref s50, ref s51, ref s52, ref s53);
                a0 += along;
                a3 += along;
                b += strideB * 2;
            }
            if (steps > 0)
            {
                Fetch(ahead, aheadStep);
                ahead += aheadStep;
                Step<TRows, TVectors>(
                    a0, a3, across, b, ref s00, ref s01, ref s02, ref s03, ref s10, ref s11, ref s12, ref s13, ref s20, ref s21, ref s22, ref s23,
                    ref s30, ref s31, ref s32, ref s33, ref s40, ref s41, ref s42, ref s43, ref s50, ref s51, ref s52, ref s53);
                a0 += along;
                a3 += along;
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

    /// <summary>One step of k: a row of B times a column of A, of which <paramref name="a3"/> is the fourth element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<TRows, TVectors>(
        byte* a, byte* a3, nint across, float* b,
        ref TVector s00, ref TVector s01, ref TVector s02, ref TVector s03,
        ref TVector s10, ref TVector s11, ref TVector s12, ref TVector s13,
        ref TVector s20, ref TVector s21, ref TVector s22, ref TVector s23,
        ref TVector s30, ref TVector s31, ref TVector s32, ref TVector s33,
        ref TVector s40, ref TVector s41, ref TVector s42, ref TVector s43,
        ref TVector s50, ref TVector s51, ref TVector s52, ref TVector s53)
        where TRows : unmanaged
        where TVectors : unmanaged
    {
        TVector b0 = TLanes.Load(b), b1 = default, b2 = default, b3 = default;
        if (sizeof(TVectors) >= 2) b1 = TLanes.Load(b + TLanes.Count);
        if (sizeof(TVectors) >= 3) b2 = TLanes.Load(b + TLanes.Count * 2);
        if (sizeof(TVectors) >= 4) b3 = TLanes.Load(b + TLanes.Count * 3);
        AddRow<TVectors>(a, b0, b1, b2, b3, ref s00, ref s01, ref s02, ref s03);
        if (sizeof(TRows) >= 2) AddRow<TVectors>(a + across, b0, b1, b2, b3, ref s10, ref s11, ref s12, ref s13);
        if (sizeof(TRows) >= 3) AddRow<TVectors>(a + across * 2, b0, b1, b2, b3, ref s20, ref s21, ref s22, ref s23);
        if (sizeof(TRows) >= 4) AddRow<TVectors>(a3, b0, b1, b2, b3, ref s30, ref s31, ref s32, ref s33);
        if (sizeof(TRows) >= 5) AddRow<TVectors>(a3 + across, b0, b1, b2, b3, ref s40, ref s41, ref s42, ref s43);
        if (sizeof(TRows) >= 6) AddRow<TVectors>(a3 + across * 2, b0, b1, b2, b3, ref s50, ref s51, ref s52, ref s53);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddRow<TVectors>(byte* a, TVector b0, TVector b1, TVector b2, TVector b3, ref TVector s0, ref TVector s1, ref TVector s2, ref TVector s3)
        where TVectors : unmanaged
    {
        var x = TLanes.Broadcast(*(float*)a);
        s0 = TLanes.MultiplyAdd(x, b0, s0);
        if (sizeof(TVectors) >= 2) s1 = TLanes.MultiplyAdd(x, b1, s1);
        if (sizeof(TVectors) >= 3) s2 = TLanes.MultiplyAdd(x, b2, s2);
        if (sizeof(TVectors) >= 4) s3 = TLanes.MultiplyAdd(x, b3, s3);
    }

    // Asks for what two steps are to bring: a cache line each, and the next one where a step goes over more. A lone last step asks for what the next one would as well.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fetch(float* ahead, nint step)
    {
        if (!Sse.IsSupported) return;
        Sse.Prefetch1(ahead);
        Sse.Prefetch1(ahead + step);
        if (step <= 16) return;
        Sse.Prefetch1(ahead + 16);
        Sse.Prefetch1(ahead + step + 16);
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
            TLanes.Store(TLanes.Add(TLanes.Load(c), s0), c);
            if (sizeof(TVectors) >= 2) TLanes.Store(TLanes.Add(TLanes.Load(c + TLanes.Count), s1), c + TLanes.Count);
            if (sizeof(TVectors) >= 3) TLanes.Store(TLanes.Add(TLanes.Load(c + TLanes.Count * 2), s2), c + TLanes.Count * 2);
            if (sizeof(TVectors) >= 4) TLanes.Store(TLanes.Add(TLanes.Load(c + TLanes.Count * 3), s3), c + TLanes.Count * 3);
            return;
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
