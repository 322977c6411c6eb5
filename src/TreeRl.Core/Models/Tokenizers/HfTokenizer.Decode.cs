using System;
using System.Buffers;
using System.Text;

namespace TreeRl.Models;

/// <content>Ids to text.</content>
public sealed partial class HfTokenizer
{
    /// <summary>
    /// The text of ids; the begin token, the end tokens and ids without a token are left out. Bytes that are no UTF-8 become U+FFFD, one for each broken part;
    /// in the SentencePiece family the text loses one leading space.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in 0 .. V-1.</exception>
    public string Decode(ReadOnlySpan<int> ids) => Decode(ids, SpecialText.DropEnds);

    /// <summary>The text of ids, with a choice of what becomes of special tokens; else as <see cref="Decode(ReadOnlySpan{int})"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in 0 .. V-1.</exception>
    public string Decode(ReadOnlySpan<int> ids, SpecialText special)
    {
        var bytes = new ArrayBufferWriter<byte>(4 * ids.Length + 1);
        foreach (int id in ids)
        {
            CheckId(id);
            if (!IsDropped(id, special)) bytes.Write(text.Of(id).Span);
        }
        var written = bytes.WrittenSpan;
        if (DropsLeadingSpace && written.Length > 0 && written[0] == (byte)' ') written = written[1..];
        return Encoding.UTF8.GetString(written);
    }

    /// <summary>The UTF-8 bytes that a token stands for, which need not be whole characters; none for an id without a token.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="id"/> is not in 0 .. V-1.</exception>
    public ReadOnlyMemory<byte> TokenBytes(int id)
    {
        CheckId(id);
        return text.Of(id);
    }

    /// <summary>Whether an id is that of a special token: one for control, not for text.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="id"/> is not in 0 .. V-1.</exception>
    public bool IsSpecial(int id)
    {
        CheckId(id);
        return added.TryGetValue(id, out var token) && token.Special;
    }

    /// <summary>One token in a printable form: its text, with white space and control characters visible; bytes that are no whole characters as &lt;0x..&gt;.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="id"/> is not in 0 .. V-1.</exception>
    public string Piece(int id)
    {
        CheckId(id);
        var bytes = text.Of(id).Span;
        if (bytes.IsEmpty) return $"<{id}>";
        if (System.Text.Unicode.Utf8.IsValid(bytes)) return CharTokenizer.Shown(Encoding.UTF8.GetString(bytes));
        var shown = new StringBuilder();
        foreach (byte value in bytes) shown.Append(DecodeRule.ByteToken(value));
        return shown.ToString();
    }

    /// <summary>Whether an id adds nothing to a text.</summary>
    internal bool IsDropped(int id, SpecialText special) => special switch
    {
        SpecialText.Keep => false,
        SpecialText.Drop => id == BeginToken || EndTokens.Contains(id) || (added.TryGetValue(id, out var token) && token.Special),
        _ => id == BeginToken || EndTokens.Contains(id),
    };

    private void CheckId(int id) => Guard.InRange((uint)id < (uint)VocabSize, id, $"must be a token id, 0 .. {VocabSize - 1}");
}
