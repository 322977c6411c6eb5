namespace TreeRl.Sampling;

/// <summary>A live branch: where it stands in the policy's cache and in the growing forest.</summary>
internal struct Branch
{
    /// <summary>The decoder's branch.</summary>
    public int Cache;

    /// <summary>The builder's node.</summary>
    public int Node;

    /// <summary>Index of its prompt.</summary>
    public int Prompt;

    /// <summary>Index of its tree below the prompt.</summary>
    public int Tree;

    /// <summary>Forks above its node.</summary>
    public int Depth;

    /// <summary>Tokens in its node.</summary>
    public int NodeTokens;

    /// <summary>Tokens of its answer.</summary>
    public int PathTokens;

    /// <summary>Last token of its answer; -1 when there is none.</summary>
    public int LastToken;

    /// <summary>Names its draws.</summary>
    public Seed Seed;

    /// <summary>Sum of the log-probabilities of its answer's tokens.</summary>
    public double PathLogProb;

    /// <summary>Sum of the log-probabilities of the tokens since its trigger last fired, or since it started.</summary>
    public double SegmentLogProb;

    /// <summary>Number of those tokens.</summary>
    public int SegmentTokens;

    /// <summary>Whether its trigger is not asked: a continuation that an expansion runs to its end.</summary>
    public bool RunsToEnd;

    /// <summary>Repetitions along its path; null without a repetition rule.</summary>
    public RepetitionCounter? Repetition;

    /// <summary>Fills what all rules see of a branch.</summary>
    public readonly void Describe(PathContext context, string promptId)
    {
        context.Node = Node;
        context.PromptIndex = Prompt;
        context.PromptId = promptId;
        context.TreeIndex = Tree;
        context.Depth = Depth;
        context.NodeTokens = NodeTokens;
        context.PathTokens = PathTokens;
        context.LastToken = LastToken;
    }
}
