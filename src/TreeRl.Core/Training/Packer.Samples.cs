using System;
using System.Collections.Generic;
using TreeRl.Credit;
using TreeRl.Objectives;

namespace TreeRl.Training;

public static partial class Packer
{
    /// <summary>
    /// The training samples of a mini-batch, prompt by prompt: nodes, or leaves standing for their paths. A set is what an aggregation runs
    /// over: the whole mini-batch, or with the unit SiblingGroup one sibling group.
    /// </summary>
    private sealed class TrainingSamples
    {
        private readonly List<long> tokens = [];
        private readonly List<int> set = [];
        private int sets;

        /// <summary>Sample -> node: the trained node, or the leaf that ends the path.</summary>
        public List<int> Node { get; } = [];

        /// <summary>Sample -> whether it is kept; false for samples without signal that are to be dropped.</summary>
        public List<bool> Kept { get; } = [];

        /// <summary>Sample -> weight of each of its tokens.</summary>
        public double[] Weight { get; private set; } = [];

        /// <summary>Prompt (by place in the mini-batch) -> its first sample; one more entry.</summary>
        public List<int> FirstOfPrompt { get; } = [0];

        public static TrainingSamples Of(CreditResult credit, IReadOnlyList<int> prompts)
        {
            var samples = new TrainingSamples();
            var forest = credit.Forest;
            bool paths = credit.Rule.Unit == TrainingUnit.PathDuplicated, groups = credit.Rule.Unit == TrainingUnit.SiblingGroup;
            var setOfParent = new Dictionary<int, int>();
            foreach (int p in prompts)
            {
                setOfParent.Clear();
                for (int n = forest.FirstNodeOfPrompt[p]; n < forest.FirstNodeOfPrompt[p + 1]; n++)
                {
                    if (paths)
                    {
                        if (forest.IsLeaf(n) && credit.LeafTrained[forest.FirstLeaf[n]]) samples.AddPath(credit, n);
                    }
                    else if (credit.TrainedTokens(n) is > 0 and var trained)
                    {
                        if (!setOfParent.TryGetValue(groups ? forest.Parent[n] : -1, out int set))
                        {
                            set = groups ? samples.sets++ : 0;
                            setOfParent.Add(groups ? forest.Parent[n] : -1, set);
                        }
                        samples.Add(n, trained, HasSignal(credit, n), set);
                    }
                }
                samples.FirstOfPrompt.Add(samples.Node.Count);
            }
            samples.sets = Math.Max(samples.sets, 1);
            return samples;
        }

        public void Weigh(AggregationSettings aggregation)
        {
            Weight = new double[Node.Count];
            var setTokens = new long[sets];
            var setSamples = new long[sets];
            for (int i = 0; i < Weight.Length; i++)
            {
                setTokens[set[i]] += tokens[i];
                setSamples[set[i]]++;
            }
            for (int i = 0; i < Weight.Length; i++)
            {
                Weight[i] = aggregation.Mode switch
                {
                    Aggregation.TokenMean => 1.0 / setTokens[set[i]] / sets,
                    Aggregation.SequenceMeanTokenMean => 1.0 / setSamples[set[i]] / tokens[i] / sets,
                    Aggregation.SequenceMeanTokenSum => 1.0 / setSamples[set[i]] / sets,
                    _ => 1.0 / aggregation.NormConstant,
                };
                if (!aggregation.DropZeroSignal) Kept[i] = true;
            }
        }

        private void AddPath(CreditResult credit, int leafNode)
        {
            var forest = credit.Forest;
            bool byLeaf = credit.Rule.Spread == CreditSpread.Path;
            bool signal = byLeaf && credit.LeafAdvantage[forest.FirstLeaf[leafNode]] != 0;
            long count = 0;
            for (int n = leafNode; n >= 0; n = forest.Parent[n])
            {
                int trained = credit.TrainedTokens(n);
                if (trained == 0) continue;
                count += trained;
                signal |= !byLeaf && HasSignal(credit, n);
            }
            if (count > 0) Add(leafNode, count, signal, 0);
        }

        private void Add(int node, long tokenCount, bool signal, int setIndex)
        {
            Node.Add(node);
            tokens.Add(tokenCount);
            set.Add(setIndex);
            Kept.Add(signal);
        }

        private static bool HasSignal(CreditResult credit, int node)
        {
            int first = credit.Forest.FirstToken[node];
            return credit.TokenAdvantage.AsSpan(first, credit.Forest.TokenCount[node]).ContainsAnyExcept(0.0);
        }
    }
}
