using System;
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace TreeRl.Models;

/// <summary>
/// A low-rank adapter on the host: for each adapted layer the factors <c>NAME.lora_A.weight</c> [rank, in] and <c>NAME.lora_B.weight</c>
/// [out, rank], with NAME as in "model.layers.0.self_attn.q_proj" or "lm_head".
/// </summary>
public sealed class LoraAdapter : ITensorSet
{
    internal const string Down = ".lora_A.weight", Up = ".lora_B.weight";
    private readonly Dictionary<string, WeightTensor> tensors = new(StringComparer.Ordinal);
    private readonly List<string> names = [];

    /// <summary>Gathers an adapter's tensors and checks that each one the settings ask for is there, with the right shape, and no other.</summary>
    /// <exception cref="ArgumentException">The settings break a rule, or a tensor is missing, unknown, given twice, or has the wrong shape or length.</exception>
    public LoraAdapter(ModelConfig config, LoraSettings settings, IEnumerable<WeightTensor> given)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(given);
        Config = config.Validated();
        Settings = settings.Validated(config);
        foreach (var tensor in given)
            Guard.That(tensors.TryAdd(tensor.Name, tensor), $"tensor '{tensor.Name}' is given twice", nameof(given));
        foreach (var (name, shape) in Shapes(config, Settings))
        {
            Guard.That(tensors.TryGetValue(name, out var tensor), $"tensor '{name}' is missing: an adapter on this layer needs it with shape [{string.Join(", ", shape)}]", nameof(given));
            Guard.That(tensor!.Shape.AsSpan().SequenceEqual(shape),
                $"tensor '{name}' has shape [{string.Join(", ", tensor.Shape)}]: must be [{string.Join(", ", shape)}] for rank {Settings.Rank} on this model", nameof(given));
            Guard.That(tensor.Values.LongLength == (long)shape[0] * shape[1], $"tensor '{name}' has {tensor.Values.LongLength} elements: its shape needs {(long)shape[0] * shape[1]}", nameof(given));
            names.Add(name);
        }
        foreach (string name in tensors.Keys)
            Guard.That(names.Contains(name), $"tensor '{name}' is no part of an adapter on {string.Join(", ", Settings.Layers)}", nameof(given));
    }

    /// <summary>The model that it adapts.</summary>
    public ModelConfig Config { get; }

    /// <summary>Rank, alpha and layers.</summary>
    public LoraSettings Settings { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Names => names;

    /// <inheritdoc/>
    public WeightTensor this[string name] => tensors[name];

    /// <summary>Number of parameters.</summary>
    public long ParameterCount
    {
        get
        {
            long count = 0;
            foreach (string name in names) count += tensors[name].Values.LongLength;
            return count;
        }
    }

    /// <summary>A fresh adapter, which changes nothing yet: A uniform within 1 over the root of its inputs, B zero, so that B A is zero.</summary>
    /// <exception cref="ArgumentException">The settings break a rule.</exception>
    public static LoraAdapter Fresh(ModelConfig config, LoraSettings settings, Seed seed)
    {
        ArgumentNullException.ThrowIfNull(settings);
        config.Validated();
        var made = new List<WeightTensor>();
        foreach (var (name, shape) in Shapes(config, settings.Validated(config)))
        {
            var values = new float[(long)shape[0] * shape[1]];
            if (name.EndsWith(Down, StringComparison.Ordinal))
            {
                var stream = seed.Child(name);
                double bound = 1 / Math.Sqrt(shape[1]);
                for (long i = 0; i < values.LongLength; i++) values[i] = (float)(bound * (2 * stream.Uniform(i) - 1));
            }
            made.Add(new WeightTensor(name, shape, values));
        }
        return new LoraAdapter(config, settings, made);
    }

    /// <summary>The tensors that settings ask for, in order: by layer A, then B.</summary>
    internal static IEnumerable<(string Name, int[] Shape)> Shapes(ModelConfig config, LoraSettings settings)
    {
        foreach (var (name, outputs, inputs) in settings.Places(config))
        {
            yield return (name + Down, [settings.Rank, inputs]);
            yield return (name + Up, [outputs, settings.Rank]);
        }
    }

    /// <summary>First 16 hex digits of the SHA-256 of scale, names and tensors: names the adapter in a run's plan.</summary>
    public string Fingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(Settings.Alpha.ToString("R", CultureInfo.InvariantCulture)));
        foreach (string name in names)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(name));
            hash.AppendData(MemoryMarshal.AsBytes(tensors[name].Values.AsSpan()));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }
}
