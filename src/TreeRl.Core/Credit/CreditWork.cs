using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Forests;
using TreeRl.Rewards;

namespace TreeRl.Credit;

/// <summary>
/// The scratch columns of one redistribution. A value is NaN exactly where there is none: leaves without a score, nodes without a scored
/// leaf below, inner nodes when the backup gives leaves only.
/// </summary>
internal sealed class CreditWork
{
    private readonly SingletonRule singletons;
    private readonly GroupStats?[] leavesBelow, children, leavesOfPrompt, roots;
    private readonly double[] magnitude;
    private double batchMagnitude;

    public CreditWork(Forest forest, LeafOutcomes outcomes, SingletonRule singletons)
    {
        Guard.SameLength(outcomes.LeafCount, forest.LeafTotal, "a forest's outcomes, one for each leaf,");
        this.singletons = singletons;
        Forest = forest;
        int nodes = forest.NodeCount, prompts = forest.PromptCount, leaves = forest.LeafTotal;
        Reward = new double[leaves];
        LeafScored = new bool[leaves];
        for (int leaf = 0; leaf < leaves; leaf++)
        {
            LeafScored[leaf] = outcomes.Total[leaf].HasScore && forest.Finish[forest.Leaves[leaf]] != Finish.Pruned;
            Reward[leaf] = LeafScored[leaf] ? outcomes.Total[leaf].Value : double.NaN;
        }
        LeafScore = [.. Reward];
        ScoredLeaves = new int[nodes];
        for (int leaf = 0; leaf < leaves; leaf++)
        {
            if (LeafScored[leaf]) ScoredLeaves[forest.Leaves[leaf]] = 1;
        }
        for (int n = nodes - 1; n >= 0; n--)
        {
            if (forest.Parent[n] >= 0) ScoredLeaves[forest.Parent[n]] += ScoredLeaves[n];
        }
        NodeScored = Array.ConvertAll(ScoredLeaves, count => count > 0);
        (LeafChosen, ChosenLeaves) = (LeafScored, ScoredLeaves);
        NodeValue = Filled(nodes);
        PromptValue = Filled(prompts);
        TermEvaluated = new bool[nodes];
        leavesBelow = new GroupStats?[nodes];
        children = new GroupStats?[nodes];
        leavesOfPrompt = new GroupStats?[prompts];
        roots = new GroupStats?[prompts];
        magnitude = new double[prompts];
        Measure();
    }

    public Forest Forest { get; }

    /// <summary>Leaf -> reward as graded.</summary>
    public double[] Reward { get; }

    /// <summary>Leaf -> x.</summary>
    public double[] LeafScore { get; }

    public bool[] LeafScored { get; }

    /// <summary>Node -> number of scored leaves at or below it.</summary>
    public int[] ScoredLeaves { get; }

    public bool[] NodeScored { get; }

    /// <summary>Leaf -> whether it may be trained: the scored ones, or those of them that a <see cref="LeafChoice"/> chose.</summary>
    public bool[] LeafChosen { get; private set; }

    /// <summary>Node -> number of chosen leaves at or below it.</summary>
    public int[] ChosenLeaves { get; private set; }

    /// <summary>Node -> V.</summary>
    public double[] NodeValue { get; }

    /// <summary>Prompt -> V of the parent of its roots.</summary>
    public double[] PromptValue { get; }

    /// <summary>Node -> whether the terms are evaluated there.</summary>
    public bool[] TermEvaluated { get; }

    /// <summary>What is left of a value in a group of one.</summary>
    public double Singleton(double x) => singletons == SingletonRule.KeepValue ? x : 0;

    public double[] CopyLeafScores() => [.. LeafScore];

    public void SetLeafScores(double[] scores)
    {
        for (int leaf = 0; leaf < LeafScore.Length; leaf++) LeafScore[leaf] = LeafScored[leaf] ? scores[leaf] : double.NaN;
        Measure();
    }

    public void SetNodeValues(double[] values)
    {
        for (int n = 0; n < NodeValue.Length; n++) NodeValue[n] = NodeScored[n] ? values[n] : double.NaN;
    }

    /// <summary>Narrows training to these leaves, all of them scored.</summary>
    public void ChooseLeaves(bool[] chosen)
    {
        var count = new int[Forest.NodeCount];
        for (int leaf = 0; leaf < chosen.Length; leaf++) count[Forest.Leaves[leaf]] = chosen[leaf] ? 1 : 0;
        for (int n = count.Length - 1; n >= 0; n--)
        {
            if (Forest.Parent[n] >= 0) count[Forest.Parent[n]] += count[n];
        }
        (LeafChosen, ChosenLeaves) = (chosen, count);
    }

    public void LeavesToNodes()
    {
        for (int leaf = 0; leaf < LeafScore.Length; leaf++) NodeValue[Forest.Leaves[leaf]] = LeafScore[leaf];
    }

    /// <summary>Maps the scores of every group of a scope.</summary>
    /// <param name="scope">The groups.</param>
    /// <param name="map">Score and its group -> new score.</param>
    /// <param name="gain">Group -> by how much the map stretches differences; null for 1. What was lost to rounding before is stretched with them.</param>
    public void MapLeafGroups(CreditScope scope, Func<double, GroupStats, double> map, Func<GroupStats, double>? gain = null)
    {
        var carried = new double[Forest.PromptCount];
        switch (scope)
        {
            case CreditScope.Batch:
                Array.Fill(carried, MapLeaves(0, Forest.LeafTotal, batchMagnitude, map, gain));
                break;
            case CreditScope.Tree:
                foreach (int root in Forest.Roots)
                {
                    int prompt = Forest.PromptOf[root];
                    carried[prompt] = Math.Max(carried[prompt], MapLeaves(Forest.FirstLeaf[root], Forest.LeafCount[root], magnitude[prompt], map, gain));
                }
                break;
            default:
                for (int p = 0; p < Forest.PromptCount; p++)
                {
                    int first = PromptFirstLeaf(p);
                    carried[p] = MapLeaves(first, PromptFirstLeaf(p + 1) - first, magnitude[p], map, gain);
                }
                break;
        }
        Measure(carried);
    }

    /// <summary>Rewards of a prompt's scored leaves.</summary>
    public GroupStats RewardsOfPrompt(int prompt)
    {
        int first = PromptFirstLeaf(prompt);
        return GroupStats.Of(Reward.AsSpan(first, PromptFirstLeaf(prompt + 1) - first), 0);
    }

    /// <summary>Scores x of a prompt's leaves, after all transforms.</summary>
    public GroupStats LeavesOfPrompt(int prompt)
    {
        int first = PromptFirstLeaf(prompt);
        return leavesOfPrompt[prompt] ??= GroupStats.Of(LeafScore.AsSpan(first, PromptFirstLeaf(prompt + 1) - first), magnitude[prompt]);
    }

    /// <summary>Scores x of the leaves at or below a node, after all transforms.</summary>
    public GroupStats LeavesBelow(int node) =>
        leavesBelow[node] ??= GroupStats.Of(LeafScore.AsSpan(Forest.FirstLeaf[node], Forest.LeafCount[node]), magnitude[Forest.PromptOf[node]]);

    /// <summary>Values V of a node's children; asked for once they are final.</summary>
    public GroupStats ChildGroup(int node) => children[node] ??= GroupStats.Of(Forest.Children(node), NodeValue, magnitude[Forest.PromptOf[node]]);

    /// <summary>Values V of a node and its siblings; asked for once they are final.</summary>
    public GroupStats SiblingGroup(int node)
    {
        if (Forest.Parent[node] >= 0) return ChildGroup(Forest.Parent[node]);
        int prompt = Forest.PromptOf[node];
        return roots[prompt] ??= GroupStats.Of(RootsOf(prompt), NodeValue, magnitude[prompt]);
    }

    /// <summary>value - baseline, with differences of rounding size made exactly 0.</summary>
    public double Difference(int node, double value, double baseline)
    {
        double size = Math.Max(magnitude[Forest.PromptOf[node]], Math.Max(Math.Abs(value), Math.Abs(baseline)));
        double difference = value - baseline;
        return Math.Abs(difference) <= GroupStats.Rounding * size ? 0 : difference;
    }

    public int PromptFirstLeaf(int prompt)
    {
        int node = Forest.FirstNodeOfPrompt[prompt];
        return node == Forest.NodeCount ? Forest.LeafTotal : Forest.FirstLeaf[node];
    }

    public IEnumerable<int> RootsOf(int prompt)
    {
        for (int root = Forest.FirstNodeOfPrompt[prompt]; root < Forest.FirstNodeOfPrompt[prompt + 1]; root = Forest.SubtreeEnd[root]) yield return root;
    }

    private double MapLeaves(int first, int count, double size, Func<double, GroupStats, double> map, Func<GroupStats, double>? gain)
    {
        var span = LeafScore.AsSpan(first, count);
        var group = GroupStats.Of(span, size);
        for (int i = 0; i < count; i++)
        {
            if (!double.IsNaN(span[i])) span[i] = map(span[i], group);
        }
        return group.HasSpread ? size * (gain?.Invoke(group) ?? 1) : 0;
    }

    // a difference is as far off as the numbers it was taken of, however small it is: its prompt keeps their size
    private void Measure(double[]? carried = null)
    {
        for (int p = 0; p < Forest.PromptCount; p++)
        {
            magnitude[p] = carried?[p] ?? 0;
            for (int leaf = PromptFirstLeaf(p); leaf < PromptFirstLeaf(p + 1); leaf++)
            {
                if (LeafScored[leaf]) magnitude[p] = Math.Max(magnitude[p], Math.Abs(LeafScore[leaf]));
            }
        }
        batchMagnitude = magnitude.Length == 0 ? 0 : magnitude.Max();
    }

    private static double[] Filled(int length)
    {
        var column = new double[length];
        Array.Fill(column, double.NaN);
        return column;
    }
}
