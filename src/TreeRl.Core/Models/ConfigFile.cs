using System;
using System.IO;
using System.Text.Json;

namespace TreeRl.Models;

/// <summary>Reads and writes <c>config.json</c> with the keys of Hugging Face's Llama, Qwen2 and Qwen3 models.</summary>
/// <remarks>
/// The architecture is named by the options: q/k/v biases are Qwen2, q/k norms Qwen3, neither is Llama. What no HF class computes (both
/// options, or adjacent rotary pairs) is named <c>TreeRlForCausalLM</c>, so that no other program opens it and computes something else.
/// Keys that older files omit have the default of the format: as many key/value heads as heads, head size = width / heads, rotary base
/// 10000, an untied head, norm epsilon 1e-6.
/// </remarks>
internal static class ConfigFile
{
    private const string OwnArchitecture = "TreeRlForCausalLM", PairingKey = "treerl_rotary_pairing", QkNormKey = "treerl_qk_norm";

    public static void Write(string path, ModelConfig config, ITokenizer? tokenizer)
    {
        var (architecture, modelType) = NameOf(config);
        using var stream = File.Create(path);
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" });
        writer.WriteStartObject();
        writer.WriteStartArray("architectures");
        writer.WriteStringValue(architecture);
        writer.WriteEndArray();
        writer.WriteString("model_type", modelType);
        writer.WriteString("torch_dtype", "float32");
        writer.WriteNumber("vocab_size", config.VocabSize);
        writer.WriteNumber("hidden_size", config.Width);
        writer.WriteNumber("intermediate_size", config.FeedForward);
        writer.WriteNumber("num_hidden_layers", config.Layers);
        writer.WriteNumber("num_attention_heads", config.Heads);
        writer.WriteNumber("num_key_value_heads", config.KeyValueHeads);
        writer.WriteNumber("head_dim", config.HeadSize);
        writer.WriteNumber("max_position_embeddings", config.ContextLength);
        writer.WriteNumber("rms_norm_eps", config.NormEpsilon);
        writer.WriteNumber("rope_theta", config.RotaryBase);
        writer.WriteString("hidden_act", "silu");
        writer.WriteBoolean("tie_word_embeddings", config.TiedHead);
        writer.WriteBoolean("attention_bias", modelType == "treerl" && config.QkvBias);
        if (modelType == "treerl") writer.WriteBoolean(QkNormKey, config.QkNorm);
        if (config.Rotary == RotaryPairing.Adjacent) writer.WriteString(PairingKey, "adjacent");
        if (tokenizer?.BeginToken is { } begin) writer.WriteNumber("bos_token_id", begin);
        if (tokenizer is { EndTokens.IsDefaultOrEmpty: false })
        {
            writer.WriteStartArray("eos_token_id");
            foreach (int end in tokenizer.EndTokens) writer.WriteNumberValue(end);
            writer.WriteEndArray();
        }
        writer.WriteEndObject();
    }

    public static ModelConfig Read(string path)
    {
        using var json = ModelFile.ReadJson(path);
        var root = json.RootElement;
        string modelType = ModelFile.Text(root, "model_type", path);
        bool own = modelType == "treerl";
        if (!own && modelType is not ("llama" or "qwen2" or "qwen3"))
            throw ModelFile.Bad(path, $"model_type = \"{modelType}\": only llama, qwen2, qwen3 and treerl can be read");
        RefuseWhatIsNotComputed(root, own, path);
        int heads = Needed("num_attention_heads"), width = Needed("hidden_size");
        if (heads < 1) throw ModelFile.Bad(path, $"\"num_attention_heads\" = {heads}: must be at least 1");
        try
        {
            return new ModelConfig
            {
                VocabSize = Needed("vocab_size"),
                Width = width,
                FeedForward = Needed("intermediate_size"),
                Layers = Needed("num_hidden_layers"),
                Heads = heads,
                KeyValueHeads = ModelFile.Whole(root, "num_key_value_heads", path) ?? heads,
                HeadSize = ModelFile.Whole(root, "head_dim", path) ?? width / heads,
                ContextLength = Needed("max_position_embeddings"),
                NormEpsilon = ModelFile.Number(root, "rms_norm_eps", path) ?? 1e-6,
                RotaryBase = RotaryBase(root, path),
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
    }

    private static (string Architecture, string ModelType) NameOf(ModelConfig config) => config switch
    {
        { Rotary: RotaryPairing.Adjacent } or { QkvBias: true, QkNorm: true } => (OwnArchitecture, "treerl"),
        { QkvBias: true } => ("Qwen2ForCausalLM", "qwen2"),
        { QkNorm: true } => ("Qwen3ForCausalLM", "qwen3"),
        _ => ("LlamaForCausalLM", "llama"),
    };

    private static void RefuseWhatIsNotComputed(JsonElement root, bool own, string path)
    {
        if (root.TryGetProperty("hidden_act", out var act) && act.GetRawText() != "\"silu\"")
            throw ModelFile.Bad(path, $"\"hidden_act\" = {ModelFile.Raw(act)}: only \"silu\" is computed");
        if (root.TryGetProperty("rope_scaling", out var scaling) && scaling.ValueKind != JsonValueKind.Null)
            throw ModelFile.Bad(path, $"\"rope_scaling\" = {ModelFile.Raw(scaling)}: scaled rotary positions are not computed; use a model without it");
        string[] unsupported = own ? ["mlp_bias", "use_sliding_window"] : ["mlp_bias", "use_sliding_window", "attention_bias"];
        foreach (string key in unsupported)
            if (ModelFile.Flag(root, key, path) == true)
                throw ModelFile.Bad(path, $"\"{key}\" = true: not computed; use a model without it");
    }

    private static double RotaryBase(JsonElement root, string path)
    {
        if (!root.TryGetProperty("rope_parameters", out var rope) || rope.ValueKind != JsonValueKind.Object)
            return ModelFile.Number(root, "rope_theta", path) ?? 10000;
        if (rope.TryGetProperty("rope_type", out var type) && type.GetRawText() != "\"default\"")
            throw ModelFile.Bad(path, $"\"rope_parameters\".\"rope_type\" = {ModelFile.Raw(type)}: only \"default\" is computed; use a model without scaled rotary positions");
        return ModelFile.Number(rope, "rope_theta", path) ?? ModelFile.Number(root, "rope_theta", path) ?? 10000;
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
