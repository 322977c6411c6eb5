using System;

namespace TreeRl.Policies;

/// <summary>
/// Counts the unique tokens of a tree of branches: a run is what one branch has read since it was forked, and it lives while the branch or a
/// descendant does.
/// </summary>
/// <param name="ended">Told of each run that ends; may be null.</param>
internal sealed class TokenRuns(Action<int>? ended)
{
    private int[] parent = [], tokens = [], owners = [], free = [];
    private int made, freeCount;

    /// <summary>Tokens of all living runs.</summary>
    public long Total { get; private set; }

    /// <summary>The run that a run continues, or -1.</summary>
    public int ParentOf(int run) => parent[run];

    /// <summary>An empty run that continues <paramref name="before"/>, or none for -1, with one owner.</summary>
    public int Start(int before)
    {
        if (freeCount == 0) Grow();
        int run = free[--freeCount];
        parent[run] = before;
        tokens[run] = 0;
        owners[run] = 1;
        if (before >= 0) owners[before]++;
        return run;
    }

    /// <summary>Counts tokens read by a run's branch.</summary>
    public void Extend(int run, int count)
    {
        tokens[run] += count;
        Total += count;
    }

    /// <summary>Removes an owner; a run without owners ends, and lets go of the one before it.</summary>
    public void LetGo(int run)
    {
        while (run >= 0 && --owners[run] == 0)
        {
            Total -= tokens[run];
            ended?.Invoke(run);
            free[freeCount++] = run;
            run = parent[run];
        }
    }

    private void Grow()
    {
        int capacity = Math.Max(64, 2 * made);
        Array.Resize(ref parent, capacity);
        Array.Resize(ref tokens, capacity);
        Array.Resize(ref owners, capacity);
        Array.Resize(ref free, capacity);
        for (int run = capacity - 1; run >= made; run--) free[freeCount++] = run;
        made = capacity;
    }
}
