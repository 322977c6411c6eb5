using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;

namespace TreeRl.Models;

/// <summary>
/// Reads the legacy weight file of llama2.c: seven little-endian int32 (width, feed-forward width, layers, heads, key/value heads,
/// vocabulary - negative when the head is not tied to the embedding - and context), then fp32 tensors, each stacked over the layers.
/// The tensors keep their values and get HF names; rotary pairs stay adjacent (<see cref="RotaryPairing.Adjacent"/>).
/// </summary>
public static class Llama2CReader
{
    private const int HeaderBytes = 7 * sizeof(int);

    /// <summary>Reads a model.</summary>
    /// <exception cref="InvalidDataException">A size is impossible, or the sizes need another number of bytes than the file has.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ModelWeights Read(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        if (bytes.Length < HeaderBytes)
            throw ModelFile.Bad(path, $"has {bytes.Length} bytes: a llama2.c file begins with {HeaderBytes} bytes of sizes; it is cut off or of another kind");
        var config = ReadHeader(bytes, path);
        long needed = HeaderBytes + sizeof(float) * FloatCount(config);
        if (needed != bytes.Length)
            throw ModelFile.Bad(path, $"has {bytes.Length} bytes: its sizes (width {config.Width}, layers {config.Layers}, vocabulary {config.VocabSize}, ...) need {needed}; it is cut off or of another kind");
        var cursor = new Cursor(bytes);
        return new ModelWeights(config, ReadTensors(config, cursor));
    }

    private static ModelConfig ReadHeader(byte[] bytes, string path)
    {
        string[] names = ["width", "feed-forward width", "layers", "heads", "key/value heads", "vocabulary", "context"];
        var sizes = new int[names.Length];
        for (int i = 0; i < sizes.Length; i++)
        {
            sizes[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(i * sizeof(int)));
            bool mayBeNegative = i == 5;
            if (sizes[i] == 0 || sizes[i] == int.MinValue || (sizes[i] < 0 && !mayBeNegative))
                throw ModelFile.Bad(path, $"{names[i]} = {sizes[i]}: must be at least 1; the file is of another kind");
        }
        if (sizes[0] % sizes[3] != 0)
            throw ModelFile.Bad(path, $"width = {sizes[0]}: must be a multiple of the {sizes[3]} heads; the file is of another kind");
        try
        {
            return new ModelConfig
            {
                Width = sizes[0],
                FeedForward = sizes[1],
                Layers = sizes[2],
                Heads = sizes[3],
                KeyValueHeads = sizes[4],
                VocabSize = Math.Abs(sizes[5]),
                TiedHead = sizes[5] > 0,
                ContextLength = sizes[6],
                HeadSize = sizes[0] / sizes[3],
                NormEpsilon = 1e-5,
                RotaryBase = 10000,
                Rotary = RotaryPairing.Adjacent,
            }.Validated();
        }
        catch (ArgumentException e)
        {
            throw ModelFile.Bad(path, e.Message, e);
        }
    }

    private static long FloatCount(ModelConfig c)
    {
        try
        {
            checked
            {
                long kv = (long)c.KeyValueHeads * c.HeadSize, d = c.Width, f = c.FeedForward;
                long layer = d + d * d + kv * d + kv * d + d * d + d + 3 * f * d;
                long rotary = (long)c.ContextLength * c.HeadSize;
                return c.VocabSize * d * (c.TiedHead ? 1 : 2) + c.Layers * layer + d + rotary;
            }
        }
        catch (OverflowException)
        {
            return long.MaxValue / 8;
        }
    }

    private static IEnumerable<WeightTensor> ReadTensors(ModelConfig c, Cursor cursor)
    {
        int q = c.Heads * c.HeadSize, kv = c.KeyValueHeads * c.HeadSize;
        yield return cursor.Next(TensorNames.Embedding, c.VocabSize, c.Width);
        (string Name, int[] Shape)[] stacked =
        [
            ("input_layernorm", [c.Width]),
            ("self_attn.q_proj", [q, c.Width]),
            ("self_attn.k_proj", [kv, c.Width]),
            ("self_attn.v_proj", [kv, c.Width]),
            ("self_attn.o_proj", [c.Width, q]),
            ("post_attention_layernorm", [c.Width]),
            ("mlp.gate_proj", [c.FeedForward, c.Width]),
            ("mlp.down_proj", [c.Width, c.FeedForward]),
            ("mlp.up_proj", [c.FeedForward, c.Width]),
        ];
        foreach (var (name, shape) in stacked)
            for (int layer = 0; layer < c.Layers; layer++)
                yield return cursor.Next($"{TensorNames.Layer(layer)}{name}.weight", shape);
        yield return cursor.Next(TensorNames.FinalNorm, c.Width);
        cursor.Skip(c.ContextLength * c.HeadSize); // two rotary tables of context x head size / 2: the engine makes its own
        if (!c.TiedHead) yield return cursor.Next(TensorNames.Head, c.VocabSize, c.Width);
    }

    private sealed class Cursor(byte[] bytes)
    {
        private int at = HeaderBytes;

        public WeightTensor Next(string name, params int[] shape)
        {
            int count = 1;
            foreach (int size in shape) count *= size;
            var values = new float[count];
            var source = MemoryMarshal.Cast<byte, int>(bytes.AsSpan(at, count * sizeof(float)));
            if (BitConverter.IsLittleEndian) MemoryMarshal.Cast<int, float>(source).CopyTo(values);
            else BinaryPrimitives.ReverseEndianness(source, MemoryMarshal.Cast<float, int>(values.AsSpan()));
            at += count * sizeof(float);
            return new WeightTensor(name, shape, values);
        }

        public void Skip(int floats) => at += floats * sizeof(float);
    }
}
