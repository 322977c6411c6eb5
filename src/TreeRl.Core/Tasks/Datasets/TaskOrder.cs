using System;
using System.Linq;

namespace TreeRl.Tasks;

/// <summary>Two parts of a source that share no item.</summary>
/// <param name="Train">The items to learn from.</param>
/// <param name="Test">The items held out.</param>
public readonly record struct TrainTestSplit(ITaskSource Train, ITaskSource Test);

/// <summary>Orders, parts and templates over sources with an end.</summary>
public static class TaskOrder
{
    /// <summary>The same items in an order drawn from the seed.</summary>
    /// <exception cref="ArgumentException">The source has no end.</exception>
    public static ITaskSource Shuffle(ITaskSource source, Seed seed) =>
        new Selection(source, seed.Child("shuffle").Permutation(Count(source)), "shuffled");

    /// <summary>The first items.</summary>
    /// <exception cref="ArgumentException">The source has no end.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative or more than there are.</exception>
    public static ITaskSource Take(ITaskSource source, int count)
    {
        int all = Count(source);
        Guard.InRange(count >= 0 && count <= all, count, $"must be 0 .. {all}, the items of {source.Name}");
        return new Selection(source, Enumerable.Range(0, count).ToArray(), $"first {count}");
    }

    /// <summary>
    /// Splits off floor(<paramref name="testShare"/> * count) items for testing. Which ones depends on the seed and the items' ids alone, so the same
    /// items are held out however the file is ordered. Both parts keep the source's order.
    /// </summary>
    /// <exception cref="ArgumentException">The source has no end.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="testShare"/> is not between 0 and 1.</exception>
    public static TrainTestSplit Split(ITaskSource source, double testShare, Seed seed)
    {
        Guard.InRange(testShare is >= 0 and <= 1, testShare, "must be between 0 and 1, the part of the items to hold out");
        int count = Count(source), held = (int)Math.Floor(testShare * count + 1e-9);
        Seed draws = seed.Child("split");
        int[] byDraw = Enumerable.Range(0, count)
            .Select(index => (Index: index, source.Item(index).Id))
            .OrderBy(item => draws.Child(item.Id).Value).ThenBy(static item => item.Id, StringComparer.Ordinal)
            .Select(static item => item.Index).ToArray();
        return new TrainTestSplit(
            new Selection(source, byDraw[held..].Order().ToArray(), "train"),
            new Selection(source, byDraw[..held].Order().ToArray(), "test"));
    }

    /// <summary>The same items with their prompts put into a template.</summary>
    public static ITaskSource WithTemplate(ITaskSource source, PromptTemplate template)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(template);
        return new Templated(source, template);
    }

    private static int Count(ITaskSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        Guard.That(source.Count is not null, $"{source.Name} has no end: only a source with a count can be ordered or split", nameof(source));
        return source.Count!.Value;
    }

    private sealed class Selection(ITaskSource source, int[] order, string part) : ITaskSource
    {
        public string Name => $"{source.Name} {part}";

        public int? Count => order.Length;

        public TaskItem Item(long index)
        {
            Guard.InRange(index >= 0 && index < order.Length, index, $"must be an item, 0 .. {order.Length - 1}");
            return source.Item(order[index]);
        }
    }

    private sealed class Templated(ITaskSource source, PromptTemplate template) : ITaskSource
    {
        public string Name => source.Name;

        public int? Count => source.Count;

        public TaskItem Item(long index)
        {
            TaskItem item = source.Item(index);
            return item with { Prompt = template.Render(item.Prompt) };
        }
    }
}
