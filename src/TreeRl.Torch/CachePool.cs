using System;
using System.Linq;
using TorchSharp;
using TreeRl.Policies;
using static TorchSharp.torch;

namespace TreeRl.Torch;

/// <summary>Keys and values of all layers, [2, slots, KV, capacity, h] each, so that those of slots lie as a product wants them; growing by doubling.</summary>
internal sealed class CachePool(Transformer model) : IDisposable
{
    private readonly Tensor?[] layers = new Tensor?[model.Config.Layers];

    /// <summary>Positions a slot has room for.</summary>
    public int Capacity { get; private set; }

    /// <summary>Bytes held.</summary>
    public long Bytes => Memory.Bytes(layers);

    /// <summary>Some slots, [2, n, KV, capacity, h]: as they lie, or copied together.</summary>
    public Tensor Read(int layer, SlotGroups groups, Tensor slots) =>
        groups.InPlace ? layers[layer]!.narrow(1, 0, groups.Slots.Length) : layers[layer]!.index_select(1, slots);

    /// <summary>Reads rows [n, 2, KV, h] from places.</summary>
    public Tensor Read(int layer, Tensor slot, Tensor position) => layers[layer]!.index(At(slot, position));

    /// <summary>Writes rows [n, 2, KV, h] to places; no place twice.</summary>
    public void Write(int layer, Tensor slot, Tensor position, Tensor rows) => layers[layer]!.index_put_(rows, At(slot, position));

    /// <summary>Makes room for slots below <paramref name="slots"/> and positions below <paramref name="length"/>.</summary>
    public void Reserve(int slots, int length)
    {
        if (length > Capacity) Capacity = Math.Max(Math.Max(16, length), 2 * Capacity);
        for (int l = 0; l < layers.Length; l++)
            Memory.Grow(ref layers[l], [2, slots, model.Config.KeyValueHeads, Capacity, model.Config.HeadSize], model.Compute, model.Device);
    }

    public void Dispose()
    {
        foreach (var layer in layers) layer?.Dispose();
    }

    private static TensorIndex[] At(Tensor slot, Tensor position) =>
        [TensorIndex.Colon, TensorIndex.Tensor(slot), TensorIndex.Colon, TensorIndex.Tensor(position)];
}

/// <summary>Tensors that are kept from call to call.</summary>
internal static class Memory
{
    /// <summary>Bytes of some tensors.</summary>
    public static long Bytes(params Tensor?[] tensors) => tensors.Sum(tensor => tensor is null ? 0 : tensor.numel() * tensor.element_size());

    /// <summary>Makes a tensor at least as large in each dimension, its contents at the beginning and zeros behind; what grows does by half or more.</summary>
    public static void Grow(ref Tensor? tensor, long[] sizes, ScalarType type, Device device)
    {
        var former = tensor;
        if (former is not null && former.shape.Zip(sizes).All(size => size.First >= size.Second)) return;
        using var scope = NewDisposeScope();
        if (former is not null) sizes = [.. sizes.Zip(former.shape, (asked, had) => asked > had ? Math.Max(asked, had + had / 2) : had)];
        tensor = zeros(sizes, type, device).DetachFromDisposeScope();
        if (former is null) return;
        var corner = tensor;
        for (int d = 0; d < sizes.Length; d++) corner = corner.narrow(d, 0, former.shape[d]);
        corner.copy_(former);
        former.Dispose();
    }
}
