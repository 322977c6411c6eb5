using System;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.IO;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace TreeRl.Forests;

/// <summary>
/// Reads the layout of <see cref="ForestFile"/> and trusts nothing: every count is compared with the bytes that are left before memory is taken for
/// it, and the hash is checked before the payload is looked at.
/// </summary>
internal ref struct ForestFileReader
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> bytes;
    private readonly string name;
    private int at;
    private int end;

    public ForestFileReader(ReadOnlySpan<byte> bytes, string name)
    {
        this.bytes = bytes;
        this.name = name;
    }

    public Forest Read()
    {
        Header();
        var prompts = Prompts();
        // A node takes at least 3 bytes, a token at least 9.
        int nodes = Count("nodes", 3);
        int[] parent = new int[nodes], promptOf = new int[nodes], counts = new int[nodes];
        var finish = new Finish[nodes];
        int prompt = -1;
        for (int n = 0; n < nodes; n++)
        {
            int start = at, distance = Integer();
            if (distance > n) throw Broken(start, $"node {n} lies {distance} after its parent: must be at most {n}");
            parent[n] = distance == 0 ? -1 : n - distance;
            if (distance == 0)
            {
                start = at;
                int next = Integer();
                if (next > 1) throw Broken(start, $"root {n} moves {next} prompts on: must be 0 or 1");
                prompt += next;
            }
            promptOf[n] = prompt;
            counts[n] = Integer();
            finish[n] = (Finish)Byte();
        }
        int tokens = Count("tokens", 9);
        var ids = new int[tokens];
        for (int t = 0; t < tokens; t++) ids[t] = Integer();
        float[] logProb = Floats(tokens), entropy = Floats(tokens);
        if (at != end) throw Broken(at, $"{end - at} bytes are left after the last token: there must be none");
        try
        {
            return Forest.Create(ForestColumns.Over(prompts, parent, promptOf, counts, finish, ids, logProb, entropy));
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"{name}: the columns are no forest: {e.Message}", e);
        }
    }

    private void Header()
    {
        int least = ForestFile.HeaderLength + ForestFile.HashLength;
        if (bytes.Length < least) throw new InvalidDataException($"{name}: {bytes.Length} bytes: a forest file has at least {least}");
        if (!bytes[..8].SequenceEqual(ForestFile.Magic)) throw new InvalidDataException($"{name}: no forest file: its first bytes are {Convert.ToHexString(bytes[..8])}, not {Convert.ToHexString(ForestFile.Magic)}");
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        if (version != ForestFile.Version) throw Broken(8, $"version {version}: this code reads version {ForestFile.Version}");
        ulong payload = BinaryPrimitives.ReadUInt64LittleEndian(bytes[12..]);
        if (payload != (ulong)(bytes.Length - least)) throw Broken(12, $"a payload of {payload} bytes is announced: the file holds {bytes.Length - least}; it was cut or something was added");
        end = bytes.Length - ForestFile.HashLength;
        Span<byte> hash = stackalloc byte[ForestFile.HashLength];
        SHA256.HashData(bytes[..end], hash);
        if (!hash.SequenceEqual(bytes[end..])) throw Broken(end, "the SHA-256 at the end is not that of the bytes before it: the file is damaged");
        at = ForestFile.HeaderLength;
    }

    private ImmutableArray<ForestPrompt> Prompts()
    {
        int count = Count("prompts", 5); // three lengths, a count, one token
        var prompts = ImmutableArray.CreateBuilder<ForestPrompt>(count);
        for (int p = 0; p < count; p++)
        {
            string id = Text(), text = Text(), reference = Text();
            var tokens = new int[Count("prompt tokens", 1)];
            for (int t = 0; t < tokens.Length; t++) tokens[t] = Integer();
            prompts.Add(new ForestPrompt(id, text, ImmutableCollectionsMarshal.AsImmutableArray(tokens), reference));
        }
        return prompts.MoveToImmutable();
    }

    private int Count(string what, int leastBytes)
    {
        int start = at, count = Integer();
        if ((long)count * leastBytes > end - at) throw Broken(start, $"{count} {what} are announced: the {end - at} bytes left hold at most {(end - at) / leastBytes}");
        return count;
    }

    private byte Byte() => at < end ? bytes[at++] : throw Broken(at, "the payload ends in the middle of a value");

    private int Integer()
    {
        int start = at;
        ulong value = 0;
        for (int shift = 0; shift < 35; shift += 7)
        {
            byte next = Byte();
            value |= (ulong)(next & 127) << shift;
            if (next >= 128) continue;
            if (value > int.MaxValue) break;
            return (int)value;
        }
        throw Broken(start, $"an integer is larger than {int.MaxValue}");
    }

    private string Text()
    {
        int length = Count("bytes of text", 1), start = at;
        at += length;
        try
        {
            return Strict.GetString(bytes.Slice(start, length));
        }
        catch (DecoderFallbackException e)
        {
            throw Broken(start, $"a text is no UTF-8: {e.Message}");
        }
    }

    private float[] Floats(int count)
    {
        if (4L * count > end - at) throw Broken(at, $"{count} numbers are due: the {end - at} bytes left hold at most {(end - at) / 4}");
        var values = new float[count];
        for (int i = 0; i < count; i++, at += 4) values[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[at..]);
        return values;
    }

    private readonly InvalidDataException Broken(int offset, string what) => new($"{name}: offset {offset}: {what}");
}
