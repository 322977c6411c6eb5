using System;
using System.Text;

namespace TreeRl.Rewards.Answers;

/// <content>Numbers: thousands separators, decimals, repeating decimals, powers of ten, ordinals.</content>
internal sealed partial class MathLexer
{
    private void Number()
    {
        int start = position;
        var digits = new StringBuilder();
        TakeDigits(digits);
        if (commas == CommaRule.Decimal && TakeDecimalComma(digits, start))
        {
            Emit(TokenKind.Number, digits.ToString(), start);
            return;
        }
        if (digits.Length is >= 1 and <= 3 && digits[0] != '0') TakeGroups(digits);
        bool hasPoint = false;
        string repeating = "";
        if (Peek() == '.' && Peek(1) != '.')
        {
            if (char.IsAsciiDigit(Peek(1)))
            {
                position++;
                hasPoint = true;
                digits.Append('.');
                TakeDigits(digits);
            }
            else if (Peek(1) == '\\') position++;
            else if (!char.IsLetter(Peek(1))) position++;
            repeating = Overlined();
            if (repeating.Length > 0 && !hasPoint) digits.Append('.');
            if (repeating.Length == 0 && hasPoint) repeating = Dots(digits);
        }
        if (digits.Length > 0 && digits[0] == '.') digits.Insert(0, '0');
        budget.Spend(digits.Length / 8);
        if (repeating.Length > 0) Emit(TokenKind.Repeating, $"{digits}r{repeating}", start);
        else if (!Scientific(digits.ToString(), start)) Emit(TokenKind.Number, digits.ToString(), start);
        SkipOrdinal();
    }

    /// <summary>Reads 1000,99 and 1.234,56 with the comma as decimal sign; false when the comma may be something else.</summary>
    private bool TakeDecimalComma(StringBuilder digits, int start)
    {
        int comma = DecimalComma.Grouped(text, start, position) is var grouped and > 0 ? grouped : DecimalComma.At(text, start, position) > 0 ? position : 0;
        if (comma == 0) return false;
        for (; position < comma; position++)
            if (char.IsAsciiDigit(text[position])) digits.Append(text[position]);
        digits.Append('.');
        position++;
        TakeDigits(digits);
        return true;
    }

    private void TakeDigits(StringBuilder into)
    {
        int from = position;
        while (position < text.Length && char.IsAsciiDigit(text[position])) position++;
        into.Append(text, from, position - from);
    }

    /// <summary>Groups of three digits behind a separator; a comma list such as 1,234,56 is left as a list.</summary>
    private void TakeGroups(StringBuilder digits)
    {
        int startLength = digits.Length, startPosition = position, wide = 0, groups = 0;
        bool sure = false;
        while (Separator() is var (length, certain) && length > 0)
        {
            int at = position + length;
            bool three = at + 3 <= text.Length && char.IsAsciiDigit(text[at]) && char.IsAsciiDigit(text[at + 1]) && char.IsAsciiDigit(text[at + 2])
                && !(at + 3 < text.Length && char.IsAsciiDigit(text[at + 3]));
            if (!three)
            {
                if (!sure && text[position] == ',' && position + 1 < text.Length && char.IsAsciiDigit(text[position + 1]))
                {
                    digits.Length = startLength;
                    position = startPosition;
                }
                break;
            }
            sure |= certain;
            groups++;
            if (length == 2 && text[position] == ',') wide++;
            digits.Append(text, at, 3);
            position = at + 3;
        }
        if (groups != 1 || wide != 1) return;
        digits.Length = startLength; // 32, 349 may be two numbers; 11, 111, 111 is one
        position = startPosition;
    }

    /// <summary>Length of a thousands separator at the position, 0 when there is none, and whether it can be nothing else.</summary>
    private (int Length, bool Certain) Separator()
    {
        ReadOnlySpan<char> rest = text.AsSpan(position);
        foreach (string certain in (ReadOnlySpan<string>)[",\\!", "{,}\\!", "{,}", "\\,", "\\!", "{\\,}"])
        {
            if (!rest.StartsWith(certain, StringComparison.Ordinal)) continue;
            int length = certain.Length;
            while (length < rest.Length && rest[length] == ' ') length++;
            return (length, true);
        }
        bool comma = commas is CommaRule.Everywhere or CommaRule.Spaced || commas == CommaRule.OutsideBrackets && brackets == 0 && nesting == 0;
        if (rest.Length > 3 && rest[0] == ',' && comma) return commas == CommaRule.Spaced && rest[1] == ' ' ? (2, false) : (1, false);
        if (rest.Length > 3 && rest[0] == ' ' && char.IsAsciiDigit(rest[1]))
        {
            // 10 000 is one number; 2 100/3 and 5 120x are not touched
            bool plain = rest.Length == 4 || !(char.IsLetterOrDigit(rest[4]) || rest[4] is '/' or '.' or '^');
            return plain ? (1, false) : (0, false);
        }
        return (0, false);
    }

    /// <summary>The digits under a bar at the position: <c>\overline{27}</c>, <c>\bar{3}</c>; empty when there are none.</summary>
    private string Overlined()
    {
        foreach (string bar in (ReadOnlySpan<string>)["\\overline{", "\\bar{", "\\overline ", "\\bar "])
        {
            if (!text.AsSpan(position).StartsWith(bar, StringComparison.Ordinal)) continue;
            int from = position + bar.Length, to = from;
            while (to < text.Length && char.IsAsciiDigit(text[to])) to++;
            bool braced = bar[^1] == '{';
            if (to == from || braced && (to >= text.Length || text[to] != '}')) return "";
            position = braced ? to + 1 : to;
            return text[from..to];
        }
        return "";
    }

    /// <summary>The repeating digit of 0.333...: dots behind three equal digits; dots behind other digits are left standing.</summary>
    private string Dots(StringBuilder digits)
    {
        int n = digits.Length;
        if (n < 5 || digits[n - 1] != digits[n - 2] || digits[n - 2] != digits[n - 3]) return "";
        foreach (string dots in (ReadOnlySpan<string>)["...", "\\ldots", "\\dots", "\\cdots"])
        {
            if (!text.AsSpan(position).StartsWith(dots, StringComparison.Ordinal)) continue;
            position += dots.Length;
            return digits[n - 1].ToString();
        }
        return "";
    }

    /// <summary>Reads 1.2e-5 as (1.2*10^(-5)); false when there is no exponent here.</summary>
    private bool Scientific(string mantissa, int start)
    {
        if (Peek() is not ('e' or 'E')) return false;
        int at = position + 1;
        bool negative = at < text.Length && text[at] == '-';
        if (at < text.Length && text[at] is '-' or '+') at++;
        int from = at;
        while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
        if (at == from || at < text.Length && char.IsLetter(text[at])) return false;
        string exponent = text[from..at];
        position = at;
        Emit(TokenKind.Operator, "(", start);
        Emit(TokenKind.Number, mantissa, start);
        Emit(TokenKind.Operator, "*", start);
        Emit(TokenKind.Number, "10", start);
        Emit(TokenKind.Operator, "^", start);
        Emit(TokenKind.Operator, "{", start);
        if (negative) Emit(TokenKind.Operator, "-", start);
        Emit(TokenKind.Number, exponent, start);
        Emit(TokenKind.Operator, "}", start);
        Emit(TokenKind.Operator, ")", start);
        return true;
    }

    /// <summary>Drops st, nd, rd, th, raised or not.</summary>
    private void SkipOrdinal()
    {
        int at = position;
        while (at < text.Length && text[at] is '^' or '{' or ' ' && at - position < 4) at++;
        foreach (string block in (ReadOnlySpan<string>)["\\text{", "\\textrm{", "\\mathrm{", "\\mbox{", "\\textsuperscript{", "\\rm "])
            if (text.AsSpan(at).StartsWith(block, StringComparison.Ordinal)) at += block.Length;
        if (at + 2 > text.Length || text[position..at].Contains(' ') && at == position + 1) return;
        if (text.AsSpan(at, 2) is not ("st" or "nd" or "rd" or "th")) return;
        at += 2;
        if (at < text.Length && char.IsLetter(text[at])) return;
        int open = text.AsSpan(position, at - position).Count('{');
        while (at < text.Length && open > 0 && text[at] == '}')
        {
            at++;
            open--;
        }
        if (open == 0) position = at;
    }
}
