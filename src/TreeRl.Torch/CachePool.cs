using System;
using System.Collections.Generic;
using System.Linq;
using TorchSharp;
using static TorchSharp.torch;

namespace TreeRl.Torch;

/// <summary>Places in a row of equal places, the smallest free one first.</summary>
internal sealed class Slots
{
    private readonly SortedSet<int> free = [];

    /// <summary>Places handed out so far; all are below it.</summary>
    public int End { get; private set; }

    public int Take()
    {
        if (free.Count == 0) return End++;
        int slot = free.Min;
        free.Remove(slot);
        return slot;
    }

    public void LetGo(int slot) => free.Add(slot);
}

/// <summary>Some slots of a pool in the order they are read: slot i of the view is read for row <c>Row[i]</c> of the batch, and row r is found at <c>At[r]</c>.</summary>
/// <param name="Gather">Indices of the slots, or null for the first <paramref name="Count"/> slots as they lie.</param>
/// <param name="Count">Slots read.</param>
/// <param name="Row">View -> row; a slot in between that nobody asked for repeats row 0, and its result is dropped.</param>
/// <param name="At">Row -> view.</param>
internal readonly record struct SlotView(Tensor? Gather, int Count, int[] Row, int[] At)
{
    /// <summary>Reads slots in place when at least half of those up to the last one are wanted, and copies them together otherwise.</summary>
    public static SlotView Of(Transformer model, int[] slots)
    {
        int end = slots.Max() + 1;
        if (end > 2 * slots.Length) return new SlotView(model.Longs(slots), slots.Length, [.. Enumerable.Range(0, slots.Length)], [.. Enumerable.Range(0, slots.Length)]);
        var row = new int[end];
        for (int r = 0; r < slots.Length; r++) row[slots[r]] = r;
        return new SlotView(null, end, row, slots);
    }

    /// <summary>The view of a tensor whose first dimension is slots.</summary>
    public Tensor Read(Tensor pool) => Gather is null ? pool.narrow(0, 0, Count) : pool.index_select(0, Gather);
}

/// <summary>Keys and values of all layers, [slots, KV, capacity, h] each, which grow by doubling.</summary>
internal sealed class CachePool(Transformer model) : IDisposable
{
    private Tensor[] keys = [], values = [];

    public Slots Slots { get; } = new();

    /// <summary>Positions a slot has room for.</summary>
    public int Capacity { get; private set; }

    public long Bytes => keys.Concat(values).Sum(tensor => tensor.numel() * tensor.element_size());

    /// <summary>Keys of the first <paramref name="length"/> positions, [view, KV, length, h].</summary>
    public Tensor Keys(int layer, SlotView view, int length) => view.Read(keys[layer]).narrow(2, 0, length);

    /// <inheritdoc cref="Keys"/>
    public Tensor Values(int layer, SlotView view, int length) => view.Read(values[layer]).narrow(2, 0, length);

    /// <summary>Writes rows [n, KV, h] to places; no place twice.</summary>
    public void Write(int layer, Tensor slot, Tensor position, Tensor key, Tensor value)
    {
        keys[layer].index_put_(key, TensorIndex.Tensor(slot), TensorIndex.Colon, TensorIndex.Tensor(position));
        values[layer].index_put_(value, TensorIndex.Tensor(slot), TensorIndex.Colon, TensorIndex.Tensor(position));
    }

    /// <summary>Reads rows [n, KV, h] from places.</summary>
    public (Tensor Key, Tensor Value) Read(int layer, Tensor slot, Tensor position) =>
        (keys[layer].index(TensorIndex.Tensor(slot), TensorIndex.Colon, TensorIndex.Tensor(position)),
            values[layer].index(TensorIndex.Tensor(slot), TensorIndex.Colon, TensorIndex.Tensor(position)));

    /// <summary>Makes room for every slot handed out and for <paramref name="length"/> positions.</summary>
    public void Reserve(int length)
    {
        long slots = keys.Length == 0 ? 0 : keys[0].shape[0];
        if (Slots.End <= slots && length <= Capacity) return;
        int capacity = length <= Capacity ? Capacity : Math.Max(Math.Max(16, length), 2 * Capacity);
        long count = Slots.End <= slots ? slots : Math.Max(Slots.End, slots + slots / 2);
        keys = Grown(keys, count, capacity);
        values = Grown(values, count, capacity);
        Capacity = capacity;
    }

    public void Dispose()
    {
        foreach (var tensor in keys.Concat(values)) tensor.Dispose();
        keys = values = [];
    }

    private Tensor[] Grown(Tensor[] former, long slots, int capacity)
    {
        var made = new Tensor[model.Config.Layers];
        for (int l = 0; l < made.Length; l++)
        {
            using var scope = NewDisposeScope();
            made[l] = zeros([slots, model.Config.KeyValueHeads, capacity, model.Config.HeadSize], model.Compute, model.Device).DetachFromDisposeScope();
            if (former.Length == 0) continue;
            made[l].narrow(0, 0, former[l].shape[0]).narrow(2, 0, former[l].shape[2]).copy_(former[l]);
            former[l].Dispose();
        }
        return made;
    }
}
