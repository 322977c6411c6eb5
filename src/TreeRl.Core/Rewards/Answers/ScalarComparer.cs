using System;
using System.Numerics;

namespace TreeRl.Rewards.Answers;

/// <summary>What comparing two parts of an answer came to.</summary>
internal enum Tri : byte
{
    Different = 0,
    Same,
    Unknown,
}

/// <summary>
/// Compares two scalar expressions: as written, exactly as rational numbers, exactly in a finite field
/// (<see cref="ModularEvaluator"/>), then by their values at pseudo-random points with an error estimate.
/// Rounding rule: a decimal with at least <see cref="RoundedDigits"/> significant digits is the same as a number it is a rounding or truncation of
/// (3.14159 and pi; 0.333333 and 1/3); shorter decimals are exact (0.333 is not 1/3).
/// </summary>
internal sealed class ScalarComparer(WorkBudget budget)
{
    /// <summary>Significant digits from which a decimal may stand for a number that it rounds.</summary>
    public const int RoundedDigits = 6;

    private const int FieldPoints = 2;
    private const int ProbePoints = 6;
    private const double Tolerance = 1e-10;

    private readonly ExactEvaluator exact = new(budget);

    /// <summary>Whether both have the same value wherever both have one.</summary>
    public Tri Compare(MathNode a, MathNode b)
    {
        if (!budget.Spend(4 + (a.Size + b.Size) / 4)) return Tri.Unknown;
        if (a.Key == b.Key) return Tri.Same;
        if (IsInfinite(a) || IsInfinite(b)) return Tri.Different;
        if (exact.Value(a) is { } left && exact.Value(b) is { } right)
            return left.Equals(right) || Rounds(a, right.ToDouble()) || Rounds(b, left.ToDouble()) ? Tri.Same : Tri.Different;
        Tri field = InField(a, b);
        if (field == Tri.Same) return Tri.Same;
        Tri probed = field == Tri.Different && !MayRound(a) && !MayRound(b) ? Tri.Different : Probed(a, b);
        return field == Tri.Different && probed != Tri.Same ? Tri.Different : probed;
    }

    /// <summary>
    /// Whether a - b and c - d are proportional with a constant factor, as the two sides of equations that say the same; with
    /// <paramref name="positive"/> the factor must be positive, as for inequalities.
    /// </summary>
    public Tri Proportional(MathNode a, MathNode b, MathNode c, MathNode d, bool positive)
    {
        MathNode first = new(MathKind.Add, "", a, MathNode.Negate(b)), second = new(MathKind.Add, "", c, MathNode.Negate(d));
        if (Free(first) != Free(second)) return Tri.Different;
        Complex? factor = null;
        int agreeing = 0;
        for (int point = 0; point < ProbePoints; point++)
        {
            Probe x = new NumericEvaluator(budget, point, false).Value(first), y = new NumericEvaluator(budget, point, false).Value(second);
            if (!x.IsDefined || !y.IsDefined) continue;
            double sizeX = Complex.Abs(x.Value), sizeY = Complex.Abs(y.Value);
            if (sizeX <= 1e4 * x.Noise || sizeY <= 1e4 * y.Noise)
            {
                if (sizeX > 1e4 * x.Noise || sizeY > 1e4 * y.Noise) return Tri.Different;
                continue;
            }
            Complex ratio = x.Value / y.Value;
            if (factor is { } known && Complex.Abs(known - ratio) > 1e-8 * Complex.Abs(known)) return Tri.Different;
            if (positive && (Math.Abs(ratio.Imaginary) > 1e-9 || ratio.Real <= 0)) return Tri.Different;
            factor ??= ratio;
            agreeing++;
        }
        return agreeing >= 2 ? Tri.Same : Tri.Unknown;
    }

    /// <summary>The real value of a constant, or null.</summary>
    public double? Constant(MathNode node)
    {
        if (node.Kind == MathKind.Infinity) return double.PositiveInfinity;
        if (node.Kind == MathKind.Negate && node.Args[0].Kind == MathKind.Infinity) return double.NegativeInfinity;
        if (!node.IsScalar || HasVariables(node)) return null;
        if (exact.Value(node) is { } value) return value.ToDouble();
        Probe probe = new NumericEvaluator(budget, 0, false).Value(node);
        return probe.IsDefined && Math.Abs(probe.Value.Imaginary) <= 4 * probe.Noise ? probe.Value.Real : null;
    }

    /// <summary>True when the expression has a letter that is no constant.</summary>
    public static bool HasVariables(MathNode node) =>
        node.Any(static n => n.Kind is MathKind.Text || n.Kind == MathKind.Symbol && n.Text is not ("pi" or "e" or "i"));

    private static string Free(MathNode node)
    {
        var names = new System.Collections.Generic.List<string>();
        node.Any(n =>
        {
            if (n.Kind == MathKind.Symbol && n.Text is not ("pi" or "e" or "i")) Add(n.Text);
            return false;
        });
        return string.Join(' ', names);

        void Add(string name)
        {
            int at = names.BinarySearch(name, StringComparer.Ordinal);
            if (at < 0) names.Insert(~at, name);
        }
    }

    private static bool IsInfinite(MathNode node) =>
        node.Kind == MathKind.Infinity || node.Kind is MathKind.Negate or MathKind.Quantity && node.Args[0].Kind == MathKind.Infinity;

    private Tri InField(MathNode a, MathNode b)
    {
        for (int point = 0; point < FieldPoints; point++)
        {
            var field = new ModularEvaluator(budget, exact, point);
            if (field.Value(a) is not { } left || field.Value(b) is not { } right) return Tri.Unknown;
            if (left != right) return Tri.Different;
        }
        return Tri.Same;
    }

    private Tri Probed(MathNode a, MathNode b)
    {
        bool whole = a.Any(IsDiscrete) || b.Any(IsDiscrete);
        bool constant = !HasVariables(a) && !HasVariables(b);
        bool complex = a.Any(IsImaginary) || b.Any(IsImaginary) || constant;
        int agreeing = 0;
        for (int point = 0; point < (constant ? 1 : ProbePoints); point++)
        {
            var left = new NumericEvaluator(budget, point, whole);
            var right = new NumericEvaluator(budget, point, whole);
            Probe x = left.Value(a), y = right.Value(b);
            if (!x.IsDefined || !y.IsDefined || !complex && (left.LeftReals || right.LeftReals)) continue;
            double size = Math.Max(Complex.Abs(x.Value), Complex.Abs(y.Value)), noise = x.Noise + y.Noise;
            double difference = Complex.Abs(x.Value - y.Value);
            if (difference > Tolerance * size + 8 * noise)
            {
                bool rounded = constant && (x.IsReal && Rounds(b, x.Value.Real) || y.IsReal && Rounds(a, y.Value.Real));
                return rounded ? Tri.Same : Tri.Different;
            }
            if (noise > 1e-6 * size && size > 1e-6) continue; // cancellation: this point says nothing
            agreeing++;
        }
        return agreeing > 0 ? Tri.Same : Tri.Unknown;
    }

    private static bool IsDiscrete(MathNode node) =>
        node.Kind == MathKind.Call && node.Text is "factorial" or "doublefactorial" or "binom" or "floor" or "ceil" or "gcd" or "lcm"
        || node.Kind == MathKind.Power && HasVariables(node.Args[1]) && node.Args[0] is { Kind: MathKind.Number, Value.Sign: < 0 } or { Kind: MathKind.Negate };

    private static bool IsImaginary(MathNode node) => node is { Kind: MathKind.Symbol, Text: "i" };

    private static MathNode? Literal(MathNode node) =>
        node.Kind == MathKind.Number && node.Places > 0 ? node
        : node.Kind is MathKind.Negate or MathKind.Quantity ? Literal(node.Args[0])
        : null;

    private static bool MayRound(MathNode node)
    {
        if (Literal(node) is not { } literal || literal.Value.Bits > 3000) return false;
        BigInteger digits = BigInteger.Abs((literal.Value * BigRational.Pow(new BigRational(10), literal.Places)).Numerator);
        return digits >= BigInteger.Pow(10, RoundedDigits - 1);
    }

    /// <summary>True when the node is a long enough decimal that rounds or truncates <paramref name="value"/>.</summary>
    private static bool Rounds(MathNode node, double value)
    {
        if (!MayRound(node) || Literal(node) is not { } literal || !double.IsFinite(value)) return false;
        double written = literal.Value.ToDouble() * (node.Kind == MathKind.Negate ? -1 : 1), unit = Math.Pow(10, -literal.Places);
        double slack = 1e-14 * Math.Abs(value);
        double difference = value - written;
        bool truncated = Math.Sign(difference) == Math.Sign(value) && Math.Abs(difference) < unit * (1 - 1e-9);
        return Math.Abs(difference) <= unit / 2 * (1 + 1e-9) + slack || truncated;
    }
}
