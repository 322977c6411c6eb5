using System.Collections.Generic;

namespace TreeRl.Models;

/// <summary>Names of tensors that stand outside the layers, or begin those inside.</summary>
internal static class TensorNames
{
    public const string Embedding = "model.embed_tokens.weight", FinalNorm = "model.norm.weight", Head = "lm_head.weight";

    /// <summary>What the names of a layer's tensors begin with.</summary>
    public static string Layer(int layer) => $"model.layers.{layer}.";

    /// <summary>The tensor that serves as head: the embedding where they are tied.</summary>
    public static string HeadOf(ModelConfig config) => config.TiedHead ? Embedding : Head;
}

/// <summary>What is trained, and so has a gradient and moments: an adapter where there is one, and the weights otherwise.</summary>
internal static class TrainedTensors
{
    /// <summary>Its names and shapes, in order.</summary>
    public static IEnumerable<(string Name, int[] Shape)> Shapes(ModelConfig config, LoraSettings? adapter) =>
        adapter is null ? ModelWeights.Shapes(config) : LoraAdapter.Shapes(config, adapter);

    /// <summary>Tensors in these names and shapes.</summary>
    /// <exception cref="System.ArgumentException">A tensor is missing, unknown, given twice, or has the wrong shape.</exception>
    public static ITensorSet Make(ModelConfig config, LoraSettings? adapter, IEnumerable<WeightTensor> tensors) =>
        adapter is null ? new ModelWeights(config, tensors) : new LoraAdapter(config, adapter, tensors);
}
