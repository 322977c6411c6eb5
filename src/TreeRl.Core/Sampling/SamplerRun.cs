using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using TreeRl.Forests;
using TreeRl.Models;
using TreeRl.Policies;

namespace TreeRl.Sampling;

/// <summary>One call of <see cref="Sampler.Grow"/>: the prompts under way, their live branches, and the loop over steps. See there for the rules.</summary>
internal sealed partial class SamplerRun
{
    private readonly IDecoder decoder;
    private readonly SamplingPlan plan;
    private readonly ITokenizer tokenizer;
    private readonly IReadOnlyList<ForestPrompt> prompts;
    private readonly ForestBuilder builder = new();
    private readonly LeafRules rules;
    private readonly BranchContext context;
    private readonly ExpansionPlanner? planner;
    private readonly PromptGrowth[] growth;
    private readonly string[] promptIds;
    private readonly List<int> active = []; // prompts under way, ascending
    private readonly bool distinct;
    private readonly long wave;

    private Branch[] live = new Branch[64], next = new Branch[64]; // grouped by prompt, in branch order
    private int liveCount, nextCount, waiting, promptsDone;
    private long leavesDone, promptTokens, steps, forks, peakTokens, peakBytes, decoderTicks;
    private int topUpTrees, peakBranches;

    /// <summary>Where one prompt stands.</summary>
    private struct PromptGrowth
    {
        public Seed Seed;
        public int MaxPathTokens;
        public int Stem; // the decoder's branch at the end of the prompt, kept for further trees; -1 when none
        public int Trees, Leaves, Live, EndedSinceFire, Dropped;
        public int ForkSteps; // steps at which a branch of it fired
        public int From; // its first branch in 'live'
        public long Tokens;
        public int Expansions; // rounds run
        public List<int> Origins; // root -> the group it belongs to, a tree and its continuations from the prompt; kept for expansions only
        public int Groups;
    }

    public SamplerRun(IDecoder decoder, ModelConfig config, ITokenizer tokenizer, IReadOnlyList<ForestPrompt> prompts, SamplingPlan plan, Seed seed)
    {
        this.decoder = decoder;
        this.plan = plan;
        this.tokenizer = tokenizer;
        this.prompts = prompts;
        distinct = plan.Distinct;
        wave = plan.WaveBranches == 0 ? SamplingPlan.DefaultWaveBranches : plan.WaveBranches;
        context = new BranchContext(tokenizer, builder);
        rules = new LeafRules(plan, tokenizer, config.VocabSize, builder, new StopContext(tokenizer, builder));
        if (plan.Expansion is not Expansion.None) planner = new ExpansionPlanner(plan, tokenizer, builder);
        growth = new PromptGrowth[prompts.Count];
        promptIds = new string[prompts.Count];
        for (int p = 0; p < prompts.Count; p++)
        {
            builder.AddPrompt(prompts[p]);
            int read = prompts[p].TokenIds.Length, room = config.ContextLength - read;
            Guard.That(room >= 1, $"prompt '{prompts[p].Id}' has {read} tokens: the policy's context of {config.ContextLength} leaves no room for an answer", nameof(prompts));
            growth[p] = new PromptGrowth { Seed = seed.Child(prompts[p].Id), MaxPathTokens = Math.Min(plan.MaxTokens, room), Stem = -1, Origins = [] };
            promptIds[p] = prompts[p].Id;
            promptTokens += read;
        }
    }

    public SampledForest Grow(Action<SamplingProgress>? progress, CancellationToken cancellation)
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            StartPrompts();
            if (liveCount == 0) break;
            Step();
            progress?.Invoke(new SamplingProgress(promptsDone, prompts.Count, leavesDone, liveCount, builder.TokenTotal));
        }
        if (plan.StepNodes is { } stepNodes) new StepEnds(tokenizer, builder).Cut(stepNodes, promptIds);
        var forest = builder.Seal();
        return new SampledForest(forest, new SamplingStats
        {
            Tokens = forest.TokenTotal,
            PromptTokens = promptTokens,
            Steps = steps,
            Forks = forks,
            TopUpTrees = topUpTrees,
            ExpansionBranches = expansionBranches,
            RereadTokens = rereadTokens,
            PeakBranches = peakBranches,
            PeakCachedTokens = peakTokens,
            PeakCacheBytes = peakBytes,
            Seconds = Stopwatch.GetElapsedTime(started).TotalSeconds,
            DecoderSeconds = Stopwatch.GetElapsedTime(0, decoderTicks).TotalSeconds,
        });
    }

    /// <summary>Reads waiting prompts while the wave has room and starts their first trees.</summary>
    private void StartPrompts()
    {
        int first = waiting;
        while (waiting < prompts.Count && (active.Count == 0 || (active.Count + 1L) * plan.MaxLeaves <= wave)) active.Add(waiting++);
        if (waiting == first) return;
        var texts = new int[waiting - first][];
        var stems = new int[texts.Length];
        for (int i = 0; i < texts.Length; i++) texts[i] = [.. prompts[first + i].TokenIds];
        long clock = Stopwatch.GetTimestamp();
        decoder.Prompt(texts, stems);
        decoderTicks += Stopwatch.GetTimestamp() - clock;
        for (int i = 0; i < stems.Length; i++)
        {
            growth[first + i].Stem = stems[i];
            growth[first + i].From = liveCount;
            StartTrees(first + i, FirstTrees(first + i), ref live, ref liveCount);
        }
    }

    /// <summary>How many trees the prompt starts with.</summary>
    private int FirstTrees(int prompt) => plan.Trees + (plan.TreesUpTo == 0 ? 0 : growth[prompt].Seed.Child("trees").Below(plan.TreesUpTo - plan.Trees + 1));

    /// <summary>Starts trees at the end of a prompt that has no live branches; keeps a stem as long as further trees may follow.</summary>
    private void StartTrees(int prompt, int count, ref Branch[] list, ref int listCount)
    {
        ref var of = ref growth[prompt];
        bool keepStem = plan.TopUp == TopUp.NewTree && (of.Leaves + count < plan.MaxLeaves || plan.MinTokens > 0); // dropped answers make room
        int copies = count + (keepStem ? 1 : 0);
        Span<int> caches = copies <= 64 ? stackalloc int[copies] : new int[copies];
        if (copies == 1) caches[0] = of.Stem;
        else Fork(of.Stem, caches);
        of.Stem = keepStem ? caches[count] : -1;
        for (int i = 0; i < count; i++)
        {
            Add(ref list, ref listCount) = new Branch
            {
                Cache = caches[i],
                Node = builder.AddRoot(prompt),
                Prompt = prompt,
                Tree = of.Trees,
                LastToken = -1,
                Seed = of.Seed.Child(of.Trees),
                Repetition = rules.NewCounter(null),
            };
            of.Trees++;
            if (planner is not null) of.Origins.Add(of.Groups++);
        }
        of.Leaves += count;
        of.Live += count;
        of.EndedSinceFire = 0;
    }

    /// <summary>What follows when a prompt has no live branches left: an expansion, further trees, or its end. Returns false at its end.</summary>
    private bool GoOnWith(int prompt)
    {
        ref var of = ref growth[prompt];
        int missing = (int)Math.Min(plan.MaxLeaves - of.Leaves, plan.PromptTokenBudget - of.Tokens);
        if (missing > 0 && Expand(prompt, missing)) return true;
        if (plan.TopUp == TopUp.NewTree && missing > 0)
        {
            int trees = Math.Min(plan.Trees, missing);
            topUpTrees += trees;
            StartTrees(prompt, trees, ref next, ref nextCount);
            return true;
        }
        if (of.Stem >= 0) Release(of.Stem);
        of.Stem = -1;
        promptsDone++;
        return false;
    }

    private void End(in Branch branch, Finish finish)
    {
        ref var of = ref growth[branch.Prompt];
        bool dropped = branch.PathTokens < plan.MinTokens && finish != Finish.PromptBudget && of.Dropped < plan.MaxLeaves;
        builder.Finish(branch.Node, dropped ? Finish.Pruned : finish);
        rules.Return(branch.Repetition);
        of.Live--;
        if (dropped)
        {
            of.Dropped++;
            of.Leaves--;
        }
        else
        {
            of.EndedSinceFire++;
        }
        leavesDone++;
    }

    private static ref Branch Add(ref Branch[] list, ref int count)
    {
        if (count == list.Length) Array.Resize(ref list, 2 * count);
        return ref list[count++];
    }

    private void Fork(int branch, Span<int> children)
    {
        long clock = Stopwatch.GetTimestamp();
        decoder.Fork(branch, children);
        decoderTicks += Stopwatch.GetTimestamp() - clock;
    }

    private void Release(int branch)
    {
        long clock = Stopwatch.GetTimestamp();
        decoder.Release(branch);
        decoderTicks += Stopwatch.GetTimestamp() - clock;
    }
}
