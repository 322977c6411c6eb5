using System;
using System.Collections.Generic;
using System.Collections.Immutable;

namespace TreeRl.Tasks;

/// <summary>Items given one by one.</summary>
public sealed class ListTasks : ITaskSource
{
    private readonly ImmutableArray<TaskItem> items;

    /// <summary>A source of these items, in this order.</summary>
    /// <param name="name">Names the source in plans and reports.</param>
    /// <param name="items">At least one; ids differ.</param>
    /// <exception cref="ArgumentException">There is no item, one is null, or an id is taken.</exception>
    public ListTasks(string name, IEnumerable<TaskItem> items)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(items);
        Name = name;
        this.items = [.. items];
        Guard.That(this.items.Length > 0, $"the source '{name}' has no items: at least one is needed", nameof(items));
        var ids = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < this.items.Length; i++)
        {
            Guard.That(this.items[i] is not null, $"items[{i}] is null", nameof(items));
            Guard.That(ids.Add(this.items[i].Id), $"items[{i}] has the id \"{this.items[i].Id}\", which is taken: ids must be unique", nameof(items));
        }
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public int? Count => items.Length;

    /// <inheritdoc/>
    public TaskItem Item(long index)
    {
        Guard.InRange(index >= 0 && index < items.Length, index, $"must be an item, 0 .. {items.Length - 1}");
        return items[(int)index];
    }
}
