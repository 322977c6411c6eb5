using System;
using System.Collections.Generic;
using System.Text;

namespace TreeRl.Models;

/// <summary>The bytes that each id adds to a text, one after the other in one buffer.</summary>
internal sealed class TokenText
{
    private readonly byte[] bytes;
    private readonly int[] ends;

    private TokenText(byte[] bytes, int[] ends)
    {
        this.bytes = bytes;
        this.ends = ends;
    }

    /// <summary>The bytes of one id; none when no token has it.</summary>
    public ReadOnlyMemory<byte> Of(int id)
    {
        int start = id == 0 ? 0 : ends[id - 1];
        return bytes.AsMemory(start, ends[id] - start);
    }

    /// <summary>Writes down what every token stands for.</summary>
    /// <param name="count">Number of ids.</param>
    /// <param name="ids">The vocabulary.</param>
    /// <param name="added">Added tokens: their own text, whatever the vocabulary says.</param>
    /// <param name="rule">How tokens become text.</param>
    public static TokenText Build(int count, IReadOnlyDictionary<string, int> ids, IReadOnlyList<AddedToken> added, DecodeRule rule)
    {
        var texts = new byte[]?[count];
        foreach (var (token, id) in ids) texts[id] = rule.Bytes(token);
        foreach (var token in added) texts[token.Id] = rule.AddedBytes(token.Content);
        var ends = new int[count];
        int total = 0;
        for (int id = 0; id < count; id++) ends[id] = total += texts[id]?.Length ?? 0;
        var bytes = new byte[total];
        for (int id = 0; id < count; id++) texts[id]?.CopyTo(bytes, ends[id] - texts[id]!.Length);
        return new TokenText(bytes, ends);
    }
}

/// <summary>How tokens become text: the decoder section of the file, as far as it speaks of one token, and whether a text loses its leading space.</summary>
/// <param name="ByteLevel">Tokens are written in <see cref="ByteAlphabet"/>.</param>
/// <param name="Replacements">Texts written for others inside every token, in order.</param>
/// <param name="ByteFallback">Tokens &lt;0x00&gt; .. &lt;0xFF&gt; are bytes.</param>
/// <param name="DropsLeadingSpace">A text loses one leading space.</param>
internal sealed record DecodeRule(bool ByteLevel, IReadOnlyList<KeyValuePair<string, string>> Replacements, bool ByteFallback, bool DropsLeadingSpace)
{
    /// <summary>The name of the token of a byte under byte fallback.</summary>
    public static string ByteToken(int value) => $"<0x{value:X2}>";

    /// <summary>The bytes of a token of the vocabulary.</summary>
    public byte[] Bytes(string token)
    {
        if (ByteLevel) return ByteLevelBytes(token);
        if (ByteFallback && token.Length == 6 && TryByte(token, out byte value)) return [value];
        return AddedBytes(token);
    }

    /// <summary>The bytes of an added token, which is written as plain text.</summary>
    public byte[] AddedBytes(string content)
    {
        foreach (var (from, to) in Replacements) content = content.Replace(from, to, StringComparison.Ordinal);
        return Encoding.UTF8.GetBytes(content);
    }

    private static bool TryByte(string token, out byte value)
    {
        value = 0;
        return token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
            && byte.TryParse(token.AsSpan(3, 2), System.Globalization.NumberStyles.AllowHexSpecifier, null, out value);
    }

    // A token with a character that is no byte's stand-in is plain text.
    private static byte[] ByteLevelBytes(string token)
    {
        var bytes = new byte[token.Length];
        for (int i = 0; i < bytes.Length; i++)
        {
            int value = ByteAlphabet.ByteOf(token[i]);
            if (value < 0) return Encoding.UTF8.GetBytes(token);
            bytes[i] = (byte)value;
        }
        return bytes;
    }
}
