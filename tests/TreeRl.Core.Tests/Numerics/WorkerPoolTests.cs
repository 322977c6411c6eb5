using System;
using System.Threading;
using System.Threading.Tasks;
using TreeRl.Numerics;
using Xunit;

namespace TreeRl.Tests.Numerics;

public class WorkerPoolTests
{
    public static TheoryData<int> ThreadCounts => [1, 2, 3, 5];

    [Theory, MemberData(nameof(ThreadCounts))]
    public void Every_worker_runs_every_job_once(int threads)
    {
        using var pool = new WorkerPool(threads);
        var runs = new int[threads];
        Action<int> job = worker => Interlocked.Increment(ref runs[worker]);
        for (int i = 1; i <= 500; i++)
        {
            pool.Run(job);
            foreach (int count in runs) Assert.Equal(i, count);
        }
    }

    [Theory, MemberData(nameof(ThreadCounts))]
    public void Nobody_passes_a_barrier_before_all_have_reached_it(int threads)
    {
        const int Phases = 200;
        using var pool = new WorkerPool(threads);
        var reached = new int[threads];
        int early = 0;
        pool.Run(worker =>
        {
            for (int phase = 1; phase <= Phases; phase++)
            {
                Volatile.Write(ref reached[worker], phase);
                pool.Barrier();
                for (int other = 0; other < threads; other++)
                    if (Volatile.Read(ref reached[other]) < phase) Interlocked.Increment(ref early);
                pool.Barrier();
            }
        });
        Assert.Equal(0, early);
        foreach (int phase in reached) Assert.Equal(Phases, phase);
    }

    [Fact]
    public void A_long_wait_turns_into_sleep_and_the_gate_ends_it()
    {
        var gate = new SpinGate();
        var waiter = new Thread(() => gate.WaitWhile(0, spin: true)) { IsBackground = true };
        waiter.Start();
        Assert.True(SpinWait.SpinUntil(() => waiter.ThreadState.HasFlag(ThreadState.WaitSleepJoin), 10_000));
        gate.Advance();
        Assert.True(waiter.Join(10_000));
    }

    [Theory, InlineData(0), InlineData(1)]
    public void Who_slept_before_a_barrier_a_job_or_its_end_is_woken(int late)
    {
        using var pool = new WorkerPool(2);
        int met = 0;
        for (int round = 1; round <= 2; round++)
        {
            pool.Run(worker =>
            {
                if (worker == late) Thread.Sleep(30);
                pool.Barrier();
                Interlocked.Increment(ref met);
                if (worker == late) Thread.Sleep(30);
            });
            Assert.Equal(2 * round, met);
            Thread.Sleep(30);
        }
    }

    [Theory, MemberData(nameof(ThreadCounts))]
    public void An_exception_reaches_the_caller_after_all_have_ended_and_the_pool_works_on(int threads)
    {
        using var pool = new WorkerPool(threads);
        for (int failing = 0; failing < threads; failing++)
        {
            int ended = 0;
            var thrown = Assert.Throws<FormatException>(() => pool.Run(worker =>
            {
                Interlocked.Increment(ref ended);
                if (worker == failing) throw new FormatException($"worker {worker}");
            }));
            Assert.Equal($"worker {failing}", thrown.Message);
            Assert.Equal(threads, ended);
            int runs = 0;
            pool.Run(_ => Interlocked.Increment(ref runs));
            Assert.Equal(threads, runs);
        }
    }

    [Theory, MemberData(nameof(ThreadCounts))]
    public void A_worker_that_fails_lets_the_others_go_from_the_barrier(int threads)
    {
        using var pool = new WorkerPool(threads);
        for (int failing = 0; failing < threads; failing++)
        {
            int passed = 0;
            Assert.Throws<FormatException>(() => pool.Run(worker =>
            {
                pool.Barrier();
                if (worker == failing) throw new FormatException();
                pool.Barrier();
                Interlocked.Increment(ref passed);
            }));
            Assert.Equal(0, passed);
            int runs = 0;
            pool.Run(_ =>
            {
                pool.Barrier();
                Interlocked.Increment(ref runs);
            });
            Assert.Equal(threads, runs);
        }
    }

    [Fact]
    public void When_several_workers_fail_the_lowest_is_heard()
    {
        using var pool = new WorkerPool(3);
        for (int i = 0; i < 200; i++)
        {
            var thrown = Assert.Throws<FormatException>(() => pool.Run(worker =>
            {
                pool.Barrier();
                if (worker > 0) throw new FormatException($"worker {worker}");
                pool.Barrier();
            }));
            Assert.Equal("worker 1", thrown.Message);
        }
    }

    [Fact]
    public void Two_pools_work_at_the_same_time()
    {
        using var first = new WorkerPool(2);
        using var second = new WorkerPool(2);
        int runs = 0;
        void RunMany(WorkerPool pool)
        {
            for (int i = 0; i < 200; i++)
                pool.Run(_ =>
                {
                    pool.Barrier();
                    Interlocked.Increment(ref runs);
                });
        }
        Parallel.Invoke(() => RunMany(first), () => RunMany(second));
        Assert.Equal(800, runs);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_job_cannot_start_another_on_its_own_pool(int threads)
    {
        using var pool = new WorkerPool(threads);
        Assert.Throws<InvalidOperationException>(() => pool.Run(_ => pool.Run(_ => { })));
    }

    [Fact]
    public void Running_a_kept_delegate_allocates_nothing()
    {
        using var pool = new WorkerPool(2);
        Action<int> job = _ => pool.Barrier();
        for (int i = 0; i < 50; i++) pool.Run(job);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) pool.Run(job);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void A_disposed_pool_refuses_jobs_and_a_pool_of_none_is_no_pool()
    {
        var pool = new WorkerPool(3);
        pool.Run(_ => { });
        pool.Dispose();
        pool.Dispose();
        Assert.Throws<ObjectDisposedException>(() => pool.Run(_ => { }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerPool(0));
    }
}
