using System.Runtime.Intrinsics;

namespace TreeRl.Numerics;

/// <summary>Which register width the matrix kernels use. Results of different levels agree to rounding, not to the bit.</summary>
public enum SimdLevel
{
    /// <summary>128-bit vectors (SSE, NEON), or whatever .NET makes of them.</summary>
    Portable,

    /// <summary>256-bit vectors with fused multiply-add.</summary>
    Avx2,

    /// <summary>512-bit vectors with fused multiply-add.</summary>
    Avx512,
}

/// <summary>What this machine offers, and the one padding rule of all kernels.</summary>
internal static class Simd
{
    /// <summary>Floats in the unit to which every row is padded: one 512-bit vector, one cache line.</summary>
    public const int Unit = 16;

    /// <summary>The widest level this process runs in hardware.</summary>
    public static SimdLevel Best =>
        Vector512.IsHardwareAccelerated ? SimdLevel.Avx512
        : Vector256.IsHardwareAccelerated ? SimdLevel.Avx2
        : SimdLevel.Portable;

    /// <summary><paramref name="count"/> rounded up to a multiple of <see cref="Unit"/>.</summary>
    public static int Pad(int count) => (count + (Unit - 1)) & ~(Unit - 1);

    /// <summary><paramref name="count"/> rounded up to a multiple of <see cref="Unit"/>.</summary>
    public static long Pad(long count) => (count + (Unit - 1)) & ~(long)(Unit - 1);
}
