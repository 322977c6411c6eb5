using System;

namespace TreeRl.Tasks;

/// <summary>Turns a question into the prompt that the policy reads: a text with <c>{prompt}</c> in it, or any function.</summary>
public sealed class PromptTemplate
{
    private const string Slot = "{prompt}";
    private readonly Func<string, string> render;

    private PromptTemplate(string name, Func<string, string> render)
    {
        Name = name;
        this.render = render;
    }

    /// <summary>The question itself.</summary>
    public static PromptTemplate Plain { get; } = new("plain", static question => question);

    /// <summary>Asks for steps and a last line <c>#### n</c>, which <see cref="Rewards.MathGraders.Gsm8k"/> reads.</summary>
    public static PromptTemplate Hashes { get; } =
        Of("{prompt}\n\nThink step by step. Put the final number on a last line of its own after \"#### \".\n\n");

    /// <summary>Asks for steps and an answer in <c>\boxed{}</c>, which <see cref="Rewards.MathGraders.Math"/> reads.</summary>
    public static PromptTemplate Boxed { get; } = Of("{prompt}\n\nThink step by step. Put the final answer into \\boxed{}.\n\n");

    /// <summary>The template's text, or what names the function.</summary>
    public string Name { get; }

    /// <summary>A text in which every <c>{prompt}</c> is replaced by the question; other braces stand as they are.</summary>
    /// <exception cref="ArgumentException">There is no <c>{prompt}</c> in the text.</exception>
    public static PromptTemplate Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Guard.That(text.Contains(Slot, StringComparison.Ordinal), $"the template \"{text}\" has no {Slot}: put it where the question goes", nameof(text));
        return new PromptTemplate(text, question => text.Replace(Slot, question, StringComparison.Ordinal));
    }

    /// <summary>A function of the question, for instance a chat format; it must be deterministic.</summary>
    /// <param name="name">Names the function in plans and reports.</param>
    /// <param name="render">From the question to the prompt.</param>
    public static PromptTemplate From(string name, Func<string, string> render)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(render);
        return new PromptTemplate(name, render);
    }

    /// <summary>The prompt for a question.</summary>
    public string Render(string question) => render(question);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
