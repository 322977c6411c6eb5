using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Credit;
using TreeRl.Objectives;
using TreeRl.Policies;

namespace TreeRl.Training;

/// <summary>
/// Packs a redistributed forest for training: every tree token once, with the weights of all its samples folded into three masses.
/// </summary>
/// <remarks>
/// What is in a batch:
/// <code>
/// targets   the tokens of trained nodes, masked ones excepted; a node that is not trained has none
/// rows      prompts, trained nodes, and whatever stands above a trained node; a branch with no target in it is left out, and so are the
///           last target of every segment that nothing in the batch continues, and what follows it
/// groups    prompts with at least one target, in the order asked for; others are left out
/// samples   one for each trained path (PathDuplicated) or trained node (other units)
/// runs      nodes, split where a custom step made token advantages differ within a node
/// </code>
/// Denominators run over the samples of the chosen prompts, which is the mini-batch: tokens with advantage 0 count, tokens that are not
/// trained (without score, pruned, not chosen, masked, dropped edges) do not. A sample whose advantages are all 0 may be left out of the rows
/// (<see cref="AggregationSettings.DropZeroSignal"/>) and still counts in the denominators.
/// </remarks>
public static partial class Packer
{
    /// <summary>Packs the chosen prompts of a redistributed forest.</summary>
    /// <param name="credit">The forest with its advantages.</param>
    /// <param name="aggregation">How token losses become one number over the chosen prompts; usually the objective's.</param>
    /// <param name="promptIndices">The mini-batch, each prompt at most once; null takes all prompts.</param>
    /// <returns>A batch, which has no groups when nothing in these prompts is trained. The caller owns its arrays.</returns>
    /// <exception cref="ArgumentException">A prompt is unknown or named twice, or the aggregation lacks its constant.</exception>
    public static PackedBatch Pack(CreditResult credit, AggregationSettings aggregation, IReadOnlyList<int>? promptIndices = null)
    {
        ArgumentNullException.ThrowIfNull(credit);
        ArgumentNullException.ThrowIfNull(aggregation);
        aggregation.Validate();
        int prompts = credit.Forest.PromptCount;
        promptIndices ??= Enumerable.Range(0, prompts).ToArray();
        var seen = new bool[prompts];
        foreach (int prompt in promptIndices)
        {
            Guard.That((uint)prompt < (uint)prompts, $"prompt index {prompt}: must be a prompt of the forest, 0 .. {prompts - 1}", nameof(promptIndices));
            Guard.That(!seen[prompt], $"prompt index {prompt} is given twice: a mini-batch holds each prompt once", nameof(promptIndices));
            seen[prompt] = true;
        }
        var samples = TrainingSamples.Of(credit, promptIndices);
        samples.Weigh(aggregation);
        return new Layout(credit, samples).Build(promptIndices);
    }
}
