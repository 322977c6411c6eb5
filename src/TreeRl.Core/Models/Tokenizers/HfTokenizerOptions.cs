using System.Collections.Immutable;

namespace TreeRl.Models;

/// <summary>What a tokenizer.json leaves open. Every member may be left as it is.</summary>
public sealed record HfTokenizerOptions
{
    /// <summary>
    /// The tokens that end an answer, by their text. Left unset: those that generation_config.json (eos_token_id) and tokenizer_config.json (eos_token) of the
    /// folder name, none when a single file is loaded.
    /// </summary>
    public ImmutableArray<string> EndTokens { get; init; }

    /// <summary>The token that begins a text, by its text. Null: the bos_token of the folder's tokenizer_config.json, if any.</summary>
    public string? BeginToken { get; init; }

    /// <summary>
    /// Number of ids, for models whose embedding has more rows than the tokenizer has tokens; the ids in between decode to nothing. Null: one more than the largest id.
    /// </summary>
    public int? VocabSize { get; init; }
}

/// <summary>What becomes of special tokens when ids are decoded.</summary>
public enum SpecialText : byte
{
    /// <summary>The begin token and the end tokens are left out, other special tokens are written as their text.</summary>
    DropEnds,

    /// <summary>Every special token is left out.</summary>
    Drop,

    /// <summary>Every special token is written as its text.</summary>
    Keep,
}
