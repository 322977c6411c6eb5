using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using TreeRl.Credit;
using TreeRl.Forests;
using TreeRl.Inspection;
using TreeRl.Models;
using TreeRl.Policies.Cpu;
using TreeRl.Rewards;
using TreeRl.Tasks;
using Xunit;

namespace TreeRl.Tests.Inspection;

public sealed class InspectionTests
{
    private static readonly CharTokenizer Tokenizer = ChainTasks.NewTokenizer();

    private static CreditResult Credit(string shape, params double[] scores)
    {
        var forest = Forest.OfShape(shape, Tokenizer.VocabSize);
        return Redistribution.Apply(CreditRules.TreeAdv, forest, LeafOutcomes.FromScores(scores));
    }

    private static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(e => e.ValueKind == JsonValueKind.Null ? double.NaN : e.GetDouble())];

    [Theory]
    [InlineData(6, 50, new[] { 0, 10, 20, 29, 39, 49 })]
    [InlineData(3, 5, new[] { 0, 2, 4 })]
    [InlineData(2, 5, new[] { 0, 4 })]
    [InlineData(1, 5, new[] { 4 })]
    [InlineData(0, 5, new int[0])]
    [InlineData(9, 3, new[] { 0, 1, 2 })]
    [InlineData(6, 1, new[] { 0 })]
    public void The_steps_kept_are_spread_evenly_and_hold_the_first_and_the_last(int wanted, int stepCount, int[] expected)
    {
        var plan = new InspectionPlan { Steps = wanted };
        Assert.Equal(expected, Enumerable.Range(0, stepCount).Where(step => plan.Keeps(step, stepCount)));
    }

    [Fact]
    public void As_many_steps_are_kept_as_were_asked_for_whatever_the_length_of_the_run()
    {
        for (int wanted = 1; wanted <= 12; wanted++)
        {
            for (int stepCount = wanted; stepCount <= 70; stepCount++)
            {
                var plan = new InspectionPlan { Steps = wanted };
                Assert.Equal(wanted, Enumerable.Range(0, stepCount).Count(step => plan.Keeps(step, stepCount)));
            }
        }
    }

    [Fact]
    public void Of_the_prompts_the_largest_mixed_one_comes_first_then_one_all_bad_and_one_all_good()
    {
        // all good, mixed of 2 tokens, all bad, mixed of 5 tokens, all good
        var credit = Credit("1 1 | 1 1 | 1 1 | 2 3 | 1 1", 1, 1, 1, 0, 0, 0, 0, 1, 1, 1);
        Assert.Equal([3], new InspectionPlan { Prompts = 1 }.Choose(credit));
        Assert.Equal([2, 3], new InspectionPlan { Prompts = 2 }.Choose(credit));
        Assert.Equal([0, 2, 3], new InspectionPlan { Prompts = 3 }.Choose(credit));
        Assert.Equal([0, 1, 2, 3], new InspectionPlan { Prompts = 4 }.Choose(credit));
        Assert.Equal([2, 3], new InspectionPlan { TokensPerStep = 8, Prompts = 5 }.Choose(credit));
        Assert.Equal([3], new InspectionPlan { TokensPerStep = 1, Prompts = 5 }.Choose(credit));
    }

    [Fact]
    public void A_prompt_is_written_with_its_own_numbering_and_every_column()
    {
        // Prompt 1: a root of 2 tokens with leaves of 1 and 3 tokens, rewards 1 and 0.
        var credit = Credit("4 | 2(1 3)", 0, 1, 0);
        var outcomes = LeafOutcomes.FromScores(0, 1, 0);
        var grpo = Redistribution.Apply(CreditRules.Grpo, credit.Forest, outcomes);
        string text = TreeJson.Write(Tokenizer, outcomes, [credit, grpo], 1, [-1, -2, float.NaN, -4, -5, -6], [new FailedRule("x", "why")]);
        using var parsed = JsonDocument.Parse(text);
        var json = parsed.RootElement;
        Assert.Equal("p1", json.GetProperty("id").GetString());
        Assert.Equal([-1, 0, 0], Numbers(json.GetProperty("parent")));
        Assert.Equal([2, 1, 3], Numbers(json.GetProperty("count")));
        var vocab = json.GetProperty("vocab").EnumerateArray().ToArray();
        var ids = Numbers(json.GetProperty("tokens")).Select(place => vocab[(int)place][0].GetInt32());
        Assert.Equal(credit.Forest.TokenId.Skip(4), ids);
        Assert.Equal(credit.Forest.Entropy.Skip(4).Select(e => (double)e), Numbers(json.GetProperty("entropy")));
        Assert.Equal([-1, -2, double.NaN, -4, -5, -6], Numbers(json.GetProperty("logProbAfter")));
        var leaves = json.GetProperty("outcomes").EnumerateArray().ToArray();
        Assert.Equal([1, 0], leaves.Select(leaf => leaf.GetProperty("score").GetDouble()));
        Assert.Equal("EndOfText", leaves[0].GetProperty("finish").GetString());
        var rules = json.GetProperty("rules").EnumerateArray().ToArray();
        Assert.Equal(["treeAdv", "grpo"], rules.Select(rule => rule.GetProperty("name").GetString()));
        // z-scores of (1, 0) with the sample deviation: +-1/sqrt(2); the shared root is their mean under both rules.
        Assert.Equal([0, 0.7071, -0.7071], Numbers(rules[0].GetProperty("advantage")));
        Assert.Equal([0, 0.7071, -0.7071], Numbers(rules[1].GetProperty("advantage")));
        Assert.False(rules[0].GetProperty("byToken").GetBoolean());
        Assert.True(rules[0].GetProperty("signal").GetBoolean());
        Assert.Equal("why", json.GetProperty("failed")[0].GetProperty("reason").GetString());
    }

    [Fact]
    public void Advantages_that_differ_within_a_node_are_written_by_token()
    {
        var rule = CreditRules.TreeAdv with
        {
            After = [AfterStep.Tokens("rising", (_, advantages) => advantages.Select((a, t) => a + t).ToArray())],
        };
        var forest = Forest.OfShape("2(1 1)", Tokenizer.VocabSize);
        var outcomes = LeafOutcomes.FromScores(1, 0);
        using var parsed = JsonDocument.Parse(TreeJson.Write(Tokenizer, outcomes, [Redistribution.Apply(rule, forest, outcomes)], 0));
        var written = parsed.RootElement.GetProperty("rules")[0];
        Assert.True(written.GetProperty("byToken").GetBoolean());
        Assert.Equal([0, 1, 2.707, 2.293], Numbers(written.GetProperty("advantage")));
        Assert.False(parsed.RootElement.TryGetProperty("logProbAfter", out _));
    }

    [Fact]
    public void An_answer_without_a_score_and_a_node_without_training_are_null_not_zero()
    {
        var forest = Forest.OfShape("1 1 1", Tokenizer.VocabSize);
        var outcomes = LeafOutcomes.FromOutcomes([Outcome.Score(1), Outcome.Failed("boom"), Outcome.Score(0)]);
        using var parsed = JsonDocument.Parse(TreeJson.Write(Tokenizer, outcomes, [Redistribution.Apply(CreditRules.TreeAdv, forest, outcomes)], 0));
        var leaf = parsed.RootElement.GetProperty("outcomes")[1];
        Assert.False(leaf.TryGetProperty("score", out _));
        Assert.Contains("boom", leaf.GetProperty("text").GetString());
        Assert.Equal(JsonValueKind.Null, parsed.RootElement.GetProperty("rules")[0].GetProperty("advantage")[1].ValueKind);
    }

    [Fact]
    public void A_step_shows_the_other_rules_and_names_those_that_the_rewards_do_not_suit()
    {
        using var policy = CpuPolicy.Create(Small());
        var credit = Credit("3(2 2) | 2 2", 1, 0, 3, 0);
        var plan = new InspectionPlan { Rules = [CreditRules.TreeAdv, CreditRules.Grpo, CreditRules.TreeRpo] };
        var step = InspectedStep.Of(plan, policy, Tokenizer, LeafOutcomes.FromScores(1, 0, 3, 0), credit, 4);
        using var parsed = JsonDocument.Parse(step.Json);
        Assert.Equal(2, parsed.RootElement.GetArrayLength());
        var first = parsed.RootElement[0];
        Assert.Equal(["treeAdv", "grpo"], first.GetProperty("rules").EnumerateArray().Select(rule => rule.GetProperty("name").GetString()));
        Assert.Equal("treeRpo", first.GetProperty("failed")[0].GetProperty("name").GetString());
        Assert.Equal(7, first.GetProperty("logProbAfter").GetArrayLength());
        Assert.DoesNotContain(double.NaN, Numbers(first.GetProperty("logProbAfter")));
    }

    [Fact]
    public void The_log_probabilities_after_an_update_are_those_the_policy_gives()
    {
        using var policy = CpuPolicy.Create(Small());
        var forest = Forest.OfShape("3(2 1(1 2)) 2", Tokenizer.VocabSize);
        var tree = InspectedStep.LogProb(policy, forest);
        // The path of every leaf as a chain of its own gives the same numbers.
        foreach (int leaf in forest.Leaves)
        {
            var chain = new ForestBuilder();
            int root = chain.AddRoot(chain.AddPrompt("p0"));
            foreach (int token in forest.PathTokens(leaf)) chain.AddToken(root, token, -1, 0);
            chain.Finish(root, Finish.EndOfText);
            var alone = InspectedStep.LogProb(policy, chain.Seal());
            var path = forest.Path(leaf).SelectMany(n => Enumerable.Range(forest.FirstToken[n], forest.TokenCount[n])).Select(t => tree[t]);
            Assert.All(alone.Zip(path), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        }
    }

    [Fact]
    public void Steps_are_read_back_in_order_and_later_ones_left_out()
    {
        string folder = Directory.CreateTempSubdirectory("treerl-inspection-").FullName;
        try
        {
            foreach (int step in new[] { 10, 2, 7 }) new InspectedStep(step, $"[{step}]").Save(folder);
            Assert.Equal([2, 7], InspectedStep.Load(folder, 10).Select(kept => kept.Step));
            Assert.Equal("[7]", InspectedStep.Load(folder, 11)[1].Json);
            File.WriteAllText(Path.Combine(folder, "inspection", "step-7.json"), "[7");
            var error = Assert.Throws<InvalidDataException>(() => InspectedStep.Load(folder, 11));
            Assert.Contains("step-7.json", error.Message);
            Assert.Empty(InspectedStep.Load(Path.Combine(folder, "no-run"), 11));
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    private static ModelWeights Small() => ModelWeights.Random(
        new ModelConfig { VocabSize = Tokenizer.VocabSize, Width = 16, Layers = 1, Heads = 2, KeyValueHeads = 1, HeadSize = 8, FeedForward = 32, ContextLength = 64 },
        Seed.Of(1));
}
