using System;
using TreeRl.Forests;
using TreeRl.Models;

namespace TreeRl.Sampling;

/// <summary>A place inside an ended answer where an expansion may fork: between the tokens before it and the token after it.</summary>
public sealed class ForkPlace
{
    private readonly ITokenizer tokenizer;
    private readonly ForestBuilder builder;
    private readonly int node, offset;

    internal ForkPlace(ITokenizer tokenizer, ForestBuilder builder, int node, int offset)
    {
        this.tokenizer = tokenizer;
        this.builder = builder;
        this.node = node;
        this.offset = offset;
    }

    /// <summary>Id of the prompt.</summary>
    public required string PromptId { get; init; }

    /// <summary>Number of answer tokens before the place.</summary>
    public required int PathTokens { get; init; }

    /// <summary>The token after the place; -1 where the answer has a fork already.</summary>
    public required int NextToken { get; init; }

    /// <summary>Log-probability in nats of the token after the place; NaN where the answer has a fork already.</summary>
    public required float LogProb { get; init; }

    /// <summary>Entropy in nats of the distribution at the place; NaN where the answer has a fork already.</summary>
    public required float Entropy { get; init; }

    /// <summary>A copy of the answer's tokens before the place. Costs time in proportion to the path.</summary>
    public int[] CopyPath()
    {
        int above = builder.ParentOf(node);
        int[] path = above < 0 ? [] : builder.PathTokens(above);
        var own = builder.OwnTokens(node);
        int before = path.Length;
        Array.Resize(ref path, before + offset);
        for (int t = 0; t < offset; t++) path[before + t] = own[t].Id;
        return path;
    }

    /// <summary>The answer's text before the place. Costs time in proportion to the path.</summary>
    public string PathText() => tokenizer.Decode(CopyPath());
}

/// <summary>A rule of the user's about places in answers.</summary>
/// <param name="Name">Names the rule in messages and reports.</param>
/// <param name="Holds">
/// Called for each place in question; must depend on its argument alone. An exception it throws ends the sampling with an
/// <see cref="InvalidOperationException"/> that names the rule.
/// </param>
public sealed record PlaceRule(string Name, Func<ForkPlace, bool> Holds)
{
    internal bool Ask(ForkPlace place)
    {
        try
        {
            return Holds(place);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw UserRule.Threw("place rule", Name, place.PromptId, place.PathTokens, e);
        }
    }

    internal string? Problem(string name) =>
        string.IsNullOrWhiteSpace(Name) ? $"{name}.Name = '{Name}': must not be blank: messages name the rule"
        : Holds is null ? $"{name}.Holds = null: must be a function"
        : null;

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>Where a step of an answer ends: what <see cref="Expansion.RandomNodes"/> takes for nodes.</summary>
public abstract record StepRule
{
    private protected StepRule()
    {
    }

    /// <summary>A step ends after each n tokens of the answer.</summary>
    public sealed record EveryTokens(int Tokens) : StepRule
    {
        /// <inheritdoc/>
        public override string ToString() => $"{Tokens}-token steps";

        internal override string? Problem() => Tokens < 1 ? $"Steps.Tokens = {Tokens}: must be at least 1" : null;
    }

    /// <summary>A step ends after a token whose own text contains this text, such as a newline.</summary>
    public sealed record AfterText(string Text) : StepRule
    {
        /// <inheritdoc/>
        public override string ToString() => $"steps that end with \"{Text.Replace("\n", "\\n", StringComparison.Ordinal)}\"";

        internal override string? Problem() => string.IsNullOrEmpty(Text) ? "Steps.Text = \"\": must not be empty: every token contains the empty text" : null;
    }

    /// <summary>A step ends at the places where the rule holds.</summary>
    public sealed record Custom(PlaceRule Rule) : StepRule
    {
        /// <inheritdoc/>
        public override string ToString() => $"steps that end where '{Rule.Name}'";

        internal override string? Problem() => Rule is null ? "Steps.Rule = null: must be given" : Rule.Problem("Steps.Rule");
    }

    internal abstract string? Problem();
}
