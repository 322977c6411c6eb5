using System;
using System.Linq;
using TreeRl.Credit;
using Xunit;

namespace TreeRl.Tests;

/// <summary>The published rules keep what they claim, and claim what is written here.</summary>
public class LawBookTests
{
    private static readonly CreditRule[] Variants =
    [
        CreditRules.TreeRlAsCode,
        CreditRules.TreePoWith(true, true).WithName("treePoReject"),
        CreditRules.TreeAdvWith(TrainingUnit.PathDuplicated, StdRule.Population()).WithName("treeAdvPaths"),
        CreditRules.SpoWith(TermScale.Std(StdRule.Population())).WithName("spoGrpo"),
        CreditRules.TreeRpoWith(TermScale.Std(StdRule.Sample()), PruneRule.EqualSiblings).WithName("treeRpoStd"),
        CreditRules.GrpoWith(StdRule.BernoulliVariance()).WithName("grpoBernoulliVariance"),
        CreditRules.Grpo.WithSingletons(SingletonRule.KeepValue).WithName("grpoKeepingSingletons"),
        CreditRules.TreeGrpo.WithSingletons(SingletonRule.KeepValue).WithName("treeGrpoKeepingSingletons"),
        CreditRules.DrGrpo.WithAfter(AfterStep.Clip(0.3)).WithName("drGrpoClipped"),
        CreditRules.DrGrpo.WithLeaves(LeafTransform.Centre(CreditScope.Tree), LeafTransform.Scale(CreditScope.Prompt, StdRule.Sample())).WithName("treeCentred"),
        CreditRules.Rloo.WithLeaves(LeafTransform.LeaveOneOut(CreditScope.Tree)).WithName("rlooByTree"),
        CreditRules.DrGrpo.WithLeaves(LeafTransform.Centre(CreditScope.Batch)).WithTerms(CreditTerm.Over(Baseline.Zero)).WithName("batchCentred"),
        new CreditRule("maxAgainstRoot")
        {
            Backup = Backup.MaxOfLeaves,
            Terms = [CreditTerm.Over(Baseline.Root), CreditTerm.Over(Baseline.Parent, TermScale.SqrtLeafCount).Times(0.5)],
            Spread = CreditSpread.Segment,
            Unit = TrainingUnit.TokenOnce,
        },
        new CreditRule("ancestorsBySegment")
        {
            Backup = Backup.MeanOfLeaves,
            Terms = [CreditTerm.Over(Baseline.AncestorGroups(true))],
            Spread = CreditSpread.Segment,
        },
        new CreditRule("treePlusPrompt")
        {
            Backup = Backup.MeanOfChildren,
            Terms = [CreditTerm.Over(Baseline.Tree, TermScale.Std(StdRule.Sample())), CreditTerm.Over(Baseline.Prompt).Times(2)],
            Spread = CreditSpread.Segment,
            Unit = TrainingUnit.SiblingGroup,
        },
    ];

    public static TheoryData<string> AllRules => [.. CreditRules.All.Concat(Variants).Select(rule => rule.Name)];

    [Theory]
    [MemberData(nameof(AllRules))]
    public void Every_published_rule_keeps_the_laws_it_claims(string name)
    {
        var report = LawBook.Check(CreditRules.All.Concat(Variants).Single(rule => rule.Name == name));
        TestContext.Current.TestOutputHelper?.WriteLine(report.ToString());
        report.ThrowIfBroken();
        Assert.All(report.Results.Where(result => result.Verdict == LawVerdict.Holds), result => Assert.True(result.Cases >= 15, $"{result.Law}: tried on {result.Cases} forests only"));
    }

    [Theory]
    [InlineData("grpo", "")]
    [InlineData("drGrpo", "")]
    [InlineData("rloo", "")]
    [InlineData("reinforcePlusPlus", "Locality")]
    [InlineData("reinforcePlusPlusBaseline", "Locality")]
    [InlineData("treeRpo", "Shift Scaling TokenOnce")]
    [InlineData("treePo", "Locality")]
    [InlineData("treePoSizeWeighted", "Locality")]
    [InlineData("treeAdv", "TokenOnce")]
    [InlineData("treeRl", "")]
    [InlineData("treeGrpo", "")]
    [InlineData("spo", "TokenOnce")]
    [InlineData("dTreeRpo", "TokenOnce")]
    public void A_published_rule_claims_all_laws_but_these(string name, string waived)
    {
        var claims = LawClaims.Of(CreditRules.All.Single(rule => rule.Name == name));
        Assert.Equal(waived, string.Join(' ', Enum.GetValues<Law>().Where(law => !claims.Claims(law))));
        Assert.All(Enum.GetValues<Law>(), law => Assert.NotEqual(claims.Claims(law), claims.Reasons.ContainsKey(law)));
    }

    [Theory]
    [InlineData("grpo", "grpo", ScalingClaim.Invariant)]
    [InlineData("drGrpo", "drGrpo", ScalingClaim.Equivariant)]
    [InlineData("rloo", "rloo", ScalingClaim.Equivariant)]
    [InlineData("reinforcePlusPlus", "reinforcePlusPlus", ScalingClaim.Invariant)]
    [InlineData("treePo", "reinforcePlusPlusBaseline with prune Prompt Range 0", ScalingClaim.Invariant)]
    [InlineData("treeAdv", "grpo", ScalingClaim.Invariant)]
    [InlineData("treeRl", "2 rloo", ScalingClaim.Equivariant)]
    [InlineData("treeGrpo", "grpo", ScalingClaim.Invariant)]
    [InlineData("spo", "drGrpo", ScalingClaim.Equivariant)]
    [InlineData("dTreeRpo", "rloo", ScalingClaim.Equivariant)]
    public void The_flat_rule_and_the_scaling_follow_from_the_words(string name, string flat, ScalingClaim scaling)
    {
        var claims = LawClaims.Of(CreditRules.All.Single(rule => rule.Name == name));
        Assert.Equal(flat, claims.Flat!.Words);
        Assert.Equal(scaling, claims.Scaling);
    }

    [Fact]
    public void Scaling_says_what_was_observed()
    {
        Assert.EndsWith("[Invariant]", LawBook.Check(CreditRules.Grpo)[Law.Scaling].Words);
        Assert.EndsWith("[Equivariant]", LawBook.Check(CreditRules.Spo)[Law.Scaling].Words);
        var neither = LawBook.Check(CreditRules.TreeRpo)[Law.Scaling];
        Assert.EndsWith("[neither]", neither.Words);
        Assert.Equal(LawVerdict.NotClaimed, neither.Verdict);
    }

    [Fact]
    public void What_is_not_claimed_is_not_true_of_the_published_rules()
    {
        // a waiver that nothing needs would hide a fault
        Fails(CreditRules.ReinforcePlusPlus, claims => claims with { Scope = LawScope.Prompt }, Law.ZeroSpread, Law.Locality);
        Fails(CreditRules.TreePo, claims => claims with { Scope = LawScope.Prompt }, Law.Locality);
        Fails(CreditRules.TreeRpo, claims => claims with { Shift = true }, Law.Shift);
        Fails(CreditRules.TreeRpo, claims => claims with { Scaling = ScalingClaim.Either }, Law.Scaling);
        Fails(CreditRules.TreeAdv, claims => claims with { TokenOnce = true }, Law.TokenOnce);
        Fails(CreditRules.Spo, claims => claims with { TokenOnce = true }, Law.TokenOnce);
        Fails(CreditRules.DrGrpo.WithTerms(CreditTerm.Over(Baseline.Zero)), claims => claims with { ZeroSpread = true }, Law.ZeroSpread);
        Fails(CreditRules.DrGrpo.WithAfter(AfterStep.Clip(0.3)), claims => claims with { Scaling = ScalingClaim.Either }, Law.Scaling);
    }

    [Fact]
    public void Claims_that_say_more_than_the_rule_keeps_are_caught()
    {
        Fails(CreditRules.Grpo, claims => claims with { Flat = new FlatClaim(CreditRules.DrGrpo) }, Law.Chains);
        Fails(CreditRules.Spo, claims => claims with { Flat = claims.Flat! with { CutChains = true } }, Law.Chains);
        Fails(CreditRules.TreeGrpo, claims => claims with { Scope = LawScope.Tree }, Law.Locality);
        Fails(CreditRules.TreeAdv, claims => claims with { Scope = LawScope.Siblings }, Law.Locality);
        Fails(CreditRules.Grpo, claims => claims with { Bound = LawBound.Constant(1) }, Law.Bound);
        Fails(CreditRules.TreeAdv, claims => claims.WithIdentities(LawIdentity.SiblingsSumToZero()), Law.Identity);
        Fails(CreditRules.TreeRl, claims => claims.WithIdentities(LawIdentity.PathsTelescope()), Law.Identity);
        Fails(CreditRules.TreePo.WithAfter(), claims => claims.WithIdentities(LawIdentity.LeavesSumToZero(CreditScope.Prompt)), Law.Identity);
        Fails(CreditRules.Spo, claims => claims.WithIdentities(LawIdentity.ValuesAreMeans(ValueMean.OfLeaves)), Law.Identity);
        Fails(CreditRules.TreeRl, claims => claims with { Twin = CreditRules.Rloo }, Law.TokenOnce);
        Fails(CreditRules.DrGrpo, claims => claims.WithIdentities(LawIdentity.TokensAverageZero), Law.Identity);
    }

    [Fact]
    public void Tree_adv_over_duplicated_paths_pulls_like_grpo()
    {
        var rule = CreditRules.TreeAdvWith(TrainingUnit.PathDuplicated, StdRule.Sample(1e-6));
        LawBook.Check(rule, new LawOptions { Claims = LawClaims.Of(rule) with { Twin = CreditRules.Grpo } }).ThrowIfBroken();
        Assert.Equal("treeAdv by path", LawClaims.Of(rule).Twin!.Name);
    }

    [Fact]
    public void An_identity_of_ones_own_is_checked()
    {
        var noPositive = LawIdentity.Custom("no advantage is above 0", credit => [.. credit.NodeAdvantage.Select(a => Math.Max(a, 0))]);
        var report = Fails(CreditRules.DrGrpo, claims => claims.WithIdentities(noPositive), Law.Identity);
        Assert.Contains("no advantage is above 0", report.ToString());
        var throws = LawIdentity.Custom("broken", _ => throw new FormatException("no"));
        Assert.Contains("broken threw FormatException: no", Fails(CreditRules.DrGrpo, claims => claims.WithIdentities(throws), Law.Identity).ToString());
    }

    [Fact]
    public void A_report_is_the_same_for_a_seed_and_differs_between_seeds()
    {
        var options = new LawOptions { Forests = 20, Claims = LawClaims.Of(CreditRules.TreeRpo) with { Shift = true } };
        Assert.Equal(LawBook.Check(CreditRules.TreeRpo, options).ToString(), LawBook.Check(CreditRules.TreeRpo, options).ToString());
        Assert.NotEqual(LawBook.Check(CreditRules.Grpo, options).ToString(), LawBook.Check(CreditRules.Grpo, options with { Seed = 2 }).ToString());
    }

    [Fact]
    public void A_report_prints_a_table_and_the_counterexample()
    {
        var report = Fails(CreditRules.TreeRpo, claims => claims with { Shift = true }, Law.Shift);
        string text = report.ToString();
        Assert.StartsWith("laws of treeRpo: 8 hold, 1 fail, 2 not claimed (60 forests, seed 1)\n", text);
        Assert.Contains("shift       FAILS", text);
        Assert.Contains("token once  not claimed", text);
        Assert.Contains("shift fails: adding a constant to all rewards changes nothing\nprompt p", text);
        Assert.Contains("<-- here", text);
        var thrown = Assert.Throws<LawBrokenException>(report.ThrowIfBroken);
        Assert.Equal(text, thrown.Message);
    }

    [Fact]
    public void Monte_carlo_values_are_checked_as_the_means_they_estimate()
    {
        var report = LawBook.Check(CreditRules.Spo.WithBackup(Backup.MonteCarlo([0.5])));
        report.ThrowIfBroken();
        Assert.Contains("checked with meanOfLeaves in place of monteCarlo", report.ToString());
    }

    [Fact]
    public void Rewards_outside_the_unit_range_can_be_asked_for()
    {
        LawBook.Check(CreditRules.Grpo, new LawOptions { MinReward = -2, MaxReward = 3 }).ThrowIfBroken();
        Assert.Equal(LawVerdict.Fails, LawBook.Check(CreditRules.TreeRpo, new LawOptions { MinReward = -2 })[Law.Relabelling].Verdict);
        Assert.Equal(LawVerdict.NotClaimed, LawBook.Check(CreditRules.Grpo, new LawOptions { MinReward = 1, MaxReward = 2 })[Law.Scaling].Verdict);
    }

    [Fact]
    public void The_generated_forests_cover_what_laws_are_about()
    {
        var cases = new LawGenerator(new LawOptions()).All();
        int Count(Func<LawCase, bool> has) => cases.Count(has);
        Assert.Equal(60, cases.Length);
        Assert.InRange(Count(of => of.Prompts.Length > 1), 20, 58);
        Assert.InRange(Count(of => of.Prompts.Any(prompt => prompt.Roots.Length > 1)), 20, 60);
        Assert.InRange(Count(of => of.Leaves().Any(leaf => !leaf.IsScored)), 10, 40);
        Assert.InRange(Count(of => of.Prompts.Any(prompt => prompt.Leaves().Select(leaf => leaf.Reward).Distinct().Count() == 1)), 10, 59);
        Assert.InRange(Count(of => of.Leaves().Select(leaf => leaf.Reward).Distinct().Count() > 4), 5, 50);
        Assert.InRange(Count(of => of.Build().Forest.TokenCount.Distinct().Count() > 2), 20, 60);
        Assert.InRange(Count(of => of.Build().Forest.ChildCount.Contains(1)), 5, 50);
        Assert.InRange(Count(of => of.Build().Forest is var forest && forest.Roots.Any(root => Enumerable.Range(forest.FirstLeaf[root], forest.LeafCount[root])
            .Select(leaf => forest.Depth[forest.Leaves[leaf]]).Distinct().Count() > 1)), 15, 60);
    }

    [Fact]
    public void Options_and_rules_that_make_no_sense_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => LawBook.Check(CreditRules.Grpo, new LawOptions { Forests = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => LawBook.Check(CreditRules.Grpo, new LawOptions { Tolerance = 0 }));
        Assert.Throws<ArgumentException>(() => LawBook.Check(CreditRules.Grpo, new LawOptions { MinReward = 1 }));
        Assert.Throws<ArgumentException>(() => LawBook.Check(CreditRules.Grpo.WithTerms()));
    }

    private static LawReport Fails(CreditRule rule, Func<LawClaims, LawClaims> change, params Law[] laws)
    {
        var report = LawBook.Check(rule, new LawOptions { Claims = change(LawClaims.Of(rule)) });
        Assert.Equal(laws, report.Results.Where(result => result.Verdict == LawVerdict.Fails).Select(result => result.Law));
        return report;
    }
}
