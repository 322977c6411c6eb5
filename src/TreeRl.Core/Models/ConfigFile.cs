using System;
using System.IO;
using System.Text.Json;

namespace TreeRl.Models;

/// <summary>Reads and writes <c>config.json</c> with the keys of Hugging Face's Llama, Mistral, Qwen2 and Qwen3 models.</summary>
/// <remarks>
/// The architecture is named by the options: q/k/v biases are Qwen2, q/k norms Qwen3, neither is Llama (a Mistral model without sliding window computes the same
/// and is written as Llama). What no HF class computes (both options, or adjacent rotary pairs) is named <c>TreeRlForCausalLM</c>, so that no other program opens it
/// and computes something else. Keys that files omit have the default of the format: head size = width / heads, rotary base 10000, an untied head, norm epsilon
/// 1e-6, for Llama as many key/value heads as heads. Where the families' defaults differ in ways that a file hardly means, the key is asked for.
/// </remarks>
internal static partial class ConfigFile
{
    private const string OwnArchitecture = "TreeRlForCausalLM", OwnType = "treerl", PairingKey = "treerl_rotary_pairing", QkNormKey = "treerl_qk_norm";

    public static void Write(string path, ModelConfig config, ITokenizer? tokenizer, TensorType type)
    {
        var (architecture, modelType) = NameOf(config);
        using var stream = File.Create(path);
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" });
        writer.WriteStartObject();
        writer.WriteStartArray("architectures");
        writer.WriteStringValue(architecture);
        writer.WriteEndArray();
        writer.WriteString("model_type", modelType);
        writer.WriteString("torch_dtype", type.TorchName());
        writer.WriteNumber("vocab_size", config.VocabSize);
        writer.WriteNumber("hidden_size", config.Width);
        writer.WriteNumber("intermediate_size", config.FeedForward);
        writer.WriteNumber("num_hidden_layers", config.Layers);
        writer.WriteNumber("num_attention_heads", config.Heads);
        writer.WriteNumber("num_key_value_heads", config.KeyValueHeads);
        writer.WriteNumber("head_dim", config.HeadSize);
        writer.WriteNumber("max_position_embeddings", config.ContextLength);
        writer.WriteNumber("rms_norm_eps", config.NormEpsilon);
        WriteReal(writer, "rope_theta", config.RotaryBase);
        WriteScaling(writer, config.RotaryScaling);
        writer.WriteString("hidden_act", "silu");
        writer.WriteBoolean("tie_word_embeddings", config.TiedHead);
        if (modelType != "qwen2") writer.WriteBoolean("attention_bias", modelType == OwnType && config.QkvBias);
        if (modelType == OwnType) writer.WriteBoolean(QkNormKey, config.QkNorm);
        if (config.Rotary == RotaryPairing.Adjacent) writer.WriteString(PairingKey, "adjacent");
        WriteEnds(writer, tokenizer);
        writer.WriteEndObject();
    }

    /// <summary>Writes generation_config.json: the tokens at which other programs begin and end a text.</summary>
    public static void WriteGeneration(string path, ITokenizer tokenizer)
    {
        using var stream = File.Create(path);
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" });
        writer.WriteStartObject();
        WriteEnds(writer, tokenizer);
        writer.WriteEndObject();
    }

    public static ModelConfig Read(string path)
    {
        using var json = ModelFile.ReadJson(path);
        var root = json.RootElement;
        string modelType = ModelType(root, path);
        bool own = modelType == OwnType;
        int heads = Needed("num_attention_heads"), width = Needed("hidden_size"), context = Needed("max_position_embeddings");
        if (heads < 1) throw ModelFile.Bad(path, $"\"num_attention_heads\" = {heads}: must be at least 1");
        RefuseWhatIsNotComputed(root, modelType, context, path);
        var (rotaryBase, scaling) = ReadRotary(root, context, path);
        try
        {
            return new ModelConfig
            {
                VocabSize = Needed("vocab_size"),
                Width = width,
                FeedForward = Needed("intermediate_size"),
                Layers = Needed("num_hidden_layers"),
                Heads = heads,
                KeyValueHeads = KeyValueHeads(),
                HeadSize = HeadSize(),
                ContextLength = context,
                NormEpsilon = ModelFile.Number(root, "rms_norm_eps", path) ?? 1e-6,
                RotaryBase = rotaryBase,
                RotaryScaling = scaling,
                Rotary = Pairing(root, path),
                QkvBias = modelType == "qwen2" || (own && ModelFile.Flag(root, "attention_bias", path) == true),
                QkNorm = modelType == "qwen3" || (own && ModelFile.Flag(root, QkNormKey, path) == true),
                TiedHead = ModelFile.Flag(root, "tie_word_embeddings", path) ?? false,
            }.Validated();
        }
        catch (ArgumentException e)
        {
            throw ModelFile.Bad(path, e.Message, e);
        }

        int Needed(string key) => ModelFile.Whole(root, key, path) ?? throw ModelFile.Bad(path, $"\"{key}\" is missing: add it, a whole number");

        int KeyValueHeads() => modelType is "llama" or OwnType || root.TryGetProperty("num_key_value_heads", out _)
            ? ModelFile.Whole(root, "num_key_value_heads", path) ?? heads
            : Needed("num_key_value_heads");

        int HeadSize()
        {
            if (ModelFile.Whole(root, "head_dim", path) is { } given) return given;
            if (modelType == "qwen3") return Needed("head_dim");
            if (width % heads != 0) throw ModelFile.Bad(path, $"\"hidden_size\" = {width}: must be a multiple of \"num_attention_heads\", {heads}, when \"head_dim\" is absent");
            return width / heads;
        }
    }

    private static (string Architecture, string ModelType) NameOf(ModelConfig config) => config switch
    {
        { Rotary: RotaryPairing.Adjacent } or { QkvBias: true, QkNorm: true } => (OwnArchitecture, OwnType),
        { QkvBias: true } => ("Qwen2ForCausalLM", "qwen2"),
        { QkNorm: true } => ("Qwen3ForCausalLM", "qwen3"),
        _ => ("LlamaForCausalLM", "llama"),
    };

    private static void WriteEnds(Utf8JsonWriter writer, ITokenizer? tokenizer)
    {
        if (tokenizer?.BeginToken is { } begin) writer.WriteNumber("bos_token_id", begin);
        if (tokenizer is not { EndTokens.IsDefaultOrEmpty: false }) return;
        writer.WriteStartArray("eos_token_id");
        foreach (int end in tokenizer.EndTokens) writer.WriteNumberValue(end);
        writer.WriteEndArray();
    }

    private static RotaryPairing Pairing(JsonElement root, string path)
    {
        if (!root.TryGetProperty(PairingKey, out _)) return RotaryPairing.HalfSplit;
        string pairing = ModelFile.Text(root, PairingKey, path);
        return pairing switch
        {
            "adjacent" => RotaryPairing.Adjacent,
            "half-split" => RotaryPairing.HalfSplit,
            _ => throw ModelFile.Bad(path, $"\"{PairingKey}\" = \"{pairing}\": must be adjacent or half-split"),
        };
    }
}
