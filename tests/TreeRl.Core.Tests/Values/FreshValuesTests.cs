using System;
using System.Linq;
using TreeRl.Credit;
using TreeRl.Forests;
using TreeRl.Rewards;
using TreeRl.Sampling;
using TreeRl.Values;
using Xunit;

namespace TreeRl.Tests.Values;

/// <summary>
/// A policy that writes a or b by a coin, then c, d and the end; b earns 1. Steps of two tokens: an answer is the nodes "ac" and "d end", or "bc"
/// and "d end". Behind the first node the reward is certain, at the prompt it is 1/2.
/// </summary>
public class FreshValuesTests
{
    private static readonly FakeTokenizer Letters = FakeTokenizer.Letters(5);
    private static readonly RewardPlan Reward = RewardPlan.Of(new RewardTerm("b", 1, answer => Outcome.Score(answer.Text.Contains('b') ? 1 : 0)));
    private static readonly SamplingPlan Sampling = new() { Trees = 4, MaxLeaves = 4, MaxTokens = 6, StepNodes = new StepRule.EveryTokens(2) };

    private static FakePolicy Coin() => FakePolicy.Scripted(5, answer => answer.Length switch
    {
        0 => [0, .5, .5, 0, 0],
        1 => FakePolicy.Only(5, 3),
        2 => FakePolicy.Only(5, 4),
        _ => FakePolicy.Only(5, 0),
    });

    private static (Forest Forest, LeafOutcomes Outcomes) Grown(int prompts = 3)
    {
        var forest = Grow.Forest(Coin(), Letters, Sampling, prompts);
        return (forest, Grading.Grade(forest, Letters, Reward));
    }

    private static NodeEstimates Estimate(CreditRule rule, Forest forest, long seed = 3) =>
        FreshValues.Estimate(rule, Coin(), Letters, forest, Reward, Sampling, Seed.Of(seed), TestContext.Current.CancellationToken);

    [Fact]
    public void Every_step_earns_the_rise_in_value_along_it()
    {
        var (forest, outcomes) = Grown();
        var rule = CreditRules.VinePpo(9);
        var estimates = Estimate(rule, forest);
        Assert.True(estimates.Complete);
        var credit = Redistribution.Apply(FreshValues.Supply(rule, forest, outcomes, estimates), forest, outcomes);
        for (int n = 0; n < forest.NodeCount; n++)
        {
            bool b = forest.PathTokens(n)[0] == 2;
            double question = estimates.Prompt[forest.PromptOf[n]];
            Assert.Equal(Math.Round(9 * question), 9 * question, 9); // ninths
            Assert.InRange(question, 0.01, 0.99);
            if (forest.IsLeaf(n)) Assert.Equal(double.NaN, estimates.Node[n]);
            else Assert.Equal(b ? 1.0 : 0.0, estimates.Node[n]);
            Assert.Equal(forest.IsLeaf(n) ? 0 : (b ? 1.0 : 0.0) - question, credit.NodeAdvantage[n], 12);
        }
    }

    [Fact]
    public void Places_with_equal_paths_are_sampled_once_and_all_tokens_count()
    {
        var (forest, _) = Grown(1);
        var estimates = Estimate(CreditRules.VinePpo(5), forest);
        int distinct = forest.Roots.Select(root => forest.PathTokens(root)[0]).Distinct().Count();
        Assert.Equal(1 + distinct, estimates.PlaceCount);
        Assert.Equal(5 * 4 + distinct * 5 * 2, estimates.Tokens);
    }

    [Fact]
    public void Values_depend_on_the_seed_and_the_path_alone()
    {
        var (forest, _) = Grown(4);
        var all = Estimate(CreditRules.VinePpo(5), forest);
        var last = Estimate(CreditRules.VinePpo(5), forest.SelectPrompts([3]));
        Assert.Equal(all.Prompt[3], last.Prompt[0]);
        Assert.NotEqual(all.Prompt, Estimate(CreditRules.VinePpo(5), forest, seed: 4).Prompt);
        Assert.Equal(all.Prompt, Estimate(CreditRules.VinePpo(5), forest).Prompt);
    }

    [Fact]
    public void Past_the_budget_a_place_has_the_mean_of_its_own_leaves_and_shallow_places_come_first()
    {
        var (forest, outcomes) = Grown(40);
        var rule = CreditRules.VinePpo(3) with { Backup = Backup.FreshValues(3, budgetTokens: 1) };
        var estimates = Estimate(rule, forest);
        Assert.Equal(FreshValues.BatchPlaces, estimates.PlacesDone);
        Assert.Equal(FreshValues.BatchPlaces, estimates.Prompt.Count(value => !double.IsNaN(value)));
        Assert.All(estimates.Node, value => Assert.Equal(double.NaN, value));
        var credit = Redistribution.Apply(FreshValues.Supply(rule, forest, outcomes, estimates), forest, outcomes);
        var own = Redistribution.Apply(CreditRules.DrGrpo.WithBackup(Backup.MeanOfLeaves), forest, outcomes);
        for (int n = 0; n < forest.NodeCount; n++) Assert.Equal(own.NodeValue[n], credit.NodeValue[n]);
        Assert.Equal(own.PromptValue[39], credit.PromptValue[39]);
        Assert.Equal(estimates.Prompt[0], credit.PromptValue[0]);
        Assert.Contains("(budget spent)", estimates.ToString());
    }

    [Fact]
    public void Without_values_the_rule_says_where_they_come_from()
    {
        var (forest, outcomes) = Grown(1);
        Assert.Contains("asks for values that are sampled with the policy", Assert.Throws<ArgumentException>(() => Redistribution.Apply(CreditRules.VinePpo(), forest, outcomes)).Message);
        Assert.Contains("asks for no values", Assert.Throws<ArgumentException>(() => Estimate(CreditRules.Spo, forest)).Message);
        Assert.Contains("needs at least 1 continuation", string.Join("; ", CreditRules.VinePpo(0).Problems()));
        Assert.Contains("fresh values are rewards", string.Join("; ", CreditRules.VinePpo().WithLeaves(LeafTransform.Centre(CreditScope.Prompt)).Problems()));
        var report = LawBook.Check(CreditRules.VinePpo(), new LawOptions { Forests = 10 });
        report.ThrowIfBroken();
        Assert.Contains("checked with meanOfLeaves in place of freshValues 9", report.Note);
    }
}
