using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using TreeRl.Forests;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Rewards;
using TreeRl.Sampling;
using TreeRl.Tasks;

namespace TreeRl.Training;

/// <summary>One item's result.</summary>
/// <param name="Id">The task's id.</param>
/// <param name="Correct">Answers that were right.</param>
/// <param name="Samples">Answers drawn.</param>
/// <param name="AnswerTokens">Mean tokens of an answer.</param>
public readonly record struct ItemResult(string Id, int Correct, int Samples, double AnswerTokens);

/// <summary>A policy measured on a set of items.</summary>
public sealed record EvaluationResult
{
    /// <summary>Per item, in order.</summary>
    public required ImmutableArray<ItemResult> Items { get; init; }

    /// <summary>Mean over items of the share of right answers.</summary>
    public required double Accuracy { get; init; }

    /// <summary>
    /// Lower end of the 95 % interval of <see cref="Accuracy"/>, at least 0. Items are the unit, so that answers to one item are not taken for
    /// independent; two items all right and two all wrong are added before the standard error is taken (Agresti and Coull 1998), so that the
    /// interval stays honest where every item scores the same.
    /// </summary>
    public required double Low { get; init; }

    /// <summary>Upper end of the interval, at most 1; see <see cref="Low"/>.</summary>
    public required double High { get; init; }

    /// <summary>Mean tokens of an answer.</summary>
    public required double AnswerTokens { get; init; }

    /// <summary>Answers whose grading threw or timed out; they count as wrong.</summary>
    public required int Ungraded { get; init; }

    /// <summary>Wall time.</summary>
    public required double Seconds { get; init; }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant(
        $"accuracy {100 * Accuracy:F1} % [{100 * Low:F1}, {100 * High:F1}] ({Counted.Of(Items.Length, "item")}, {AnswerTokens:F1} tokens an answer)");
}

/// <summary>Samples answers to held-out items and grades them.</summary>
public static class Evaluator
{
    /// <summary>Measures a policy; the result depends on policy, items, plan and seed alone.</summary>
    /// <param name="policy">The policy; its weights are read only.</param>
    /// <param name="tokenizer">Turns prompts into tokens and answers into text.</param>
    /// <param name="tasks">Where the items come from.</param>
    /// <param name="plan">How many, how sampled, how graded.</param>
    /// <param name="maxTokens">Longest answer.</param>
    /// <param name="seed">Seeds the draws.</param>
    /// <exception cref="ArgumentException">The source has fewer items than the plan asks for.</exception>
    public static EvaluationResult Evaluate(IPolicy policy, ITokenizer tokenizer, ITaskSource tasks, EvaluationPlan plan, int maxTokens, Seed seed)
    {
        plan.Validated();
        tasks.Need(plan.Items, nameof(plan.Items), nameof(plan));
        var watch = System.Diagnostics.Stopwatch.StartNew();
        var prompts = Prompts(tasks, tokenizer, 0, plan.Items);
        var sampling = new SamplingPlan
        {
            Trees = plan.SamplesPerItem,
            MaxLeaves = plan.SamplesPerItem,
            MaxTokens = maxTokens,
            Picking = plan.Picking,
        };
        var forest = Sampler.Grow(policy, tokenizer, prompts, sampling, seed).Forest;
        var outcomes = Grading.Grade(forest, tokenizer, new RewardPlan { Terms = [new RewardTerm("correct", 1, plan.Grader)] });
        return Summarise(forest, outcomes, plan.SamplesPerItem, watch.Elapsed.TotalSeconds);
    }

    /// <summary>Items <paramref name="first"/> .. first+count-1 as prompts a sampler can grow.</summary>
    public static IReadOnlyList<ForestPrompt> Prompts(ITaskSource tasks, ITokenizer tokenizer, long first, int count)
    {
        var prompts = new ForestPrompt[count];
        for (int i = 0; i < count; i++)
        {
            var item = tasks.Item(first + i);
            prompts[i] = new ForestPrompt(item.Id, item.Prompt, [.. tokenizer.EncodePrompt(item.Prompt)], item.Reference);
        }
        return prompts;
    }

    private static EvaluationResult Summarise(Forest forest, LeafOutcomes outcomes, int samples, double seconds)
    {
        int items = forest.PromptCount;
        var correct = new int[items];
        var tokens = new long[items];
        int ungraded = 0;
        long allTokens = 0;
        for (int leaf = 0; leaf < forest.LeafTotal; leaf++)
        {
            int node = forest.Leaves[leaf], prompt = forest.PromptOf[node];
            var outcome = outcomes.Total[leaf];
            if (outcome.HasScore && outcome.Value > 0.5) correct[prompt]++;
            if (outcome.Kind is OutcomeKind.Failed or OutcomeKind.TimedOut) ungraded++;
            tokens[prompt] += forest.PathTokenCount[node];
            allTokens += forest.PathTokenCount[node];
        }
        double sum = 0, squares = 0;
        var results = ImmutableArray.CreateBuilder<ItemResult>(items);
        for (int i = 0; i < items; i++)
        {
            double share = (double)correct[i] / samples;
            sum += share;
            squares += share * share;
            results.Add(new ItemResult(forest.Prompts[i].Id, correct[i], samples, (double)tokens[i] / samples));
        }
        double padded = items + 4, centre = (sum + 2) / padded;
        double variance = (squares + 2 - padded * centre * centre) / (padded - 1);
        double halfWidth = 1.96 * Math.Sqrt(variance / padded);
        return new EvaluationResult
        {
            Items = results.MoveToImmutable(),
            Accuracy = sum / items,
            Low = Math.Max(0, centre - halfWidth),
            High = Math.Min(1, centre + halfWidth),
            AnswerTokens = (double)allTokens / forest.LeafTotal,
            Ungraded = ungraded,
            Seconds = seconds,
        };
    }
}
