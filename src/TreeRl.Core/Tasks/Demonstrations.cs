using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using TreeRl.Models;

namespace TreeRl.Tasks;

/// <summary>How imperfect demonstrations are.</summary>
public sealed record DemonstrationOptions
{
    /// <summary>Chance that a step's result is wrong, 0 .. 1.</summary>
    public double WrongStepRate { get; init; } = 0.2;

    /// <summary>Chance that a needless line follows a step, 0 .. 1.</summary>
    public double VerboseRate { get; init; } = 0.25;

    /// <summary>Decides where the imperfections are.</summary>
    public Seed Seed { get; init; } = Seed.Of(0);

    /// <summary>Checks the rules above.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A rate is no probability.</exception>
    public DemonstrationOptions Validated()
    {
        Guard.InRange(WrongStepRate is >= 0 and <= 1, WrongStepRate, "must be a probability, 0 .. 1");
        Guard.InRange(VerboseRate is >= 0 and <= 1, VerboseRate, "must be a probability, 0 .. 1");
        return this;
    }
}

/// <summary>A worked solution for a policy to imitate.</summary>
/// <param name="Prompt">The question.</param>
/// <param name="Text">The solution, without the end token.</param>
/// <param name="WrongSteps">Number of steps with a wrong result.</param>
/// <param name="NeedlessLines">Number of lines that add nothing.</param>
/// <param name="IsCorrect">Whether the final answer is right; two errors may cancel.</param>
public sealed record Demonstration(string Prompt, string Text, int WrongSteps, int NeedlessLines, bool IsCorrect)
{
    /// <summary>The prompt as the policy reads it.</summary>
    public int[] PromptTokens(ITokenizer tokenizer) => tokenizer.EncodePrompt(Prompt);

    /// <summary>The solution and the end token, as the policy is to write it.</summary>
    /// <exception cref="ArgumentException">The tokenizer has no end token.</exception>
    public int[] AnswerTokens(ITokenizer tokenizer)
    {
        Guard.That(!tokenizer.EndTokens.IsDefaultOrEmpty, "the tokenizer has no end token: a solution must say where it ends", nameof(tokenizer));
        return [.. tokenizer.Encode(Text), tokenizer.EndTokens[0]];
    }
}

/// <summary>
/// Solutions of chains with imperfections on purpose: a policy trained on them makes the same kinds of mistakes at about the same rates, which
/// leaves reinforcement learning something to do.
/// </summary>
/// <remarks>
/// A wrong result is off by 1, 2 or 10 or has its digits swapped; the later steps go on consistently from the wrong value, as far as they stay in
/// 1 .. 99, which restricts the choice of the wrong value (where nothing is left to choose, the step is right). A needless line repeats the step or
/// restates the value as <c>=15</c>. The last line is always <c>#</c> and the value reached. With both rates 0 the text is the canonical solution.
/// </remarks>
public static class Demonstrations
{
    /// <summary>Demonstration number <paramref name="index"/> for a chain; the same for the same problem, index and options.</summary>
    /// <param name="item">An item of <see cref="ChainTasks"/>.</param>
    /// <param name="index">Any number; other numbers give other imperfections.</param>
    /// <param name="options">Rates and seed.</param>
    /// <exception cref="ArgumentException">The item's prompt is no chain, or a rate is no probability.</exception>
    public static Demonstration Write(TaskItem item, long index, DemonstrationOptions options)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(options);
        options.Validated();
        var problem = ChainProblem.Parse(item.Prompt);
        var draws = options.Seed.Child("demonstrations").Child(index);
        var text = new StringBuilder();
        int value = problem.Start, wrong = 0, needless = 0;
        for (int i = 0; i < problem.Steps.Length; i++)
        {
            var stepDraws = draws.Child(i);
            var step = problem.Steps[i];
            int result = step.On(value);
            if (stepDraws.Uniform(0) < options.WrongStepRate)
            {
                var choices = WrongResults(result, problem, i + 1);
                if (choices.Count > 0)
                {
                    result = choices[stepDraws.Below(choices.Count, 1)];
                    wrong++;
                }
            }
            string line = string.Create(CultureInfo.InvariantCulture, $"{value}{step}={result}\n");
            text.Append(line);
            if (stepDraws.Uniform(2) < options.VerboseRate)
            {
                if (stepDraws.Below(2, 3) == 0) text.Append(line);
                else text.Append(CultureInfo.InvariantCulture, $"={result}\n");
                needless++;
            }
            value = result;
        }
        text.Append(CultureInfo.InvariantCulture, $"#{value}");
        return new Demonstration(item.Prompt, text.ToString(), wrong, needless, value == problem.Answer);
    }

    private static List<int> WrongResults(int right, ChainProblem problem, int nextStep)
    {
        int swapped = right % 10 * 10 + right / 10;
        int[] candidates = [right - 1, right + 1, right - 2, right + 2, right - 10, right + 10, swapped];
        var possible = new List<int>(candidates.Length);
        foreach (int candidate in candidates)
            if (candidate != right && !possible.Contains(candidate) && StaysInRange(candidate, problem, nextStep)) possible.Add(candidate);
        return possible;
    }

    private static bool StaysInRange(int value, ChainProblem problem, int nextStep)
    {
        bool inRange = ChainProblem.InRange(value);
        for (int i = nextStep; inRange && i < problem.Steps.Length; i++)
        {
            value = problem.Steps[i].On(value);
            inRange = ChainProblem.InRange(value);
        }
        return inRange;
    }
}
