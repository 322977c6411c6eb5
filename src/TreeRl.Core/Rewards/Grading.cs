using System;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.InteropServices;
using TreeRl.Forests;
using TreeRl.Models;

namespace TreeRl.Rewards;

/// <summary>Turns the leaves of a forest into outcomes.</summary>
public static class Grading
{
    private const string PrunedReason = "the sampler pruned this branch";

    /// <summary>Number of threads, in the whole process, that graders which overran their time still occupy.</summary>
    public static int StuckThreads => GradingRun.StuckThreads;

    /// <summary>
    /// Grades every leaf with every term, in leaf order, on one thread set apart for user code. What a grader does cannot stop the run: an exception
    /// and a value that is not finite become <see cref="OutcomeKind.Failed"/>; a call longer than the time limit becomes
    /// <see cref="OutcomeKind.TimedOut"/>, its thread is left behind at the lowest priority, its leaf is closed (the terms after it abstain), and a
    /// fresh thread goes on with the next leaf. Pruned leaves abstain without being graded.
    /// </summary>
    /// <param name="forest">L leaves.</param>
    /// <param name="tokenizer">Decodes the answers, each once, before grading starts.</param>
    /// <param name="plan">Terms and limits.</param>
    /// <returns>L outcomes in leaf order; the same for the same forest, but for graders that are themselves random or near the time limit.</returns>
    /// <exception cref="ArgumentException">The plan breaks a rule, or the forest has a token id that the tokenizer does not have.</exception>
    /// <exception cref="GraderStuckException"><see cref="RewardPlan.MaxStuckThreads"/> threads are stuck in graders.</exception>
    public static LeafOutcomes Grade(Forest forest, ITokenizer tokenizer, RewardPlan plan)
    {
        ArgumentNullException.ThrowIfNull(forest);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(plan);
        plan.Validated();
        return Grade(Answers(forest, tokenizer), plan);
    }

    /// <summary>Grades answers that need not come from a forest; those whose <see cref="Answer.Finish"/> is Pruned abstain.</summary>
    /// <exception cref="ArgumentException">The plan breaks a rule.</exception>
    /// <exception cref="GraderStuckException">As above.</exception>
    public static LeafOutcomes Grade(ImmutableArray<Answer> answers, RewardPlan plan) =>
        Grade(answers, plan, (_, startedAt) => Stopwatch.GetElapsedTime(startedAt));

    internal static LeafOutcomes Grade(ImmutableArray<Answer> answers, RewardPlan plan, CallClock clock)
    {
        ArgumentNullException.ThrowIfNull(plan);
        plan.Validated();
        Guard.That(!answers.IsDefault, "answers are not initialised: pass an empty array for none", nameof(answers));
        int leafCount = answers.Length, termCount = plan.Terms.Length;
        var terms = new Outcome[termCount * leafCount];
        for (int leaf = 0; leaf < leafCount; leaf++)
        {
            if (answers[leaf].Finish != Finish.Pruned) continue;
            for (int term = 0; term < termCount; term++) terms[term * leafCount + leaf] = Outcome.Abstain(PrunedReason);
        }
        new GradingRun(answers, plan, terms, clock).Run();
        var total = new Outcome[leafCount];
        for (int leaf = 0; leaf < leafCount; leaf++) total[leaf] = Total(plan, terms, leaf, leafCount);
        return LeafOutcomes.Create(ImmutableCollectionsMarshal.AsImmutableArray(total), [.. NamesOf(plan)], ImmutableCollectionsMarshal.AsImmutableArray(terms));
    }

    /// <summary>The answers of a forest, in leaf order, as graders see them.</summary>
    /// <exception cref="ArgumentException">The forest has a token id that the tokenizer does not have.</exception>
    public static ImmutableArray<Answer> Answers(Forest forest, ITokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(forest);
        ArgumentNullException.ThrowIfNull(tokenizer);
        var ends = tokenizer.EndTokens;
        var answers = ImmutableArray.CreateBuilder<Answer>(forest.LeafTotal);
        foreach (int node in forest.Leaves)
        {
            int[] tokens = forest.PathTokens(node);
            int textTokens = tokens.Length;
            while (textTokens > 0 && ends.Contains(tokens[textTokens - 1])) textTokens--;
            var prompt = forest.Prompts[forest.PromptOf[node]];
            answers.Add(new Answer
            {
                Text = tokenizer.Decode(tokens.AsSpan(0, textTokens)),
                TokenCount = tokens.Length,
                TokenIds = ImmutableCollectionsMarshal.AsImmutableArray(tokens),
                Finish = forest.Finish[node],
                PromptId = prompt.Id,
                PromptText = prompt.Text,
                Reference = prompt.Reference,
            });
        }
        return answers.MoveToImmutable();
    }

    private static Outcome Total(RewardPlan plan, Outcome[] terms, int leaf, int leafCount)
    {
        double sum = 0;
        bool scored = false;
        for (int term = 0; term < plan.Terms.Length; term++)
        {
            var outcome = terms[term * leafCount + leaf];
            if (outcome.Kind is OutcomeKind.Failed or OutcomeKind.TimedOut) return outcome with { Reason = $"term '{plan.Terms[term].Name}': {outcome.Reason}" };
            if (!outcome.HasScore) continue;
            sum += plan.Terms[term].Weight * outcome.Value;
            scored = true;
        }
        if (!double.IsFinite(sum)) return Outcome.Failed($"the weighted sum of the terms is {sum}: must be finite");
        return scored ? Outcome.Score(sum) : Outcome.Abstain(terms[leaf].Reason!);
    }

    private static string[] NamesOf(RewardPlan plan)
    {
        var names = new string[plan.Terms.Length];
        for (int term = 0; term < names.Length; term++) names[term] = plan.Terms[term].Name;
        return names;
    }
}
