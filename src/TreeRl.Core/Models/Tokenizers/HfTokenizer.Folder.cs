using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;

namespace TreeRl.Models;

/// <content>The files beside tokenizer.json that say which tokens begin and end a text.</content>
public sealed partial class HfTokenizer
{
    private const string TokenizerName = "tokenizer.json", ConfigName = "tokenizer_config.json", GenerationName = "generation_config.json", ModelName = "config.json";

    /// <summary>Files that this class does not read but that other programs take a tokenizer's marks and chat form from: they are kept as they are.</summary>
    internal static readonly ImmutableArray<string> Companions = ["special_tokens_map.json", "chat_template.jinja"];

    /// <summary>What the files of a folder say about begin and end; nothing else of them is used.</summary>
    private sealed record FolderTokens(JsonSection? BeginText, JsonSection? EndText, ImmutableArray<JsonSection> EndNumbers)
    {
        /// <summary>Nothing is said.</summary>
        public static FolderTokens None { get; } = new(null, null, []);

        /// <summary>Reads the files that are there, and adds what belongs to the tokenizer to <paramref name="sources"/>.</summary>
        public static FolderTokens Read(string folder, ImmutableArray<KeyValuePair<string, byte[]>>.Builder sources)
        {
            JsonSection? begin = null, end = null;
            if (ReadFile(Path.Combine(folder, ConfigName), out byte[] bytes) is { } config)
            {
                sources.Add(new(ConfigName, bytes));
                begin = TokenText(config.Given("bos_token"));
                end = TokenText(config.Given("eos_token"));
            }
            foreach (string name in Companions)
            {
                string path = Path.Combine(folder, name);
                if (File.Exists(path)) sources.Add(new(name, File.ReadAllBytes(path)));
            }
            // The model's own file counts where none is about generation, as in other programs.
            ImmutableArray<JsonSection> numbers = [];
            var generation = ReadFile(Path.Combine(folder, GenerationName), out _) ?? ReadFile(Path.Combine(folder, ModelName), out _);
            if (generation?.Given("eos_token_id") is { } ids)
                numbers = ids.Value.ValueKind == System.Text.Json.JsonValueKind.Array ? [.. ids.Items()] : [ids];
            return new FolderTokens(begin, end, numbers);
        }

        /// <summary>The begin token, or null.</summary>
        public int? BeginId(HfTokenizer tokenizer) => BeginText is { } begin ? Named(begin, tokenizer) : null;

        /// <summary>The end tokens, each once, ascending.</summary>
        public ImmutableArray<int> EndIds(HfTokenizer tokenizer)
        {
            var ids = new SortedSet<int>();
            if (EndText is { } end) ids.Add(Named(end, tokenizer));
            foreach (var number in EndNumbers)
                ids.Add(number.Id() < tokenizer.VocabSize ? number.Id() : throw number.Refuse($"must be a token id of the tokenizer, 0 .. {tokenizer.VocabSize - 1}"));
            return [.. ids];
        }

        private static int Named(JsonSection section, HfTokenizer tokenizer) =>
            tokenizer.IdOf(section.Text()) ?? throw section.Refuse($"must be a token of {TokenizerName}");

        // A token is a text or an object with its content.
        private static JsonSection? TokenText(JsonSection? given) =>
            given is { Value.ValueKind: System.Text.Json.JsonValueKind.Object } token ? token.Member("content") : given;

        private static JsonSection? ReadFile(string path, out byte[] bytes)
        {
            bytes = [];
            if (!File.Exists(path)) return null;
            bytes = File.ReadAllBytes(path);
            using var json = ModelFile.ParseObject(bytes, path, "the file");
            return new JsonSection(json.RootElement.Clone(), path, "");
        }
    }
}
