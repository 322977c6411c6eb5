using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Forests;
using TreeRl.Objectives;
using TreeRl.Policies;
using TreeRl.Training;

namespace TreeRl.Credit;

/// <summary>
/// <see cref="Law.TokenOnce"/>, by the packer's masses. A token's pull on the first on-policy step is its positive minus its negative mass.
/// <code>
/// once = duplicated:  masses of token t on the tree  =  sum of its masses over copies of the paths through it
/// twin:               pull of token t by the rule    =  its pull by a rule that gives each path its leaf's advantage (token mean)
/// </code>
/// </summary>
internal sealed class TokenOnceTest(CreditRule rule, LawOptions options, CreditRule? twin) : LawTest(rule, options)
{
    private static readonly AggregationSettings[] Modes =
        [new(Aggregation.TokenMean), new(Aggregation.SequenceMeanTokenMean), new(Aggregation.SequenceMeanTokenSumNorm, 10)];

    // masses are single precision
    protected override double Tolerance => Math.Max(Options.Tolerance, 1e-5);

    protected override LawFinding? Examine(LawCase of)
    {
        var run = Run(of);
        if (!run.Credit.LeafTrained.Contains(true)) return null;
        var witness = new LawWitness(run.Sealed);
        var (copies, source) = Duplicated(run.Credit);
        foreach (var mode in Modes)
        {
            double[][] once = Masses(run.Credit, mode, null), many = Masses(copies, mode, source);
            See(witness, run, $"advantage mass above 0 by {mode.Mode}", many[0], once[0]);
            See(witness, run, $"advantage mass below 0 by {mode.Mode}", many[1], once[1]);
            See(witness, run, $"mass by {mode.Mode}", many[2], once[2]);
        }
        if (twin is null) return witness.Finding();
        double[][] own = Masses(run.Credit, Modes[0], null), other = Masses(LawRun.Of(twin, of).Credit, Modes[0], null);
        See(witness, run, $"pull, by {twin.Name}", Pull(other), Pull(own));
        return witness.Finding();
    }

    private static double[] Pull(double[][] masses) => [.. masses[0].Zip(masses[1], (above, below) => above - below)];

    private static void See(LawWitness witness, LawRun run, string what, double[] expected, double[] got)
    {
        double size = Math.Max(expected.Max(Math.Abs), 1e-30);
        for (int n = 0; n < run.Forest.NodeCount; n++)
        {
            int t = run.Forest.FirstToken[n];
            for (int i = t; i < t + run.Forest.TokenCount[n]; i++) witness.See(run.Sealed.Keys[n], what, expected[i], got[i], LawFinding.Distance(expected[i] / size, got[i] / size));
        }
    }

    /// <summary>Token of the tree -> positive, negative and plain mass, summed over the batch's targets that stand for it.</summary>
    private static double[][] Masses(CreditResult credit, AggregationSettings mode, int[]? source)
    {
        int tokens = source is null ? credit.Forest.TokenTotal : source.Max() + 1;
        double[] positive = new double[tokens], negative = new double[tokens], mass = new double[tokens];
        PackedBatch batch = Packer.Pack(credit, mode);
        for (int k = 0; k < batch.TargetCount; k++)
        {
            int t = source is null ? batch.TargetSource[k] : source[batch.TargetSource[k]];
            positive[t] += batch.Credit.PositiveMass[k];
            negative[t] += batch.Credit.NegativeMass[k];
            mass[t] += batch.Credit.Mass[k];
        }
        return [positive, negative, mass];
    }

    /// <summary>Every path as a tree of its own, with the advantages its tokens have on the tree; and token -> token of the tree.</summary>
    private static (CreditResult Copies, int[] Source) Duplicated(CreditResult credit)
    {
        var forest = credit.Forest;
        List<int> parent = [], promptOf = [], tokenCount = [], source = [];
        List<Finish> finish = [];
        List<double> advantage = [];
        List<bool> trained = [];
        bool segment = credit.Rule.Spread == CreditSpread.Segment;
        for (int leaf = 0; leaf < forest.LeafTotal; leaf++)
        {
            int end = forest.Leaves[leaf];
            foreach (int n in forest.Path(end))
            {
                parent.Add(forest.Parent[n] < 0 ? -1 : parent.Count - 1);
                promptOf.Add(forest.PromptOf[n]);
                tokenCount.Add(forest.TokenCount[n]);
                finish.Add(forest.Finish[n]);
                trained.Add(credit.NodeTrained[n] && credit.LeafTrained[leaf]);
                for (int t = forest.FirstToken[n]; t < forest.FirstToken[n] + forest.TokenCount[n]; t++)
                {
                    source.Add(t);
                    advantage.Add(segment ? credit.TokenAdvantage[t] : credit.LeafAdvantage[leaf]);
                }
            }
        }
        var copies = Forest.Create(new ForestColumns
        {
            Prompts = forest.Prompts,
            Parent = [.. parent],
            PromptOf = [.. promptOf],
            TokenCount = [.. tokenCount],
            Finish = [.. finish],
            TokenId = [.. source.Select(t => forest.TokenId[t])],
            LogProb = [.. source.Select(t => forest.LogProb[t])],
            Entropy = [.. source.Select(t => forest.Entropy[t])],
        });
        var result = new CreditResult
        {
            Rule = credit.Rule with { Spread = CreditSpread.Segment },
            Forest = copies,
            LeafReward = credit.LeafReward,
            LeafScore = credit.LeafScore,
            NodeValue = [.. new double[copies.NodeCount]],
            PromptValue = credit.PromptValue,
            NodeAdvantage = [.. new double[copies.NodeCount]],
            TokenAdvantage = [.. advantage],
            LeafAdvantage = [],
            LeafScored = credit.LeafScored,
            LeafTrained = credit.LeafTrained,
            NodeTrained = [.. trained],
            PromptWithoutSignal = credit.PromptWithoutSignal,
            Counts = credit.Counts,
        };
        return (result, [.. source]);
    }
}
