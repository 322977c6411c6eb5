using System;
using System.IO;
using System.Security.Cryptography;

namespace TreeRl.Forests;

/// <summary>
/// Forests on disk: a compact binary that gives back the same forest bit for bit, or says what is wrong. Little-endian:
/// <code>
/// 0    8 bytes   magic "TREERLF" and 0
/// 8    uint32    version, 1
/// 12   uint64    length of the payload in bytes
/// 20   payload   see below
/// end  32 bytes  SHA-256 of all bytes before it
///
/// payload: P prompts (id, text, reference, token ids) | N nodes: distance to the parent (0 for a root), for roots 1 where the next prompt begins,
///          token count, finish | T tokens: ids | T log-probabilities, float32 | T entropies, float32
/// integers are 7 bits a byte, lowest first; texts are UTF-8 after their length in bytes
/// </code>
/// </summary>
public static class ForestFile
{
    /// <summary>The version this code writes, and the only one it reads.</summary>
    public const int Version = 1;

    internal const int HeaderLength = 20;
    internal const int HashLength = SHA256.HashSizeInBytes;

    internal static ReadOnlySpan<byte> Magic => "TREERLF\0"u8;

    /// <summary>Writes a forest to <paramref name="path"/>, beside it first and renamed when whole, so that the file is never half written.</summary>
    /// <exception cref="ArgumentException">The forest is larger than 2 GB, or a text has half a surrogate pair.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, Forest forest)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        byte[] bytes = ToBytes(forest);
        string aside = path + ".part";
        using (var stream = new FileStream(aside, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            stream.Write(bytes);
            stream.Flush(flushToDisk: true);
        }
        File.Move(aside, path, overwrite: true);
    }

    /// <summary>Reads a forest.</summary>
    /// <exception cref="InvalidDataException">The file is no whole forest file; the message names file, place and value.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Forest Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        long length = new FileInfo(path).Length;
        if (length > Array.MaxLength) throw new InvalidDataException($"{path}: {length} bytes: a forest file has at most {Array.MaxLength}");
        return FromBytes(File.ReadAllBytes(path), path);
    }

    /// <summary>The bytes of a forest's file.</summary>
    /// <exception cref="ArgumentException">The forest is larger than 2 GB, or a text has half a surrogate pair.</exception>
    public static byte[] ToBytes(Forest forest)
    {
        ArgumentNullException.ThrowIfNull(forest);
        var writer = new ForestFileWriter(forest);
        return writer.Write();
    }

    /// <summary>The forest that a file's bytes hold.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">Names the file in messages.</param>
    /// <exception cref="InvalidDataException">The bytes are no whole forest file; the message names file, place and value.</exception>
    public static Forest FromBytes(ReadOnlySpan<byte> bytes, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return new ForestFileReader(bytes, name).Read();
    }
}
