using System;
using System.Numerics;

namespace TreeRl.Rewards.Answers;

/// <summary>A complex value with an estimate of its rounding error.</summary>
/// <param name="Value">The value; NaN parts where there is none.</param>
/// <param name="Noise">Estimated absolute error.</param>
internal readonly record struct Probe(Complex Value, double Noise)
{
    public static readonly Probe Undefined = new(new Complex(double.NaN, double.NaN), 0);

    public bool IsDefined => double.IsFinite(Value.Real) && double.IsFinite(Value.Imaginary) && double.IsFinite(Noise);

    public bool IsReal => Value.Imaginary == 0;
}

/// <summary>
/// The value of an expression at one pseudo-random point, in double precision with complex principal values; odd roots of negative real
/// numbers are real. <see cref="LeftReals"/> tells that a step with real input had a result off the real line, so that the point lies outside
/// the real domain of the expression.
/// </summary>
internal sealed class NumericEvaluator(WorkBudget budget, int point, bool wholePoints)
{
    private const double Epsilon = 2.3e-16;

    /// <summary>True once a real function was used outside its real domain.</summary>
    public bool LeftReals { get; private set; }

    /// <summary>The value, or <see cref="Probe.Undefined"/>.</summary>
    public Probe Value(MathNode node)
    {
        if (!budget.Spend()) return Probe.Undefined;
        switch (node.Kind)
        {
            case MathKind.Number:
                return Exactly(node.Value.ToDouble());
            case MathKind.Symbol:
                return Symbol(node.Text);
            case MathKind.Negate:
                return Value(node.Args[0]) is var inner ? new Probe(-inner.Value, inner.Noise) : default;
            case MathKind.Add:
                return Sum(node);
            case MathKind.Multiply:
                return Product(node);
            case MathKind.Divide or MathKind.Ratio when node.Args.Count == 2:
                return Quotient(Value(node.Args[0]), Value(node.Args[1]));
            case MathKind.Percent:
                return Quotient(Value(node.Args[0]), Exactly(100));
            case MathKind.Degree:
                return Times(Value(node.Args[0]), Exactly(Math.PI / 180));
            case MathKind.Quantity:
                return Value(node.Args[0]);
            case MathKind.Power:
                return Power(node.Args[0], node.Args[1]);
            case MathKind.Root:
                return Root(Value(node.Args[0]), Value(node.Args[1]));
            case MathKind.Based:
                return new ExactEvaluator(budget).Based(node.Text) is { } whole ? Exactly(whole.ToDouble()) : Probe.Undefined;
            case MathKind.Call:
                return Call(node);
            default:
                return Probe.Undefined;
        }
    }

    private static Probe Exactly(double value) => new(value, Math.Abs(value) * Epsilon);

    private Probe Symbol(string name)
    {
        switch (name)
        {
            case "pi":
                return Exactly(Math.PI);
            case "e":
                return Exactly(Math.E);
            case "i":
                return new Probe(Complex.ImaginaryOne, 0);
        }
        double draw = new Seed(0x5A5A).Child(name).Uniform(point);
        if (wholePoints) return new Probe(2 + Math.Floor(draw * 9), 0);
        return Exactly(point switch
        {
            0 or 1 => 0.3 + 2.3 * draw,
            2 => 0.05 + 0.9 * draw,
            3 => 3 + 6 * draw,
            4 => -2.5 + 5 * draw,
            _ => -3 + 2.7 * draw,
        });
    }

    private Probe Sum(MathNode node)
    {
        Complex total = Complex.Zero;
        double noise = 0;
        foreach (MathNode arg in node.Args)
        {
            Probe next = Value(arg);
            total += next.Value;
            noise += next.Noise + Complex.Abs(total) * Epsilon;
        }
        return new Probe(total, noise);
    }

    private Probe Product(MathNode node)
    {
        Probe total = Value(node.Args[0]);
        for (int i = 1; i < node.Args.Count; i++) total = Times(total, Value(node.Args[i]));
        return total;
    }

    private static Probe Times(Probe a, Probe b)
    {
        Complex product = a.IsReal && b.IsReal ? a.Value.Real * b.Value.Real : a.Value * b.Value;
        return new Probe(product, Complex.Abs(a.Value) * b.Noise + Complex.Abs(b.Value) * a.Noise + Complex.Abs(product) * Epsilon);
    }

    private static Probe Quotient(Probe a, Probe b)
    {
        double size = Complex.Abs(b.Value);
        if (!(size > 4 * b.Noise)) return Probe.Undefined;
        Complex quotient = a.IsReal && b.IsReal ? a.Value.Real / b.Value.Real : a.Value / b.Value;
        return new Probe(quotient, (a.Noise + Complex.Abs(quotient) * b.Noise) / size + Complex.Abs(quotient) * Epsilon);
    }

    private Probe Power(MathNode baseNode, MathNode exponentNode)
    {
        Probe value = Value(baseNode);
        if (new ExactEvaluator(budget).Value(exponentNode) is { } exact && exact.Denominator <= 64 && BigInteger.Abs(exact.Numerator) < 1_000_000)
        {
            int order = (int)exact.Denominator;
            return Whole(order == 1 ? value : Root(value, Exactly(order)), (int)exact.Numerator);
        }
        Probe exponent = Value(exponentNode);
        if (!value.IsDefined || !exponent.IsDefined) return Probe.Undefined;
        if (value.Value == Complex.Zero) return exponent.Value.Real > 0 ? new Probe(Complex.Zero, 0) : Probe.Undefined;
        if (value.IsReal && exponent.IsReal && value.Value.Real < 0 && exponent.Value.Real == Math.Floor(exponent.Value.Real) && Math.Abs(exponent.Value.Real) < 1e6)
            return Whole(value, (int)exponent.Value.Real);
        if (value.IsReal && exponent.IsReal && value.Value.Real < 0) LeftReals = true;
        Complex power = value.IsReal && exponent.IsReal && value.Value.Real > 0
            ? Math.Pow(value.Value.Real, exponent.Value.Real)
            : Complex.Exp(exponent.Value * Complex.Log(value.Value));
        double relative = Complex.Abs(exponent.Value) * value.Noise / Complex.Abs(value.Value)
            + Complex.Abs(Complex.Log(value.Value)) * exponent.Noise + Epsilon * (2 + Complex.Abs(exponent.Value));
        return new Probe(power, Complex.Abs(power) * relative);
    }

    private static Probe Whole(Probe value, int exponent)
    {
        if (!value.IsDefined || exponent <= 0 && value.Value == Complex.Zero) return exponent == 0 && value.IsDefined ? Exactly(1) : Probe.Undefined;
        Complex power;
        if (value.IsReal) power = Math.Pow(value.Value.Real, exponent);
        else
        {
            power = Complex.One;
            Complex square = value.Value;
            for (int rest = Math.Abs(exponent); rest > 0; rest >>= 1)
            {
                if ((rest & 1) != 0) power *= square;
                square *= square;
            }
            if (exponent < 0) power = 1 / power;
        }
        double size = Complex.Abs(power);
        return new Probe(power, value.Value == Complex.Zero ? 0 : size * (Math.Abs(exponent) * (value.Noise / Complex.Abs(value.Value) + Epsilon)));
    }

    private Probe Root(Probe value, Probe order)
    {
        if (!value.IsDefined || !order.IsDefined || !order.IsReal || order.Value.Real == 0) return Probe.Undefined;
        double n = order.Value.Real, size = Complex.Abs(value.Value);
        if (size == 0) return new Probe(Complex.Zero, value.Noise > 0 ? Math.Pow(value.Noise, 1 / n) : 0);
        bool odd = n == Math.Floor(n) && Math.Abs(n % 2) == 1;
        Complex root;
        if (value.IsReal && value.Value.Real > 0) root = n == 2 ? Math.Sqrt(size) : n == 3 ? Math.Cbrt(size) : Math.Pow(size, 1 / n);
        else if (value.IsReal && odd) root = -Math.Pow(size, 1 / n);
        else
        {
            if (value.IsReal) LeftReals = true;
            root = n == 2 && value.IsReal ? new Complex(0, Math.Sqrt(size)) : Complex.Exp(Complex.Log(value.Value) / n);
        }
        return new Probe(root, Complex.Abs(root) * (Math.Min(1, value.Noise / size) / Math.Abs(n) + 2 * Epsilon));
    }

    private Probe Call(MathNode node)
    {
        Probe x = Value(node.Args[0]);
        if (!x.IsDefined || node.Args.Count > 8) return Probe.Undefined;
        if (node.Text is "factorial" or "doublefactorial" or "binom" or "gcd" or "lcm" or "max" or "min" or "floor" or "ceil" or "abs" or "norm")
            return Discrete(node, x);
        if (node.Text == "log" && node.Args.Count == 2) return Quotient(Logarithm(x), Logarithm(Value(node.Args[1])));
        if (node.Text is "log" or "lg") return node.Text == "lg" ? Quotient(Logarithm(x), Exactly(Math.Log(10))) : Logarithm(x);
        if (node.Args.Count != 1) return Probe.Undefined;
        if (x.IsReal && Math.Abs(x.Value.Real) > 1 && node.Text is "arcsin" or "arccos") LeftReals = true;
        Complex value = ElementaryFunctions.Value(node.Text, x.Value);
        return ElementaryFunctions.WithNoise(node.Text, value, x);
    }

    private Probe Logarithm(Probe x)
    {
        double size = Complex.Abs(x.Value);
        if (!(size > 4 * x.Noise)) return Probe.Undefined;
        if (x.IsReal && x.Value.Real < 0) LeftReals = true;
        return new Probe(x.IsReal && x.Value.Real > 0 ? Math.Log(size) : Complex.Log(x.Value), x.Noise / size + Math.Abs(Math.Log(size)) * Epsilon + Epsilon);
    }

    private Probe Discrete(MathNode node, Probe x)
    {
        if (node.Text is "abs" or "norm") return new Probe(Complex.Abs(x.Value), x.Noise);
        Probe y = node.Args.Count > 1 ? Value(node.Args[1]) : Exactly(0);
        if (!y.IsDefined || !x.IsReal || !y.IsReal) return Probe.Undefined;
        double a = x.Value.Real, b = y.Value.Real;
        double value = node.Text switch
        {
            "floor" => Math.Floor(a + 4 * x.Noise),
            "ceil" => Math.Ceiling(a - 4 * x.Noise),
            "factorial" => ElementaryFunctions.Gamma(a + 1),
            "binom" when b > a && a >= 0 && a == Math.Floor(a) => 0,
            "binom" => ElementaryFunctions.Gamma(a + 1) / (ElementaryFunctions.Gamma(b + 1) * ElementaryFunctions.Gamma(a - b + 1)),
            "max" when node.Args.Count == 2 => Math.Max(a, b),
            "min" when node.Args.Count == 2 => Math.Min(a, b),
            _ => double.NaN,
        };
        return new Probe(value, node.Text is "floor" or "ceil" ? 0 : Math.Abs(value) * 1e-13 + (node.Text is "max" or "min" ? x.Noise + y.Noise : 0));
    }
}
