using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Text;

namespace TreeRl.Models;

/// <summary>One step of a normalizer: text to text.</summary>
internal delegate string TextStep(string text);

/// <summary>The normalizer of a tokenizer: its steps in order.</summary>
internal sealed class TextNormalizer(ImmutableArray<TextStep> steps)
{
    /// <summary>Whether text passes unchanged.</summary>
    public bool IsNothing => steps.IsEmpty;

    /// <summary>Normalises a text of at least one character; the result may be empty.</summary>
    public string Apply(string text)
    {
        foreach (var step in steps) text = step(text);
        return text;
    }

    /// <summary>The step that puts a text before a text that is not empty.</summary>
    public static TextStep Prepend(string prefix) => text => text.Length == 0 ? text : prefix + text;

    /// <summary>The step that writes one text for another, from left to right.</summary>
    public static TextStep Replace(string from, string to) => text => text.Replace(from, to, StringComparison.Ordinal);

    /// <summary>A text in which each half of a surrogate pair that stands alone, which is no character, is U+FFFD.</summary>
    public static string Repair(string text)
    {
        int at = FirstBroken(text, 0);
        if (at < 0) return text;
        var repaired = new StringBuilder(text);
        for (; at >= 0; at = FirstBroken(text, at + 1)) repaired[at] = '\uFFFD';
        return repaired.ToString();
    }

    private static int FirstBroken(string text, int from)
    {
        while (from < text.Length)
        {
            int offset = text.AsSpan(from).IndexOfAnyInRange('\uD800', '\uDFFF');
            if (offset < 0) return -1;
            from += offset;
            if (from + 1 == text.Length || !char.IsSurrogatePair(text[from], text[from + 1])) return from;
            from += 2;
        }
        return -1;
    }
}
