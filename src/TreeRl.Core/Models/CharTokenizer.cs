using System;
using System.Buffers;
using System.Collections.Frozen;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace TreeRl.Models;

/// <summary>
/// One token a character over a fixed alphabet. Id 0 is the end token, ids 1, 2, ... are the characters in the order of the alphabet.
/// </summary>
public sealed class CharTokenizer : ITokenizer
{
    private readonly FrozenDictionary<char, int> ids;

    /// <summary>Makes the tokenizer of an alphabet.</summary>
    /// <param name="alphabet">The characters, each once, at least one; no half of a surrogate pair.</param>
    /// <exception cref="ArgumentException">The alphabet is empty, has a character twice, or has a surrogate.</exception>
    public CharTokenizer(string alphabet)
    {
        ArgumentNullException.ThrowIfNull(alphabet);
        Guard.That(alphabet.Length > 0, "the alphabet is empty: give every character that texts may have", nameof(alphabet));
        var made = new Dictionary<char, int>();
        foreach (char c in alphabet)
        {
            Guard.That(!char.IsSurrogate(c), $"the alphabet has the surrogate U+{(int)c:X4}: only characters of one UTF-16 unit can be tokens", nameof(alphabet));
            Guard.That(made.TryAdd(c, made.Count + 1), $"the alphabet has {Show(c)} twice: give each character once", nameof(alphabet));
        }
        Alphabet = alphabet;
        ids = made.ToFrozenDictionary();
    }

    /// <summary>The characters; the one at index i has id i + 1.</summary>
    public string Alphabet { get; }

    /// <summary>The id that ends a text.</summary>
    public int EndToken => 0;

    /// <inheritdoc/>
    public int VocabSize => Alphabet.Length + 1;

    /// <inheritdoc/>
    public ImmutableArray<int> EndTokens { get; } = [0];

    /// <inheritdoc/>
    public int? BeginToken => null;

    /// <inheritdoc/>
    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var encoded = new int[text.Length];
        for (int i = 0; i < encoded.Length; i++)
            if (!ids.TryGetValue(text[i], out encoded[i]))
                throw new ArgumentException($"text has {Show(text[i])} at index {i}: it is not in the alphabet {Shown(Alphabet)}; remove it or use a tokenizer that has it", nameof(text));
        return encoded;
    }

    /// <inheritdoc/>
    public string Decode(ReadOnlySpan<int> ids)
    {
        char[] rented = ArrayPool<char>.Shared.Rent(ids.Length);
        int length = 0;
        foreach (int id in ids)
        {
            CheckId(id);
            if (id != EndToken) rented[length++] = Alphabet[id - 1];
        }
        string text = new(rented, 0, length);
        ArrayPool<char>.Shared.Return(rented);
        return text;
    }

    /// <inheritdoc/>
    public string Piece(int id)
    {
        CheckId(id);
        return id == EndToken ? "<end>" : Shown(Alphabet[id - 1].ToString());
    }

    /// <summary>Writes the tokenizer as JSON: <c>{"kind": "char", "alphabet": "..."}</c>.</summary>
    public void Save(string path)
    {
        using var stream = File.Create(path);
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        writer.WriteStartObject();
        writer.WriteString("kind", "char");
        writer.WriteString("alphabet", Alphabet);
        writer.WriteEndObject();
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The file is not such a JSON; the message names the file and what is wrong.</exception>
    public static CharTokenizer Load(string path)
    {
        using var json = ModelFile.ReadJson(path);
        string kind = ModelFile.Text(json.RootElement, "kind", path);
        if (kind != "char") throw ModelFile.Bad(path, $"kind = \"{kind}\": a character tokenizer has \"char\"");
        string alphabet = ModelFile.Text(json.RootElement, "alphabet", path);
        if (alphabet.Length == 0 || alphabet.Any(char.IsSurrogate) || alphabet.Distinct().Count() != alphabet.Length)
            throw ModelFile.Bad(path, $"alphabet = {Shown(alphabet)}: must have each character once, at least one, and no surrogates");
        return new CharTokenizer(alphabet);
    }

    /// <summary>A text with control characters made visible: a line feed as an arrow, others as their code.</summary>
    internal static string Shown(string text)
    {
        var shown = new StringBuilder(text.Length);
        foreach (char c in text)
        {
            if (c == '\n') shown.Append('↵');
            else if (c == '\t') shown.Append('→');
            else if (c == ' ') shown.Append('␣');
            else if (char.IsControl(c)) shown.Append($"<U+{(int)c:X4}>");
            else shown.Append(c);
        }
        return shown.ToString();
    }

    private static string Show(char c) => char.IsControl(c) || char.IsSurrogate(c) ? $"U+{(int)c:X4}" : $"'{c}'";

    private void CheckId(int id) => Guard.InRange((uint)id < (uint)VocabSize, id, $"must be a token id, 0 .. {VocabSize - 1}");
}
