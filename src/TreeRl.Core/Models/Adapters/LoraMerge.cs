using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Numerics;

namespace TreeRl.Models;

/// <summary>Puts an adapter into the weights it sits on.</summary>
public static class LoraMerge
{
    /// <summary>
    /// The same model without an adapter: every adapted matrix is W + (alpha / rank) B A, summed in the order and precision of the CPU engine, which computes the same
    /// logits from it. A head that shared the embedding gets a matrix of its own when it is adapted, since the embedding stays as it is. Tensors that do not
    /// change are shared with <paramref name="weights"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The weights carry no adapter.</exception>
    public static ModelWeights Merged(ModelWeights weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        Guard.That(weights.Adapter is not null, "the weights carry no adapter: there is nothing to merge", nameof(weights));
        var adapter = weights.Adapter;
        var places = adapter.Settings.Places(weights.Config).Select(place => place.Name + ".weight").ToHashSet(StringComparer.Ordinal);
        var config = weights.Config with { TiedHead = weights.Config.TiedHead && !places.Contains(TensorNames.Head) };
        var merged = new List<WeightTensor>();
        foreach (var (name, _) in ModelWeights.Shapes(config))
        {
            var tensor = weights[name == TensorNames.Head ? TensorNames.HeadOf(weights.Config) : name] with { Name = name };
            merged.Add(places.Contains(name) ? Sum(tensor, adapter, name[..^".weight".Length]) : tensor);
        }
        return new ModelWeights(config, merged);
    }

    private static unsafe WeightTensor Sum(WeightTensor tensor, LoraAdapter adapter, string place)
    {
        int outputs = tensor.Shape[0], inputs = tensor.Shape[1], rank = adapter.Settings.Rank;
        var sum = new float[tensor.Values.Length];
        fixed (float* w = tensor.Values, a = adapter[place + LoraAdapter.Down].Values, b = adapter[place + LoraAdapter.Up].Values, to = sum)
        {
            for (long row = 0; row < outputs; row++)
                LowRank.AddRow(w + row * inputs, b + row * rank, rank, (float)adapter.Settings.Scale, a, inputs, to + row * inputs, inputs);
        }
        return tensor with { Values = sum };
    }
}
