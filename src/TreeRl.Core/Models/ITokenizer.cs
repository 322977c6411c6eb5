using System;
using System.Collections.Immutable;

namespace TreeRl.Models;

/// <summary>Turns text into the ids a policy reads and back. Immutable; safe to use from several threads.</summary>
public interface ITokenizer
{
    /// <summary>Number of ids, V.</summary>
    int VocabSize { get; }

    /// <summary>Ids that end an answer when the policy emits them. They decode to nothing.</summary>
    ImmutableArray<int> EndTokens { get; }

    /// <summary>The id that begins a text, or null. <see cref="Encode"/> never adds it; it decodes to nothing.</summary>
    int? BeginToken { get; }

    /// <summary>The ids of a text, without begin or end token.</summary>
    /// <exception cref="ArgumentException">The text has something that this vocabulary cannot say; the message names it and its place.</exception>
    int[] Encode(string text);

    /// <summary>The ids of a text that a policy is to continue: the begin token when there is one, then the text as <see cref="Encode"/> gives it.</summary>
    /// <exception cref="ArgumentException">As for <see cref="Encode"/>.</exception>
    int[] EncodePrompt(string text) => BeginToken is { } begin ? [begin, .. Encode(text)] : Encode(text);

    /// <summary>The text of ids. Total: any sequence of ids in range has a text; bytes that are no UTF-8 become U+FFFD.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in 0 .. V-1.</exception>
    string Decode(ReadOnlySpan<int> ids);

    /// <summary>One token in a printable form for displays: never empty, no control characters.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="id"/> is not in 0 .. V-1.</exception>
    string Piece(int id);
}
