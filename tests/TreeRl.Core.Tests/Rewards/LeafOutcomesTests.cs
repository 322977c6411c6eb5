using System;
using TreeRl.Rewards;
using Xunit;

namespace TreeRl.Tests.Rewards;

public class LeafOutcomesTests
{
    private static LeafOutcomes Mixed() => LeafOutcomes.Create(
        [Outcome.Score(1), Outcome.Abstain("no key"), Outcome.Score(0.5), Outcome.TimedOut("slow: 50 ms")],
        ["correct", "brief"],
        [
            Outcome.Score(1), Outcome.Abstain("no key"), Outcome.Score(0), Outcome.TimedOut("slow"),
            Outcome.Score(0), Outcome.Abstain("none"), Outcome.Score(0.5), Outcome.Failed("broke"),
        ]);

    [Fact]
    public void Leaves_without_a_score_take_no_part_in_the_mean()
    {
        Assert.Equal(0.75, Mixed().MeanScore);
        Assert.Equal(0.25, Mixed().MeanTerm(1));
        Assert.Null(LeafOutcomes.FromOutcomes([Outcome.Abstain("x")]).MeanScore);
    }

    [Fact]
    public void Terms_are_found_by_term_and_leaf()
    {
        var outcomes = Mixed();
        Assert.Equal(0.5, outcomes.Term(1, 2).Value);
        Assert.Equal(OutcomeKind.TimedOut, outcomes.Term(0, 3).Kind);
        Assert.Throws<ArgumentOutOfRangeException>(() => outcomes.Term(2, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => outcomes.Term(0, 4));
    }

    [Fact]
    public void Kinds_are_counted_for_totals_and_terms()
    {
        Assert.Equal(2, Mixed().Count(OutcomeKind.Score));
        Assert.Equal(1, Mixed().Count(OutcomeKind.TimedOut));
        Assert.Equal(0, Mixed().Count(OutcomeKind.Failed));
        Assert.Equal(1, Mixed().Count(1, OutcomeKind.Failed));
    }

    [Fact]
    public void The_summary_shows_every_kind_that_occurs_with_its_first_reason() =>
        Assert.Equal(
            "4 leaves: 2 scored (mean 0.75), 1 abstained (first: no key), 1 timed out (first: slow: 50 ms)\n"
            + "  correct: 2 scored (mean 0.5), 1 abstained (first: no key), 1 timed out (first: slow)\n"
            + "  brief: 2 scored (mean 0.25), 1 abstained (first: none), 1 failed (first: broke)",
            Mixed().ToString());

    [Fact]
    public void A_score_that_is_not_finite_is_refused_by_name()
    {
        Assert.Contains("scores[1] = NaN", Assert.Throws<ArgumentException>(() => LeafOutcomes.FromScores(0, double.NaN)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => Outcome.Score(double.PositiveInfinity));
        Assert.Throws<ArgumentException>(() => LeafOutcomes.FromOutcomes([new Outcome(OutcomeKind.Score, double.NaN, null)]));
    }

    [Fact]
    public void A_missing_score_needs_a_reason() =>
        Assert.Throws<ArgumentException>(() => LeafOutcomes.FromOutcomes([new Outcome(OutcomeKind.Failed, 0, null)]));

    [Fact]
    public void Terms_must_cover_every_leaf() =>
        Assert.Throws<ArgumentException>(() => LeafOutcomes.Create([Outcome.Score(1), Outcome.Score(2)], ["a"], [Outcome.Score(1)]));
}
