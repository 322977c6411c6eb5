using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace TreeRl;

/// <summary>Argument checks whose messages name the thing, its value, the rule and the cure.</summary>
internal static class Guard
{
    /// <summary>Throws <see cref="ArgumentOutOfRangeException"/> unless <paramref name="holds"/>.</summary>
    public static void InRange<T>([DoesNotReturnIf(false)] bool holds, T value, string rule, [CallerArgumentExpression(nameof(value))] string name = "")
    {
        if (!holds) throw new ArgumentOutOfRangeException(name, value, $"{name} = {value}: {rule}");
    }

    /// <inheritdoc cref="InRange{T}(bool, T, string, string)"/>
    public static void InRange<T>([DoesNotReturnIf(false)] bool holds, T value, [InterpolatedStringHandlerArgument(nameof(holds))] ref GuardMessage rule, [CallerArgumentExpression(nameof(value))] string name = "")
    {
        if (!holds) throw new ArgumentOutOfRangeException(name, value, $"{name} = {value}: {rule.Take()}");
    }

    /// <inheritdoc cref="That(bool, string, string)"/>
    public static void That([DoesNotReturnIf(false)] bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] ref GuardMessage message, string name)
    {
        if (!holds) throw new ArgumentException(message.Take(), name);
    }

    /// <summary>Throws <see cref="ArgumentException"/> unless <paramref name="holds"/>; <paramref name="message"/> says value, rule and cure.</summary>
    public static void That([DoesNotReturnIf(false)] bool holds, string message, string name)
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
