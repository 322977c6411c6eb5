using System;
using System.Collections.Generic;
using System.Text;

namespace TreeRl.Models;

/// <summary>
/// Decodes ids one by one as a policy emits them. The texts that <see cref="Push"/> and finally <see cref="Flush"/> return make up, joined, exactly what the
/// tokenizer's Decode gives for all the ids; no character is ever split between two of them. Not to be shared between threads.
/// </summary>
public abstract class StreamingDecoder
{
    private StreamingDecoder()
    {
    }

    /// <summary>
    /// A decoder at the beginning of a text. For a <see cref="HfTokenizer"/> each push takes time by the length of its token; for any other tokenizer each push
    /// decodes all ids again.
    /// </summary>
    public static StreamingDecoder For(ITokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return tokenizer is HfTokenizer hugging ? new OfBytes(hugging) : new OfWholeText(tokenizer);
    }

    /// <summary>Takes the next id and returns the text that is complete by now and was not returned before; often empty in the middle of a character.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not in 0 .. V-1.</exception>
    public abstract string Push(int id);

    /// <summary>Ends the text: returns what is left, with U+FFFD for bytes that are no whole character. The decoder then stands at the beginning of a new text.</summary>
    public abstract string Flush();

    private sealed class OfBytes(HfTokenizer tokenizer) : StreamingDecoder
    {
        // Keeps the first bytes of a character until the rest comes.
        private readonly Decoder decoder = Encoding.UTF8.GetDecoder();
        private bool atStart = true;

        public override string Push(int id)
        {
            var bytes = tokenizer.TokenBytes(id).Span;
            if (bytes.IsEmpty || tokenizer.IsDropped(id, SpecialText.DropEnds)) return "";
            if (atStart && tokenizer.DropsLeadingSpace && bytes[0] == (byte)' ') bytes = bytes[1..];
            atStart = false;
            return Convert(bytes, flush: false);
        }

        public override string Flush()
        {
            atStart = true;
            return Convert([], flush: true);
        }

        private string Convert(ReadOnlySpan<byte> bytes, bool flush)
        {
            var chars = new char[decoder.GetCharCount(bytes, flush)];
            int count = decoder.GetChars(bytes, chars, flush);
            return new string(chars, 0, count);
        }
    }

    private sealed class OfWholeText(ITokenizer tokenizer) : StreamingDecoder
    {
        private readonly List<int> ids = [];
        private int returned;

        public override string Push(int id)
        {
            ids.Add(id);
            string text = tokenizer.Decode(ids.ToArray());
            // A last U+FFFD may be the first bytes of a character.
            return Rest(text, text.EndsWith('\uFFFD') ? text.Length - 1 : text.Length);
        }

        public override string Flush()
        {
            string text = tokenizer.Decode(ids.ToArray());
            string rest = Rest(text, text.Length);
            ids.Clear();
            returned = 0;
            return rest;
        }

        private string Rest(string text, int end)
        {
            if (end <= returned) return "";
            string rest = text[returned..end];
            returned = end;
            return rest;
        }
    }
}
