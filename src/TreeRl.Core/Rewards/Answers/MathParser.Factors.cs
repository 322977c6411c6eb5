using System;
using System.Collections.Generic;
using System.Numerics;

namespace TreeRl.Rewards.Answers;

/// <content>Factors, numbers, arguments of commands, functions.</content>
internal sealed partial class MathParser
{
    private MathNode? Factor()
    {
        if (++depth > WorkBudget.MaxDepth || !budget.Spend()) return null;
        bool negative = false;
        while (Is("-") || Is("+"))
        {
            negative ^= Is("-");
            at++;
        }
        MathNode? node = Primary();
        while (node is not null && !AtEnd)
        {
            if (Is("^")) node = Raised(node);
            else if (Take("deg")) node = Degrees(node);
            else if (Is("!") && !IsAt(at + 1, "="))
            {
                at++;
                node = Limited(new MathNode(MathKind.Call, Take("!") ? "doublefactorial" : "factorial", node));
            }
            else if (Take("%")) node = Limited(new MathNode(MathKind.Percent, "", node));
            else if (Is("_")) node = Subscripted(node);
            else if (Is("'"))
            {
                int primes = at;
                while (Take("'"))
                {
                }
                if (node.Kind == MathKind.Symbol) node = MathNode.Symbol(node.Text + new string('\'', at - primes));
            }
            else break;
        }
        depth--;
        return node is null ? null : Limited(negative ? Negate(node) : node);
    }

    private MathNode? Raised(MathNode value)
    {
        at++;
        if (IsAt(at, "deg"))
        {
            at++;
            return Degrees(value);
        }
        if (IsAt(at, "{") && IsAt(at + 1, "deg") && IsAt(at + 2, "}"))
        {
            at += 3;
            return Degrees(value);
        }
        if (IsAt(at, "'") || IsAt(at, "{") && IsAt(at + 1, "'") && IsAt(at + 2, "}"))
        {
            at += Is("{") ? 3 : 1;
            return value.Kind == MathKind.Symbol ? MathNode.Symbol(value.Text + "'") : value;
        }
        if (Argument(digitsApart: false) is not { } exponent) return null;
        if (value.Kind == MathKind.Matrix && exponent is { Kind: MathKind.Symbol, Text: "T" }) return Transpose(value);
        if (Is("^"))
        {
            if (++depth > WorkBudget.MaxDepth || Raised(exponent) is not { } tower) return null;
            depth--;
            exponent = tower;
        }
        return Limited(new MathNode(MathKind.Power, "", value, exponent));
    }

    /// <summary>Degrees, with minutes of arc behind them: 25 degrees 30'.</summary>
    private MathNode? Degrees(MathNode value)
    {
        if (IsKind(TokenKind.Number) && (IsAt(at + 1, "'") || IsAt(at + 1, "^") && IsAt(at + 2, "'")) && Number(tokens[at].Text) is { } minutes)
        {
            at += IsAt(at + 1, "'") ? 2 : 3;
            value = new MathNode(MathKind.Add, "", value, new MathNode(MathKind.Divide, "", minutes, MathNode.Number(60)));
        }
        return Limited(new MathNode(MathKind.Degree, "", value));
    }

    private MathNode? Subscripted(MathNode value)
    {
        at++;
        int start = at;
        string written;
        if (IsKind(TokenKind.Word) || Is("{") && at + 2 < tokens.Count && tokens[at + 1].Kind == TokenKind.Word && IsAt(at + 2, "}"))
        {
            at += Is("{") ? 3 : 1;
            written = tokens[at - 1].Kind == TokenKind.Word ? tokens[at - 1].Text : tokens[at - 2].Text;
            if (value.Kind == MathKind.Number && TextAnswer.WordValue(written) is { } named and >= 2 and <= 36)
                return new MathNode(MathKind.Based, $"{value.Value.Numerator}_{named}");
        }
        else
        {
            if (Argument(digitsApart: false) is not { } index) return null;
            if (value is { Kind: MathKind.Number, Value.IsInteger: true } && index is { Kind: MathKind.Number, Value.IsInteger: true })
                return new MathNode(MathKind.Based, $"{value.Value.Numerator}_{index.Value.Numerator}");
            written = index.Kind == MathKind.Symbol ? index.Text : index.Kind == MathKind.Number ? index.Value.ToString() : index.Key;
        }
        budget.Spend(at - start + value.Text.Length / 4);
        return value.Kind is MathKind.Symbol or MathKind.Text ? Limited(MathNode.Symbol($"{value.Text}_{written}")) : null;
    }

    /// <summary>
    /// The argument of a command or of ^ and _: a group, a bracket or one token. With <paramref name="digitsApart"/> a number gives up its
    /// first digit only, as LaTeX reads <c>\frac12</c>.
    /// </summary>
    private MathNode? Argument(bool digitsApart)
    {
        if (AtEnd || ++depth > WorkBudget.MaxDepth || !budget.Spend()) return null;
        bool negative = Is("-");
        if (negative || Is("+")) at++;
        MathNode? node;
        if (digitsApart && IsKind(TokenKind.Number) && Now.Text.Length > 1)
        {
            MathToken whole = tokens[at];
            node = Number(whole.Text[..1]);
            tokens[at] = whole with { Text = whole.Text[1..].TrimStart('.'), Spaced = false };
            if (tokens[at].Text.Length == 0) at++;
        }
        else node = IsKind(TokenKind.Number) ? Number(tokens[at++].Text) : Primary();
        depth--;
        return node is null ? null : negative ? Negate(node) : node;
    }

    private MathNode? Number(string digits)
    {
        if (!budget.Spend(1 + (long)digits.Length * digits.Length / 4096)) return null;
        int point = digits.IndexOf('.');
        if (point < 0) return BigInteger.TryParse(digits, out BigInteger whole) ? MathNode.Number(new BigRational(whole)) : null;
        int places = digits.Length - point - 1;
        if (!BigInteger.TryParse(digits.Remove(point, 1), out BigInteger scaled)) return null;
        return MathNode.Number(BigRational.Of(scaled, BigInteger.Pow(10, places)), places);
    }

    private MathNode? Repeating(string text)
    {
        int mark = text.IndexOf('r');
        string head = text[..mark], cycle = text[(mark + 1)..];
        int places = head.Length - head.IndexOf('.') - 1;
        if (!budget.Spend(1 + (long)text.Length * text.Length / 4096)) return null;
        BigInteger whole = BigInteger.Parse(head.Remove(head.IndexOf('.'), 1) is { Length: > 0 } digits ? digits : "0");
        BigInteger nines = BigInteger.Pow(10, cycle.Length) - 1;
        return MathNode.Number(BigRational.Of(whole * nines + BigInteger.Parse(cycle), nines * BigInteger.Pow(10, places)));
    }

    /// <summary>A number, with the proper fraction behind it when it is a mixed number: <c>1\frac{4}{5}</c>, <c>2 1/2</c>.</summary>
    private MathNode? NumberOrMixed()
    {
        MathToken token = tokens[at++];
        if (Number(token.Text) is not { } whole) return null;
        if (whole.Places >= 0) return whole;
        if (IsKind(TokenKind.Number) && Now.Spaced && IsAt(at + 1, "/") && at + 2 < tokens.Count && tokens[at + 2].Kind == TokenKind.Number
            && !IsAt(at + 3, "^") && Number(Now.Text) is { Value.IsInteger: true } top && Number(tokens[at + 2].Text) is { Value.IsInteger: true } bottom
            && top.Value.CompareTo(bottom.Value) < 0)
        {
            at += 3;
            return MathNode.Number(whole.Value + top.Value / bottom.Value);
        }
        if (PlainFraction(out BigRational fraction, out int next, out MathToken? rest) && fraction.CompareTo(BigRational.One) < 0)
        {
            at = next;
            if (rest is { } left) tokens[at] = left;
            return MathNode.Number(whole.Value + fraction);
        }
        return whole;
    }

    /// <summary>Looks ahead for a fraction of two plain whole numbers, without moving; <paramref name="rest"/> is what is left of a number that gave digits.</summary>
    private bool PlainFraction(out BigRational value, out int next, out MathToken? rest)
    {
        value = BigRational.Zero;
        next = at + 1;
        rest = null;
        if (at >= tokens.Count || tokens[at] is not { Kind: TokenKind.Command, Text: "frac" }) return false;
        string[] parts = ["", ""];
        string pending = "";
        for (int part = 0; part < 2; part++)
        {
            if (pending.Length == 0 && IsAt(next, "{"))
            {
                if (next + 2 >= tokens.Count || tokens[next + 1].Kind != TokenKind.Number || !IsAt(next + 2, "}")) return false;
                parts[part] = tokens[next + 1].Text;
                next += 3;
                continue;
            }
            if (pending.Length == 0)
            {
                if (next >= tokens.Count || tokens[next].Kind != TokenKind.Number) return false;
                pending = tokens[next++].Text;
            }
            parts[part] = pending[..1];
            pending = pending[1..];
        }
        if (parts[0].Length > 30 || parts[1].Length > 30 || parts[0].Contains('.') || parts[1].Contains('.')) return false;
        if (pending.Length > 0) rest = tokens[--next] with { Text = pending, Spaced = false };
        BigInteger top = BigInteger.Parse(parts[0]), bottom = BigInteger.Parse(parts[1]);
        if (top.IsZero || bottom.IsZero) return false;
        value = BigRational.Of(top, bottom);
        return true;
    }

    private MathNode? Command()
    {
        string name = tokens[at++].Text;
        switch (name)
        {
            case "frac":
                if (Argument(digitsApart: true) is not { } numerator || Argument(digitsApart: true) is not { } denominator) return null;
                return Limited(new MathNode(MathKind.Divide, "", numerator, denominator));
            case "binom":
                if (Argument(digitsApart: true) is not { } n) return null;
                if (n is { Kind: MathKind.Bracketed, Args.Count: 2 }) return Limited(new MathNode(MathKind.Call, "binom", n.Args[0], n.Args[1]));
                return Argument(digitsApart: true) is { } k ? Limited(new MathNode(MathKind.Call, "binom", n, k)) : null;
            case "sqrt":
                return SquareRoot();
            case "cbrt":
                return Argument(digitsApart: false) is { } cube ? Limited(new MathNode(MathKind.Root, "", cube, MathNode.Number(3))) : null;
            case "overline":
                if (Argument(digitsApart: false) is not { } barred) return null;
                return barred.Kind is MathKind.Text or MathKind.Number ? barred : MathNode.Symbol("overline " + barred.Key);
        }
        if (name.StartsWith("begin ", StringComparison.Ordinal)) return Environment(name[6..]);
        if (Vocabulary.Functions.ContainsKey(name) || name is "arcsinh") return Function(name);
        return null;
    }

    private MathNode? SquareRoot()
    {
        MathNode? order = null;
        if (Take("["))
        {
            order = Sum();
            if (order is null || !Take("]")) return null;
        }
        if (Argument(digitsApart: false) is not { } radicand) return null;
        return Limited(new MathNode(MathKind.Root, "", radicand, order ?? MathNode.Number(2)));
    }

    /// <summary>A named function: power and base may stand before the argument, which is a bracket or a run of plain factors.</summary>
    private MathNode? Function(string name)
    {
        MathNode? power = null, index = null;
        while (Is("^") || Is("_"))
        {
            bool isPower = Take("^");
            if (!isPower) at++;
            if (Argument(digitsApart: false) is not { } value) return null;
            if (isPower) power = value;
            else index = value;
        }
        bool bracketed = Is("(") || Is("{") || Is("|");
        if ((bracketed ? Primary() : FunctionArgument()) is not { } argument) return null;
        if (power is { Kind: MathKind.Number, Value: { IsInteger: true, Sign: < 0 } minus } && minus.Equals(-BigRational.One)
            && name is "sin" or "cos" or "tan" or "cot" or "sec" or "csc")
        {
            name = "arc" + name;
            power = null;
        }
        var args = new List<MathNode>();
        if (argument.Kind is MathKind.Bracketed) args.AddRange(argument.Args);
        else args.Add(argument);
        if (index is not null) args.Add(index);
        MathNode call = new(MathKind.Call, name, [.. args]);
        return Limited(power is null ? call : new MathNode(MathKind.Power, "", call, power));
    }

    private MathNode? FunctionArgument()
    {
        var factors = new List<MathNode>();
        bool negative = Take("-");
        while (!AtEnd && (IsKind(TokenKind.Number) || IsKind(TokenKind.Name) || IsKind(TokenKind.Command) && Now.Text is "frac" or "sqrt" || Is("{")
            || factors.Count > 0 && Is("*") && at + 1 < tokens.Count && tokens[at + 1].Kind is TokenKind.Number or TokenKind.Name))
        {
            Take("*");
            if (Factor() is not { } factor) return null;
            factors.Add(factor);
        }
        if (factors.Count == 0) return IsKind(TokenKind.Command) ? Factor() : null;
        MathNode argument = factors.Count == 1 ? factors[0] : new MathNode(MathKind.Multiply, "", [.. factors]);
        if (Is("/") && at + 1 < tokens.Count && tokens[at + 1].Kind == TokenKind.Number && factors.Exists(static f => f is { Kind: MathKind.Symbol, Text: "pi" }))
        {
            at++;
            argument = new MathNode(MathKind.Divide, "", argument, Factor() ?? MathNode.Number(1));
        }
        return Limited(negative ? Negate(argument) : argument);
    }
}
