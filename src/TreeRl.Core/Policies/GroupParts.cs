using System;
using System.Collections.Generic;

namespace TreeRl.Policies;

/// <summary>
/// A batch in which groups of more than so many rows are cut into parts that an engine treats one by one, as groups of their own, so that its memory does not grow with a prompt's
/// trees. A part has some segments of its group in order, and what is above the first of them once more, to be attended to; a target goes where the row is that predicts it. What
/// the parts make of the rows they have in common adds up to the gradient of the whole.
/// </summary>
/// <remarks>
/// An objective sees whole groups. So the parts are scored first, the objective is evaluated on what comes out, and the parts are gone through again with its derivatives.
/// </remarks>
internal sealed class GroupParts
{
    private readonly PackedBatch whole;
    private readonly List<int> groupFirstSegment = [0], groupFirstTarget = [0], segmentParent = [], segmentFirstRow = [0];
    private readonly List<int> rowToken = [], rowPosition = [], targetRow = [], targetToken = [], targetSource = [];

    // Target of the parts -> target of the whole; segment of the whole -> its place in the part in hand.
    private readonly List<int> target = [];
    private readonly int[] placeOf;

    private GroupParts(PackedBatch whole, int splitAbove)
    {
        this.whole = whole;
        placeOf = new int[whole.SegmentCount];
        for (int g = 0; g < whole.GroupCount; g++)
        {
            int end = whole.GroupFirstSegment[g + 1];
            for (int s = whole.GroupFirstSegment[g]; s < end;)
            {
                int first = s, rows = RowsBefore(s);
                do rows += RowsOf(s++);
                while (s < end && rows + RowsOf(s) <= splitAbove);
                AddPart(g, first, s);
            }
        }
        Batch = new PackedBatch
        {
            GroupFirstSegment = [.. groupFirstSegment],
            GroupFirstTarget = [.. groupFirstTarget],
            SegmentParent = [.. segmentParent],
            SegmentFirstRow = [.. segmentFirstRow],
            RowToken = [.. rowToken],
            RowPosition = [.. rowPosition],
            TargetRow = [.. targetRow],
            TargetToken = [.. targetToken],
            TargetSource = [.. targetSource],
            Credit = CreditColumns.None(target.Count, groupFirstSegment.Count - 1),
        };
    }

    /// <summary>Scores a batch: K targets, their log-probabilities and their entropies.</summary>
    internal delegate void Scoring(PackedBatch batch, Span<float> logProb, Span<float> entropy);

    /// <summary>The parts, and the groups that are small enough as they are. Nothing but <see cref="Evaluate"/>'s objective can be evaluated on it.</summary>
    public PackedBatch Batch { get; }

    /// <summary>The parts of a checked batch, or null when no group has more than <paramref name="splitAbove"/> rows, or that is 0.</summary>
    public static GroupParts? Of(PackedBatch batch, int splitAbove)
    {
        if (splitAbove == 0) return null;
        for (int g = 0; g < batch.GroupCount; g++)
        {
            if (batch.GroupFirstRow(g + 1) - batch.GroupFirstRow(g) > splitAbove) return new GroupParts(batch, splitAbove);
        }
        return null;
    }

    /// <summary>Scores the parts into columns of the whole batch.</summary>
    public void Score(Scoring score, Span<float> logProb, Span<float> entropy)
    {
        float[] logProbs = new float[target.Count], entropies = new float[target.Count];
        score(Batch, logProbs, entropies);
        for (int t = 0; t < target.Count; t++)
        {
            logProb[target[t]] = logProbs[t];
            entropy[target[t]] = entropies[t];
        }
    }

    /// <summary>Evaluates an objective on the whole batch.</summary>
    /// <param name="score">Scores the parts.</param>
    /// <param name="objective">The objective.</param>
    /// <returns>What it reports, and an objective for <see cref="Batch"/> that gives its derivatives and reports nothing.</returns>
    /// <exception cref="NonFiniteException">An input or a result is NaN or infinite.</exception>
    public (LossReport Report, IObjective Derivatives) Evaluate(Scoring score, IObjective objective)
    {
        int count = whole.TargetCount;
        float[] logProb = new float[count], entropy = new float[count], dLogProb = new float[count], dEntropy = new float[objective.UsesEntropy ? count : 0];
        Score(score, logProb, entropy);
        var report = GroupObjective.EvaluateAll(whole, 0, whole.GroupCount, objective, logProb, entropy, dLogProb, dEntropy);
        float[] OfParts(float[] column) => [.. target.ConvertAll(t => column[t])];
        return (report, new Given(OfParts(dLogProb), objective.UsesEntropy ? OfParts(dEntropy) : null));
    }

    private int RowsOf(int segment) => whole.SegmentFirstRow[segment + 1] - whole.SegmentFirstRow[segment];

    private int RowsBefore(int segment)
    {
        int rows = 0;
        for (int s = whole.SegmentParent[segment]; s >= 0; s = whole.SegmentParent[s]) rows += RowsOf(s);
        return rows;
    }

    /// <summary>Adds segments [<paramref name="first"/>, <paramref name="end"/>) of a group as a part, unless nothing is predicted from them.</summary>
    private void AddPart(int group, int first, int end)
    {
        int firstRow = whole.SegmentFirstRow[first], endRow = whole.SegmentFirstRow[end], before = target.Count;
        for (int t = whole.GroupFirstTarget[group]; t < whole.GroupFirstTarget[group + 1]; t++)
        {
            if (whole.TargetRow[t] >= firstRow && whole.TargetRow[t] < endRow) target.Add(t);
        }
        if (target.Count == before) return;
        AddAbove(whole.SegmentParent[first]);
        int moved = rowToken.Count - firstRow;
        for (int s = first; s < end; s++) AddSegment(s);
        for (int t = before; t < target.Count; t++)
        {
            targetRow.Add(whole.TargetRow[target[t]] + moved);
            targetToken.Add(whole.TargetToken[target[t]]);
            targetSource.Add(whole.TargetSource[target[t]]);
        }
        groupFirstSegment.Add(segmentParent.Count);
        groupFirstTarget.Add(target.Count);
    }

    private void AddAbove(int segment)
    {
        if (segment < 0) return;
        AddAbove(whole.SegmentParent[segment]);
        AddSegment(segment);
    }

    private void AddSegment(int segment)
    {
        int parent = whole.SegmentParent[segment], row = whole.SegmentFirstRow[segment], count = RowsOf(segment);
        placeOf[segment] = segmentParent.Count;
        segmentParent.Add(parent < 0 ? -1 : placeOf[parent]);
        rowToken.AddRange(whole.RowToken.AsSpan(row, count));
        rowPosition.AddRange(whole.RowPosition.AsSpan(row, count));
        segmentFirstRow.Add(rowToken.Count);
    }

    private sealed class Given(float[] dLogProbs, float[]? dEntropies) : IObjective
    {
        public bool NeedsReference => false;

        public bool UsesEntropy => dEntropies is not null;

        public LossReport Evaluate(in ObjectiveInput input, Span<float> dLogProb, Span<float> dEntropy)
        {
            dLogProbs.AsSpan(input.FirstTarget, input.TargetCount).CopyTo(dLogProb);
            dEntropies?.AsSpan(input.FirstTarget, input.TargetCount).CopyTo(dEntropy);
            return default;
        }
    }
}
