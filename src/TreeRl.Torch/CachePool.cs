using System;
using System.Linq;
using TorchSharp;
using TreeRl.Policies;
using static TorchSharp.torch;

namespace TreeRl.Torch;

/// <summary>Keys and values of all layers, [slots, 2 KV, capacity, h] each with the keys' heads first, which grow by doubling.</summary>
internal sealed class CachePool(Transformer model) : IDisposable
{
    private readonly Tensor?[] layers = new Tensor?[model.Config.Layers];

    /// <summary>Positions a slot has room for.</summary>
    public int Capacity { get; private set; }

    /// <summary>Bytes held.</summary>
    public long Bytes => Memory.Bytes(layers);

    /// <summary>Some slots, [n, 2 KV, capacity, h]: as they lie, or copied together.</summary>
    public Tensor Read(int layer, SlotGroups groups, Tensor slots) => groups.InPlace ? layers[layer]!.narrow(0, 0, groups.Slots.Length) : layers[layer]!.index_select(0, slots);

    /// <summary>Reads rows [n, 2 KV, h] from places.</summary>
    public Tensor Read(int layer, Tensor slot, Tensor position) => layers[layer]!.index(TensorIndex.Tensor(slot), TensorIndex.Colon, TensorIndex.Tensor(position));

    /// <summary>Writes rows [n, 2 KV, h] to places; no place twice.</summary>
    public void Write(int layer, Tensor slot, Tensor position, Tensor rows) =>
        layers[layer]!.index_put_(rows, TensorIndex.Tensor(slot), TensorIndex.Colon, TensorIndex.Tensor(position));

    /// <summary>Makes room for slots below <paramref name="slots"/> and positions below <paramref name="length"/>.</summary>
    public void Reserve(int slots, int length)
    {
        if (length > Capacity) Capacity = Math.Max(Math.Max(16, length), 2 * Capacity);
        for (int l = 0; l < layers.Length; l++)
            Memory.Grow(ref layers[l], [slots, 2L * model.Config.KeyValueHeads, Capacity, model.Config.HeadSize], model.Compute, model.Device);
    }

    public void Dispose()
    {
        foreach (var layer in layers) layer?.Dispose();
    }
}

/// <summary>Tensors that are kept from call to call.</summary>
internal static class Memory
{
    /// <summary>Bytes of some tensors.</summary>
    public static long Bytes(params Tensor?[] tensors) => tensors.Sum(tensor => tensor is null ? 0 : tensor.numel() * tensor.element_size());

    /// <summary>Makes a tensor at least as large in each dimension, its contents at the beginning and zeros behind; rows grow by half at least.</summary>
    public static void Grow(ref Tensor? tensor, long[] sizes, ScalarType type, Device device)
    {
        var former = tensor;
        if (former is not null && former.shape.Zip(sizes).All(size => size.First >= size.Second)) return;
        using var scope = NewDisposeScope();
        if (former is not null)
        {
            if (sizes[0] > former.shape[0]) sizes[0] = Math.Max(sizes[0], former.shape[0] + former.shape[0] / 2);
            sizes = [.. sizes.Zip(former.shape, Math.Max)];
        }
        tensor = zeros(sizes, type, device).DetachFromDisposeScope();
        if (former is null) return;
        var corner = tensor;
        for (int d = 0; d < sizes.Length; d++) corner = corner.narrow(d, 0, former.shape[d]);
        corner.copy_(former);
        former.Dispose();
    }
}
