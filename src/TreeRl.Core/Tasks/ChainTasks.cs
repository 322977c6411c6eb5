using System;
using System.Collections.Immutable;
using System.Globalization;
using TreeRl.Models;

namespace TreeRl.Tasks;

/// <summary>Which side of the fixed division of all problems.</summary>
public enum TaskSplit
{
    /// <summary>For training: seven problems in eight.</summary>
    Train,

    /// <summary>For evaluation: one problem in eight, none of which any training source ever gives.</summary>
    Test,
}

/// <summary>How chains are drawn.</summary>
public sealed record ChainOptions
{
    /// <summary>Fewest steps, at least 1.</summary>
    public int MinSteps { get; init; } = 3;

    /// <summary>Most steps, at least <see cref="MinSteps"/>, at most 32. The number is uniform between the two.</summary>
    public int MaxSteps { get; init; } = 4;

    /// <summary>Train or test problems.</summary>
    public TaskSplit Split { get; init; } = TaskSplit.Train;

    /// <summary>Decides which problems come in which order.</summary>
    public Seed Seed { get; init; } = Seed.Of(0);

    /// <summary>Checks the rules above.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value breaks its rule.</exception>
    public ChainOptions Validated()
    {
        Guard.InRange(MinSteps >= 1, MinSteps, "must be at least 1");
        Guard.InRange(MaxSteps >= MinSteps && MaxSteps <= 32, MaxSteps, $"must be {MinSteps} (MinSteps) .. 32");
        Guard.InRange(Split is TaskSplit.Train or TaskSplit.Test, Split, "must be Train or Test");
        return this;
    }
}

/// <summary>
/// Chain arithmetic: an endless, deterministic source of <see cref="ChainProblem"/>s whose answers can be checked exactly and whose solutions
/// have one step a line. Difficulty is the number of steps.
/// </summary>
/// <remarks>
/// Item i is drawn from (seed, i): the start is uniform on 1 .. 9; each step's operator is uniform over those that some operand allows, its
/// operand uniform over those that keep the value in 1 .. 99. Train and test are disjoint by construction: a hash of the canonical prompt,
/// which no seed or option enters, puts each problem on one side for good, and a draw of the other side is drawn again.
/// </remarks>
public sealed class ChainTasks : ITaskSource
{
    /// <summary>Every character of prompts and solutions, in the order of their token ids (from 1).</summary>
    public const string Alphabet = "0123456789+-*=;?#\n";

    private const int TestShare = 8, MaxAttempts = 10_000;
    private static readonly Seed SplitHash = Seed.Of(0).Child("chain split");

    private readonly ChainOptions options;
    private readonly Seed seed;

    /// <summary>Makes a source.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option breaks its rule.</exception>
    public ChainTasks(ChainOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.options = options.Validated();
        seed = options.Seed.Child("chains");
    }

    /// <inheritdoc/>
    public string Name => options.MinSteps == options.MaxSteps
        ? $"chains of {options.MinSteps}, {SplitName}"
        : $"chains of {options.MinSteps}-{options.MaxSteps}, {SplitName}";

    /// <inheritdoc/>
    public int? Count => null;

    private string SplitName => options.Split == TaskSplit.Train ? "train" : "test";

    /// <summary>A tokenizer that has what chains need and nothing else.</summary>
    public static CharTokenizer NewTokenizer() => new(Alphabet);

    /// <summary>The side on which a problem stands, whatever the seed.</summary>
    public static TaskSplit SplitOf(ChainProblem problem)
    {
        ArgumentNullException.ThrowIfNull(problem);
        return SplitHash.Child(problem.Prompt).Value % TestShare == 0 ? TaskSplit.Test : TaskSplit.Train;
    }

    /// <inheritdoc/>
    public TaskItem Item(long index)
    {
        var problem = Problem(index);
        return new TaskItem(
            $"chain-{SplitName}-{index}",
            problem.Prompt,
            problem.Answer.ToString(CultureInfo.InvariantCulture),
            problem.Steps.Length.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>The problem behind item <paramref name="index"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="index"/> is negative.</exception>
    public ChainProblem Problem(long index)
    {
        Guard.InRange(index >= 0, index, "must not be negative");
        var item = seed.Child(index);
        int steps = options.MinSteps + item.Child("steps").Below(options.MaxSteps - options.MinSteps + 1);
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var problem = Draw(item.Child(attempt), steps);
            if (SplitOf(problem) == options.Split) return problem;
        }
        throw new InvalidOperationException($"item {index}: {MaxAttempts} draws gave no {SplitName} problem of {steps} steps");
    }

    private static ChainProblem Draw(Seed draws, int stepCount)
    {
        int start = 1 + draws.Below(9, 0), value = start;
        var steps = ImmutableArray.CreateBuilder<ChainStep>(stepCount);
        Span<(char Operator, int Least, int Most)> choices = stackalloc (char, int, int)[3];
        for (int i = 0; i < stepCount; i++)
        {
            int count = 0;
            if (value < ChainProblem.Largest) choices[count++] = ('+', 1, Math.Min(9, ChainProblem.Largest - value));
            if (value > ChainProblem.Smallest) choices[count++] = ('-', 1, Math.Min(9, value - ChainProblem.Smallest));
            if (2 * value <= ChainProblem.Largest) choices[count++] = ('*', 2, Math.Min(9, ChainProblem.Largest / value));
            var (op, least, most) = choices[draws.Below(count, 2 * i + 1)];
            var step = new ChainStep(op, least + draws.Below(most - least + 1, 2 * i + 2));
            steps.Add(step);
            value = step.On(value);
        }
        return new ChainProblem(start, steps.MoveToImmutable());
    }
}
