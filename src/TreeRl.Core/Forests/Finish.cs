namespace TreeRl.Forests;

/// <summary>Why a node ended. Every leaf has a reason; an inner node has <see cref="Branched"/>.</summary>
public enum Finish : byte
{
    /// <summary>The node is no leaf: it ended because the rollout branched.</summary>
    Branched = 0,

    /// <summary>The policy emitted an end token; the token is part of the node.</summary>
    EndOfText,

    /// <summary>The text of the answer came to contain a stop text.</summary>
    StopText,

    /// <summary>The repetition rule of the sampling plan fired.</summary>
    Repetition,

    /// <summary>The path reached the limit on its tokens (or the context length of the policy).</summary>
    MaxTokens,

    /// <summary>The path reached the limit on its depth.</summary>
    MaxDepth,

    /// <summary>The prompt's token budget was spent.</summary>
    PromptBudget,

    /// <summary>A stop rule given by the user fired.</summary>
    Custom,

    /// <summary>The sampler dropped the branch after it had been grown; it earns nothing and is not graded.</summary>
    Pruned,
}
