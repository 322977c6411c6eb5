using System;

namespace TreeRl.Sampling;

/// <summary>Grants the children of one prompt's forks at one step, by <see cref="FanOutRule"/> and within the leaves and tokens that are left.</summary>
internal static class ForkWidths
{
    /// <summary>
    /// Decides how many branches each of a prompt's n live branches becomes: 1 goes on, 2 or more fork. Grants follow the order of the branches.
    /// The widths sum to at most n + min(<paramref name="spareLeaves"/>, <paramref name="spareTokens"/>).
    /// </summary>
    /// <param name="plan">Fan-out and its rule.</param>
    /// <param name="branches">The branches, length n: their depths choose among fan-outs by depth, their log-probabilities weigh them.</param>
    /// <param name="fires">Which branches want to fork, length n.</param>
    /// <param name="spareLeaves">Leaves the prompt may still gain beyond those ended and live.</param>
    /// <param name="spareTokens">Tokens the prompt may still gain in this step beyond one for each live branch.</param>
    /// <param name="fanOut">The plan's fan-out, drawn where it is a range.</param>
    /// <param name="endedSinceFire">Answers of the prompt that ended since its branches last fired.</param>
    /// <param name="widths">Receives the widths, length n.</param>
    public static void Decide(SamplingPlan plan, ReadOnlySpan<Branch> branches, ReadOnlySpan<bool> fires, int spareLeaves, long spareTokens, int fanOut, int endedSinceFire, Span<int> widths)
    {
        int live = fires.Length, firing = 0;
        foreach (bool fire in fires)
            if (fire) firing++;
        long spare = Math.Min(spareLeaves, spareTokens), wanted = 0, share = 0, remainder = 0;
        switch (plan.FanOutRule)
        {
            case FanOutRule.Fixed:
                break;
            case FanOutRule.Transfer or FanOutRule.TransferToLast when firing > 0:
                wanted = Math.Min(spare + firing, (long)fanOut * (firing + endedSinceFire));
                (share, remainder) = (wanted / firing, wanted % firing);
                break;
            case FanOutRule.StepBudget when firing > 0:
                wanted = Math.Max(firing, Math.Min(spare + firing, plan.StepTokens / plan.Branch.SegmentTokens));
                (share, remainder) = (wanted / firing, wanted % firing);
                break;
            case FanOutRule.FillLeaves:
                wanted = (long)spareLeaves + live;
                (share, remainder) = (wanted / live, wanted % live);
                break;
        }
        for (int i = 0, rank = 0; i < live; i++)
        {
            widths[i] = 1;
            // Under transfer the forking branches share, under fill-leaves all live ones do.
            int place = plan.FanOutRule == FanOutRule.FillLeaves ? i : rank;
            if (!fires[i]) continue;
            rank++;
            long extra = plan.FanOutRule == FanOutRule.TransferToLast ? (rank == firing ? remainder : 0) : place < remainder ? 1 : 0;
            long width = Math.Min(plan.FanOutRule == FanOutRule.Fixed ? (plan.FanOuts.IsEmpty ? fanOut : plan.FanOuts[branches[i].Depth]) : share + extra, 1 + spare);
            if (width < 2) continue;
            widths[i] = (int)width;
            spare -= width - 1;
        }
        if (plan.Weights is { } weights && firing > 1) Weigh(weights, branches, fires, widths);
    }
    /// <summary>Shares the children that the branches that fork got together anew, by likelihood.</summary>
    private static void Weigh(ForkWeights by, ReadOnlySpan<Branch> branches, ReadOnlySpan<bool> fires, Span<int> widths)
    {
        int firing = 0, total = 0;
        var scores = new double[fires.Length];
        for (int i = 0; i < fires.Length; i++)
        {
            if (!fires[i]) continue;
            total += widths[i];
            scores[firing++] = by.Score switch
            {
                PathScore.PathSum => branches[i].PathLogProb,
                PathScore.PathMean => branches[i].PathLogProb / branches[i].PathTokens,
                _ => branches[i].SegmentLogProb / branches[i].SegmentTokens,
            };
        }
        int[] shares = ForkWeights.LargestRemainder(ForkWeights.Softmax(scores.AsSpan(0, firing), by.Prefer, by.Temperature), total);
        for (int i = 0, rank = 0; i < fires.Length; i++)
            if (fires[i]) widths[i] = shares[rank++];
    }
}
