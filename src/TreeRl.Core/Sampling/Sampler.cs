using System;
using System.Collections.Generic;
using System.Threading;
using TreeRl.Forests;
using TreeRl.Models;
using TreeRl.Policies;

namespace TreeRl.Sampling;

/// <summary>
/// Grows forests: decodes the branches of many prompts as one batch, forks them where the plan's trigger says, and ends them where its rules
/// say.
/// </summary>
/// <remarks>
/// A step gives one token to each live branch. For each prompt, in this order:
/// <list type="number">
/// <item>the trigger is asked about every branch whose node has a token; one at the depth limit ends there if the plan says stop;</item>
/// <item>where the prompt's token budget cannot give each branch a token, later branches end;</item>
/// <item>leaves are granted to the forks in branch order (<see cref="FanOutRule"/>); siblings stand where their parent stood in the order;</item>
/// <item>tokens are drawn and recorded, and <see cref="SamplingPlan"/>'s stop rules are asked about each;</item>
/// <item>when no branch is left and leaves are missing, the plan's <see cref="Expansion"/> continues ended answers, or further trees start if it says so.</item>
/// </list>
/// Randomness: tree k of a prompt has the seed B = seed.Child(prompt id).Child(k). The draw of answer token t (from 0) of a branch with seed
/// B uses S = B.Child(t); a fork there draws first token j with S.Uniform(j), and child j goes on with the seed S.Child(-1 - j). So a draw
/// depends on prompt and path alone. A random number of first trees is drawn by seed.Child(prompt id).Child("trees"),
/// a random fan-out at the prompt's f-th step with a fork (from 0) by seed.Child(prompt id).Child("fan-out") at index f. Expansion e (from 0) of a prompt draws its places
/// below X = seed.Child(prompt id).Child("expand").Child(e), and copy j of its cut c goes on with the seed X.Child(c).Child(j): batches, waves, threads and the other prompts change nothing.
/// </remarks>
public static class Sampler
{
    /// <summary>Grows the forest of <paramref name="prompts"/>.</summary>
    /// <param name="policy">The policy to draw from; its weights must not change meanwhile.</param>
    /// <param name="tokenizer">Gives the end tokens and the text that stop texts and rules look at. Its vocabulary may be smaller than the policy's, never larger.</param>
    /// <param name="prompts">At least one; ids differ. The forest keeps their order.</param>
    /// <param name="plan">How to branch and when to end.</param>
    /// <param name="seed">Names every draw; see the remarks.</param>
    /// <param name="progress">Called after each step, on the calling thread.</param>
    /// <param name="cancellation">Looked at before each step.</param>
    /// <returns>The forest, with log-probabilities and entropies under the policy at temperature 1, and what it took.</returns>
    /// <exception cref="ArgumentException">The plan breaks a rule; there are no prompts, or ids repeat; a prompt leaves no room for an answer in the context; an end token is outside the policy's vocabulary.</exception>
    /// <exception cref="InvalidOperationException">A trigger or stop rule of the user's threw; the message names it.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was asked for.</exception>
    public static SampledForest Grow(
        IPolicy policy,
        ITokenizer tokenizer,
        IReadOnlyList<ForestPrompt> prompts,
        SamplingPlan plan,
        Seed seed,
        Action<SamplingProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(prompts);
        ArgumentNullException.ThrowIfNull(plan);
        plan.Validated();
        int vocab = policy.Config.VocabSize;
        Guard.That(prompts.Count > 0, "no prompts: a forest has at least one", nameof(prompts));
        Guard.That(tokenizer.VocabSize <= vocab, $"the tokenizer has {tokenizer.VocabSize} ids and the policy {vocab}: they do not belong together", nameof(tokenizer));
        foreach (int end in tokenizer.EndTokens)
            Guard.That((uint)end < (uint)vocab, $"end token {end} is outside the policy's vocabulary of {vocab}", nameof(tokenizer));
        using var decoder = policy.NewDecoder(plan.Picking);
        return new SamplerRun(decoder, policy.Config, tokenizer, prompts, plan, seed).Grow(progress, cancellation);
    }
}
