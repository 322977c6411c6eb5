using System;

namespace TreeRl.Sampling;

/// <summary>What the sampler says when a rule of the user's throws.</summary>
internal static class UserRule
{
    /// <summary>Names the rule, what it threw, and where: the prompt, and the tokens of the answer up to there.</summary>
    public static InvalidOperationException Threw(string kind, string name, string promptId, int pathTokens, Exception problem) =>
        new($"{kind} '{name}' threw {problem.GetType().Name} at prompt '{promptId}', answer token {pathTokens}: {problem.Message}", problem);
}
