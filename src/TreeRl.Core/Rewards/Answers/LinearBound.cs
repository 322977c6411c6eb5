using System;
using System.Collections.Generic;

namespace TreeRl.Rewards.Answers;

/// <summary>
/// Solves "expression in a set" for the expression's one variable: where the expression is the variable, linear in it, or the absolute value of one of these, as in
/// |x - 2| &lt; 3. A value of a function such as f(x) counts as a variable.
/// </summary>
internal static class LinearBound
{
    /// <summary>The variable and its intervals, or null when the expression is of another kind or no value fits.</summary>
    public static (string Variable, List<RealInterval> Intervals)? Of(MathNode expression, List<RealInterval> values, ScalarComparer scalars)
    {
        if (expression.Kind == MathKind.Symbol) return (expression.Text, values);
        if (expression is { Kind: MathKind.Multiply, Args: [{ Kind: MathKind.Symbol } name, { Kind: MathKind.Bracketed or MathKind.Symbol }] } && name.Text is "f" or "g" or "h")
            return (expression.Key, values);
        if (expression is { Kind: MathKind.Call, Text: "abs", Args: [var inside] }) return Mirrored(values, scalars) is { Count: > 0 } both ? Of(inside, both, scalars) : null;
        string? variable = null;
        bool several = expression.Any(n =>
        {
            if (n.Kind != MathKind.Symbol || n.Text is "pi" or "e" or "i") return false;
            variable ??= n.Text;
            return n.Text != variable;
        });
        if (variable is null || several || !IsPolynomial(expression)) return null;
        MathNode atZero = At(expression, variable, 0), slope = new(MathKind.Add, "", At(expression, variable, 1), MathNode.Negate(atZero));
        MathNode line = new(MathKind.Add, "", atZero, new MathNode(MathKind.Multiply, "", slope, MathNode.Symbol(variable)));
        if (scalars.Constant(slope) is not { } rise || rise == 0 || scalars.Compare(expression, line) != Tri.Same) return null;
        var solved = new List<RealInterval>();
        foreach (var value in values)
        {
            var low = Solve(value.Low, value.LowValue);
            var high = Solve(value.High, value.HighValue);
            if (low is not { } from || high is not { } to) return null;
            solved.Add(rise > 0
                ? new RealInterval(from.Node, value.LowClosed, to.Node, value.HighClosed, from.Value, to.Value)
                : new RealInterval(to.Node, value.HighClosed, from.Node, value.LowClosed, to.Value, from.Value));
        }
        return (variable, solved);

        (MathNode Node, double Value)? Solve(MathNode end, double value)
        {
            if (double.IsInfinity(value)) return (value > 0 == rise > 0 ? Infinity() : MathNode.Negate(Infinity()), rise > 0 ? value : -value);
            MathNode node = new(MathKind.Divide, "", new MathNode(MathKind.Add, "", end, MathNode.Negate(atZero)), slope);
            return scalars.Constant(node) is { } found ? (node, found) : null;
        }
    }

    /// <summary>The numbers whose absolute value lies in a set.</summary>
    private static List<RealInterval> Mirrored(List<RealInterval> values, ScalarComparer scalars)
    {
        var both = new List<RealInterval>();
        foreach (var value in values)
        {
            if (value.HighValue < 0 || value.HighValue == 0 && !value.HighClosed) continue;
            var mirrored = new RealInterval(Minus(value.High), value.HighClosed, Minus(value.Low), value.LowClosed, -value.HighValue, -value.LowValue);
            if (value.LowValue >= 0)
            {
                both.Add(mirrored);
                both.Add(value);
            }
            else both.Add(mirrored with { High = value.High, HighClosed = value.HighClosed, HighValue = value.HighValue });
        }
        return both;
    }

    private static MathNode Minus(MathNode end) => end.Kind == MathKind.Negate ? end.Args[0] : MathNode.Negate(end);

    private static MathNode Infinity() => new(MathKind.Infinity, "");

    private static bool IsPolynomial(MathNode node) =>
        !node.Any(static n => n.Kind is not (MathKind.Number or MathKind.Symbol or MathKind.Add or MathKind.Multiply or MathKind.Divide or MathKind.Negate or MathKind.Power or MathKind.Root));

    private static MathNode At(MathNode node, string variable, long value) =>
        node.Kind == MathKind.Symbol && node.Text == variable ? MathNode.Number(value)
        : node.Args.Count == 0 ? node
        : node.With([.. System.Linq.Enumerable.Select(node.Args, arg => At(arg, variable, value))]);
}
