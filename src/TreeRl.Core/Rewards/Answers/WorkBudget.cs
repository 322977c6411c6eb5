using System;

namespace TreeRl.Rewards.Answers;

/// <summary>
/// A count of elementary steps that one comparison may spend. It replaces a clock, so that a verdict never depends on the machine: once the
/// steps are spent every further <see cref="Spend"/> says no, the readers and evaluators return without a value, and the verdict is
/// <see cref="AnswerVerdictKind.Unparsed"/>.
/// </summary>
internal sealed class WorkBudget
{
    /// <summary>Steps of one comparison; a step is of the order of 50 ns.</summary>
    public const long StepsPerComparison = 150_000;

    /// <summary>Deepest nesting of an expression that is read.</summary>
    public const int MaxDepth = 80;

    /// <summary>Most bits the numerator or denominator of a computed value may have; literals may be longer. Beyond, the field decides.</summary>
    public const long MaxBits = 4_000;

    /// <summary>A budget of <paramref name="steps"/> steps.</summary>
    public WorkBudget(long steps = StepsPerComparison) => Left = steps;

    /// <summary>Steps left, negative when exhausted.</summary>
    public long Left { get; private set; }

    /// <summary>True once more was asked for than there was.</summary>
    public bool Exhausted => Left < 0;

    /// <summary>Takes <paramref name="steps"/> steps; false when they are not there.</summary>
    public bool Spend(long steps = 1)
    {
        if (Left < 0) return false;
        Left -= Math.Max(1, steps);
        return Left >= 0;
    }

    /// <summary>The steps an operation on integers of so many bits costs: the product of their lengths in 256-bit blocks.</summary>
    public static long BigCost(long leftBits, long rightBits) => 1 + (leftBits / 256 + 1) * (rightBits / 256 + 1) / 4;
}
