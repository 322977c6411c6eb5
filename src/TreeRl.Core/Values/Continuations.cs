using System;
using TreeRl.Sampling;

namespace TreeRl.Values;

/// <summary>How answers go on from places inside a forest: flat, drawn and ended as the forest's own.</summary>
internal static class Continuations
{
    /// <summary>The plan of so many continuations of a place.</summary>
    /// <param name="sampling">The plan of the forest.</param>
    /// <param name="count">Continuations of each place.</param>
    /// <param name="cure">What to do where the plan cannot be continued.</param>
    /// <exception cref="ArgumentException">The plan breaks a rule of its own, or has one that looks back over a whole answer, which a continuation does not see.</exception>
    public static SamplingPlan Of(SamplingPlan sampling, int count, string cure)
    {
        sampling.Validated();
        Guard.That(sampling.Repetition is null && sampling.Custom is null,
            $"the sampling plan ends answers by {(sampling.Custom is { } custom ? $"'{custom.Name}'" : "repetition")}, a rule that looks back over the whole answer; a continuation starts behind a node. {cure}",
            nameof(sampling));
        return new SamplingPlan { Trees = count, MaxLeaves = count, MaxTokens = sampling.MaxTokens, Picking = sampling.Picking, StopTexts = sampling.StopTexts };
    }
}
