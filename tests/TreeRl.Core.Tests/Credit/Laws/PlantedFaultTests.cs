using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Credit;
using TreeRl.Forests;
using Xunit;

namespace TreeRl.Tests;

/// <summary>Rules with one fault each: the law that should catch it does, on a small forest.</summary>
public class PlantedFaultTests
{
    private static readonly CreditRule Own = new CreditRule("own").WithSpread(CreditSpread.Segment).WithUnit(TrainingUnit.TokenOnce);

    private static CreditRule OverParent(string name, Func<IReadOnlyList<double>, double> value) =>
        Own.WithBackup(Values(name, value)).WithTerms(CreditTerm.Over(Baseline.Parent));

    [Fact]
    public void A_rule_of_ones_own_without_a_fault_keeps_every_law_it_claims()
    {
        var rule = OverParent("mean", scores => scores.Average());
        var claims = LawClaims.Of(rule);
        Assert.Equal([Law.TokenOnce], Enum.GetValues<Law>().Where(law => !claims.Claims(law)));
        LawBook.Check(rule).ThrowIfBroken();
    }

    [Fact]
    public void A_leaf_counted_twice_breaks_the_stated_mean()
    {
        var report = LawBook.Check(OverParent("best twice", scores => (scores.Sum() + scores.Max()) / (scores.Count + 1)));
        Assert.Equal([Law.Identity], Broken(report));
        Size(report[Law.Identity], leaves: 2, nodes: 3, tokens: 3);
    }

    [Fact]
    public void Values_that_are_not_divided_by_the_leaf_count_break_shift_and_zeros()
    {
        var report = LawBook.Check(OverParent("sum", scores => scores.Sum()));
        Assert.Superset(new HashSet<Law> { Law.ZeroSpread, Law.Shift, Law.Identity }, Broken(report).ToHashSet());
        Size(report[Law.ZeroSpread], leaves: 2, nodes: 3, tokens: 3);
    }

    [Fact]
    public void A_flipped_sign_breaks_the_order()
    {
        var report = LawBook.Check(CreditRules.DrGrpo.WithTerms(CreditTerm.Over(Baseline.Prompt).Times(-1)));
        Assert.Equal([Law.Order], Broken(report));
        Size(report[Law.Order], leaves: 2, nodes: 2, tokens: 2);
        var stated = LawClaims.Of(CreditRules.DrGrpo) with { Flat = new FlatClaim(CreditRules.DrGrpo) };
        var rule = CreditRules.DrGrpo.WithAfter(AfterStep.Leaves("minus", (_, a) => [.. a.Select(v => -v)]));
        Assert.Equal([Law.Chains, Law.Order], Broken(LawBook.Check(rule, new LawOptions { Claims = stated })));
    }

    [Fact]
    public void A_group_that_leaks_across_prompts_breaks_locality()
    {
        var leak = LeafTransform.Custom("centre", (_, x) => { double mean = x.Where(v => !double.IsNaN(v)).Average(); return [.. x.Select(v => v - mean)]; });
        var report = LawBook.Check(CreditRules.DrGrpo.WithTerms(CreditTerm.Over(Baseline.Zero)).WithLeaves(leak));
        Assert.Contains(Law.Locality, Broken(report));
        Size(report[Law.Locality], leaves: 2, nodes: 2, tokens: 2);
        Assert.Equal(2, report[Law.Locality].Counterexample!.Forest.PromptCount);
    }

    [Fact]
    public void A_rule_that_depends_on_the_order_of_siblings_breaks_relabelling()
    {
        var report = LawBook.Check(Own.WithBackup(Backup.MeanOfLeaves).WithTerms(CreditTerm.Over(Baseline.Custom("first sibling", (forest, values) =>
            [.. Enumerable.Range(0, forest.NodeCount).Select(n => values[Siblings(forest, n).First(m => !double.IsNaN(values[m]) || double.IsNaN(values[n]))])]))));
        Assert.Equal([Law.Relabelling], Broken(report));
        Size(report[Law.Relabelling], leaves: 2, nodes: 2, tokens: 2);
    }

    [Fact]
    public void A_masked_leaf_counted_as_zero_breaks_masking()
    {
        var report = LawBook.Check(Own.WithBackup(Backup.Custom("zeros", (forest, x) => [.. Enumerable.Range(0, forest.NodeCount).Select(n =>
            Enumerable.Range(forest.FirstLeaf[n], forest.LeafCount[n]).Average(leaf => double.IsNaN(x[leaf]) ? 0 : x[leaf]))])).WithTerms(CreditTerm.Over(Baseline.Parent)));
        Assert.Contains(Law.Masking, Broken(report));
        Size(report[Law.Masking], leaves: 2, nodes: 3, tokens: 3);
        Assert.Contains("expected", report.ToString());
    }

    [Fact]
    public void Comparing_with_the_siblings_of_another_parent_breaks_the_narrow_group_and_the_sum()
    {
        // the mean over all nodes of a prompt at the same depth instead of over one parent's children
        var rule = Own.WithBackup(Backup.MeanOfLeaves).WithTerms(CreditTerm.Over(Baseline.Custom("cousins", (forest, values) =>
            [.. Enumerable.Range(0, forest.NodeCount).Select(n => Enumerable.Range(0, forest.NodeCount).Where(m => forest.PromptOf[m] == forest.PromptOf[n] && forest.Depth[m] == forest.Depth[n])
                .Select(m => values[m]).Where(v => !double.IsNaN(v)).DefaultIfEmpty(0).Average())])));
        LawBook.Check(rule).ThrowIfBroken();
        var claims = LawClaims.Of(rule) with { Scope = LawScope.Siblings };
        var report = LawBook.Check(rule, new LawOptions { Claims = claims.WithIdentities(LawIdentity.SiblingsSumToZero()) });
        Assert.Equal([Law.Identity, Law.Locality], Broken(report));
        Size(report[Law.Locality], leaves: 2, nodes: 4, tokens: 4);
        Size(report[Law.Identity], leaves: 2, nodes: 4, tokens: 4);
    }

    [Fact]
    public void A_divisor_near_zero_breaks_the_bound()
    {
        var rule = Own.WithBackup(Backup.MeanOfLeaves).WithTerms(CreditTerm.Over(Baseline.Prompt, TermScale.Custom("square of the distance",
            (forest, values) => [.. values.Select(v => double.IsNaN(v) ? 1 : 1e-9 + (v - 0.4) * (v - 0.4))])));
        Assert.Contains(Law.Bound, Broken(LawBook.Check(rule)));
    }

    [Fact]
    public void A_fixed_offset_breaks_scaling()
    {
        var report = LawBook.Check(CreditRules.DrGrpo.WithAfter(AfterStep.Leaves("cut", (_, a) => [.. a.Select(v => Math.Abs(v) < 0.2 ? 0 : v)])));
        Assert.Contains(Law.Scaling, Broken(report));
        Assert.EndsWith("[neither]", report[Law.Scaling].Words);
    }

    [Fact]
    public void A_rule_that_throws_on_some_forest_is_shown_on_a_small_one()
    {
        var report = LawBook.Check(Own.WithBackup(Backup.Custom("two children", (forest, x) => [.. Enumerable.Range(0, forest.NodeCount).Select(n =>
            forest.ChildCount[n] == 3 ? throw new NotSupportedException("three") : 0)])));
        var example = report[Law.Relabelling].Counterexample!;
        Assert.StartsWith("customBackup \"two children\" threw NotSupportedException for prompt '", example.Threw);
        Assert.EndsWith("': three", example.Threw);
        Assert.Equal((4, 3, 4), (example.Forest.NodeCount, example.Forest.LeafTotal, example.Forest.TokenTotal));
        Assert.Contains("threw: customBackup", report.ToString());
    }

    [Fact]
    public void What_a_rule_breaks_on_purpose_can_be_waived()
    {
        var rule = OverParent("best twice", scores => (scores.Sum() + scores.Max()) / (scores.Count + 1));
        var report = LawBook.Check(rule, new LawOptions { Claims = LawClaims.Of(rule).Waive(Law.Identity, "optimistic on purpose") });
        Assert.True(report.AllHold);
        Assert.Contains("identity    not claimed      -          -  optimistic on purpose", report.ToString());
        Assert.All(Enum.GetValues<Law>(), law => Assert.False(LawClaims.Of(rule).Waive(law).Claims(law)));
    }

    [Fact]
    public void A_counterexample_uses_the_simplest_rewards_that_break_the_law()
    {
        var example = LawBook.Check(OverParent("best twice", scores => (scores.Sum() + scores.Max()) / (scores.Count + 1)))[Law.Identity].Counterexample!;
        Assert.Equal([0.0, 1.0], example.Outcomes.Total.Select(outcome => outcome.Value).Order());
        Assert.Equal((0.5, 2.0 / 3), (example.Expected, example.Got));
        Assert.Equal(0, example.Node);
    }

    private static IEnumerable<Law> Broken(LawReport report) => report.Results.Where(result => result.Verdict == LawVerdict.Fails).Select(result => result.Law);

    private static void Size(LawResult result, int leaves, int nodes, int tokens)
    {
        var forest = result.Counterexample!.Forest;
        Assert.Equal((leaves, nodes, tokens), (forest.LeafTotal, forest.NodeCount, forest.TokenTotal));
    }

    private static IEnumerable<int> Siblings(Forest forest, int node) =>
        forest.Parent[node] >= 0 ? forest.Children(forest.Parent[node]) : forest.Roots.Where(root => forest.PromptOf[root] == forest.PromptOf[node]);

    private static Backup Values(string name, Func<IReadOnlyList<double>, double> value) => Backup.Custom(name, (forest, x) =>
        [.. Enumerable.Range(0, forest.NodeCount).Select(n =>
        {
            double[] scores = [.. x.AsSpan(forest.FirstLeaf[n], forest.LeafCount[n]).ToArray().Where(v => !double.IsNaN(v))];
            return scores.Length == 0 ? double.NaN : forest.IsLeaf(n) ? scores[0] : value(scores);
        })]);
}
