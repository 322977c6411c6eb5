using System;
using System.Buffers;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.IO;
using System.Text.Encodings.Web;
using System.Text.Json;
using TreeRl.Forests;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Rewards;

namespace TreeRl.Evaluation;

/// <summary>
/// An evaluation as JSON lines: the first holds policy, tasks and sampling, each further one an item with its answers and scores. Equal evaluations
/// give equal bytes; reading gives back an evaluation from which every metric is the same.
/// </summary>
public static class EvaluationFile
{
    private const string Kind = "treerl evaluation";
    private const int Version = 1;
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes an evaluation, aside first and then renamed, so that the file is never half an evaluation. Missing folders are made.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, PolicyEvaluation evaluation)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(evaluation);
        string full = Path.GetFullPath(path), aside = full + ".part";
        if (Path.GetDirectoryName(full) is { } folder) Directory.CreateDirectory(folder);
        using (var file = File.Create(aside))
        {
            Line(file, json => Head(json, evaluation));
            foreach (var item in evaluation.Items) Line(file, json => Item(json, item));
        }
        File.Move(aside, full, overwrite: true);
    }

    /// <summary>Reads an evaluation.</summary>
    /// <exception cref="InvalidDataException">The file is no whole evaluation; the message names file, line and field.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static PolicyEvaluation Read(string path)
    {
        ReadOnlyMemory<byte> rest = File.ReadAllBytes(path);
        PolicyEvaluation? head = null;
        int promised = 0;
        var items = ImmutableArray.CreateBuilder<ItemAnswers>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        for (int line = 1; rest.Length > 0; line++)
        {
            int end = rest.Span.IndexOf((byte)'\n');
            var bytes = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            string place = string.Create(CultureInfo.InvariantCulture, $"{path}:{line}");
            using var json = ModelFile.ParseObject(bytes, place, "the line");
            if (head is null)
            {
                head = EvaluationLines.Head(json.RootElement, place, Kind, Version);
                promised = EvaluationLines.Count(json.RootElement, "items", place);
                continue;
            }
            var item = EvaluationLines.Item(json.RootElement, place);
            if (!ids.Add(item.Id)) throw ModelFile.Bad(place, $"id \"{item.Id}\" is taken by an earlier line: ids must be unique");
            items.Add(item);
        }
        if (head is null) throw ModelFile.Bad(path, "is empty: it is no evaluation");
        if (items.Count != promised) throw ModelFile.Bad(path, $"has {items.Count} items of the {promised} its first line promises: it is cut off; measure again");
        return head with { Items = items.ToImmutable() };
    }

    private static void Line(Stream file, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Readable))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }
        file.Write(buffer.WrittenSpan);
        file.WriteByte((byte)'\n');
    }

    private static void Head(Utf8JsonWriter json, PolicyEvaluation evaluation)
    {
        json.WriteString("kind", Kind);
        json.WriteNumber("version", Version);
        json.WriteString("policy", evaluation.Policy);
        json.WriteString("tasks", evaluation.Tasks);
        json.WriteNumber("items", evaluation.Items.Length);
        json.WriteNumber("temperature", evaluation.Picking.Temperature);
        json.WriteNumber("topK", evaluation.Picking.TopK);
        json.WriteNumber("topP", evaluation.Picking.TopP);
        json.WriteNumber("minP", evaluation.Picking.MinP);
        json.WriteNumber("maxTokens", evaluation.MaxTokens);
        json.WriteString("seed", evaluation.Seed.Value.ToString("x16", CultureInfo.InvariantCulture));
    }

    private static void Item(Utf8JsonWriter json, ItemAnswers item)
    {
        json.WriteString("id", item.Id);
        json.WriteString("level", item.Level);
        json.WriteString("subject", item.Subject);
        json.WriteString("prompt", item.Prompt);
        json.WriteString("reference", item.Reference);
        json.WriteStartArray("answers");
        foreach (var answer in item.Answers)
        {
            json.WriteStartObject();
            json.WriteString("outcome", answer.Outcome.Kind.ToString());
            json.WriteNumber("score", answer.Score);
            if (answer.Outcome.Reason is { } reason) json.WriteString("reason", reason);
            if (answer.Final is { } final) json.WriteString("final", final);
            json.WriteNumber("class", answer.Class);
            json.WriteNumber("tokens", answer.Tokens);
            json.WriteString("finish", answer.Finish.ToString());
            json.WriteString("text", answer.Text);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
