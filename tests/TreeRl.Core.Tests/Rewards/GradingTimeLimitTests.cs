using System;
using System.Collections.Immutable;
using System.Linq;
using System.Threading;
using TreeRl.Rewards;
using Xunit;

namespace TreeRl.Tests.Rewards;

/// <summary>
/// Graders that do not return. They loop until a test's own flag lets them go, and each test waits for the threads it left behind to end. The clock
/// is the tests' own, so that a busy machine changes nothing: time is up for a call exactly when it has begun to loop.
/// </summary>
public class GradingTimeLimitTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(20); // how often the watchman looks
    private volatile bool letGo;
    private volatile int loopingLeaf = -1;

    public void Dispose()
    {
        letGo = true;
        Assert.True(SpinWait.SpinUntil(() => Grading.StuckThreads == 0, TimeSpan.FromSeconds(30)), "a grading thread is still running");
    }

    private static ImmutableArray<Answer> Answers(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new Answer { Text = i.ToString(), TokenCount = i })];

    private LeafOutcomes Grade(ImmutableArray<Answer> answers, RewardPlan plan) =>
        Grading.Grade(answers, plan, (leaf, _) => leaf == loopingLeaf ? TimeSpan.FromDays(2) : TimeSpan.Zero);

    private Grader LoopsOn(Func<int, bool> leaves) => Graders.Of(answer =>
    {
        if (leaves(answer.TokenCount)) loopingLeaf = answer.TokenCount;
        while (leaves(answer.TokenCount) && !letGo) Thread.SpinWait(1000);
        return answer.TokenCount;
    });

    [Fact]
    public void A_grader_that_loops_for_ever_times_out_and_the_run_goes_on()
    {
        var plan = RewardPlan.Of(new RewardTerm("slow", 1, LoopsOn(leaf => leaf == 2))).WithTimeLimit(Limit);
        var outcomes = Grade(Answers(6), plan);
        Assert.Equal(Outcome.TimedOut("term 'slow': took longer than 20 ms"), outcomes.Total[2]);
        Assert.Equal([0, 1, 3, 4, 5], outcomes.Total.Where(o => o.HasScore).Select(o => o.Value));
        Assert.Equal(1, Grading.StuckThreads);
    }

    [Fact]
    public void By_the_real_clock_a_call_that_never_ends_times_out()
    {
        var plan = RewardPlan.Of(new RewardTerm("slow", 1, LoopsOn(_ => true))).WithTimeLimit(Limit);
        Assert.Equal(2, Grading.Grade(Answers(2), plan).Count(OutcomeKind.TimedOut));
    }

    [Fact]
    public void First_and_last_leaf_and_leaves_in_a_row_may_time_out()
    {
        var plan = RewardPlan.Of(new RewardTerm("slow", 1, LoopsOn(leaf => leaf is 0 or 1 or 4))).WithTimeLimit(Limit);
        var outcomes = Grade(Answers(5), plan);
        Assert.Equal([true, true, false, false, true], outcomes.Total.Select(o => o.Kind == OutcomeKind.TimedOut));
        Assert.Equal(3, Grading.StuckThreads);
    }

    [Fact]
    public void The_terms_before_keep_their_values_and_those_after_abstain()
    {
        var plan = RewardPlan.Of(
            new("before", 1, Graders.Of(_ => 3)),
            new("slow", 1, LoopsOn(leaf => leaf == 0)),
            new("after", 1, Graders.Of(_ => 4))).WithTimeLimit(Limit);
        var outcomes = Grade(Answers(2), plan);
        Assert.Equal(3, outcomes.Term(0, 0).Value);
        Assert.Equal(Outcome.Abstain("not graded: term 'slow' had timed out"), outcomes.Term(2, 0));
        Assert.Equal(OutcomeKind.TimedOut, outcomes.Total[0].Kind);
        Assert.Equal(8, outcomes.Total[1].Value);
    }

    [Fact]
    public void A_grader_that_returns_after_its_time_changes_nothing()
    {
        var plan = RewardPlan.Of(new RewardTerm("slow", 1, LoopsOn(leaf => leaf == 0))).WithTimeLimit(Limit);
        var outcomes = Grade(Answers(2), plan);
        Dispose();
        Assert.Equal(OutcomeKind.TimedOut, outcomes.Total[0].Kind);
        Assert.Equal(OutcomeKind.TimedOut, outcomes.Term(0, 0).Kind);
    }

    [Fact]
    public void A_grader_that_heeds_the_token_ends_its_thread_by_itself()
    {
        using var never = new ManualResetEventSlim();
        var plan = RewardPlan.Of(new RewardTerm("waits", 1, Graders.Cancellable((answer, timeUp) =>
        {
            loopingLeaf = answer.TokenCount;
            never.Wait(timeUp);
            return 1;
        }))).WithTimeLimit(Limit);
        var outcomes = Grade(Answers(3), plan);
        Assert.Equal(3, outcomes.Count(OutcomeKind.TimedOut));
        Assert.True(SpinWait.SpinUntil(() => Grading.StuckThreads == 0, TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void Too_many_stuck_threads_stop_the_run_with_the_term_and_the_cure()
    {
        var plan = RewardPlan.Of(new RewardTerm("slow", 1, LoopsOn(_ => true))).WithTimeLimit(Limit) with { MaxStuckThreads = 3 };
        var stopped = Assert.Throws<GraderStuckException>(() => Grade(Answers(10), plan));
        Assert.Contains("3 threads are stuck", stopped.Message);
        Assert.Contains("term 'slow', leaf 2", stopped.Message);
        Assert.Contains("Answer.TimeUp", stopped.Message);
    }
}
