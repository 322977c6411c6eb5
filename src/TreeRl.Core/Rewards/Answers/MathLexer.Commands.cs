using System;

namespace TreeRl.Rewards.Answers;

/// <content>LaTeX commands.</content>
internal sealed partial class MathLexer
{
    private void Command()
    {
        int start = position++;
        if (!char.IsAsciiLetter(Peek()))
        {
            Escape(start);
            return;
        }
        int from = position;
        while (char.IsAsciiLetter(Peek())) position++;
        string name = text[from..position];
        if (name is "mathbb" or "Bbb" or "mathds") Blackboard(start);
        else if (Vocabulary.TextBlocks.Contains(name)) TextBlock(name, start);
        else if (Vocabulary.Decoration.Contains(name)) Decoration(name);
        else if (Vocabulary.DropArgument.Contains(name)) Argument();
        else if (name == "textcolor") Argument();
        else if (Vocabulary.Functions.TryGetValue(name, out string? function)) Emit(TokenKind.Command, function, start);
        else if (Vocabulary.Operators.TryGetValue(name, out string? value))
        {
            if (value == "\\{" || value is "[" or "(") brackets++;
            if (value == "\\}" || value is "]" or ")") brackets--;
            Emit(TokenKind.Operator, value, start);
        }
        else if (Vocabulary.Letters.TryGetValue(name, out string? letter)) Emit(TokenKind.Name, letter, start);
        else if (name is "begin" or "end")
        {
            string environment = Argument().Trim().TrimEnd('*');
            brackets += name == "begin" ? 1 : -1;
            Emit(TokenKind.Command, $"{name} {environment}", start);
        }
        else if (name is "cents" or "cent") Emit(TokenKind.Word, "cents", start);
        else if (name is "dollar" or "pounds" or "euro") Emit(TokenKind.Word, "$", start);
        else if (name is "overline" or "bar") Emit(TokenKind.Command, "overline", start);
        else Emit(TokenKind.Command, name, start);
    }

    /// <summary>A backslash and one character that is no letter.</summary>
    private void Escape(int start)
    {
        char c = Peek();
        if (c != '\0') position++;
        switch (c)
        {
            case '$':
                Emit(TokenKind.Word, "$", start);
                break;
            case '%':
                Emit(TokenKind.Operator, "%", start);
                break;
            case '{':
                brackets++;
                Emit(TokenKind.Operator, "\\{", start);
                break;
            case '}':
                brackets--;
                Emit(TokenKind.Operator, "\\}", start);
                break;
            case '\\':
                Emit(TokenKind.Operator, "\\\\", start);
                break;
            case '|':
                Emit(TokenKind.Operator, "||", start);
                break;
            case '&':
                Emit(TokenKind.Operator, "and", start);
                break;
            case '#' or '_':
                Emit(TokenKind.Word, c.ToString(), start);
                break;
            default:
                spaced = true; // thin spaces and the delimiters of mathematics
                break;
        }
    }

    private void Decoration(string name)
    {
        if (name is not ("left" or "right")) return;
        while (Peek() == ' ') position++;
        if (Peek() == '.') position++; // an invisible bracket
    }

    /// <summary>The raw text of a braced argument, empty when there is none; the position moves behind it.</summary>
    private string Argument()
    {
        int open = position;
        while (open < text.Length && text[open] == ' ') open++;
        if (open >= text.Length || text[open] != '{') return "";
        int depth = 0;
        for (int i = open; i < text.Length; i++)
        {
            if (text[i] == '\\') i++;
            else if (text[i] == '{') depth++;
            else if (text[i] == '}' && --depth == 0)
            {
                position = i + 1;
                return text[(open + 1)..i];
            }
        }
        budget.Spend(text.Length - open); // an unclosed brace: the scan must not be free
        return "";
    }

    private void Blackboard(int start)
    {
        string letter = Argument().Trim();
        if (letter.Length == 0)
        {
            while (Peek() == ' ') position++;
            if (char.IsAsciiLetterUpper(Peek())) letter = text[position++].ToString();
        }
        Emit(TokenKind.Name, letter == "R" ? "reals" : $"set {letter}", start);
    }

    /// <summary>Running text: a separator, words, or mathematics inside text, which is read again.</summary>
    private void TextBlock(string name, int start)
    {
        string content = Argument();
        string words = content.Trim(' ', ',', ';', '~');
        string lower = words.ToLowerInvariant();
        if (words.Length == 0)
        {
            if (content.Contains(',')) Emit(TokenKind.Operator, ",", start);
            spaced = true;
            return;
        }
        if (lower is "and" or "or")
        {
            Emit(TokenKind.Operator, lower, start);
            return;
        }
        if (name == "operatorname" || name == "mathrm" && words.Length > 1)
        {
            if (Vocabulary.Functions.TryGetValue(lower, out string? function) && lower != "min")
            {
                Emit(TokenKind.Command, function, start);
                return;
            }
        }
        if (name == "mathrm" && words.Length == 1 && !(tokens.Count > 0 && tokens[^1].Kind == TokenKind.Number))
        {
            Emit(TokenKind.Name, words, start);
            return;
        }
        if (lower is "cis" or "gcd" or "lcm" or "arcsin" or "arccos" or "arctan")
        {
            Emit(TokenKind.Command, lower, start);
            return;
        }
        if (IsWords(lower) || UnitTable.IsUnit(words) || nesting >= MaxTextNesting)
        {
            if (words.Length < content.Length) spaced = true;
            Emit(TokenKind.Word, words, start);
            return;
        }
        int before = tokens.Count;
        new MathLexer(AnswerCleaner.Clean(content), commas, budget, tokens, nesting + 1).Run();
        if (nesting > 0) return;
        for (int i = before; i < tokens.Count; i++) tokens[i] = tokens[i] with { Start = start, End = position };
        spaced = true;
    }

    /// <summary>True for text of letters, spaces, hyphens, points and primes without a joining word.</summary>
    private static bool IsWords(string lower)
    {
        foreach (char c in lower)
            if (!(char.IsLetter(c) || c is ' ' or '-' or '.' or '\'')) return false;
        return !lower.Contains(" and ", StringComparison.Ordinal) && !lower.Contains(" or ", StringComparison.Ordinal);
    }
}
