using System;
using System.Collections.Generic;
using System.Linq;

namespace TreeRl.Rewards.Answers;

/// <summary>
/// Compares two answers by their shape: collections without order, tuples and matrices place by place, intervals and conditions as sets of
/// reals, equations by what they say, values with units, percent and degrees, text in normal form; scalars go to
/// <see cref="ScalarComparer"/>.
/// </summary>
internal sealed partial class FormComparer(WorkBudget budget)
{
    private const int MaxUnmatched = 80;

    private readonly ScalarComparer scalars = new(budget);

    /// <summary>Whether the given answer means what the reference means.</summary>
    public Tri Compare(MathNode given, MathNode reference)
    {
        if (!budget.Spend(2)) return Tri.Unknown;
        given = Canonical(given);
        reference = Canonical(reference);
        if (given.Key == reference.Key) return Tri.Same;
        if (!IsCollection(given) && Signs.In(given)) given = Signs.Expand(given, budget) ?? given;
        if (!IsCollection(reference) && Signs.In(reference)) reference = Signs.Expand(reference, budget) ?? reference;
        if (IsSetLike(given) || IsSetLike(reference))
        {
            RealSet? a = RealSet.Read(given, scalars), b = a is null ? null : RealSet.Read(reference, scalars);
            if (a is not null && b is not null) return a.Compare(b, scalars);
        }
        if (given.Kind == MathKind.Relation && reference.Kind == MathKind.Relation) return Relations(given, reference);
        if (given.Kind == MathKind.Relation && (reference.Kind != MathKind.List || given.Text == "in")) return RelationAndValue(given, reference, givenIsRelation: true);
        if (reference.Kind == MathKind.Relation && (given.Kind != MathKind.List || reference.Text == "in")) return RelationAndValue(reference, given, givenIsRelation: false);
        if (given.Kind == MathKind.Text || reference.Kind == MathKind.Text) return Texts(given, reference);
        if (Point(given) is { } point && reference.Kind is MathKind.Bracketed or MathKind.Matrix) return Compare(point, reference);
        if (Point(reference) is { } named && given.Kind is MathKind.Bracketed or MathKind.Matrix) return Compare(given, named);
        if (Assigned(given, reference) is { } assigned) return Collections(assigned, reference);
        if (Assigned(reference, given) is { } known) return Collections(given, known);
        if (IsCollection(given) || IsCollection(reference)) return Collections(given, reference);
        if (given.Kind == MathKind.SetOperation && reference.Kind == MathKind.SetOperation)
            return given.Text == reference.Text ? Matching(given.Args, reference.Args, given.Text != "setminus") : Tri.Different;
        if (given.Kind is MathKind.Bracketed or MathKind.Matrix || reference.Kind is MathKind.Bracketed or MathKind.Matrix)
            return Places(given, reference);
        if (given.Kind == MathKind.SetOperation || reference.Kind == MathKind.SetOperation) return Tri.Different;
        if (given.Kind == MathKind.Ratio || reference.Kind == MathKind.Ratio) return Ratios(given, reference);
        return Values(given, reference);
    }

    /// <summary>Words that name a mathematical object become it; nested square brackets become a matrix; a number times a matrix is multiplied out.</summary>
    private MathNode Canonical(MathNode node)
    {
        if (node.Kind == MathKind.Text && !budget.Spend(1 + node.Text.Length / 4)) return node;
        if (node.Kind == MathKind.Text)
            return TextAnswer.Normal(node.Text) switch
            {
                "reals" => MathNode.Symbol("reals"),
                "infinity" => new MathNode(MathKind.Infinity, ""),
                "nosolution" => new MathNode(MathKind.Set, ""),
                _ => TextAnswer.WordValue(node.Text) is { } value ? MathNode.Number(value) : node,
            };
        if (node.Kind is MathKind.Add or MathKind.Multiply && node.Args.Count(static a => a.Kind == MathKind.Matrix || a is { Kind: MathKind.Negate, Args: [{ Kind: MathKind.Matrix }] }) > 1 && budget.Spend(node.Size))
            return MatrixArithmetic.Evaluate(node, budget) ?? node;
        if (node.Kind == MathKind.Multiply && node.Args.Count(static a => a.Kind == MathKind.Matrix) == 1 && budget.Spend(node.Size))
        {
            MathNode matrix = node.Args.First(static a => a.Kind == MathKind.Matrix);
            MathNode[] factors = node.Args.Where(static a => a.Kind != MathKind.Matrix).ToArray();
            if (!budget.Spend((long)factors.Length * matrix.Args.Count)) return node;
            return matrix.With([.. matrix.Args.Select(cell => new MathNode(MathKind.Multiply, "", [.. factors, cell]))]);
        }
        if (node is { Kind: MathKind.Bracketed, Text: "[]" } && node.Args.All(a => a is { Kind: MathKind.Bracketed, Text: "[]" } && a.Args.Count == node.Args[0].Args.Count)
            && budget.Spend(node.Size))
            return MathNode.Matrix(node.Args[0].Args.Count, [.. node.Args.SelectMany(static row => row.Args)]);
        if (node.Kind == MathKind.Negate && node.Args[0].Kind == MathKind.Matrix && budget.Spend(node.Size))
            return node.Args[0].With([.. node.Args[0].Args.Select(MathNode.Negate)]);
        return node;
    }

    private static bool IsCollection(MathNode node) =>
        node.Kind is MathKind.List or MathKind.Set || node is { Kind: MathKind.Bracketed, Text: "[]", Args.Count: >= 3 };

    private static bool IsSetLike(MathNode node) => node.Kind switch
    {
        MathKind.SetOperation => true,
        MathKind.Symbol => node.Text == "reals",
        MathKind.Relation => node.Text.Split(' ').Any(static s => s is "<" or ">" or "<=" or ">=" or "in" or "!="),
        MathKind.List => node.Text == "or" && node.Args.Any(IsSetLike) || node.Args.All(static a => a.Kind == MathKind.Relation && a.Text == "!=")
            || node.Args.All(static a => a.Kind == MathKind.Bracketed && a.Any(static b => b.Kind == MathKind.Infinity)),
        MathKind.Set => node.Args.Count > 0 && node.Args.All(static a => a.Kind == MathKind.Relation),
        _ => false,
    };

    /// <summary>The coordinates of a labelled point, A(1, 2), or null when the node is none.</summary>
    private static MathNode? Point(MathNode node) =>
        node is { Kind: MathKind.Multiply, Args: [{ Kind: MathKind.Symbol } label, { Kind: MathKind.Bracketed, Args.Count: >= 2 } place] } && char.IsUpper(label.Text[0]) ? place : null;

    /// <summary>
    /// Assignments in groups as tuples, p = 5, q = 2; p = 7, q = 2 as (5, 2), (7, 2), where the other side has tuples of that many places; null when it is nothing like that.
    /// </summary>
    private MathNode? Assigned(MathNode node, MathNode other)
    {
        if (node.Kind != MathKind.List || !IsCollection(other) || !node.Args.All(static a => a is { Kind: MathKind.Relation, Text: "=", Args: [{ Kind: MathKind.Symbol }, _] })) return null;
        if (other.Args.Count == 0 || !other.Args.All(static a => a is { Kind: MathKind.Bracketed, Text: "()" })) return null;
        int places = other.Args[0].Args.Count;
        if (places < 2 || node.Args.Count != places * other.Args.Count || !budget.Spend(node.Args.Count)) return null;
        for (int i = 0; i < node.Args.Count; i++)
        {
            string name = node.Args[i].Args[0].Text;
            if (i < places ? node.Args.Take(i).Any(earlier => earlier.Args[0].Text == name) : node.Args[i - places].Args[0].Text != name) return null;
        }
        var tuples = node.Args.Chunk(places).Select(static group => new MathNode(MathKind.Bracketed, "()", [.. group.Select(static a => a.Args[1])]));
        return new MathNode(MathKind.List, "", [.. tuples]);
    }

    private Tri Texts(MathNode given, MathNode reference)
    {
        if (!budget.Spend(1 + (given.Text.Length + reference.Text.Length) / 4)) return Tri.Unknown;
        if (given.Kind != MathKind.Text || reference.Kind != MathKind.Text) return given.Garbled || reference.Garbled ? Tri.Unknown : Tri.Different;
        string a = TextAnswer.Normal(given.Text), b = TextAnswer.Normal(reference.Text);
        return a.Length > 0 && a == b ? Tri.Same : given.Garbled || reference.Garbled ? Tri.Unknown : Tri.Different;
    }

    private Tri Collections(MathNode given, MathNode reference)
    {
        if (given is { Kind: MathKind.Bracketed, Args.Count: >= 2 } && reference is { Kind: MathKind.List } && given.Args.Count == reference.Args.Count
            && reference.Args.All(static a => a.Kind != MathKind.Bracketed))
            return Matching(given.Args, reference.Args, anyOrder: false);
        if (reference is { Kind: MathKind.Bracketed, Text: "()" } && given is { Kind: MathKind.List } && given.Args.Count == reference.Args.Count
            && given.Args.All(static a => a.Kind != MathKind.Bracketed))
            return Matching(given.Args, reference.Args, anyOrder: false);
        if (given.Kind == MathKind.Bracketed && reference.Kind is MathKind.Bracketed or MathKind.Matrix || given.Kind == MathKind.Matrix && reference.Kind == MathKind.Bracketed)
            return Places(given, reference);
        if (Items(given) is not { } left || Items(reference) is not { } right) return Tri.Unknown;
        if (left.Count == 0 || right.Count == 0) return left.Count == right.Count ? Tri.Same : Tri.Different;
        if (left.Count == 1 && right.Count == 1 && !(IsCollection(left[0]) && IsCollection(right[0]))) return Compare(left[0], right[0]);
        if (given.Kind == MathKind.Set && reference.Kind == MathKind.Set) return Matching(Distinct(left), Distinct(right), anyOrder: true);
        return Matching(left, right, anyOrder: true);
    }

    /// <summary>The items of a collection, plus-or-minus written out; a single value is its own only item.</summary>
    private List<MathNode>? Items(MathNode node)
    {
        IReadOnlyList<MathNode> parts = IsCollection(node) ? node.Args : [node];
        var items = new List<MathNode>();
        foreach (MathNode part in parts)
        {
            if (!Signs.In(part)) items.Add(part);
            else if (Signs.Expand(part, budget) is { } versions) items.AddRange(versions.Args);
            else return null;
        }
        return items;
    }

    private static List<MathNode> Distinct(List<MathNode> items)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return items.Where(item => seen.Add(item.Key)).ToList();
    }

    /// <summary>Whether the items pair off, in their order or in any.</summary>
    private Tri Matching(IReadOnlyList<MathNode> given, IReadOnlyList<MathNode> reference, bool anyOrder)
    {
        if (given.Count != reference.Count || !budget.Spend(given.Count)) return budget.Exhausted ? Tri.Unknown : Tri.Different;
        bool unknown = false;
        if (!anyOrder)
        {
            for (int i = 0; i < given.Count; i++)
            {
                Tri one = Compare(given[i], reference[i]);
                if (one == Tri.Different) return Tri.Different;
                unknown |= one == Tri.Unknown;
            }
            return unknown ? Tri.Unknown : Tri.Same;
        }
        var open = new Dictionary<string, List<MathNode>>(StringComparer.Ordinal);
        foreach (MathNode item in reference)
        {
            if (!open.TryGetValue(item.Key, out List<MathNode>? same)) open[item.Key] = same = [];
            same.Add(item);
        }
        var unmatched = new List<MathNode>();
        foreach (MathNode item in given)
        {
            if (open.TryGetValue(item.Key, out List<MathNode>? same) && same.Count > 0) same.RemoveAt(same.Count - 1);
            else unmatched.Add(item);
        }
        List<MathNode> rest = open.Values.SelectMany(static s => s).ToList();
        if (rest.Count > MaxUnmatched) return Tri.Unknown;
        foreach (MathNode item in unmatched)
        {
            bool found = false, doubt = false;
            for (int i = 0; i < rest.Count && !found; i++)
            {
                Tri one = Compare(item, rest[i]);
                doubt |= one == Tri.Unknown;
                if (one != Tri.Same) continue;
                rest.RemoveAt(i);
                found = true;
            }
            if (!found) return doubt ? Tri.Unknown : Tri.Different;
        }
        return Tri.Same;
    }

    /// <summary>Tuples, vectors, intervals and matrices. A vector may be written as a tuple or as a matrix of one row or column.</summary>
    private Tri Places(MathNode given, MathNode reference)
    {
        if (given.Kind is not (MathKind.Bracketed or MathKind.Matrix) || reference.Kind is not (MathKind.Bracketed or MathKind.Matrix))
            return given.Kind == MathKind.Matrix && given.Args.Count == 1 ? Compare(given.Args[0], reference)
                : reference.Kind == MathKind.Matrix && reference.Args.Count == 1 ? Compare(given, reference.Args[0])
                : Tri.Different;
        if (given.Args.Count != reference.Args.Count) return Tri.Different;
        if (given.Kind == reference.Kind)
        {
            if (given.Kind == MathKind.Matrix ? given.Columns != reference.Columns : !SameBrackets(given, reference)) return Tri.Different;
        }
        else
        {
            MathNode matrix = given.Kind == MathKind.Matrix ? given : reference;
            if (matrix.Columns != 1 && matrix.Columns != matrix.Args.Count) return Tri.Different;
        }
        return Matching(given.Args, reference.Args, anyOrder: false);
    }

    /// <summary>Round or square brackets matter for two places; at an infinite end they say nothing.</summary>
    private static bool SameBrackets(MathNode a, MathNode b)
    {
        if (a.Text == b.Text || a.Args.Count > 2) return true;
        bool low = a.Text[0] == b.Text[0] || a.Args[0].Any(static n => n.Kind == MathKind.Infinity);
        bool high = a.Text[1] == b.Text[1] || a.Args[1].Any(static n => n.Kind == MathKind.Infinity);
        return low && high;
    }

    /// <summary>Ratios agree part by part or in proportion; times of day only part by part; a ratio of two parts is also a fraction.</summary>
    private Tri Ratios(MathNode given, MathNode reference)
    {
        if (given.Kind == MathKind.Quantity) return Compare(given.Args[0], reference);
        if (reference.Kind == MathKind.Quantity) return Compare(given, reference.Args[0]);
        if (given.Kind != reference.Kind)
        {
            MathNode ratio = given.Kind == MathKind.Ratio ? given : reference, other = given.Kind == MathKind.Ratio ? reference : given;
            return ratio.Args.Count == 2 && !IsClock(ratio) ? Values(new MathNode(MathKind.Divide, "", [.. ratio.Args]), other) : Tri.Different;
        }
        if (given.Args.Count != reference.Args.Count) return Tri.Different;
        if (Matching(given.Args, reference.Args, anyOrder: false) is var direct && (direct == Tri.Same || IsClock(given) || IsClock(reference))) return direct;
        for (int i = 1; i < given.Args.Count; i++)
        {
            MathNode left = new(MathKind.Multiply, "", given.Args[0], reference.Args[i]), right = new(MathKind.Multiply, "", given.Args[i], reference.Args[0]);
            if (Values(left, right) is var one and not Tri.Same) return one;
        }
        return Tri.Same;
    }

    private static bool IsClock(MathNode ratio) =>
        ratio.Args.Count == 2 && ratio.Args.All(static a => a is { Kind: MathKind.Number, Value.IsInteger: true })
        && ratio.Args[0].Value.Numerator is var hour && hour >= 0 && hour <= 24 && ratio.Args[1].Value.Numerator is var minute && (minute.IsZero || minute >= 10) && minute < 60;
}
