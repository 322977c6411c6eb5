using System;
using TreeRl.Forests;

namespace TreeRl.Credit;

/// <summary>The boundary to a user's functions: names them when they throw, and checks what they return.</summary>
internal static class UserCode
{
    /// <summary>Calls a function that returns a column; entries must be finite where needed.</summary>
    /// <exception cref="InvalidOperationException">The function threw; it is named, and its exception is inside.</exception>
    /// <exception cref="ArgumentException">Null, a wrong length or a value that is not finite.</exception>
    public static double[] Column(string words, Func<double[]> function, bool[] needed)
    {
        double[] column;
        try
        {
            column = function();
        }
        catch (Exception problem)
        {
            throw new InvalidOperationException($"{words} threw {problem.GetType().Name}: {problem.Message}", problem);
        }
        Guard.That(column is not null, $"{words} returned null: must return an array of length {needed.Length}", "column");
        Guard.That(column!.Length == needed.Length, $"{words} returned {column.Length} values: must return {needed.Length}", "column");
        for (int i = 0; i < needed.Length; i++)
            Guard.That(!needed[i] || double.IsFinite(column[i]), $"{words} returned {column[i]} at {i}: must be finite there", "column");
        return column;
    }

    /// <summary>Replaces trained advantages in place by what the function makes of a copy.</summary>
    public static void Replace(string words, Func<Forest, double[], double[]> function, Forest forest, double[] advantage, double[] weight)
    {
        var needed = Array.ConvertAll(weight, w => w > 0);
        var column = Column(words, () => function(forest, [.. advantage]), needed);
        for (int i = 0; i < advantage.Length; i++) advantage[i] = needed[i] ? column[i] : 0;
    }
}
