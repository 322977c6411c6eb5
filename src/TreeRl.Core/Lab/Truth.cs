using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Threading;
using TreeRl.Forests;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Rewards;
using TreeRl.Sampling;

namespace TreeRl.Lab;

/// <summary>Estimates what credit rules try to guess: the true value of every node of a forest under the policy.</summary>
/// <remarks>
/// K fresh answers go on from the end of each prompt and inner node, are graded as whole answers, and their mean reward is the node's
/// value. None of the forest's own leaves is used, so the errors are independent of every rule's advantages on that forest. Plain draws of
/// the policy: what a sampler does at forks - distinct first tokens, budgets, pruning - is part of the estimators under test, not of the truth.
/// </remarks>
public static class Truth
{
    /// <summary>Samples the truth of a graded forest, as far as the plan's budgets go.</summary>
    /// <param name="policy">The policy; the forest need not be its own.</param>
    /// <param name="tokenizer">Reads its tokens.</param>
    /// <param name="forest">The forest.</param>
    /// <param name="outcomes">Its leaves' outcomes: the leaves' values.</param>
    /// <param name="reward">Grades the continuations; the reward that made the outcomes.</param>
    /// <param name="plan">How many, how drawn, how far.</param>
    /// <param name="seed">The draws of a place depend on this and its path alone.</param>
    /// <param name="file">Written after each batch and continued by a later call, to the same bytes; null keeps nothing. It names forest, reward,
    /// plan and seed, not the policy: give each policy a file of its own.</param>
    /// <param name="progress">Called after each batch.</param>
    /// <param name="cancellation">Looked at before each batch.</param>
    /// <exception cref="ArgumentException">The outcomes do not fit the forest, or a node's path is as long as the plan's longest answer.</exception>
    /// <exception cref="InvalidOperationException">The file is the truth of something else.</exception>
    /// <exception cref="System.IO.InvalidDataException">The file is broken.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was asked for; finished batches are in the file.</exception>
    public static NodeTruth Estimate(
        IPolicy policy,
        ITokenizer tokenizer,
        Forest forest,
        LeafOutcomes outcomes,
        RewardPlan reward,
        TruthPlan plan,
        Seed seed,
        string? file = null,
        Action<TruthProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(forest);
        ArgumentNullException.ThrowIfNull(outcomes);
        ArgumentNullException.ThrowIfNull(reward);
        ArgumentNullException.ThrowIfNull(plan);
        plan.Validated();
        reward.Validated();
        Guard.SameLength(outcomes.LeafCount, forest.LeafTotal, "one outcome for each leaf");
        var places = new TruthPlaces(forest);
        for (int place = 0; place < places.Count; place++)
            Guard.That(places.PathLength(place) < plan.MaxTokens,
                $"a node branches after {places.PathLength(place)} tokens, but answers have at most MaxTokens = {plan.MaxTokens}: give the plan the forest was sampled with (TruthPlan.For)", nameof(plan));
        var store = file is null ? null : TruthFile.Open(file, Fingerprint(forest, outcomes, reward, plan, seed), places.Count);
        var done = store?.Done ?? [];
        var run = new TruthRun(policy, tokenizer, forest, reward, plan, seed, places);
        while (done.Count < places.Count)
        {
            // Budgets are looked at between whole batches only, so that an interrupted run ends where an uninterrupted one does.
            if (done.Count % plan.BatchPlaces == 0 && (done.Count >= plan.BudgetPlaces || done.Sum(place => place.Tokens) >= plan.BudgetTokens)) break;
            cancellation.ThrowIfCancellationRequested();
            int end = Math.Min(places.Count, (done.Count / plan.BatchPlaces + 1) * plan.BatchPlaces);
            var batch = run.Sample(done.Count, end, cancellation);
            if (store is null) done.AddRange(batch);
            else store.Append(batch);
            progress?.Invoke(new TruthProgress(done.Count, places.Count, done.Sum(place => place.Tokens)));
        }
        double[] leafValue = [.. outcomes.Total.Select(outcome => outcome.HasScore ? outcome.Value : double.NaN)];
        return new NodeTruth(forest, places, [.. done], leafValue);
    }

    private static string Fingerprint(Forest forest, LeafOutcomes outcomes, RewardPlan reward, TruthPlan plan, Seed seed)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(ForestFile.ToBytes(forest));
        hash.AppendData(Encoding.UTF8.GetBytes(string.Join('\n', outcomes.Total.Select(outcome => outcome.ToString()))));
        hash.AppendData(Encoding.UTF8.GetBytes($"\n{reward}\n{plan}\n{seed}"));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

/// <summary>Samples and grades the continuations of places.</summary>
internal sealed class TruthRun(IPolicy policy, ITokenizer tokenizer, Forest forest, RewardPlan reward, TruthPlan plan, Seed seed, TruthPlaces places)
{
    /// <summary>The places <paramref name="first"/> .. end-1.</summary>
    public PlaceTruth[] Sample(int first, int end, CancellationToken cancellation)
    {
        var prompts = Enumerable.Range(first, end - first).Select(places.Prompt).ToArray();
        int[] room = [.. Enumerable.Range(first, end - first).Select(place => plan.MaxTokens - places.PathLength(place))];
        var sampling = plan.Sampling(plan.Samples) with { Custom = new StopRule("answer length", branch => branch.PathTokens >= room[branch.PromptIndex]) };
        var grown = Sampler.Grow(policy, tokenizer, prompts, sampling, seed, null, cancellation).Forest;
        var outcomes = Grading.Grade(Answers(grown, first), reward).Total;
        var results = new PlaceTruth[prompts.Length];
        for (int leaf = 0; leaf < grown.LeafTotal; leaf++)
        {
            int node = grown.Leaves[leaf];
            ref var place = ref results[grown.PromptOf[node]];
            double value = outcomes[leaf].HasScore ? outcomes[leaf].Value : 0;
            place = new PlaceTruth(place.Scored + (outcomes[leaf].HasScore ? 1 : 0), place.Sum + value, place.Squares + value * value, place.Tokens + grown.TokenCount[node]);
        }
        return results;
    }

    /// <summary>The whole answers: path and continuation, under the question's own id.</summary>
    private ImmutableArray<Answer> Answers(Forest grown, int first)
    {
        var continuations = Grading.Answers(grown, tokenizer);
        var answers = ImmutableArray.CreateBuilder<Answer>(continuations.Length);
        for (int leaf = 0; leaf < continuations.Length; leaf++)
        {
            int place = first + grown.PromptOf[grown.Leaves[leaf]];
            var continuation = continuations[leaf];
            var question = forest.Prompts[places.PromptOf(place)];
            int pathLength = places.PathLength(place), promptLength = question.TokenIds.Length;
            var path = places.Prompt(place).TokenIds.AsSpan(promptLength, pathLength);
            ImmutableArray<int> tokens = [.. path, .. continuation.TokenIds];
            int textTokens = tokens.Length;
            while (textTokens > 0 && tokenizer.EndTokens.Contains(tokens[textTokens - 1])) textTokens--;
            answers.Add(continuation with
            {
                PromptId = question.Id,
                TokenIds = tokens,
                TokenCount = tokens.Length,
                Text = tokenizer.Decode(tokens.AsSpan(0, textTokens)),
                // The rule that stops a continuation at the answer's length stands for the forest's own.
                Finish = continuation.Finish == Finish.Custom ? Finish.MaxTokens : continuation.Finish,
            });
        }
        return answers.MoveToImmutable();
    }
}
