using System;
using System.Globalization;
using System.Linq;
using System.Text.Json;

namespace TreeRl.Models;

/// <remarks>
/// Rotary settings have two spellings: "rope_theta" beside "rope_scaling" (read and written), and "rope_parameters", which holds both (read). The kind stands under
/// "rope_type" or, in older files, under "type". A factor of YaRN that the file gives counts, whatever its context is against its original context; one that it
/// leaves out is their ratio.
/// </remarks>
internal static partial class ConfigFile
{
    private const string OldSection = "rope_scaling", NewSection = "rope_parameters", ThetaKey = "rope_theta", OriginalKey = "original_max_position_embeddings";
    private const string LinearKind = "linear", LlamaKind = "llama3", YarnKind = "yarn", DefaultKind = "default";
    private const double DefaultTheta = 10000;
    private static readonly string[] AlwaysKnown = ["rope_type", "type", ThetaKey, "partial_rotary_factor"];
    private static readonly string[] LlamaKeys = ["factor", "low_freq_factor", "high_freq_factor", OriginalKey];
    private static readonly string[] YarnKeys = ["factor", OriginalKey, "attention_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim", "truncate"];

    private static (double Base, RotaryScaling? Scaling) ReadRotary(JsonElement root, int context, string path)
    {
        double? theta = ModelFile.Number(root, ThetaKey, path);
        RotaryScaling? scaling = null;
        string? from = null;
        foreach (string name in new[] { OldSection, NewSection })
        {
            if (!root.TryGetProperty(name, out var section) || section.ValueKind == JsonValueKind.Null) continue;
            if (section.ValueKind != JsonValueKind.Object) throw ModelFile.Bad(path, $"\"{name}\" = {ModelFile.Raw(section)}: must be an object or null");
            var read = ReadSection(section, name, context, path);
            if (from is not null && read != scaling) throw ModelFile.Bad(path, $"\"{from}\" and \"{name}\" differ: the file contradicts itself; keep one");
            double? inside = ModelFile.Number(section, ThetaKey, path);
            if (inside is not null && theta is not null && inside != theta)
                throw ModelFile.Bad(path, $"\"{ThetaKey}\" = {theta} but {inside} inside \"{name}\": the file contradicts itself; keep one");
            (from, scaling, theta) = (name, read, inside ?? theta);
        }
        return (theta ?? DefaultTheta, scaling);
    }

    private static RotaryScaling? ReadSection(JsonElement section, string name, int context, string path)
    {
        string kind = Kind(section, name, path);
        string[] keys = kind switch
        {
            DefaultKind => [],
            LinearKind => ["factor"],
            LlamaKind => LlamaKeys,
            YarnKind => YarnKeys,
            _ => throw ModelFile.Bad(path, $"\"{name}\" of kind \"{kind}\" is not computed: only {DefaultKind}, {LinearKind}, {LlamaKind} and {YarnKind} are; use a model with one of these"),
        };
        foreach (var property in section.EnumerateObject())
            if (!AlwaysKnown.Contains(property.Name) && !keys.Contains(property.Name) && property.Value.ValueKind != JsonValueKind.Null)
                throw ModelFile.Bad(path, $"\"{name}\".\"{property.Name}\" = {ModelFile.Raw(property.Value)}: not known for the kind \"{kind}\"; use a model without it");
        if (ModelFile.Number(section, "partial_rotary_factor", path) is { } part && part != 1)
            throw ModelFile.Bad(path, $"\"{name}\".\"partial_rotary_factor\" = {part}: not computed; use a model whose heads turn whole");
        return kind switch
        {
            LinearKind => new LinearScaling { Factor = Needed("factor") },
            LlamaKind => new Llama3Scaling
            {
                Factor = Needed("factor"),
                LowFrequencyFactor = Needed("low_freq_factor"),
                HighFrequencyFactor = Needed("high_freq_factor"),
                OriginalContext = ModelFile.Whole(section, OriginalKey, path) ?? throw Missing(OriginalKey),
            },
            YarnKind => Yarn(),
            _ => null,
        };

        Exception Missing(string key) => ModelFile.Bad(path, $"\"{name}\".\"{key}\" is missing: the kind \"{kind}\" needs it, a number");

        double Needed(string key) => ModelFile.Number(section, key, path) ?? throw Missing(key);

        YarnScaling Yarn()
        {
            int? original = ModelFile.Whole(section, OriginalKey, path);
            if (original is < 1) throw ModelFile.Bad(path, $"\"{name}\".\"{OriginalKey}\" = {original}: must be at least 1");
            return new YarnScaling
            {
                Factor = ModelFile.Number(section, "factor", path) ?? (original is { } first ? (double)context / first : throw Missing("factor")),
                OriginalContext = original,
                AttentionFactor = ModelFile.Number(section, "attention_factor", path),
                BetaFast = ModelFile.Number(section, "beta_fast", path) ?? 32,
                BetaSlow = ModelFile.Number(section, "beta_slow", path) ?? 1,
                Scale = ModelFile.Number(section, "mscale", path),
                ScaleAllDimensions = ModelFile.Number(section, "mscale_all_dim", path),
                Truncate = ModelFile.Flag(section, "truncate", path) ?? true,
            };
        }
    }

    private static string Kind(JsonElement section, string name, string path)
    {
        bool hasNew = section.TryGetProperty("rope_type", out _), hasOld = section.TryGetProperty("type", out _);
        if (!hasNew && !hasOld)
        {
            return name == NewSection ? DefaultKind : throw ModelFile.Bad(path, $"\"{name}\" has no \"rope_type\": add it, one of {DefaultKind}, {LinearKind}, {LlamaKind} and {YarnKind}");
        }
        string kind = ModelFile.Text(section, hasNew ? "rope_type" : "type", path);
        if (hasNew && hasOld && ModelFile.Text(section, "type", path) != kind)
            throw ModelFile.Bad(path, $"\"{name}\" has \"rope_type\" = \"{kind}\" but \"type\" = \"{ModelFile.Text(section, "type", path)}\": the file contradicts itself; keep \"rope_type\"");
        return kind;
    }

    /// <summary>A number with a decimal point even when it is whole: other programs warn of whole numbers here.</summary>
    private static void WriteReal(Utf8JsonWriter writer, string key, double value)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture);
        writer.WritePropertyName(key);
        writer.WriteRawValue(text.AsSpan().ContainsAny('.', 'E') ? text : text + ".0");
    }

    private static void WriteScaling(Utf8JsonWriter writer, RotaryScaling? scaling)
    {
        if (scaling is null) return;
        writer.WriteStartObject(OldSection);
        writer.WriteString("rope_type", scaling switch { LinearScaling => LinearKind, Llama3Scaling => LlamaKind, _ => YarnKind });
        WriteReal(writer, "factor", scaling.Factor);
        if (scaling is Llama3Scaling llama)
        {
            WriteReal(writer, "low_freq_factor", llama.LowFrequencyFactor);
            WriteReal(writer, "high_freq_factor", llama.HighFrequencyFactor);
            writer.WriteNumber(OriginalKey, llama.OriginalContext);
        }
        if (scaling is YarnScaling yarn)
        {
            if (yarn.OriginalContext is { } original) writer.WriteNumber(OriginalKey, original);
            if (yarn.AttentionFactor is { } attention) WriteReal(writer, "attention_factor", attention);
            WriteReal(writer, "beta_fast", yarn.BetaFast);
            WriteReal(writer, "beta_slow", yarn.BetaSlow);
            if (yarn.Scale is { } scale) WriteReal(writer, "mscale", scale);
            if (yarn.ScaleAllDimensions is { } all) WriteReal(writer, "mscale_all_dim", all);
            if (!yarn.Truncate) writer.WriteBoolean("truncate", false);
        }
        writer.WriteEndObject();
    }
}
