using System;
using System.IO;
using System.Linq;
using TreeRl.Models;
using Xunit;

namespace TreeRl.Tests.Models;

public class Llama2CReaderTests
{
    // Width 16, feed-forward 3, 2 layers, 2 heads, 1 key/value head, 4 tokens, 5 positions; element i of the file has the value i.
    private static string Numbered(int vocabulary, int extraBytes = 0)
    {
        string path = TestData.FreshPath("model.bin");
        int layer = 16 + 256 + 128 + 128 + 256 + 16 + 3 * 48, count = 64 + 2 * layer + 16 + 5 * 8 + (vocabulary < 0 ? 64 : 0);
        using var writer = new BinaryWriter(File.Create(path));
        foreach (int size in new[] { 16, 3, 2, 2, 1, vocabulary, 5 }) writer.Write(size);
        for (int i = 0; i < count; i++) writer.Write((float)i);
        writer.Write(new byte[extraBytes]);
        return path;
    }

    [Fact]
    public void Stacked_tensors_are_taken_apart_in_the_order_of_the_file()
    {
        var weights = Llama2CReader.Read(Numbered(4));
        (string Name, int First)[] expected =
        [
            ("model.embed_tokens", 0), ("model.layers.0.input_layernorm", 64), ("model.layers.1.input_layernorm", 80),
            ("model.layers.0.self_attn.q_proj", 96), ("model.layers.1.self_attn.q_proj", 352), ("model.layers.0.self_attn.k_proj", 608),
            ("model.layers.1.self_attn.k_proj", 736), ("model.layers.0.self_attn.v_proj", 864), ("model.layers.0.self_attn.o_proj", 1120),
            ("model.layers.0.post_attention_layernorm", 1632), ("model.layers.0.mlp.gate_proj", 1664), ("model.layers.0.mlp.down_proj", 1760),
            ("model.layers.1.mlp.up_proj", 1904), ("model.norm", 1952),
        ];
        foreach (var (name, first) in expected)
        {
            float[] values = weights[name + ".weight"].Values;
            Assert.Equal(Enumerable.Range(first, values.Length).Select(i => (float)i), values);
        }
        Assert.True(weights.Config is { TiedHead: true, Rotary: RotaryPairing.Adjacent, HeadSize: 8, KeyValueHeads: 1, ContextLength: 5 });
    }

    [Fact]
    public void A_negative_vocabulary_has_a_head_of_its_own_after_the_rotary_tables()
    {
        var weights = Llama2CReader.Read(Numbered(-4));
        Assert.False(weights.Config.TiedHead);
        Assert.Equal(1968 + 40, weights["lm_head.weight"].Values[0]);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(-4)]
    [InlineData(-1)]
    public void A_file_of_another_length_is_refused(int change)
    {
        string path = Numbered(4, Math.Max(0, change));
        if (change < 0) File.WriteAllBytes(path, File.ReadAllBytes(path)[..^-change]);
        string message = Assert.Throws<InvalidDataException>(() => Llama2CReader.Read(path)).Message;
        Assert.Contains($"need {28 + 4 * (1968 + 40)}", message);
        Assert.Contains(path, message);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, -3)]
    [InlineData(2, 0)]
    [InlineData(3, 3)]
    [InlineData(4, 5)]
    [InlineData(5, 0)]
    [InlineData(5, int.MinValue)]
    [InlineData(6, -1)]
    [InlineData(0, int.MaxValue)]
    [InlineData(2, int.MaxValue)]
    public void An_impossible_size_is_refused(int field, int value)
    {
        string path = Numbered(4);
        byte[] bytes = File.ReadAllBytes(path);
        BitConverter.TryWriteBytes(bytes.AsSpan(4 * field), value);
        File.WriteAllBytes(path, bytes);
        Assert.Contains(path, Assert.Throws<InvalidDataException>(() => Llama2CReader.Read(path)).Message);
    }

    [Fact]
    public void A_short_file_is_refused()
    {
        string path = TestData.FreshPath("model.bin");
        File.WriteAllBytes(path, new byte[27]);
        Assert.Contains("27 bytes", Assert.Throws<InvalidDataException>(() => Llama2CReader.Read(path)).Message);
    }

    [Fact]
    public void The_real_model_is_read_and_survives_a_model_folder()
    {
        var weights = Llama2CReader.Read(TestData.Path("stories260K.bin"));
        Assert.Equal(
            new ModelConfig
            {
                VocabSize = 512,
                Width = 64,
                Layers = 5,
                Heads = 8,
                KeyValueHeads = 4,
                HeadSize = 8,
                FeedForward = 172,
                ContextLength = 512,
                Rotary = RotaryPairing.Adjacent,
            },
            weights.Config);
        Assert.All(weights.Names.Where(n => n.EndsWith("norm.weight")), n => Assert.InRange(weights[n].Values.Average(), 0.2f, 10f));
        string folder = TestData.FreshPath("stories");
        ModelFolder.Save(folder, weights, Llama2CTokenizer.Load(TestData.Path("tok512.bin")));
        Assert.Equal(weights["model.layers.4.mlp.down_proj.weight"].Values, ModelFolder.LoadWeights(folder)["model.layers.4.mlp.down_proj.weight"].Values);
        Assert.IsType<Llama2CTokenizer>(ModelFolder.LoadTokenizer(folder));
    }
}
