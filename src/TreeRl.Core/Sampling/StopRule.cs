using System;

namespace TreeRl.Sampling;

/// <summary>
/// A stop rule of the user's: an answer for which <paramref name="Fires"/> returns true after a token ends there with
/// <see cref="Forests.Finish.Custom"/>, the token included.
/// </summary>
/// <param name="Name">Names the rule in messages and reports.</param>
/// <param name="Fires">
/// Called once for each token that no earlier rule stopped at; must depend on its argument alone. An exception it throws ends the sampling
/// with an <see cref="InvalidOperationException"/> that names the rule.
/// </param>
public sealed record StopRule(string Name, Func<StopContext, bool> Fires)
{
    internal bool Ask(StopContext branch)
    {
        try
        {
            return Fires(branch);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw UserRule.Threw("stop rule", Name, branch.PromptId, branch.PathTokens, e);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>When the repetition rule is asked, relative to the other stop rules of <see cref="SamplingPlan"/>.</summary>
public enum RepetitionOrder
{
    /// <summary>After end token and stop text, before the custom rule.</summary>
    AfterText,

    /// <summary>Before all others (the released code of TreePO, repetition "most prioritized").</summary>
    First,

    /// <summary>After all others, depth included (TreePO's documented order). A depth that an entropy decides is looked at one token later, hence after it.</summary>
    Last,
}

/// <summary>
/// Ends an answer with <see cref="Forests.Finish.Repetition"/> when some run of <paramref name="WindowTokens"/> tokens has occurred at
/// least <paramref name="Times"/> times in it; occurrences may overlap (38 equal tokens hold a 32-token run 7 times, 39 hold it 8 times).
/// </summary>
/// <param name="WindowTokens">Length of the run in tokens, at least 1.</param>
/// <param name="Times">Occurrences that end the answer, at least 2.</param>
public sealed record RepetitionRule(int WindowTokens, int Times);
