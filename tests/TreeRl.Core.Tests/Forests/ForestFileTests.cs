using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using TreeRl.Forests;
using Xunit;

namespace TreeRl.Tests;

public class ForestFileTests
{
    private static Forest Small()
    {
        var b = new ForestBuilder();
        int p = b.AddPrompt(new ForestPrompt("täsk-1", "2+3\n= ", [1, 300, 70000], "5")), q = b.AddPrompt("q");
        int root = b.AddRoot(p);
        b.AddToken(root, 151000, -0.1f, 1.25f);
        b.AddToken(root, 0, -0f, 0f);
        foreach (var finish in new[] { Finish.EndOfText, Finish.Pruned })
        {
            int child = b.AddChild(root);
            b.AddToken(child, 7, -float.Epsilon, 1e-30f);
            b.Finish(child, finish);
        }
        foreach (int prompt in new[] { p, q })
        {
            int chain = b.AddRoot(prompt, [1, 2]);
            b.Finish(chain, Finish.Custom);
        }
        return b.Seal();
    }

    private static bool SameBits(Forest a, Forest b) => Grow.Same(a, b)
        && a.Prompts.Zip(b.Prompts).All(p => p.First.Text == p.Second.Text && p.First.Reference == p.Second.Reference && p.First.TokenIds.SequenceEqual(p.Second.TokenIds))
        && a.LogProb.Zip(b.LogProb).All(p => BitConverter.SingleToInt32Bits(p.First) == BitConverter.SingleToInt32Bits(p.Second));

    public static TheoryData<string> Shapes() => ["1", "3(1 2(1 1)) 4 | 5", "1(1 1(1 1(1 1))) | 2 2 2 2 | 300(150 1)"];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_forest_comes_back_as_it_was(string shape)
    {
        var f = Forest.OfShape(shape);
        Assert.True(SameBits(f, ForestFile.FromBytes(ForestFile.ToBytes(f), "x")));
    }

    [Fact]
    public void Texts_large_ids_and_odd_floats_come_back_bit_for_bit()
    {
        Assert.True(SameBits(Small(), ForestFile.FromBytes(ForestFile.ToBytes(Small()), "x")));
        var empty = Small().SelectPrompts([]);
        Assert.Equal(0, ForestFile.FromBytes(ForestFile.ToBytes(empty), "x").NodeCount);
    }

    [Fact]
    public void A_file_is_replaced_whole_and_leaves_nothing_beside_it()
    {
        string folder = Directory.CreateTempSubdirectory("treerl").FullName;
        try
        {
            string path = Path.Combine(folder, "a.forest");
            ForestFile.Write(path, Forest.OfShape("1"));
            ForestFile.Write(path, Small());
            Assert.True(SameBits(Small(), ForestFile.Read(path)));
            Assert.Equal([path], Directory.GetFiles(folder));
            File.WriteAllBytes(path, [1, 2, 3]);
            Assert.StartsWith($"{path}: 3 bytes", Assert.Throws<InvalidDataException>(() => ForestFile.Read(path)).Message);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void The_layout_is_the_documented_one()
    {
        byte[] bytes = ForestFile.ToBytes(Forest.OfShape("1(1 1)"));
        Assert.Equal("TREERLF\0"u8.ToArray(), bytes[..8]);
        Assert.Equal([1, 0, 0, 0], bytes[8..12]);
        Assert.Equal((ulong)(bytes.Length - 52), BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(12)));
        // 1 prompt: "p0", "p0", "", token 1 | 3 nodes: root, first tree of prompt, 1 token, Branched; 1 back, 1 token, EndOfText; 2 back | 3 tokens 1 2 3
        Assert.Equal([1, 2, (byte)'p', (byte)'0', 2, (byte)'p', (byte)'0', 0, 1, 1, 3, 0, 1, 1, 0, 1, 1, 1, 2, 1, 1, 3, 1, 2, 3], bytes[20..45]);
        Assert.Equal(bytes[^32..], SHA256.HashData(bytes.AsSpan(0, bytes.Length - 32)));
    }

    [Fact]
    public void Any_changed_byte_is_noticed()
    {
        byte[] whole = ForestFile.ToBytes(Small());
        for (int at = 0; at < whole.Length; at++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                byte[] bytes = [.. whole];
                bytes[at] ^= (byte)(1 << bit);
                Assert.StartsWith("f.forest: ", Assert.Throws<InvalidDataException>(() => ForestFile.FromBytes(bytes, "f.forest")).Message);
            }
        }
    }

    [Fact]
    public void Any_other_length_is_noticed()
    {
        byte[] whole = ForestFile.ToBytes(Small());
        for (int length = 0; length < whole.Length; length++)
            Assert.Throws<InvalidDataException>(() => ForestFile.FromBytes(whole.AsSpan(0, length), "f"));
        Assert.Contains("offset 12", Assert.Throws<InvalidDataException>(() => ForestFile.FromBytes([.. whole, 0], "f")).Message);
    }

    /// <summary>Gives a changed payload a matching length and hash, as a lying writer would.</summary>
    private static byte[] Signed(byte[] payload)
    {
        byte[] file = [.. "TREERLF\0"u8, 1, 0, 0, 0, .. new byte[8], .. payload, .. new byte[32]];
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(12), (ulong)payload.Length);
        SHA256.HashData(file.AsSpan(0, file.Length - 32), file.AsSpan(file.Length - 32));
        return file;
    }

    private static byte[] Payload(Forest forest) => ForestFile.ToBytes(forest)[20..^32];

    [Fact]
    public void A_lying_payload_of_the_right_hash_gives_an_error_or_a_sound_forest()
    {
        byte[] payload = Payload(Small());
        var messages = new HashSet<string>();
        for (int at = 0; at < payload.Length; at++)
        {
            foreach (byte value in new byte[] { 0, 1, 2, 127, 128, 255, (byte)(payload[at] ^ 1), (byte)(payload[at] + 3) })
            {
                byte[] bytes = [.. payload];
                bytes[at] = value;
                Try(bytes);
            }
            Try(payload[..at]);
            Try([.. payload[..at], .. payload[(at + 1)..]]);
            Try([.. payload[..at], 255, 255, 255, 255, 7, .. payload[at..]]);
        }
        Assert.True(messages.Count > 10, "the changes should meet many different checks");

        void Try(byte[] bytes)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                ForestFile.FromBytes(Signed(bytes), "f"); // Create checks all invariants
            }
            catch (InvalidDataException e)
            {
                messages.Add(string.Concat(e.Message.Where(c => !char.IsDigit(c))));
            }
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
        }
    }

    [Fact]
    public void Each_lie_is_named_with_its_offset()
    {
        byte[] payload = Payload(Forest.OfShape("1(1 1)"));
        string Message(params (int At, byte Value)[] changes)
        {
            byte[] bytes = [.. payload];
            foreach (var (at, value) in changes) bytes[at] = value;
            return Assert.Throws<InvalidDataException>(() => ForestFile.FromBytes(Signed(bytes), "f")).Message;
        }
        Assert.Equal("f: offset 20: 90 prompts are announced: the 48 bytes left hold at most 9", Message((0, 90)));
        Assert.Contains("offset 21: 99 bytes of text are announced", Message((1, 99)));
        Assert.Contains("offset 22: a text is no UTF-8", Message((2, 255)));
        Assert.Contains("offset 28: 100 prompt tokens are announced", Message((8, 100)));
        Assert.Contains("offset 30: 77 nodes are announced", Message((10, 77)));
        Assert.Contains("offset 31: node 0 lies 1 after its parent: must be at most 0", Message((11, 1)));
        Assert.Contains("offset 32: root 0 moves 2 prompts on", Message((12, 2)));
        Assert.Contains("the columns are no forest: TokenCount[0] = 0", Message((13, 0)));
        Assert.Contains("the columns are no forest: Finish[1] = 200: no such reason", Message((17, 200)));
        Assert.Contains("offset 41: 4 tokens are announced", Message((21, 4)));
        Assert.Contains("bytes are left after the last token", Assert.Throws<InvalidDataException>(() => ForestFile.FromBytes(Signed([.. payload, 0]), "f")).Message);
        Assert.Contains("an integer is larger than 2147483647", Assert.Throws<InvalidDataException>(() => ForestFile.FromBytes(Signed([255, 255, 255, 255, 15, .. payload]), "f")).Message);
        Assert.Contains("an integer is larger than 2147483647", Assert.Throws<InvalidDataException>(() => ForestFile.FromBytes(Signed([255, 255, 255, 255, 255, 1, .. payload]), "f")).Message);
    }

    [Fact]
    public void The_header_s_lies_are_named()
    {
        byte[] whole = ForestFile.ToBytes(Small());
        string Message(int at, byte value)
        {
            byte[] bytes = [.. whole];
            bytes[at] = value;
            return Assert.Throws<InvalidDataException>(() => ForestFile.FromBytes(bytes, "f")).Message;
        }
        Assert.Contains("f: no forest file: its first bytes are 00", Message(0, 0));
        Assert.Contains("offset 8: version 2: this code reads version 1", Message(8, 2));
        Assert.Contains("offset 12: a payload of", Message(19, 200));
        Assert.Contains("the SHA-256 at the end is not that of the bytes before it", Message(30, 1));
    }

    [Fact]
    public void Half_a_surrogate_pair_cannot_be_written() =>
        Assert.ThrowsAny<ArgumentException>(() => ForestFile.ToBytes(Forest.Create(new ForestColumns
        {
            Prompts = [new ForestPrompt("\ud800", "", [1], "")],
            Parent = [-1],
            PromptOf = [0],
            TokenCount = [1],
            Finish = [Finish.EndOfText],
            TokenId = [1],
            LogProb = [-1],
            Entropy = [0],
        })));
}
