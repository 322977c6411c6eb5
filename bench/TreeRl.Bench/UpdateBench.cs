using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using TreeRl.Credit;
using TreeRl.Forests;
using TreeRl.Models;
using TreeRl.Objectives;
using TreeRl.Policies;
using TreeRl.Policies.Cpu;
using TreeRl.Rewards;
using TreeRl.Training;

namespace TreeRl.Bench;

/// <summary>A whole update - sample, grade, redistribute, train - on trees of a given shape, with the clock split into the model's part and all else.</summary>
internal sealed class UpdateBench(CpuPolicy policy, Workload workload)
{
    private static readonly CharTokenizer Tokenizer = new(string.Concat(Enumerable.Range(0, 63).Select(i => (char)(' ' + 1 + i))));
    private static readonly RewardPlan Reward = RewardPlan.Of(
        new RewardTerm("odd", 1, Graders.Of(answer => answer.TokenIds.Count(t => t % 2 == 1) / (double)Math.Max(1, answer.TokenIds.Length))));

    private readonly int[][] prompts = [.. Enumerable.Range(0, workload.Prompts.Length).Select(i => workload.Prompt(i, policy.Config.VocabSize))];
    private long model;

    /// <summary>Seconds of one update.</summary>
    /// <param name="Sample">Growing the forest.</param>
    /// <param name="Train">Forward, backward and the optimiser.</param>
    /// <param name="Outside">Everything that is not the model: building, grading, redistributing, packing.</param>
    /// <param name="Total">All of it.</param>
    internal readonly record struct Times(double Sample, double Train, double Outside, double Total);

    /// <summary>Runs one update.</summary>
    public Times Run(int step)
    {
        model = 0;
        long start = Stopwatch.GetTimestamp();
        var forest = Grow(step);
        double sample = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var batch = Pack(forest);
        long train = Stopwatch.GetTimestamp();
        policy.Accumulate(batch, ObjectivePresets.Grpo);
        policy.Apply(new OptimizerSettings(), 1e-5);
        double trained = Stopwatch.GetElapsedTime(train).TotalSeconds, total = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return new Times(sample, trained, total - trained - Stopwatch.GetElapsedTime(0, model).TotalSeconds, total);
    }

    /// <summary>Grades, redistributes as GRPO does, and packs.</summary>
    public static PackedBatch Pack(Forest forest) =>
        Packer.Pack(Redistribution.Apply(CreditRules.Grpo, forest, Grading.Grade(forest, Tokenizer, Reward)), ObjectivePresets.Grpo.Aggregation);

    /// <summary>Samples all prompts' trees side by side.</summary>
    public Forest Grow(int step)
    {
        var builder = new ForestBuilder();
        long at = Stopwatch.GetTimestamp();
        using var decoder = policy.NewDecoder(new PickSettings());
        var ids = new int[prompts.Length];
        decoder.Prompt(prompts, ids);
        model += Stopwatch.GetTimestamp() - at;
        List<Live> live = [];
        for (int p = 0; p < prompts.Length; p++)
        {
            builder.AddPrompt(new ForestPrompt($"p{p}", "", [.. prompts[p]], ""));
            Below(decoder, live, builder, p, -1, -1, ids[p]);
        }
        PickRequest[] requests = [];
        TokenPick[] picks = [];
        float[] entropies = [];
        int[] branches = [], tokens = [];
        for (int round = 0; live.Count > 0; round++)
        {
            int count = live.Count;
            if (requests.Length < count)
                (requests, picks, entropies, branches, tokens) = (new PickRequest[2 * count], new TokenPick[2 * count], new float[2 * count], new int[2 * count], new int[2 * count]);
            for (int i = 0; i < count; i++) requests[i] = new PickRequest(live[i].Branch, 1, false, Seed.Of(step).Child(live[i].Node).Child(round));
            at = Stopwatch.GetTimestamp();
            decoder.Pick(requests.AsSpan(0, count), picks.AsSpan(0, count), entropies.AsSpan(0, count));
            model += Stopwatch.GetTimestamp() - at;
            int read = 0;
            for (int i = 0; i < count; i++)
            {
                var one = live[i];
                builder.AddToken(one.Node, picks[i].Id, picks[i].LogProb, entropies[i]);
                live[i] = one with { Left = one.Left - 1 };
                // The last token of an answer is never read.
                if (one.Left == 1 && one.IsLeaf)
                {
                    builder.Finish(one.Node, Finish.MaxTokens);
                    decoder.Release(one.Branch);
                    continue;
                }
                branches[read] = one.Branch;
                tokens[read++] = picks[i].Id;
            }
            at = Stopwatch.GetTimestamp();
            if (read > 0) decoder.Advance(branches.AsSpan(0, read), tokens.AsSpan(0, read));
            model += Stopwatch.GetTimestamp() - at;
            for (int i = 0; i < count; i++)
            {
                if (live[i].Left == 0 && !live[i].IsLeaf) Below(decoder, live, builder, live[i].Prompt, live[i].Segment, live[i].Node, live[i].Branch);
            }
            live.RemoveAll(one => one.Left == 0);
        }
        return builder.Seal();
    }

    private readonly record struct Live(int Prompt, int Segment, int Node, int Branch, int Left, bool IsLeaf);

    /// <summary>Starts the segments below one, or below the prompt for -1.</summary>
    private void Below(IDecoder decoder, List<Live> live, ForestBuilder builder, int prompt, int segment, int node, int branch)
    {
        var shape = workload.Prompts[prompt];
        int[] children = [.. Enumerable.Range(0, shape.Parent.Length).Where(s => shape.Parent[s] == segment)];
        var branches = new int[children.Length];
        long at = Stopwatch.GetTimestamp();
        decoder.Fork(branch, branches);
        model += Stopwatch.GetTimestamp() - at;
        for (int i = 0; i < children.Length; i++)
        {
            int child = node < 0 ? builder.AddRoot(prompt) : builder.AddChild(node);
            live.Add(new Live(prompt, children[i], child, branches[i], shape.Length[children[i]], !shape.Parent.Contains(children[i])));
        }
    }
}
