using System;
using System.Diagnostics;
using TreeRl.Forests;
using TreeRl.Policies;

namespace TreeRl.Sampling;

/// <summary>
/// One step: draw a token for every branch, decide forks, draw again where one forks, record, end, and let the policy read the new tokens. The first draws of a
/// branch are the same however many follow, so that all branches are measured and drawn from in one call. Forks, which are rare, cost a second one where draws
/// are what costs; where calls are, every branch that may fork draws for its widest fork at once.
/// </summary>
internal sealed partial class SamplerRun
{
    private int[] widths = new int[64], firstPick = new int[64], drawn = new int[64], readCaches = new int[64], readTokens = new int[64], forked = new int[16];
    private float[] entropies = new float[64];
    private bool[] fires = new bool[64];
    private PickRequest[] requests = new PickRequest[64];
    private TokenPick[] picks = new TokenPick[64], forkPicks = new TokenPick[64];
    private int readCount;

    private void Step()
    {
        Reserve(liveCount);
        int ahead = 0, kept = 0, forking = 0, forkDraws = 0, chosen = 0;
        for (int i = 0; i < liveCount; i++)
        {
            drawn[i] = decoder.CallsAreDear ? WidestFork(in live[i]) : 1;
            requests[i] = Request(live[i], drawn[i]);
            firstPick[i] = ahead;
            ahead += drawn[i];
        }
        if (picks.Length < ahead) picks = new TokenPick[2 * ahead];
        Pick(liveCount, picks.AsSpan(0, ahead), entropies.AsSpan(0, liveCount));
        foreach (int prompt in active) Decide(prompt, ref kept);
        liveCount = kept;
        for (int i = 0; i < kept; i++)
        {
            chosen += widths[i];
            if (widths[i] <= drawn[i]) continue;
            requests[forking++] = Request(live[i], widths[i]);
            forkDraws += widths[i];
        }
        peakBranches = Math.Max(peakBranches, chosen);
        if (forkPicks.Length < forkDraws) forkPicks = new TokenPick[2 * forkDraws];
        if (readCaches.Length < chosen) (readCaches, readTokens) = (new int[2 * chosen], new int[2 * chosen]);
        Pick(forking, forkPicks.AsSpan(0, forkDraws), default);

        nextCount = readCount = 0;
        int goingOn = 0, forkPick = 0;
        for (int a = 0; a < active.Count; a++)
        {
            int prompt = active[a], from = nextCount;
            ref var of = ref growth[prompt];
            int end = of.From + of.Live;
            for (int i = of.From; i < end; i++)
            {
                bool again = widths[i] > drawn[i];
                Take(ref live[i], again ? forkPicks.AsSpan(forkPick, widths[i]) : picks.AsSpan(firstPick[i], widths[i]), entropies[i]);
                if (again) forkPick += widths[i];
            }
            of.From = from;
            if (of.Live > 0 || GoOnWith(prompt)) active[goingOn++] = prompt;
        }
        active.RemoveRange(goingOn, active.Count - goingOn);
        long clock = Stopwatch.GetTimestamp();
        if (readCount > 0) decoder.Advance(readCaches.AsSpan(0, readCount), readTokens.AsSpan(0, readCount));
        decoderTicks += Stopwatch.GetTimestamp() - clock;
        peakTokens = Math.Max(peakTokens, decoder.CachedTokens);
        peakBytes = Math.Max(peakBytes, decoder.CacheBytes);
        (live, next) = (next, live);
        liveCount = nextCount;
        steps++;
    }

    /// <summary>
    /// Triggers, depth limit, token budget and fork widths of one prompt. Moves its branches that go on down to <paramref name="kept"/>, with what was
    /// drawn for them.
    /// </summary>
    private void Decide(int prompt, ref int kept)
    {
        ref var of = ref growth[prompt];
        int from = of.From, end = from + of.Live, first = kept, leaves = of.Leaves, liveBranches = of.Live;
        bool mayFork = leaves < plan.MaxLeaves, anyFired = false;
        for (int i = from; i < end; i++)
        {
            ref var branch = ref live[i];
            bool atLimit = branch.Depth >= plan.MaxDepth;
            bool ask = branch.NodeTokens > 0 && !branch.RunsToEnd && plan.Branch != BranchTrigger.Never && (atLimit ? plan.AtMaxDepth == DepthLimit.Stop : mayFork);
            bool fired = ask && Asked(branch, entropies[i], leaves, liveBranches);
            if (fired && atLimit)
            {
                End(branch, Finish.MaxDepth);
                Release(branch.Cache);
                continue;
            }
            anyFired |= fired;
            fires[kept] = fired;
            entropies[kept] = entropies[i];
            firstPick[kept] = firstPick[i];
            drawn[kept] = drawn[i];
            live[kept++] = branch;
        }
        long tokensLeft = plan.PromptTokenBudget - of.Tokens;
        while (kept - first > tokensLeft)
        {
            ref var branch = ref live[--kept];
            End(branch, Finish.PromptBudget);
            Release(branch.Cache);
        }
        of.From = first;
        int count = kept - first;
        if (count == 0) return;
        var width = widths.AsSpan(first, count);
        ForkWidths.Decide(plan, live.AsSpan(first, count), fires.AsSpan(first, count), plan.MaxLeaves - of.Leaves, tokensLeft - count, FanOut(of, anyFired), of.EndedSinceFire, width);
        if (anyFired)
        {
            of.EndedSinceFire = 0;
            of.ForkSteps++;
        }
        for (int i = first; i < kept; i++)
        {
            if (fires[i]) (live[i].SegmentLogProb, live[i].SegmentTokens) = (0, 0);
        }
    }

    /// <summary>The most branches that one may become at this step, as far as is known without its next distribution.</summary>
    private int WidestFork(in Branch branch)
    {
        ref readonly var of = ref growth[branch.Prompt];
        int spare = plan.MaxLeaves - of.Leaves;
        if (spare < 1 || branch.Depth >= plan.MaxDepth || branch.NodeTokens == 0 || branch.RunsToEnd || plan.Branch == BranchTrigger.Never) return 1;
        if (!plan.Branch.NeedsNextDistribution && !Asked(branch, float.NaN, of.Leaves, of.Live)) return 1;
        // Rules that share leaves or tokens out, and weights, may give one branch all of them.
        int most = plan.FanOutRule != FanOutRule.Fixed || plan.Weights is not null ? int.MaxValue
            : plan.FanOuts.IsEmpty ? Math.Max(plan.FanOut, plan.FanOutUpTo) : plan.FanOuts[branch.Depth];
        return Math.Min(most, 1 + spare);
    }

    private PickRequest Request(in Branch branch, int width) => new(branch.Cache, width, distinct && width > 1, branch.Seed.Child(branch.PathTokens));

    private void Pick(int count, Span<TokenPick> into, Span<float> entropies)
    {
        if (count == 0) return;
        long clock = Stopwatch.GetTimestamp();
        decoder.Pick(requests.AsSpan(0, count), into, entropies);
        decoderTicks += Stopwatch.GetTimestamp() - clock;
    }

    /// <summary>The fan-out of a prompt's forks at this step: a draw named by the prompt and the number of its earlier ones.</summary>
    private int FanOut(in PromptGrowth of, bool anyFired) =>
        plan.FanOutUpTo == 0 || !anyFired ? plan.FanOut : plan.FanOut + of.Seed.Child("fan-out").Below(plan.FanOutUpTo - plan.FanOut + 1, of.ForkSteps);

    private bool Asked(in Branch branch, float entropy, int leaves, int liveBranches)
    {
        branch.Describe(context, promptIds[branch.Prompt]);
        context.Entropy = entropy;
        context.LeavesSoFar = leaves;
        context.LiveBranches = liveBranches;
        return plan.Branch.Fires(context);
    }

    /// <summary>Gives a branch its drawn tokens: one goes on in its node, several fork.</summary>
    private void Take(ref Branch branch, ReadOnlySpan<TokenPick> drawn, float entropy)
    {
        int found = 0;
        while (found < drawn.Length && drawn[found].Id >= 0) found++;
        if (found == 0) throw new InvalidOperationException($"the policy drew no token for prompt '{promptIds[branch.Prompt]}', answer token {branch.PathTokens}: its decoder breaks the contract of Pick");
        ref var of = ref growth[branch.Prompt];
        of.Tokens += found;
        if (found == 1)
        {
            if (Append(ref branch, drawn[0], entropy)) GoOn(branch);
            else Release(branch.Cache);
            return;
        }
        forks++;
        of.Leaves += found - 1;
        of.Live += found - 1;
        var seed = branch.Seed.Child(branch.PathTokens);
        int firstChild = nextCount;
        for (int j = 0; j < found; j++)
        {
            var child = branch;
            child.Node = builder.AddChild(branch.Node);
            child.Depth++;
            child.NodeTokens = 0;
            (child.SegmentLogProb, child.SegmentTokens) = (0, 0);
            child.Seed = seed.Child(-1 - j);
            child.Repetition = rules.NewCounter(branch.Repetition);
            if (Append(ref child, drawn[j], entropy)) Add(ref next, ref nextCount) = child;
        }
        rules.Return(branch.Repetition);
        var goingOn = next.AsSpan(firstChild, nextCount - firstChild);
        if (goingOn.IsEmpty)
        {
            Release(branch.Cache);
            return;
        }
        // A single survivor keeps the parent's place in the cache; forking for one would be work for nothing.
        if (goingOn.Length > 1)
        {
            if (forked.Length < goingOn.Length) forked = new int[2 * goingOn.Length];
            var copies = forked.AsSpan(0, goingOn.Length);
            Fork(branch.Cache, copies);
            for (int j = 0; j < copies.Length; j++) goingOn[j].Cache = copies[j];
        }
        foreach (ref var child in goingOn) Read(child);
    }

    /// <summary>Records a token; false when the answer ends with it.</summary>
    private bool Append(ref Branch branch, TokenPick pick, float entropy)
    {
        builder.AddToken(branch.Node, pick.Id, pick.LogProb, entropy);
        branch.NodeTokens++;
        branch.PathTokens++;
        branch.PathLogProb += pick.LogProb;
        branch.SegmentLogProb += pick.LogProb;
        branch.SegmentTokens++;
        branch.LastToken = pick.Id;
        ref var of = ref growth[branch.Prompt];
        var finish = rules.Check(branch, promptIds[branch.Prompt], of.MaxPathTokens, pick, entropy);
        // A trigger that needs no distribution is asked now, which saves the policy reading a token that ends the answer.
        if (finish == Finish.Branched && branch.Depth >= plan.MaxDepth && plan.AtMaxDepth == DepthLimit.Stop
            && !plan.Branch.NeedsNextDistribution && Asked(branch, float.NaN, of.Leaves, of.Live)) finish = Finish.MaxDepth;
        if (finish == Finish.Branched && rules.RepeatsLast) finish = Finish.Repetition;
        if (finish == Finish.Branched) return true;
        End(branch, finish);
        return false;
    }

    private void GoOn(in Branch branch)
    {
        Add(ref next, ref nextCount) = branch;
        Read(branch);
    }

    private void Read(in Branch branch)
    {
        readCaches[readCount] = branch.Cache;
        readTokens[readCount++] = branch.LastToken;
    }

    private void Reserve(int count)
    {
        if (widths.Length >= count) return;
        int size = 2 * count;
        (widths, firstPick, drawn, entropies, fires, requests) = (new int[size], new int[size], new int[size], new float[size], new bool[size], new PickRequest[size]);
    }
}
