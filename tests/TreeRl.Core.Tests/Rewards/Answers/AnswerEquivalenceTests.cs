using System;
using System.Linq;
using TreeRl.Rewards.Answers;
using Xunit;

namespace TreeRl.Tests.Rewards.Answers;

public class AnswerEquivalenceTests
{
    internal static TheoryData<string, string> Pairs(params string[] tables)
    {
        var data = new TheoryData<string, string>();
        foreach (string line in tables.SelectMany(static t => t.Split('\n')))
        {
            string[] pair = line.Split(" ~~ ");
            data.Add(pair[0], pair[1]);
        }
        return data;
    }

    public static TheoryData<string, string> Same => Pairs(SamePairs.Table, MoreSamePairs.Table, FurtherSamePairs.Table, LatestSamePairs.Table);

    public static TheoryData<string, string> Different => Pairs(DifferentPairs.Table);

    [Theory]
    [MemberData(nameof(Same))]
    public void Two_ways_to_write_an_answer_are_the_same(string given, string reference) =>
        Assert.Equal(AnswerVerdict.Same, AnswerEquivalence.Same(given, reference));

    [Theory]
    [MemberData(nameof(Different))]
    public void Answers_with_different_meaning_are_not_the_same(string given, string reference)
    {
        AnswerVerdict verdict = AnswerEquivalence.Same(given, reference);
        Assert.False(verdict.IsSame);
        Assert.False(string.IsNullOrEmpty(verdict.Reason));
        Assert.False(AnswerEquivalence.Same(reference, given).IsSame);
    }

    [Theory]
    [InlineData("", "5", "empty")]
    [InlineData("5", " $ $ ", "empty")]
    [InlineData("((((", "5", "could not be read")]
    [InlineData("5", "\\frac{", "could not be read")]
    [InlineData("1/0", "5", "could not be decided")]
    public void What_cannot_be_read_is_unparsed_with_the_reason(string given, string reference, string reason)
    {
        AnswerVerdict verdict = AnswerEquivalence.Same(given, reference);
        Assert.Equal(AnswerVerdictKind.Unparsed, verdict.Kind);
        Assert.Contains(reason, verdict.Reason);
    }

    [Fact]
    public void An_answer_beyond_the_length_limit_is_the_same_only_as_an_identical_text()
    {
        string longer = new('7', AnswerEquivalence.MaxLength + 1);
        Assert.True(AnswerEquivalence.Same(longer + " ", longer).IsSame);
        Assert.Equal(AnswerVerdictKind.Unparsed, AnswerEquivalence.Same(longer, "7" + longer).Kind);
    }

    [Fact]
    public void Long_numbers_are_compared_to_the_last_digit()
    {
        string digits = string.Concat(Enumerable.Repeat("1234567890", 900));
        Assert.True(AnswerEquivalence.Same(digits + ".0", digits).IsSame);
        Assert.False(AnswerEquivalence.Same(digits[..^1] + "1", digits).IsSame);
    }

    [Fact]
    public void Powers_beyond_any_memory_are_compared_in_a_finite_field()
    {
        Assert.True(AnswerEquivalence.Same("2^{10^{100}}\\cdot 2", "2^{10^{100}+1}").IsSame);
        Assert.False(AnswerEquivalence.Same("2^{10^{100}}\\cdot 2", "2^{10^{100}+2}").IsSame);
    }

    [Fact]
    public void A_null_is_a_callers_mistake()
    {
        Assert.Throws<ArgumentNullException>(() => AnswerEquivalence.Same(null!, "1"));
        Assert.Throws<ArgumentNullException>(() => AnswerEquivalence.Same("1", null!));
    }
}
