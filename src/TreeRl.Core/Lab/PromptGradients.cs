using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Runtime.Intrinsics;
using System.Threading.Tasks;
using TreeRl.Credit;
using TreeRl.Models;
using TreeRl.Objectives;
using TreeRl.Policies;
using TreeRl.Training;

namespace TreeRl.Lab;

/// <summary>
/// The gradient of a loss, prompt by prompt: entry p is what prompt p adds to the gradient of the whole batch, flattened over the tensors
/// in the order of <see cref="ModelWeights.Names"/>. Memory is prompts times parameters, 4 bytes each.
/// </summary>
public sealed class PromptGradients
{
    private readonly float[][] byPrompt;

    private PromptGradients(ImmutableArray<string> promptIds, float[][] byPrompt)
    {
        PromptIds = promptIds;
        this.byPrompt = byPrompt;
    }

    /// <summary>The prompts' ids, length P.</summary>
    public ImmutableArray<string> PromptIds { get; }

    /// <summary>Number of parameters.</summary>
    public int Length => byPrompt[0].Length;

    /// <summary>What one prompt adds; owned by this object.</summary>
    public ReadOnlySpan<float> this[int prompt] => byPrompt[prompt];

    /// <summary>
    /// The gradient a rule would send to the optimiser: one <see cref="IPolicy.Accumulate"/> for each prompt, its weights those of the whole
    /// forest as one batch. The policy's weights and optimiser stay as they are; a gradient it has accumulated must have been used.
    /// </summary>
    /// <param name="policy">A policy that can be trained.</param>
    /// <param name="credit">The rule's result.</param>
    /// <param name="objective">
    /// The objective; null takes <see cref="ObjectivePresets.Reinforce"/>, which at ratio 1 has the gradient of every clipped objective with
    /// its aggregation, the mean over all tokens. One that needs a reference policy is refused.
    /// </param>
    /// <param name="aggregation">How token losses become one number; null takes the objective's.</param>
    /// <exception cref="ArgumentException">The objective needs a reference policy.</exception>
    public static PromptGradients Of(IPolicy policy, CreditResult credit, ITrainingObjective? objective = null, AggregationSettings? aggregation = null)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(credit);
        objective ??= ObjectivePresets.Reinforce;
        Guard.That(!objective.NeedsReference, $"objective '{objective.Name}' has a KL term: the gradient of the credit alone is asked for, so take the objective without it", nameof(objective));
        aggregation = (aggregation ?? objective.Aggregation).WithDropZeroSignal(!objective.PullsWithoutAdvantage);
        double[] whole = MassOfPrompts(Packer.Pack(credit, aggregation.WithDropZeroSignal(false)), credit);
        var byPrompt = new float[credit.Forest.PromptCount][];
        for (int p = 0; p < byPrompt.Length; p++)
        {
            double own = MassOfPrompts(Packer.Pack(credit, aggregation.WithDropZeroSignal(false), [p]), credit)[p];
            var batch = Packer.Pack(credit, aggregation, [p]);
            // Within a prompt, weights alone differ from those of the whole batch by one factor: the denominators.
            byPrompt[p] = batch.TargetCount == 0 ? new float[policy.ParameterCount] : Take(policy, batch, objective, whole[p] / own);
        }
        return new PromptGradients([.. credit.Forest.Prompts.Select(prompt => prompt.Id)], byPrompt);
    }

    /// <summary>The mean of two, entry by entry.</summary>
    /// <exception cref="ArgumentException">Their prompts or lengths differ.</exception>
    public static PromptGradients Mean(PromptGradients first, PromptGradients second)
    {
        ArgumentNullException.ThrowIfNull(first);
        first.CheckSamePrompts(second);
        var mean = new float[first.byPrompt.Length][];
        for (int p = 0; p < mean.Length; p++) mean[p] = [.. first.byPrompt[p].Zip(second.byPrompt[p], (a, b) => 0.5f * (a + b))];
        return new PromptGradients(first.PromptIds, mean);
    }

    /// <summary>Inner products of every prompt's entry with every prompt's entry of <paramref name="other"/>: P times P, row by row.</summary>
    /// <exception cref="ArgumentException">The prompts or lengths differ.</exception>
    public double[] InnerProducts(PromptGradients other)
    {
        CheckSamePrompts(other);
        int count = byPrompt.Length;
        var products = new double[count * count];
        bool self = ReferenceEquals(this, other);
        Parallel.For(0, count, p =>
        {
            for (int q = self ? p : 0; q < count; q++) products[p * count + q] = Dot(byPrompt[p], other.byPrompt[q]);
        });
        if (!self) return products;
        for (int p = 0; p < count; p++)
            for (int q = 0; q < p; q++) products[p * count + q] = products[q * count + p];
        return products;
    }

    /// <summary>Checks that two belong to the same prompts, in the same order, and to the same parameters.</summary>
    internal void CheckSamePrompts(PromptGradients other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Guard.That(PromptIds.SequenceEqual(other.PromptIds), "the gradients are of different prompts: estimate both on the same prompts, in the same order", nameof(other));
        Guard.SameLength(other.Length, Length, "a gradient of the same policy");
    }

    private static double[] MassOfPrompts(PackedBatch batch, CreditResult credit)
    {
        var forest = credit.Forest;
        int[] promptOfToken = new int[forest.TokenTotal];
        for (int n = 0; n < forest.NodeCount; n++) Array.Fill(promptOfToken, forest.PromptOf[n], forest.FirstToken[n], forest.TokenCount[n]);
        var mass = new double[forest.PromptCount];
        for (int k = 0; k < batch.TargetCount; k++) mass[promptOfToken[batch.TargetSource[k]]] += batch.Credit.Mass[k];
        return mass;
    }

    private static float[] Take(IPolicy policy, PackedBatch batch, ITrainingObjective objective, double factor)
    {
        policy.Accumulate(batch, objective);
        var gradient = policy.TakeGradient();
        var flat = new List<float>((int)policy.ParameterCount);
        foreach (string name in gradient.Names) flat.AddRange(gradient[name].Values);
        for (int i = 0; i < flat.Count; i++) flat[i] = (float)(factor * flat[i]);
        return [.. flat];
    }

    /// <summary>Eight sums in double, whatever the machine's vectors, added in a fixed order. Products of two floats are exact in double.</summary>
    private static double Dot(float[] a, float[] b)
    {
        var low = Vector256<double>.Zero;
        var high = Vector256<double>.Zero;
        int i = 0;
        for (; i + 8 <= a.Length; i += 8)
        {
            var (aLow, aHigh) = Vector256.Widen(Vector256.Create<float>(a.AsSpan(i, 8)));
            var (bLow, bHigh) = Vector256.Widen(Vector256.Create<float>(b.AsSpan(i, 8)));
            low += aLow * bLow;
            high += aHigh * bHigh;
        }
        var sums = low + high;
        double sum = sums[0] + sums[1] + (sums[2] + sums[3]);
        for (; i < a.Length; i++) sum += (double)a[i] * b[i];
        return sum;
    }
}
