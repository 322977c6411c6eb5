using System;
using System.Linq;
using TreeRl.Tasks;
using Xunit;

namespace TreeRl.Tests.Tasks;

public class DemonstrationsTests
{
    private static readonly ChainTasks Source = new(new ChainOptions { MinSteps = 3, MaxSteps = 4, Seed = Seed.Of(5) });

    private static Demonstration Write(long index, double wrong = 0.2, double verbose = 0.25, long seed = 9) =>
        Demonstrations.Write(Source.Item(index), index, new DemonstrationOptions { WrongStepRate = wrong, VerboseRate = verbose, Seed = Seed.Of(seed) });

    [Fact]
    public void Without_imperfections_the_text_is_the_canonical_solution()
    {
        for (long i = 0; i < 200; i++)
        {
            var made = Write(i, wrong: 0, verbose: 0);
            Assert.Equal(Source.Problem(i).Solution, made.Text);
            Assert.True(made is { IsCorrect: true, WrongSteps: 0, NeedlessLines: 0 });
        }
    }

    [Fact]
    public void Every_line_goes_on_from_the_value_of_the_line_before()
    {
        for (long i = 0; i < 500; i++)
        {
            var made = Write(i);
            var problem = Source.Problem(i);
            string[] lines = made.Text.Split('\n');
            int value = problem.Start, step = 0, wrong = 0, needless = 0;
            foreach (string line in lines[..^1])
            {
                if (line.StartsWith('='))
                {
                    Assert.Equal($"={value}", line);
                    needless++;
                }
                else if (step < problem.Steps.Length && line.StartsWith($"{value}{problem.Steps[step]}=", StringComparison.Ordinal))
                {
                    int result = int.Parse(line[(line.IndexOf('=') + 1)..]);
                    if (result != problem.Steps[step].On(value)) wrong++;
                    value = result;
                    step++;
                }
                else
                {
                    Assert.EndsWith($"{problem.Steps[step - 1]}={value}", line);
                    needless++;
                }
                Assert.InRange(value, 1, 99);
            }
            Assert.Equal(problem.Steps.Length, step);
            Assert.Equal($"#{value}", lines[^1]);
            Assert.Equal(wrong, made.WrongSteps);
            Assert.Equal(needless, made.NeedlessLines);
            Assert.Equal(value == problem.Answer, made.IsCorrect);
        }
    }

    [Fact]
    public void Rates_are_kept_on_average()
    {
        var made = Enumerable.Range(0, 4000).Select(i => Write(i)).ToArray();
        double steps = Enumerable.Range(0, 4000).Sum(i => Source.Problem(i).Steps.Length);
        Assert.InRange(made.Sum(d => d.WrongSteps) / steps, 0.17, 0.21);
        Assert.InRange(made.Sum(d => d.NeedlessLines) / steps, 0.235, 0.265);
        Assert.InRange(made.Count(d => d.IsCorrect) / 4000.0, 0.42, 0.54);
    }

    [Fact]
    public void The_same_item_index_and_seed_give_the_same_text_and_others_another()
    {
        Assert.Equal(Write(7), Write(7));
        Assert.NotEqual(Enumerable.Range(0, 20).Select(i => Write(i).Text), Enumerable.Range(0, 20).Select(i => Write(i, seed: 10).Text));
    }

    [Fact]
    public void Answer_tokens_end_with_the_end_token()
    {
        var tokenizer = ChainTasks.NewTokenizer();
        var made = Write(3);
        int[] answer = made.AnswerTokens(tokenizer);
        Assert.Equal(tokenizer.EndToken, answer[^1]);
        Assert.Equal(made.Text, tokenizer.Decode(answer));
        Assert.Equal(made.Prompt, tokenizer.Decode(made.PromptTokens(tokenizer)));
    }

    [Theory]
    [InlineData(-0.1, 0)]
    [InlineData(0, 1.1)]
    [InlineData(double.NaN, 0)]
    public void Rates_must_be_probabilities(double wrong, double verbose) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Write(0, wrong, verbose));
}
