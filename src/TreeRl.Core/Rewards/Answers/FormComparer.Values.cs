using System;
using System.Collections.Generic;
using System.Linq;

namespace TreeRl.Rewards.Answers;

/// <content>
/// Values and equations. Percent: 50% is 0.5 and is 50, two percentages are compared as such. Degrees: the sign may be left out or stand for
/// pi/180. Units may be left out; two known units that measure different things differ, and those that measure the same are converted.
/// A base may be left out when the digits agree.
/// </content>
internal sealed partial class FormComparer
{
    private Tri Values(MathNode given, MathNode reference)
    {
        if (given is { Kind: MathKind.Multiply, Args: [{ Kind: MathKind.Number } amount, { Kind: MathKind.Symbol, Text: "m" or "s" or "h" or "g" or "L" } unit] }
            && !ScalarComparer.HasVariables(reference))
            given = new MathNode(MathKind.Quantity, unit.Text, amount); // 5 m, where the reference has no variable m
        if (given.Kind == MathKind.Quantity || reference.Kind == MathKind.Quantity)
        {
            bool both = given.Kind == reference.Kind;
            BigRational? scale = both ? UnitTable.Scale(given.Text, reference.Text) : BigRational.One;
            if (scale is not { } factor) return Tri.Different;
            MathNode value = given.Kind == MathKind.Quantity ? given.Args[0] : given;
            if (!factor.Equals(BigRational.One)) value = new MathNode(MathKind.Multiply, "", MathNode.Number(factor), value);
            return Compare(value, reference.Kind == MathKind.Quantity ? reference.Args[0] : reference);
        }
        if (!given.IsScalar || !reference.IsScalar) return Tri.Different;
        if (Base(given, reference) is { } verdict) return verdict;
        bool percentGiven = IsPercent(given), percentReference = IsPercent(reference);
        if (percentGiven != percentReference)
        {
            if (Values(WithoutPercent(given), WithoutPercent(reference)) == Tri.Same) return Tri.Same;
        }
        bool degreesGiven = HasDegree(given), degreesReference = HasDegree(reference);
        if (degreesGiven || degreesReference)
        {
            if (!budget.Spend(given.Size + reference.Size)) return Tri.Unknown;
            if (scalars.Compare(WithoutDegrees(given), WithoutDegrees(reference)) == Tri.Same) return Tri.Same;
        }
        return scalars.Compare(given, reference);
    }

    private static Tri? Base(MathNode given, MathNode reference)
    {
        if (given.Kind == reference.Kind || given.Kind != MathKind.Based && reference.Kind != MathKind.Based) return null;
        MathNode based = given.Kind == MathKind.Based ? given : reference, other = given.Kind == MathKind.Based ? reference : given;
        if (other is not { Kind: MathKind.Number, Value.IsInteger: true }) return null;
        return based.Text[..based.Text.IndexOf('_')] == other.Value.ToString() ? Tri.Same : Tri.Different;
    }

    private static bool IsPercent(MathNode node) =>
        node.Kind == MathKind.Percent || node.Kind == MathKind.Negate && IsPercent(node.Args[0]);

    private static MathNode WithoutPercent(MathNode node) =>
        node.Kind == MathKind.Percent ? node.Args[0]
        : node.Kind == MathKind.Negate && IsPercent(node) ? MathNode.Negate(WithoutPercent(node.Args[0]))
        : node;

    private static bool HasDegree(MathNode node) => node.Any(static n => n.Kind == MathKind.Degree);

    private static MathNode WithoutDegrees(MathNode node) =>
        node.Kind == MathKind.Degree ? WithoutDegrees(node.Args[0])
        : node.Args.Count == 0 || node.Kind == MathKind.Call ? node
        : node.With([.. node.Args.Select(WithoutDegrees)]);

    private Tri Relations(MathNode given, MathNode reference)
    {
        string[] left = given.Text.Split(' '), right = reference.Text.Split(' ');
        if (left.Length == 1 && right.Length == 1)
        {
            if (left[0] is "=" or ":=" && right[0] is "=" or ":=") return Equations(given.Args, reference.Args);
            if (IsInequality(left[0]) && IsInequality(right[0]) && left[0].Length == right[0].Length
                && given.Args.Concat(reference.Args).All(static a => a.IsScalar))
            {
                bool turned = left[0] != right[0];
                return scalars.Proportional(given.Args[0], given.Args[1], reference.Args[turned ? 1 : 0], reference.Args[turned ? 0 : 1], positive: true);
            }
            if (left[0] != right[0]) return Tri.Different;
        }
        if (given.Text == reference.Text && Matching(given.Args, reference.Args, anyOrder: false) == Tri.Same) return Tri.Same;
        if (left.All(IsInequality) && left.Reverse().Select(RealSet.Turned).SequenceEqual(right)
            && Matching(given.Args.Reverse().ToArray(), reference.Args, anyOrder: false) == Tri.Same) return Tri.Same;
        if (left.Concat(right).All(IsEquality) && IsName(given.Args[0]) && IsName(reference.Args[0]) && given.Args[0].Key == reference.Args[0].Key)
            return RelationAndValue(given, reference.Args[^1], givenIsRelation: true);
        return Tri.Different;
    }

    private static bool IsInequality(string sign) => sign is "<" or ">" or "<=" or ">=";

    private static bool IsEquality(string sign) => sign is "=" or "~=" or "==" or "=>" or "->";

    private Tri Equations(IReadOnlyList<MathNode> given, IReadOnlyList<MathNode> reference)
    {
        MathNode[] a = NameFirst(given), b = NameFirst(reference);
        bool names = IsName(a[0]) && IsName(b[0]);
        if (names && (a[0].Key == b[0].Key || IsDependent(a[0]) && IsDependent(b[0])) && Compare(a[1], b[1]) == Tri.Same) return Tri.Same;
        if (a.Concat(b).All(static s => s.IsScalar)) return scalars.Proportional(a[0], a[1], b[0], b[1], positive: false);
        if (Compare(a[0], b[0]) == Tri.Same) return Compare(a[1], b[1]);
        return names ? Tri.Different : Tri.Unknown;
    }

    private static MathNode[] NameFirst(IReadOnlyList<MathNode> sides) =>
        IsName(sides[1]) && !IsName(sides[0]) ? [sides[1], sides[0]] : [sides[0], sides[1]];

    /// <summary>A letter, a word, a tuple of letters, a derivative, or a letter with its arguments: the left side of a definition.</summary>
    private static bool IsName(MathNode node) =>
        node.Kind is MathKind.Symbol or MathKind.Text
        || node.Kind == MathKind.Divide && node.Args.All(static a => a.Kind == MathKind.Multiply && a.Args[0] is { Kind: MathKind.Symbol, Text: "d" })
        || node.Kind == MathKind.Bracketed && node.Args.All(static a => a.Kind == MathKind.Symbol)
        || node.Kind == MathKind.Multiply && node.Args.Count == 2 && IsFunctionName(node.Args[0]);

    private static bool IsFunctionName(MathNode node) =>
        node.Kind == MathKind.Symbol && node.Text[0] is 'f' or 'g' or 'h' or 'F' or 'G' or 'H' or 'P' or 'p' or 'q' or 'T' or 'A' or 'V' or 'S' or 'N' or 'E'
        || node.Kind == MathKind.Power && IsFunctionName(node.Args[0]);

    /// <summary>y and f(x), names that stand for the value of a function.</summary>
    private static bool IsDependent(MathNode name) => name.Kind == MathKind.Multiply || name is { Kind: MathKind.Symbol, Text: "y" };

    /// <summary>
    /// An equation or chain and a value: the value must be that of a side that is no name. Sides other than that must agree with it,
    /// approximately when they are constants, so that 1/3 = 0.33 counts for 1/3. A left side of several letters (m + n = 7) counts as a name for
    /// a constant.
    /// </summary>
    private Tri RelationAndValue(MathNode relation, MathNode value, bool givenIsRelation)
    {
        string[] signs = relation.Text.Split(' ');
        if (signs.Length == 1 && signs[0] == "in" && relation.Args[0].Kind == MathKind.Symbol) return Pair(relation.Args[1]);
        if (!signs.All(IsEquality)) return Tri.Different;
        IReadOnlyList<MathNode> sides = relation.Args;
        List<MathNode> candidates;
        bool constantValue = value.IsScalar && !ScalarComparer.HasVariables(value);
        if (IsName(sides[0]) || sides[0].Kind == MathKind.Ratio && value.Kind is MathKind.Ratio or MathKind.Divide && sides[0].Args.All(IsName)) candidates = sides.Skip(1).ToList();
        else if (IsName(sides[^1]) && sides.Count == 2) candidates = [sides[0]];
        else if (sides.All(s => scalars.Constant(s) is not null)) candidates = sides.ToList();
        else if (constantValue && !sides[0].Any(static n => n.Kind is MathKind.Number or MathKind.Based) && ScalarComparer.HasVariables(sides[0]))
            candidates = sides.Skip(1).ToList();
        else return Tri.Different;
        Tri best = Tri.Different;
        foreach (MathNode candidate in candidates)
        {
            Tri one = Pair(candidate);
            if (one == Tri.Same)
            {
                best = Tri.Same;
                break;
            }
            if (one == Tri.Unknown) best = Tri.Unknown;
        }
        if (best != Tri.Same || candidates.Count == 1) return best;
        return candidates.All(c => Pair(c) == Tri.Same || Close(c, value)) ? Tri.Same : Tri.Different;

        Tri Pair(MathNode side) => givenIsRelation ? Compare(side, value) : Compare(value, side);
    }

    private bool Close(MathNode a, MathNode b) =>
        scalars.Constant(a) is { } left && scalars.Constant(b) is { } right && Math.Abs(left - right) <= 0.01 * Math.Abs(right);
}
