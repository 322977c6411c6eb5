using System;
using System.Collections.Generic;
using TreeRl.Forests;

namespace TreeRl.Credit;

/// <summary>Which leaves and nodes are trained, and what was left out on the way.</summary>
internal sealed class TrainingMask
{
    private TrainingMask(CreditWork work)
    {
        Leaf = [.. work.LeafChosen];
        Node = Array.ConvertAll(work.ChosenLeaves, count => count > 0);
    }

    public bool[] Leaf { get; }

    public bool[] Node { get; }

    public int Groups { get; private set; }

    public int PrunedGroups { get; private set; }

    public int PrunedNodes { get; private set; }

    public int DroppedEdges { get; private set; }

    public static TrainingMask Of(CreditRule rule, CreditWork work, double[] nodeAdvantage)
    {
        var mask = new TrainingMask(work);
        if (rule.Prune is { Groups: PruneGroups.Prompt }) mask.PrunePrompts(rule.Prune, work);
        if (rule.Prune is { Groups: PruneGroups.Siblings }) mask.PruneSiblings(rule.Prune, work);
        if (rule.Unit == TrainingUnit.EdgeOnce)
        {
            for (int n = 0; n < mask.Node.Length; n++)
            {
                if (!mask.Node[n] || nodeAdvantage[n] != 0) continue;
                mask.Node[n] = false;
                mask.DroppedEdges++;
            }
        }
        return mask;
    }

    /// <summary>Node -> number of trained leaves at or below it.</summary>
    public int[] LeavesBelow(Forest forest)
    {
        var count = new int[forest.NodeCount];
        for (int leaf = 0; leaf < Leaf.Length; leaf++) count[forest.Leaves[leaf]] = Leaf[leaf] ? 1 : 0;
        for (int n = count.Length - 1; n >= 0; n--)
        {
            if (forest.Parent[n] >= 0) count[forest.Parent[n]] += count[n];
        }
        return count;
    }

    private void PrunePrompts(PruneRule rule, CreditWork work)
    {
        var forest = work.Forest;
        for (int p = 0; p < forest.PromptCount; p++)
        {
            var rewards = work.RewardsOfPrompt(p);
            if (!Judge(rule, rewards)) continue;
            for (int n = forest.FirstNodeOfPrompt[p]; n < forest.FirstNodeOfPrompt[p + 1]; n++) Drop(n);
            Array.Fill(Leaf, false, work.PromptFirstLeaf(p), work.PromptFirstLeaf(p + 1) - work.PromptFirstLeaf(p));
        }
    }

    private void PruneSiblings(PruneRule rule, CreditWork work)
    {
        var forest = work.Forest;
        for (int p = 0; p < forest.PromptCount; p++) Prune(work.RootsOf(p), forest.FirstNodeOfPrompt[p]);
        for (int n = 0; n < forest.NodeCount; n++)
        {
            if (!forest.IsLeaf(n)) Prune(forest.Children(n), n + 1);
        }

        void Prune(IEnumerable<int> group, int member)
        {
            if (!Judge(rule, work.SiblingGroup(member))) return;
            foreach (int n in group) Drop(n);
        }
    }

    private bool Judge(PruneRule rule, GroupStats group)
    {
        if (group.Count == 0) return false;
        Groups++;
        if (!rule.Drops(group)) return false;
        PrunedGroups++;
        return true;
    }

    private void Drop(int node)
    {
        if (!Node[node]) return;
        Node[node] = false;
        PrunedNodes++;
    }
}
