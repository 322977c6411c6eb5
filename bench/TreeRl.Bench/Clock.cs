using System;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TreeRl.Numerics;

namespace TreeRl.Bench;

/// <summary>Best-of timings, and the peak they are compared with.</summary>
internal static class Clock
{
    private const int ChainRounds = 4000, ChainCount = 10, FewestTurns = 4;

    /// <summary>Seconds of the fastest of many calls: repeats <paramref name="work"/> for about <paramref name="seconds"/> in batches long enough to time.</summary>
    public static double Best(Action work, double seconds = 0.08)
    {
        int batch = Batch(work);
        double best = double.MaxValue;
        long begin = Stopwatch.GetTimestamp();
        do best = Math.Min(best, SecondsOf(work, batch));
        while (Stopwatch.GetElapsedTime(begin).TotalSeconds < seconds);
        return best;
    }

    /// <summary>
    /// Seconds of the fastest call as above, and multiply-adds in GFLOP/s at their fastest in stretches as long as the batches and by turns with them: where a core gives more at
    /// some moments than at others, both have the same moments, and neither finds a shorter one than the other could.
    /// </summary>
    public static (double Seconds, double Peak) BestBesidePeak(SimdLevel level, Action work, double seconds = 0.08)
    {
        var chains = Chains(level);
        int batch = Batch(work), chainBatch = Math.Max(1, (int)Math.Round(SecondsOf(work, batch) / Best(chains, 0.01)));
        double best = double.MaxValue, peak = 0;
        long begin = Stopwatch.GetTimestamp();
        for (int turn = 0; turn < FewestTurns || Stopwatch.GetElapsedTime(begin).TotalSeconds < 2 * seconds; turn++)
        {
            best = Math.Min(best, SecondsOf(work, batch));
            peak = Math.Max(peak, Operations(level) / SecondsOf(chains, chainBatch) / 1e9);
        }
        return (best, peak);
    }

    /// <summary>Multiply-adds of one core in GFLOP/s, ten independent chains in registers: the best moment of a stretch.</summary>
    public static double PeakGigaflops(SimdLevel level) => Operations(level) / Best(Chains(level)) / 1e9;

    /// <summary>The same on the average over <paramref name="seconds"/>: what something that takes as long could have reached.</summary>
    public static double SustainedGigaflops(SimdLevel level, double seconds = 0.05)
    {
        var work = Chains(level);
        long begin = Stopwatch.GetTimestamp();
        double done = 0, elapsed;
        do
        {
            work();
            done += Operations(level);
            elapsed = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        }
        while (elapsed < seconds);
        return done / elapsed / 1e9;
    }

    /// <summary>GB/s at which one core reads a stretch of <paramref name="bytes"/> again and again, from whichever cache or memory holds it: the best pass.</summary>
    public static double ReadGigabytes(long bytes)
    {
        using var stretch = KernelBench.Filled(bytes / sizeof(float) & ~63L);
        return 1e-9 * stretch.Length * sizeof(float) / Best(() => Read(stretch), 0.05);
    }

    /// <summary>Calls that take long enough together to be timed, after warm ones.</summary>
    private static int Batch(Action work)
    {
        work();
        return (int)Math.Clamp(2e-4 / Math.Max(SecondsOf(work, 1), 1e-9), 1, 10_000);
    }

    /// <summary>Seconds of one of <paramref name="calls"/> calls.</summary>
    private static double SecondsOf(Action work, int calls)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < calls; i++) work();
        return Stopwatch.GetElapsedTime(start).TotalSeconds / calls;
    }

    private static double Operations(SimdLevel level) => 2.0 * (level switch { SimdLevel.Avx512 => 16, SimdLevel.Avx2 => 8, _ => 4 }) * ChainCount * ChainRounds;

    private static Action Chains(SimdLevel level) => level switch
    {
        SimdLevel.Avx512 => () => Chain<Vector512<float>, Lanes512>(ChainRounds),
        SimdLevel.Avx2 => () => Chain<Vector256<float>, Lanes256>(ChainRounds),
        _ => () => Chain<Vector128<float>, Lanes128>(ChainRounds),
    };

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static unsafe float Read(NativeBuffer<float> stretch)
    {
        Vector512<float> a = default, b = default, c = default, d = default;
        float* end = stretch.Pointer + stretch.Length;
        for (float* at = stretch.Pointer; at < end; at += 64)
        {
            a += Vector512.Load(at);
            b += Vector512.Load(at + 16);
            c += Vector512.Load(at + 32);
            d += Vector512.Load(at + 48);
        }
        return Vector512.Sum(a + b + (c + d));
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Chain<TVector, TLanes>(int rounds)
        where TVector : struct
        where TLanes : struct, ILanes<TVector>
    {
        float* sink = stackalloc float[16];
        TVector x = TLanes.Broadcast(0.5f), y = TLanes.Broadcast(1f);
        TVector a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x;
        for (; rounds > 0; rounds--)
        {
            a = TLanes.MultiplyAdd(a, x, y);
            b = TLanes.MultiplyAdd(b, x, y);
            c = TLanes.MultiplyAdd(c, x, y);
            d = TLanes.MultiplyAdd(d, x, y);
            e = TLanes.MultiplyAdd(e, x, y);
            f = TLanes.MultiplyAdd(f, x, y);
            g = TLanes.MultiplyAdd(g, x, y);
            h = TLanes.MultiplyAdd(h, x, y);
            i = TLanes.MultiplyAdd(i, x, y);
            j = TLanes.MultiplyAdd(j, x, y);
        }
        a = TLanes.Add(TLanes.Add(TLanes.Add(a, b), TLanes.Add(c, d)), TLanes.Add(TLanes.Add(e, f), TLanes.Add(g, h)));
        TLanes.Store(TLanes.Add(a, TLanes.Add(i, j)), sink);
    }
}
