using System;
using System.Buffers;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace TreeRl.Models;

/// <summary>A token that is recognised in the text itself, before pre-tokenizer and merges.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text, not empty.</param>
/// <param name="Special">Whether it is a control token, which <see cref="HfTokenizer.EncodePlain"/> does not recognise.</param>
/// <param name="SingleWord">Matches only where no word character stands beside it.</param>
/// <param name="StripLeft">Takes the white space before it along.</param>
/// <param name="StripRight">Takes the white space after it along.</param>
/// <param name="Normalized">Looked for in the normalised text (and normalised itself) instead of the raw text.</param>
internal sealed record AddedToken(int Id, string Content, bool Special, bool SingleWord, bool StripLeft, bool StripRight, bool Normalized);

/// <summary>
/// Finds added tokens: leftmost, of those the longest, never overlapping. Time is the length of the text times that of the longest added token at worst.
/// </summary>
internal sealed class AddedTokens
{
    private readonly Dictionary<long, int> children = [];
    private readonly Dictionary<int, AddedToken> ends = [];
    private readonly SearchValues<char> starts;

    /// <summary>Makes the finder of some tokens, each looked for by the text that <paramref name="pattern"/> gives for it.</summary>
    public AddedTokens(IEnumerable<AddedToken> tokens, Func<AddedToken, string> pattern)
    {
        int nodes = 1;
        var first = new HashSet<char>();
        foreach (var token in tokens)
        {
            string text = pattern(token);
            if (text.Length == 0) continue; // normalised away: nothing to be found
            first.Add(text[0]);
            int node = 0;
            foreach (char c in text)
            {
                long key = ((long)node << 16) | c;
                if (!children.TryGetValue(key, out int child)) children.Add(key, child = nodes++);
                node = child;
            }
            ends[node] = token;
        }
        starts = SearchValues.Create(first.ToArray());
    }

    /// <summary>A stretch of the text: an added token, or text between two of them when <paramref name="Token"/> is null.</summary>
    public readonly record struct Stretch(AddedToken? Token, int Start, int End);

    /// <summary>Cuts a text into stretches that follow each other; an empty text has none.</summary>
    /// <param name="text">Well-formed UTF-16.</param>
    /// <param name="withSpecial">Whether special tokens count; else their text is text like any other.</param>
    public List<Stretch> Split(string text, bool withSpecial)
    {
        var stretches = new List<Stretch>();
        int done = 0;
        for (int from = 0; from < text.Length;)
        {
            int offset = text.AsSpan(from).IndexOfAny(starts);
            if (offset < 0) break;
            int start = from + offset;
            var token = LongestAt(text, start, out int end);
            from = token is null ? start + 1 : end;
            if (token is null || (token.Special && !withSpecial)) continue;
            if (token.SingleWord && (WordEndsAt(text, start) || WordStartsAt(text, end))) continue;
            if (token.StripLeft) start = start <= done ? done : done + text.AsSpan(done, start - done).TrimEnd().Length;
            // Inside white space that the token before has taken, the end of that space is known.
            if (token.StripRight) end = end <= done ? done : text.Length - text.AsSpan(end).TrimStart().Length;
            if (done < start) stretches.Add(new Stretch(null, done, start));
            stretches.Add(new Stretch(token, start, end));
            done = end;
        }
        if (done < text.Length) stretches.Add(new Stretch(null, done, text.Length));
        return stretches;
    }

    private AddedToken? LongestAt(string text, int start, out int end)
    {
        AddedToken? longest = null;
        end = start;
        for (int at = start, node = 0; at < text.Length && children.TryGetValue(((long)node << 16) | text[at], out node); at++)
        {
            if (!ends.TryGetValue(node, out var token)) continue;
            longest = token;
            end = at + 1;
        }
        return longest;
    }

    private static bool WordEndsAt(string text, int end) =>
        end > 0 && Rune.DecodeLastFromUtf16(text.AsSpan(0, end), out var rune, out _) == OperationStatus.Done && CharClass.IsWord(rune);

    private static bool WordStartsAt(string text, int start) =>
        start < text.Length && Rune.DecodeFromUtf16(text.AsSpan(start), out var rune, out _) == OperationStatus.Done && CharClass.IsWord(rune);
}
