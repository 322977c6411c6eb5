using System;

namespace TreeRl.Policies;

/// <summary>
/// A tree cache: decodes many branches at once, where a fork shares the cached prefix of its parent. Memory grows with unique tokens;
/// releasing a branch frees what only it used.
/// </summary>
/// <remarks>
/// Life of a branch: <see cref="Prompt"/> makes branches whose next-token distribution is known; <see cref="Pick"/> measures it and draws
/// from it any number of times; <see cref="Fork"/> turns one branch into several that stand at the same place; <see cref="Advance"/>
/// appends a token to each of many branches and computes their next distributions; <see cref="Release"/> ends one. A device sends back
/// ids, log-probabilities and entropies only, in one copy for each <see cref="Pick"/>, which the sampler calls once a step where <see cref="CallsAreDear"/>;
/// <see cref="CopyLogits"/> is for tests and custom triggers.
/// </remarks>
public interface IDecoder : IDisposable
{
    /// <summary>Reads prompts and makes one branch for each.</summary>
    /// <param name="prompts">At least one token each.</param>
    /// <param name="branches">Receives the new branches' ids, same length.</param>
    /// <exception cref="ArgumentException">A prompt is empty, longer than the context, or has an id outside the vocabulary.</exception>
    void Prompt(ReadOnlySpan<int[]> prompts, Span<int> branches);

    /// <summary>Ends <paramref name="branch"/> and makes <c>children.Length</c> branches that share all it has read and stand at its next-token distribution.</summary>
    void Fork(int branch, Span<int> children);

    /// <summary>Appends <c>tokens[i]</c> to <c>branches[i]</c> and computes each branch's next distribution. No branch may appear twice.</summary>
    void Advance(ReadOnlySpan<int> branches, ReadOnlySpan<int> tokens);

    /// <summary>
    /// Draws tokens and measures what they are drawn from. Request i yields <c>Count</c> picks, stored one request after the other; draw j uses
    /// <c>Seed.Uniform(j)</c>, so a pick depends on its request alone, and the first picks of two requests that differ in their counts only are
    /// the same. With <c>Distinct</c> the draws are without replacement, and where the truncated distribution has fewer tokens than asked for the
    /// rest have id -1.
    /// </summary>
    /// <param name="requests">What to draw.</param>
    /// <param name="picks">Receives the sum of the counts.</param>
    /// <param name="entropies">Receives the entropy in nats of each request's distribution: full vocabulary, temperature 1. Empty when nobody wants to know.</param>
    /// <exception cref="NonFiniteException">A distribution is not finite.</exception>
    void Pick(ReadOnlySpan<PickRequest> requests, Span<TokenPick> picks, Span<float> entropies = default);

    /// <summary>Whether a call of <see cref="Pick"/> costs more than many draws, as where its result crosses a bus: the sampler then draws for forks before it knows of them.</summary>
    bool CallsAreDear => false;

    /// <summary>Copies a branch's next-token logits (length V) to the host. Slow on a device.</summary>
    void CopyLogits(int branch, Span<float> logits);

    /// <summary>Number of tokens a branch has read, prompt included.</summary>
    int Length(int branch);

    /// <summary>Ends a branch.</summary>
    void Release(int branch);

    /// <summary>Number of unique tokens cached now, prompts included.</summary>
    long CachedTokens { get; }

    /// <summary>Bytes of keys and values held for them.</summary>
    long CacheBytes { get; }
}

/// <summary>How tokens are drawn. Filters apply in the order temperature, top-k, top-p, min-p; what remains is renormalised.</summary>
public sealed record PickSettings
{
    /// <summary>Divides the logits; 0 takes the likeliest token, ties going to the smaller id. 0, or 1e-6 .. 1e6.</summary>
    public double Temperature { get; init; } = 1.0;

    /// <summary>Keep only the k likeliest tokens; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Keep the smallest set of likeliest tokens whose probabilities sum to at least this; 1 keeps all. In (0, 1].</summary>
    public double TopP { get; init; } = 1.0;

    /// <summary>Keep the tokens with at least this share of the likeliest token's probability; 0 keeps all. In [0, 1].</summary>
    public double MinP { get; init; }
}

/// <summary>A wish for draws from one branch's next-token distribution.</summary>
/// <param name="Branch">The branch.</param>
/// <param name="Count">Number of draws; 0 to know the entropy alone.</param>
/// <param name="Distinct">Draw without replacement.</param>
/// <param name="Seed">Draw j uses <c>Seed.Uniform(j)</c>.</param>
public readonly record struct PickRequest(int Branch, int Count, bool Distinct, Seed Seed);

/// <summary>A drawn token.</summary>
/// <param name="Id">Vocabulary id, or -1 where a distinct draw found no token left.</param>
/// <param name="LogProb">Its log-probability in nats under the full-vocabulary, temperature-1 distribution.</param>
public readonly record struct TokenPick(int Id, float LogProb);
