using System;
using System.Buffers.Binary;
using System.IO;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace TreeRl.Forests;

/// <summary>Writes the layout of <see cref="ForestFile"/>.</summary>
internal sealed class ForestFileWriter(Forest forest)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly MemoryStream bytes = new();

    public byte[] Write()
    {
        // An upper bound: 5 bytes an integer, four integers a node, one integer and two floats a token.
        long bound = 20L * forest.NodeCount + 13L * forest.TokenTotal + ForestFile.HeaderLength + ForestFile.HashLength + 16;
        foreach (var prompt in forest.Prompts) bound += 5L * prompt.TokenIds.Length + 4L * (prompt.Id.Length + prompt.Text.Length + prompt.Reference.Length) + 20;
        Guard.That(bound <= Array.MaxLength, $"the forest's {forest.TokenTotal} tokens may need {bound} bytes: a file holds {Array.MaxLength}; save parts of it (SelectPrompts)", nameof(forest));
        bytes.Write(ForestFile.Magic);
        bytes.Write(new byte[ForestFile.HeaderLength - ForestFile.Magic.Length]);
        Prompts();
        Nodes();
        Integer(forest.TokenTotal);
        foreach (int id in forest.TokenId) Integer(id);
        Floats(forest.LogProb.AsSpan());
        Floats(forest.Entropy.AsSpan());
        int payload = (int)bytes.Length - ForestFile.HeaderLength;
        bytes.Write(new byte[ForestFile.HashLength]);
        byte[] file = bytes.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(8), ForestFile.Version);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(12), (ulong)payload);
        SHA256.HashData(file.AsSpan(0, file.Length - ForestFile.HashLength), file.AsSpan(file.Length - ForestFile.HashLength));
        return file;
    }

    private void Prompts()
    {
        Integer(forest.PromptCount);
        foreach (var prompt in forest.Prompts)
        {
            Text(prompt.Id);
            Text(prompt.Text);
            Text(prompt.Reference);
            Integer(prompt.TokenIds.Length);
            foreach (int id in prompt.TokenIds) Integer(id);
        }
    }

    private void Nodes()
    {
        Integer(forest.NodeCount);
        int prompt = -1;
        for (int n = 0; n < forest.NodeCount; n++)
        {
            bool root = forest.Parent[n] < 0;
            Integer(root ? 0 : n - forest.Parent[n]);
            if (root) Integer(forest.PromptOf[n] == prompt ? 0 : 1);
            prompt = forest.PromptOf[n];
            Integer(forest.TokenCount[n]);
            bytes.WriteByte((byte)forest.Finish[n]);
        }
    }

    private void Integer(int value)
    {
        uint rest = (uint)value;
        for (; rest >= 128; rest >>= 7) bytes.WriteByte((byte)(rest | 128));
        bytes.WriteByte((byte)rest);
    }

    private void Text(string text)
    {
        byte[] encoded = Strict.GetBytes(text);
        Integer(encoded.Length);
        bytes.Write(encoded);
    }

    private void Floats(ReadOnlySpan<float> values)
    {
        if (BitConverter.IsLittleEndian)
        {
            bytes.Write(MemoryMarshal.AsBytes(values));
            return;
        }
        Span<byte> four = stackalloc byte[4];
        foreach (float value in values)
        {
            BinaryPrimitives.WriteSingleLittleEndian(four, value);
            bytes.Write(four);
        }
    }
}
