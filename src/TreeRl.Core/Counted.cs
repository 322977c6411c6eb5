using System;

namespace TreeRl;

/// <summary>Numbers of things in texts.</summary>
internal static class Counted
{
    /// <summary>"1 step", "2 steps".</summary>
    public static string Of(long count, string one) => FormattableString.Invariant($"{count} {one}{(count == 1 ? "" : "s")}");
}
