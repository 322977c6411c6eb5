using System;
using System.Collections.Generic;
using TreeRl.Credit;
using TreeRl.Forests;
using TreeRl.Policies;

namespace TreeRl.Training;

public static partial class Packer
{
    /// <summary>Lays nodes out as segments, rows, targets and runs, and folds sample weights into masses.</summary>
    private sealed class Layout
    {
        private readonly CreditResult credit;
        private readonly Forest forest;
        private readonly TrainingSamples samples;
        private readonly bool paths, byLeaf;
        private readonly double[] weight, positive, negative; // by node, summed over kept samples; positive and negative with spread Path only
        private readonly int[] firstRun, endRun, segmentOf; // runs of a node: firstRun .. endRun-1, none where it has no target
        private readonly bool[] isTarget, hasRows;

        private readonly List<int> groupFirstSegment = [0], groupFirstTarget = [0], groupFirstRun = [0], groupFirstSample = [0];
        private readonly List<int> segmentParent = [], segmentFirstRow = [0], rowToken = [], rowPosition = [];
        private readonly List<int> targetRow = [], targetToken = [], targetSource = [];
        private readonly List<float> positiveMass = [], negativeMass = [], mass = [], sampled = [];
        private readonly List<int> runFirstTarget = [], runTargetCount = [], sampleFirstPart = [0], partRun = [];
        private readonly List<float> sampleTokenWeight = [], partAdvantage = [];

        public Layout(CreditResult credit, TrainingSamples samples)
        {
            this.credit = credit;
            this.samples = samples;
            forest = credit.Forest;
            paths = credit.Rule.Unit == TrainingUnit.PathDuplicated;
            byLeaf = credit.Rule.Spread == CreditSpread.Path;
            int nodes = forest.NodeCount;
            (weight, positive, negative) = (new double[nodes], new double[nodes], new double[nodes]);
            (firstRun, endRun, segmentOf) = (new int[nodes], new int[nodes], new int[nodes]);
            (isTarget, hasRows) = (new bool[nodes], new bool[nodes]);
        }

        public PackedBatch Build(IReadOnlyList<int> prompts)
        {
            FoldWeights();
            for (int place = 0; place < prompts.Count; place++) AddGroup(prompts[place], place);
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
                TargetSource = [.. targetSource],
                Credit = new CreditColumns
                {
                    PositiveMass = [.. positiveMass],
                    NegativeMass = [.. negativeMass],
                    Mass = [.. mass],
                    LogProbSampled = [.. sampled],
                    Samples = new SampleTable
                    {
                        GroupFirstRun = [.. groupFirstRun],
                        RunFirstTarget = [.. runFirstTarget],
                        RunTargetCount = [.. runTargetCount],
                        GroupFirstSample = [.. groupFirstSample],
                        SampleTokenWeight = [.. sampleTokenWeight],
                        SampleFirstPart = [.. sampleFirstPart],
                        PartRun = [.. partRun],
                        PartAdvantage = [.. partAdvantage],
                    },
                },
            };
        }

        private void FoldWeights()
        {
            for (int i = 0; i < samples.Node.Count; i++)
            {
                if (!samples.Kept[i]) continue;
                int node = samples.Node[i];
                double w = samples.Weight[i], advantage = byLeaf ? credit.LeafAdvantage[forest.FirstLeaf[node]] : 0;
                for (int n = node; n >= 0; n = paths ? forest.Parent[n] : -1)
                {
                    if (credit.TrainedTokens(n) == 0) continue;
                    weight[n] += w;
                    positive[n] += w * Math.Max(advantage, 0);
                    negative[n] += w * Math.Max(-advantage, 0);
                    isTarget[n] = true;
                }
            }
            for (int n = forest.NodeCount - 1; n >= 0; n--)
            {
                hasRows[n] |= isTarget[n];
                if (hasRows[n] && forest.Parent[n] >= 0) hasRows[forest.Parent[n]] = true;
            }
        }

        private void AddGroup(int prompt, int place)
        {
            int firstNode = forest.FirstNodeOfPrompt[prompt], endNode = forest.FirstNodeOfPrompt[prompt + 1];
            if (Array.IndexOf(hasRows, true, firstNode, endNode - firstNode) < 0) return;
            int promptSegment = segmentParent.Count;
            var ids = forest.Prompts[prompt].TokenIds;
            for (int t = 0; t < ids.Length; t++) AddRow(ids[t], t);
            EndSegment(-1);
            for (int n = firstNode; n < endNode; n++)
            {
                if (hasRows[n]) AddNode(n, promptSegment, ids.Length);
            }
            groupFirstSegment.Add(segmentParent.Count);
            groupFirstTarget.Add(targetRow.Count);
            groupFirstRun.Add(runFirstTarget.Count);
            for (int i = samples.FirstOfPrompt[place]; i < samples.FirstOfPrompt[place + 1]; i++)
            {
                if (samples.Kept[i]) AddSample(i);
            }
            groupFirstSample.Add(sampleTokenWeight.Count);
        }

        private void AddNode(int n, int promptSegment, int promptLength)
        {
            int parent = forest.Parent[n], parentSegment = parent < 0 ? promptSegment : segmentOf[parent];
            int first = forest.FirstToken[n], count = forest.TokenCount[n];
            int before = segmentFirstRow[parentSegment + 1] - 1, position = promptLength + forest.PathTokenCount[n] - count, firstRow = rowToken.Count;
            bool continued = false;
            foreach (int child in forest.Children(n)) continued |= hasRows[child];
            int read = count; // tokens that something in the batch is predicted from
            if (!continued)
            {
                do read--;
                while (!credit.Trains(n, first + read));
            }
            for (int t = 0; t < read; t++) AddRow(forest.TokenId[first + t], position + t);
            segmentOf[n] = segmentParent.Count;
            EndSegment(parentSegment);
            firstRun[n] = endRun[n] = runFirstTarget.Count;
            if (!isTarget[n]) return;
            for (int t = 0; t < count; t++)
            {
                if (!credit.Trains(n, first + t)) continue;
                bool opens = endRun[n] == firstRun[n];
                if (opens || (!byLeaf && credit.TokenAdvantage[first + t] != credit.TokenAdvantage[targetSource[^1]]))
                {
                    runFirstTarget.Add(targetRow.Count);
                    runTargetCount.Add(0);
                    endRun[n]++;
                }
                runTargetCount[^1]++;
                targetRow.Add(t == 0 ? before : firstRow + t - 1);
                targetToken.Add(forest.TokenId[first + t]);
                targetSource.Add(first + t);
                sampled.Add(forest.LogProb[first + t]);
                mass.Add((float)weight[n]);
                positiveMass.Add((float)(byLeaf ? positive[n] : weight[n] * Math.Max(credit.TokenAdvantage[first + t], 0)));
                negativeMass.Add((float)(byLeaf ? negative[n] : weight[n] * Math.Max(-credit.TokenAdvantage[first + t], 0)));
            }
        }

        private void AddSample(int sample)
        {
            int node = samples.Node[sample];
            foreach (int n in paths ? forest.Path(node) : [node])
            {
                for (int run = firstRun[n]; run < endRun[n]; run++)
                {
                    partRun.Add(run);
                    partAdvantage.Add((float)(byLeaf ? credit.LeafAdvantage[forest.FirstLeaf[node]] : credit.TokenAdvantage[targetSource[runFirstTarget[run]]]));
                }
            }
            sampleTokenWeight.Add((float)samples.Weight[sample]);
            sampleFirstPart.Add(partRun.Count);
        }

        private void AddRow(int token, int position)
        {
            rowToken.Add(token);
            rowPosition.Add(position);
        }

        private void EndSegment(int parent)
        {
            segmentParent.Add(parent);
            segmentFirstRow.Add(rowToken.Count);
        }
    }
}
