using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;

namespace TreeRl.Models;

/// <summary>One tensor of a header.</summary>
internal sealed record SafeTensorsEntry(string Name, TensorType Type, int[] Shape, int Count, long Start, long Stop);

/// <summary>A safetensors header whose every claim has been checked against the file.</summary>
/// <remarks>
/// <code>
/// 0 &lt;= 8 + header length &lt;= file length
/// entries sorted by Start:  Start[0] = 0, Start[i+1] = Stop[i], Stop[last] = file length - 8 - header length
/// Stop - Start = product of the shape times the element size
/// </code>
/// </remarks>
internal sealed class SafeTensorsHeader
{
    private SafeTensorsHeader(IReadOnlyList<SafeTensorsEntry> entries, IReadOnlyDictionary<string, string> metadata)
    {
        Entries = entries;
        Metadata = metadata;
    }

    /// <summary>Tensors in the order of their data.</summary>
    public IReadOnlyList<SafeTensorsEntry> Entries { get; }

    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Reads and checks the header; the stream then stands at the first byte of data.</summary>
    public static SafeTensorsHeader Read(Stream stream, string path)
    {
        long fileLength = stream.Length;
        if (fileLength < SafeTensors.LengthBytes)
            throw ModelFile.Bad(path, $"has {fileLength} bytes: a safetensors file begins with {SafeTensors.LengthBytes} bytes, the length of its header; it is cut off or of another kind");
        Span<byte> lengthBytes = stackalloc byte[SafeTensors.LengthBytes];
        stream.ReadExactly(lengthBytes);
        ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(lengthBytes);
        ulong limit = (ulong)Math.Min(SafeTensors.MaxHeaderBytes, fileLength - SafeTensors.LengthBytes);
        if (headerLength > limit)
            throw ModelFile.Bad(path, $"header length = {headerLength}: must be at most {limit}; the file is cut off or of another kind (a Git LFS pointer, for instance)");
        var bytes = new byte[headerLength];
        stream.ReadExactly(bytes);
        long dataLength = fileLength - SafeTensors.LengthBytes - (long)headerLength;
        using var json = ModelFile.ParseObject(bytes, path, "the header");
        var entries = new List<SafeTensorsEntry>();
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var property in json.RootElement.EnumerateObject())
        {
            if (property.Name == SafeTensors.MetadataKey) ReadMetadata(property.Value, metadata, path);
            else entries.Add(ReadEntry(property.Name, property.Value, path));
        }
        entries.Sort((a, b) => a.Start != b.Start ? a.Start.CompareTo(b.Start) : a.Stop != b.Stop ? a.Stop.CompareTo(b.Stop) : string.CompareOrdinal(a.Name, b.Name));
        CheckLayout(entries, dataLength, path);
        return new SafeTensorsHeader(entries, metadata);
    }

    private static SafeTensorsEntry ReadEntry(string name, JsonElement value, string path)
    {
        InvalidDataException Bad(string what) => ModelFile.Bad(path, $"tensor '{name}': {what}");
        if (name.Length == 0) throw ModelFile.Bad(path, "a tensor has an empty name");
        if (value.ValueKind != JsonValueKind.Object) throw Bad($"its entry is {ModelFile.Raw(value)}: must be an object with dtype, shape and data_offsets");
        if (!value.TryGetProperty("dtype", out var dtype)) throw Bad("\"dtype\" is missing");
        var (type, size) = dtype.GetRawText() switch
        {
            "\"F32\"" => (TensorType.F32, 4),
            "\"F16\"" => (TensorType.F16, 2),
            "\"BF16\"" => (TensorType.BF16, 2),
            _ => throw Bad($"dtype = {ModelFile.Raw(dtype)}: only F32, F16 and BF16 can be read; convert the file to one of them"),
        };
        if (!value.TryGetProperty("shape", out var shapeJson) || shapeJson.ValueKind != JsonValueKind.Array)
            throw Bad("\"shape\" is missing or no array");
        var shape = new int[shapeJson.GetArrayLength()];
        decimal count = 1;
        for (int i = 0; i < shape.Length; i++)
        {
            if (shapeJson[i].ValueKind != JsonValueKind.Number || !shapeJson[i].TryGetInt32(out shape[i]) || shape[i] < 0)
                throw Bad($"shape = {ModelFile.Raw(shapeJson)}: sizes must be whole numbers, 0 .. {int.MaxValue}");
            count *= shape[i];
            if (count > Array.MaxLength) throw Bad($"shape = {ModelFile.Raw(shapeJson)}: more than {Array.MaxLength} elements");
        }
        if (!value.TryGetProperty("data_offsets", out var offsets) || offsets.ValueKind != JsonValueKind.Array || offsets.GetArrayLength() != 2
            || !IsOffset(offsets[0], out long start) || !IsOffset(offsets[1], out long stop))
            throw Bad("\"data_offsets\" is missing or not two whole numbers, first byte and one past the last");
        if (stop < start || stop - start != (long)count * size)
            throw Bad($"data_offsets = [{start}, {stop}]: shape [{string.Join(", ", shape)}] of {type} needs {count * size} bytes");
        return new SafeTensorsEntry(name, type, shape, (int)count, start, stop);
    }

    private static bool IsOffset(JsonElement value, out long offset)
    {
        offset = 0;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out offset) && offset >= 0;
    }

    private static void ReadMetadata(JsonElement value, Dictionary<string, string> metadata, string path)
    {
        if (value.ValueKind != JsonValueKind.Object) throw ModelFile.Bad(path, $"{SafeTensors.MetadataKey} = {ModelFile.Raw(value)}: must be an object of texts");
        foreach (var property in value.EnumerateObject()) metadata.Add(property.Name, ModelFile.Text(value, property.Name, path));
    }

    private static void CheckLayout(List<SafeTensorsEntry> entries, long dataLength, string path)
    {
        long at = 0;
        foreach (var entry in entries)
        {
            if (entry.Stop > dataLength)
                throw ModelFile.Bad(path, $"tensor '{entry.Name}' ends at byte {entry.Stop} of the data, which has {dataLength}: the file is cut off; fetch or write it again");
            if (entry.Start != at)
                throw ModelFile.Bad(path, $"tensor '{entry.Name}' begins at byte {entry.Start} of the data: must be {at}, where the tensor before it ends (no overlap, no hole); write the file again");
            at = entry.Stop;
        }
        if (at != dataLength)
            throw ModelFile.Bad(path, $"{dataLength - at} bytes follow the last tensor: the data must end with it; write the file again");
    }
}
