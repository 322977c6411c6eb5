using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using TreeRl.Forests;
using TreeRl.Lab;
using TreeRl.Rewards;
using TreeRl.Sampling;
using Xunit;

namespace TreeRl.Tests.Lab;

/// <summary>A policy given as a table: 0 ends, 1 is "a", 2 is "b". An answer earns a third for each b; values follow by enumeration.</summary>
public sealed class TruthTests : IDisposable
{
    private const int Longest = 4;

    private static readonly FakeTokenizer Tokenizer = FakeTokenizer.Letters(3);
    private static readonly FakePolicy Policy = FakePolicy.Scripted(3, Row);
    private static readonly SamplingPlan Sampling = new() { Trees = 2, MaxLeaves = 8, Branch = BranchTrigger.EveryTokens(1), FanOut = 2, MaxDepth = 2, MaxTokens = Longest };
    private static readonly RewardPlan Reward = RewardPlan.Of(new RewardTerm("b", 1, answer => Outcome.Score(answer.Text.Count(c => c == 'b') / 3.0)));

    private readonly string folder = Directory.CreateTempSubdirectory("treerl-truth-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static double[] Row(int[] answer)
    {
        double b = answer.Length > 0 && answer[^1] == 2 ? .6 : .3, end = .05 + .1 * answer.Length;
        return [end, 1 - end - b, b];
    }

    /// <summary>Mean and mean square of the reward of answers that go on from a path.</summary>
    private static (double Mean, double Square) Exact(int[] path)
    {
        double reward = path.Count(id => id == 2) / 3.0;
        if (path.Length == Longest || (path.Length > 0 && path[^1] == 0)) return (reward, reward * reward);
        double mean = 0, square = 0;
        double[] row = Row(path);
        for (int id = 0; id < 3; id++)
        {
            var below = Exact([.. path, id]);
            mean += row[id] * below.Mean;
            square += row[id] * below.Square;
        }
        return (mean, square);
    }

    private static Forest Grown(int prompts = 3) => Grow.Forest(Policy, Tokenizer, Sampling, prompts);

    private static NodeTruth Estimate(Forest forest, TruthPlan? plan = null, string? file = null, Action<TruthProgress>? progress = null, long seed = 5, CancellationToken cancellation = default) =>
        Truth.Estimate(Policy, Tokenizer, forest, Grading.Grade(forest, Tokenizer, Reward), Reward, plan ?? TruthPlan.For(Sampling, 400), Seed.Of(seed), file, progress, cancellation);

    [Fact]
    public void Estimates_lie_within_four_standard_errors_of_enumerated_values()
    {
        var forest = Grown(6);
        var truth = Estimate(forest);
        Assert.True(truth.Complete);
        int covered = 0, inner = 0;
        for (int n = 0; n < forest.NodeCount; n++)
        {
            var (mean, square) = Exact(forest.PathTokens(n));
            if (forest.IsLeaf(n))
            {
                Assert.Equal(mean, truth.NodeValue[n], 12);
                Assert.Equal(0, truth.NodeVariance[n]);
                continue;
            }
            double exact = Math.Sqrt((square - mean * mean) / 400);
            Assert.InRange(truth.NodeValue[n], mean - 4 * exact, mean + 4 * exact);
            Assert.InRange(truth.NodeStandardError(n), .8 * exact, 1.2 * exact);
            inner++;
            if (Math.Abs(truth.NodeValue[n] - mean) <= 1.96 * truth.NodeStandardError(n)) covered++;
        }
        Assert.True(inner > 20, $"{inner} inner nodes");
        Assert.True(covered >= .8 * inner, $"{covered} of {inner} intervals hold the value: 95 % should");
        var prompt = Exact([]);
        Assert.All(truth.PromptValue, value => Assert.Equal(prompt.Mean, value, 4 * Math.Sqrt((prompt.Square - prompt.Mean * prompt.Mean) / 400)));
    }

    [Fact]
    public void A_true_advantage_is_the_rise_in_value()
    {
        var forest = Grown();
        var truth = Estimate(forest);
        for (int n = 0; n < forest.NodeCount; n++)
        {
            bool root = forest.Parent[n] < 0;
            double above = root ? truth.PromptValue[forest.PromptOf[n]] : truth.NodeValue[forest.Parent[n]];
            double noise = root ? truth.PromptVariance[forest.PromptOf[n]] : truth.NodeVariance[forest.Parent[n]];
            Assert.Equal(truth.NodeValue[n] - above, truth.Advantage(n), 12);
            Assert.Equal(truth.NodeVariance[n] + noise, truth.AdvantageVariance(n), 12);
        }
    }

    [Fact]
    public void Draws_depend_on_the_path_alone()
    {
        var forest = Grown();
        var whole = Estimate(forest);
        var batches = Estimate(forest, TruthPlan.For(Sampling, 400) with { BatchPlaces = 1 });
        Assert.Equal(whole.NodeValue, batches.NodeValue);
        var last = forest.SelectPrompts([2]);
        var alone = Estimate(last);
        Assert.Equal(whole.NodeValue.AsSpan()[forest.FirstNodeOfPrompt[2]..].ToArray(), alone.NodeValue.ToArray());
        Assert.Equal(whole.PromptValue[2], alone.PromptValue[0]);
        Assert.NotEqual(whole.NodeValue, Estimate(forest, seed: 6).NodeValue);
    }

    [Fact]
    public void Nodes_with_equal_paths_are_one_place()
    {
        var builder = new ForestBuilder();
        int prompt = builder.AddPrompt("p0");
        foreach (int first in new[] { 1, 1, 2 })
        {
            int root = builder.AddRoot(prompt, [first]);
            foreach (int second in new[] { 0, 2 }) builder.Finish(builder.AddChild(root, [second]), Finish.EndOfText);
        }
        var truth = Estimate(builder.Seal());
        Assert.Equal(3, truth.PlaceCount); // the prompt, "a" and "b"
        Assert.Equal(truth.NodeValue[0], truth.NodeValue[3]);
        Assert.NotEqual(truth.NodeValue[0], truth.NodeValue[6]);
    }

    [Fact]
    public void Graders_see_whole_answers()
    {
        var seen = new List<Answer>();
        var watching = RewardPlan.Of(new RewardTerm("watch", 1, answer =>
        {
            seen.Add(answer);
            return Outcome.Score(0);
        }));
        var forest = Grown(1);
        var outcomes = Grading.Grade(forest, Tokenizer, Reward);
        Truth.Estimate(Policy, Tokenizer, forest, outcomes, watching, TruthPlan.For(Sampling, 50), Seed.Of(1));
        Assert.All(seen, answer =>
        {
            Assert.Equal("p0", answer.PromptId);
            Assert.Equal("prompt 0", answer.PromptText);
            Assert.Equal(answer.TokenCount, answer.TokenIds.Length);
            Assert.Equal(string.Concat(answer.TokenIds.Where(id => id > 0).Select(Tokenizer.Piece)), answer.Text);
            Assert.Equal(answer.TokenIds[^1] == 0 ? Finish.EndOfText : Finish.MaxTokens, answer.Finish);
            Assert.True(answer.TokenCount == Longest || answer.Finish == Finish.EndOfText);
        });
        Assert.Contains(seen, answer => answer.Finish == Finish.MaxTokens);
    }

    [Fact]
    public void An_interrupted_truth_goes_on_to_the_same_bytes()
    {
        var forest = Grown();
        string whole = Path.Combine(folder, "whole.truth"), broken = Path.Combine(folder, "broken.truth");
        var plan = TruthPlan.For(Sampling, 20) with { BatchPlaces = 3 };
        var expected = Estimate(forest, plan, whole);
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => Estimate(forest, plan, broken, at =>
        {
            if (at.PlacesDone >= 6) stop.Cancel();
        }, cancellation: stop.Token));
        Assert.True(new FileInfo(broken).Length < new FileInfo(whole).Length);
        // killed between two lines of a batch, and within the next
        File.WriteAllLines(broken, File.ReadAllLines(whole)[..6]);
        File.AppendAllText(broken, "5 20 3.3333");
        var resumed = new List<int>();
        var actual = Estimate(forest, plan, broken, at => resumed.Add(at.PlacesDone));
        Assert.Equal(6, resumed[0]);
        Assert.Equal(File.ReadAllBytes(whole), File.ReadAllBytes(broken));
        Assert.Equal(expected.NodeValue, actual.NodeValue);
        Assert.Equal(expected.Tokens, actual.Tokens);
        Assert.Equal(Estimate(forest, plan).NodeVariance, actual.NodeVariance);
    }

    [Fact]
    public void Budgets_end_a_truth_and_more_budget_continues_it()
    {
        var forest = Grown();
        string file = Path.Combine(folder, "budget.truth");
        var plan = TruthPlan.For(Sampling, 20) with { BatchPlaces = 2 };
        var some = Estimate(forest, plan with { BudgetPlaces = 3 }, file);
        Assert.Equal(4, some.PlacesDone); // whole batches
        Assert.True(double.IsNaN(some.PromptValue[2]));
        var tokens = Estimate(forest, plan with { BudgetTokens = 1 });
        Assert.Equal(2, tokens.PlacesDone);
        Assert.Equal(Estimate(forest, plan).NodeValue, Estimate(forest, plan, file).NodeValue);
    }

    [Fact]
    public void A_file_of_another_truth_or_a_broken_one_is_refused()
    {
        var forest = Grown(1);
        string file = Path.Combine(folder, "one.truth");
        var plan = TruthPlan.For(Sampling, 10);
        Estimate(forest, plan, file);
        Assert.Contains("give another file name", Assert.Throws<InvalidOperationException>(() => Estimate(forest, plan, file, seed: 6)).Message);
        Assert.Throws<InvalidOperationException>(() => Estimate(forest, plan with { Samples = 11 }, file));
        string[] lines = File.ReadAllLines(file);
        lines[2] = "1 ten 0 0 0";
        File.WriteAllLines(file, lines);
        Assert.Contains("line 3", Assert.Throws<InvalidDataException>(() => Estimate(forest, plan, file)).Message);
    }

    [Fact]
    public void Plans_that_cannot_be_are_refused()
    {
        var forest = Grown(1);
        Assert.Contains("at least 2", Assert.Throws<ArgumentOutOfRangeException>(() => Estimate(forest, new TruthPlan { Samples = 1 })).Message);
        Assert.Contains("TruthPlan.For", Assert.Throws<ArgumentException>(() => Estimate(forest, new TruthPlan { MaxTokens = 2 })).Message);
        Assert.Contains("repetition", Assert.Throws<ArgumentException>(() => TruthPlan.For(Sampling with { Repetition = new RepetitionRule(2, 2) })).Message);
    }
}
