using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using TreeRl.Numerics;

namespace TreeRl.Policies.Cpu;

/// <summary>
/// Attention of rows, each a token at the end of a path, to cached keys and values. A cache block holds 16 positions of one branch, with <c>headStride</c> floats from a head to
/// the next one:
/// <code>[layer][key/value head][ keys [h'][16] | values [16][h'] ]</code>
/// Rows whose paths share blocks meet them together: the scores of all their query heads are one matrix product with the shared keys, and so is the mix
/// of the shared values, which cost time by the tree's unique blocks and not by its paths.
/// </summary>
/// <remarks>
/// Each score is one chain of multiply-adds over the head and each output one chain over the path, root first, as in <see cref="TreeAttention"/>: a chain that
/// leaves a shared edge goes on below it from its unrounded sum. So no merging by log-sum-exp is needed, a row's result is the same to the bit whatever other
/// rows share its blocks, and decoding gives the trainer's values.
/// </remarks>
internal sealed unsafe partial class DecodeAttention(ParameterLayout layout, long headStride)
{
    /// <summary>Positions in a block.</summary>
    public const int BlockPositions = 16;

    /// <summary>Rows ahead of the one stored that are worth a <see cref="Prefetch"/>.</summary>
    public const int StoresAhead = 2;

    // Scores of the rows in hand stay in the second-level cache beside the keys they are made of.
    private const int RowsTogether = 64;
    private const long ScoresTogether = 32 << 10;

    private readonly int h = layout.HeadSize;
    private readonly int group = layout.Config.Heads / layout.Config.KeyValueHeads;
    private readonly int keyHeads = layout.Config.KeyValueHeads;
    private readonly float scale = (float)(1 / Math.Sqrt(layout.Config.HeadSize));

    /// <summary>Floats of a cache block.</summary>
    public static long BlockFloats(ParameterLayout layout) => HeadCount(layout) * HeadFloats(layout);

    /// <summary>Floats of one layer's key/value head in a cache block.</summary>
    public static long HeadFloats(ParameterLayout layout) => 2L * BlockPositions * layout.HeadSize;

    /// <summary>Key/value heads of all layers in a cache block.</summary>
    public static int HeadCount(ParameterLayout layout) => layout.Config.Layers * layout.Config.KeyValueHeads;

    /// <summary>An empty cache whose blocks are cut into heads; its <see cref="SharedBlocks.PieceStride"/> is the <c>headStride</c> of who reads it.</summary>
    public static SharedBlocks NewCache(ParameterLayout layout) => new(HeadFloats(layout), HeadCount(layout));

    /// <summary>Floats of scratch that <see cref="Attend"/> needs for at most <paramref name="rows"/> rows of paths of at most <paramref name="keys"/>, however short some are.</summary>
    public static long ScratchFloats(ParameterLayout layout, int rows, int keys)
    {
        long group = layout.Config.Heads / layout.Config.KeyValueHeads;
        return Math.Max(ScoresTogether, group * Simd.Pad(keys)) + Math.Min(rows, RowsTogether) * group * 2 * layout.HeadSize;
    }

    /// <summary>Writes the key and value of one head of a row into the last block of its path.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Store(int layer, int head, in PathRows rows, int row, float* key, float* value)
    {
        float* block = BlockOf(layer, head, rows, row), keys = block + rows.Positions[row] % BlockPositions;
        for (int j = 0; j < layout.Config.HeadSize; j++) keys[j * BlockPositions] = key[j];
        for (int j = layout.Config.HeadSize; j < h; j++) keys[j * BlockPositions] = 0;
        VectorMath.Copy(value, block + (BlockPositions + rows.Positions[row] % BlockPositions) * (long)h, h);
    }

    /// <summary>Asks for what <see cref="Store"/> will write: a key's elements lie a cache line apart.</summary>
    public void Prefetch(int layer, int head, in PathRows rows, int row)
    {
        if (!Sse.IsSupported) return;
        float* block = BlockOf(layer, head, rows, row);
        for (int j = 0; j < h; j++) Sse.Prefetch0(block + j * BlockPositions);
        Sse.Prefetch0(block + (BlockPositions + rows.Positions[row] % BlockPositions) * (long)h);
    }

    /// <summary>
    /// Attends the query heads of key head <paramref name="head"/>, for rows [first, end) of <paramref name="rows"/>. Row i's queries begin at
    /// <paramref name="queries"/> + i * queryStride and its outputs at <paramref name="output"/> + i * outputStride, both with heads h' apart.
    /// </summary>
    public void Attend(
        int layer, int head, in PathRows rows, ReadOnlySpan<PathEdge> edges, int first, int end, float* queries, nint queryStride, float* output, nint outputStride, float* scratch)
    {
        int longest = 0;
        for (int row = first; row < end; row++) longest = Math.Max(longest, rows.Positions[row] + 1);
        int padded = Simd.Pad(longest), step = Together(group, padded);
        for (int row = first; row < end; row += step)
        {
            AttendTogether(layer, head, rows, edges, row, Math.Min(step, end - row), padded, queries + row * queryStride, queryStride, output + row * outputStride, outputStride, scratch);
        }
    }

    private static int Together(int group, int padded) => (int)Math.Clamp(ScoresTogether / ((long)group * padded), 1, RowsTogether);

    private float* BlockOf(int layer, int head, in PathRows rows, int row) => (float*)rows.PathOf(row)[rows.Positions[row] / BlockPositions] + Offset(layer, head);

    private long Offset(int layer, int head) => ((long)layer * keyHeads + head) * headStride;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AttendTogether(
        int layer, int head, in PathRows rows, ReadOnlySpan<PathEdge> edges, int first, int count, int padded, float* queries, nint queryStride, float* output, nint outputStride, float* scratch)
    {
        long keyAt = Offset(layer, head), valueAt = keyAt + (long)BlockPositions * h;
        float* packed = scratch, mixed = packed + (long)count * group * h, scores = mixed + (long)count * group * h;
        for (int i = 0; i < count; i++) VectorMath.Copy(queries + i * queryStride, packed + (long)i * group * h, (long)group * h);
        foreach (var edge in edges)
        {
            int from = Math.Max(edge.FirstRow, first) - first, to = Math.Min(edge.EndRow, first + count) - first;
            if (from >= to) continue;
            nint* path = rows.PathOf(first + from);
            for (int q = from * group; q < to * group; q += MostQueries)
                Scores(Math.Min(MostQueries, to * group - q), path, keyAt, edge.FirstBlock, edge.EndBlock, packed + (long)q * h, scores + (long)q * padded, padded);
        }
        // The inverse of a row's sum waits where its query was.
        for (int q = 0; q < count * group; q++)
        {
            int keys = rows.Positions[first + q / group] + 1;
            packed[(long)q * h] = 1 / Softmax.Forward(scores + (long)q * padded, keys, Simd.Pad(keys), scale, out _);
        }
        foreach (var edge in edges)
        {
            int from = Math.Max(edge.FirstRow, first) - first, to = Math.Min(edge.EndRow, first + count) - first;
            if (from >= to) continue;
            nint* path = rows.PathOf(first + from);
            // Only a lone row's last block may end before its sixteenth position.
            int keys = Math.Min(edge.EndBlock * BlockPositions, rows.Positions[first + from] + 1);
            for (int q = from * group; q < to * group; q += MostQueries)
                Mix(Math.Min(MostQueries, to * group - q), path, valueAt, edge.FirstBlock, keys, scores + (long)q * padded, padded, mixed + (long)q * h);
        }
        for (int q = 0; q < count * group; q++)
        {
            float* result = output + q / group * outputStride + q % group * h;
            VectorMath.Copy(mixed + (long)q * h, result, h);
            VectorMath.Scale(result, h, packed[(long)q * h]);
        }
    }
}

/// <summary>Rows by number: the position of each, and the cache blocks of its path.</summary>
internal readonly unsafe struct PathRows(nint* paths, int* pathStart, int* positions)
{
    public readonly int* Positions = positions;

    /// <summary>The blocks of a row's path, root first.</summary>
    public nint* PathOf(int row) => paths + pathStart[row];
}
