using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json;
using TreeRl.Rewards;
using TreeRl.Rewards.Answers;
using Xunit;

namespace TreeRl.Tests.Rewards.Answers;

/// <summary>Laws over published references: MATH-500 and the test part of GSM8K.</summary>
public class ReferenceDataTests
{
    private static readonly Lazy<string[]> MathAnswers = new(() => Lines("math500_test.jsonl").Select(static r => Field(r, "answer")).ToArray());

    // Pairs of different references that mean the same or that a documented decision equates: left-out degrees, currency and bases, ordered
    // pairs given for lists, an angle in degrees for one in radians.
    private static readonly HashSet<string> KnownEqual =
    [
        "90^\\circ ~ 90", "5 ~ x=5", "\\pi ~ 180^\\circ", "1,-2 ~ -2,1", "40_9 ~ 40", "40_9 ~ 36^\\circ", "(-2,1) ~ -2,1", "120^\\circ ~ 120", "36 ~ 36^\\circ",
        "36 ~ \\$36", "\\frac{1}{4} ~ \\frac14", "30^\\circ ~ 30", "10,\\!080 ~ 10080", "15 ~ 15\\mbox{ cm}^2", "36^\\circ ~ \\$36", "2 \\sqrt{5} ~ 2\\sqrt{5}",
    ];

    [Fact]
    public void The_boxed_answer_of_every_MATH_solution_is_its_reference()
    {
        foreach (JsonElement row in Lines("math500_test.jsonl"))
        {
            Assert.Equal(1, MathGraders.Math(new Answer { Text = Field(row, "solution"), Reference = Field(row, "answer") }).Value);
            Assert.Equal(1, MathGraders.MathBoxed(new Answer { Text = Field(row, "solution"), Reference = Field(row, "solution") }).Value);
        }
    }

    [Theory]
    [InlineData("@")]
    [InlineData(" @ ")]
    [InlineData("@.")]
    [InlineData("$@$")]
    [InlineData("$$@$$")]
    [InlineData("\\(@\\)")]
    [InlineData("\\[@\\]")]
    [InlineData("\\boxed{@}")]
    [InlineData("$\\boxed{@}$.")]
    [InlineData("**@**")]
    [InlineData("\\displaystyle @")]
    [InlineData("The answer is @")]
    [InlineData("\\left.@\\right.")]
    public void A_wrapped_reference_is_the_same(string wrapper)
    {
        foreach (string answer in MathAnswers.Value)
            Assert.True(AnswerEquivalence.Same(wrapper.Replace("@", answer), answer).IsSame, wrapper.Replace("@", answer));
    }

    [Theory]
    [InlineData("\\frac", "\\dfrac")]
    [InlineData("\\frac", "\\tfrac")]
    [InlineData("\\dfrac", "\\frac")]
    [InlineData("\\sqrt", "\\sqrt ")]
    [InlineData("\\left", "")]
    [InlineData("\\right", "")]
    [InlineData("^\\circ", "^{\\circ}")]
    [InlineData("^\\circ", "°")]
    [InlineData("^\\circ", " degrees")]
    [InlineData("\\pi", "π")]
    [InlineData("pmatrix", "bmatrix")]
    [InlineData("\\cup", "∪")]
    [InlineData("\\infty", "∞")]
    [InlineData("-", "−")]
    [InlineData("\\mbox", "\\text")]
    [InlineData("\\text", "\\textbf")]
    [InlineData("\\!", "")]
    [InlineData("+", " + ")]
    [InlineData(",", " , ")]
    [InlineData("\\", "\\\\")]
    public void A_reference_in_another_spelling_is_the_same(string spelling, string other)
    {
        foreach (string answer in MathAnswers.Value)
        {
            if (spelling == "," && answer.Any(char.IsAsciiDigit) && (answer.Contains("\\!") || answer == "58,500")) continue; // thousands
            if (spelling == "\\" && answer.Contains("\\\\")) continue; // rows of a matrix
            string written = answer.Replace(spelling, other);
            Assert.True(AnswerEquivalence.Same(written, answer).IsSame, $"{written} for {answer}");
        }
    }

    [Fact]
    public void A_named_or_decimal_reference_is_the_same_and_a_changed_one_is_not()
    {
        foreach (string answer in MathAnswers.Value)
        {
            if (!answer.Contains('=') && !answer.Contains("\\in ") && !answer.Contains("pm")) Assert.True(AnswerEquivalence.Same("x = " + answer, answer).IsSame, answer);
            if (!long.TryParse(answer, out long number)) continue;
            foreach (string format in (string[])["0.00", "+0;-0", "$0;-$0", "0 units"])
                Assert.True(AnswerEquivalence.Same(number.ToString(format, CultureInfo.InvariantCulture), answer).IsSame, format);
            Assert.True(AnswerEquivalence.Same(number.ToString("N0", CultureInfo.InvariantCulture), answer).IsSame);
            Assert.True(AnswerEquivalence.Same($"\\frac{{{2 * number}}}{{2}}", answer).IsSame);
            Assert.True(AnswerEquivalence.Same($"{number - 1}+1", answer).IsSame);
            Assert.False(AnswerEquivalence.Same($"{number + 1}", answer).IsSame);
            Assert.False(AnswerEquivalence.Same($"{number}.1", answer).IsSame);
            if (number != 0) Assert.False(AnswerEquivalence.Same($"{-number}", answer).IsSame);
        }
    }

    [Fact]
    public void Different_references_differ_but_for_known_pairs()
    {
        string[] answers = MathAnswers.Value.Distinct().ToArray();
        foreach (string given in answers)
            foreach (string reference in answers)
            {
                if (given == reference) continue;
                AnswerVerdict verdict = AnswerEquivalence.Same(given, reference);
                Assert.NotEqual(AnswerVerdictKind.Unparsed, verdict.Kind);
                bool known = KnownEqual.Contains($"{given} ~ {reference}") || KnownEqual.Contains($"{reference} ~ {given}");
                Assert.True(verdict.IsSame == known, $"{given} ~ {reference}: {verdict}");
            }
    }

    [Theory]
    [InlineData("#### @")]
    [InlineData("#### @.00")]
    [InlineData("#### $@")]
    [InlineData("#### @ dollars")]
    [InlineData("#### **@**")]
    [InlineData("#### @.")]
    [InlineData("The answer is @.")]
    [InlineData("The answer is $@.00 in all.")]
    [InlineData("So \\boxed{@}.")]
    [InlineData("Thus $\\boxed{\\$@}$.")]
    public void The_key_of_every_GSM8K_item_is_recognised_in_many_forms(string form)
    {
        foreach (JsonElement row in Lines("gsm8k_test.jsonl"))
        {
            string solution = Field(row, "answer"), key = MathGraders.Key(solution);
            decimal number = decimal.Parse(key, NumberStyles.Number, CultureInfo.InvariantCulture);
            foreach (string written in (string[])[key, number.ToString("N0", CultureInfo.InvariantCulture), number.ToString("0", CultureInfo.InvariantCulture)])
                Assert.Equal(1, MathGraders.Gsm8k(new Answer { Text = "First 99.\n" + form.Replace("@", written), Reference = solution }).Value);
            Assert.Equal(0, MathGraders.Gsm8k(new Answer { Text = form.Replace("@", (number + 1).ToString(CultureInfo.InvariantCulture)), Reference = key }).Value);
        }
    }

    private static IEnumerable<JsonElement> Lines(string file)
    {
        foreach (string line in File.ReadLines(TestData.Path(file)))
        {
            using var json = JsonDocument.Parse(line);
            yield return json.RootElement.Clone();
        }
    }

    private static string Field(JsonElement row, string name) => row.GetProperty(name).GetString()!;
}
