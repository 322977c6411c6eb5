using System;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Threading;
using TreeRl.Forests;

namespace TreeRl.Rewards;

/// <summary>So many graders overran their time and still run that the run was stopped.</summary>
public sealed class GraderStuckException : InvalidOperationException
{
    internal GraderStuckException(string term, int leaf, int stuck, TimeSpan limit)
        : base($"{stuck} threads are stuck in graders that overran {GradingRun.Show(limit)} (the last in term '{term}', leaf {leaf}): grading was stopped. "
            + "Make the grader end - heed Answer.TimeUp in its loops - or raise the time limit.")
    {
    }
}

/// <summary>How long the call at work on a leaf has taken, given the <see cref="Stopwatch"/> time at which it began.</summary>
internal delegate TimeSpan CallClock(int leaf, long startedAt);

/// <summary>
/// One pass over the leaves: a worker thread runs the graders, the calling thread sleeps and watches the clock of the call at work.
/// </summary>
/// <remarks>
/// Each call has a ticket, 1 + leaf * terms + term. The worker puts it in <c>Running</c> when it starts the call; who swaps it back to 0 first, worker
/// (done) or watchman (time is up), owns the result, so that a grader which returns late changes nothing.
/// <code>
/// worker:   StartedAt = now;  Running = ticket;  grade;  Running: ticket -> 0 ? store the outcome : leave for good
/// watchman: ticket = Running; now - StartedAt >= limit;  Running: ticket -> 0 ? store TimedOut, next worker : look again
/// </code>
/// </remarks>
internal sealed class GradingRun(ImmutableArray<Answer> answers, RewardPlan plan, Outcome[] terms, CallClock clock)
{
    private const int MaxReasonLength = 500;
    private static int stuckThreads;

    private readonly ImmutableArray<Answer> answers = answers;
    private readonly RewardPlan plan = plan;

    public static int StuckThreads => Volatile.Read(ref stuckThreads);

    public void Run()
    {
        for (int leaf = 0; leaf < answers.Length;)
        {
            var worker = new Worker(this, leaf);
            leaf = Watch(worker) + 1;
        }
    }

    /// <summary>A duration in a unit that reads well.</summary>
    public static string Show(TimeSpan limit) => limit < TimeSpan.FromSeconds(1) ? $"{limit.TotalMilliseconds:0.###} ms" : $"{limit.TotalSeconds:0.###} s";

    // Returns the last leaf that needs no more work: the very last, or the one whose grader overran.
    private int Watch(Worker worker)
    {
        worker.Start();
        var wait = plan.TimeLimit;
        while (!worker.Done.WaitOne(AtLeastAMillisecond(wait)))
        {
            long ticket = Volatile.Read(ref worker.Running);
            if (ticket == 0)
            {
                wait = plan.TimeLimit;
                continue;
            }
            var (leaf, term) = Math.DivRem((int)(ticket - 1), plan.Terms.Length);
            wait = plan.TimeLimit - clock(leaf, Volatile.Read(ref worker.StartedAt));
            if (wait > TimeSpan.Zero) continue;
            wait = plan.TimeLimit;
            if (Interlocked.CompareExchange(ref worker.Running, 0, ticket) != ticket) continue;
            int stuck = worker.LeaveBehind();
            CloseLeaf(leaf, term);
            if (stuck >= plan.MaxStuckThreads) throw new GraderStuckException(plan.Terms[term].Name, leaf, stuck, plan.TimeLimit);
            return leaf;
        }
        worker.Done.Dispose();
        return answers.Length;
    }

    private void CloseLeaf(int leaf, int overranTerm)
    {
        Slot(overranTerm, leaf) = Outcome.TimedOut($"took longer than {Show(plan.TimeLimit)}");
        string reason = $"not graded: term '{plan.Terms[overranTerm].Name}' had timed out";
        for (int term = overranTerm + 1; term < plan.Terms.Length; term++) Slot(term, leaf) = Outcome.Abstain(reason);
    }

    private ref Outcome Slot(int term, int leaf) => ref terms[term * answers.Length + leaf];

    private static TimeSpan AtLeastAMillisecond(TimeSpan wait) =>
        wait < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : wait;

    private static Outcome Call(Grader grader, Answer answer)
    {
        try
        {
            var outcome = grader(answer);
            return outcome.Kind switch
            {
                OutcomeKind.Score when !double.IsFinite(outcome.Value) => Outcome.Failed($"returned {outcome.Value}: a score must be finite"),
                OutcomeKind.Score => Outcome.Score(outcome.Value),
                OutcomeKind.Abstain or OutcomeKind.Failed or OutcomeKind.TimedOut =>
                    string.IsNullOrEmpty(outcome.Reason) ? outcome with { Value = 0, Reason = "no reason given" } : outcome with { Value = 0 },
                _ => Outcome.Failed("returned an empty outcome: use Outcome.Score, Abstain or Failed"),
            };
        }
        catch (Exception e) // the boundary to user code
        {
            string reason = $"threw {e.GetType().Name}: {MessageOf(e)}";
            return Outcome.Failed(reason.Length <= MaxReasonLength ? reason : reason[..MaxReasonLength] + "...");
        }
    }

    private static string MessageOf(Exception e)
    {
        try
        {
            return e.Message;
        }
        catch (Exception) // a message is user code too
        {
            return "(its message cannot be read)";
        }
    }

    private sealed class Worker
    {
        public readonly EventWaitHandle Done = new(false, EventResetMode.ManualReset);
        public long StartedAt, Running;
        private readonly GradingRun run;
        private readonly int firstLeaf;
        private readonly CancellationTokenSource timeUp = new();
        private readonly Thread thread;
        private int ends; // of two - thread over, left behind - the second to come balances the count

        public Worker(GradingRun run, int firstLeaf)
        {
            this.run = run;
            this.firstLeaf = firstLeaf;
            thread = new Thread(Work) { IsBackground = true, Name = "TreeRl grading" };
        }

        public void Start() => thread.Start();

        /// <summary>Gives the thread up, which may run on; returns the number of threads that still run so.</summary>
        public int LeaveBehind()
        {
            Interlocked.Increment(ref stuckThreads);
            _ = timeUp.CancelAsync(); // callbacks are user code too: never on this thread
            try
            {
                thread.Priority = ThreadPriority.Lowest;
            }
            catch (ThreadStateException)
            {
                // it ended just now
            }
            if (Interlocked.Exchange(ref ends, 1) == 1) Interlocked.Decrement(ref stuckThreads);
            return StuckThreads;
        }

        private void Work()
        {
            bool finished = GradeLeaves();
            if (finished) Done.Set();
            else if (Interlocked.Exchange(ref ends, 1) == 1) Interlocked.Decrement(ref stuckThreads);
        }

        // False when the watchman has taken over.
        private bool GradeLeaves()
        {
            int termCount = run.plan.Terms.Length;
            for (int leaf = firstLeaf; leaf < run.answers.Length; leaf++)
            {
                var answer = run.answers[leaf];
                if (answer.Finish == Finish.Pruned) continue;
                answer.TimeUp = timeUp.Token;
                for (int term = 0; term < termCount; term++)
                {
                    long ticket = 1 + (long)leaf * termCount + term;
                    Volatile.Write(ref StartedAt, Stopwatch.GetTimestamp());
                    Volatile.Write(ref Running, ticket);
                    var outcome = Call(run.plan.Terms[term].Grade, answer);
                    if (Interlocked.CompareExchange(ref Running, 0, ticket) != ticket) return false;
                    run.Slot(term, leaf) = outcome;
                }
            }
            return true;
        }
    }
}
