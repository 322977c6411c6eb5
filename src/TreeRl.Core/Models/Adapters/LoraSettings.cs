using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;

namespace TreeRl.Models;

/// <summary>
/// Shape of a low-rank adapter (LoRA, arXiv 2106.09685): each chosen linear layer computes <c>W x + (Alpha / Rank) B A x</c> with A [Rank, in]
/// and B [out, Rank]; W stays as it is. Without dropout.
/// </summary>
public sealed record LoraSettings
{
    /// <summary>The head's name; every other layer of <see cref="Known"/> occurs once in each block.</summary>
    internal const string Head = "lm_head";

    /// <summary>Every linear layer that can carry an adapter, in the order they are computed.</summary>
    public static ImmutableArray<string> Known { get; } = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", Head];

    /// <summary>Inner size of the two factors, 1 .. 4096.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>Numerator of the scale; finite and above 0.</summary>
    public double Alpha { get; init; } = 16;

    /// <summary>Names of the adapted layers, of <see cref="Known"/>; every linear layer but the head when not given.</summary>
    public ImmutableArray<string> Layers { get; init; } = [.. Known.Where(name => name != Head)];

    /// <summary>Indices of the adapted transformer blocks; empty for all of them.</summary>
    public ImmutableArray<int> Blocks { get; init; } = [];

    /// <summary>Factor of B A: <see cref="Alpha"/> over <see cref="Rank"/>.</summary>
    public double Scale => Alpha / Rank;

    /// <summary>Each broken rule, as "Name = value: rule"; none for sound settings.</summary>
    /// <param name="config">The model to adapt, or null to leave out what depends on it.</param>
    public IEnumerable<string> Problems(ModelConfig? config = null)
    {
        if (Rank is < 1 or > 4096) yield return $"Rank = {Rank}: must be 1 to 4096; 8 or 16 is usual";
        if (!double.IsFinite(Alpha) || Alpha <= 0)
            yield return string.Create(CultureInfo.InvariantCulture, $"Alpha = {Alpha}: must be a finite number above 0; twice the rank is usual");
        if (Layers.IsDefaultOrEmpty) yield return "Layers is empty: an adapter sits on at least one layer";
        else
        {
            foreach (string name in Layers.Distinct(StringComparer.Ordinal))
            {
                if (!Known.Contains(name)) yield return $"Layers has '{name}', which is no linear layer of the model: choose among {string.Join(", ", Known)}";
                if (Layers.Count(other => other == name) > 1) yield return $"Layers has '{name}' more than once: name each layer once";
            }
        }
        if (Blocks.IsDefault) yield return "Blocks is not set: leave it empty for all blocks";
        else
        {
            foreach (int block in Blocks.Distinct())
            {
                if (block < 0 || block >= (config?.Layers ?? int.MaxValue)) yield return $"Blocks has {block}: must be 0 to {(config?.Layers ?? int.MaxValue) - 1}, the index of a block";
                if (Blocks.Count(other => other == block) > 1) yield return $"Blocks has {block} more than once: name each block once";
            }
        }
    }

    /// <summary>These settings, if they break no rule, with layers and blocks in the model's order.</summary>
    /// <exception cref="ArgumentException">Rules are broken; the message lists all of them.</exception>
    public LoraSettings Validated(ModelConfig config)
    {
        string problems = string.Join("; ", Problems(config));
        if (problems.Length > 0) throw new ArgumentException("LoRA: " + problems);
        return this with { Layers = [.. Known.Where(Layers.Contains)], Blocks = [.. Blocks.Order()] };
    }

    /// <summary>The adapted layers in the model's order, with the sizes of their matrices: name without ".weight", outputs, inputs.</summary>
    internal IEnumerable<(string Name, int Outputs, int Inputs)> Places(ModelConfig config)
    {
        var shapes = ModelWeights.Shapes(config with { TiedHead = false }).ToDictionary(entry => entry.Name, entry => entry.Shape, StringComparer.Ordinal);
        for (int block = 0; block < config.Layers; block++)
        {
            if (!Blocks.IsEmpty && !Blocks.Contains(block)) continue;
            foreach (string layer in Layers.Where(layer => layer != Head))
            {
                string name = TensorNames.Layer(block) + $"{(layer is "gate_proj" or "up_proj" or "down_proj" ? "mlp" : "self_attn")}.{layer}";
                int[] shape = shapes[name + ".weight"];
                yield return (name, shape[0], shape[1]);
            }
        }
        if (Layers.Contains(Head)) yield return (Head, config.VocabSize, config.Width);
    }
}
