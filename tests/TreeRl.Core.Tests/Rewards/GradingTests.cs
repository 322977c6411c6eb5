using System;
using System.Collections.Immutable;
using System.Linq;
using System.Threading;
using TreeRl.Forests;
using TreeRl.Models;
using TreeRl.Rewards;
using Xunit;

namespace TreeRl.Tests.Rewards;

public class GradingTests
{
    private static readonly CharTokenizer Letters = new("abcdefgh#0123456789");

    private static ImmutableArray<Answer> Answers(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new Answer { Text = i.ToString(), TokenCount = i, Reference = i.ToString() })];

    private static RewardTerm Term(string name, double weight, Func<Answer, double> score) => new(name, weight, Graders.Of(score));

    // Prompt "a" with a tree of two leaves below "b", then a chain; prompt "c" with a chain that was pruned.
    private static Forest SmallForest()
    {
        int[] tokens = [.. Letters.Encode("b"), .. Letters.Encode("#1"), 0, .. Letters.Encode("#2"), .. Letters.Encode("d#3"), 0, .. Letters.Encode("e")];
        return Forest.Create(new ForestColumns
        {
            Prompts = [new ForestPrompt("p", "a", [1], "1"), new ForestPrompt("q", "c", [3], "2")],
            Parent = [-1, 0, 0, -1, -1],
            PromptOf = [0, 0, 0, 0, 1],
            TokenCount = [1, 3, 2, 4, 1],
            Finish = [Finish.Branched, Finish.EndOfText, Finish.MaxTokens, Finish.EndOfText, Finish.Pruned],
            TokenId = [.. tokens],
            LogProb = [.. new float[tokens.Length]],
            Entropy = [.. new float[tokens.Length]],
        });
    }

    [Fact]
    public void An_answer_is_the_text_of_its_path_without_the_end_token()
    {
        var answers = Grading.Answers(SmallForest(), Letters);
        Assert.Equal(["b#1", "b#2", "d#3", "e"], answers.Select(a => a.Text));
        Assert.Equal([4, 3, 4, 1], answers.Select(a => a.TokenCount));
        Assert.Equal([4, 3, 4, 1], answers.Select(a => a.TokenIds.Length));
        Assert.Equal([Finish.EndOfText, Finish.MaxTokens, Finish.EndOfText, Finish.Pruned], answers.Select(a => a.Finish));
        Assert.Equal(("p", "a", "1"), (answers[2].PromptId, answers[2].PromptText, answers[2].Reference));
        Assert.Equal(("q", "c", "2"), (answers[3].PromptId, answers[3].PromptText, answers[3].Reference));
    }

    [Fact]
    public void Leaves_are_graded_in_order_and_pruned_ones_abstain_ungraded()
    {
        int calls = 0;
        var outcomes = Grading.Grade(SmallForest(), Letters, RewardPlan.Of(new("correct", 1, Graders.Correct), Term("count", 0, _ => ++calls)));
        Assert.Equal([1, 0, 0], outcomes.Total[..3].Select(o => o.Value));
        Assert.Equal([1, 2, 3], Enumerable.Range(0, 3).Select(leaf => outcomes.Term(1, leaf).Value));
        Assert.Equal(OutcomeKind.Abstain, outcomes.Total[3].Kind);
        Assert.Equal(3, calls);
    }

    [Fact]
    public void A_token_the_tokenizer_does_not_have_is_the_callers_mistake() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Grading.Grade(SmallForest(), new CharTokenizer("abc"), RewardPlan.Of(new RewardTerm("correct", 1, Graders.Correct))));

    [Fact]
    public void The_total_is_the_weighted_sum_of_the_terms_that_score()
    {
        var plan = RewardPlan.Of(
            Term("length", 0.5, a => a.TokenCount),
            new("even", -2, a => a.TokenCount % 2 == 0 ? Outcome.Score(1) : Outcome.Abstain("odd")));
        var outcomes = Grading.Grade(Answers(4), plan);
        Assert.Equal([-2, 0.5, -1, 1.5], outcomes.Total.Select(o => o.Value));
        Assert.Equal(["length", "even"], outcomes.TermNames.ToArray());
        Assert.Equal("odd", outcomes.Term(1, 3).Reason);
    }

    [Fact]
    public void A_leaf_abstains_when_all_terms_do()
    {
        var outcomes = Grading.Grade(Answers(1), RewardPlan.Of(new("a", 1, _ => Outcome.Abstain("no view")), new("b", 1, _ => Outcome.Abstain("none"))));
        Assert.Equal(Outcome.Abstain("no view"), outcomes.Total[0]);
    }

    [Fact]
    public void An_exception_fails_its_leaf_and_no_other()
    {
        var outcomes = Grading.Grade(Answers(3), RewardPlan.Of(
            Term("fragile", 1, a => a.TokenCount == 1 ? throw new FormatException("no digit") : 1),
            Term("length", 1, a => a.TokenCount)));
        Assert.Equal([OutcomeKind.Score, OutcomeKind.Failed, OutcomeKind.Score], outcomes.Total.Select(o => o.Kind));
        Assert.Equal("term 'fragile': threw FormatException: no digit", outcomes.Total[1].Reason);
        Assert.Equal(1, outcomes.Term(1, 1).Value);
    }

    [Fact]
    public void A_grader_of_any_kind_cannot_give_what_is_no_number()
    {
        var outcomes = Grading.Grade(Answers(5), RewardPlan.Of(new RewardTerm("odd", 1, a => a.TokenCount switch
        {
            0 => new Outcome(OutcomeKind.Score, double.NaN, null),
            1 => Outcome.Score(double.PositiveInfinity),
            2 => default,
            3 => new Outcome(OutcomeKind.Failed, 7, null),
            _ => Outcome.Score(2),
        })));
        Assert.Equal([OutcomeKind.Failed, OutcomeKind.Failed, OutcomeKind.Failed, OutcomeKind.Failed, OutcomeKind.Score], outcomes.Total.Select(o => o.Kind));
        Assert.Contains("NaN", outcomes.Total[0].Reason);
        Assert.Contains("empty outcome", outcomes.Total[2].Reason);
    }

    [Fact]
    public void A_sum_that_overflows_fails()
    {
        var outcomes = Grading.Grade(Answers(1), RewardPlan.Of(Term("huge", 1e300, _ => 1e300)));
        Assert.Equal(OutcomeKind.Failed, outcomes.Total[0].Kind);
    }

    [Fact]
    public void An_exception_whose_message_throws_is_still_only_an_outcome()
    {
        var outcomes = Grading.Grade(Answers(1), RewardPlan.Of(Term("mute", 1, _ => throw new MuteException())));
        Assert.Contains("MuteException", outcomes.Total[0].Reason);
    }

    [Fact]
    public void Many_leaves_are_graded_on_one_thread()
    {
        var threads = new System.Collections.Generic.HashSet<int>();
        var outcomes = Grading.Grade(Answers(20_000), RewardPlan.Of(Term("id", 1, a =>
        {
            threads.Add(Environment.CurrentManagedThreadId);
            return a.TokenCount;
        })));
        Assert.Equal(Enumerable.Range(0, 20_000).Select(i => (double)i), outcomes.Total.Select(o => o.Value));
        Assert.Single(threads);
        Assert.DoesNotContain(Environment.CurrentManagedThreadId, threads);
    }

    [Fact]
    public void No_leaves_give_no_outcomes() =>
        Assert.Empty(Grading.Grade([], RewardPlan.Of(new RewardTerm("correct", 1, Graders.Correct))).Total);

    [Fact]
    public void A_plan_that_breaks_a_rule_is_refused_by_name()
    {
        static string Message(params RewardTerm[] terms) => Assert.ThrowsAny<ArgumentException>(() => RewardPlan.Of(terms)).Message;
        Assert.Contains("no term", Message());
        Assert.Contains("Terms[0].Name", Message(new RewardTerm(" ", 1, Graders.Correct)));
        Assert.Contains("'a': taken", Message(new("a", 1, Graders.Correct), new("a", 2, Graders.Correct)));
        Assert.Contains("weight NaN", Message(new RewardTerm("a", double.NaN, Graders.Correct)));
        Assert.Contains("no grader", Message(new RewardTerm("a", 1, null!)));
        var plan = RewardPlan.Of(new RewardTerm("a", 1, Graders.Correct));
        Assert.ThrowsAny<ArgumentException>(() => plan.WithTimeLimit(TimeSpan.Zero).Validated());
        Assert.ThrowsAny<ArgumentException>(() => (plan with { MaxStuckThreads = 0 }).Validated());
    }

    private sealed class MuteException : Exception
    {
        public override string Message => throw new InvalidOperationException();
    }
}
