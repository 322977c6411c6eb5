using System;
using System.Linq;
using TreeRl.Forests;
using TreeRl.Policies;
using TreeRl.Rewards;

namespace TreeRl.Credit;

/// <summary>Applies a <see cref="CreditRule"/> to a graded forest. Deterministic; uses no randomness.</summary>
public static class Redistribution
{
    /// <summary>Turns leaf outcomes into advantages.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="forest">The forest.</param>
    /// <param name="outcomes">One outcome for each leaf. Leaves that abstain, failed, timed out or were pruned move no statistic and are not trained.</param>
    /// <param name="goodScore">A leaf counts as good when its reward is at least this; for the counters only.</param>
    /// <exception cref="ArgumentException">The rule is inconsistent (all problems are listed), the outcomes do not fit the forest, a custom
    /// function returned a wrong column, or a Bernoulli scale met scores outside 0 .. 1.</exception>
    /// <exception cref="InvalidOperationException">A custom function threw.</exception>
    /// <exception cref="NonFiniteException">An advantage overflowed.</exception>
    public static CreditResult Apply(CreditRule rule, Forest forest, LeafOutcomes outcomes, double goodScore = 0.5)
    {
        ArgumentNullException.ThrowIfNull(rule);
        ArgumentNullException.ThrowIfNull(forest);
        ArgumentNullException.ThrowIfNull(outcomes);
        rule.Validate();
        var work = new CreditWork(forest, outcomes, rule.Singletons);
        foreach (var step in rule.Leaves) step.Apply(work);
        rule.Backup.Evaluate(work);
        var nodeAdvantage = SumTerms(rule, work);
        var training = TrainingMask.Of(rule, work, nodeAdvantage);
        var (tokens, leaves) = Spread(rule, work, nodeAdvantage, training);
        var silent = WithoutSignal(rule, work, nodeAdvantage, training);
        return new CreditResult
        {
            Rule = rule,
            Forest = forest,
            LeafReward = [.. work.Reward],
            LeafScore = [.. work.LeafScore],
            NodeValue = [.. work.NodeValue],
            PromptValue = [.. work.PromptValue],
            NodeAdvantage = [.. nodeAdvantage],
            TokenAdvantage = [.. tokens],
            LeafAdvantage = [.. leaves],
            LeafScored = [.. work.LeafScored],
            LeafTrained = [.. training.Leaf],
            NodeTrained = [.. training.Node],
            PromptWithoutSignal = [.. silent],
            Counts = Count(work, goodScore) with
            {
                WithoutSignal = silent.Count(s => s),
                PruneGroups = training.Groups,
                PrunedGroups = training.PrunedGroups,
                PrunedNodes = training.PrunedNodes,
                DroppedEdges = training.DroppedEdges,
            },
        };
    }

    private static double[] SumTerms(CreditRule rule, CreditWork work)
    {
        var forest = work.Forest;
        for (int n = 0; n < forest.NodeCount; n++)
            work.TermEvaluated[n] = work.NodeScored[n] && (rule.Spread == CreditSpread.Segment || forest.IsLeaf(n));
        var sum = new double[forest.NodeCount];
        foreach (var term in rule.Terms)
        {
            var baseline = term.Baseline.On(work);
            var scale = term.Scale.On(work);
            for (int n = 0; n < forest.NodeCount; n++)
            {
                if (!work.TermEvaluated[n]) continue;
                var at = baseline(n);
                double difference = at.IsSingleton ? work.Singleton(work.NodeValue[n]) : work.Difference(n, work.NodeValue[n], at.Value);
                sum[n] += term.Weight * scale(n, at, difference);
                if (!double.IsFinite(sum[n])) throw new NonFiniteException($"advantage of node {n} by {term}", sum[n]);
            }
        }
        if (rule.Spread == CreditSpread.Path) MeanOverLeaves(work, sum);
        return sum;
    }

    private static void MeanOverLeaves(CreditWork work, double[] column)
    {
        var forest = work.Forest;
        for (int n = forest.NodeCount - 1; n >= 0; n--)
        {
            if (forest.IsLeaf(n) || work.ScoredLeaves[n] == 0) continue;
            double sum = 0;
            for (int leaf = forest.FirstLeaf[n]; leaf < forest.FirstLeaf[n] + forest.LeafCount[n]; leaf++)
            {
                if (work.LeafScored[leaf]) sum += column[forest.Leaves[leaf]];
            }
            column[n] = sum / work.ScoredLeaves[n];
        }
    }

    private static (double[] Tokens, double[] Leaves) Spread(CreditRule rule, CreditWork work, double[] nodeAdvantage, TrainingMask training)
    {
        var forest = work.Forest;
        bool segment = rule.Spread == CreditSpread.Segment;
        var advantage = new double[segment ? forest.TokenTotal : forest.LeafTotal];
        var weight = new double[advantage.Length];
        if (segment)
        {
            var paths = training.LeavesBelow(forest);
            for (int n = 0; n < forest.NodeCount; n++)
            {
                if (!training.Node[n]) continue;
                Array.Fill(advantage, nodeAdvantage[n], forest.FirstToken[n], forest.TokenCount[n]);
                Array.Fill(weight, rule.Unit == TrainingUnit.PathDuplicated ? paths[n] : 1, forest.FirstToken[n], forest.TokenCount[n]);
            }
        }
        else
        {
            for (int leaf = 0; leaf < forest.LeafTotal; leaf++)
            {
                if (!training.Leaf[leaf]) continue;
                advantage[leaf] = nodeAdvantage[forest.Leaves[leaf]];
                weight[leaf] = forest.PathTokenCount[forest.Leaves[leaf]];
            }
        }
        foreach (var step in rule.After) step.Apply(forest, advantage, weight);
        return segment ? (advantage, []) : ([], advantage);
    }

    private static bool[] WithoutSignal(CreditRule rule, CreditWork work, double[] nodeAdvantage, TrainingMask training)
    {
        var silent = new bool[work.Forest.PromptCount];
        Array.Fill(silent, true);
        for (int n = 0; n < nodeAdvantage.Length; n++)
        {
            bool asked = training.Node[n] && (rule.Spread == CreditSpread.Segment || work.Forest.IsLeaf(n));
            if (asked && nodeAdvantage[n] != 0) silent[work.Forest.PromptOf[n]] = false;
        }
        return silent;
    }

    private static CreditCounts Count(CreditWork work, double goodScore)
    {
        int good = 0, bad = 0, mixed = 0, unscored = 0, single = 0;
        for (int p = 0; p < work.Forest.PromptCount; p++)
        {
            var rewards = work.RewardsOfPrompt(p);
            if (rewards.Count == 0) unscored++;
            else if (rewards.Min >= goodScore) good++;
            else if (rewards.Max < goodScore) bad++;
            else mixed++;
            if (rewards.Count == 1) single++;
        }
        return new CreditCounts
        {
            Prompts = work.Forest.PromptCount,
            Leaves = work.Forest.LeafTotal,
            ScoredLeaves = work.LeafScored.Count(scored => scored),
            GoodScore = goodScore,
            AllGood = good,
            AllBad = bad,
            Mixed = mixed,
            Unscored = unscored,
            SingletonPrompts = single,
        };
    }
}
