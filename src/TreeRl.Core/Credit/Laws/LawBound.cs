using System;
using System.Globalization;
using TreeRl.Forests;

namespace TreeRl.Credit;

/// <summary>The largest |advantage| a rule may give on a forest, for rewards within the range of <see cref="LawOptions"/>.</summary>
/// <param name="Words">The bound as a formula.</param>
/// <param name="Limit">Forest -> bound.</param>
public sealed record LawBound(string Words, Func<Forest, double> Limit)
{
    /// <summary>The same number for every forest.</summary>
    public static LawBound Constant(double limit) => new(limit.ToString("0.######", CultureInfo.InvariantCulture), _ => limit);

    /// <inheritdoc/>
    public override string ToString() => Words;
}

/// <summary>A bound while it is derived: c + r sqrt(2 L) + l L, with L the leaves of the forest.</summary>
internal readonly record struct BoundSum(double Constant, double Root, double Linear)
{
    public static BoundSum operator +(BoundSum a, BoundSum b) => new(a.Constant + b.Constant, a.Root + b.Root, a.Linear + b.Linear);

    public static BoundSum operator *(double w, BoundSum a) => new(w * a.Constant, w * a.Root, w * a.Linear);

    public LawBound Sealed()
    {
        var self = this;
        string[] parts =
        [
            .. Constant != 0 ? [Number(Constant)] : Array.Empty<string>(),
            .. Root != 0 ? [$"{Factor(Root)}sqrt(2 leaves)"] : Array.Empty<string>(),
            .. Linear != 0 ? [$"{Factor(Linear)}leaves"] : Array.Empty<string>(),
        ];
        return new(parts.Length == 0 ? "0" : string.Join(" + ", parts), forest => self.On(forest));
    }

    private double On(Forest forest) => Constant + Root * Math.Sqrt(2.0 * forest.LeafTotal) + Linear * forest.LeafTotal;

    private static string Factor(double w) => w == 1 ? "" : Number(w) + " ";

    private static string Number(double w) => w.ToString("0.######", CultureInfo.InvariantCulture);
}
