using System.Collections.Generic;
using System.Text;

namespace TreeRl.Rewards.Answers;

/// <content>Ratios, currency in front of a value, number words and units behind it.</content>
internal sealed partial class MathParser
{
    private MathNode? Ratio()
    {
        string prefix = "";
        if (IsKind(TokenKind.Word) && Now.Text is "$" or "USD" or "Rs" or "US")
        {
            prefix = "$";
            at++;
        }
        else if (Is("-") && at + 1 < tokens.Count && tokens[at + 1] is { Kind: TokenKind.Word, Text: "$" })
        {
            tokens[at + 1] = tokens[at]; // -$5 is $-5
            prefix = "$";
            at++;
        }
        if (Sum() is not { } first) return null;
        if (IsRatioSign())
        {
            var parts = new List<MathNode> { first };
            while (IsRatioSign())
            {
                at++;
                if (Sum() is not { } part) return null;
                parts.Add(part);
            }
            first = new MathNode(MathKind.Ratio, "", [.. parts]);
        }
        first = Magnitude(first);
        if (prefix.Length > 0) first = new MathNode(MathKind.Quantity, prefix, first);
        if (first.Kind != MathKind.Text && (IsKind(TokenKind.Word) || Is("pmod") || Is("mod"))) return Unit(first);
        return Limited(first);
    }

    /// <summary>A value times the number word behind it: 5 million.</summary>
    private MathNode Magnitude(MathNode value)
    {
        if (!IsKind(TokenKind.Word) || !value.IsScalar) return value;
        string word = Now.Text, head = word.IndexOf(' ') is var space and > 0 ? word[..space] : word;
        long factor = head switch
        {
            "dozen" => 12,
            "hundred" => 100,
            "thousand" => 1000,
            "million" => 1_000_000,
            "billion" => 1_000_000_000,
            "trillion" => 1_000_000_000_000,
            _ => 0,
        };
        if (factor == 0) return value;
        if (head.Length == word.Length) at++;
        else tokens[at] = Now with { Text = word[(head.Length + 1)..] };
        return new MathNode(MathKind.Multiply, "", value, MathNode.Number(factor));
    }

    /// <summary>A colon, or "to" in front of a number.</summary>
    private bool IsRatioSign() =>
        Is(":") || IsKind(TokenKind.Word) && Now.Text == "to" && at + 1 < tokens.Count && tokens[at + 1].Kind == TokenKind.Number;

    /// <summary>The words, powers and quotients of a unit up to the end of the item.</summary>
    private MathNode? Unit(MathNode value)
    {
        if (Take("pmod") || Take("mod"))
            return Argument(digitsApart: false) is { } modulus ? Limited(new MathNode(MathKind.Quantity, "mod " + modulus.Key, value)) : null;
        var unit = new StringBuilder();
        int braces = 0;
        while (!AtEnd && !IsSeparator(at) && !IsRelation() && !(IsClosing() && (braces == 0 || !Is("}"))) && !Is("&"))
        {
            MathToken token = tokens[at];
            braces += Is("{") ? 1 : Is("}") ? -1 : 0;
            bool ok = token.Kind == TokenKind.Word || token.Text is "/" or "^" or "*" or "{" or "}" or "." || token.Kind is TokenKind.Number or TokenKind.Name
                && unit.Length > 0 || token is { Kind: TokenKind.Operator, Text: "-" } && unit.Length > 0 && unit[^1] is '^' or '{';
            if (token is { Kind: TokenKind.Operator, Text: "(" } && unit.Length > 0)
            {
                SkipRemark();
                continue;
            }
            if (!ok || token.Kind == TokenKind.Number && unit.Length > 0 && unit[^1] is not ('^' or '{')) return null;
            if (token.Kind == TokenKind.Word && unit.Length > 0 && unit[^1] is not '/') unit.Append(' ');
            unit.Append(token.Text);
            at++;
            if (!budget.Spend()) return null;
        }
        string name = unit.ToString();
        if (name is "percent" or "per cent") return Limited(new MathNode(MathKind.Percent, "", value));
        if (name is "degrees" or "degree" or "deg") return Limited(new MathNode(MathKind.Degree, "", value));
        if (value.Kind == MathKind.Quantity && value.Text == "$") return Limited(value);
        return Limited(new MathNode(MathKind.Quantity, name, value));
    }

    /// <summary>Skips a remark in brackets behind a unit.</summary>
    private void SkipRemark()
    {
        int level = 0;
        do
        {
            if (Is("(")) level++;
            if (Is(")")) level--;
            at++;
        }
        while (!AtEnd && level > 0);
    }
}
