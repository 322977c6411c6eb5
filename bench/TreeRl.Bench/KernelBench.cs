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
        Console.WriteLine($"{level}, one core; GFLOP/s and share of the peak measured before and after each line");
        Products(level);
        WeightGradients(level);
        Attention(level);
        RowBench.Run();
    }

    private static void Products(SimdLevel level)
    {
        Console.Write("\nA[M x K] * packed B[K x N]\n     K     N   peak");
        foreach (int m in RowCounts) Console.Write($"        M={m,-5}");
        Console.WriteLine();
        foreach (var (k, n) in Shapes)
        {
            double peak = Clock.PeakGigaflops(level);
            double[] rates = [.. RowCounts.Select(m => ProductRate(level, m, k, n))];
            PrintRates(k, n, Math.Max(peak, Clock.PeakGigaflops(level)), rates);
        }
    }

    /// <summary>GFLOP/s of A [M x K] times packed B [K x N].</summary>
    internal static double ProductRate(SimdLevel level, int m, int k, int n)
    {
        using var b = new PackedMatrix(k, n);
        using var source = Filled((long)k * n);
        using var a = Filled((long)m * k);
        using var c = Filled((long)m * n);
        b.PackRows(source.Pointer, n);
        return 2e-9 * m * k * n / Clock.Best(() => MatMul.Multiply(level, m, a.Pointer, k, b, c.Pointer, n), 0.15);
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
            double peak = Clock.PeakGigaflops(level);
            double rate = 2e-9 * T * k * n
                / Clock.Best(() => MatMul.MultiplyTransposedA(level, T, k, n, a.Pointer, k, b.Pointer, n, c.Pointer, n, scratch.Pointer));
            PrintRates(k, n, Math.Max(peak, Clock.PeakGigaflops(level)), rate);
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
            double peak = Clock.PeakGigaflops(level), work = 2e-9 * Queries * Keys * head;
            double scores = work / Clock.Best(() => MatMul.MultiplyPlain(level, Queries, Keys, head, a.Pointer, head, 1, b.Pointer, Keys, c.Pointer, Keys));
            double values = work / Clock.Best(() => MatMul.MultiplyPlain(level, Queries, head, Keys, a.Pointer, Keys, 1, b.Pointer, head, c.Pointer, head));
            PrintRates(head, Keys, Math.Max(peak, Clock.PeakGigaflops(level)), scores, values);
        }
    }

    private static void PrintRates(int k, int n, double peak, params double[] rates)
    {
        Console.Write($"{k,6}{n,6}{peak,7:f0}");
        foreach (double rate in rates) Console.Write($"{rate,8:f1} {100 * rate / peak,3:f0} %");
        Console.WriteLine();
    }

    /// <summary>A buffer of small numbers without zeros or denormals.</summary>
    internal static NativeBuffer<float> Filled(long count)
    {
        var buffer = new NativeBuffer<float>(count);
        for (long i = 0; i < count; i++) buffer.Pointer[i] = (float)((i * 2654435761L % 1999 - 999.5) / 1000);
        return buffer;
    }
}
