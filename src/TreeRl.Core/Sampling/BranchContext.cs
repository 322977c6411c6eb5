using TreeRl.Forests;
using TreeRl.Models;

namespace TreeRl.Sampling;

/// <summary>
/// What triggers and stop rules see of a branch. One object serves all calls of a run, so that asking costs nothing: its values are those of
/// the branch in question during the call only, and must not be kept.
/// </summary>
public abstract class PathContext
{
    private readonly ITokenizer tokenizer;
    private readonly ForestBuilder builder;

    internal PathContext(ITokenizer tokenizer, ForestBuilder builder)
    {
        this.tokenizer = tokenizer;
        this.builder = builder;
    }

    internal int Node { get; set; }

    /// <summary>Index of the branch's prompt in the list given to the sampler.</summary>
    public int PromptIndex { get; internal set; }

    /// <summary>Id of the branch's prompt.</summary>
    public string PromptId { get; internal set; } = "";

    /// <summary>Index of the branch's tree below its prompt.</summary>
    public int TreeIndex { get; internal set; }

    /// <summary>Number of forks above the branch's node.</summary>
    public int Depth { get; internal set; }

    /// <summary>Tokens in the branch's node so far; 0 before the first token of a tree.</summary>
    public int NodeTokens { get; internal set; }

    /// <summary>Tokens of the answer so far, from the root on.</summary>
    public int PathTokens { get; internal set; }

    /// <summary>The answer's last token, -1 when there is none yet.</summary>
    public int LastToken { get; internal set; } = -1;

    /// <summary>The text of the last token alone; empty when there is none.</summary>
    public string LastText => LastToken < 0 ? "" : tokenizer.Decode([LastToken]);

    /// <summary>A copy of the answer's tokens so far. Costs time in proportion to the path.</summary>
    public int[] CopyPath() => builder.PathTokens(Node);

    /// <summary>The answer's text so far. Costs time in proportion to the path.</summary>
    public string PathText() => tokenizer.Decode(builder.PathTokens(Node));
}

/// <summary>What a <see cref="BranchTrigger"/> sees: a live branch that is about to draw its next token.</summary>
public sealed class BranchContext : PathContext
{
    internal BranchContext(ITokenizer tokenizer, ForestBuilder builder)
        : base(tokenizer, builder)
    {
    }

    /// <summary>Entropy in nats of the next-token distribution: full vocabulary, temperature 1.</summary>
    public float Entropy { get; internal set; }

    /// <summary>Answers of this prompt that have ended or are growing, before this step's forks.</summary>
    public int LeavesSoFar { get; internal set; }

    /// <summary>Branches of this prompt that are growing.</summary>
    public int LiveBranches { get; internal set; }
}

/// <summary>What a <see cref="StopRule"/> sees: a branch that has just got a token.</summary>
public sealed class StopContext : PathContext
{
    internal StopContext(ITokenizer tokenizer, ForestBuilder builder)
        : base(tokenizer, builder)
    {
    }

    /// <summary>Log-probability in nats of the last token: full vocabulary, temperature 1.</summary>
    public float LogProb { get; internal set; }

    /// <summary>Entropy in nats of the distribution the last token was drawn from.</summary>
    public float Entropy { get; internal set; }
}
