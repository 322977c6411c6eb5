using System;
using System.Linq;
using System.Text;
using TreeRl.Rewards;
using TreeRl.Rewards.Answers;
using Xunit;

namespace TreeRl.Tests.Rewards.Answers;

public class AnswerFuzzTests
{
    private static readonly string[] Alphabet =
    [
        "\\frac", "\\sqrt", "\\left(", "\\right)", "(", ")", "[", "]", "{", "}", "\\{", "\\}", "^", "_", "1", "2", "9", "0", "10", ",", ".", "x", "y", "n",
        "+", "-", "*", "/", "=", "<", "\\pm", "\\pi", "i", "e", "\\sin", "\\log", "\\text{", "\\text{cm}", "\\begin{pmatrix}", "\\end{pmatrix}", "&", "\\\\",
        "\\cup", "\\in", "|", "!", "%", "\\infty", "$", " ", " and ", ":", "\\boxed{", "word", "99999", "^{9", "\\overline{", "#", "\\binom", "^\\circ",
        "\\lfloor", "\\rfloor", "'", "1,000", "\\$", "\\", "\ud800", "é", "\0", "\n",
    ];

    // every kind of repetition that could make a reader or evaluator superlinear
    public static TheoryData<string> Repeated =>
    [
        "(", "1+", "7*", "x", "9^", "9^{", "1,", "1/", "\\pm1", "\\pm1,", "!", "5!", "1999!+", "2^{39999}+", "7^{9999}/5^{9999}+", "\\sqrt{", "\\frac{1}{",
        "1\\frac", "1\\frac{1\\frac{", "\\text{", "\\boxed{", "$1", "[1,", "1<", "x=", "(1,2)\\cup", "x<1 or ", "x\\neq 1,", "\\begin{pmatrix}1\\\\", "word ",
        "\\binom{99999}{500}+", "\\sin(", "|", "^\\circ", "-", "1e9999+", "\\ln(", "1,234", ".", "x_", "x'", "a b ", "1:", "\\{", "5%", "1\\over", "(x!)",
        "(x+y)^{9}", "x>1,", "#", "answer is ", "\\boxed{1}, ", "A2B", "|x-1|<", "|x|<1 or ", "A(1,2),", "x=1;", "0,5 ", "1.234,56 ", "\nA:", "\\boxed{1}x=", "\\quadx",
        "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "\\begin{pmatrix}1\\end{pmatrix}+", "#1\n",
    ];

    [Fact]
    public void Random_strings_never_throw_and_stay_within_the_steps()
    {
        var seed = Seed.Of(11);
        for (int i = 0; i < 20_000; i++)
        {
            string given = Draw(seed.Child(i), i % 50 == 0 ? 1500 : 40), reference = Draw(seed.Child(-1 - i), 30);
            var budget = new WorkBudget();
            AnswerVerdict verdict = AnswerEquivalence.Same(given, reference, budget);
            Assert.True(budget.Left > -WorkBudget.StepsPerComparison / 4, $"one step too dear in {given}");
            Assert.Equal(verdict.IsSame, verdict.Reason is null);
            Assert.True(MathGraders.Math(new Answer { Text = given, Reference = reference }).Kind is OutcomeKind.Score or OutcomeKind.Failed);
        }
    }

    [Theory]
    [MemberData(nameof(Repeated))]
    public void Long_repetitions_stay_within_the_steps(string part)
    {
        string text = string.Concat(Enumerable.Repeat(part, 10_000 / part.Length));
        foreach (string other in (string[])["5", "x^2+\\sqrt{3}", text[1..], "1+" + text[..^3]])
            foreach ((string given, string reference) in ((string, string)[])[(text, other), (other, text)])
            {
                var budget = new WorkBudget();
                AnswerEquivalence.Same(given, reference, budget);
                Assert.True(budget.Left > -WorkBudget.StepsPerComparison / 4);
            }
        foreach (AnswerPlace place in AnswerExtraction.AnyPlace) AnswerExtraction.Final(text, [place]);
    }

    [Fact]
    public void Every_string_is_the_same_as_itself_unless_it_is_empty()
    {
        var seed = Seed.Of(12);
        for (int i = 0; i < 5_000; i++)
        {
            string text = Draw(seed.Child(i), 20);
            AnswerVerdict verdict = AnswerEquivalence.Same(text, text);
            Assert.True(verdict.IsSame || verdict.Reason!.Contains("empty", StringComparison.Ordinal), $"{text}: {verdict}");
        }
    }

    private static string Draw(Seed seed, int most)
    {
        var text = new StringBuilder();
        int length = 1 + seed.Below(most, -1);
        for (int i = 0; i < length; i++) text.Append(Alphabet[seed.Below(Alphabet.Length, i)]);
        return text.ToString();
    }
}
