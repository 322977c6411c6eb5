using System;
using System.Threading;
using TreeRl.Forests;
using TreeRl.Rewards;
using Xunit;

namespace TreeRl.Tests.Rewards;

public class GradersTests
{
    private static Answer Answer(string text, string reference = "", int tokens = 10) => new() { Text = text, Reference = reference, TokenCount = tokens };

    [Theory]
    [InlineData("7+8=15\n#15", "15", 1)]
    [InlineData("7+8=15\n#16", "15", 0)]
    [InlineData("#16\n#15", "15", 1)]
    [InlineData("#15\nand so on 16", "15", 1)]
    [InlineData("#15 or 16", "15", 0)]
    [InlineData("#", "15", 0)]
    [InlineData("15\n#", "15", 0)]
    [InlineData("it is 15.", "15", 1)]
    [InlineData("from 15 to 16", "15", 0)]
    [InlineData("20-5", "5", 1)]
    [InlineData("20 -5", "-5", 1)]
    [InlineData("nothing", "15", 0)]
    [InlineData("#015.00", "15", 1)]
    [InlineData("#$1,234.50", "1234.5", 1)]
    [InlineData("#-0", "0", 1)]
    [InlineData("#18%", "18", 1)]
    [InlineData("#18", "She sold 16-3-4=9 eggs\n#### 18", 1)]
    [InlineData("#100000000000000000000000000000000000000001", "100000000000000000000000000000000000000001", 1)]
    [InlineData("#100000000000000000000000000000000000000001", "100000000000000000000000000000000000000002", 0)]
    [InlineData("#1,23", "123", 0)]
    public void Correct_compares_the_final_number_with_the_reference(string text, string reference, double score) =>
        Assert.Equal(Outcome.Score(score), Graders.Correct(Answer(text, reference)));

    [Theory]
    [InlineData("")]
    [InlineData("x+1")]
    [InlineData("16 or 17")]
    public void A_reference_without_a_number_fails_and_is_no_silent_zero(string reference)
    {
        var outcome = Graders.Correct(Answer("#15", reference));
        Assert.Equal(OutcomeKind.Failed, outcome.Kind);
        Assert.Contains($"'{reference}'", outcome.Reason);
    }

    [Theory]
    [InlineData("#3\n45-4=41", "41")]
    [InlineData("a-41", "-41")]
    [InlineData("(2)-41", "41")]
    [InlineData("1,234 and .50", "0.5")]
    [InlineData("12,34", "34")]
    [InlineData("no", null)]
    public void The_last_number_is_found_in_running_text(string text, string? number) => Assert.Equal(number, AnswerText.LastNumber(text));

    [Fact]
    public void ExactAnswer_compares_text_and_not_numbers()
    {
        Assert.Equal(1, Graders.ExactAnswer(Answer("so\n# \\frac{1}{2} ", "\\frac{1}{2}")).Value);
        Assert.Equal(0, Graders.ExactAnswer(Answer("#15.0", "15")).Value);
        Assert.Equal(1, Graders.ExactAnswer(Answer(" blue\n", "blue")).Value);
    }

    [Fact]
    public void Lengths_are_graded_by_tokens()
    {
        Assert.Equal(1, Graders.Within(10)(Answer("")).Value);
        Assert.Equal(0, Graders.Within(9)(Answer("")).Value);
        Assert.Equal(0.75, Graders.Brevity(40)(Answer("")).Value);
        Assert.Equal(0, Graders.Brevity(5)(Answer("")).Value);
        Assert.Throws<ArgumentOutOfRangeException>(() => Graders.Within(0));
    }

    [Theory]
    [InlineData(12, 0)]
    [InlineData(16, 0)]
    [InlineData(17, -0.25)]
    [InlineData(20, -1)]
    [InlineData(25, -1)]
    public void The_penalty_on_long_answers_falls_in_a_straight_line(int tokens, double penalty) =>
        Assert.Equal(penalty, Graders.Overlong(limit: 20, buffer: 4)(Answer("", tokens: tokens)).Value);

    [Fact]
    public void Finished_asks_whether_the_policy_ended_the_answer()
    {
        Assert.Equal(1, Graders.Finished(Answer("")).Value);
        Assert.Equal(0, Graders.Finished(Answer("") with { Finish = Finish.MaxTokens }).Value);
    }

    [Fact]
    public void Functions_become_graders()
    {
        Assert.Equal(0.5, Graders.Of(a => a.TokenCount / 20.0)(Answer("")).Value);
        Assert.Equal(1, Graders.When(a => a.Text == "x")(Answer("x")).Value);
        Assert.Equal(OutcomeKind.Failed, Graders.Of(_ => double.NaN)(Answer("")).Kind);
        Assert.Equal(OutcomeKind.Abstain, Graders.OnlyIf(_ => false, Graders.Correct)(Answer("")).Kind);
        Assert.Equal(1, Graders.OnlyIf(_ => true, Graders.Correct)(Answer("#1", "1")).Value);
        Assert.Equal(0, Graders.Cancellable((_, timeUp) => timeUp == CancellationToken.None ? 0 : 1)(Answer("")).Value);
        Assert.Equal(1, Graders.Matches("^a+$")(Answer("aaa")).Value);
        Assert.Equal(0, Graders.Matches("^a+$")(Answer("ab")).Value);
    }
}
