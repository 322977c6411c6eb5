using System;
using System.Globalization;
using System.Linq;
using TreeRl.Numerics;

namespace TreeRl.Bench;

/// <summary>The numeric kernels on one core: matrix products as shares of peak, row kernels in nanoseconds an element.</summary>
internal static unsafe class KernelBench
{
    private static readonly int[] RowCounts = [1, 8, 64, 256, 1024];

    private static readonly (int K, int N)[] Shapes = [(128, 256), (128, 1024), (512, 128), (320, 640), (320, 2048), (1024, 320), (1024, 4096)];

    /// <summary>Prints all tables.</summary>
    public static void Run(SimdLevel level)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        Console.WriteLine($"{level}, one core; GFLOP/s and share of the peak by turns with it");
        Products(level);
        WeightGradients(level);
        Attention(level);
        RowBench.Run();
    }

    private static void Products(SimdLevel level)
    {
        Console.Write("\nA[M x K] * packed B[K x N]\n     K     N");
        foreach (int m in RowCounts) Console.Write($"        M={m,-5}");
        Console.WriteLine();
        foreach (var (k, n) in Shapes) PrintRates(k, n, [.. RowCounts.Select(m => Product(level, m, k, n))]);
    }

    /// <summary>A [M x K] times packed B [K x N].</summary>
    internal static Rate Product(SimdLevel level, int m, int k, int n)
    {
        using var b = new PackedMatrix(k, n);
        using var source = Filled((long)k * n);
        using var a = Filled((long)m * k);
        using var c = Filled((long)m * n);
        b.PackRows(source.Pointer, n);
        return RateOf(level, 2.0 * m * k * n, () => MatMul.Multiply(level, m, a.Pointer, k, b, c.Pointer, n), 0.15);
    }

    private static void WeightGradients(SimdLevel level)
    {
        Console.WriteLine("\ntranspose(A)[K x T] * B[T x N], T = 512");
        foreach (var (k, n) in Shapes)
        {
            const int T = 512;
            using var a = Filled((long)T * k);
            using var b = Filled((long)T * n);
            using var c = Filled((long)k * n);
            using var scratch = new NativeBuffer<float>(MatMul.TransposedScratch(k));
            PrintRates(k, n, RateOf(level, 2.0 * T * k * n, () => MatMul.MultiplyTransposedA(level, T, k, n, a.Pointer, k, b.Pointer, n, c.Pointer, n, scratch.Pointer)));
        }
    }

    private static void Attention(SimdLevel level)
    {
        Console.WriteLine("\nplain B, 48 queries: scores [48 x head] * [head x 256] and values [48 x 256] * [256 x head]");
        foreach (int head in new[] { 32, 64, 128 })
        {
            const int Queries = 48, Keys = 256;
            using var a = Filled(Queries * Keys);
            using var b = Filled((long)Keys * head);
            using var c = Filled(Queries * Keys);
            double work = 2.0 * Queries * Keys * head;
            PrintRates(
                head, Keys,
                RateOf(level, work, () => MatMul.MultiplyPlain(level, Queries, Keys, head, a.Pointer, head, 1, b.Pointer, Keys, c.Pointer, Keys)),
                RateOf(level, work, () => MatMul.MultiplyPlain(level, Queries, head, Keys, a.Pointer, Keys, 1, b.Pointer, head, c.Pointer, head)));
        }
    }

    private static Rate RateOf(SimdLevel level, double operations, Action work, double seconds = 0.08)
    {
        var (best, peak) = Clock.BestBesidePeak(level, work, seconds);
        double gigaflops = 1e-9 * operations / best;
        return new Rate(gigaflops, 100 * gigaflops / peak);
    }

    private static void PrintRates(int k, int n, params Rate[] rates)
    {
        Console.Write($"{k,6}{n,6}");
        foreach (var rate in rates) Console.Write($"{rate.Gigaflops,8:f1} {rate.Share,3:f0} %");
        Console.WriteLine();
    }

    /// <summary>How fast a kernel ran: GFLOP/s, and percent of the peak in stretches as long.</summary>
    internal readonly record struct Rate(double Gigaflops, double Share);

    /// <summary>A buffer of small numbers without zeros or denormals.</summary>
    internal static NativeBuffer<float> Filled(long count)
    {
        var buffer = new NativeBuffer<float>(count);
        for (long i = 0; i < count; i++) buffer.Pointer[i] = (float)((i * 2654435761L % 1999 - 999.5) / 1000);
        return buffer;
    }
}
