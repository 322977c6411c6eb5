using System;
using TreeRl.Forests;

namespace TreeRl.Sampling;

/// <summary>A forest and what it took to grow it.</summary>
/// <param name="Forest">The forest.</param>
/// <param name="Stats">What it took.</param>
public sealed record SampledForest(Forest Forest, SamplingStats Stats);

/// <summary>What a sampling took. All but the seconds depends on plan, policy, prompts and seed alone.</summary>
public sealed record SamplingStats
{
    /// <summary>Unique tokens drawn.</summary>
    public required long Tokens { get; init; }

    /// <summary>Tokens of the prompts, read once each.</summary>
    public required long PromptTokens { get; init; }

    /// <summary>Decoding steps, each of which gives one token to every branch under way.</summary>
    public required long Steps { get; init; }

    /// <summary>Forks taken by triggers; tree starts and the places of expansions are not counted.</summary>
    public required long Forks { get; init; }

    /// <summary>Trees started because a prompt's branches had ended with leaves missing.</summary>
    public required int TopUpTrees { get; init; }

    /// <summary>Continuations that expansions started.</summary>
    public required long ExpansionBranches { get; init; }

    /// <summary>Tokens of prompts and prefixes that the policy read again for them, each cut once.</summary>
    public required long RereadTokens { get; init; }

    /// <summary>Largest number of tokens drawn in one step, one for each branch after its forks.</summary>
    public required int PeakBranches { get; init; }

    /// <summary>Largest number of unique tokens in the cache, prompts included.</summary>
    public required long PeakCachedTokens { get; init; }

    /// <summary>Largest number of bytes in the cache.</summary>
    public required long PeakCacheBytes { get; init; }

    /// <summary>Wall-clock seconds in all.</summary>
    public required double Seconds { get; init; }

    /// <summary>Wall-clock seconds inside the policy's decoder.</summary>
    public required double DecoderSeconds { get; init; }

    /// <summary>Tokens drawn per second.</summary>
    public double TokensPerSecond => Seconds > 0 ? Tokens / Seconds : 0;

    /// <summary>The figures in one line.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"{Counted.Grouped(Tokens, "token")} in {Counted.Grouped(Steps, "step")}, {Counted.Grouped(Forks, "fork")}, {Counted.Grouped(TopUpTrees, "top-up tree")}, {Counted.Grouped(ExpansionBranches, "continuation")} ({Counted.Grouped(RereadTokens, "token")} read again), at most {Counted.Grouped(PeakBranches, "branch", "branches")} and {Counted.Grouped(PeakCachedTokens, "cached token")}; {TokensPerSecond:N0} tokens/s, {DecoderSeconds / Math.Max(Seconds, 1e-9):P1} of the time in the decoder");
}

/// <summary>How far a sampling is.</summary>
/// <param name="PromptsDone">Prompts whose forest is complete.</param>
/// <param name="PromptCount">Prompts in all.</param>
/// <param name="LeavesDone">Answers ended.</param>
/// <param name="LiveBranches">Branches under way.</param>
/// <param name="Tokens">Unique tokens drawn.</param>
public readonly record struct SamplingProgress(int PromptsDone, int PromptCount, long LeavesDone, int LiveBranches, long Tokens);
