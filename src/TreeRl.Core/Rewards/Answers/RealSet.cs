using System;
using System.Collections.Generic;
using System.Linq;

namespace TreeRl.Rewards.Answers;

/// <summary>One interval with constant ends; a point has both ends equal and closed.</summary>
internal sealed record RealInterval(MathNode Low, bool LowClosed, MathNode High, bool HighClosed, double LowValue, double HighValue);

/// <summary>
/// A set of real numbers as a sorted union of intervals, read from intervals, unions, differences with points, memberships and inequalities: of a variable, of an
/// expression linear in it, of the absolute value of one. Ends are compared as scalars; their order comes from their values.
/// </summary>
internal sealed class RealSet
{
    private const int MaxIntervals = 200;
    private readonly List<RealInterval> intervals;

    private RealSet(List<RealInterval> intervals, string variable)
    {
        this.intervals = intervals;
        Variable = variable;
    }

    /// <summary>The variable the set was given by a condition on; empty when it was given as a set.</summary>
    public string Variable { get; }

    /// <summary>The set a node describes, or null when it is no set of reals with constant ends.</summary>
    public static RealSet? Read(MathNode node, ScalarComparer scalars)
    {
        switch (node.Kind)
        {
            case MathKind.Symbol when node.Text == "reals":
                return new RealSet([All()], "");
            case MathKind.Bracketed when node.Args.Count == 2:
                return Interval(node.Args[0], node.Text[0] == '[', node.Args[1], node.Text[1] == ']', scalars) is { } only ? new RealSet([only], "") : null;
            case MathKind.Set when node.Args.Count == 1 && node.Args[0].Kind == MathKind.Relation:
                return Read(node.Args[0], scalars);
            case MathKind.Set when node.Args.Count > 1 && node.Args.All(static a => a.Kind == MathKind.Relation)
                && node.Args.Count(static a => !IsReal(a)) == 1:
                return Read(node.Args.First(static a => !IsReal(a)), scalars);
            case MathKind.SetOperation when node.Text == "cup":
                return Union(node.Args, scalars);
            case MathKind.List when node.Text == "or" || node.Args.All(static a => a.Kind == MathKind.Relation && a.Text == "=") || node.Args.All(static a => a.Kind == MathKind.Relation && a.Text == "!=")
                || node.Args.All(static a => a is { Kind: MathKind.Bracketed } b && b.Any(static c => c.Kind == MathKind.Infinity)):
                return node.Args.All(static a => a.Kind == MathKind.Relation && a.Text == "!=") && node.Args.Count > 1
                    ? Without(node.Args, scalars)
                    : Union(node.Args, scalars);
            case MathKind.SetOperation when node.Text == "setminus" && node.Args[1].Kind == MathKind.Set:
                return Read(node.Args[0], scalars)?.Minus(node.Args[1].Args, scalars);
            case MathKind.Set when node.Args.Count is > 0 and <= MaxIntervals:
                return Points(node.Args, scalars);
            case MathKind.Relation:
                return Condition(node, scalars);
            default:
                return null;
        }
    }

    /// <summary>Whether both are the same set.</summary>
    public Tri Compare(RealSet other, ScalarComparer scalars)
    {
        if (Variable.Length > 0 && other.Variable.Length > 0 && Variable != other.Variable) return Tri.Different;
        if (intervals.Count != other.intervals.Count) return Tri.Different;
        for (int i = 0; i < intervals.Count; i++)
        {
            RealInterval a = intervals[i], b = other.intervals[i];
            if (a.LowClosed != b.LowClosed || a.HighClosed != b.HighClosed) return Tri.Different;
            if (scalars.Compare(a.Low, b.Low) is var low and not Tri.Same) return low;
            if (scalars.Compare(a.High, b.High) is var high and not Tri.Same) return high;
        }
        return Tri.Same;
    }

    /// <summary>True for "x in the reals", which says nothing new.</summary>
    private static bool IsReal(MathNode node) => node.Text == "in" && node.Args[1] is { Kind: MathKind.Symbol, Text: "reals" };

    private static MathNode Infinity(bool negative) =>
        negative ? MathNode.Negate(new MathNode(MathKind.Infinity, "")) : new MathNode(MathKind.Infinity, "");

    private static RealInterval All() => new(Infinity(true), false, Infinity(false), false, double.NegativeInfinity, double.PositiveInfinity);

    private static RealInterval? Interval(MathNode low, bool lowClosed, MathNode high, bool highClosed, ScalarComparer scalars)
    {
        if (scalars.Constant(low) is not { } from || scalars.Constant(high) is not { } to || from > to) return null;
        return new RealInterval(low, lowClosed && double.IsFinite(from), high, highClosed && double.IsFinite(to), from, to);
    }

    private static RealSet? Union(IReadOnlyList<MathNode> parts, ScalarComparer scalars)
    {
        var all = new List<RealInterval>();
        string variable = "";
        foreach (MathNode part in parts)
        {
            if (Read(part, scalars) is not { } set || variable.Length > 0 && set.Variable.Length > 0 && set.Variable != variable) return null;
            all.AddRange(set.intervals);
            if (set.Variable.Length > 0) variable = set.Variable;
            if (all.Count > MaxIntervals) return null;
        }
        return new RealSet(Merge(all), variable);
    }

    private static RealSet? Points(IReadOnlyList<MathNode> points, ScalarComparer scalars)
    {
        var all = new List<RealInterval>();
        foreach (MathNode point in points)
        {
            if (scalars.Constant(point) is not { } value || !double.IsFinite(value)) return null;
            all.Add(new RealInterval(point, true, point, true, value, value));
        }
        return new RealSet(Merge(all), "");
    }

    /// <summary>Sorts and joins what overlaps or touches with a closed end.</summary>
    private static List<RealInterval> Merge(List<RealInterval> parts)
    {
        var merged = new List<RealInterval>();
        foreach (RealInterval next in parts.OrderBy(static p => p.LowValue).ThenByDescending(static p => p.LowClosed))
        {
            if (merged.Count == 0 || next.LowValue > merged[^1].HighValue
                || next.LowValue == merged[^1].HighValue && !next.LowClosed && !merged[^1].HighClosed)
            {
                merged.Add(next);
                continue;
            }
            RealInterval last = merged[^1];
            if (next.HighValue > last.HighValue || next.HighValue == last.HighValue && next.HighClosed)
                merged[^1] = last with { High = next.High, HighClosed = next.HighClosed, HighValue = next.HighValue };
        }
        return merged;
    }

    private RealSet? Minus(IReadOnlyList<MathNode> points, ScalarComparer scalars)
    {
        if (points.Count > MaxIntervals) return null;
        List<RealInterval> rest = intervals;
        foreach (MathNode point in points)
        {
            if (scalars.Constant(point) is not { } value) return null;
            var next = new List<RealInterval>();
            foreach (RealInterval part in rest)
            {
                if (value < part.LowValue || value > part.HighValue)
                {
                    next.Add(part);
                    continue;
                }
                if (value > part.LowValue) next.Add(part with { High = point, HighClosed = false, HighValue = value });
                if (value < part.HighValue) next.Add(part with { Low = point, LowClosed = false, LowValue = value });
            }
            rest = next;
        }
        return new RealSet(rest, Variable);
    }

    private static RealSet? Without(IReadOnlyList<MathNode> conditions, ScalarComparer scalars)
    {
        if (!conditions.All(c => c.Args.Count == 2 && c.Args[0].Kind == MathKind.Symbol && c.Args[0].Key == conditions[0].Args[0].Key)) return null;
        return new RealSet([All()], conditions[0].Args[0].Text).Minus(conditions.Select(static c => c.Args[1]).ToArray(), scalars);
    }

    /// <summary>x in S, x &lt; a, a &lt;= x, a &lt; x &lt;= b, x != a.</summary>
    private static RealSet? Condition(MathNode node, ScalarComparer scalars)
    {
        string[] signs = node.Text.Split(' ');
        if (signs.Length == 1 && node.Args[0].Kind == MathKind.Symbol)
        {
            MathNode right = node.Args[1];
            string name = node.Args[0].Text;
            if (signs[0] == "=") return Points([right], scalars) is { } point ? new RealSet(point.intervals, name) : null;
            if (signs[0] == "in") return Read(right, scalars) is { } set ? new RealSet(set.intervals, name) : null;
            if (signs[0] == "!=") return new RealSet([All()], name).Minus([right], scalars);
            return signs[0] is "<" or "<=" or ">" or ">=" ? Half(right, signs[0], name, scalars) : null;
        }
        if (signs.Length == 1 && signs[0] is "<" or "<=" or ">" or ">=")
        {
            bool turned = scalars.Constant(node.Args[0]) is not null;
            MathNode bounded = node.Args[turned ? 1 : 0], end = node.Args[turned ? 0 : 1];
            return bounded.IsScalar && Half(end, turned ? Turned(signs[0]) : signs[0], "", scalars) is { } half ? LinearBound.Of(bounded, half.intervals, scalars) is { } solved ? new RealSet(Merge(solved.Intervals), solved.Variable) : null : null;
        }
        if (signs.Length != 2 || !node.Args[1].IsScalar) return null;
        bool up = signs.All(static s => s is "<" or "<="), down = signs.All(static s => s is ">" or ">=");
        if (!up && !down) return null;
        RealInterval? between = up
            ? Interval(node.Args[0], signs[0] == "<=", node.Args[2], signs[1] == "<=", scalars)
            : Interval(node.Args[2], signs[1] == ">=", node.Args[0], signs[0] == ">=", scalars);
        if (between is not { } only) return null;
        return LinearBound.Of(node.Args[1], [only], scalars) is { } found ? new RealSet(Merge(found.Intervals), found.Variable) : null;
    }

    /// <summary>The inequality sign read from the other side.</summary>
    public static string Turned(string sign) => sign.Replace('<', '?').Replace('>', '<').Replace('?', '>');

    private static RealSet? Half(MathNode end, string sign, string variable, ScalarComparer scalars)
    {
        bool closed = sign.Length == 2;
        RealInterval? half = sign[0] == '<'
            ? Interval(Infinity(true), false, end, closed, scalars)
            : Interval(end, closed, Infinity(false), false, scalars);
        return half is { } only ? new RealSet([only], variable) : null;
    }
}
