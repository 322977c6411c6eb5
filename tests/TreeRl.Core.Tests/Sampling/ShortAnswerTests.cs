using System.Linq;
using TreeRl.Forests;
using TreeRl.Rewards;
using TreeRl.Sampling;
using Xunit;

namespace TreeRl.Tests;

/// <summary>The filter of short answers: <see cref="SamplingPlan.MinTokens"/>.</summary>
public class ShortAnswerTests
{
    private static readonly FakeTokenizer Letters = FakeTokenizer.Letters(3);

    /// <summary>Half of the answers end with their second token, the others run to the longest.</summary>
    private static FakePolicy Halves() => FakePolicy.Scripted(3, answer => answer.Length == 1 ? [.5, .5, 0] : FakePolicy.Only(3, 1));

    private static FakePolicy Brief() => FakePolicy.Scripted(3, answer => FakePolicy.Only(3, answer.Length == 1 ? 0 : 1));

    private static Finish[] Ends(Forest forest) => [.. forest.Leaves.Select(leaf => forest.Finish[leaf])];

    [Fact]
    public void Short_answers_are_dropped_and_others_take_their_places()
    {
        var plan = new SamplingPlan { Trees = 4, MaxLeaves = 4, MaxTokens = 6, TopUp = TopUp.NewTree };
        int dropped = 0;
        for (int seed = 0; seed < 20; seed++)
        {
            var forest = Grow.Forest(Halves(), Letters, plan with { MinTokens = 3 }, seed: seed);
            Assert.Equal(4, Ends(forest).Count(finish => finish != Finish.Pruned));
            Assert.All(forest.Leaves.Where(leaf => forest.Finish[leaf] == Finish.Pruned), leaf => Assert.Equal(2, forest.PathTokenCount[leaf]));
            int gone = Ends(forest).Count(finish => finish == Finish.Pruned);
            Assert.InRange(gone, 0, 4);
            if (gone < 4) Assert.DoesNotContain(Finish.EndOfText, Ends(forest));
            dropped += gone;
            var outcomes = Grading.Grade(forest, Letters, RewardPlan.Of(new RewardTerm("one", 1, _ => Outcome.Score(1))));
            Assert.Equal(gone, outcomes.Count(OutcomeKind.Abstain));
        }
        Assert.InRange(dropped, 30, 80);
    }

    [Fact]
    public void A_policy_that_only_writes_short_answers_comes_to_an_end()
    {
        foreach (var expansion in new[] { Expansion.Never, new Expansion.Fallback(FallbackFrom.Any, new CutPoint.RandomSegments(1)) })
        {
            var plan = new SamplingPlan { Trees = 2, MaxLeaves = 4, MaxTokens = 6, MinTokens = 3, Expansion = expansion, TopUp = expansion == Expansion.Never ? TopUp.NewTree : TopUp.None };
            var ends = Ends(Grow.Forest(Brief(), Letters, plan));
            Assert.Equal(4, ends.Count(finish => finish == Finish.Pruned));
            Assert.Equal(4, ends.Count(finish => finish == Finish.EndOfText));
        }
    }

    [Fact]
    public void Falling_back_never_cuts_a_dropped_answer()
    {
        // with the filter every first answer is dropped, so that the expansion finds none and starts at the prompt
        var plan = new SamplingPlan { MaxLeaves = 1, MaxTokens = 6, MinTokens = 3, Expansion = new Expansion.Fallback(FallbackFrom.Any, new CutPoint.RandomSegments(1)) };
        Assert.Equal("a<end>!Pruned a<end>!EndOfText", Grow.Text(Grow.Forest(Brief(), Letters, plan), Letters));
    }

    [Fact]
    public void Answers_that_the_budget_cuts_off_are_kept() =>
        Assert.DoesNotContain(Finish.Pruned, Ends(Grow.Forest(Halves(), Letters, new SamplingPlan { Trees = 2, MaxLeaves = 2, MaxTokens = 6, MinTokens = 6, PromptTokenBudget = 2 })));

    [Fact]
    public void The_shortest_answer_is_no_longer_than_the_longest() =>
        Assert.Contains("MinTokens = 7: must lie in 0 .. MaxTokens = 6", string.Join("; ", new SamplingPlan { MaxTokens = 6, MinTokens = 7 }.Problems()));
}
