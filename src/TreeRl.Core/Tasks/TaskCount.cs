using System;

namespace TreeRl.Tasks;

/// <summary>Whether a source has the items that are asked for.</summary>
internal static class TaskCount
{
    /// <summary>Refuses a setting that asks for more items than a source of known size has.</summary>
    /// <param name="tasks">The source.</param>
    /// <param name="items">Items asked for.</param>
    /// <param name="setting">The setting that asks.</param>
    /// <param name="name">The argument that has the setting.</param>
    /// <exception cref="ArgumentException">The source has fewer.</exception>
    public static void Need(this ITaskSource tasks, int items, string setting, string name)
    {
        if (tasks.Count is int count && count < items)
            throw new ArgumentException($"{setting} = {items}: the task source '{tasks.Name}' has only {Counted.Of(count, "item")}; ask for so many or fewer", name);
    }
}
