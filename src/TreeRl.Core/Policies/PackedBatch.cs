using System;
using System.Collections.Generic;

namespace TreeRl.Policies;

/// <summary>
/// Trees packed for a model: every prompt and every tree token is one row, attends to its ancestors only, and is predicted from the row
/// of its predecessor on the path, so that the siblings of a branch point share one predictor row. A group is a prompt with all its
/// trees; no attention crosses groups.
/// </summary>
/// <remarks>
/// With G groups, S segments, R rows and K targets:
/// <code>
/// segments  [prompt 0][node][node]...[prompt 1][node]...   GroupFirstSegment[g] is the prompt segment of group g
/// rows      run of rows per segment, in segment order       a leaf's last token is no row: nothing is predicted from it
/// targets   run of targets per node segment                 prompts have none
/// </code>
/// Segments of a group stand in depth-first order: a segment's parent is the segment before it or one of that one's ancestors, and -1 for the
/// prompt. So what continues a segment follows it in one stretch. Arrays are owned by the batch; the engine reads them and never writes.
/// </remarks>
public sealed class PackedBatch
{
    /// <summary>Group -> its first segment, which is its prompt; length G+1.</summary>
    public required int[] GroupFirstSegment { get; init; }

    /// <summary>Group -> its first target; length G+1.</summary>
    public required int[] GroupFirstTarget { get; init; }

    /// <summary>Segment -> segment it continues, -1 for a prompt; length S.</summary>
    public required int[] SegmentParent { get; init; }

    /// <summary>Segment -> its first row; length S+1, so that segment s has rows FirstRow[s] .. FirstRow[s+1]-1 (a one-token leaf has none).</summary>
    public required int[] SegmentFirstRow { get; init; }

    /// <summary>Row -> token id; length R.</summary>
    public required int[] RowToken { get; init; }

    /// <summary>Row -> position on its path, 0 for the first prompt token; length R.</summary>
    public required int[] RowPosition { get; init; }

    /// <summary>Target -> row it is predicted from; length K. Several targets may share a row.</summary>
    public required int[] TargetRow { get; init; }

    /// <summary>Target -> token id to be predicted; length K.</summary>
    public required int[] TargetToken { get; init; }

    /// <summary>Target -> index of the token in the forest it came from; length K.</summary>
    public required int[] TargetSource { get; init; }

    /// <summary>What the objective needs to know of each target and path.</summary>
    public required CreditColumns Credit { get; init; }

    /// <summary>Number of groups, G.</summary>
    public int GroupCount => GroupFirstSegment.Length - 1;

    /// <summary>Number of segments, S.</summary>
    public int SegmentCount => SegmentParent.Length;

    /// <summary>Number of rows, R: what a forward pass costs.</summary>
    public int RowCount => RowToken.Length;

    /// <summary>Number of targets, K.</summary>
    public int TargetCount => TargetRow.Length;

    /// <summary>First row of a group; group <see cref="GroupCount"/> gives R.</summary>
    public int GroupFirstRow(int group) => SegmentFirstRow[GroupFirstSegment[group]];

    /// <summary>End of the longest stretch of whole groups from <paramref name="firstGroup"/> on with at most <paramref name="rows"/> rows; a larger group is a stretch alone.</summary>
    internal int StretchEnd(int firstGroup, int rows)
    {
        int end = firstGroup + 1;
        while (end < GroupCount && GroupFirstRow(end + 1) - GroupFirstRow(firstGroup) <= rows) end++;
        return end;
    }

    /// <summary>All groups in such stretches: first group, and behind the last.</summary>
    internal IEnumerable<(int First, int End)> Stretches(int rows)
    {
        for (int first = 0, end; first < GroupCount; first = end)
        {
            end = StretchEnd(first, rows);
            yield return (first, end);
        }
    }
}

/// <summary>
/// The credit of a batch as an objective sees it. The masses have the aggregation weights folded in: over the training samples i (paths,
/// or nodes, as the training unit says) that contain target t, with weight w and advantage A,
/// <c>PositiveMass = sum w max(A, 0)</c>, <c>NegativeMass = sum w max(-A, 0)</c>, <c>Mass = sum w</c>. Because PPO's clipped surrogate is
/// positively homogeneous in A for either sign, these three numbers give the exact loss of the duplicated paths at the cost of one token.
/// </summary>
public sealed class CreditColumns
{
    /// <summary>Target -> sum of w max(A, 0); length K.</summary>
    public required float[] PositiveMass { get; init; }

    /// <summary>Target -> sum of w max(-A, 0); length K.</summary>
    public required float[] NegativeMass { get; init; }

    /// <summary>Target -> sum of w, the weight of KL and entropy terms; length K.</summary>
    public required float[] Mass { get; init; }

    /// <summary>Target -> log-probability when sampled, as the decoder recorded it, or NaN where nothing was sampled (demonstrations); length K. For the sampler/trainer gap only.</summary>
    public required float[] LogProbSampled { get; init; }

    /// <summary>Target -> log-probability under the policy before the update, or null: then the policy's own present values are used and every ratio is exactly 1.</summary>
    public float[]? LogProbOld { get; set; }

    /// <summary>Target -> log-probability under the reference policy, or null when the objective has no KL term.</summary>
    public float[]? LogProbRef { get; set; }

    /// <summary>The training samples, for objectives with sequence-level ratios.</summary>
    public required SampleTable Samples { get; init; }

    /// <summary>No credit and no sample, for batches whose objective has derivatives of its own; nothing was sampled.</summary>
    internal static CreditColumns None(int targets, int groups)
    {
        var sampled = new float[targets];
        Array.Fill(sampled, float.NaN);
        return new CreditColumns
        {
            PositiveMass = new float[targets],
            NegativeMass = new float[targets],
            Mass = new float[targets],
            LogProbSampled = sampled,
            Samples = new SampleTable
            {
                GroupFirstRun = new int[groups + 1],
                RunFirstTarget = [],
                RunTargetCount = [],
                GroupFirstSample = new int[groups + 1],
                SampleTokenWeight = [],
                SampleFirstPart = [0],
                PartRun = [],
                PartAdvantage = [],
            },
        };
    }
}

/// <summary>
/// The training samples of a batch. A run is a stretch of consecutive targets (a node, or a part of one); a sample is a chain of
/// runs - a whole path, or a single node - whose tokens share one weight; a part is one run inside one sample with its advantage.
/// </summary>
public sealed class SampleTable
{
    /// <summary>Group -> its first run; length G+1. Runs of a group cover disjoint stretches of its targets.</summary>
    public required int[] GroupFirstRun { get; init; }

    /// <summary>Run -> first target.</summary>
    public required int[] RunFirstTarget { get; init; }

    /// <summary>Run -> number of targets.</summary>
    public required int[] RunTargetCount { get; init; }

    /// <summary>Group -> its first sample; length G+1.</summary>
    public required int[] GroupFirstSample { get; init; }

    /// <summary>Sample -> weight w of each of its tokens, aggregation folded in.</summary>
    public required float[] SampleTokenWeight { get; init; }

    /// <summary>Sample -> its first part; one more entry than samples.</summary>
    public required int[] SampleFirstPart { get; init; }

    /// <summary>Part -> run.</summary>
    public required int[] PartRun { get; init; }

    /// <summary>Part -> advantage A of the run's tokens in this sample.</summary>
    public required float[] PartAdvantage { get; init; }
}
