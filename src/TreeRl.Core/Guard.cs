using System;
using System.Runtime.CompilerServices;

namespace TreeRl;

/// <summary>Argument checks whose messages name the thing, its value, the rule and the cure.</summary>
internal static class Guard
{
    /// <summary>Throws <see cref="ArgumentOutOfRangeException"/> unless <paramref name="holds"/>.</summary>
    public static void InRange<T>(bool holds, T value, string rule, [CallerArgumentExpression(nameof(value))] string name = "")
    {
        if (!holds) throw new ArgumentOutOfRangeException(name, value, $"{name} = {value}: {rule}");
    }

    /// <summary>Throws <see cref="ArgumentException"/> unless <paramref name="holds"/>; <paramref name="message"/> says value, rule and cure.</summary>
    public static void That(bool holds, string message, string name)
    {
        if (!holds) throw new ArgumentException(message, name);
    }

    /// <summary>Throws <see cref="ArgumentException"/> when two columns that belong together differ in length.</summary>
    public static void SameLength(int actual, int expected, string what, [CallerArgumentExpression(nameof(actual))] string name = "")
    {
        if (actual != expected)
            throw new ArgumentException($"{name} has length {actual}: {what} needs {expected}", name);
    }
}
