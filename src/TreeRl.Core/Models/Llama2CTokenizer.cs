using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Text;

namespace TreeRl.Models;

/// <summary>
/// The tokenizer file of llama2.c: byte-pair pieces with scores. Id 0 is unknown, 1 begins a text, 2 ends it, 3 .. 258 are the raw bytes,
/// the rest are pieces of UTF-8 text.
/// </summary>
/// <remarks>
/// Encoding splits the text into characters, says a character that is no piece by its bytes, and then joins, again and again, the adjacent pair
/// whose joined piece has the highest score, the leftmost of equals. Models of this family emit token 1 between texts, so both 1 and 2 end an answer.
/// </remarks>
public sealed class Llama2CTokenizer : ITokenizer
{
    private const int Begin = 1, End = 2, FirstByte = 3, FirstPiece = FirstByte + 256;
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte[][] pieces; // as stored; the bytes a token stands for are OutputOf(id)
    private readonly string[] texts; // piece as text, from FirstPiece on
    private readonly float[] scores;
    private readonly Dictionary<string, int> ids = new(StringComparer.Ordinal);

    private Llama2CTokenizer(byte[][] pieces, float[] scores, string path)
    {
        this.pieces = pieces;
        this.scores = scores;
        texts = new string[pieces.Length];
        for (int id = FirstPiece; id < pieces.Length; id++)
        {
            try
            {
                texts[id] = StrictUtf8.GetString(pieces[id]);
            }
            catch (DecoderFallbackException e)
            {
                throw ModelFile.Bad(path, $"piece {id} is no UTF-8: the file is damaged or of another kind", e);
            }
            ids.TryAdd(texts[id], id);
        }
    }

    /// <inheritdoc/>
    public int VocabSize => pieces.Length;

    /// <summary>Tokens 2 and 1: the end of a text, and the begin of the next one.</summary>
    public ImmutableArray<int> EndTokens { get; } = [End, Begin];

    /// <inheritdoc/>
    public int? BeginToken => Begin;

    /// <summary>Reads a tokenizer file: int32 longest piece, then for each id a float32 score, an int32 byte count and the bytes.</summary>
    /// <exception cref="InvalidDataException">The file is cut off, a length is impossible, or it has fewer than 259 pieces.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Llama2CTokenizer Load(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        if (bytes.Length < sizeof(int)) throw ModelFile.Bad(path, $"has {bytes.Length} bytes: a tokenizer file begins with 4 bytes, the length of its longest piece");
        int longest = BinaryPrimitives.ReadInt32LittleEndian(bytes), at = sizeof(int);
        var pieces = new List<byte[]>();
        var scores = new List<float>();
        while (at < bytes.Length)
        {
            if (bytes.Length - at < 2 * sizeof(int)) throw ModelFile.Bad(path, $"ends inside the header of piece {pieces.Count}: it is cut off");
            float score = BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(at));
            int length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at + sizeof(float)));
            at += 2 * sizeof(int);
            if (!float.IsFinite(score)) throw ModelFile.Bad(path, $"piece {pieces.Count} has score {score}: must be finite; the file is damaged or of another kind");
            if (length < 0 || length > longest || length > bytes.Length - at)
                throw ModelFile.Bad(path, $"piece {pieces.Count} has length {length}: must be 0 .. {Math.Min(longest, bytes.Length - at)}; the file is cut off, damaged or of another kind");
            pieces.Add(bytes.AsSpan(at, length).ToArray());
            scores.Add(score);
            at += length;
        }
        if (pieces.Count < FirstPiece) throw ModelFile.Bad(path, $"has {pieces.Count} pieces: at least {FirstPiece} are needed (3 control tokens and 256 bytes)");
        return new Llama2CTokenizer([.. pieces], [.. scores], path);
    }

    /// <summary>Writes the tokenizer in the format that <see cref="Load"/> reads.</summary>
    public void Save(string path)
    {
        using var writer = new BinaryWriter(File.Create(path)); // BinaryWriter is little-endian everywhere
        int longest = 0;
        foreach (byte[] piece in pieces) longest = Math.Max(longest, piece.Length);
        writer.Write(longest);
        for (int id = 0; id < pieces.Length; id++)
        {
            writer.Write(scores[id]);
            writer.Write(pieces[id].Length);
            writer.Write(pieces[id]);
        }
    }

    /// <inheritdoc/>
    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var symbols = new List<int>(text.Length);
        var one = new byte[4];
        for (int i = 0; i < text.Length;)
        {
            Guard.That(Rune.TryGetRuneAt(text, i, out var rune), $"text has half of a surrogate pair, U+{(int)text[i]:X4}, at index {i}: it is no character; remove it", nameof(text));
            if (ids.TryGetValue(rune.ToString(), out int id)) symbols.Add(id);
            else
            {
                int length = rune.EncodeToUtf8(one);
                for (int k = 0; k < length; k++) symbols.Add(FirstByte + one[k]);
            }
            i += rune.Utf16SequenceLength;
        }
        return Merge([.. symbols]);
    }

    /// <summary>Token 1, then the text with one space before it when it is not empty, as models of this family were trained.</summary>
    /// <exception cref="ArgumentException">As for <see cref="Encode"/>.</exception>
    public int[] EncodePrompt(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length == 0 ? [Begin] : [Begin, .. Encode(" " + text)];
    }

    /// <summary>The text of ids; a piece that follows token 1 loses one leading space.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in 0 .. V-1.</exception>
    public string Decode(ReadOnlySpan<int> ids)
    {
        var bytes = new List<byte>(4 * ids.Length);
        int previous = -1;
        foreach (int id in ids)
        {
            CheckId(id);
            if (id >= FirstPiece)
            {
                var piece = pieces[id].AsSpan();
                if (previous == Begin && piece.Length > 0 && piece[0] == ' ') piece = piece[1..];
                bytes.AddRange(piece);
            }
            else if (id >= FirstByte) bytes.Add((byte)(id - FirstByte));
            previous = id;
        }
        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    /// <inheritdoc/>
    public string Piece(int id)
    {
        CheckId(id);
        return id switch
        {
            0 => "<unk>",
            Begin => "<s>",
            End => "</s>",
            < FirstPiece => $"<0x{id - FirstByte:X2}>",
            _ when pieces[id].Length == 0 => "<empty>",
            _ => CharTokenizer.Shown(texts[id]),
        };
    }

    // Symbols form a linked list; a queue holds the joins that were possible when they were found, best score first, then leftmost.
    private int[] Merge(int[] symbols)
    {
        int n = symbols.Length;
        var next = new int[n];
        var before = new int[n];
        var queue = new PriorityQueue<Join, (float, int)>();
        for (int i = 0; i < n; i++)
        {
            next[i] = i + 1;
            before[i] = i - 1;
        }
        for (int i = 0; i + 1 < n; i++) Offer(i);
        while (queue.TryDequeue(out var join, out _))
        {
            int right = join.Left >= 0 && symbols[join.Left] == join.LeftId ? next[join.Left] : n;
            if (right >= n || symbols[right] != join.RightId) continue; // one side was joined elsewhere since
            symbols[join.Left] = join.Joined;
            symbols[right] = -1;
            next[join.Left] = next[right];
            if (next[right] < n) before[next[right]] = join.Left;
            if (before[join.Left] >= 0) Offer(before[join.Left]);
            if (next[join.Left] < n) Offer(join.Left);
        }
        var merged = new List<int>(n);
        for (int i = 0; i < n; i = next[i]) merged.Add(symbols[i]);
        return [.. merged];

        void Offer(int left)
        {
            int leftId = symbols[left], rightId = symbols[next[left]];
            if (leftId < FirstPiece || rightId < FirstPiece) return; // raw bytes never join
            if (ids.TryGetValue(texts[leftId] + texts[rightId], out int joined))
                queue.Enqueue(new Join(left, leftId, rightId, joined), (-scores[joined], left));
        }
    }

    private void CheckId(int id) => Guard.InRange((uint)id < (uint)VocabSize, id, $"must be a token id, 0 .. {VocabSize - 1}");

    private readonly record struct Join(int Left, int LeftId, int RightId, int Joined);
}
