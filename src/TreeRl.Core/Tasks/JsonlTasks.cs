using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Text.Json;
using TreeRl.Models;

namespace TreeRl.Tasks;

/// <summary>Which fields of a JSON line hold what.</summary>
public sealed record JsonlFields
{
    /// <summary>The question; a text that must be there and not be empty.</summary>
    public string Prompt { get; init; } = "prompt";

    /// <summary>The key; a text or number that must be there, or null when there are no keys.</summary>
    public string? Reference { get; init; } = "reference";

    /// <summary>The name of the item; a text or number, unique in the file. Null numbers the items by their lines.</summary>
    public string? Id { get; init; }

    /// <summary>The difficulty; a text or number. Null when there is none.</summary>
    public string? Level { get; init; }

    /// <summary>The field of knowledge; a text or number. Null when there is none.</summary>
    public string? Subject { get; init; }

    /// <summary>GSM8K: <c>question</c> and <c>answer</c>, whose last line is <c>#### n</c>.</summary>
    public static JsonlFields Gsm8k { get; } = new() { Prompt = "question", Reference = "answer" };

    /// <summary>MATH and MATH-500: <c>problem</c>, <c>answer</c>, <c>unique_id</c>, <c>level</c>.</summary>
    public static JsonlFields Math { get; } = new() { Prompt = "problem", Reference = "answer", Id = "unique_id", Level = "level" };
}

/// <summary>Items read from a file with one JSON object a line. Blank lines are skipped; any other line that does not fit is an error that names it.</summary>
public sealed class JsonlTasks : ITaskSource
{
    private readonly ImmutableArray<TaskItem> items;

    private JsonlTasks(string name, ImmutableArray<TaskItem> items)
    {
        Name = name;
        this.items = items;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public int? Count => items.Length;

    /// <inheritdoc/>
    public TaskItem Item(long index)
    {
        Guard.InRange(index >= 0 && index < items.Length, index, $"must be an item, 0 .. {items.Length - 1}");
        return items[(int)index];
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">A line is no JSON object or lacks a field, an id is taken, or there is no item; names file, line and field.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static JsonlTasks Load(string path, JsonlFields fields)
    {
        ArgumentNullException.ThrowIfNull(fields);
        ReadOnlyMemory<byte> rest = File.ReadAllBytes(path);
        if (rest.Span.StartsWith("\uFEFF"u8)) rest = rest[3..];
        string name = Path.GetFileNameWithoutExtension(path);
        var items = ImmutableArray.CreateBuilder<TaskItem>();
        var lineOf = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int line = 1; rest.Length > 0; line++)
        {
            int end = rest.Span.IndexOf((byte)'\n');
            var bytes = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            if (bytes.Span.Trim(" \t\r"u8).IsEmpty) continue;
            string place = $"{path}:{line}";
            var item = Read(bytes, fields, $"{name}-{line}", place);
            if (!lineOf.TryAdd(item.Id, line)) throw ModelFile.Bad(place, $"id \"{item.Id}\" is taken by line {lineOf[item.Id]}: ids must be unique");
            items.Add(item);
        }
        if (items.Count == 0) throw ModelFile.Bad(path, "has no items: at least one line is needed");
        return new JsonlTasks(name, items.ToImmutable());
    }

    /// <summary>The same items, each changed by a function: to put the question into a template, or to rewrite keys. Ids must stay unique.</summary>
    /// <exception cref="ArgumentException">Two changed items have the same id.</exception>
    public JsonlTasks Map(Func<TaskItem, TaskItem> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        var changed = ImmutableArray.CreateBuilder<TaskItem>(items.Length);
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in items)
        {
            var made = change(item);
            Guard.That(ids.Add(made.Id), $"two items have the id \"{made.Id}\": ids must stay unique", nameof(change));
            changed.Add(made);
        }
        return new JsonlTasks(Name, changed.MoveToImmutable());
    }

    private static TaskItem Read(ReadOnlyMemory<byte> bytes, JsonlFields fields, string numbered, string place)
    {
        using var json = ModelFile.ParseObject(bytes, place, "the line");
        var root = json.RootElement;
        string prompt = ModelFile.Text(root, fields.Prompt, place);
        if (prompt.Length == 0) throw ModelFile.Bad(place, $"\"{fields.Prompt}\" is empty: a question needs text");
        return new TaskItem(
            fields.Id is null ? numbered : TextOrNumber(root, fields.Id, place),
            prompt,
            fields.Reference is null ? "" : TextOrNumber(root, fields.Reference, place),
            fields.Level is null ? "" : TextOrNumber(root, fields.Level, place))
        {
            Subject = fields.Subject is null ? "" : TextOrNumber(root, fields.Subject, place),
        };
    }

    private static string TextOrNumber(JsonElement root, string key, string place) =>
        root.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetRawText() : ModelFile.Text(root, key, place);
}
