using System;
using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;

namespace TreeRl.Models;

/// <summary>
/// The safetensors format: an 8-byte little-endian header length, a JSON header that gives each tensor's type, shape and byte range, then the
/// bytes, without holes. Written as F32 unless another type is asked for; read as F32, or from F16 and BF16 widened exactly, by way of a memory map.
/// </summary>
public static class SafeTensors
{
    internal const int LengthBytes = 8, MaxHeaderBytes = 100_000_000;
    internal const string MetadataKey = "__metadata__";
    private const int Alignment = 8, BufferFloats = 1 << 16;

    /// <summary>
    /// Writes tensors in the order given, beside <paramref name="path"/> first and then renamed to it, so that no reader sees half a file.
    /// Equal tensors and metadata give equal bytes.
    /// </summary>
    /// <param name="path">The file; replaced when it exists.</param>
    /// <param name="tensors">Tensors with distinct names.</param>
    /// <param name="metadata">Texts kept in the header, or null.</param>
    /// <param name="type">Element type of the file; F16 and BF16 round each element to nearest, ties to even.</param>
    /// <exception cref="ArgumentException">A name is empty, reserved or given twice, a shape does not fit its values, or an element is too large for the type.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, IEnumerable<WeightTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null, TensorType type = TensorType.F32)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        WeightTensor[] all = [.. tensors];
        byte[] header = Header(all, metadata, type);
        string aside = path + ".part";
        using (var stream = new FileStream(aside, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            Span<byte> length = stackalloc byte[LengthBytes];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            stream.Write(length);
            stream.Write(header);
            foreach (var tensor in all) WriteElements(stream, tensor.Values, type);
            stream.Flush(flushToDisk: true);
        }
        File.Move(aside, path, overwrite: true);
    }

    /// <summary>Reads every tensor, in the order of the data.</summary>
    /// <exception cref="InvalidDataException">The file breaks the format; the message names file, tensor, value and rule.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyList<WeightTensor> Read(string path)
    {
        using var file = SafeTensorsFile.Open(path);
        var tensors = new List<WeightTensor>(file.Header.Entries.Count);
        foreach (var entry in file.Header.Entries) tensors.Add(file.Read(entry));
        return tensors;
    }

    /// <summary>The metadata texts of a file; empty when it has none.</summary>
    /// <exception cref="InvalidDataException">As for <see cref="Read"/>.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyDictionary<string, string> ReadMetadata(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        return SafeTensorsHeader.Read(stream, path).Metadata;
    }

    private static byte[] Header(WeightTensor[] tensors, IReadOnlyDictionary<string, string>? metadata, TensorType type)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                writer.WriteStartObject(MetadataKey);
                foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal)) writer.WriteString(key, value);
                writer.WriteEndObject();
            }
            long offset = 0;
            foreach (var tensor in tensors)
            {
                CheckTensor(tensor, names);
                type.Check(tensor);
                writer.WriteStartObject(tensor.Name);
                writer.WriteString("dtype", type.ToString());
                writer.WriteStartArray("shape");
                foreach (int size in tensor.Shape) writer.WriteNumberValue(size);
                writer.WriteEndArray();
                writer.WriteStartArray("data_offsets");
                writer.WriteNumberValue(offset);
                offset += type.Size() * tensor.Values.LongLength;
                writer.WriteNumberValue(offset);
                writer.WriteEndArray();
                writer.WriteEndObject();
            }
            writer.WriteEndObject();
        }
        int padded = (buffer.WrittenCount + Alignment - 1) / Alignment * Alignment;
        var header = new byte[padded];
        Array.Fill(header, (byte)' ');
        buffer.WrittenSpan.CopyTo(header);
        return header;
    }

    private static void CheckTensor(WeightTensor tensor, HashSet<string> names)
    {
        Guard.That(!string.IsNullOrEmpty(tensor.Name) && tensor.Name != MetadataKey, $"tensor name '{tensor.Name}': must not be empty nor {MetadataKey}", "tensors");
        Guard.That(names.Add(tensor.Name), $"tensor '{tensor.Name}' is given twice", "tensors");
        long count = 1;
        foreach (int size in tensor.Shape)
        {
            Guard.That(size >= 0, $"tensor '{tensor.Name}' has shape [{string.Join(", ", tensor.Shape)}]: a size must not be negative", "tensors");
            count = checked(count * size);
        }
        Guard.That(count == tensor.Values.LongLength, $"tensor '{tensor.Name}' has {tensor.Values.LongLength} elements: its shape [{string.Join(", ", tensor.Shape)}] needs {count}", "tensors");
    }

    private static void WriteElements(Stream stream, float[] values, TensorType type)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(BufferFloats * sizeof(float));
        for (int at = 0; at < values.Length; at += BufferFloats)
        {
            int count = Math.Min(BufferFloats, values.Length - at);
            var part = bytes.AsSpan(0, count * type.Size());
            type.Encode(values.AsSpan(at, count), part);
            stream.Write(part);
        }
        ArrayPool<byte>.Shared.Return(bytes);
    }
}
