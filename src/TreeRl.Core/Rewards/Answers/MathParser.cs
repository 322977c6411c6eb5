using System;
using System.Collections.Generic;
using System.Numerics;
using System.Text;

namespace TreeRl.Rewards.Answers;

/// <summary>
/// Reads the tokens of an answer by recursive descent:
/// <code>
/// answer   = item { ("," | ";" | "and" | "or" | "\\") item }
/// item     = union { relation-sign union }
/// union    = ratio { ("cup" | "cap" | "setminus") ratio }
/// ratio    = sum { ":" sum } [ unit ]
/// sum      = [ sign ] term { sign term }
/// term     = factor { [ "*" | "/" ] factor }
/// factor   = primary { "^" argument | "!" | "%" | degree | "_" argument }
/// </code>
/// An item that cannot be read becomes a text node; a parse therefore always has a result. Nesting is limited by
/// <see cref="WorkBudget.MaxDepth"/>, work by the budget.
/// </summary>
internal sealed partial class MathParser
{
    private readonly string source;
    private readonly List<MathToken> tokens;
    private readonly WorkBudget budget;
    private int at;
    private int depth;
    private int openBars;
    private int signs;

    private MathParser(string source, List<MathToken> tokens, WorkBudget budget)
    {
        this.source = source;
        this.tokens = tokens;
        this.budget = budget;
    }

    /// <summary>The tree of a cleaned answer.</summary>
    public static MathNode Parse(string cleaned, CommaRule commas, WorkBudget budget)
    {
        var parser = new MathParser(cleaned, MathLexer.Read(cleaned, commas, budget), budget);
        return parser.Answer();
    }

    private bool AtEnd => at >= tokens.Count;

    private MathToken Now => at < tokens.Count ? tokens[at] : default;

    private bool Is(string value) => at < tokens.Count && tokens[at].Kind == TokenKind.Operator && tokens[at].Text == value;

    private bool IsKind(TokenKind kind) => at < tokens.Count && tokens[at].Kind == kind;

    private bool IsAt(int index, string value) => index < tokens.Count && tokens[index].Kind == TokenKind.Operator && tokens[index].Text == value;

    private bool Take(string value)
    {
        if (!Is(value)) return false;
        at++;
        return true;
    }

    private bool IsSeparator(int index) =>
        index < tokens.Count && tokens[index].Kind == TokenKind.Operator && tokens[index].Text is "," or ";" or "and" or "or" or "\\\\";

    private MathNode? Limited(MathNode node) => node.Depth <= WorkBudget.MaxDepth && budget.Spend() ? node : null;

    private MathNode Answer()
    {
        var items = new List<MathNode>();
        bool or = false;
        while (!AtEnd && !budget.Exhausted)
        {
            if (IsSeparator(at))
            {
                or |= Is("or");
                at++;
                continue;
            }
            items.Add(Item());
        }
        if (items.Count == 1) return items[0];
        if (items.Count == 0) return MathNode.Words(source, garbled: !IsPlain(source));
        return new MathNode(MathKind.List, or ? "or" : "", [.. items]);
    }

    /// <summary>One item up to a separator outside brackets; as text when it cannot be read.</summary>
    private MathNode Item()
    {
        int start = at;
        SkipSubject();
        while (IsKind(TokenKind.Word) && Vocabulary.Hedges.Contains(Now.Text) && at + 1 < tokens.Count && !IsSeparator(at + 1)) at++;
        while (Is("=") || Is("~=") || Is("=>") || Is("->")) at++;
        MathNode? item = Relation();
        if (item is not null && (AtEnd || IsSeparator(at))) return item;
        depth = openBars = 0;
        int level = 0;
        at = Math.Max(start, 0);
        while (at < tokens.Count && !(level <= 0 && at > start && IsSeparator(at)))
        {
            if (tokens[at].Kind == TokenKind.Operator)
            {
                if (tokens[at].Text is "(" or "[" or "{" or "\\{" or "<<") level++;
                if (tokens[at].Text is ")" or "]" or "}" or "\\}" or ">>") level--;
            }
            at++;
        }
        int from = tokens[start].Start, to = tokens[at - 1].End;
        string words = from >= 0 && to >= from ? source[from..to] : source;
        return MathNode.Words(words, garbled: !IsPlain(words));
    }

    /// <summary>Skips words and letters up to "is" or "are" when something follows: the area is 12.</summary>
    private void SkipSubject()
    {
        for (int next = at; next + 1 < tokens.Count && next < at + 12 && tokens[next].Kind is TokenKind.Word or TokenKind.Name; next++)
        {
            string word = tokens[next].Text;
            if (tokens[next].Kind != TokenKind.Word || IsSeparator(next + 1) || !(word is "is" or "are" or "equals" || word.EndsWith(" is", StringComparison.Ordinal)))
                continue;
            at = next + 1;
            return;
        }
    }

    /// <summary>True for words, digits and the punctuation of prose.</summary>
    private static bool IsPlain(string words)
    {
        bool anyLetter = false;
        foreach (char c in words)
        {
            anyLetter |= char.IsLetter(c);
            if (!(char.IsLetterOrDigit(c) || c is ' ' or '-' or '.' or '\'' or ',' or '!' or '?')) return false;
        }
        return anyLetter;
    }

    private MathNode? Relation()
    {
        if (++depth > WorkBudget.MaxDepth || !budget.Spend()) return null;
        MathNode? first = Union();
        if (first is null) return null;
        if (!IsRelation())
        {
            depth--;
            return first;
        }
        var sides = new List<MathNode> { first };
        var signsText = new StringBuilder();
        while (IsRelation())
        {
            string sign = tokens[at++].Text;
            if (sign == "!" || Is("=") && sign == "!") sign = "!=";
            if (Union() is not { } side) return null;
            sides.Add(side);
            signsText.Append(signsText.Length == 0 ? "" : " ").Append(sign);
        }
        depth--;
        return Limited(new MathNode(MathKind.Relation, signsText.ToString(), [.. sides]));
    }

    private bool IsRelation() => IsKind(TokenKind.Operator) && Now.Text is "=" or "<" or ">" or "<=" or ">=" or "!=" or "~=" or "==" or "in" or "notin"
        or "->" or "=>" or "<=>" or "subset" or "perp" or "parallel" or "sim";

    private MathNode? Union()
    {
        MathNode? left = Ratio();
        while (left is not null && (Is("cup") || Is("cap") || Is("setminus")))
        {
            string operation = Now.Text;
            var sets = new List<MathNode> { left };
            while (Take(operation))
            {
                if (Ratio() is not { } right) return null;
                sets.Add(right);
                if (operation == "setminus") break;
            }
            left = Limited(new MathNode(MathKind.SetOperation, operation, [.. sets]));
        }
        return left;
    }

    private MathNode? Sum()
    {
        if (++depth > WorkBudget.MaxDepth || !budget.Spend()) return null;
        var terms = new List<MathNode>();
        bool first = true;
        while (first || Is("+") || Is("-") || Is("pm") || Is("mp"))
        {
            bool negative = false;
            MathNode? sign = null;
            while (Is("+") || Is("-") || Is("pm") || Is("mp"))
            {
                string text = tokens[at++].Text;
                if (text == "-") negative = !negative;
                else if (text != "+") sign = new MathNode(MathKind.Sign, text == "pm" ? "+" : "-", MathNode.Number(text == "pm" ? signs++ : 0));
            }
            if (Term() is not { } term) return null;
            if (sign is not null) term = new MathNode(MathKind.Multiply, "", sign, term);
            terms.Add(negative ? Negate(term) : term);
            first = false;
        }
        depth--;
        MathNode sum = terms.Count == 1 ? terms[0] : new MathNode(MathKind.Add, "", [.. terms]);
        if (Take("over")) return Term() is { } below ? Limited(new MathNode(MathKind.Divide, "", sum, below)) : null;
        if (Take("choose")) return Term() is { } chosen ? Limited(new MathNode(MathKind.Call, "binom", sum, chosen)) : null;
        return Limited(sum);
    }

    private static MathNode Negate(MathNode node) =>
        node.Kind == MathKind.Number ? MathNode.Number(-node.Value, node.Places)
        : node.Kind == MathKind.Negate ? node.Args[0]
        : MathNode.Negate(node);

    private MathNode? Term()
    {
        var above = new List<MathNode>();
        List<MathNode>? below = null;
        if (Factor() is not { } first) return null;
        above.Add(first);
        while (true)
        {
            bool divide = Is("/");
            if (divide || Is("*"))
            {
                at++;
                if (Factor() is not { } factor) return null;
                if (divide) (below ??= []).Add(factor);
                else above.Add(factor);
            }
            else if (StartsFactor(above[^1]))
            {
                if (Factor() is not { } factor) return null;
                above.Add(factor);
            }
            else break;
        }
        MathNode product = above.Count == 1 ? above[0] : new MathNode(MathKind.Multiply, "", [.. above]);
        if (below is null) return Limited(product);
        MathNode divisor = below.Count == 1 ? below[0] : new MathNode(MathKind.Multiply, "", [.. below]);
        return Limited(new MathNode(MathKind.Divide, "", product, divisor));
    }

    /// <summary>True when the token begins a factor that is multiplied without a sign.</summary>
    private bool StartsFactor(MathNode previous) => Now.Kind switch
    {
        _ when AtEnd => false,
        TokenKind.Number or TokenKind.Repeating => tokens[at - 1].Kind is not TokenKind.Number && previous.Kind != MathKind.Text,
        TokenKind.Name or TokenKind.Based => previous.Kind != MathKind.Text,
        TokenKind.Command => !Now.Text.StartsWith("end", StringComparison.Ordinal),
        TokenKind.Operator => Now.Text is "(" or "{" or "lfloor" or "lceil" or "<<" || Now.Text == "[" && previous.Kind != MathKind.Text
            || Now.Text is "|" or "||" && openBars == 0,
        _ => false,
    };
}
