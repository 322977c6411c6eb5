using System.Linq;
using TreeRl.Rewards;
using TreeRl.Rewards.Answers;
using Xunit;

namespace TreeRl.Tests.Rewards.Answers;

public class AnswerExtractionTests
{
    public static TheoryData<string, string> Right => AnswerEquivalenceTests.Pairs(GradedTexts.Right);

    [Theory]
    [InlineData(@"a \boxed{\frac{1}{2}} b", @"\frac{1}{2}")]
    [InlineData(@"\boxed{1} then \boxed{2}.", "2")]
    [InlineData(@"\boxed{1}, \boxed{2}", "1, 2")]
    [InlineData(@"$\boxed{1}$ and $\boxed{1.0}$", "1")]
    [InlineData(@"\boxed{\boxed{5}}", @"\boxed{5}")]
    [InlineData(@"\boxed 5 ", "5")]
    [InlineData(@"\fbox{x}", "x")]
    [InlineData(@"\boxed{\{1,2\}}", @"\{1,2\}")]
    [InlineData(@"\boxed{1} and \boxed{2", "1")]
    [InlineData(@"\boxed{2", null)]
    [InlineData(@"\boxedx{2}", null)]
    public void The_last_box_is_found_with_its_nested_braces(string text, string? content) => Assert.Equal(content, AnswerExtraction.LastBoxed(text));

    [Theory]
    [InlineData("work\n#### 1,234\nmore", "1,234")]
    [InlineData("#### 1\n#### 2 eggs", "2 eggs")]
    [InlineData("so #41", "41")]
    [InlineData("### Step 2\nso 41", null)]
    [InlineData("and #12 will win 40 - 24 = 16 times", null)]
    [InlineData("#### ", null)]
    [InlineData("none", null)]
    public void The_text_behind_the_hashes_ends_with_its_line(string text, string? answer) => Assert.Equal(answer, AnswerExtraction.AfterHashes(text));

    [Theory]
    [InlineData("from 3 to -5.", "-5")]
    [InlineData("5-3", "3")]
    [InlineData("costs -$1,234.50!", "-$1,234.50")]
    [InlineData("about 3/4 of it", "3/4")]
    [InlineData("it is 50%.", "50%")]
    [InlineData("1,2", "2")]
    [InlineData("version 2.", "2")]
    [InlineData("a .5", ".5")]
    [InlineData("code AZ2B", null)]
    [InlineData("from x2 to 5cm", "5")]
    [InlineData("it costs 2,74 now", "2,74")]
    [InlineData("either 3,5,72", "72")]
    [InlineData("none", null)]
    public void The_last_number_is_read_as_written(string text, string? number) => Assert.Equal(number, AnswerExtraction.LastNumber(text));

    [Theory]
    [InlineData("The answer is 5. I am sure.", "5")]
    [InlineData("The answer is 5.25. Sure.", "5.25")]
    [InlineData("The final answer is $\\frac12$. I hope", "\\frac12")]
    [InlineData("answer is $1$, $2$ and $3$", "1, 2, 3")]
    [InlineData("**Answer:** 42\nbye", "42")]
    [InlineData("The answer is $5 in all.", "$5 in all")]
    [InlineData("The answer is 1. No, the answer is 2.", "2")]
    [InlineData("The answer is 12, which is even.", "12")]
    [InlineData("no statement", null)]
    [InlineData("The sum is 5.\nA: 7 eggs", "7 eggs")]
    [InlineData("Choose:\nA: 7\nB: 8", null)]
    [InlineData("\"LA: 7\"", null)]
    public void A_stated_answer_ends_with_its_sentence(string text, string? answer) => Assert.Equal(answer, AnswerExtraction.Stated(text));

    [Fact]
    public void Only_the_text_behind_the_reasoning_counts()
    {
        Assert.Equal("4", AnswerExtraction.Final(@"<think>\boxed{3}</think> \boxed{4}")?.Text);
        Assert.Null(AnswerExtraction.Final(@"<think>\boxed{3}</think>"));
    }

    [Fact]
    public void Places_are_tried_in_the_order_given()
    {
        const string Text = "The answer is 1. \\boxed{2} 7\n#### 3";
        Assert.Equal(new ExtractedAnswer("2", AnswerPlace.Box), AnswerExtraction.Final(Text));
        Assert.Equal(new ExtractedAnswer("3", AnswerPlace.Hashes), AnswerExtraction.Final(Text, [AnswerPlace.Hashes, AnswerPlace.Box]));
        Assert.Equal(new ExtractedAnswer("1", AnswerPlace.Statement), AnswerExtraction.Final(Text, [AnswerPlace.Statement]));
    }

    [Theory]
    [MemberData(nameof(Right))]
    public void The_right_answer_of_a_text_is_found_and_recognised(string text, string reference)
    {
        AnswerVerdict verdict = MathGraders.Explain(text.Replace(@"\n\n", "\n\n").Replace(@"...\n", "...\n"), reference);
        Assert.True(verdict.IsSame, $"{verdict}");
    }
}
