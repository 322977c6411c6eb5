using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using TreeRl.Credit;
using TreeRl.Forests;
using TreeRl.Rewards;

namespace TreeRl.Training;

/// <summary>Turns a step's products into its line of metrics.</summary>
internal static class Measure
{
    public static StepMetrics Step(int step, long tokensSoFar, long valueTokens, StepSample sample, CreditResult credit, UpdateSummary update, StageSeconds seconds)
    {
        var (forest, outcomes) = (sample.Sampled, sample.SampledOutcomes);
        var counts = sample.Informative < 0 ? credit.Counts : Redistribution.Count(forest, outcomes);
        double sum = 0;
        int scored = 0, abstained = 0, failed = 0, timedOut = 0;
        foreach (var outcome in outcomes.Total)
        {
            switch (outcome.Kind)
            {
                case OutcomeKind.Score:
                    scored++;
                    sum += outcome.Value;
                    break;
                case OutcomeKind.Abstain: abstained++; break;
                case OutcomeKind.Failed: failed++; break;
                default: timedOut++; break;
            }
        }
        double prompts = forest.PromptCount;
        return new StepMetrics
        {
            Step = step,
            Tokens = forest.TokenTotal,
            ValueTokens = valueTokens,
            TokensSoFar = tokensSoFar,
            FlatTokens = forest.FlatTokenTotal,
            Leaves = forest.LeafTotal,
            Tries = sample.Tries,
            PromptsSampled = forest.PromptCount,
            PromptsTrained = sample.NothingToTrain ? 0 : sample.Trained.PromptCount,
            Reward = scored == 0 ? double.NaN : sum / scored,
            Terms = Terms(outcomes, forest.LeafTotal),
            AnswerTokens = (double)forest.FlatTokenTotal / forest.LeafTotal,
            Abstained = abstained,
            Failed = failed,
            TimedOut = timedOut,
            Finishes = Finishes(forest),
            InformativeShare = sample.Informative < 0 ? 1 - counts.WithoutSignal / prompts : sample.Informative / prompts,
            AllGoodShare = counts.AllGood / prompts,
            AllBadShare = counts.AllBad / prompts,
            UnscoredShare = counts.Unscored / prompts,
            FirstRatioDeviation = update.FirstRatioDeviation,
            FirstSamplerGap = update.FirstSamplerGap,
            Troubles = [.. Troubles(outcomes)],
            Loss = update.Loss,
            GradientNorm = update.GradientNorm,
            Updates = update.Updates,
            LearningRate = update.LearningRate,
            Seconds = seconds,
        };
    }

    /// <summary>A line for each term whose grading threw or timed out: how often, and the first reason.</summary>
    public static IEnumerable<string> Troubles(LeafOutcomes outcomes)
    {
        for (int term = 0; term < outcomes.TermNames.Length; term++)
        {
            int count = 0;
            string? first = null;
            for (int leaf = 0; leaf < outcomes.LeafCount; leaf++)
            {
                var outcome = outcomes.Term(term, leaf);
                if (outcome.Kind is not (OutcomeKind.Failed or OutcomeKind.TimedOut)) continue;
                count++;
                first ??= outcome.Reason;
            }
            if (count > 0) yield return $"term '{outcomes.TermNames[term]}': {Counted.Of(count, "answer")} could not be graded, the first because it {first}";
        }
    }

    private static ImmutableArray<NamedValue> Terms(LeafOutcomes outcomes, int leaves)
    {
        var means = ImmutableArray.CreateBuilder<NamedValue>();
        for (int term = 0; term < outcomes.TermNames.Length; term++)
        {
            double sum = 0;
            int count = 0;
            for (int leaf = 0; leaf < leaves; leaf++)
            {
                var outcome = outcomes.Term(term, leaf);
                if (!outcome.HasScore) continue;
                sum += outcome.Value;
                count++;
            }
            means.Add(new NamedValue(outcomes.TermNames[term], count == 0 ? double.NaN : sum / count));
        }
        return means.ToImmutable();
    }

    private static ImmutableArray<NamedValue> Finishes(Forest forest)
    {
        var counts = new int[Enum.GetValues<Finish>().Length];
        foreach (int leaf in forest.Leaves) counts[(int)forest.Finish[leaf]]++;
        var named = ImmutableArray.CreateBuilder<NamedValue>();
        for (int f = 0; f < counts.Length; f++)
            if (counts[f] > 0) named.Add(new NamedValue(((Finish)f).ToString(), counts[f]));
        return named.ToImmutable();
    }
}
