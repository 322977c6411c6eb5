using System;
using System.Linq;
using TreeRl.Forests;

namespace TreeRl.Credit;

/// <summary>What a column has one entry for, in the order of the forest's own columns.</summary>
/// <param name="One">The thing, as messages call it.</param>
/// <param name="Length">The member of the forest that says how many there are.</param>
/// <param name="NodeOf">Entry -> the node it belongs to.</param>
internal sealed record ColumnOf(string One, string Length, Func<Forest, int, int> NodeOf)
{
    public static readonly ColumnOf Leaves = new("leaf", nameof(Forest.LeafTotal), (forest, leaf) => forest.Leaves[leaf]);

    public static readonly ColumnOf Nodes = new("node", nameof(Forest.NodeCount), (_, node) => node);

    public static readonly ColumnOf Tokens = new("token", nameof(Forest.TokenTotal), (forest, token) => Enumerable.Range(0, forest.NodeCount).Last(node => forest.FirstToken[node] <= token));
}

/// <summary>The boundary to a user's functions: names them and the prompts when they throw, and checks what they return.</summary>
internal static class UserCode
{
    /// <summary>Calls a function that returns a column; entries must be finite where needed.</summary>
    /// <param name="axis">The part of the rule that has the function, named by the exception.</param>
    /// <param name="words">The function as the rule's words have it.</param>
    /// <param name="of">What the column has one entry for.</param>
    /// <param name="forest">The forest the function is asked about.</param>
    /// <param name="function">The function.</param>
    /// <param name="needed">Entry -> whether it is read.</param>
    /// <exception cref="InvalidOperationException">The function threw; it is named, and its exception is inside.</exception>
    /// <exception cref="ArgumentException">Null, a wrong length or a value that is not finite.</exception>
    public static double[] Column(string axis, string words, ColumnOf of, Forest forest, Func<double[]> function, bool[] needed)
    {
        double[] column;
        try
        {
            column = function();
        }
        catch (Exception problem)
        {
            throw new InvalidOperationException($"{words} threw {problem.GetType().Name} for {PromptsOf(forest)}: {problem.Message}", problem);
        }
        if (column?.Length != needed.Length)
        {
            string given = column is null ? "null" : Counted.Of(column.Length, "value");
            throw new ArgumentException(
                $"{words} returned {given} for {PromptsOf(forest)}: must return {needed.Length}, one for each {of.One}; make the array as long as the forest's {of.Length}", axis);
        }
        for (int i = 0; i < needed.Length; i++)
        {
            if (needed[i] && !double.IsFinite(column[i]))
            {
                throw new ArgumentException(
                    $"{words} returned {Shown(column[i])} for {of.One} {i}, of prompt '{forest.Prompts[forest.PromptOf[of.NodeOf(forest, i)]].Id}': must be a finite number; "
                    + "look for a division by zero, and for what has no score, which comes in as NaN", axis);
            }
        }
        return column;
    }

    /// <summary>Replaces trained advantages in place by what the function makes of a copy.</summary>
    public static void Replace(string words, ColumnOf of, Func<Forest, double[], double[]> function, Forest forest, double[] advantage, double[] weight)
    {
        var needed = Array.ConvertAll(weight, w => w > 0);
        var column = Column("after", words, of, forest, () => function(forest, [.. advantage]), needed);
        for (int i = 0; i < advantage.Length; i++) advantage[i] = needed[i] ? column[i] : 0;
    }

    private static string Shown(double value) => FormattableString.Invariant($"{value}");

    private static string PromptsOf(Forest forest) =>
        forest.PromptCount == 1 ? $"prompt '{forest.Prompts[0].Id}'" : $"the forest of {forest.PromptCount} prompts ('{forest.Prompts[0].Id}' .. '{forest.Prompts[^1].Id}')";
}
