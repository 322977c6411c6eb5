using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using TreeRl.Models;
using Xunit;

namespace TreeRl.Tests.Models;

public class SafeTensorsTests
{
    private static readonly WeightTensor[] Two =
    [
        new("b.weight", [2, 3], [1, -2, 3.5f, float.MinValue, float.Epsilon, -0f]),
        new("a \"odd\" é", [2], [float.NaN, float.PositiveInfinity]),
    ];

    private static string WriteRaw(string header, int dataBytes, long? headerLength = null)
    {
        string path = TestData.FreshPath("x.safetensors");
        byte[] json = Encoding.UTF8.GetBytes(header), length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, headerLength ?? json.Length);
        File.WriteAllBytes(path, [.. length, .. json, .. new byte[dataBytes]]);
        return path;
    }

    private static string Refusal(string path)
    {
        string message = Assert.Throws<InvalidDataException>(() => SafeTensors.Read(path)).Message;
        Assert.Contains(path, message);
        return message;
    }

    [Fact]
    public void Tensors_come_back_bit_for_bit_in_order()
    {
        string path = TestData.FreshPath("x.safetensors");
        SafeTensors.Write(path, Two, new Dictionary<string, string> { ["step"] = "7", ["a"] = "ü" });
        var read = SafeTensors.Read(path);
        Assert.Equal(Two.Select(t => t.Name), read.Select(t => t.Name));
        Assert.Equal(Two.Select(t => t.Shape), read.Select(t => t.Shape));
        Assert.Equal(Two.SelectMany(t => t.Values).Select(BitConverter.SingleToInt32Bits), read.SelectMany(t => t.Values).Select(BitConverter.SingleToInt32Bits));
        Assert.Equal([("a", "ü"), ("step", "7")], SafeTensors.ReadMetadata(path).OrderBy(p => p.Key).Select(p => (p.Key, p.Value)));
    }

    [Fact]
    public void Empty_tensors_scalars_and_files_come_back()
    {
        string path = TestData.FreshPath("x.safetensors");
        SafeTensors.Write(path, [new("none", [0, 5], []), new("one", [], [4]), new("void", [0], [])]);
        Assert.Equal([0, 1, 0], SafeTensors.Read(path).OrderBy(t => t.Name, StringComparer.Ordinal).Select(t => t.Values.Length));
        SafeTensors.Write(path, []);
        Assert.Empty(SafeTensors.Read(path));
    }

    [Fact]
    public void A_large_tensor_spans_several_buffers()
    {
        string path = TestData.FreshPath("x.safetensors");
        float[] values = [.. Enumerable.Range(0, 200_001).Select(i => (float)i)];
        SafeTensors.Write(path, [new("big", [200_001], values)]);
        Assert.Equal(values, SafeTensors.Read(path)[0].Values);
    }

    [Fact]
    public void Equal_tensors_give_equal_bytes_whatever_the_order_of_metadata()
    {
        string one = TestData.FreshPath("1"), two = TestData.FreshPath("2");
        SafeTensors.Write(one, Two, new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" });
        SafeTensors.Write(two, Two, new Dictionary<string, string> { ["b"] = "2", ["a"] = "1" });
        Assert.Equal(File.ReadAllBytes(one), File.ReadAllBytes(two));
    }

    [Fact]
    public void The_layout_is_that_of_the_format()
    {
        string path = TestData.FreshPath("x");
        SafeTensors.Write(path, [new("t", [1, 2], [1, 2])]);
        byte[] bytes = File.ReadAllBytes(path);
        const string header = """{"t":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}""";
        Assert.Equal(0, BitConverter.ToInt64(bytes) % 8);
        Assert.Equal(header, Encoding.UTF8.GetString(bytes, 8, (int)BitConverter.ToInt64(bytes)).TrimEnd(' '));
        Assert.Equal([0, 0, 0x80, 0x3F, 0, 0, 0, 0x40], bytes[^8..]);
    }

    [Fact]
    public void Half_precision_is_widened_exactly()
    {
        string path = WriteRaw("""{"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]}}""", 8);
        byte[] bytes = File.ReadAllBytes(path);
        ushort[] data = [0x3E00, 0xFC00, 0x3FC0, 0xC020]; // 1.5, -inf; 1.5, -2.5
        for (int i = 0; i < 4; i++) BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(bytes.Length - 8 + 2 * i), data[i]);
        File.WriteAllBytes(path, bytes);
        var read = SafeTensors.Read(path);
        Assert.Equal([1.5f, float.NegativeInfinity], read[0].Values);
        Assert.Equal([1.5f, -2.5f], read[1].Values);
    }

    [Theory]
    [InlineData("""{"t":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}""", 8, "'t': dtype = \"I64\"")]
    [InlineData("""{"t":{"shape":[1],"data_offsets":[0,4]}}""", 4, "'t': \"dtype\" is missing")]
    [InlineData("""{"t":{"dtype":"F32","data_offsets":[0,4]}}""", 4, "'t': \"shape\"")]
    [InlineData("""{"t":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "shape = [-1]")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, "shape = [1.5]")]
    [InlineData("""{"t":{"dtype":"F32","shape":[2000000000,2000000000],"data_offsets":[0,4]}}""", 4, "more than")]
    [InlineData("""{"t":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "needs 8 bytes")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "data_offsets = [4, 0]")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}""", 4, "data_offsets")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", 4, "data_offsets")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 3, "cut off")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 8, "4 bytes follow")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "must be 0")]
    [InlineData("""{"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"u":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "tensor 'u' begins at byte 4")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"t":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "no JSON")]
    [InlineData("""{"t":3}""", 0, "must be an object")]
    [InlineData("""{"":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}""", 0, "empty name")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "\"a\" = 1")]
    [InlineData("""{"__metadata__":[]}""", 0, "__metadata__ = []")]
    [InlineData("""{"\ud83d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}""", 0, "surrogate")]
    [InlineData("[]", 0, "must be an object")]
    [InlineData("{", 0, "no JSON")]
    public void A_header_that_lies_is_refused(string header, int dataBytes, string says) => Assert.Contains(says, Refusal(WriteRaw(header, dataBytes)));

    [Theory]
    [InlineData(3)]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void A_header_longer_than_the_file_is_refused(long length) => Assert.Contains("header length", Refusal(WriteRaw("{}", 0, length)));

    [Fact]
    public void Every_cut_of_a_file_is_refused()
    {
        string path = TestData.FreshPath("x.safetensors");
        SafeTensors.Write(path, Two);
        byte[] whole = File.ReadAllBytes(path);
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(path, whole[..length]);
            Refusal(path);
        }
    }

    [Fact]
    public void Flipped_bytes_give_a_clear_refusal_or_a_sound_file_but_never_another_exception()
    {
        string path = TestData.FreshPath("x.safetensors");
        SafeTensors.Write(path, Two, new Dictionary<string, string> { ["k"] = "v" });
        byte[] whole = File.ReadAllBytes(path);
        int headerEnd = 8 + (int)BitConverter.ToInt64(whole), refused = 0;
        var seed = Seed.Of(3);
        for (int trial = 0; trial < 3000; trial++)
        {
            byte[] changed = [.. whole];
            for (int k = 0; k <= seed.Below(3, 10 * trial); k++)
                changed[seed.Below(headerEnd, 10 * trial + 1 + 2 * k)] = (byte)seed.Below(256, 10 * trial + 2 + 2 * k);
            File.WriteAllBytes(path, changed);
            try
            {
                SafeTensors.Read(path);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }
        Assert.InRange(refused, 2000, 3000);
    }

    [Fact]
    public void A_tensor_that_contradicts_itself_is_not_written()
    {
        string path = TestData.FreshPath("x");
        Assert.Contains("'t' has 2 elements", Assert.Throws<ArgumentException>(() => SafeTensors.Write(path, [new("t", [3], [1, 2])])).Message);
        Assert.Contains("twice", Assert.Throws<ArgumentException>(() => SafeTensors.Write(path, [new("t", [1], [1]), new("t", [1], [1])])).Message);
        Assert.Throws<ArgumentException>(() => SafeTensors.Write(path, [new("__metadata__", [1], [1])]));
        Assert.False(File.Exists(path));
    }
}
