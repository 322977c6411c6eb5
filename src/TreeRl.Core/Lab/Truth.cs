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
using TreeRl.Values;

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
        var places = new ValuePlaces(forest);
        for (int place = 0; place < places.Count; place++)
            Guard.That(places.PathLength(place) < plan.MaxTokens,
                $"a node branches after {places.PathLength(place)} tokens, but answers have at most MaxTokens = {plan.MaxTokens}: give the plan the forest was sampled with (TruthPlan.For)", nameof(plan));
        var store = file is null ? null : TruthFile.Open(file, Fingerprint(forest, outcomes, reward, plan, seed), places.Count);
        var done = store?.Done ?? [];
        var run = new PlaceSampler(policy, tokenizer, forest, reward, plan.Sampling(plan.Samples), seed, places);
        while (done.Count < places.Count)
        {
            // Budgets are looked at between whole batches only, so that an interrupted run ends where an uninterrupted one does.
            if (done.Count % plan.BatchPlaces == 0 && (done.Count >= plan.BudgetPlaces || done.Sum(place => place.Tokens) >= plan.BudgetTokens)) break;
            cancellation.ThrowIfCancellationRequested();
            int end = Math.Min(places.Count, (done.Count / plan.BatchPlaces + 1) * plan.BatchPlaces);
            var batch = run.Sample([.. Enumerable.Range(done.Count, end - done.Count)], cancellation);
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
