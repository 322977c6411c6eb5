using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Credit;
using Xunit;

namespace TreeRl.Tests;

/// <summary>Claims are read from words, so they must be true of every sentence that the words can make.</summary>
public class RuleReaderTests
{
    private static readonly CreditScope[] Scopes = [CreditScope.Prompt, CreditScope.Tree, CreditScope.Batch];

    private static readonly StdRule[] Deviations = [StdRule.Sample(), StdRule.Population(), StdRule.BernoulliStd(), StdRule.BernoulliVariance()];

    private static readonly Backup[] Backups = [Backup.None, Backup.MeanOfChildren, Backup.MeanOfLeaves, Backup.MeanOfLeavesOverSqrtCount, Backup.MaxOfLeaves];

    private static readonly Baseline[] Baselines =
    [
        Baseline.Zero, Baseline.Parent, Baseline.Root, Baseline.Siblings, Baseline.OtherSiblings, Baseline.Tree, Baseline.Prompt,
        Baseline.AncestorGroups(), Baseline.AncestorGroups(true, true),
    ];

    private static readonly PruneRule?[] Prunes =
        [null, null, null, PruneRule.EqualPrompts, PruneRule.EqualSiblings, new(PruneGroups.Siblings, SpreadStatistic.Std, 0.1), PruneRule.EqualPrompts with { KeepSingletons = true }];

    [Fact]
    public void Every_rule_made_of_the_words_keeps_what_its_words_claim()
    {
        int checkedRules = 0, claimed = 0;
        for (int i = 0; i < 120; i++)
        {
            if (Draw(Seed.Of(i).Child("rule")) is not { } rule) continue;
            var report = LawBook.Check(rule, new LawOptions { Forests = 16, Seed = i });
            Assert.True(report.AllHold, $"rule {i}\n{rule}\n{report}");
            checkedRules++;
            claimed += report.Results.Count(result => result.Verdict == LawVerdict.Holds);
        }
        Assert.InRange(checkedRules, 40, 120);
        Assert.InRange(claimed, 6 * checkedRules, 11 * checkedRules); // claims nothing is no way to pass
    }

    internal static CreditRule? Draw(Seed seed)
    {
        int drawn = 0;
        T Pick<T>(IReadOnlyList<T> from) => from[seed.Below(from.Count, drawn++)];
        var leaves = Enumerable.Range(0, Pick([0, 0, 1, 1, 2])).Select(_ => Pick<Func<LeafTransform>>(
            [() => LeafTransform.Centre(Pick(Scopes)), () => LeafTransform.LeaveOneOut(Pick(Scopes)), () => LeafTransform.Scale(Pick(Scopes), Pick(Deviations))])()).ToArray();
        var terms = Enumerable.Range(0, Pick([1, 1, 2])).Select(_ => new CreditTerm(Pick([1.0, 1.0, 0.5, 2.0]), Pick(Baselines),
            Pick<Func<TermScale>>([() => TermScale.None, () => TermScale.None, () => TermScale.Std(Pick(Deviations)), () => TermScale.SqrtLeafCount])())).ToArray();
        var rule = new CreditRule("drawn")
        {
            Leaves = [.. leaves],
            Backup = Pick(Backups),
            Terms = [.. terms],
            Spread = Pick([CreditSpread.Segment, CreditSpread.Path]),
            Prune = Pick(Prunes),
            Unit = Pick([TrainingUnit.PathDuplicated, TrainingUnit.PathDuplicated, TrainingUnit.TokenOnce, TrainingUnit.EdgeOnce, TrainingUnit.SiblingGroup]),
            Singletons = Pick([SingletonRule.Zero, SingletonRule.Zero, SingletonRule.Zero, SingletonRule.KeepValue]),
            After = [.. Pick<AfterStep[]>([[], [], [], [AfterStep.Whiten()], [AfterStep.Clip(0.7)], [AfterStep.Whiten(), AfterStep.Clip(1)]])],
        };
        if (rule.Spread == CreditSpread.Path) rule = rule with { Unit = TrainingUnit.PathDuplicated };
        // centred scores leave 0 .. 1, where a Bernoulli deviation has no meaning
        bool bernoulli = rule.ToString().Contains("bernoulli", StringComparison.Ordinal);
        return rule.Problems().IsEmpty && !(bernoulli && (leaves.Length > 0 || rule.Backup == Backup.MeanOfLeavesOverSqrtCount)) ? rule : null;
    }
}
