using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;

namespace TreeRl.Models;

/// <summary>Reads and writes <c>adapter_config.json</c> with PEFT's keys.</summary>
/// <remarks>
/// A file may say nothing of what it does not use. A dropout is read over: it has no part in what an adapter computes, and training here has none. Initialisations that
/// change the base weights are refused, for the adapter is meaningless on the weights of the folder.
/// </remarks>
internal static class LoraConfigFile
{
    private static readonly string[] FalseOnly = ["use_dora", "use_rslora", "use_qalora", "use_bdlora", "fan_in_fan_out", "lora_bias"];
    private static readonly string[] EmptyOnly =
    [
        "rank_pattern", "alpha_pattern", "modules_to_save", "exclude_modules", "layer_replication", "target_parameters", "trainable_token_indices", "megatron_config", "auto_mapping",
        "alora_invocation_tokens",
    ];

    /// <summary>Writes the configuration of an adapter.</summary>
    public static void Write(string path, LoraSettings settings, string? baseModel)
    {
        using var stream = File.Create(path);
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" });
        writer.WriteStartObject();
        writer.WriteString("peft_type", "LORA");
        writer.WriteString("task_type", "CAUSAL_LM");
        writer.WriteString("base_model_name_or_path", baseModel);
        writer.WriteNumber("r", settings.Rank);
        if (settings.Alpha == Math.Floor(settings.Alpha) && settings.Alpha < int.MaxValue) writer.WriteNumber("lora_alpha", (int)settings.Alpha);
        else writer.WriteNumber("lora_alpha", settings.Alpha);
        writer.WriteNumber("lora_dropout", 0.0);
        writer.WriteString("bias", "none");
        writer.WriteStartArray("target_modules");
        foreach (string layer in settings.Layers) writer.WriteStringValue(layer);
        writer.WriteEndArray();
        if (settings.Blocks.IsEmpty) writer.WriteNull("layers_to_transform");
        else
        {
            writer.WriteStartArray("layers_to_transform");
            foreach (int block in settings.Blocks) writer.WriteNumberValue(block);
            writer.WriteEndArray();
        }
        writer.WriteNull("modules_to_save");
        writer.WriteBoolean("fan_in_fan_out", false);
        writer.WriteBoolean("use_rslora", false);
        writer.WriteBoolean("use_dora", false);
        writer.WriteBoolean("init_lora_weights", true);
        writer.WriteBoolean("inference_mode", true);
        writer.WriteEndObject();
    }

    /// <summary>Reads and checks the configuration; its layers are empty where it gives a pattern instead of names.</summary>
    /// <exception cref="InvalidDataException">It is no LoRA's, or asks for something that is not computed.</exception>
    public static LoraSettings Read(string path)
    {
        using var json = ModelFile.ReadJson(path);
        var root = json.RootElement;
        string kind = ModelFile.Text(root, "peft_type", path);
        if (kind != "LORA") throw ModelFile.Bad(path, $"\"peft_type\" = \"{kind}\": only \"LORA\" is computed");
        if (root.TryGetProperty("task_type", out var task) && task.ValueKind != JsonValueKind.Null && ModelFile.Text(root, "task_type", path) != "CAUSAL_LM")
            throw ModelFile.Bad(path, $"\"task_type\" = {ModelFile.Raw(task)}: must be \"CAUSAL_LM\"");
        RefuseWhatIsNotComputed(root, path);
        int rank = ModelFile.Whole(root, "r", path) ?? throw ModelFile.Bad(path, "\"r\" is missing: add it, the rank");
        double alpha = ModelFile.Number(root, "lora_alpha", path) ?? throw ModelFile.Bad(path, "\"lora_alpha\" is missing: add it, the numerator of the scale");
        var settings = new LoraSettings { Rank = rank, Alpha = alpha, Layers = [.. Targets(root, path)], Blocks = [.. Blocks(root, path)] };
        string problems = string.Join("; ", (settings.Layers.IsEmpty ? settings with { Layers = LoraSettings.Known } : settings).Problems());
        return problems.Length == 0 ? settings : throw ModelFile.Bad(path, $"{problems} (\"r\" is Rank, \"lora_alpha\" Alpha, \"target_modules\" Layers, \"layers_to_transform\" Blocks)");
    }

    private static void RefuseWhatIsNotComputed(JsonElement root, string path)
    {
        foreach (string key in FalseOnly)
            if (ModelFile.Flag(root, key, path) == true)
                throw ModelFile.Bad(path, $"\"{key}\" = true: not computed; use an adapter without it");
        foreach (string key in EmptyOnly)
        {
            if (!root.TryGetProperty(key, out var value) || value.ValueKind == JsonValueKind.Null) continue;
            bool empty = value.ValueKind switch
            {
                JsonValueKind.Object => !value.EnumerateObject().Any(),
                JsonValueKind.Array => value.GetArrayLength() == 0,
                _ => false,
            };
            if (!empty) throw ModelFile.Bad(path, $"\"{key}\" = {ModelFile.Raw(value)}: not computed; use an adapter without it");
        }
        if (root.TryGetProperty("bias", out _) && ModelFile.Text(root, "bias", path) != "none")
            throw ModelFile.Bad(path, $"\"bias\" = {ModelFile.Raw(root.GetProperty("bias"))}: trained biases are not computed; use an adapter with \"none\"");
        if (root.TryGetProperty("init_lora_weights", out var init) && init.ValueKind is not (JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null) && init.GetRawText() != "\"gaussian\"")
            throw ModelFile.Bad(path, $"\"init_lora_weights\" = {ModelFile.Raw(init)}: such an adapter may belong to changed base weights; convert it to a plain LoRA first");
    }

    private static IEnumerable<string> Targets(JsonElement root, string path)
    {
        if (!root.TryGetProperty("target_modules", out var targets) || targets.ValueKind is not (JsonValueKind.Array or JsonValueKind.String))
            throw ModelFile.Bad(path, "\"target_modules\" is missing: add it, an array of layer names");
        if (targets.ValueKind == JsonValueKind.String) return []; // a pattern; the tensors tell
        if (targets.GetArrayLength() == 0) throw ModelFile.Bad(path, "\"target_modules\" is empty: an adapter sits on at least one layer");
        return targets.EnumerateArray().Select(entry => entry.ValueKind == JsonValueKind.String
            ? entry.GetString()!
            : throw ModelFile.Bad(path, $"\"target_modules\" = {ModelFile.Raw(targets)}: must be an array of layer names")).ToList();
    }

    private static IEnumerable<int> Blocks(JsonElement root, string path)
    {
        if (!root.TryGetProperty("layers_to_transform", out var blocks) || blocks.ValueKind == JsonValueKind.Null) return [];
        if (blocks.ValueKind == JsonValueKind.Number && blocks.TryGetInt32(out int one)) return [one];
        if (blocks.ValueKind != JsonValueKind.Array) throw ModelFile.Bad(path, $"\"layers_to_transform\" = {ModelFile.Raw(blocks)}: must be a whole number or an array of them");
        return blocks.EnumerateArray().Select(entry => entry.ValueKind == JsonValueKind.Number && entry.TryGetInt32(out int block)
            ? block
            : throw ModelFile.Bad(path, $"\"layers_to_transform\" = {ModelFile.Raw(blocks)}: must be a whole number or an array of them")).ToList();
    }
}
