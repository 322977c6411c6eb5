using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace TreeRl.Rewards.Answers;

/// <summary>What a node of a read answer is. Scalars come first, shapes of several values after them.</summary>
internal enum MathKind : byte
{
    Number,
    Symbol,
    Infinity,
    Sign,
    Add,
    Multiply,
    Divide,
    Negate,
    Power,
    Root,
    Call,
    Percent,
    Degree,
    Based,
    Quantity,
    Text,
    List,
    Bracketed,
    Set,
    SetOperation,
    Relation,
    Ratio,
    Matrix,
}

/// <summary>
/// One node of the tree an answer is read into. Immutable. What <see cref="Text"/> holds depends on the kind:
/// symbol: its name; sign: "+" for plus-or-minus, "-" for minus-or-plus; call: the function; based: digits, "_" and base; quantity: the unit;
/// text: the words as written; bracketed: both brackets; set operation: cup, cap or setminus; relation: the operators, separated by
/// spaces; list: "or" when the items were joined by it.
/// </summary>
internal sealed class MathNode
{
    private string? key;

    public MathNode(MathKind kind, string text, params MathNode[] args)
    {
        Kind = kind;
        Text = text;
        Args = args;
        int depth = 0, size = 1;
        foreach (MathNode arg in args)
        {
            depth = Math.Max(depth, arg.Depth);
            size += arg.Size;
        }
        Depth = depth + 1;
        Size = size;
    }

    public MathKind Kind { get; }

    public string Text { get; }

    public IReadOnlyList<MathNode> Args { get; }

    /// <summary>The exact value of a number; 0 otherwise.</summary>
    public BigRational Value { get; private init; } = BigRational.Zero;

    /// <summary>Digits after the decimal point of a number written as a decimal; -1 for whole numbers and fractions.</summary>
    public int Places { get; private init; } = -1;

    /// <summary>Columns of a matrix, whose cells are the arguments row by row.</summary>
    public int Columns { get; private init; }

    /// <summary>For text: true when it is not plain words but something that could not be read as mathematics.</summary>
    public bool Garbled { get; private init; }

    /// <summary>Nodes on the longest way down.</summary>
    public int Depth { get; }

    /// <summary>Nodes in all.</summary>
    public int Size { get; }

    public bool IsScalar => Kind < MathKind.Text;

    public static MathNode Number(BigRational value, int places = -1) => new(MathKind.Number, "") { Value = value, Places = places };

    public static MathNode Number(long value) => Number(new BigRational(value));

    public static MathNode Symbol(string name) => new(MathKind.Symbol, name);

    public static MathNode Words(string text, bool garbled) => new(MathKind.Text, text) { Garbled = garbled };

    public static MathNode Matrix(int columns, MathNode[] cells) => new(MathKind.Matrix, "", cells) { Columns = columns };

    public static MathNode Negate(MathNode node) => new(MathKind.Negate, "", node);

    /// <summary>The same node with other arguments.</summary>
    public MathNode With(MathNode[] args) =>
        new(Kind, Text, args) { Value = Value, Places = Places, Columns = Columns, Garbled = Garbled };

    /// <summary>True when this node or one below satisfies the predicate.</summary>
    public bool Any(Func<MathNode, bool> predicate)
    {
        if (predicate(this)) return true;
        foreach (MathNode arg in Args)
            if (arg.Any(predicate)) return true;
        return false;
    }

    /// <summary>A text that two nodes share exactly when they are written alike after reading.</summary>
    public string Key
    {
        get
        {
            if (key is not null) return key;
            var builder = new StringBuilder();
            AppendKey(builder);
            return key = builder.ToString();
        }
    }

    private void AppendKey(StringBuilder builder)
    {
        if (Kind == MathKind.Number)
        {
            builder.Append('#').Append(Value.Numerator.ToString("X", CultureInfo.InvariantCulture)); // hexadecimal is linear in the length
            if (!Value.IsInteger) builder.Append('/').Append(Value.Denominator.ToString("X", CultureInfo.InvariantCulture));
            return;
        }
        builder.Append((char)('A' + (int)Kind)).Append(Text);
        if (Columns > 0) builder.Append(':').Append(Columns);
        builder.Append('(');
        foreach (MathNode arg in Args)
        {
            arg.AppendKey(builder);
            builder.Append(';');
        }
        builder.Append(')');
    }

    public override string ToString() => Key;
}
