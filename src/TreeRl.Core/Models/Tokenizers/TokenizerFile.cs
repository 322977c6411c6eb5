using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Text.Json;

namespace TreeRl.Models;

/// <summary>
/// What a tokenizer.json says, read whole or refused: a model type, normalizer, pre-tokenizer, decoder, post-processor or setting that is not supported is an
/// error that names it.
/// </summary>
internal sealed partial class TokenizerFile
{
    /// <summary>The largest id a file may use; it bounds the memory that a damaged file can ask for.</summary>
    public const int LargestId = (1 << 24) - 1;

    private TokenizerFile(JsonSection root)
    {
        root.AllowOnly("version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model");
        if (root.Given("version") is { } version && version.Text() != "1.0") throw version.Refuse("only version \"1.0\" is supported");
        RefuseLengthRules(root);

        var model = root.Member("model");
        var ids = ReadVocabulary(model);
        Model = ReadModel(model, ids);
        Added = ReadAdded(root, ids);
        VocabSize = 1 + ids.Values.Concat(Added.Select(token => token.Id)).DefaultIfEmpty(-1).Max();
        if (VocabSize == 0) throw model.Member("vocab").Refuse("has no token");

        Normalizer = new TextNormalizer([.. ReadNormalizer(root.Given("normalizer"))]);
        Splitters = [.. ReadSplitters(root.Given("pre_tokenizer"), isLast: true)];
        DecodeRule = ReadDecoder(root);
        TemplateBefore = [];
        TemplateAfter = [];
        if (root.Given("post_processor") is { } processor) ReadPostProcessor(processor);
    }

    /// <summary>The vocabulary and its merges.</summary>
    public BpeModel Model { get; }

    /// <summary>Added tokens in the order of the file.</summary>
    public ImmutableArray<AddedToken> Added { get; }

    /// <summary>One more than the largest id.</summary>
    public int VocabSize { get; }

    /// <summary>The normalizer.</summary>
    public TextNormalizer Normalizer { get; }

    /// <summary>The pre-tokenizers in order; none: the whole text is one word.</summary>
    public ImmutableArray<PieceSplitter> Splitters { get; }

    /// <summary>How tokens become text.</summary>
    public DecodeRule DecodeRule { get; }

    /// <summary>Ids that the post-processor puts before a single text.</summary>
    public ImmutableArray<int> TemplateBefore { get; private set; }

    /// <summary>Ids that the post-processor puts after a single text.</summary>
    public ImmutableArray<int> TemplateAfter { get; private set; }

    /// <summary>Reads the JSON of a file.</summary>
    /// <param name="json">The file's bytes.</param>
    /// <param name="path">Its name, for errors.</param>
    public static TokenizerFile Parse(byte[] json, string path)
    {
        using JsonDocument document = ModelFile.ParseObject(json, path, "the file");
        return new TokenizerFile(new JsonSection(document.RootElement, path, ""));
    }

    // Cutting and filling up texts belongs to batches. Filling up to the longest of a batch changes nothing for one text.
    private static void RefuseLengthRules(JsonSection root)
    {
        if (root.Given("truncation") is { } truncation)
            throw truncation.Refuse("texts are never cut here: set it to null and limit lengths where they are used");
        if (root.Given("padding") is not { } padding) return;
        bool changesNothing = padding.Given("strategy") is { Value.ValueKind: JsonValueKind.String } strategy && strategy.Text() == "BatchLongest"
            && padding.Given("pad_to_multiple_of") is null;
        if (!changesNothing) throw padding.Refuse("texts are never filled up here: set it to null");
    }

    private static ImmutableArray<AddedToken> ReadAdded(JsonSection root, Dictionary<string, int> ids)
    {
        if (root.Given("added_tokens") is not { } section) return [];
        var tokens = ImmutableArray.CreateBuilder<AddedToken>();
        var contents = new HashSet<string>();
        var owners = new Dictionary<int, string>();
        foreach (var (token, id) in ids) owners.Add(id, token);
        int next = ids.Count;
        foreach (var item in section.Items())
        {
            item.AllowOnly("id", "content", "single_word", "lstrip", "rstrip", "normalized", "special");
            var token = new AddedToken(
                item.Member("id").Id(),
                item.Member("content").Text(),
                item.Member("special").Flag(),
                item.Member("single_word").Flag(),
                item.Member("lstrip").Flag(),
                item.Member("rstrip").Flag(),
                item.Member("normalized").Flag());
            if (token.Content.Length == 0) throw item.Refuse("the content of an added token must not be empty");
            if (!contents.Add(token.Content)) throw item.Refuse("an added token must be listed once");
            if (ids.TryGetValue(token.Content, out int known) && known != token.Id)
                throw item.Refuse($"the vocabulary gives this token the id {known}: the two must agree");
            if (owners.TryGetValue(token.Id, out string? owner) && owner != token.Content)
                throw item.Refuse($"id {token.Id} is already that of \"{CharTokenizer.Shown(owner)}\": ids must differ");
            // Some programs number added tokens anew, others take the ids of the file. They agree when the ids go on where the vocabulary ends.
            if (owners.TryAdd(token.Id, token.Content) && token.Id != next)
                throw item.Refuse($"the next free id is {next}: ids of added tokens must go on where the vocabulary ends, or programs disagree about them");
            next = Math.Max(next, token.Id + 1);
            tokens.Add(token);
        }
        return tokens.ToImmutable();
    }
}
