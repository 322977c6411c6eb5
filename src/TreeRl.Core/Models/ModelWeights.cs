using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace TreeRl.Models;

/// <summary>A tensor on the host: row-major, fp32.</summary>
/// <param name="Name">HF name, as in "model.layers.0.self_attn.q_proj.weight".</param>
/// <param name="Shape">Sizes, outermost first; linear layers are [out, in].</param>
/// <param name="Values">The elements, as many as the product of the shape.</param>
public sealed record WeightTensor(string Name, int[] Shape, float[] Values);

/// <summary>
/// A model's tensors on the host, in the names and layout of Hugging Face checkpoints of the Llama/Qwen family, and the adapter on top of them, if there is one.
/// </summary>
public sealed class ModelWeights : ITensorSet
{
    private readonly Dictionary<string, WeightTensor> tensors = new(StringComparer.Ordinal);

    private ModelWeights(ModelWeights other, LoraAdapter? adapter)
    {
        Config = other.Config;
        Names = other.Names;
        tensors = other.tensors;
        Adapter = adapter;
    }

    /// <summary>Gathers tensors for a configuration and checks that each one it needs is there, with the right shape, and no other.</summary>
    /// <exception cref="ArgumentException">A tensor is missing, unknown, given twice, or has the wrong shape or length.</exception>
    public ModelWeights(ModelConfig config, IEnumerable<WeightTensor> given)
    {
        Config = config.Validated();
        foreach (var tensor in given)
            Guard.That(tensors.TryAdd(tensor.Name, tensor), $"tensor '{tensor.Name}' is given twice", nameof(given));
        foreach (var (name, shape) in Shapes(config))
        {
            Guard.That(tensors.TryGetValue(name, out var tensor), $"tensor '{name}' is missing: the configuration needs it with shape [{string.Join(", ", shape)}]", nameof(given));
            Guard.That(tensor!.Shape.AsSpan().SequenceEqual(shape), $"tensor '{name}' has shape [{string.Join(", ", tensor.Shape)}]: must be [{string.Join(", ", shape)}]", nameof(given));
            long count = 1;
            foreach (int size in shape) count *= size;
            Guard.That(tensor.Values.LongLength == count, $"tensor '{name}' has {tensor.Values.LongLength} elements: its shape needs {count}", nameof(given));
            Names.Add(name);
        }
        foreach (string name in tensors.Keys)
            Guard.That(Names.Contains(name), $"tensor '{name}' is not part of this architecture", nameof(given));
    }

    /// <summary>The architecture.</summary>
    public ModelConfig Config { get; }

    /// <summary>Names in the fixed order of <see cref="Shapes"/>.</summary>
    public List<string> Names { get; } = [];

    /// <summary>
    /// A low-rank adapter that the model computes with, or null. An engine trains the adapter alone and leaves the tensors as they are; <see cref="LoraMerge"/> puts it
    /// into them.
    /// </summary>
    public LoraAdapter? Adapter { get; }

    IReadOnlyList<string> ITensorSet.Names => Names;

    /// <summary>The tensor called <paramref name="name"/>; without the adapter's term.</summary>
    public WeightTensor this[string name] => tensors[name];

    /// <summary>The same tensors, shared, under another adapter, or under none.</summary>
    /// <exception cref="ArgumentException">The adapter was made for another architecture.</exception>
    public ModelWeights WithAdapter(LoraAdapter? adapter)
    {
        Guard.That(adapter is null || adapter.Config == Config, $"the adapter was made for another model: {adapter?.Config} instead of {Config}", nameof(adapter));
        return new ModelWeights(this, adapter);
    }

    /// <summary>
    /// The tensors a configuration has, in order: embedding; per layer input norm, q, k, v (weights, then biases when it has them), q and k
    /// norm, o, post-attention norm, gate, up, down; final norm; head when untied.
    /// </summary>
    public static IEnumerable<(string Name, int[] Shape)> Shapes(ModelConfig c)
    {
        int q = c.Heads * c.HeadSize, kv = c.KeyValueHeads * c.HeadSize;
        yield return (TensorNames.Embedding, [c.VocabSize, c.Width]);
        for (int l = 0; l < c.Layers; l++)
        {
            string p = TensorNames.Layer(l);
            yield return (p + "input_layernorm.weight", [c.Width]);
            yield return (p + "self_attn.q_proj.weight", [q, c.Width]);
            yield return (p + "self_attn.k_proj.weight", [kv, c.Width]);
            yield return (p + "self_attn.v_proj.weight", [kv, c.Width]);
            if (c.QkvBias)
            {
                yield return (p + "self_attn.q_proj.bias", [q]);
                yield return (p + "self_attn.k_proj.bias", [kv]);
                yield return (p + "self_attn.v_proj.bias", [kv]);
            }
            if (c.QkNorm)
            {
                yield return (p + "self_attn.q_norm.weight", [c.HeadSize]);
                yield return (p + "self_attn.k_norm.weight", [c.HeadSize]);
            }
            yield return (p + "self_attn.o_proj.weight", [c.Width, q]);
            yield return (p + "post_attention_layernorm.weight", [c.Width]);
            yield return (p + "mlp.gate_proj.weight", [c.FeedForward, c.Width]);
            yield return (p + "mlp.up_proj.weight", [c.FeedForward, c.Width]);
            yield return (p + "mlp.down_proj.weight", [c.Width, c.FeedForward]);
        }
        yield return (TensorNames.FinalNorm, [c.Width]);
        if (!c.TiedHead) yield return (TensorNames.Head, [c.VocabSize, c.Width]);
    }

    /// <summary>
    /// First 16 hex digits of the SHA-256 of all tensors' bytes, in the order of <see cref="Names"/>, and the adapter's own behind a plus: names the weights in a run's plan.
    /// </summary>
    public string Fingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string name in Names) hash.AppendData(MemoryMarshal.AsBytes(tensors[name].Values.AsSpan()));
        string own = Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
        return Adapter is null ? own : $"{own}+{Adapter.Fingerprint()}";
    }

    /// <summary>Fresh weights: normal with standard deviation <paramref name="deviation"/> (residual projections divided by the root of twice the layers), norm gains 1, biases 0.</summary>
    public static ModelWeights Random(ModelConfig config, Seed seed, double deviation = 0.02)
    {
        config.Validated();
        var made = new List<WeightTensor>();
        double residual = deviation / Math.Sqrt(2.0 * config.Layers);
        foreach (var (name, shape) in Shapes(config))
        {
            long count = 1;
            foreach (int size in shape) count *= size;
            var values = new float[count];
            var stream = seed.Child(name);
            if (name.EndsWith("norm.weight", StringComparison.Ordinal)) Array.Fill(values, 1f);
            else if (!name.EndsWith("bias", StringComparison.Ordinal))
            {
                bool toResidual = name.EndsWith("o_proj.weight", StringComparison.Ordinal) || name.EndsWith("down_proj.weight", StringComparison.Ordinal);
                double scale = toResidual ? residual : deviation;
                for (long i = 0; i < count; i++)
                {
                    double radius = Math.Sqrt(-2 * Math.Log(1 - stream.Uniform(2 * i)));
                    values[i] = (float)(scale * radius * Math.Cos(2 * Math.PI * stream.Uniform(2 * i + 1)));
                }
            }
            made.Add(new WeightTensor(name, shape, values));
        }
        return new ModelWeights(config, made);
    }
}
