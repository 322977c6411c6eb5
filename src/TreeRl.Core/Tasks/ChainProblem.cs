using System;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace TreeRl.Tasks;

/// <summary>One operation of a chain: '+', '-' or '*' with a one-digit operand.</summary>
/// <param name="Operator">'+', '-' or '*'.</param>
/// <param name="Operand">1 .. 9; from 2 for '*'.</param>
public readonly record struct ChainStep(char Operator, int Operand)
{
    /// <summary>The result of the operation on <paramref name="value"/>.</summary>
    public int On(int value) => Operator switch
    {
        '+' => value + Operand,
        '-' => value - Operand,
        _ => value * Operand,
    };

    /// <inheritdoc/>
    public override string ToString() => $"{Operator}{Operand}";
}

/// <summary>
/// A chain of operations, applied from left to right without precedence. Prompt <c>7;+8;*3;-4?</c> has the solution
/// <code>
/// 7+8=15
/// 15*3=45
/// 45-4=41
/// #41
/// </code>
/// Every value lies in 1 .. 99: none is 0, so that no later value forgets the earlier ones.
/// </summary>
public sealed class ChainProblem
{
    /// <summary>Smallest and largest value of a chain.</summary>
    public const int Smallest = 1, Largest = 99;

    /// <summary>Makes a problem.</summary>
    /// <param name="start">1 .. 9.</param>
    /// <param name="steps">At least one.</param>
    /// <exception cref="ArgumentException">The start, an operator or an operand is not allowed, or a value leaves 1 .. 99; the message names it.</exception>
    public ChainProblem(int start, ImmutableArray<ChainStep> steps)
    {
        Guard.InRange(start is >= 1 and <= 9, start, "must be 1 .. 9");
        Guard.That(!steps.IsDefaultOrEmpty, "a chain has at least one step", nameof(steps));
        var values = ImmutableArray.CreateBuilder<int>(steps.Length + 1);
        values.Add(start);
        foreach (var step in steps)
        {
            Guard.That(step.Operator is '+' or '-' or '*', $"operator '{step.Operator}': must be +, - or *", nameof(steps));
            Guard.That(step.Operand is >= 1 and <= 9 && (step.Operator != '*' || step.Operand > 1), $"step {step}: the operand must be 1 .. 9, from 2 for *", nameof(steps));
            int value = step.On(values[^1]);
            Guard.That(InRange(value), $"{values[^1]}{step} = {value}: values must be {Smallest} .. {Largest}", nameof(steps));
            values.Add(value);
        }
        Start = start;
        Steps = steps;
        Values = values.MoveToImmutable();
    }

    /// <summary>The first value.</summary>
    public int Start { get; }

    /// <summary>The operations, in order.</summary>
    public ImmutableArray<ChainStep> Steps { get; }

    /// <summary>The start and the value after each step; one more than steps.</summary>
    public ImmutableArray<int> Values { get; }

    /// <summary>The last value.</summary>
    public int Answer => Values[^1];

    /// <summary>The canonical text of the problem, as in <c>7;+8;*3?</c>.</summary>
    public string Prompt => $"{Start};{string.Join(';', Steps)}?";

    /// <summary>The canonical solution: a line a step, then <c>#</c> and the answer, without the end token.</summary>
    public string Solution
    {
        get
        {
            var text = new StringBuilder();
            for (int i = 0; i < Steps.Length; i++) text.Append(CultureInfo.InvariantCulture, $"{Values[i]}{Steps[i]}={Values[i + 1]}\n");
            return text.Append(CultureInfo.InvariantCulture, $"#{Answer}").ToString();
        }
    }

    /// <summary>Reads a canonical prompt.</summary>
    /// <exception cref="ArgumentException">The text is no prompt of a chain.</exception>
    public static ChainProblem Parse(string prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        bool shaped = prompt.Length >= 5 && prompt[^1] == '?' && (prompt.Length - 2) % 3 == 0 && char.IsAsciiDigit(prompt[0]);
        for (int at = 1; shaped && at + 3 < prompt.Length; at += 3) shaped = prompt[at] == ';' && char.IsAsciiDigit(prompt[at + 2]);
        Guard.That(shaped, $"prompt \"{prompt}\" is no chain: must look like 7;+8;*3;-4?", nameof(prompt));
        var steps = ImmutableArray.CreateBuilder<ChainStep>();
        for (int at = 1; at + 3 < prompt.Length; at += 3) steps.Add(new ChainStep(prompt[at + 1], prompt[at + 2] - '0'));
        return new ChainProblem(prompt[0] - '0', steps.ToImmutable());
    }

    /// <inheritdoc/>
    public override string ToString() => Prompt;

    internal static bool InRange(int value) => value is >= Smallest and <= Largest;
}
