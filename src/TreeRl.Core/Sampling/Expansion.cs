using System;
using System.Collections.Generic;

namespace TreeRl.Sampling;

/// <summary>
/// What a prompt does when all its branches have ended: new continuations start in the middle of answers that are there. The
/// answer that is cut stays; the place becomes a fork of it and the continuations. Expansions run before <see cref="TopUp"/>.
/// </summary>
/// <remarks>
/// Each continuation draws from the policy on its own, whatever <see cref="SamplingPlan.DistinctFirstTokens"/> says of the trigger's forks. A
/// continuation from the prompt itself is a root, hence a tree of its own in the forest; where an expansion works by tree, it counts as
/// part of the tree it was chosen in. The policy reads prompt and prefix again (<see cref="SamplingStats.RereadTokens"/>).
/// </remarks>
public abstract record Expansion
{
    private protected Expansion()
    {
    }

    /// <summary>No expansion.</summary>
    public static Expansion Never { get; } = new None();

    /// <summary>The expansion in a few words.</summary>
    public abstract string Description { get; }

    /// <summary>Answers that each starting tree comes to when they are long enough; null when <see cref="SamplingPlan.MaxLeaves"/> decides.</summary>
    public virtual long? LeavesPerTree => null;

    /// <summary>Broken rules, as "name = value: rule".</summary>
    internal abstract IEnumerable<string> Problems();

    /// <inheritdoc/>
    public sealed override string ToString() => Description;

    /// <summary>No expansion.</summary>
    public sealed record None : Expansion
    {
        /// <inheritdoc/>
        public override string Description => "none";

        internal override IEnumerable<string> Problems() => [];
    }

    /// <summary>
    /// TreePO's fallback (arXiv 2508.17445), whenever leaves are missing: ended answers are taken in the order of <paramref name="From"/>, each is
    /// cut by <paramref name="Cut"/>, and <see cref="SamplingPlan.FanOut"/> continuations start at the cut until no leaf is missing.
    /// They fork by the plan's trigger. With no answer to take, as many start at the prompt.
    /// </summary>
    /// <param name="From">Which answers are cut, and in which order.</param>
    /// <param name="Cut">Where.</param>
    public sealed record Fallback(FallbackFrom From, CutPoint Cut) : Expansion
    {
        /// <inheritdoc/>
        public override string Description => $"fall back on {FallbackOrder.Name(From)} answers, {Cut}";

        internal override IEnumerable<string> Problems()
        {
            if (!Enum.IsDefined(From)) yield return $"Expansion.From = {From}: must be one of the named orders";
            if (Cut is null) yield return "Expansion.Cut = null: must be given; CutPoint.RandomSegments(n) is the paper's";
            else foreach (string problem in Cut.Problems()) yield return "Expansion." + problem;
        }
    }

    /// <summary>
    /// Forks finished answers at their least certain tokens (EPTree of TreeRL, arXiv 2506.11902): in each round every tree takes its
    /// <paramref name="Tokens"/> tokens of highest <see cref="Measure"/> and starts <paramref name="Copies"/> continuations in front of each, which
    /// run to their end without forking. M trees come to M (1 + Tokens Rounds Copies) answers when they are long enough.
    /// </summary>
    /// <remarks>Ties go to the earlier token. The first token of a node below a fork is no candidate: its place is a fork already.</remarks>
    /// <param name="Tokens">Places for each tree and round, N of the paper.</param>
    /// <param name="Rounds">Rounds, L of the paper; a later round may cut the continuations of an earlier one.</param>
    /// <param name="Copies">Continuations for each place, T of the paper.</param>
    public sealed record TopTokens(int Tokens, int Rounds, int Copies) : Expansion
    {
        /// <summary>What ranks the tokens.</summary>
        public TokenMeasure Measure { get; init; } = TokenMeasure.Surprisal;

        /// <summary>Places that may be forked; null for all.</summary>
        public PlaceRule? Where { get; init; }

        /// <inheritdoc/>
        public override string Description =>
            $"{Rounds} x {Copies} continuations at the {Tokens} tokens of highest {(Measure == TokenMeasure.Surprisal ? "surprisal" : "entropy")}{(Where is { } rule ? $" where '{rule.Name}'" : "")}";

        /// <inheritdoc/>
        public override long? LeavesPerTree => 1 + (long)Tokens * Rounds * Copies;

        internal override IEnumerable<string> Problems()
        {
            if (Tokens < 1) yield return $"Expansion.Tokens = {Tokens}: must be at least 1";
            if (Rounds < 1) yield return $"Expansion.Rounds = {Rounds}: must be at least 1";
            if (Copies < 1) yield return $"Expansion.Copies = {Copies}: must be at least 1";
            if (!Enum.IsDefined(Measure)) yield return $"Expansion.Measure = {Measure}: must be one of the named measures";
            if (Where?.Problem("Expansion.Where") is { } problem) yield return problem;
        }
    }

    /// <summary>
    /// Continues finished answers from places drawn at random (Tree-GRPO, arXiv 2509.21240): in each round every tree draws
    /// <paramref name="Nodes"/> places uniformly and with replacement from the ends of its steps - the last of an answer excepted - and its start,
    /// and one continuation runs from each to its end without forking. M trees come to M (1 + Nodes Rounds) answers.
    /// </summary>
    /// <param name="Nodes">Places for each tree and round, N of the paper.</param>
    /// <param name="Rounds">Rounds, L of the paper.</param>
    /// <param name="Steps">Where a step of an answer ends.</param>
    public sealed record RandomNodes(int Nodes, int Rounds, StepRule Steps) : Expansion
    {
        /// <summary>Whether the start of the answer is among the places, as in the paper; a continuation from there shares nothing.</summary>
        public bool IncludeRoot { get; init; } = true;

        /// <inheritdoc/>
        public override string Description => $"{Rounds} x {Nodes} continuations at random {Steps}{(IncludeRoot ? "" : ", never from the prompt")}";

        /// <inheritdoc/>
        public override long? LeavesPerTree => 1 + (long)Nodes * Rounds;

        internal override IEnumerable<string> Problems()
        {
            if (Nodes < 1) yield return $"Expansion.Nodes = {Nodes}: must be at least 1";
            if (Rounds < 1) yield return $"Expansion.Rounds = {Rounds}: must be at least 1";
            if (Steps is null) yield return "Expansion.Steps = null: must be given, as StepRule.EveryTokens(32)";
            else if (Steps.Problem() is { } problem) yield return "Expansion." + problem;
        }
    }
}

/// <summary>What ranks the tokens of <see cref="Expansion.TopTokens"/>.</summary>
public enum TokenMeasure
{
    /// <summary>Minus the token's log-probability: how unlikely what was drawn is. TreeRL's, which calls it entropy.</summary>
    Surprisal,

    /// <summary>Entropy of the distribution the token was drawn from: how open the choice was.</summary>
    Entropy,
}
