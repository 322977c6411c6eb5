using System;
using System.Collections.Generic;
using System.Numerics;

namespace TreeRl.Rewards.Answers;

/// <summary>
/// The image of an expression in a field of about 2^61 elements, its variables, pi and e sent to fixed pseudo-random elements. Two rational
/// expressions with the same image at several points are the same, and with different images they differ: the Schwartz-Zippel test, an exact
/// normal form's answer without its growth (a wrong "same" has probability below degree / 2^61 per point). The field is chosen so that -1
/// and every prime up to 53 have square roots in it; square roots of integers built from these are sent to products of fixed roots, which
/// keeps their relations (sqrt 12 = 2 sqrt 3, i^2 = -1). Whole powers far beyond any integer's size are reduced on the way.
/// Null where the image is not defined: other roots, functions, division by zero.
/// </summary>
internal sealed class ModularEvaluator(WorkBudget budget, ExactEvaluator exact, int point)
{
    private const ulong P = 2305843009214465449UL;
    private const ulong ImaginaryUnit = 687404049844869531UL;

    private static readonly (int Prime, ulong Root)[] Roots =
    [
        (2, 1033487617729615768), (3, 900918393534307205), (5, 302068664176580660), (7, 387420186259845383), (11, 347601407997856971),
        (13, 979987030426556775), (17, 514312285201014378), (19, 138149504683520534), (23, 531538142368716810), (29, 436327941812224100),
        (31, 972878696340440562), (37, 1045876447847802342), (41, 75699885804026725), (43, 439038623415774003), (47, 483458101832164691),
        (53, 854208133024005127),
    ];

    /// <summary>The image, or null where there is none.</summary>
    public ulong? Value(MathNode node)
    {
        if (!budget.Spend()) return null;
        switch (node.Kind)
        {
            case MathKind.Number:
                return Of(node.Value);
            case MathKind.Symbol:
                return node.Text == "i" ? ImaginaryUnit : new Seed(0xA5A5).Child(node.Text).Child(point).Value % P;
            case MathKind.Negate:
                return Value(node.Args[0]) is { } value ? Minus(0, value) : null;
            case MathKind.Add:
                return Fold(node, static (a, b) => Plus(a, b));
            case MathKind.Multiply:
                return Fold(node, static (a, b) => Times(a, b));
            case MathKind.Divide:
                return Value(node.Args[0]) is { } above && Value(node.Args[1]) is { } below and > 0 ? Times(above, Inverse(below)) : null;
            case MathKind.Percent:
                return Value(node.Args[0]) is { } percent ? Times(percent, Inverse(100)) : null;
            case MathKind.Degree:
                return Value(node.Args[0]) is { } degrees && Value(MathNode.Symbol("pi")) is { } pi ? Times(Times(degrees, pi), Inverse(180)) : null;
            case MathKind.Quantity:
                return Value(node.Args[0]);
            case MathKind.Power:
                return Power(node.Args[0], node.Args[1]);
            case MathKind.Root:
                return node.Args[1] is { Kind: MathKind.Number } order && order.Value.Equals(new BigRational(2)) && exact.Value(node.Args[0]) is { } radicand
                    ? SquareRoot(radicand)
                    : Rational(node);
            default:
                return Rational(node);
        }
    }

    private ulong? Rational(MathNode node) => exact.Value(node) is { } value ? Of(value) : null;

    private ulong? Of(BigRational value)
    {
        if (value.IsInteger && value.Numerator.Sign >= 0 && value.Numerator < P) return (ulong)value.Numerator;
        if (!budget.Spend(1 + value.Bits / 512)) return null;
        ulong below = (ulong)(value.Denominator % P);
        if (below == 0) return null;
        BigInteger above = value.Numerator % P;
        ulong top = above.Sign < 0 ? (ulong)(above + P) : (ulong)above;
        return below == 1 ? top : Times(top, Inverse(below));
    }

    private ulong? Fold(MathNode node, Func<ulong, ulong, ulong> combine)
    {
        if (Value(node.Args[0]) is not { } total) return null;
        for (int i = 1; i < node.Args.Count; i++)
        {
            if (Value(node.Args[i]) is not { } next) return null;
            total = combine(total, next);
        }
        return total;
    }

    private ulong? Power(MathNode value, MathNode exponent)
    {
        if (exact.Value(exponent) is not { } power) return null;
        if (!power.IsInteger)
            return power.Denominator == 2 && exact.Value(value) is { } radicand && SquareRoot(radicand) is { } root ? Raise(root, power.Numerator) : null;
        if (Value(value) is not { } image) return null;
        return image == 0 && power.Sign <= 0 ? null : Raise(image, power.Numerator);
    }

    private ulong? Raise(ulong value, BigInteger power)
    {
        if (power.Sign < 0 && value == 0) return null;
        if (power.GetBitLength() > 4000 || !budget.Spend(64)) return null;
        ulong reduced = (ulong)(BigInteger.Abs(power) % (P - 1)), result = 1, square = value;
        for (ulong rest = reduced; rest > 0; rest >>= 1)
        {
            if ((rest & 1) != 0) result = Times(result, square);
            square = Times(square, square);
        }
        return power.Sign < 0 ? Inverse(result) : result;
    }

    private ulong? SquareRoot(BigRational radicand)
    {
        if (radicand.IsZero) return 0;
        if (radicand.Bits > 2000 || !budget.Spend(100)) return null;
        BigInteger rest = BigInteger.Abs(radicand.Numerator) * radicand.Denominator; // sqrt(a/b) = sqrt(ab)/b
        ulong image = radicand.Sign < 0 ? ImaginaryUnit : 1;
        foreach ((int prime, ulong root) in Roots)
            while (true)
            {
                BigInteger quotient = BigInteger.DivRem(rest, prime, out BigInteger remainder);
                if (!remainder.IsZero) break;
                if (!budget.Spend(1 + radicand.Bits / 64)) return null;
                rest = quotient;
                image = Times(image, root);
            }
        if (new BigRational(rest).Root(2) is not { } square || Of(square) is not { } whole) return null;
        return Of(new BigRational(radicand.Denominator)) is { } below and > 0 ? Times(Times(image, whole), Inverse(below)) : null;
    }

    private static ulong Plus(ulong a, ulong b) => a + b >= P ? a + b - P : a + b;

    private static ulong Minus(ulong a, ulong b) => a >= b ? a - b : a + P - b;

    private static ulong Times(ulong a, ulong b) => (ulong)((UInt128)a * b % P);

    private static ulong Inverse(ulong value)
    {
        ulong result = 1, square = value;
        for (ulong rest = P - 2; rest > 0; rest >>= 1)
        {
            if ((rest & 1) != 0) result = Times(result, square);
            square = Times(square, square);
        }
        return result;
    }
}
