using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Tasks;
using Xunit;

namespace TreeRl.Tests.Tasks;

public class ChainTasksTests
{
    private static ChainTasks Source(TaskSplit split, long seed = 1, int min = 3, int max = 4) =>
        new(new ChainOptions { MinSteps = min, MaxSteps = max, Split = split, Seed = Seed.Of(seed) });

    [Fact]
    public void A_chain_is_evaluated_from_left_to_right_without_precedence()
    {
        var problem = new ChainProblem(7, [new('+', 8), new('*', 3), new('-', 4)]);
        Assert.Equal("7;+8;*3;-4?", problem.Prompt);
        Assert.Equal([7, 15, 45, 41], problem.Values.ToArray());
        Assert.Equal("7+8=15\n15*3=45\n45-4=41\n#41", problem.Solution);
    }

    [Fact]
    public void A_prompt_is_read_back()
    {
        for (long i = 0; i < 200; i++)
        {
            var problem = Source(TaskSplit.Train, min: 1, max: 6).Problem(i);
            var read = ChainProblem.Parse(problem.Prompt);
            Assert.Equal(problem.Values.ToArray(), read.Values.ToArray());
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("7?")]
    [InlineData("7;+8")]
    [InlineData("7;/8?")]
    [InlineData("7;*1?")]
    [InlineData("0;+1?")]
    [InlineData("7;-7?")]
    [InlineData("7;-8?")]
    [InlineData("9;*9;*9?")]
    [InlineData("7;+8*3?")]
    [InlineData("7;+88?")]
    public void What_is_no_chain_is_refused(string prompt) => Assert.ThrowsAny<ArgumentException>(() => ChainProblem.Parse(prompt));

    [Fact]
    public void An_item_depends_on_seed_and_index_alone()
    {
        var (one, two) = (Source(TaskSplit.Train), Source(TaskSplit.Train));
        for (long i = 99; i >= 0; i--) Assert.Equal(one.Item(i), two.Item(i));
        Assert.NotEqual(Enumerable.Range(0, 20).Select(i => one.Item(i).Prompt), Enumerable.Range(0, 20).Select(i => Source(TaskSplit.Train, seed: 2).Item(i).Prompt));
    }

    [Fact]
    public void Train_and_test_never_share_a_problem_whatever_the_seed()
    {
        var train = new HashSet<string>();
        for (long seed = 0; seed < 4; seed++)
            for (long i = 0; i < 2000; i++) train.Add(Source(TaskSplit.Train, seed, 1, 3).Item(i).Prompt);
        for (long seed = 0; seed < 4; seed++)
            for (long i = 0; i < 500; i++) Assert.DoesNotContain(Source(TaskSplit.Test, seed, 1, 3).Item(i).Prompt, train);
    }

    [Fact]
    public void About_one_problem_in_eight_is_a_test_problem()
    {
        var all = new HashSet<string>();
        int test = 0;
        for (int start = 1; start <= 9; start++)
            foreach (var first in AllSteps())
                foreach (var second in AllSteps())
                {
                    int middle = first.On(start), end = second.On(middle);
                    if (middle is < 1 or > 99 || end is < 1 or > 99) continue;
                    var problem = new ChainProblem(start, [first, second]);
                    if (all.Add(problem.Prompt) && ChainTasks.SplitOf(problem) == TaskSplit.Test) test++;
                }
        Assert.InRange(test / (double)all.Count, 0.10, 0.15); // 1/8 with a standard error of 0.006 over 3,000 problems
    }

    [Fact]
    public void The_number_of_steps_is_the_level_and_covers_the_range_evenly()
    {
        var source = Source(TaskSplit.Train, min: 2, max: 5);
        var levels = Enumerable.Range(0, 4000).Select(i => source.Item(i)).GroupBy(item => item.Level).ToDictionary(g => g.Key, g => g.Count());
        Assert.Equal(["2", "3", "4", "5"], levels.Keys.Order());
        Assert.All(levels.Values, count => Assert.InRange(count, 850, 1150)); // 1000 with a standard deviation of 27
        var item = source.Item(3);
        Assert.Equal(int.Parse(item.Level), ChainProblem.Parse(item.Prompt).Steps.Length);
    }

    [Fact]
    public void No_answer_is_common_enough_to_guess()
    {
        var source = Source(TaskSplit.Test);
        var commonest = Enumerable.Range(0, 4000).GroupBy(i => source.Item(i).Reference).Max(g => g.Count());
        Assert.True(commonest < 0.06 * 4000, $"{commonest} of 4000 items have the same answer");
    }

    [Fact]
    public void Prompts_and_solutions_stay_in_the_alphabet()
    {
        var tokenizer = ChainTasks.NewTokenizer();
        for (long i = 0; i < 300; i++)
        {
            var problem = Source(TaskSplit.Train).Problem(i);
            string text = problem.Prompt + problem.Solution;
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
        }
    }

    [Fact]
    public void Options_are_checked()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Source(TaskSplit.Train, min: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Source(TaskSplit.Train, min: 5, max: 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => Source(TaskSplit.Train).Item(-1));
    }

    private static IEnumerable<ChainStep> AllSteps()
    {
        for (int operand = 1; operand <= 9; operand++)
        {
            yield return new ChainStep('+', operand);
            yield return new ChainStep('-', operand);
            if (operand > 1) yield return new ChainStep('*', operand);
        }
    }
}
