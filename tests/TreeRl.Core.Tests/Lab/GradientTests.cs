using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Credit;
using TreeRl.Forests;
using TreeRl.Lab;
using TreeRl.Models;
using TreeRl.Objectives;
using TreeRl.Policies;
using TreeRl.Policies.Cpu;
using TreeRl.Rewards;
using TreeRl.Tests.Policies;
using TreeRl.Training;
using Xunit;

namespace TreeRl.Tests.Lab;

public class GradientTests
{
    private static readonly string[] Shapes = ["2(1(1 2) 3) 2", "1(2 2) 3(1 1 2)", "2 3 1"];

    private static CpuPolicy NewPolicy(ModelConfig? config = null) => CpuPolicy.Create(ModelWeights.Random(config ?? TestModels.Plain, Seed.Of(3), 0.3), new CpuOptions { Threads = 2 });

    private static (Forest Forest, LeafOutcomes Outcomes) Example()
    {
        var forest = Forest.OfShape(string.Join(" | ", Shapes));
        return (forest, LeafOutcomes.FromScores([.. Enumerable.Range(0, forest.LeafTotal).Select(leaf => leaf * 5 % 3 / 2.0)]));
    }

    private static double[] Sum(PromptGradients gradients)
    {
        var sum = new double[gradients.Length];
        for (int p = 0; p < gradients.PromptIds.Length; p++)
            for (int i = 0; i < sum.Length; i++) sum[i] += gradients[p][i];
        return sum;
    }

    private static double Cosine(double[] a, double[] b)
    {
        double ab = 0, aa = 0, bb = 0;
        for (int i = 0; i < a.Length; i++) (ab, aa, bb) = (ab + a[i] * b[i], aa + a[i] * a[i], bb + b[i] * b[i]);
        return ab / Math.Sqrt(aa * bb);
    }

    private static double[] Flat(ModelWeights gradient) => [.. gradient.Names.SelectMany(name => gradient[name].Values).Select(value => (double)value)];

    public static TheoryData<string> Rules => [.. CreditRules.All.Select(rule => rule.Name)];

    [Theory]
    [MemberData(nameof(Rules))]
    public void Prompts_add_up_to_the_gradient_of_the_whole_batch(string name)
    {
        using var policy = NewPolicy();
        var (forest, outcomes) = Example();
        var credit = Redistribution.Apply(CreditRules.All.First(rule => rule.Name == name), forest, outcomes);
        foreach (var aggregation in new[] { new AggregationSettings(Aggregation.TokenMean), new AggregationSettings(Aggregation.SequenceMeanTokenMean) })
        {
            double[] parts = Sum(PromptGradients.Of(policy, credit, aggregation: aggregation));
            policy.Accumulate(Packer.Pack(credit, aggregation), ObjectivePresets.Reinforce);
            double[] whole = Flat(policy.TakeGradient());
            double largest = whole.Max(Math.Abs);
            Assert.True(largest > 0);
            TestTrees.Near(whole, parts, 1e-4 * largest);
        }
    }

    [Fact]
    public void Clipped_objectives_have_the_same_gradient_as_reinforce_before_the_first_update()
    {
        using var policy = NewPolicy();
        var (forest, outcomes) = Example();
        var credit = Redistribution.Apply(CreditRules.TreeAdv, forest, outcomes);
        double[] plain = Sum(PromptGradients.Of(policy, credit)), clipped = Sum(PromptGradients.Of(policy, credit, ObjectivePresets.Grpo));
        Assert.Equal(1, Cosine(plain, clipped), 1e-6);
        TestTrees.Near(plain, clipped, 1e-5 * plain.Max(Math.Abs));
    }

    [Fact]
    public void Taking_the_gradient_clears_it_and_changes_nothing_else()
    {
        using var policy = NewPolicy();
        var (forest, outcomes) = Example();
        var before = policy.ExportWeights();
        policy.Accumulate(Packer.Pack(Redistribution.Apply(CreditRules.Grpo, forest, outcomes), ObjectivePresets.Grpo.Aggregation), ObjectivePresets.Grpo);
        Assert.Contains(Flat(policy.TakeGradient()), value => value != 0);
        Assert.All(Flat(policy.TakeGradient()), value => Assert.Equal(0, value));
        Assert.Equal(Flat(before), Flat(policy.ExportWeights()));
        Assert.Equal(0, policy.ExportOptimizer().Step);
    }

    [Fact]
    public void The_cosine_of_a_gradient_with_itself_is_one()
    {
        using var policy = NewPolicy();
        var (forest, outcomes) = Example();
        var gradient = PromptGradients.Of(policy, Redistribution.Apply(CreditRules.Spo, forest, outcomes));
        var score = GradientScore.Of("spo", gradient, new TrueGradient(gradient, gradient, 4, 0));
        Assert.Equal(1, score.Cosine.Value, 1e-9);
        Assert.Equal(1, score.Ceiling.Value, 1e-9);
        Assert.Equal(1, score.Corrected.Value, 1e-9);
        Assert.Equal(1, score.Cosine.Low, 1e-9);
        Assert.Equal(Cosine(Sum(gradient), Sum(gradient)), score.Cosine.Value, 1e-9);
    }

    [Fact]
    public void The_cosine_is_that_of_the_sums_over_prompts()
    {
        using var policy = NewPolicy();
        var (forest, outcomes) = Example();
        PromptGradients Of(CreditRule rule) => PromptGradients.Of(policy, Redistribution.Apply(rule, forest, outcomes));
        PromptGradients spo = Of(CreditRules.Spo), grpo = Of(CreditRules.Grpo), treeRl = Of(CreditRules.TreeRl);
        var truth = new TrueGradient(grpo, treeRl, 4, 0);
        double[] mean = [.. Sum(grpo).Zip(Sum(treeRl), (a, b) => (a + b) / 2)];
        var score = GradientScore.Of("spo", spo, truth);
        Assert.Equal(Cosine(Sum(spo), mean), score.Cosine.Value, 1e-5);
        var other = GradientScore.Of("grpo", grpo, truth);
        var difference = score.Minus(other);
        Assert.Equal(score.Cosine.Value - other.Cosine.Value, difference.Value, 1e-12);
        Assert.True(difference.Low < difference.Value && difference.Value < difference.High, difference.ToString());
        Assert.Equal(new Estimate(0, 0, 0), score.Minus(score));
        Assert.Throws<ArgumentException>(() => score.Minus(GradientScore.Of("grpo", grpo, new TrueGradient(grpo, grpo, 4, 0))));
        double product = Sum(grpo).Zip(Sum(treeRl), (a, b) => a * b).Sum(), norm = mean.Sum(x => x * x);
        Assert.Equal(Math.Sqrt(product / norm), score.Ceiling.Value, 1e-5);
    }

    [Fact]
    public void Order_of_prompts_and_siblings_does_not_matter()
    {
        using var policy = NewPolicy();
        var (forest, outcomes) = Example();
        int[] order = [2, 0, 1];
        var permuted = forest.SelectPrompts(order);
        var moved = LeafOutcomes.FromOutcomes([.. order.SelectMany(p => Enumerable.Range(0, forest.LeafTotal).Where(leaf => forest.PromptOf[forest.Leaves[leaf]] == p)).Select(leaf => outcomes.Total[leaf])]);
        var reversed = Reversed(forest, out int[] leafOrder);
        var turned = LeafOutcomes.FromOutcomes([.. leafOrder.Select(leaf => outcomes.Total[leaf])]);
        foreach (var rule in new[] { CreditRules.Grpo, CreditRules.TreeRpo, CreditRules.TreeRl, CreditRules.Spo })
        {
            PromptGradients Of(Forest f, LeafOutcomes o) => PromptGradients.Of(policy, Redistribution.Apply(rule, f, o));
            double[] plain = Sum(Of(forest, outcomes));
            TestTrees.Near(plain, Sum(Of(permuted, moved)), 1e-4 * plain.Max(Math.Abs));
            TestTrees.Near(plain, Sum(Of(reversed, turned)), 1e-4 * plain.Max(Math.Abs));
        }
    }

    [Fact]
    public void The_true_gradient_nears_the_enumerated_one()
    {
        var config = TestModels.Plain with { VocabSize = 3 };
        using var policy = NewPolicy(config);
        var tokenizer = FakeTokenizer.Letters(3);
        var reward = RewardPlan.Of(new RewardTerm("b", 1, answer => Outcome.Score(answer.Text.Length == 0 ? 0.5 : answer.Text[0] == 'b' ? 1 : answer.Text.Length - 1)));
        ForestPrompt[] prompts = [new("p", "", [1, 2], ""), new("q", "", [2], "")];
        var truth = TrueGradient.Estimate(policy, tokenizer, prompts, reward, new TruthPlan { MaxTokens = 2 }, 2000, Seed.Of(9));
        var exact = Enumerated(policy, prompts, reward, tokenizer);
        var score = GradientScore.Of("exact", exact, truth);
        Assert.True(score.Cosine.Value > 0.99, score.ToString());
        Assert.Equal(1, score.Corrected.Value, 0.01);
        // the length agrees as well: minus the gradient of the mean reward, summed over the prompts, each the mean of its answers, over both
        double[] a = Sum(exact), b = Sum(truth.Mean);
        Assert.Equal(1, Math.Sqrt(b.Sum(x => x * x) / a.Sum(x => x * x)) * prompts.Length, 0.1);
    }

    [Fact]
    public void What_is_no_gradient_of_the_expected_reward_is_refused()
    {
        using var policy = NewPolicy();
        var (forest, outcomes) = Example();
        var reward = RewardPlan.Of(new RewardTerm("one", 1, _ => Outcome.Score(1)));
        var tokenizer = FakeTokenizer.Letters(32);
        var cold = new TruthPlan { Picking = new PickSettings { Temperature = 0.5 } };
        Assert.Contains("temperature 1", Assert.Throws<ArgumentException>(() => TrueGradient.Estimate(policy, tokenizer, forest.Prompts, reward, cold, 4, Seed.Of(1))).Message);
        Assert.Contains("even", Assert.Throws<ArgumentOutOfRangeException>(() => TrueGradient.Estimate(policy, tokenizer, forest.Prompts, reward, new TruthPlan(), 5, Seed.Of(1))).Message);
        var credit = Redistribution.Apply(CreditRules.Grpo, forest, outcomes);
        Assert.Contains("KL", Assert.Throws<ArgumentException>(() => PromptGradients.Of(policy, credit, ObjectivePresets.Grpo.WithKl(KlEstimator.K3, 0.1))).Message);
        PromptGradients some = PromptGradients.Of(policy, credit), other = PromptGradients.Of(policy, Redistribution.Apply(CreditRules.Grpo, forest.SelectPrompts([0]), LeafOutcomes.FromScores(1, 0, 0, 1)));
        Assert.Contains("different prompts", Assert.Throws<ArgumentException>(() => some.InnerProducts(other)).Message);
    }

    /// <summary>Minus the gradient of the expected reward: every answer of at most two tokens, weighted by its probability.</summary>
    private static PromptGradients Enumerated(CpuPolicy policy, ForestPrompt[] prompts, RewardPlan reward, FakeTokenizer tokenizer)
    {
        var builder = new ForestBuilder();
        foreach (var prompt in prompts)
        {
            int p = builder.AddPrompt(prompt);
            for (int first = 0; first < 3; first++)
            {
                for (int second = 0; second < (first == 0 ? 1 : 3); second++)
                    builder.Finish(builder.AddRoot(p, first == 0 ? [0] : [first, second]), Finish.EndOfText);
            }
        }
        var forest = builder.Seal();
        var rule = new CreditRule("reward");
        var sum = new AggregationSettings(Aggregation.SequenceMeanTokenSumNorm, 1);
        var batch = Packer.Pack(Redistribution.Apply(rule, forest, LeafOutcomes.FromScores([.. forest.Leaves.Select(_ => 1.0)])), sum);
        var logProb = new float[batch.TargetCount];
        policy.Score(batch, logProb, new float[batch.TargetCount]);
        var byToken = new float[forest.TokenTotal];
        for (int k = 0; k < logProb.Length; k++) byToken[batch.TargetSource[k]] = logProb[k];
        var earned = Grading.Grade(forest, tokenizer, reward).Total;
        double[] scores = [.. forest.Leaves.Select((node, leaf) => earned[leaf].Value * Math.Exp(byToken.AsSpan(forest.FirstToken[node], forest.TokenCount[node]).ToArray().Sum()))];
        return PromptGradients.Of(policy, Redistribution.Apply(rule, forest, LeafOutcomes.FromScores(scores)), aggregation: sum);
    }

    /// <summary>The same forest with siblings and roots in reverse order; <paramref name="leafOrder"/> gives the leaf that each new one was.</summary>
    private static Forest Reversed(Forest forest, out int[] leafOrder)
    {
        var builder = new ForestBuilder();
        var order = new List<int>();
        for (int p = 0; p < forest.PromptCount; p++)
        {
            int prompt = builder.AddPrompt(forest.Prompts[p]);
            foreach (int root in forest.Roots.Where(r => forest.PromptOf[r] == p).Reverse()) Copy(root, builder.AddRoot(prompt, Tokens(root)));
        }
        leafOrder = [.. order];
        return builder.Seal();

        int[] Tokens(int node) => forest.TokenId.AsSpan(forest.FirstToken[node], forest.TokenCount[node]).ToArray();

        void Copy(int node, int to)
        {
            if (forest.IsLeaf(node))
            {
                builder.Finish(to, forest.Finish[node]);
                order.Add(forest.FirstLeaf[node]);
            }
            foreach (int child in forest.Children(node).Reverse()) Copy(child, builder.AddChild(to, Tokens(child)));
        }
    }
}
