using System;
using System.Numerics;

namespace TreeRl.Rewards.Answers;

/// <summary>Trigonometric, hyperbolic and exponential functions of a complex number, their error propagation, and the gamma function.</summary>
internal static class ElementaryFunctions
{
    private static readonly double[] Lanczos =
    [
        0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
        -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
    ];

    /// <summary>The function's value; NaN for a name that is none.</summary>
    public static Complex Value(string name, Complex x)
    {
        bool real = x.Imaginary == 0;
        double r = x.Real;
        return name switch
        {
            "sin" => real ? Math.Sin(r) : Complex.Sin(x),
            "cos" => real ? Math.Cos(r) : Complex.Cos(x),
            "tan" => real ? Math.Tan(r) : Complex.Tan(x),
            "cot" => real ? 1 / Math.Tan(r) : 1 / Complex.Tan(x),
            "sec" => real ? 1 / Math.Cos(r) : 1 / Complex.Cos(x),
            "csc" => real ? 1 / Math.Sin(r) : 1 / Complex.Sin(x),
            "arcsin" => real && Math.Abs(r) <= 1 ? Math.Asin(r) : Complex.Asin(x),
            "arccos" => real && Math.Abs(r) <= 1 ? Math.Acos(r) : Complex.Acos(x),
            "arctan" => real ? Math.Atan(r) : Complex.Atan(x),
            "arccot" => real ? Math.PI / 2 - Math.Atan(r) : Math.PI / 2 - Complex.Atan(x),
            "arcsec" => real && Math.Abs(r) >= 1 ? Math.Acos(1 / r) : Complex.Acos(1 / x),
            "arccsc" => real && Math.Abs(r) >= 1 ? Math.Asin(1 / r) : Complex.Asin(1 / x),
            "sinh" => real ? Math.Sinh(r) : Complex.Sinh(x),
            "cosh" => real ? Math.Cosh(r) : Complex.Cosh(x),
            "tanh" => real ? Math.Tanh(r) : Complex.Tanh(x),
            "coth" => real ? 1 / Math.Tanh(r) : 1 / Complex.Tanh(x),
            "arcsinh" => real ? Math.Asinh(r) : Complex.Log(x + Complex.Sqrt(x * x + 1)),
            "exp" => real ? Math.Exp(r) : Complex.Exp(x),
            "ln" => real && r > 0 ? Math.Log(r) : Complex.Log(x),
            "cis" => Complex.Exp(Complex.ImaginaryOne * x),
            "Re" => r,
            "Im" => x.Imaginary,
            "arg" => x.Phase,
            _ => new Complex(double.NaN, double.NaN),
        };
    }

    /// <summary>The value with the error that the argument's error and the function's slope give it.</summary>
    public static Probe WithNoise(string name, Complex value, Probe x)
    {
        double size = Complex.Abs(value), argument = Complex.Abs(x.Value);
        double slope = name switch
        {
            "exp" or "sinh" or "cosh" or "cis" => size + 1,
            "ln" => 1 / Math.Max(argument, 1e-300),
            "tan" or "cot" or "sec" or "csc" or "coth" => 1 + size * size,
            "arcsin" or "arccos" => 1 / Math.Sqrt(Math.Max(Math.Abs(1 - argument * argument), 1e-12)),
            _ => 1,
        };
        return new Probe(value, slope * x.Noise + size * 4e-16 + 1e-17);
    }

    /// <summary>The gamma function by Lanczos' approximation (g = 7, 9 terms), about 13 digits; NaN at the poles, infinite beyond 171.</summary>
    public static double Gamma(double x)
    {
        if (x <= 0 && x == Math.Floor(x)) return double.NaN;
        if (x < 0.5) return Math.PI / (Math.Sin(Math.PI * x) * Gamma(1 - x));
        if (x > 171.6) return double.PositiveInfinity;
        x -= 1;
        double sum = Lanczos[0], t = x + 7.5;
        for (int i = 1; i < Lanczos.Length; i++) sum += Lanczos[i] / (x + i);
        double half = Math.Pow(t, (x + 0.5) / 2); // twice, so that the power stays in range
        return Math.Sqrt(2 * Math.PI) * half * Math.Exp(-t) * half * sum;
    }
}
