using System;
using TreeRl.Rewards;
using TreeRl.Rewards.Answers;
using Xunit;

namespace TreeRl.Tests.Rewards.Answers;

public class MathGradersTests
{
    private static Outcome Grade(Grader grader, string text, string reference) => grader(new Answer { Text = text, Reference = reference });

    [Fact]
    public void A_right_answer_scores_1_and_a_wrong_one_0_with_the_reason()
    {
        Assert.Equal(Outcome.Score(1), Grade(MathGraders.Math, "so \\boxed{\\frac12}", "0.5"));
        Outcome wrong = Grade(MathGraders.Math, "so \\boxed{3}", "0.5");
        Assert.Equal((OutcomeKind.Score, 0.0, "the values differ"), (wrong.Kind, wrong.Value, wrong.Reason));
    }

    [Fact]
    public void An_answer_that_is_missing_or_unreadable_scores_0_and_says_so()
    {
        Outcome missing = Grade(MathGraders.MathBoxed, "it is 5", "5"), unreadable = Grade(MathGraders.Math, "\\boxed{((((}", "5");
        Assert.Equal((OutcomeKind.Score, 0.0), (missing.Kind, missing.Value));
        Assert.Contains("no answer found", missing.Reason);
        Assert.Equal((OutcomeKind.Score, 0.0), (unreadable.Kind, unreadable.Value));
        Assert.Contains("could not be read", unreadable.Reason);
    }

    [Fact]
    public void An_empty_reference_is_a_failure_of_the_data() =>
        Assert.Equal(OutcomeKind.Failed, Grade(MathGraders.Math, "\\boxed{5}", " ").Kind);

    [Theory]
    [InlineData("#### 18", 1)]
    [InlineData("#### 18 eggs and 2 hens", 1)]
    [InlineData("#### 18.0", 1)]
    [InlineData("#### 19", 0)]
    [InlineData("#### 18\n#### 19", 0)]
    [InlineData("she has 18", 0)]
    [InlineData("The answer is 18 eggs.", 1)]
    public void Gsm8k_wants_the_number_stated(string text, double score) => Assert.Equal(score, Grade(MathGraders.Gsm8k, text, "a 3\n#### 18").Value);

    [Fact]
    public void Gsm8k_by_the_last_number_needs_no_statement()
    {
        Assert.Equal(1, Grade(MathGraders.Gsm8kLastNumber, "3 and then 18.", "18").Value);
        Assert.Equal(0, Grade(MathGraders.Gsm8kLastNumber, "18 and then 3.", "18").Value);
        Assert.Equal(0, Grade(MathGraders.Gsm8kLastNumber, "none", "18").Value);
    }

    [Fact]
    public void Graders_combine_as_terms_of_a_reward()
    {
        var plan = new RewardPlan { Terms = [new RewardTerm("right", 1, MathGraders.Math), new RewardTerm("boxed", 0.1, MathGraders.At(AnswerPlace.Box))] };
        double total = 0;
        foreach (RewardTerm term in plan.Terms) total += term.Weight * term.Grade(new Answer { Text = "The answer is 5", Reference = "5" }).Value;
        Assert.Equal(1, total);
        Assert.Throws<ArgumentException>(() => MathGraders.At());
    }

    [Theory]
    [InlineData("5", "5")]
    [InlineData("so \\boxed{7}", "7")]
    [InlineData("work\n#### 1,000", "1,000")]
    public void The_key_is_found_inside_a_solution(string reference, string key) => Assert.Equal(key, MathGraders.Key(reference));
}
