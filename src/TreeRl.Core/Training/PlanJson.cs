using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TreeRl.Training;

/// <summary>
/// Writes a plan, or any other record of settings, as JSON: every public property by name, nested records as objects, enums by name,
/// functions by the fact that they are functions. What it writes is what a run is compared by before it continues.
/// </summary>
public static class PlanJson
{
    private const int MaxNesting = 16;

    /// <summary>The indented JSON text of <paramref name="plan"/>.</summary>
    /// <exception cref="NotSupportedException">The settings nest more than 16 deep, which means they refer to themselves.</exception>
    public static string Write(object plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        using var memory = new MemoryStream();
        using (var writer = new Utf8JsonWriter(memory, new JsonWriterOptions { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            WriteValue(writer, plan, 0);
        return Encoding.UTF8.GetString(memory.ToArray()) + "\n";
    }

    /// <summary>First 12 hex digits of the SHA-256 of a plan's JSON text.</summary>
    public static string Fingerprint(string planJson) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(planJson)))[..12];

    private static void WriteValue(Utf8JsonWriter writer, object? value, int depth)
    {
        if (depth > MaxNesting) throw new NotSupportedException($"settings nest more than {MaxNesting} deep at a value of type {value?.GetType().Name}");
        switch (value)
        {
            case null: writer.WriteNullValue(); break;
            case string text: writer.WriteStringValue(text); break;
            case bool flag: writer.WriteBooleanValue(flag); break;
            case Enum name: writer.WriteStringValue(name.ToString()); break;
            case Seed seed: writer.WriteStringValue(seed.ToString()); break;
            case TimeSpan span: writer.WriteStringValue(span.ToString("c", CultureInfo.InvariantCulture)); break;
            case double number: WriteNumber(writer, number); break;
            case float number: WriteNumber(writer, number); break;
            case int or long or short or byte or uint: writer.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture)); break;
            case Delegate or Type: writer.WriteStringValue("function"); break;
            case IEnumerable items: WriteItems(writer, items, depth); break;
            default: WriteProperties(writer, value, depth); break;
        }
    }

    private static void WriteNumber(Utf8JsonWriter writer, double number)
    {
        if (double.IsFinite(number)) writer.WriteNumberValue(number);
        else writer.WriteStringValue(number.ToString(CultureInfo.InvariantCulture));
    }

    private static void WriteItems(Utf8JsonWriter writer, IEnumerable items, int depth)
    {
        writer.WriteStartArray();
        foreach (object? item in items) WriteValue(writer, item, depth + 1);
        writer.WriteEndArray();
    }

    private static void WriteProperties(Utf8JsonWriter writer, object value, int depth)
    {
        var type = value.GetType();
        writer.WriteStartObject();
        writer.WriteString("kind", type.Name);
        foreach (var property in Readable(type))
        {
            object? inner = property.GetValue(value);
            if (inner is null && property.GetCustomAttribute<JsonIgnoreAttribute>()?.Condition == JsonIgnoreCondition.WhenWritingNull) continue;
            writer.WritePropertyName(char.ToLowerInvariant(property.Name[0]) + property.Name[1..]);
            WriteValue(writer, inner, depth + 1);
        }
        writer.WriteEndObject();
    }

    private static IEnumerable<PropertyInfo> Readable(Type type)
    {
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            bool hidden = property.Name is "EqualityContract" or "Folder" or "Inspection" || property.GetIndexParameters().Length > 0;
            if (!hidden && property.CanRead) yield return property;
        }
    }
}
