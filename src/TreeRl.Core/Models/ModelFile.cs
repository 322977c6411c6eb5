using System;
using System.IO;
using System.Text.Json;
using System.Text.Unicode;

namespace TreeRl.Models;

/// <summary>Shared by the readers of model files: errors that name the file, and JSON whose every access is checked.</summary>
internal static class ModelFile
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    /// <summary>The error for a file that breaks its format.</summary>
    public static InvalidDataException Bad(string path, string what, Exception? inner = null) => new($"{path}: {what}", inner);

    /// <summary>Parses a JSON object; the caller disposes it.</summary>
    public static JsonDocument ReadJson(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        return ParseObject(bytes, path, "the file");
    }

    /// <summary>Parses UTF-8 bytes that must be one JSON object without a name twice.</summary>
    public static JsonDocument ParseObject(ReadOnlyMemory<byte> bytes, string path, string what)
    {
        if (!Utf8.IsValid(bytes.Span)) throw Bad(path, $"{what} is no JSON: it is no UTF-8. Fetch or write the file again.");
        JsonDocument json;
        try
        {
            if (HasBrokenText(bytes.Span)) throw Bad(path, $"{what} has a text with half of a surrogate pair: it is no text; write the file again");
            json = JsonDocument.Parse(bytes, Strict);
        }
        catch (JsonException e)
        {
            throw Bad(path, $"{what} is no JSON: {e.Message} Fetch or write the file again.", e);
        }
        if (json.RootElement.ValueKind == JsonValueKind.Object) return json;
        var kind = json.RootElement.ValueKind;
        json.Dispose();
        throw Bad(path, $"{what} is a JSON {kind}: must be an object");
    }

    /// <summary>A text that must be there.</summary>
    public static string Text(JsonElement owner, string key, string path)
    {
        if (!owner.TryGetProperty(key, out var value)) throw Bad(path, $"\"{key}\" is missing: add it, a text");
        if (value.ValueKind == JsonValueKind.String) return value.GetString()!;
        throw Bad(path, $"\"{key}\" = {Raw(value)}: must be a text");
    }

    /// <summary>A whole number; null when the key is absent or null.</summary>
    public static int? Whole(JsonElement owner, string key, string path)
    {
        if (!owner.TryGetProperty(key, out var value) || value.ValueKind == JsonValueKind.Null) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number)) return number;
        throw Bad(path, $"\"{key}\" = {Raw(value)}: must be a whole number");
    }

    /// <summary>A number; null when the key is absent or null.</summary>
    public static double? Number(JsonElement owner, string key, string path)
    {
        if (!owner.TryGetProperty(key, out var value) || value.ValueKind == JsonValueKind.Null) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number)) return number;
        throw Bad(path, $"\"{key}\" = {Raw(value)}: must be a finite number");
    }

    /// <summary>A truth value; null when the key is absent or null.</summary>
    public static bool? Flag(JsonElement owner, string key, string path)
    {
        if (!owner.TryGetProperty(key, out var value) || value.ValueKind == JsonValueKind.Null) return null;
        return value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Bad(path, $"\"{key}\" = {Raw(value)}: must be true or false"),
        };
    }

    /// <summary>The raw JSON of a value, cut to a readable length.</summary>
    public static string Raw(JsonElement value)
    {
        string raw = value.GetRawText();
        return raw.Length <= 80 ? raw : raw[..80] + "...";
    }

    // Escapes may spell half of a surrogate pair, on which every later access would throw.
    private static bool HasBrokenText(ReadOnlySpan<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = Strict.MaxDepth });
        while (reader.Read())
        {
            if (reader.TokenType is not (JsonTokenType.PropertyName or JsonTokenType.String) || !reader.ValueIsEscaped) continue;
            try
            {
                reader.GetString();
            }
            catch (InvalidOperationException)
            {
                return true;
            }
        }
        return false;
    }
}
