using System;
using System.Numerics;

namespace TreeRl.Rewards.Answers;

/// <summary>
/// The exact rational value of a constant expression. Null for anything that is not rational, has a variable, divides by zero, or needs
/// integers of more than <see cref="WorkBudget.MaxBits"/> bits.
/// </summary>
internal sealed class ExactEvaluator(WorkBudget budget)
{
    private const int MaxFactorial = 2000;

    /// <summary>The value, or null.</summary>
    public BigRational? Value(MathNode node)
    {
        if (!budget.Spend()) return null;
        switch (node.Kind)
        {
            case MathKind.Number:
                return node.Value;
            case MathKind.Negate:
                return Value(node.Args[0]) is { } positive ? -positive : null;
            case MathKind.Add:
                return Fold(node, static (a, b) => a + b);
            case MathKind.Multiply:
                return Fold(node, static (a, b) => a * b);
            case MathKind.Divide:
                return Value(node.Args[0]) is { } above && Value(node.Args[1]) is { IsZero: false } below && Afford(above, below) ? Limit(above / below) : null;
            case MathKind.Percent:
                return Value(node.Args[0]) is { } percent ? percent / new BigRational(100) : null;
            case MathKind.Quantity:
                return Value(node.Args[0]);
            case MathKind.Ratio when node.Args.Count == 2:
                return Value(node.Args[0]) is { } left && Value(node.Args[1]) is { IsZero: false } right && Afford(left, right) ? Limit(left / right) : null;
            case MathKind.Power:
                return Value(node.Args[1]) is { } exponent && Value(node.Args[0]) is { } power ? Power(power, exponent) : null;
            case MathKind.Root:
                return Value(node.Args[1]) is { IsInteger: true } order && Value(node.Args[0]) is { } radicand ? Root(radicand, order.Numerator) : null;
            case MathKind.Based:
                return Based(node.Text);
            case MathKind.Call:
                return Call(node);
            default:
                return null;
        }
    }

    /// <summary>The value of digits in a named base.</summary>
    public BigRational? Based(string text)
    {
        int mark = text.IndexOf('_');
        if (!int.TryParse(text.AsSpan(mark + 1), out int numberBase) || numberBase is < 2 or > 36 || mark > 2000) return null;
        budget.Spend(1 + (long)mark * mark / 1024);
        BigInteger value = BigInteger.Zero;
        for (int i = 0; i < mark; i++)
        {
            int digit = char.IsAsciiDigit(text[i]) ? text[i] - '0' : text[i] - 'A' + 10;
            if (digit < 0 || digit >= numberBase) return null;
            value = value * numberBase + digit;
        }
        return new BigRational(value);
    }

    private bool Afford(BigRational a, BigRational b) => budget.Spend(WorkBudget.BigCost(a.Bits, b.Bits));

    private static BigRational? Limit(BigRational value) => value.Bits <= WorkBudget.MaxBits ? value : null;

    private BigRational? Fold(MathNode node, Func<BigRational, BigRational, BigRational> combine)
    {
        if (Value(node.Args[0]) is not { } total) return null;
        for (int i = 1; i < node.Args.Count; i++)
        {
            if (Value(node.Args[i]) is not { } next || !Afford(total, next)) return null;
            total = combine(total, next);
            if (total.Bits > WorkBudget.MaxBits) return null;
        }
        return total;
    }

    private BigRational? Power(BigRational value, BigRational exponent)
    {
        if (value.IsZero) return exponent.Sign > 0 ? value : exponent.IsZero ? BigRational.One : null;
        if (value.Equals(BigRational.One)) return value;
        if (BigInteger.Abs(exponent.Numerator) > WorkBudget.MaxBits || exponent.Denominator > 64) return null;
        int top = (int)exponent.Numerator, order = (int)exponent.Denominator;
        if (value.Bits * Math.Abs((long)top) > WorkBudget.MaxBits || !budget.Spend(WorkBudget.BigCost(value.Bits * Math.Abs(top), value.Bits * Math.Abs(top)))) return null;
        BigRational? root = order == 1 ? value : Root(value, order);
        return root is { } known ? BigRational.Pow(known, top) : null;
    }

    private BigRational? Root(BigRational radicand, BigInteger order)
    {
        if (order < 2 || order > 64) return order.IsOne ? radicand : null;
        budget.Spend(1 + radicand.Bits / 4);
        if (radicand.Sign >= 0) return radicand.Root((int)order);
        return order.IsEven ? null : (-radicand).Root((int)order) is { } root ? -root : null;
    }

    private BigRational? Call(MathNode node)
    {
        if (node.Args.Count > 64) return null;
        var args = new BigRational[node.Args.Count];
        for (int i = 0; i < args.Length; i++)
        {
            if (Value(node.Args[i]) is not { } value) return null;
            args[i] = value;
        }
        bool whole = Array.TrueForAll(args, static a => a.IsInteger && a.Bits <= 4000);
        return node.Text switch
        {
            "abs" or "norm" when args.Length == 1 => BigRational.Abs(args[0]),
            "floor" when args.Length == 1 => new BigRational(args[0].Floor()),
            "ceil" when args.Length == 1 => new BigRational(-(-args[0]).Floor()),
            "factorial" when whole && args.Length == 1 => Factorial(args[0].Numerator, 1),
            "doublefactorial" when whole && args.Length == 1 => Factorial(args[0].Numerator, 2),
            "binom" when whole && args.Length == 2 => Binomial(args[0].Numerator, args[1].Numerator),
            "gcd" or "lcm" when whole && args.Length >= 2 => Common(node.Text, args),
            "max" or "min" when args.Length >= 1 => Extreme(node.Text, args),
            _ => null,
        };
    }

    private BigRational? Factorial(BigInteger n, int step)
    {
        if (n.Sign < 0 || n > MaxFactorial || !budget.Spend(1 + (long)n * (long)n / 1024)) return null;
        BigInteger product = BigInteger.One;
        for (int i = (int)n; i > 1; i -= step) product *= i;
        return new BigRational(product);
    }

    private BigRational? Binomial(BigInteger n, BigInteger k)
    {
        if (n.Sign < 0 || k.Sign < 0) return null;
        if (k > n) return BigRational.Zero;
        if (n - k < k) k = n - k;
        if (k > MaxFactorial || n.GetBitLength() * (long)k > WorkBudget.MaxBits || !budget.Spend(1 + (long)k * (long)k / 256)) return null;
        BigInteger product = BigInteger.One;
        for (int i = 1; i <= (int)k; i++) product = product * (n - k + i) / i;
        return new BigRational(product);
    }

    private BigRational? Common(string function, BigRational[] args)
    {
        BigInteger result = BigInteger.Abs(args[0].Numerator);
        foreach (BigRational arg in args.AsSpan(1))
        {
            BigInteger other = BigInteger.Abs(arg.Numerator), common = BigInteger.GreatestCommonDivisor(result, other);
            if (function == "lcm" && common.IsZero || !budget.Spend(64)) return null;
            result = function == "gcd" ? common : result / common * other;
        }
        return new BigRational(result);
    }

    private static BigRational Extreme(string function, BigRational[] args)
    {
        BigRational result = args[0];
        foreach (BigRational arg in args)
            if (function == "max" ? arg.CompareTo(result) > 0 : arg.CompareTo(result) < 0) result = arg;
        return result;
    }
}
