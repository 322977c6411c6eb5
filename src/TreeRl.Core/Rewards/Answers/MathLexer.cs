using System;
using System.Collections.Generic;

namespace TreeRl.Rewards.Answers;

/// <summary>Where a comma between groups of three digits is a thousands separator.</summary>
internal enum CommaRule : byte
{
    /// <summary>Outside brackets only: <c>1,234</c> is one number, <c>(1,234)</c> are two.</summary>
    OutsideBrackets,

    /// <summary>Everywhere.</summary>
    Everywhere,

    /// <summary>Everywhere, also with a space behind it: <c>1, 234</c>.</summary>
    Spaced,

    /// <summary>Nowhere.</summary>
    Nowhere,

    /// <summary>Nowhere, and a comma that can be nothing else is a decimal sign: <c>1000,99</c>.</summary>
    Decimal,
}

/// <summary>
/// Splits a cleaned answer into tokens. LaTeX that changes only the look is dropped, numbers lose their separators, running text becomes
/// words. Every character sequence has tokens; what makes no sense is left to the parser to refuse.
/// </summary>
internal sealed partial class MathLexer
{
    private const int MaxTextNesting = 8;
    private const int MostBasedDigits = 128;

    private readonly string text;
    private readonly CommaRule commas;
    private readonly WorkBudget budget;
    private readonly List<MathToken> tokens;
    private readonly int nesting;
    private int position;
    private int brackets;
    private bool spaced;

    private MathLexer(string text, CommaRule commas, WorkBudget budget, List<MathToken> tokens, int nesting)
    {
        this.text = text;
        this.commas = commas;
        this.budget = budget;
        this.tokens = tokens;
        this.nesting = nesting;
    }

    /// <summary>The tokens of a cleaned text; fewer than all when the budget ran out.</summary>
    public static List<MathToken> Read(string text, CommaRule commas, WorkBudget budget)
    {
        var tokens = new List<MathToken>();
        new MathLexer(text, commas, budget, tokens, 0).Run();
        return tokens;
    }

    private char Peek(int ahead = 0) => position + ahead < text.Length ? text[position + ahead] : '\0';

    private void Emit(TokenKind kind, string value, int start)
    {
        tokens.Add(new MathToken(kind, value, spaced, nesting == 0 ? start : -1, nesting == 0 ? position : -1));
        spaced = false;
    }

    private void Run()
    {
        while (position < text.Length && budget.Spend())
        {
            char c = text[position];
            int start = position;
            if (c is ' ' or '~')
            {
                position++;
                spaced = true;
            }
            else if (c == '\\') Command();
            else if (char.IsAsciiDigit(c) || c == '.' && char.IsAsciiDigit(Peek(1)))
            {
                if (!Based()) Number();
            }
            else if (char.IsLetter(c))
            {
                if (!Based()) Letters();
            }
            else if (c == '.' && Peek(1) == '.' && Peek(2) == '.')
            {
                position += 3;
                Emit(TokenKind.Operator, "...", start);
            }
            else Symbol(c, start);
        }
    }

    private void Symbol(char c, int start)
    {
        string pair = position + 1 < text.Length ? text.Substring(position, 2) : "";
        string value = pair switch
        {
            "<=" or ">=" or "!=" or "->" or "==" or ":=" or "=>" => pair,
            "||" => "||",
            "**" => "^",
            _ => c.ToString(),
        };
        if (value == "^" && pair == "**" && !Power())
        {
            position += 2; // a bold mark
            return;
        }
        position += pair.Length == 2 && (value == pair || pair == "**") ? 2 : 1;
        if (value == "!=" && tokens.Count > 0 && tokens[^1].Kind is TokenKind.Number && !spaced && Peek() is ' ')
        {
            Emit(TokenKind.Operator, "!", start); // 5!= 120: a factorial
            Emit(TokenKind.Operator, "=", start);
            return;
        }
        switch (value)
        {
            case "==" or ":=":
                value = "=";
                break;
            case "(" or "[" or "{":
                brackets++;
                break;
            case ")" or "]" or "}":
                brackets--;
                break;
            case "$":
                if (char.IsAsciiDigit(Peek()) && !text.AsSpan(position).Contains('$')) break; // a price
                spaced = true;
                return;
            case "&":
                if (tokens.Count == 0) return;
                break;
        }
        if (value == "$") Emit(TokenKind.Word, "$", start);
        else if (value == "¢") Emit(TokenKind.Word, "cents", start);
        else Emit(TokenKind.Operator, value, start);
    }

    /// <summary>True when two stars at the position join two operands.</summary>
    private bool Power()
    {
        if (tokens.Count == 0 || tokens[^1] is not { Kind: TokenKind.Number or TokenKind.Name } and not { Text: ")" or "}" }) return false;
        int next = position + 2;
        while (next < text.Length && text[next] == ' ') next++;
        return next < text.Length && (char.IsAsciiLetterOrDigit(text[next]) || text[next] is '(' or '{' or '-' or '\\');
    }

    /// <summary>Digits in a named base: <c>4210_{5}</c>, <c>1A3_{16}</c>; false when there are none here.</summary>
    private bool Based()
    {
        int start = position, digits = start, highest = 0;
        bool anyDigit = false;
        for (; digits < text.Length && (char.IsAsciiDigit(text[digits]) || char.IsAsciiLetterUpper(text[digits])); digits++)
        {
            if (digits - start > MostBasedDigits) return false; // keeps a long run from being read anew at each of its places
            anyDigit |= char.IsAsciiDigit(text[digits]);
            highest = Math.Max(highest, char.IsAsciiDigit(text[digits]) ? text[digits] - '0' : text[digits] - 'A' + 10);
        }
        if (digits == start || digits + 1 >= text.Length || text[digits] != '_' || !anyDigit && digits - start < 2) return false;
        if (start > 0 && text[start - 1] == '.') return false;
        int from = digits + 1;
        bool braced = text[from] == '{';
        if (braced) from++;
        int to = from;
        while (to < text.Length && char.IsAsciiDigit(text[to])) to++;
        if (to == from || to - from > 2 || braced && (to >= text.Length || text[to] != '}')) return false;
        int numberBase = int.Parse(text.AsSpan(from, to - from));
        if (numberBase < 2 || numberBase > 36 || highest >= numberBase) return false;
        position = braced ? to + 1 : to;
        Emit(TokenKind.Based, $"{text[start..digits].TrimStart('0')}_{numberBase}", start);
        return true;
    }

    /// <summary>A run of letters: a function, a Greek letter, words or a product of variables.</summary>
    private void Letters()
    {
        int start = position;
        while (position < text.Length && char.IsLetter(text[position])) position++;
        string word = text[start..position];
        string lower = word.ToLowerInvariant();
        if (lower is "and" or "or" or "mod") Emit(TokenKind.Operator, lower, start);
        else if (lower is "a" or "p" && Peek() == '.' && Peek(1) is 'm' or 'M' && !char.IsLetter(Peek(2)))
        {
            position += Peek(2) == '.' ? 3 : 2;
            Emit(TokenKind.Word, lower + "m", start);
        }
        else if (word.Length > 1 && Vocabulary.Functions.TryGetValue(lower, out string? function) && lower is not "frac" and not "re" and not "arg"
            && !(lower == "min" && tokens.Count > 0 && tokens[^1].Kind == TokenKind.Number && Peek() != '('))
            Emit(TokenKind.Command, function, start);
        else if (word.Length > 1 && Vocabulary.Letters.TryGetValue(word, out string? letter)) Emit(TokenKind.Name, letter, start);
        else if (lower is "inf" or "oo") Emit(TokenKind.Name, "infinity", start);
        else if (word == "U" && tokens.Count > 0 && tokens[^1].Text is ")" or "]" && NextIsBracket()) Emit(TokenKind.Operator, "cup", start);
        else if (word.Length == 1) Emit(TokenKind.Name, word, start);
        else if (TryFunctionAndLetter(word, start)) return;
        else if (IsProduct(word))
        {
            foreach (char c in word) Emit(TokenKind.Name, c.ToString(), start);
        }
        else Emit(TokenKind.Word, word, start);
    }

    private bool NextIsBracket()
    {
        int next = position;
        while (next < text.Length && text[next] is ' ' or '\\' && next < text.Length) next++;
        return next < text.Length && text[next] is '(' or '[' or 'l';
    }

    /// <summary>Reads cosx as cos x and pix as pi x.</summary>
    private bool TryFunctionAndLetter(string word, int start)
    {
        if (word.Length is < 3 or > 5 || !char.IsAsciiLetterLower(word[^1]) || Vocabulary.ShortWords.Contains(word)) return false;
        string head = word[..^1];
        if (head is "sin" or "cos" or "tan" or "cot" or "sec" or "csc" or "log" or "ln" or "sqrt") Emit(TokenKind.Command, head, start);
        else if (head == "pi") Emit(TokenKind.Name, "pi", start);
        else return false;
        Emit(TokenKind.Name, word[^1..], start);
        return true;
    }

    /// <summary>True for two or three lower-case letters that are no word, so that xy is x times y; cm and 5 abc are words.</summary>
    private bool IsProduct(string word)
    {
        if (word.Length > 3 || Vocabulary.ShortWords.Contains(word)) return false;
        if (word.Length == 3 && spaced && tokens.Count > 0 && tokens[^1].Kind is TokenKind.Number or TokenKind.Word) return false;
        foreach (char c in word)
            if (!char.IsAsciiLetterLower(c)) return false;
        return true;
    }
}
