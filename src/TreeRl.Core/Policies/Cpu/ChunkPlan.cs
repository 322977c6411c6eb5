using System;

namespace TreeRl.Policies.Cpu;

/// <summary>
/// The fixed partition of a batch: whole groups, which are closed under attention, into chunks of about as many rows as asked for, and
/// chunks to gradient lanes, the dearest first and each to the cheapest lane. It depends on the batch and the options only, never on
/// threads, and with it the order of every floating-point sum. Arrays are reused from batch to batch.
/// </summary>
internal sealed class ChunkPlan(int lanes, int chunkTokens)
{
    private long[] cost = [];
    private int[] order = [];
    private readonly long[] laneCost = new long[lanes];

    /// <summary>Chunk -> its first group; one more entry than chunks.</summary>
    public int[] FirstGroup { get; private set; } = [];

    /// <summary>Chunk -> lane.</summary>
    public int[] Lane { get; private set; } = [];

    public int ChunkCount { get; private set; }

    /// <summary>Rows of the largest chunk.</summary>
    public int LargestRows { get; private set; }

    /// <summary>Splits a batch. <paramref name="rowCost"/> and <paramref name="pairCost"/> weigh a row's products against one attended pair.</summary>
    public void Build(PackedBatch batch, long rowCost, long pairCost)
    {
        int groups = batch.GroupCount;
        if (FirstGroup.Length < groups + 1)
        {
            int capacity = Math.Max(groups + 1, 2 * FirstGroup.Length);
            FirstGroup = new int[capacity];
            Lane = new int[capacity];
            cost = new long[capacity];
            order = new int[capacity];
        }
        ChunkCount = 0;
        LargestRows = 0;
        for (int g = 0; g < groups;)
        {
            int first = g;
            g = batch.StretchEnd(g, chunkTokens);
            int rows = batch.GroupFirstRow(g) - batch.GroupFirstRow(first);
            LargestRows = Math.Max(LargestRows, rows);
            FirstGroup[ChunkCount] = first;
            cost[ChunkCount] = rows * rowCost + Pairs(batch, first, g) * pairCost;
            order[ChunkCount] = ChunkCount;
            ChunkCount++;
        }
        FirstGroup[ChunkCount] = groups;
        AssignLanes();
    }

    /// <summary>Number of (query, key) pairs in groups [first, end): the sum of path positions + 1 over rows.</summary>
    private static long Pairs(PackedBatch batch, int first, int end)
    {
        long pairs = 0;
        for (int r = batch.GroupFirstRow(first); r < batch.GroupFirstRow(end); r++) pairs += batch.RowPosition[r] + 1;
        return pairs;
    }

    private void AssignLanes()
    {
        // Insertion sort: dearest first, ties by chunk index. Chunks are few.
        for (int i = 1; i < ChunkCount; i++)
        {
            int chunk = order[i], at = i;
            while (at > 0 && cost[order[at - 1]] < cost[chunk])
            {
                order[at] = order[at - 1];
                at--;
            }
            order[at] = chunk;
        }
        Array.Clear(laneCost);
        for (int i = 0; i < ChunkCount; i++)
        {
            int cheapest = 0;
            for (int lane = 1; lane < lanes; lane++)
            {
                if (laneCost[lane] < laneCost[cheapest]) cheapest = lane;
            }
            Lane[order[i]] = cheapest;
            laneCost[cheapest] += cost[order[i]];
        }
    }
}
