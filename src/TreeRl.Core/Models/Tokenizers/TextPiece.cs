using System;
using System.Collections.Generic;
using System.Text;

namespace TreeRl.Models;

/// <summary>A part of a text on its way through the pre-tokenizers.</summary>
/// <param name="Text">The text that holds it.</param>
/// <param name="Start">Where it starts there.</param>
/// <param name="Length">Its length in UTF-16 units, at least 1.</param>
/// <param name="BeginsText">Whether it is the very beginning of the text that was given to the tokenizer.</param>
internal readonly record struct TextPiece(string Text, int Start, int Length, bool BeginsText)
{
    /// <summary>The characters.</summary>
    public ReadOnlySpan<char> Span => Text.AsSpan(Start, Length);
}

/// <summary>One pre-tokenizer: cuts a piece into pieces, and may rewrite it on the way.</summary>
internal abstract class PieceSplitter
{
    /// <summary>Appends the parts of a piece, in order.</summary>
    public abstract void Split(TextPiece piece, List<TextPiece> into);
}

/// <summary>Cuts by one of the published patterns.</summary>
internal sealed class PatternSplitter(WordPattern pattern) : PieceSplitter
{
    /// <inheritdoc/>
    public override void Split(TextPiece piece, List<TextPiece> into)
    {
        var text = piece.Span;
        for (int start = 0, end; start < text.Length; start = end)
        {
            end = pattern.Next(text, start);
            into.Add(new TextPiece(piece.Text, piece.Start + start, end - start, piece.BeginsText && start == 0));
        }
    }
}

/// <summary>Cuts numbers (<c>\p{N}</c>) out of the text, each digit for itself or run by run.</summary>
internal sealed class DigitSplitter(bool individual) : PieceSplitter
{
    /// <inheritdoc/>
    public override void Split(TextPiece piece, List<TextPiece> into)
    {
        var text = piece.Span;
        int start = 0;
        bool wasNumber = false;
        for (int at = 0; at < text.Length;)
        {
            bool isNumber = CharClass.KindAt(text, at, out int units) == CharKind.Number;
            if (at > start && (isNumber != wasNumber || (isNumber && individual)))
            {
                into.Add(new TextPiece(piece.Text, piece.Start + start, at - start, piece.BeginsText && start == 0));
                start = at;
            }
            wasNumber = isNumber;
            at += units;
        }
        into.Add(new TextPiece(piece.Text, piece.Start + start, text.Length - start, piece.BeginsText && start == 0));
    }
}

/// <summary>
/// Writes every byte of the piece's UTF-8 as its stand-in character (<see cref="ByteAlphabet"/>), after cutting it by a pattern when there is one.
/// </summary>
internal sealed class ByteLevelSplitter(WordPattern? pattern, bool addPrefixSpace) : PieceSplitter
{
    /// <inheritdoc/>
    public override void Split(TextPiece piece, List<TextPiece> into)
    {
        var text = piece.Span;
        if (addPrefixSpace && text[0] != ' ') text = string.Concat(" ", text);
        var written = new StringBuilder(text.Length);
        var ends = new List<int>();
        Span<byte> bytes = stackalloc byte[4];
        for (int start = 0, end; start < text.Length; start = end)
        {
            end = pattern?.Next(text, start) ?? text.Length;
            foreach (var rune in text[start..end].EnumerateRunes())
            {
                int length = rune.EncodeToUtf8(bytes);
                for (int i = 0; i < length; i++) written.Append(ByteAlphabet.CharOf(bytes[i]));
            }
            ends.Add(written.Length);
        }
        string mapped = written.ToString();
        int from = 0;
        foreach (int end in ends)
        {
            into.Add(new TextPiece(mapped, from, end - from, piece.BeginsText && from == 0));
            from = end;
        }
    }
}

/// <summary>When <see cref="MetaspaceSplitter"/> puts its mark before a piece that does not start with it.</summary>
internal enum MarkBefore : byte
{
    /// <summary>Never.</summary>
    Never,

    /// <summary>At the very beginning of the text only.</summary>
    First,

    /// <summary>At every piece: at the beginning and after every added token.</summary>
    Always,
}

/// <summary>SentencePiece's spaces: writes a mark (usually U+2581) for each space and cuts before every mark.</summary>
internal sealed class MetaspaceSplitter(char mark, MarkBefore before, bool cuts) : PieceSplitter
{
    /// <inheritdoc/>
    public override void Split(TextPiece piece, List<TextPiece> into)
    {
        string text = piece.Span.ToString().Replace(' ', mark);
        bool marks = before == MarkBefore.Always || (before == MarkBefore.First && piece.BeginsText);
        if (marks && text[0] != mark) text = mark + text;
        for (int start = 0, end; start < text.Length; start = end)
        {
            int next = cuts ? text.IndexOf(mark, start + 1) : -1;
            end = next < 0 ? text.Length : next;
            into.Add(new TextPiece(text, start, end - start, piece.BeginsText && start == 0));
        }
    }
}
