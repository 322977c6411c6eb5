using System;
using System.Buffers.Binary;
using System.IO;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace TreeRl.Models;

/// <summary>
/// An open safetensors file whose header has been checked. Its data is mapped into memory: a tensor's elements are converted from the mapped pages into the array
/// that keeps them, and nothing else is copied.
/// </summary>
/// <remarks>The file must not be cut while it is open; the format's writers replace files by renaming, which is harmless.</remarks>
internal sealed unsafe class SafeTensorsFile : IDisposable
{
    private readonly MemoryMappedFile map;
    private readonly MemoryMappedViewAccessor view;
    private readonly byte* data;

    private SafeTensorsFile(string path, SafeTensorsHeader header, MemoryMappedFile map, MemoryMappedViewAccessor view, long dataStart)
    {
        Path = path;
        Header = header;
        this.map = map;
        this.view = view;
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        data = start + view.PointerOffset + dataStart;
    }

    /// <summary>Where the file lies.</summary>
    public string Path { get; }

    /// <summary>What it holds.</summary>
    public SafeTensorsHeader Header { get; }

    /// <summary>Opens a file and checks its header against its length.</summary>
    /// <exception cref="InvalidDataException">The file breaks the format.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static SafeTensorsFile Open(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        var header = SafeTensorsHeader.Read(stream, path);
        long dataStart = stream.Position;
        var map = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        return new SafeTensorsFile(path, header, map, map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read), dataStart);
    }

    /// <summary>The elements of a tensor of this file, widened to single precision, which is exact.</summary>
    public WeightTensor Read(SafeTensorsEntry entry)
    {
        var values = GC.AllocateUninitializedArray<float>(entry.Count);
        byte* at = data + entry.Start;
        if (entry.Type == TensorType.F32) ReadSingles(at, values);
        else ReadHalves(at, values, entry.Type);
        return new WeightTensor(entry.Name, entry.Shape, values);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        view.Dispose();
        map.Dispose();
    }

    private static void ReadSingles(byte* at, float[] values)
    {
        fixed (float* target = values)
        {
            long bytes = values.LongLength * sizeof(float);
            Buffer.MemoryCopy(at, target, bytes, bytes);
        }
        if (!BitConverter.IsLittleEndian)
            BinaryPrimitives.ReverseEndianness(MemoryMarshal.Cast<float, int>(values), MemoryMarshal.Cast<float, int>(values.AsSpan()));
    }

    private static void ReadHalves(byte* at, float[] values, TensorType type)
    {
        for (int i = 0; i < values.Length; i++)
        {
            ushort bits = BinaryPrimitives.ReadUInt16LittleEndian(new ReadOnlySpan<byte>(at + (long)i * sizeof(ushort), sizeof(ushort)));
            values[i] = type == TensorType.BF16 ? TensorTypes.Widen(bits) : (float)BitConverter.UInt16BitsToHalf(bits);
        }
    }
}
