using System.Linq;
using TreeRl.Sampling;
using Xunit;

namespace TreeRl.Tests;

public class ForkWidthsTests
{
    private static int[] Widths(FanOutRule rule, int fanOut, string fires, int spareLeaves, long spareTokens = 1000, int ended = 0)
    {
        var widths = new int[fires.Length];
        ForkWidths.Decide(new SamplingPlan { FanOutRule = rule, FanOut = fanOut }, new Branch[fires.Length], fires.Select(c => c == 'x').ToArray(), spareLeaves, spareTokens, fanOut, ended, widths);
        return widths;
    }

    [Fact]
    public void Fixed_grants_in_branch_order_until_leaves_run_out()
    {
        Assert.Equal([3, 1, 3, 3], Widths(FanOutRule.Fixed, 3, "x.xx", 100));
        Assert.Equal([3, 1, 2, 1], Widths(FanOutRule.Fixed, 3, "x.xx", 3));
        Assert.Equal([1, 1], Widths(FanOutRule.Fixed, 3, "xx", 0));
    }

    [Theory]
    [InlineData(12, 100, new[] { 2, 1, 2, 2 })] // six children of two tokens for three forks
    [InlineData(14, 100, new[] { 3, 1, 2, 2 })]
    [InlineData(5, 100, new[] { 1, 1, 1, 1 })]  // every branch goes on
    [InlineData(12, 1, new[] { 2, 1, 1, 1 })]   // leaves come first
    public void A_step_budget_is_divided_by_the_segment_and_shared(long budget, int spareLeaves, int[] expected)
    {
        var plan = new SamplingPlan { FanOutRule = FanOutRule.StepBudget, StepTokens = budget, Branch = BranchTrigger.EveryTokens(2) };
        var widths = new int[4];
        ForkWidths.Decide(plan, new Branch[4], [true, false, true, true], spareLeaves, 1000, plan.FanOut, 0, widths);
        Assert.Equal(expected, widths);
    }

    [Fact]
    public void Tokens_limit_like_leaves() => Assert.Equal([3, 2, 1], Widths(FanOutRule.Fixed, 3, "xxx", 100, spareTokens: 3));

    [Fact]
    public void Transfer_gives_the_width_of_ended_answers_to_those_that_go_on()
    {
        Assert.Equal([2, 2], Widths(FanOutRule.Transfer, 2, "xx", 100));
        // Two of four ended: their two children each go to the other two.
        Assert.Equal([4, 4], Widths(FanOutRule.Transfer, 2, "xx", 100, ended: 2));
        Assert.Equal([3, 3, 2], Widths(FanOutRule.Transfer, 2, "xxx", 100, ended: 1));
        Assert.Equal([1, 3, 1, 3], Widths(FanOutRule.Transfer, 2, ".x.x", 100, ended: 1));
    }

    [Fact]
    public void Transfer_to_last_gives_the_whole_remainder_to_the_last_branch()
    {
        Assert.Equal([2, 2, 4], Widths(FanOutRule.TransferToLast, 2, "xxx", 100, ended: 1));
        Assert.Equal([1, 2, 1, 3], Widths(FanOutRule.TransferToLast, 2, ".x.x", 3, ended: 1));
        Assert.Equal([1, 1, 3], Widths(FanOutRule.TransferToLast, 2, "xxx", 2));
    }

    [Fact]
    public void Transfer_shares_scarce_leaves_evenly()
    {
        // Three branches and 2 spare leaves: 5 children in all.
        Assert.Equal([2, 2, 1], Widths(FanOutRule.Transfer, 2, "xxx", 2));
        Assert.Equal([1, 1, 1], Widths(FanOutRule.Transfer, 2, "xxx", 0, ended: 5));
    }

    [Fact]
    public void Fill_leaves_gives_each_forking_branch_its_share_of_all_that_is_left()
    {
        Assert.Equal([16], Widths(FanOutRule.FillLeaves, 2, "x", 15));
        Assert.Equal([4, 4, 4], Widths(FanOutRule.FillLeaves, 2, "xxx", 9));
        Assert.Equal([4, 1, 3], Widths(FanOutRule.FillLeaves, 2, "x.x", 7));
        Assert.Equal([1, 1, 1], Widths(FanOutRule.FillLeaves, 2, "xxx", 0));
    }

    [Fact]
    public void Grants_never_exceed_what_is_spare()
    {
        for (int trial = 0; trial < 2000; trial++)
        {
            var seed = Seed.Of(trial);
            int live = 1 + seed.Below(6, 0), spareLeaves = seed.Below(12, 1), spareTokens = seed.Below(12, 2);
            string fires = string.Concat(Enumerable.Range(0, live).Select(i => seed.Below(2, 10 + i) == 0 ? 'x' : '.'));
            var widths = Widths((FanOutRule)seed.Below(4, 3), 2 + seed.Below(3, 4), fires, spareLeaves, spareTokens, seed.Below(4, 5));
            Assert.True(widths.Sum() - live <= System.Math.Min(spareLeaves, spareTokens));
            for (int i = 0; i < live; i++) Assert.True(fires[i] == 'x' ? widths[i] >= 1 : widths[i] == 1);
        }
    }
}
