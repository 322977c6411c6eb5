using System;

namespace TreeRl.Tasks;

/// <summary>One question with the key that a grader compares answers with.</summary>
/// <param name="Id">Names the item; unique within its source.</param>
/// <param name="Prompt">The question, as the policy reads it.</param>
/// <param name="Reference">The key; empty when there is none.</param>
/// <param name="Level">Difficulty, in the source's own words; empty when there is none. Reports group by it.</param>
public sealed record TaskItem(string Id, string Prompt, string Reference, string Level)
{
    /// <summary>Field of knowledge, in the source's own words; empty when there is none. Reports group by it.</summary>
    public string Subject { get; init; } = "";
}

/// <summary>Numbered questions. Item i is always the same.</summary>
public interface ITaskSource
{
    /// <summary>Names the source in plans and reports, with what distinguishes it from others of its kind.</summary>
    string Name { get; }

    /// <summary>Number of items, or null when there is no end of them.</summary>
    int? Count { get; }

    /// <summary>Item number <paramref name="index"/>, from 0. Deterministic.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="index"/> is negative or not below <see cref="Count"/>.</exception>
    TaskItem Item(long index);
}
