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
        if (rule.Choice is { } choice) work.ChooseLeaves(choice.Choose(forest, work.Reward, work.LeafScored));
        var nodeAdvantage = SumTerms(rule, work);
        var training = TrainingMask.Of(rule, work, nodeAdvantage);
        bool[] masked = rule.Mask?.Masked(forest) ?? [];
        var (tokens, leaves) = Spread(rule, work, nodeAdvantage, training, masked);
        var silent = WithoutSignal(rule, work, nodeAdvantage, training, masked);
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
            TokenMasked = [.. masked],
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
            work.TermEvaluated[n] = work.ChosenLeaves[n] > 0 && (rule.Spread == CreditSpread.Segment || forest.IsLeaf(n));
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
            if (forest.IsLeaf(n) || work.ChosenLeaves[n] == 0) continue;
            double sum = 0;
            for (int leaf = forest.FirstLeaf[n]; leaf < forest.FirstLeaf[n] + forest.LeafCount[n]; leaf++)
            {
                if (work.TermEvaluated[forest.Leaves[leaf]]) sum += column[forest.Leaves[leaf]];
            }
            column[n] = sum / work.ChosenLeaves[n];
        }
    }

    private static (double[] Tokens, double[] Leaves) Spread(CreditRule rule, CreditWork work, double[] nodeAdvantage, TrainingMask training, bool[] masked)
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
            for (int t = 0; t < masked.Length; t++)
                if (masked[t]) (advantage[t], weight[t]) = (0, 0);
        }
        else
        {
            var open = OpenPathTokens(forest, masked);
            for (int leaf = 0; leaf < forest.LeafTotal; leaf++)
            {
                int node = forest.Leaves[leaf];
                if (!training.Leaf[leaf] || open[node] == 0) continue;
                advantage[leaf] = nodeAdvantage[node];
                weight[leaf] = open[node];
            }
        }
        foreach (var step in rule.After) step.Apply(forest, advantage, weight);
        return segment ? (advantage, []) : ([], advantage);
    }

    /// <summary>Node -> tokens of its path that no mask leaves out.</summary>
    private static int[] OpenPathTokens(Forest forest, bool[] masked)
    {
        var open = new int[forest.NodeCount];
        for (int n = 0; n < open.Length; n++)
            open[n] = OpenTokens(forest, masked, n) + (forest.Parent[n] >= 0 ? open[forest.Parent[n]] : 0);
        return open;
    }

    private static int OpenTokens(Forest forest, bool[] masked, int node) =>
        forest.TokenCount[node] - (masked.Length == 0 ? 0 : masked.AsSpan(forest.FirstToken[node], forest.TokenCount[node]).Count(true));

    private static bool[] WithoutSignal(CreditRule rule, CreditWork work, double[] nodeAdvantage, TrainingMask training, bool[] masked)
    {
        var silent = new bool[work.Forest.PromptCount];
        Array.Fill(silent, true);
        bool segment = rule.Spread == CreditSpread.Segment;
        int[] open = segment ? [] : OpenPathTokens(work.Forest, masked);
        for (int n = 0; n < nodeAdvantage.Length; n++)
        {
            bool asked = segment
                ? training.Node[n] && OpenTokens(work.Forest, masked, n) > 0
                : work.Forest.IsLeaf(n) && training.Leaf[work.Forest.FirstLeaf[n]] && open[n] > 0;
            if (asked && nodeAdvantage[n] != 0) silent[work.Forest.PromptOf[n]] = false;
        }
        return silent;
    }

    /// <summary>How the prompts of a graded forest fared; no rule is involved.</summary>
    internal static CreditCounts Count(Forest forest, LeafOutcomes outcomes, double goodScore = 0.5) =>
        Count(new CreditWork(forest, outcomes, SingletonRule.Zero), goodScore);

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
