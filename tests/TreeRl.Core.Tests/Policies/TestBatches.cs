using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Models;
using TreeRl.Policies;

namespace TreeRl.Tests.Policies;

/// <summary>A node of a hand-made or random tree for the engine's tests.</summary>
internal sealed class TestNode
{
    public required int[] Tokens { get; init; }
    public List<TestNode> Children { get; } = [];
}

/// <summary>A prompt with its trees.</summary>
internal sealed record TestPrompt(int[] Tokens, List<TestNode> Roots);

/// <summary>Small models and packed batches, made from a seed.</summary>
internal static class TestBatches
{
    /// <summary>Weights large enough that every part of the model matters: gains around 1, biases not 0.</summary>
    public static ModelWeights Weights(ModelConfig config, long seed = 1)
    {
        var weights = ModelWeights.Random(config, Seed.Of(seed), 0.3);
        foreach (string name in weights.Names)
        {
            bool gain = name.EndsWith("norm.weight", StringComparison.Ordinal), bias = name.EndsWith("bias", StringComparison.Ordinal);
            if (!gain && !bias) continue;
            var values = weights[name].Values;
            var stream = Seed.Of(seed).Child(name);
            for (int i = 0; i < values.Length; i++) values[i] = (float)((gain ? 1 : 0) + stream.Uniform(i) - 0.5);
        }
        return weights;
    }

    public static List<TestPrompt> RandomPrompts(int count, int vocab, long seed, int maxTrees = 3, int maxDepth = 3, int maxNode = 5, int maxPrompt = 7)
    {
        var random = new Random((int)seed);
        int[] Tokens(int max) => [.. Enumerable.Range(0, random.Next(1, max + 1)).Select(_ => random.Next(vocab))];
        TestNode Node(int depth)
        {
            var node = new TestNode { Tokens = Tokens(random.Next(3) == 0 ? 1 : maxNode) };
            if (depth < maxDepth && random.Next(3) > 0)
            {
                int children = random.Next(2, 5);
                for (int i = 0; i < children; i++) node.Children.Add(Node(depth + 1));
            }
            return node;
        }

        return [.. Enumerable.Range(0, count).Select(_ => new TestPrompt(Tokens(maxPrompt), [.. Enumerable.Range(0, random.Next(1, maxTrees + 1)).Select(_ => Node(0))]))];
    }

    /// <summary>A batch of random trees with <see cref="WithMasses"/>: what every engine can be asked to train on.</summary>
    public static PackedBatch Random(ModelConfig config, long seed, int prompts = 3) => WithMasses(Pack(RandomPrompts(prompts, config.VocabSize, seed)), seed);

    /// <summary>The batch with masses of both signs, entropies' too, for <see cref="LinearObjective"/>.</summary>
    public static PackedBatch WithMasses(PackedBatch batch, long seed)
    {
        var stream = Seed.Of(seed);
        for (int t = 0; t < batch.TargetCount; t++)
        {
            batch.Credit.PositiveMass[t] = (float)stream.Uniform(2 * t) - 0.3f;
            batch.Credit.NegativeMass[t] = (float)stream.Uniform(2 * t + 1) - 0.6f;
        }
        return batch;
    }

    /// <summary>The central difference of <see cref="LinearObjective"/>'s loss in the plain model as a tensor moves along a direction, by a share of it either way.</summary>
    public static double Slope(ReferenceModel reference, PackedBatch batch, string tensor, double[] direction, double share)
    {
        double Loss(double amount)
        {
            var values = reference.Weights[tensor];
            reference.Weights[tensor] = [.. values.Select((v, i) => v + amount * direction[i])];
            var (logProb, entropy) = reference.Score(batch);
            reference.Weights[tensor] = values;
            double loss = 0;
            for (int t = 0; t < batch.TargetCount; t++) loss += batch.Credit.PositiveMass[t] * logProb[t] + batch.Credit.NegativeMass[t] * entropy[t];
            return loss;
        }

        return (Loss(share) - Loss(-share)) / (2 * share);
    }

    /// <summary>The same answers as chains: one tree per leaf, nothing shared but the prompt, or with <paramref name="ownPrompt"/> a group per leaf.</summary>
    public static List<TestPrompt> AsPaths(List<TestPrompt> prompts, bool ownPrompt)
    {
        var made = new List<TestPrompt>();
        foreach (var prompt in prompts)
        {
            var chains = new List<TestNode>();
            void Walk(TestNode node, int[] before)
            {
                int[] path = [.. before, .. node.Tokens];
                if (node.Children.Count == 0) chains.Add(new TestNode { Tokens = path });
                foreach (var child in node.Children) Walk(child, path);
            }

            foreach (var root in prompt.Roots) Walk(root, []);
            if (ownPrompt) made.AddRange(chains.Select(chain => new TestPrompt(prompt.Tokens, [chain])));
            else made.Add(new TestPrompt(prompt.Tokens, chains));
        }
        return made;
    }

    public static PackedBatch Pack(IEnumerable<TestPrompt> prompts)
    {
        List<int> groupFirstSegment = [], groupFirstTarget = [], segmentParent = [], segmentFirstRow = [], rowToken = [], rowPosition = [], targetRow = [], targetToken = [];
        void Walk(TestNode node, int parent, int position)
        {
            int segment = segmentParent.Count, predictor = LastRow(parent);
            segmentParent.Add(parent);
            segmentFirstRow.Add(rowToken.Count);
            for (int i = 0; i < node.Tokens.Length; i++)
            {
                targetRow.Add(predictor);
                targetToken.Add(node.Tokens[i]);
                if (node.Children.Count == 0 && i == node.Tokens.Length - 1) break;
                predictor = rowToken.Count;
                rowToken.Add(node.Tokens[i]);
                rowPosition.Add(position + i);
            }
            lastRow.Add(rowToken.Count - 1);
            foreach (var child in node.Children) Walk(child, segment, position + node.Tokens.Length);
        }

        lastRow = [];
        foreach (var prompt in prompts)
        {
            int segment = segmentParent.Count;
            groupFirstSegment.Add(segment);
            groupFirstTarget.Add(targetRow.Count);
            segmentParent.Add(-1);
            segmentFirstRow.Add(rowToken.Count);
            for (int i = 0; i < prompt.Tokens.Length; i++)
            {
                rowToken.Add(prompt.Tokens[i]);
                rowPosition.Add(i);
            }
            lastRow.Add(rowToken.Count - 1);
            foreach (var root in prompt.Roots) Walk(root, segment, prompt.Tokens.Length);
        }
        groupFirstSegment.Add(segmentParent.Count);
        groupFirstTarget.Add(targetRow.Count);
        segmentFirstRow.Add(rowToken.Count);
        int k = targetRow.Count;
        return new PackedBatch
        {
            GroupFirstSegment = [.. groupFirstSegment],
            GroupFirstTarget = [.. groupFirstTarget],
            SegmentParent = [.. segmentParent],
            SegmentFirstRow = [.. segmentFirstRow],
            RowToken = [.. rowToken],
            RowPosition = [.. rowPosition],
            TargetRow = [.. targetRow],
            TargetToken = [.. targetToken],
            TargetSource = [.. Enumerable.Range(0, k)],
            Credit = CreditColumns.None(k, groupFirstSegment.Count - 1),
        };
    }

    /// <summary>The batch with a run for each answer segment, a sample for each leaf's path and advantages of both signs; masses follow from them.</summary>
    public static PackedBatch WithSamples(PackedBatch batch)
    {
        List<int> groupFirstRun = [0], runFirstTarget = [], runTargetCount = [], groupFirstSample = [0], sampleFirstPart = [0], partRun = [];
        List<float> advantages = [];
        var runOf = new int[batch.SegmentCount];
        float[] positive = new float[batch.TargetCount], negative = new float[batch.TargetCount], mass = new float[batch.TargetCount];
        for (int group = 0, target = 0; group < batch.GroupCount; group++)
        {
            for (int s = batch.GroupFirstSegment[group]; s < batch.GroupFirstSegment[group + 1]; s++)
            {
                runOf[s] = -1;
                if (batch.SegmentParent[s] < 0) continue;
                runOf[s] = runFirstTarget.Count;
                runFirstTarget.Add(target);
                runTargetCount.Add(batch.SegmentFirstRow[s + 1] - batch.SegmentFirstRow[s] + (batch.SegmentParent.Contains(s) ? 0 : 1));
                target += runTargetCount[^1];
            }
            for (int s = batch.GroupFirstSegment[group]; s < batch.GroupFirstSegment[group + 1]; s++)
            {
                if (runOf[s] < 0 || batch.SegmentParent.Contains(s)) continue;
                float advantage = s % 2 == 0 ? 1 : -0.5f;
                for (int at = s; runOf[at] >= 0; at = batch.SegmentParent[at])
                {
                    int run = runOf[at];
                    partRun.Add(run);
                    advantages.Add(advantage);
                    for (int t = runFirstTarget[run]; t < runFirstTarget[run] + runTargetCount[run]; t++)
                    {
                        positive[t] += Math.Max(advantage, 0);
                        negative[t] += Math.Max(-advantage, 0);
                        mass[t]++;
                    }
                }
                sampleFirstPart.Add(partRun.Count);
            }
            groupFirstRun.Add(runFirstTarget.Count);
            groupFirstSample.Add(sampleFirstPart.Count - 1);
        }
        return new PackedBatch
        {
            GroupFirstSegment = batch.GroupFirstSegment,
            GroupFirstTarget = batch.GroupFirstTarget,
            SegmentParent = batch.SegmentParent,
            SegmentFirstRow = batch.SegmentFirstRow,
            RowToken = batch.RowToken,
            RowPosition = batch.RowPosition,
            TargetRow = batch.TargetRow,
            TargetToken = batch.TargetToken,
            TargetSource = batch.TargetSource,
            Credit = new CreditColumns
            {
                PositiveMass = positive,
                NegativeMass = negative,
                Mass = mass,
                LogProbSampled = batch.Credit.LogProbSampled,
                Samples = new SampleTable
                {
                    GroupFirstRun = [.. groupFirstRun],
                    RunFirstTarget = [.. runFirstTarget],
                    RunTargetCount = [.. runTargetCount],
                    GroupFirstSample = [.. groupFirstSample],
                    SampleTokenWeight = [.. Enumerable.Repeat(1f, sampleFirstPart.Count - 1)],
                    SampleFirstPart = [.. sampleFirstPart],
                    PartRun = [.. partRun],
                    PartAdvantage = [.. advantages],
                },
            },
        };
    }

    private static int LastRow(int segment) => lastRow[segment];

    [ThreadStatic]
    private static List<int> lastRow = null!;
}

/// <summary>L = sum over targets of PositiveMass * logp + NegativeMass * entropy: linear, so that its derivatives are the masses themselves.</summary>
internal sealed class LinearObjective(bool entropy = true) : IObjective
{
    public bool NeedsReference => false;

    public bool UsesEntropy => entropy;

    public LossReport Evaluate(in ObjectiveInput input, Span<float> dLogProb, Span<float> dEntropy)
    {
        var report = new LossReport { TokenCount = input.TargetCount };
        for (int t = 0; t < input.TargetCount; t++)
        {
            report.PolicyLoss += (double)input.PositiveMass[t] * input.LogProb[t];
            dLogProb[t] = input.PositiveMass[t];
            if (!entropy) continue;
            report.EntropyLoss += (double)input.NegativeMass[t] * input.Entropy[t];
            dEntropy[t] = input.NegativeMass[t];
        }
        return report;
    }
}
