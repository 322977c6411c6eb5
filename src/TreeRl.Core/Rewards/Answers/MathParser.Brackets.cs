using System;
using System.Collections.Generic;
using System.Text;

namespace TreeRl.Rewards.Answers;

/// <content>Primaries: names, brackets, sets, absolute values, matrices.</content>
internal sealed partial class MathParser
{
    private MathNode? Primary()
    {
        if (AtEnd) return null;
        MathToken token = tokens[at];
        switch (token.Kind)
        {
            case TokenKind.Number:
                return NumberOrMixed();
            case TokenKind.Repeating:
                at++;
                return Repeating(token.Text);
            case TokenKind.Based:
                at++;
                return new MathNode(MathKind.Based, token.Text);
            case TokenKind.Name:
                at++;
                return token.Text switch
                {
                    "infinity" => new MathNode(MathKind.Infinity, ""),
                    "emptyset" => new MathNode(MathKind.Set, ""),
                    _ => MathNode.Symbol(token.Text),
                };
            case TokenKind.Word:
                return Words();
            case TokenKind.Command:
                return Command();
            default:
                if (token.Text != "...") return Bracket();
                at++;
                return MathNode.Symbol("...");
        }
    }

    private MathNode? Words()
    {
        var builder = new StringBuilder();
        int count = 0;
        while (IsKind(TokenKind.Word))
        {
            if (builder.Length > 0) builder.Append(' ');
            builder.Append(tokens[at++].Text);
            count++;
        }
        string words = builder.ToString();
        budget.Spend(words.Length / 8);
        return count == 1 && words.Length == 1 && char.IsLetter(words[0]) ? MathNode.Symbol(words) : MathNode.Words(words, garbled: false);
    }

    private MathNode? Bracket()
    {
        string open = tokens[at].Text;
        switch (open)
        {
            case "(" or "[" or "{" or "\\{" or "<<":
                break;
            case "|" or "||":
                return Bars(open);
            case "lfloor":
                return Enclosed("rfloor", "floor");
            case "lceil":
                return Enclosed("rceil", "ceil");
            default:
                return null;
        }
        if (++depth > WorkBudget.MaxDepth) return null;
        int bars = openBars;
        openBars = 0;
        at++;
        if (open == "\\{") SkipSetVariable();
        var items = new List<MathNode>();
        bool separated = false;
        while (!AtEnd && !IsClosing())
        {
            if (IsSeparator(at))
            {
                separated = true;
                at++;
                continue;
            }
            if (items.Count > 0 && !separated) return null;
            if (Relation() is not { } item) return null;
            items.Add(item);
            separated = false;
        }
        if (AtEnd) return null;
        string close = tokens[at++].Text;
        openBars = bars;
        depth--;
        return Close(open, close, items);
    }

    private bool IsClosing() => IsKind(TokenKind.Operator) && Now.Text is ")" or "]" or "}" or "\\}" or ">>";

    private MathNode? Close(string open, string close, List<MathNode> items)
    {
        bool curly = open is "{" or "\\{", curlyEnd = close is "}" or "\\}";
        if (curly != curlyEnd || open == "<<" != (close == ">>")) return null;
        if (open == "\\{" || curly && items.Count > 1) return Limited(new MathNode(MathKind.Set, "", [.. items]));
        if (curly) return items.Count == 1 ? items[0] : null;
        if (items.Count == 1) return open + close is "()" or "[]" or "<<>>" ? items[0] : null;
        if (items.Count == 0) return null;
        string brackets = open == "<<" ? "()" : open + close;
        return Limited(new MathNode(MathKind.Bracketed, brackets, [.. items]));
    }

    /// <summary>Skips the "x :" or "x |" of a set that is given by a condition.</summary>
    private void SkipSetVariable()
    {
        int next = at;
        if (next >= tokens.Count || tokens[next].Kind != TokenKind.Name) return;
        next++;
        if (IsAt(next, "in") && next + 1 < tokens.Count && tokens[next + 1].Kind == TokenKind.Name) next += 2;
        if (IsAt(next, ":") || IsAt(next, "|") || IsAt(next, "mid")) at = next + 1;
    }

    private MathNode? Bars(string bar)
    {
        at++;
        openBars++;
        MathNode? inside = Sum();
        openBars--;
        if (inside is null || !Take(bar)) return null;
        return Limited(new MathNode(MathKind.Call, bar == "|" ? "abs" : "norm", inside));
    }

    private MathNode? Enclosed(string close, string function)
    {
        at++;
        int bars = openBars;
        openBars = 0;
        MathNode? inside = Sum();
        openBars = bars;
        return inside is not null && Take(close) ? Limited(new MathNode(MathKind.Call, function, inside)) : null;
    }

    /// <summary>A matrix or an aligned block, from behind its begin to behind its end.</summary>
    private MathNode? Environment(string name)
    {
        bool matrix = name is "pmatrix" or "bmatrix" or "matrix" or "Bmatrix" or "smallmatrix" or "array" or "vmatrix" or "Vmatrix" or "cases";
        if (++depth > WorkBudget.MaxDepth) return null;
        if (name == "array" && Is("{"))
            while (!AtEnd && !Take("}")) at++; // the columns' alignment
        if (!matrix) DropAlignment();
        var cells = new List<MathNode>();
        int columns = 0, inRow = 0;
        bool rowOpen = false;
        while (!AtEnd)
        {
            if (tokens[at] is { Kind: TokenKind.Command } end && end.Text.StartsWith("end ", StringComparison.Ordinal)) break;
            if (Is("&") || Is("\\\\") || !matrix && IsSeparator(at))
            {
                if (matrix && !rowOpen && Is("&")) return null;
                if (!Is("&"))
                {
                    if (inRow > 0 && columns > 0 && inRow != columns && matrix) return null;
                    if (inRow > 0) columns = inRow;
                    inRow = 0;
                }
                rowOpen = false;
                at++;
                continue;
            }
            if (rowOpen && matrix) return null;
            if (Relation() is not { } cell)
                return null;
            cells.Add(cell);
            inRow++;
            rowOpen = true;
            if (name == "cases" && Is(",")) at++;
        }
        if (AtEnd || cells.Count == 0) return null;
        at++;
        depth--;
        if (!matrix) return cells.Count == 1 ? cells[0] : Limited(new MathNode(MathKind.Set, "", [.. cells]));
        if (inRow > 0 && columns > 0 && inRow != columns) return null;
        MathNode result = MathNode.Matrix(Math.Max(columns, inRow), [.. cells]);
        return name is "vmatrix" or "Vmatrix" ? Determinant(result) : Limited(result);
    }

    /// <summary>Removes the alignment marks up to the end of the block.</summary>
    private void DropAlignment()
    {
        int to = at;
        for (int from = at; from < tokens.Count; from++)
            if (!(tokens[from] is { Kind: TokenKind.Operator, Text: "&" })) tokens[to++] = tokens[from];
        tokens.RemoveRange(to, tokens.Count - to);
        budget.Spend(tokens.Count - at);
    }

    /// <summary>The determinant written out up to three rows; larger ones stay a call without a value.</summary>
    private MathNode? Determinant(MathNode matrix)
    {
        IReadOnlyList<MathNode> m = matrix.Args;
        if (m.Count != matrix.Columns * matrix.Columns || matrix.Columns > 3) return Limited(new MathNode(MathKind.Call, "det", matrix));
        if (matrix.Columns == 1) return m[0];
        MathNode Product(params MathNode[] factors) => new(MathKind.Multiply, "", factors);
        MathNode Minor(int a, int b, int c, int d) =>
            new(MathKind.Add, "", Product(m[a], m[d]), MathNode.Negate(Product(m[b], m[c])));
        if (matrix.Columns == 2) return Limited(Minor(0, 1, 2, 3));
        return Limited(new MathNode(
            MathKind.Add, "", Product(m[0], Minor(4, 5, 7, 8)), MathNode.Negate(Product(m[1], Minor(3, 5, 6, 8))), Product(m[2], Minor(3, 4, 6, 7))));
    }

    private MathNode? Transpose(MathNode matrix)
    {
        int columns = matrix.Columns, rows = matrix.Args.Count / columns;
        var cells = new MathNode[matrix.Args.Count];
        for (int row = 0; row < rows; row++)
            for (int column = 0; column < columns; column++)
                cells[column * rows + row] = matrix.Args[row * columns + column];
        return budget.Spend(cells.Length) ? MathNode.Matrix(rows, cells) : null;
    }
}
