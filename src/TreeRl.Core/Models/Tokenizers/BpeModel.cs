using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Text;
using System.Threading;

namespace TreeRl.Models;

/// <summary>
/// A BPE vocabulary and its merges: the ids of one word. The characters of the word are looked up one by one, one that is no token is said by its UTF-8 bytes
/// (byte fallback) or by the unknown token, and the symbols are merged. Safe to use from several threads.
/// </summary>
internal sealed class BpeModel
{
    // Words up to this length are remembered, as many as the limit; both bound the memory, neither changes a result.
    private const int LongestRemembered = 48, MostRemembered = 65536;

    private readonly Dictionary<string, int> ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> idsBySpan;
    private readonly ConcurrentDictionary<string, int[]> remembered = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> rememberedBySpan;
    private readonly BytePairMerger merger;
    private readonly ImmutableArray<int> byteTokens;
    private readonly int? unknown;
    private readonly bool fuseUnknown, ignoreMerges;
    private int rememberedCount;

    /// <summary>Makes the model of what a file says.</summary>
    /// <param name="ids">Token text to id, comparing ordinally.</param>
    /// <param name="merges">In order of rank.</param>
    /// <param name="byteTokens">The ids of the tokens &lt;0x00&gt; .. &lt;0xFF&gt;, or empty: no byte fallback.</param>
    /// <param name="unknown">The id of the unknown token, or null: a character that is no token is an error.</param>
    /// <param name="fuseUnknown">Whether unknown characters that follow each other are one token.</param>
    /// <param name="ignoreMerges">Whether a word that is a token is that token, whatever the merges say.</param>
    public BpeModel(
        Dictionary<string, int> ids,
        IReadOnlyList<BytePairMerger.Merge> merges,
        ImmutableArray<int> byteTokens,
        int? unknown,
        bool fuseUnknown,
        bool ignoreMerges)
    {
        this.ids = ids;
        idsBySpan = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        rememberedBySpan = remembered.GetAlternateLookup<ReadOnlySpan<char>>();
        merger = new BytePairMerger(merges);
        this.byteTokens = byteTokens;
        this.unknown = unknown;
        this.fuseUnknown = fuseUnknown;
        this.ignoreMerges = ignoreMerges;
    }

    /// <summary>Token text to id.</summary>
    public IReadOnlyDictionary<string, int> Ids => ids;

    /// <summary>Appends the ids of one word.</summary>
    /// <exception cref="ArgumentException">A character is no token, and there is neither byte fallback nor an unknown token.</exception>
    public void Encode(ReadOnlySpan<char> word, BytePairMerger.Workspace work, List<int> into)
    {
        bool remembers = word.Length <= LongestRemembered;
        if (remembers && rememberedBySpan.TryGetValue(word, out int[]? known))
        {
            into.AddRange(known);
            return;
        }
        if (ignoreMerges && idsBySpan.TryGetValue(word, out int whole))
        {
            into.Add(whole);
            return;
        }
        ReadSymbols(word, work);
        int count = merger.Apply(work.Symbols, work.Count, work);
        var merged = work.Symbols.AsSpan(0, count);
        into.AddRange(merged);
        if (remembers && Volatile.Read(ref rememberedCount) < MostRemembered && remembered.TryAdd(word.ToString(), merged.ToArray()))
            Interlocked.Increment(ref rememberedCount);
    }

    private void ReadSymbols(ReadOnlySpan<char> word, BytePairMerger.Workspace work)
    {
        work.Count = 0;
        bool afterUnknown = false;
        for (int at = 0; at < word.Length;)
        {
            Rune.DecodeFromUtf16(word[at..], out Rune rune, out int units);
            var character = word.Slice(at, units);
            at += units;
            if (idsBySpan.TryGetValue(character, out int id)) work.Add(id);
            else if (!byteTokens.IsEmpty) AddBytes(rune, work);
            else
            {
                int unknownId = unknown ?? throw NoToken(rune, word);
                if (!(fuseUnknown && afterUnknown)) work.Add(unknownId);
                afterUnknown = true;
                continue;
            }
            afterUnknown = false;
        }
    }

    private void AddBytes(Rune rune, BytePairMerger.Workspace work)
    {
        Span<byte> bytes = stackalloc byte[4];
        int length = rune.EncodeToUtf8(bytes);
        for (int i = 0; i < length; i++) work.Add(byteTokens[bytes[i]]);
    }

    private static ArgumentException NoToken(Rune rune, ReadOnlySpan<char> word)
    {
        string place = word.Length <= 40 ? word.ToString() : string.Concat(word[..40], "...");
        return new ArgumentException(
            $"text has a piece \"{CharTokenizer.Shown(place)}\" with U+{rune.Value:X4}: the vocabulary has no token for it, no byte fallback and no unknown token; remove it or use another tokenizer",
            "text");
    }
}
