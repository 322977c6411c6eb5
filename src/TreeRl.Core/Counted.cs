using System;

namespace TreeRl;

/// <summary>Numbers of things in texts.</summary>
internal static class Counted
{
    /// <summary>"1 step", "2000 steps"; <paramref name="many"/> where an s does not make the plural.</summary>
    public static string Of(long count, string one, string? many = null) => FormattableString.Invariant($"{count} {Name(count, one, many)}");

    /// <summary>"1 step", "2,000 steps".</summary>
    public static string Grouped(long count, string one, string? many = null) => FormattableString.Invariant($"{count:N0} {Name(count, one, many)}");

    private static string Name(long count, string one, string? many) => count == 1 ? one : many ?? one + "s";
}
