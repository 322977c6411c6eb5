using System;
using System.Collections.Generic;

namespace TreeRl.Models;

/// <summary>Converts weights between the two ways of pairing a head's elements for rotary positions.</summary>
/// <remarks>
/// Attention sees queries and keys through their inner products only, which do not change when the elements of every query and key head are permuted alike. With h
/// the head size, element 2j of a head whose pairs are adjacent becomes element j, and element 2j+1 becomes element j + h/2.
/// </remarks>
public static class RotaryLayout
{
    /// <summary>
    /// The same model with half-split pairs, the layout that Hugging Face's programs compute: rows of q and k (and their biases and norm gains) are permuted. Weights
    /// that are half-split already are returned as they are. Tensors that do not change are shared with <paramref name="weights"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The weights carry an adapter and are not half-split.</exception>
    public static ModelWeights ToHalfSplit(ModelWeights weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        if (weights.Config.Rotary == RotaryPairing.HalfSplit) return weights;
        Guard.That(weights.Adapter is null, "the weights carry an adapter, whose rows would have to move too: merge it first (LoraMerge.Merged)", nameof(weights));
        var converted = new List<WeightTensor>(weights.Names.Count);
        foreach (string name in weights.Names) converted.Add(IsTurned(name) ? Permute(weights[name], weights.Config.HeadSize) : weights[name]);
        return new ModelWeights(weights.Config with { Rotary = RotaryPairing.HalfSplit }, converted);
    }

    private static bool IsTurned(string name) =>
        name.Contains(".self_attn.q_", StringComparison.Ordinal) || name.Contains(".self_attn.k_", StringComparison.Ordinal);

    private static WeightTensor Permute(WeightTensor tensor, int headSize)
    {
        int rows = tensor.Shape[0], columns = tensor.Values.Length / rows, half = headSize / 2;
        var values = new float[tensor.Values.Length];
        for (int row = 0; row < rows; row++)
        {
            int element = row % headSize;
            int target = row - element + element / 2 + (element % 2 == 0 ? 0 : half);
            tensor.Values.AsSpan(row * columns, columns).CopyTo(values.AsSpan(target * columns, columns));
        }
        return tensor with { Values = values };
    }
}
