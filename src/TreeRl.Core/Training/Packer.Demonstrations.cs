using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Objectives;
using TreeRl.Policies;

namespace TreeRl.Training;

/// <summary>A prompt with an answer to imitate, as token ids; at least one each. An end token, if the policy is to learn it, is part of the answer.</summary>
/// <param name="Prompt">The prompt as the policy reads it.</param>
/// <param name="Answer">The answer.</param>
public sealed record TokenizedDemonstration(int[] Prompt, int[] Answer);

public static partial class Packer
{
    /// <summary>
    /// Packs demonstrations for <see cref="NegativeLogLikelihood"/>: each is a group of its own with advantage 1. Targets number the answer
    /// tokens through in order (<see cref="PackedBatch.TargetSource"/>).
    /// </summary>
    /// <param name="demonstrations">At least one.</param>
    /// <param name="aggregation">How token losses become one number; null takes the mean over all answer tokens.</param>
    /// <exception cref="ArgumentException">No demonstration, or an empty prompt or answer; the message names it.</exception>
    public static PackedBatch PackDemonstrations(IReadOnlyList<TokenizedDemonstration> demonstrations, AggregationSettings? aggregation = null)
    {
        ArgumentNullException.ThrowIfNull(demonstrations);
        aggregation ??= new AggregationSettings(Aggregation.TokenMean);
        aggregation.Validate();
        int groups = demonstrations.Count;
        Guard.That(groups > 0, "demonstrations = none: give at least one", nameof(demonstrations));
        int[] promptRows = new int[groups], answerTokens = new int[groups];
        for (int g = 0; g < groups; g++)
        {
            Guard.That(demonstrations[g].Prompt is { Length: > 0 }, $"demonstration {g} has an empty prompt: a policy needs a token to predict from", nameof(demonstrations));
            Guard.That(demonstrations[g].Answer is { Length: > 0 }, $"demonstration {g} has an empty answer: leave it out", nameof(demonstrations));
            promptRows[g] = demonstrations[g].Prompt.Length;
            answerTokens[g] = demonstrations[g].Answer.Length;
        }
        int rows = promptRows.Sum() + answerTokens.Sum() - groups, targets = answerTokens.Sum();
        int[] segmentFirstRow = new int[2 * groups + 1], rowToken = new int[rows], rowPosition = new int[rows];
        int[] targetRow = new int[targets], targetToken = new int[targets], firstTarget = new int[groups + 1];
        float[] weight = new float[groups], mass = new float[targets], sampled = new float[targets];
        Array.Fill(sampled, float.NaN);
        int row = 0, target = 0;
        for (int g = 0; g < groups; g++)
        {
            int[] prompt = demonstrations[g].Prompt, answer = demonstrations[g].Answer;
            prompt.CopyTo(rowToken, row);
            answer.AsSpan(0, answer.Length - 1).CopyTo(rowToken.AsSpan(row + prompt.Length));
            for (int t = 0; t < prompt.Length + answer.Length - 1; t++) rowPosition[row + t] = t;
            for (int t = 0; t < answer.Length; t++) targetRow[target + t] = row + prompt.Length - 1 + t;
            answer.CopyTo(targetToken, target);
            weight[g] = (float)(aggregation.Mode switch
            {
                Aggregation.TokenMean => 1.0 / targets,
                Aggregation.SequenceMeanTokenMean => 1.0 / groups / answer.Length,
                Aggregation.SequenceMeanTokenSum => 1.0 / groups,
                _ => 1.0 / aggregation.NormConstant,
            });
            Array.Fill(mass, weight[g], target, answer.Length);
            segmentFirstRow[2 * g + 1] = row + prompt.Length;
            row += prompt.Length + answer.Length - 1;
            target += answer.Length;
            segmentFirstRow[2 * g + 2] = row;
            firstTarget[g + 1] = target;
        }
        int[] oneEach = [.. Enumerable.Range(0, groups + 1)];
        return new PackedBatch
        {
            GroupFirstSegment = Array.ConvertAll(oneEach, g => 2 * g),
            GroupFirstTarget = firstTarget,
            SegmentParent = [.. Enumerable.Range(0, 2 * groups).Select(s => s % 2 == 0 ? -1 : s - 1)],
            SegmentFirstRow = segmentFirstRow,
            RowToken = rowToken,
            RowPosition = rowPosition,
            TargetRow = targetRow,
            TargetToken = targetToken,
            TargetSource = [.. Enumerable.Range(0, targets)],
            Credit = new CreditColumns
            {
                PositiveMass = [.. mass],
                NegativeMass = new float[targets],
                Mass = mass,
                LogProbSampled = sampled,
                Samples = new SampleTable
                {
                    GroupFirstRun = [.. oneEach],
                    RunFirstTarget = firstTarget[..^1],
                    RunTargetCount = answerTokens,
                    GroupFirstSample = [.. oneEach],
                    SampleTokenWeight = weight,
                    SampleFirstPart = [.. oneEach],
                    PartRun = oneEach[..^1],
                    PartAdvantage = [.. Enumerable.Repeat(1f, groups)],
                },
            },
        };
    }
}
