using System;
using System.Collections.Immutable;
using System.Text;
using TreeRl.Models;

namespace TreeRl.Tests;

/// <summary>A vocabulary given as its pieces; id 0 is the end token and decodes to nothing.</summary>
internal sealed class FakeTokenizer(params string[] pieces) : ITokenizer
{
    private readonly string[] texts = ["", .. pieces];

    public int VocabSize => texts.Length;

    public ImmutableArray<int> EndTokens { get; init; } = [0];

    public int? BeginToken => null;

    public int[] Encode(string text) => throw new NotSupportedException();

    public string Decode(ReadOnlySpan<int> ids)
    {
        var text = new StringBuilder();
        foreach (int id in ids) text.Append(texts[id]);
        return text.ToString();
    }

    public string Piece(int id) => id == 0 ? "<end>" : texts[id];

    /// <summary>Ids 1 .. are the letters a, b, c, ...</summary>
    public static FakeTokenizer Letters(int vocabSize)
    {
        var letters = new string[vocabSize - 1];
        for (int i = 0; i < letters.Length; i++) letters[i] = ((char)('a' + i)).ToString();
        return new FakeTokenizer(letters);
    }
}
