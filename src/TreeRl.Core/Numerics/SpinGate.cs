using System.Diagnostics;
using System.Threading;

namespace TreeRl.Numerics;

/// <summary>
/// A counter that threads wait on: a waiter spins for 20 microseconds, then offers its core to other threads again and again, and after 5 milliseconds sleeps and uses none.
/// Waking a spinner takes about a tenth of a microsecond.
/// </summary>
/// <remarks>
/// A thread that is woken from sleep costs tens of microseconds, and the system may put it on the core of the one that woke it, where the two then take turns for milliseconds: so waits between
/// the parts of a job must not end in sleep.
/// </remarks>
internal sealed class SpinGate
{
    private static readonly long SpinTicks = Stopwatch.Frequency / 50_000, WaitTicks = Stopwatch.Frequency / 200;

    private readonly object sleep = new();
    private int value;
    private int sleepers;

    /// <summary>The counter.</summary>
    public int Value => Volatile.Read(ref value);

    /// <summary>Adds one and wakes every waiter. Writes made before are seen by whoever sees the new value.</summary>
    public void Advance()
    {
        Interlocked.Increment(ref value); // a full fence: either this thread sees the sleeper, or the sleeper sees the new value
        if (Volatile.Read(ref sleepers) == 0) return;
        lock (sleep) Monitor.PulseAll(sleep);
    }

    /// <summary>Returns once the counter differs from <paramref name="seen"/>. Without <paramref name="spin"/> it sleeps at once.</summary>
    public void WaitWhile(int seen, bool spin)
    {
        if (spin)
        {
            long start = Stopwatch.GetTimestamp();
            do
            {
                for (int i = 0; i < 16; i++)
                {
                    if (Volatile.Read(ref value) != seen) return;
                    Thread.SpinWait(1);
                }
            }
            while (Stopwatch.GetTimestamp() - start < SpinTicks);
            do
            {
                if (Volatile.Read(ref value) != seen) return;
                Thread.Yield();
            }
            while (Stopwatch.GetTimestamp() - start < WaitTicks);
        }
        lock (sleep)
        {
            Interlocked.Increment(ref sleepers);
            while (Volatile.Read(ref value) == seen) Monitor.Wait(sleep);
            Interlocked.Decrement(ref sleepers);
        }
    }
}
