using System;
using System.Collections.Immutable;
using TreeRl.Policies;
using TreeRl.Sampling;
using TreeRl.Values;

namespace TreeRl.Lab;

/// <summary>How the true values of a forest's nodes are estimated: fresh continuations from every place where the forest branches.</summary>
public sealed record TruthPlan
{
    /// <summary>Continuations of each place, K; at least 2.</summary>
    public int Samples { get; init; } = 64;

    /// <summary>Largest number of tokens of a whole answer, the node's path included; as the forest was sampled with.</summary>
    public int MaxTokens { get; init; } = 128;

    /// <summary>How tokens are drawn: this is the policy whose values are estimated.</summary>
    public PickSettings Picking { get; init; } = new();

    /// <summary>Texts that end an answer. One that begins before the place and ends behind it is not seen.</summary>
    public ImmutableArray<string> StopTexts { get; init; } = [];

    /// <summary>No further batch starts once this many fresh tokens have been drawn, earlier calls included; at least 1.</summary>
    public long BudgetTokens { get; init; } = long.MaxValue;

    /// <summary>No further batch starts once this many places are done, earlier calls included; at least 1.</summary>
    public int BudgetPlaces { get; init; } = int.MaxValue;

    /// <summary>Places sampled together and written together; at least 1. The numbers do not depend on it.</summary>
    public int BatchPlaces { get; init; } = 64;

    /// <summary>The truth of forests that <paramref name="sampling"/> grew: its longest answer, its way to draw, its stop texts.</summary>
    /// <param name="sampling">The plan of the forest.</param>
    /// <param name="samples">Continuations of each place.</param>
    /// <exception cref="ArgumentException">The plan has a rule that looks back over a whole answer, which a continuation does not see.</exception>
    public static TruthPlan For(SamplingPlan sampling, int samples = 64)
    {
        ArgumentNullException.ThrowIfNull(sampling);
        var flat = Continuations.Of(sampling, samples, "Make a TruthPlan yourself to estimate the values without that rule");
        return new TruthPlan { Samples = samples, MaxTokens = flat.MaxTokens, Picking = flat.Picking, StopTexts = flat.StopTexts }.Validated();
    }

    /// <summary>This plan, if it breaks no rule.</summary>
    /// <exception cref="ArgumentException">A rule is broken.</exception>
    public TruthPlan Validated()
    {
        Guard.InRange(Samples >= 2, Samples, "must be at least 2: one continuation has no standard error");
        Guard.InRange(BudgetTokens >= 1, BudgetTokens, "must be at least 1");
        Guard.InRange(BudgetPlaces >= 1, BudgetPlaces, "must be at least 1");
        Guard.InRange(BatchPlaces >= 1, BatchPlaces, "must be at least 1");
        Sampling(Samples).Validated();
        return this;
    }

    /// <summary>The plan in one line; the budgets and the batch are no part of it, since no number depends on them.</summary>
    public override string ToString() => FormattableString.Invariant($"{Counted.Of(Samples, "continuation")}; {Sampling(1)}");

    /// <summary>Flat rollouts by this plan.</summary>
    internal SamplingPlan Sampling(int trees) => new() { Trees = trees, MaxLeaves = trees, MaxTokens = MaxTokens, Picking = Picking, StopTexts = StopTexts };
}

/// <summary>How far an estimate of the truth is.</summary>
/// <param name="PlacesDone">Places done, earlier calls included.</param>
/// <param name="PlaceCount">Places in all.</param>
/// <param name="Tokens">Fresh tokens drawn, earlier calls included.</param>
public readonly record struct TruthProgress(int PlacesDone, int PlaceCount, long Tokens);
