using System.IO;
using System.Linq;
using System.Text.Json;

namespace TreeRl.Models;

internal static partial class ConfigFile
{
    private static readonly (string Architecture, string ModelType)[] Known =
    [
        ("LlamaForCausalLM", "llama"), ("MistralForCausalLM", "mistral"), ("Qwen2ForCausalLM", "qwen2"), ("Qwen3ForCausalLM", "qwen3"), (OwnArchitecture, OwnType),
    ];

    // MistralConfig's default: a file that does not mention the window has this one.
    private const int MistralWindow = 4096;

    private static string ModelType(JsonElement root, string path)
    {
        string type = ModelFile.Text(root, "model_type", path);
        string known = string.Join(", ", Known.Select(k => k.Architecture));
        var family = Known.FirstOrDefault(k => k.ModelType == type);
        if (root.TryGetProperty("architectures", out var given) && given.ValueKind != JsonValueKind.Null)
        {
            if (given.ValueKind != JsonValueKind.Array || given.GetArrayLength() != 1 || given[0].ValueKind != JsonValueKind.String)
                throw ModelFile.Bad(path, $"\"architectures\" = {ModelFile.Raw(given)}: must be an array of one name");
            string architecture = given[0].GetString()!;
            if (Known.All(k => k.Architecture != architecture))
                throw ModelFile.Bad(path, $"architecture {architecture} is not computed: only {known} are; use a model of one of these");
            if (family.Architecture != architecture)
                throw ModelFile.Bad(path, $"architecture {architecture} does not belong to \"model_type\" = \"{type}\": the file contradicts itself");
        }
        if (family.ModelType is null)
            throw ModelFile.Bad(path, $"\"model_type\" = \"{type}\" is not computed: only {string.Join(", ", Known.Select(k => k.ModelType))} are ({known}); use a model of one of these");
        return type;
    }

    private static void RefuseWhatIsNotComputed(JsonElement root, string modelType, int context, string path)
    {
        InvalidDataException NotComputed(string key, JsonElement value) => ModelFile.Bad(path, $"\"{key}\" = {ModelFile.Raw(value)}: not computed; use a model without it");
        if (root.TryGetProperty("hidden_act", out var act) && act.GetRawText() != "\"silu\"")
            throw ModelFile.Bad(path, $"\"hidden_act\" = {ModelFile.Raw(act)}: only \"silu\" is computed");
        // Biases of Llama and Qwen3 would include one of the output projection; Qwen2 has q, k and v biases whatever the key says.
        foreach (string key in modelType is OwnType or "qwen2" ? ["mlp_bias"] : new[] { "mlp_bias", "attention_bias" })
            if (ModelFile.Flag(root, key, path) == true)
                throw NotComputed(key, root.GetProperty(key));
        foreach (string key in new[] { "quantization_config", "compression_config" })
            if (root.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null)
                throw ModelFile.Bad(path, $"\"{key}\" = {ModelFile.Raw(value)}: quantised weights are not computed; use the model in F32, F16 or BF16");
        if (root.TryGetProperty("auto_map", out var map) && map.ValueKind == JsonValueKind.Object && map.TryGetProperty("AutoModelForCausalLM", out var code))
            throw ModelFile.Bad(path, $"\"auto_map\".\"AutoModelForCausalLM\" = {ModelFile.Raw(code)}: the model is computed by code of its own, which is not run; use a model without it");
        if (ModelFile.Number(root, "partial_rotary_factor", path) is { } part && part != 1)
            throw NotComputed("partial_rotary_factor", root.GetProperty("partial_rotary_factor"));
        RefuseSlidingWindow(root, modelType, context, path);
    }

    // A window that is at least as long as the context never hides a token. Qwen files carry a window that only counts when use_sliding_window says so.
    private static void RefuseSlidingWindow(JsonElement root, string modelType, int context, string path)
    {
        const string cure = "attention is computed over the whole context; use a model without a sliding window";
        bool? used = ModelFile.Flag(root, "use_sliding_window", path);
        if (used == true) throw ModelFile.Bad(path, $"\"use_sliding_window\" = true: {cure}");
        if (root.TryGetProperty("layer_types", out var types) && types.ValueKind != JsonValueKind.Null)
        {
            if (types.ValueKind != JsonValueKind.Array || types.EnumerateArray().Any(t => t.GetRawText() != "\"full_attention\""))
                throw ModelFile.Bad(path, $"\"layer_types\" = {ModelFile.Raw(types)}: every layer must be \"full_attention\"; {cure}");
        }
        if (modelType is "qwen2" or "qwen3" || used == false) return;
        int? window = ModelFile.Whole(root, "sliding_window", path);
        if (modelType == "mistral" && !root.TryGetProperty("sliding_window", out _))
            window = MistralWindow;
        if (window < context)
            throw ModelFile.Bad(path, $"\"sliding_window\" = {window} (a Mistral file that omits it means {MistralWindow}): shorter than the context of {context}; {cure}");
    }
}
