using System.Linq;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using TreeRl.Models;

namespace TreeRl.Tests.Models.Tokenizers;

/// <summary>Hand-written tokenizer files of a few tokens, for tests to change.</summary>
internal static class SmallTokenizer
{
    /// <summary>Byte level: the 256 bytes are ids 0 .. 255 in the order of their values, then "th", "the", "Ġthe" are 256 .. 258, and "&lt;end&gt;" is 259.</summary>
    public static JsonObject ByteLevel()
    {
        var vocab = new JsonObject();
        for (int value = 0; value < 256; value++) vocab[ByteAlphabet.CharOf((byte)value).ToString()] = value;
        vocab["th"] = 256;
        vocab["the"] = 257;
        vocab["Ġthe"] = 258;
        return File(
            vocab,
            ["t h", "th e", "Ġ the"],
            added: [Added(259, "<end>")],
            preTokenizer: Node("""{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}"""),
            decoder: Node("""{"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true}"""));
    }

    /// <summary>
    /// Llama 2's form: &lt;unk&gt; 0, &lt;s&gt; 1, &lt;/s&gt; 2, the bytes 3 .. 258, "▁" 259, "h" 260, "i" 261, "hi" 262, "▁hi" 263.
    /// </summary>
    public static JsonObject Pieces()
    {
        var vocab = new JsonObject { ["<unk>"] = 0, ["<s>"] = 1, ["</s>"] = 2 };
        for (int value = 0; value < 256; value++) vocab[$"<0x{value:X2}>"] = 3 + value;
        foreach (string token in new[] { "▁", "h", "i", "hi", "▁hi" }) vocab[token] = vocab.Count;
        var file = File(
            vocab,
            ["h i", "▁ hi"],
            added: [Added(0, "<unk>"), Added(1, "<s>"), Added(2, "</s>")],
            preTokenizer: null,
            decoder: Node("""
                {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
                {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
                """));
        file["normalizer"] = Node("""
            {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}
            """);
        file["post_processor"] = Node("""
            {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
             "pair": [], "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}}
            """);
        file["model"]!["unk_token"] = "<unk>";
        file["model"]!["byte_fallback"] = true;
        file["model"]!["fuse_unk"] = true;
        return file;
    }

    /// <summary>Reads a file made here.</summary>
    public static HfTokenizer Read(JsonObject file, HfTokenizerOptions? options = null) => HfTokenizer.Parse(Text(file), options);

    /// <summary>The JSON text of a file made here, characters unescaped.</summary>
    public static string Text(JsonObject file) => file.ToJsonString(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>An added token.</summary>
    public static JsonObject Added(
        int id, string content, bool special = true, bool singleWord = false, bool left = false, bool right = false, bool normalized = false) => new()
        {
            ["id"] = id,
            ["content"] = content,
            ["single_word"] = singleWord,
            ["lstrip"] = left,
            ["rstrip"] = right,
            ["normalized"] = normalized,
            ["special"] = special,
        };

    /// <summary>A JSON text as a node.</summary>
    public static JsonNode Node(string json) => JsonNode.Parse(json)!;

    private static JsonObject File(JsonObject vocab, string[] merges, JsonObject[] added, JsonNode? preTokenizer, JsonNode decoder) => new()
    {
        ["version"] = "1.0",
        ["truncation"] = null,
        ["padding"] = null,
        ["added_tokens"] = new JsonArray([.. added.Select(token => (JsonNode)token)]),
        ["normalizer"] = null,
        ["pre_tokenizer"] = preTokenizer,
        ["post_processor"] = null,
        ["decoder"] = decoder,
        ["model"] = new JsonObject
        {
            ["type"] = "BPE",
            ["dropout"] = null,
            ["unk_token"] = null,
            ["continuing_subword_prefix"] = null,
            ["end_of_word_suffix"] = null,
            ["fuse_unk"] = false,
            ["byte_fallback"] = false,
            ["vocab"] = vocab,
            ["merges"] = JsonSerializer.SerializeToNode(merges),
        },
    };
}
