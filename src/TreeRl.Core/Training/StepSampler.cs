using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using TreeRl.Forests;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Rewards;
using TreeRl.Sampling;

namespace TreeRl.Training;

/// <summary>What a step sampled, and what of it is trained.</summary>
/// <param name="Sampled">Every prompt of every try.</param>
/// <param name="SampledOutcomes">What its leaves earned.</param>
/// <param name="Trained">The prompts that are trained; all of them without dynamic sampling, and when none is informative.</param>
/// <param name="TrainedOutcomes">What its leaves earned.</param>
/// <param name="Tries">Samplings, at least 1.</param>
/// <param name="Informative">Informative prompts among all sampled; -1 without dynamic sampling.</param>
/// <param name="SamplingTicks">Time spent growing.</param>
internal sealed record StepSample(Forest Sampled, LeafOutcomes SampledOutcomes, Forest Trained, LeafOutcomes TrainedOutcomes, int Tries, int Informative, long SamplingTicks)
{
    /// <summary>Whether dynamic sampling found nothing to train.</summary>
    public bool NothingToTrain => Informative == 0;
}

/// <summary>
/// Samples and grades the prompts of a step, again and again while <see cref="DynamicSampling"/> asks for more. A prompt's draws depend on run,
/// step and prompt alone, not on the try.
/// </summary>
internal sealed class StepSampler(ExperimentPlan plan, ITokenizer tokenizer, PromptStream stream)
{
    /// <summary>Samples a step.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="step">0-based step.</param>
    /// <param name="graded">Called with the outcomes of each try before the next one starts; it may stop the run.</param>
    public StepSample Sample(IPolicy policy, int step, System.Action<LeafOutcomes> graded)
    {
        var rule = plan.DynamicSampling;
        var tries = new List<(Forest Forest, LeafOutcomes Outcomes, IReadOnlyList<int> Kept)>();
        int kept = 0, informative = 0;
        long ticks = 0;
        while (tries.Count < (rule?.MaxTries ?? 1) && kept < plan.PromptsPerStep)
        {
            int missing = plan.PromptsPerStep - kept;
            var prompts = stream.Next(rule?.Refill == RefillSize.Missing ? missing : plan.PromptsPerStep);
            if (prompts.Count == 0) break; // the step has asked every item there is
            long clock = Stopwatch.GetTimestamp();
            var forest = Sampler.Grow(policy, tokenizer, prompts, plan.SamplingAt(step), plan.Seed.Child("sample").Child(step)).Forest;
            ticks += Stopwatch.GetTimestamp() - clock;
            var outcomes = Grading.Grade(forest, tokenizer, plan.Reward);
            graded(outcomes);
            bool[] speaks = rule?.Informative(forest, outcomes) ?? [.. Enumerable.Repeat(true, forest.PromptCount)];
            informative += speaks.Count(s => s);
            int[] takes = [.. Enumerable.Range(0, forest.PromptCount).Where(p => speaks[p]).Take(missing)];
            kept += takes.Length;
            tries.Add((forest, outcomes, takes));
        }
        if (rule is null) return new StepSample(tries[0].Forest, tries[0].Outcomes, tries[0].Forest, tries[0].Outcomes, 1, -1, ticks);
        var sampled = Forest.Concat([.. tries.Select(t => t.Forest)]);
        var sampledOutcomes = PromptLeaves.Outcomes([.. tries.Select(t => (t.Forest, t.Outcomes, All(t.Forest)))]);
        if (kept == 0) return new StepSample(sampled, sampledOutcomes, sampled, sampledOutcomes, tries.Count, 0, ticks);
        var taken = tries.Where(t => t.Kept.Count > 0).ToArray();
        var trained = Forest.Concat([.. taken.Select(t => t.Forest.SelectPrompts(t.Kept))]);
        return new StepSample(sampled, sampledOutcomes, trained, PromptLeaves.Outcomes(taken), tries.Count, informative, ticks);
    }

    private static IReadOnlyList<int> All(Forest forest) => [.. Enumerable.Range(0, forest.PromptCount)];
}
