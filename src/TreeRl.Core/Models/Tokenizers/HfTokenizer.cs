using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using System.Text;

namespace TreeRl.Models;

/// <summary>
/// A tokenizer read from Hugging Face's tokenizer.json: byte-level BPE (GPT-2, Llama 3, Qwen 2 and 3) and SentencePiece-style BPE (Llama 2). Immutable; safe to use
/// from several threads.
/// </summary>
/// <remarks>
/// <para>Supported are the normalizers NFC, Prepend and Replace (of a fixed text), the pre-tokenizers ByteLevel, Split (with the patterns of the three families),
/// Digits and Metaspace, BPE models with byte fallback, unknown token and ignore_merges, and the decoders ByteLevel, Metaspace, Replace, ByteFallback, Fuse and Strip.
/// Anything else in the file is refused by name.</para>
/// <para>Encoding takes O(n log n) for n characters at worst, whatever the text. Halves of surrogate pairs count as U+FFFD. Letters and numbers are those of the
/// runtime's Unicode version (16.0 in .NET 10).</para>
/// <para>Decoding differs from the reference implementation where that loses text: bytes that are no UTF-8 become one U+FFFD for each broken part also under
/// byte fallback, where the reference gives up on all bytes of the run; and a text loses one leading space at most, where the reference's Metaspace decoder
/// drops all marks of the first token.</para>
/// </remarks>
public sealed partial class HfTokenizer : ITokenizer
{
    private readonly TokenizerFile file;
    private readonly TokenText text;
    private readonly AddedTokens raw, normalized;
    private readonly Dictionary<int, AddedToken> added;
    private readonly Dictionary<string, int> addedIds;
    private readonly ImmutableArray<KeyValuePair<string, byte[]>> sources;

    private HfTokenizer(TokenizerFile file, FolderTokens folder, HfTokenizerOptions options, ImmutableArray<KeyValuePair<string, byte[]>> sources)
    {
        this.file = file;
        this.sources = sources;
        added = file.Added.ToDictionary(token => token.Id);
        addedIds = file.Added.ToDictionary(token => token.Content, token => token.Id, StringComparer.Ordinal);
        VocabSize = options.VocabSize ?? file.VocabSize;
        if (VocabSize < file.VocabSize || VocabSize > TokenizerFile.LargestId + 1)
            throw new ArgumentOutOfRangeException(nameof(options), VocabSize, $"options.VocabSize = {VocabSize}: the tokenizer has ids up to {file.VocabSize - 1}; must be {file.VocabSize} .. {TokenizerFile.LargestId + 1}");
        text = TokenText.Build(VocabSize, file.Model.Ids, file.Added, file.DecodeRule);
        raw = new AddedTokens(file.Added.Where(token => !token.Normalized), token => token.Content);
        normalized = new AddedTokens(file.Added.Where(token => token.Normalized), token => file.Normalizer.Apply(token.Content));
        EndTokens = options.EndTokens.IsDefault ? folder.EndIds(this) : [.. options.EndTokens.Select(name => NamedId(name, "options.EndTokens"))];
        BeginToken = options.BeginToken is { } begin ? NamedId(begin, "options.BeginToken") : folder.BeginId(this);
    }

    /// <inheritdoc/>
    public int VocabSize { get; }

    /// <inheritdoc/>
    public ImmutableArray<int> EndTokens { get; }

    /// <inheritdoc/>
    public int? BeginToken { get; }

    /// <summary>The ids that the file's post-processor template puts before a text, such as the begin token of Llama; often none.</summary>
    public ImmutableArray<int> TemplateBefore => file.TemplateBefore;

    /// <summary>The ids that the file's post-processor template puts after a text; mostly none.</summary>
    public ImmutableArray<int> TemplateAfter => file.TemplateAfter;

    /// <summary>Whether a decoded text loses one leading space (the SentencePiece family).</summary>
    internal bool DropsLeadingSpace => file.DecodeRule.DropsLeadingSpace;

    /// <summary>Reads a tokenizer.</summary>
    /// <param name="path">
    /// A folder with tokenizer.json, whose tokenizer_config.json and generation_config.json (or, without it, config.json), where present, say which tokens begin
    /// and end a text; or the path of a tokenizer.json, of which no other file is read.
    /// </param>
    /// <param name="options">What the files leave open; null: nothing to add.</param>
    /// <exception cref="IOException">A file is not there or cannot be read.</exception>
    /// <exception cref="InvalidDataException">A file is broken, contradicts itself, or asks for something that is not supported; the message names it.</exception>
    /// <exception cref="ArgumentException">An option names a token that the file does not have, or a number of ids that is too small.</exception>
    public static HfTokenizer Load(string path, HfTokenizerOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        bool isFolder = Directory.Exists(path);
        string main = isFolder ? Path.Combine(path, TokenizerName) : path;
        byte[] json = File.ReadAllBytes(main);
        var sources = ImmutableArray.CreateBuilder<KeyValuePair<string, byte[]>>();
        sources.Add(new(TokenizerName, json));
        var folder = isFolder ? FolderTokens.Read(path, sources) : FolderTokens.None;
        return new HfTokenizer(TokenizerFile.Parse(json, main), folder, options ?? new HfTokenizerOptions(), sources.ToImmutable());
    }

    /// <summary>Reads a tokenizer from the JSON text of a tokenizer.json.</summary>
    /// <param name="json">The text.</param>
    /// <param name="options">What the text leaves open; null: nothing to add.</param>
    /// <exception cref="InvalidDataException">As for <see cref="Load"/>; the file is called tokenizer.json in messages.</exception>
    /// <exception cref="ArgumentException">As for <see cref="Load"/>.</exception>
    public static HfTokenizer Parse(string json, HfTokenizerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(json);
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        return new HfTokenizer(TokenizerFile.Parse(bytes, TokenizerName), FolderTokens.None, options ?? new HfTokenizerOptions(), [new(TokenizerName, bytes)]);
    }

    /// <summary>Writes the files it was read from, byte for byte, into a folder, which is made when it is not there.</summary>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public void Save(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var (name, bytes) in sources) File.WriteAllBytes(Path.Combine(folder, name), bytes);
    }

    /// <summary>
    /// The ids of a text, without the template's ids. Special tokens that stand in the text, such as &lt;|im_end|&gt;, become their id: for text of unknown
    /// origin use <see cref="EncodePlain"/>.
    /// </summary>
    /// <exception cref="ArgumentException">A character has no token, and the vocabulary has neither byte fallback nor an unknown token.</exception>
    public int[] Encode(string text) => Encode(text, withSpecial: true);

    /// <summary>The ids of a text in which special tokens are text like any other. Added tokens that are not special are recognised all the same.</summary>
    /// <exception cref="ArgumentException">As for <see cref="Encode(string)"/>.</exception>
    public int[] EncodePlain(string text) => Encode(text, withSpecial: false);

    /// <summary>The ids of a text between those of the file's post-processor template (<see cref="TemplateBefore"/>, <see cref="TemplateAfter"/>).</summary>
    /// <exception cref="ArgumentException">As for <see cref="Encode(string)"/>.</exception>
    public int[] EncodeWithTemplate(string text) => [.. TemplateBefore, .. Encode(text), .. TemplateAfter];

    /// <summary>
    /// The ids of a text that a policy is to continue: the ids that the file's template puts before a text, unless the text begins with them, as chat prompts do,
    /// and the text. A begin token that the template does not use is not added.
    /// </summary>
    /// <exception cref="ArgumentException">As for <see cref="Encode(string)"/>.</exception>
    public int[] EncodePrompt(string text)
    {
        int[] ids = Encode(text);
        return ids.AsSpan().StartsWith(TemplateBefore.AsSpan()) ? ids : [.. TemplateBefore, .. ids];
    }

    /// <summary>The id of a token by its text as the file writes it (a space is "Ġ" in byte-level files), added tokens first; null when there is none.</summary>
    public int? IdOf(string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        if (addedIds.TryGetValue(token, out int id) || file.Model.Ids.TryGetValue(token, out id)) return id;
        return null;
    }

    private int[] Encode(string text, bool withSpecial)
    {
        ArgumentNullException.ThrowIfNull(text);
        var ids = new List<int>(text.Length / 3 + 1);
        var work = new BytePairMerger.Workspace();
        text = TextNormalizer.Repair(text);
        foreach (var outer in raw.Split(text, withSpecial))
        {
            if (outer.Token is not null)
            {
                ids.Add(outer.Token.Id);
                continue;
            }
            string part = file.Normalizer.Apply(text[outer.Start..outer.End]);
            foreach (var inner in normalized.Split(part, withSpecial))
            {
                if (inner.Token is not null) ids.Add(inner.Token.Id);
                else EncodeText(new TextPiece(part, inner.Start, inner.End - inner.Start, outer.Start == 0 && inner.Start == 0), work, ids);
            }
        }
        return [.. ids];
    }

    private void EncodeText(TextPiece whole, BytePairMerger.Workspace work, List<int> ids)
    {
        var pieces = new List<TextPiece> { whole };
        foreach (var splitter in file.Splitters)
        {
            var parts = new List<TextPiece>();
            foreach (var piece in pieces) splitter.Split(piece, parts);
            pieces = parts;
        }
        foreach (var piece in pieces) file.Model.Encode(piece.Span, work, ids);
    }

    private int NamedId(string name, string where) =>
        IdOf(name) ?? throw new ArgumentException($"{where} names the token \"{name}\": the tokenizer has none of this text", "options");
}
