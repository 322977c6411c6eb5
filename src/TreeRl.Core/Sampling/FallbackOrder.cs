using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Forests;

namespace TreeRl.Sampling;

/// <summary>Which ended answers <see cref="Expansion.Fallback"/> cuts, and in which order (the candidate policies of TreePO's code).</summary>
public enum FallbackFrom
{
    /// <summary>All of them, in random order.</summary>
    Any,

    /// <summary>All of them, in an order drawn by their finish: without replacement, with weights exp(priority). See <see cref="FinishedFirstStrict"/>.</summary>
    FinishedFirst,

    /// <summary>
    /// All of them, by falling priority of their finish, at random among equals: stop text 7, end of text 6, custom 5, length 4, depth 3,
    /// repetition 2, any other 1. The source fixes the ends 7 (a boxed answer) and 2 (repetition); the order between is a choice.
    /// </summary>
    FinishedFirstStrict,

    /// <summary>Those that ended with an end token, a stop text or the plan's own rule, in random order. The paper's (boxed or end of text).</summary>
    OnlyFinished,

    /// <summary>All of them, longest first, at random among equals.</summary>
    LongerFirst,
}

/// <summary>Puts ended answers into the order of a <see cref="FallbackFrom"/>.</summary>
internal static class FallbackOrder
{
    /// <summary>An ended answer: its leaf, why it ended and its length in tokens.</summary>
    public readonly record struct Candidate(int Leaf, Finish Finish, int PathTokens);

    public static string Name(FallbackFrom from) => from switch
    {
        FallbackFrom.Any => "any",
        FallbackFrom.FinishedFirst => "likely finished",
        FallbackFrom.FinishedFirstStrict => "finished, then other",
        FallbackFrom.OnlyFinished => "finished",
        _ => "the longest",
    };

    /// <summary>The candidates in order, those left out that the policy does not take. Reads the draws 0 .. count-1 of the seed.</summary>
    public static List<Candidate> Sort(FallbackFrom from, IReadOnlyList<Candidate> candidates, Seed seed)
    {
        var keyed = new List<(Candidate Candidate, double Key, double Chance)>(candidates.Count);
        for (int i = 0; i < candidates.Count; i++)
        {
            var candidate = candidates[i];
            if (from == FallbackFrom.OnlyFinished && candidate.Finish is not (Finish.EndOfText or Finish.StopText or Finish.Custom)) continue;
            double chance = seed.Uniform(i), key = from switch
            {
                // The Gumbel trick: sorting by priority + Gumbel noise draws without replacement with weights exp(priority).
                FallbackFrom.FinishedFirst => Priority(candidate.Finish) - Math.Log(-Math.Log(Math.Max(chance, 1e-300))),
                FallbackFrom.FinishedFirstStrict => Priority(candidate.Finish),
                FallbackFrom.LongerFirst => candidate.PathTokens,
                _ => 0,
            };
            keyed.Add((candidate, key, chance));
        }
        return [.. keyed.OrderByDescending(k => k.Key).ThenBy(k => k.Chance).Select(k => k.Candidate)];
    }

    private static int Priority(Finish finish) => finish switch
    {
        Finish.StopText => 7,
        Finish.EndOfText => 6,
        Finish.Custom => 5,
        Finish.MaxTokens => 4,
        Finish.MaxDepth => 3,
        Finish.Repetition => 2,
        _ => 1,
    };
}
