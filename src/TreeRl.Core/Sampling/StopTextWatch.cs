using System;
using System.Collections.Immutable;
using TreeRl.Forests;
using TreeRl.Models;

namespace TreeRl.Sampling;

/// <summary>
/// Tells whether an answer's decoded text has come to contain a stop text. A token is looked at closer only when its own text could be the end
/// of one (learnt once for each id); then the answer's last tokens are decoded, as many as the longest stop text needs.
/// </summary>
internal sealed class StopTextWatch
{
    /// <summary>Tokens decoded beyond what the text needs: a code point may be spread over up to four byte tokens.</summary>
    private const int Margin = 4;

    private enum Role : byte
    {
        Unknown,
        Harmless,
        MayComplete,
    }

    private readonly ITokenizer tokenizer;
    private readonly ImmutableArray<string> texts;
    private readonly int longest;
    private readonly Role[] roles;
    private int[] tail = new int[64];

    public StopTextWatch(ITokenizer tokenizer, ImmutableArray<string> texts, int vocabSize)
    {
        this.tokenizer = tokenizer;
        this.texts = texts;
        foreach (string text in texts) longest = Math.Max(longest, text.Length);
        roles = new Role[vocabSize];
    }

    /// <summary>Whether the answer that ends with <paramref name="lastToken"/>, the last token of <paramref name="node"/>, contains a stop text.</summary>
    public bool Ends(ForestBuilder builder, int node, int pathTokens, int lastToken)
    {
        ref Role role = ref roles[lastToken];
        if (role == Role.Unknown) role = MayComplete(lastToken) ? Role.MayComplete : Role.Harmless;
        if (role == Role.Harmless) return false;
        int window = Math.Min(longest + Margin, pathTokens);
        while (true)
        {
            string text = Decode(builder, node, window);
            foreach (string stop in texts)
                if (text.Contains(stop, StringComparison.Ordinal)) return true;
            // Tokens may decode to nothing, so the window grows until it surely holds the longest stop text, or is the answer.
            if (window == pathTokens || text.Length >= longest + Margin) return false;
            window = (int)Math.Min(2L * window, pathTokens);
        }
    }

    private string Decode(ForestBuilder builder, int node, int window)
    {
        if (tail.Length < window) tail = new int[2 * window];
        var tokens = tail.AsSpan(0, window);
        builder.CopyTail(node, tokens);
        int kept = 0; // a policy's vocabulary may be padded beyond the tokenizer's; such ids have no text
        foreach (int id in tokens)
            if (id < tokenizer.VocabSize) tokens[kept++] = id;
        return tokenizer.Decode(tokens[..kept]);
    }

    private bool MayComplete(int id)
    {
        if (id >= tokenizer.VocabSize) return false;
        string piece = tokenizer.Decode([id]);
        // Alone, part of a code point decodes to U+FFFD and a leading blank may decode to nothing: look closer at both.
        if (piece.Length == 0 || piece.Contains('\uFFFD')) return true;
        foreach (string stop in texts)
        {
            if (piece.Contains(stop, StringComparison.Ordinal)) return true;
            for (int length = 1; length <= Math.Min(piece.Length, stop.Length); length++)
                if (stop.EndsWith(piece[..length], StringComparison.Ordinal)) return true;
        }
        return false;
    }
}
