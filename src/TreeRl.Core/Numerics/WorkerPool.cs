using System;
using System.Runtime.ExceptionServices;
using System.Threading;

namespace TreeRl.Numerics;

/// <summary>
/// A fixed set of threads that run the same job together, the caller being one of them. Starting a job costs well under a microsecond while the threads still
/// spin and allocates nothing when the delegate is kept; threads without work sleep after 5 milliseconds. Pools are independent: each policy owns one.
/// A pool runs one job at a time, started from outside its jobs.
/// </summary>
internal sealed class WorkerPool : IDisposable
{
    private readonly SpinGate start = new(), finished = new(), barrier = new();
    private readonly Thread[] threads;
    private readonly Exception?[] failures;
    private readonly bool spins;
    private Action<int>? job;
    private int running, pending, arrived, completed;
    private volatile bool poisoned, stopped;

    /// <summary>Starts <paramref name="threadCount"/> - 1 background threads; with 1, jobs run on the caller alone.</summary>
    public WorkerPool(int threadCount)
    {
        Guard.InRange(threadCount >= 1, threadCount, "must be at least 1");
        Threads = threadCount;
        spins = threadCount <= Environment.ProcessorCount;
        failures = new Exception?[threadCount];
        threads = new Thread[threadCount - 1];
        for (int i = 0; i < threads.Length; i++)
        {
            int worker = i + 1;
            threads[i] = new Thread(() => Work(worker)) { IsBackground = true, Name = $"TreeRl worker {worker}" };
            threads[i].Start();
        }
    }

    /// <summary>Threads that run a job, the caller included.</summary>
    public int Threads { get; }

    /// <summary>
    /// Runs <paramref name="action"/> once for each worker 0 .. <see cref="Threads"/>-1 at the same time (0 on the caller) and returns when all have returned. When any throws, the
    /// exception of the lowest worker is thrown here, after all have ended; workers waiting at a <see cref="Barrier"/> are then let go by an exception of their own.
    /// </summary>
    /// <exception cref="InvalidOperationException">A job is running on this pool already.</exception>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public void Run(Action<int> action)
    {
        ArgumentNullException.ThrowIfNull(action);
        ObjectDisposedException.ThrowIf(stopped, this);
        if (Interlocked.Exchange(ref running, 1) != 0)
            throw new InvalidOperationException("this worker pool is running a job already: a job must not start another on its own pool, nor two threads share one");
        try
        {
            if (Threads == 1) action(0);
            else RunShared(action);
        }
        finally
        {
            Volatile.Write(ref running, 0);
        }
    }

    /// <summary>Inside a job: returns once every worker of the job has called it. Every worker must call it equally often.</summary>
    public void Barrier()
    {
        if (Threads == 1) return;
        int before = Volatile.Read(ref completed);
        if (Interlocked.Increment(ref arrived) == Threads)
        {
            Volatile.Write(ref arrived, 0);
            Volatile.Write(ref completed, before + 1);
            barrier.Advance();
            return;
        }
        while (true)
        {
            // A worker that failed after this barrier had completed it first, so a failure read before the count decides only when the count still stands.
            int seen = barrier.Value;
            bool failed = poisoned;
            if (Volatile.Read(ref completed) != before) return;
            if (failed) throw new BarrierPoisonedException();
            barrier.WaitWhile(seen, spins);
        }
    }

    /// <summary>Ends the threads. Not to be called while a job runs.</summary>
    public void Dispose()
    {
        if (stopped) return;
        stopped = true;
        start.Advance();
        foreach (var thread in threads) thread.Join();
    }

    private void RunShared(Action<int> action)
    {
        job = action;
        Volatile.Write(ref arrived, 0);
        Volatile.Write(ref pending, Threads - 1);
        start.Advance();
        Attempt(action, 0);
        // The gate may still advance for the job before this one, so the count decides and the gate only wakes.
        while (true)
        {
            int seen = finished.Value;
            if (Volatile.Read(ref pending) == 0) break;
            finished.WaitWhile(seen, spins);
        }
        job = null;
        if (poisoned) ThrowFailure();
    }

    private void Work(int worker)
    {
        int seen = 0;
        while (true)
        {
            start.WaitWhile(seen, spins);
            if (stopped) return;
            seen++;
            Attempt(job!, worker);
            if (Interlocked.Decrement(ref pending) == 0) finished.Advance();
        }
    }

    // The one place that catches everything: an exception must travel from the worker that met it to the caller of Run.
    private void Attempt(Action<int> action, int worker)
    {
        try
        {
            action(worker);
        }
        catch (Exception failure)
        {
            failures[worker] = failure;
            poisoned = true;
            barrier.Advance();
        }
    }

    private void ThrowFailure()
    {
        poisoned = false;
        Exception? first = null;
        foreach (var failure in failures)
        {
            if (failure is null || (failure is BarrierPoisonedException && first is not null)) continue;
            if (first is null or BarrierPoisonedException) first = failure;
        }
        Array.Clear(failures);
        ExceptionDispatchInfo.Throw(first!);
    }

    private sealed class BarrierPoisonedException()
        : Exception("another worker of this job has failed");
}
