using System;
using TreeRl.Numerics;

namespace TreeRl.Policies.Cpu;

/// <summary>
/// Causal attention of one segment of a packed tree to its ancestors and itself, one layer at a time. The keys and values of the path are
/// gathered into one stretch, so that a row's result is the one of its path alone, to the bit: each score is one chain of multiply-adds over the
/// head, each output one chain over the path. Backward makes the probabilities again from the saved log-sum-exp.
/// </summary>
internal sealed unsafe class TreeAttention(ParameterLayout layout, SimdLevel level)
{
    private readonly float scale = (float)(1 / Math.Sqrt(layout.Config.HeadSize));
    private int[] chain = new int[16];
    private int chainLength, ancestorRows, firstRow, rows;

    /// <summary>Chooses a segment; its rows and its ancestors' are counted from <paramref name="chunkFirstRow"/>.</summary>
    public void Select(PackedBatch batch, int segment, int chunkFirstRow)
    {
        chainLength = 0;
        for (int s = segment; s >= 0; s = batch.SegmentParent[s])
        {
            if (chainLength + 2 > chain.Length) Array.Resize(ref chain, 2 * chain.Length);
            chain[chainLength] = batch.SegmentFirstRow[s] - chunkFirstRow;
            chain[chainLength + 1] = batch.SegmentFirstRow[s + 1] - batch.SegmentFirstRow[s];
            chainLength += 2;
        }
        firstRow = chain[0];
        rows = chain[1];
        ancestorRows = 0;
        for (int i = 2; i < chainLength; i += 2) ancestorRows += chain[i + 1];
    }

    /// <summary>Makes Attended and LogSumExp of the segment's rows from Qkv. <paramref name="chunkRows"/> is M.</summary>
    public void Forward(ChunkBuffers b, in LayerBuffers layer, int chunkRows)
    {
        int h = layout.HeadSize, keys = ancestorRows + rows, padded = Simd.Pad(keys), group = layout.Config.Heads / layout.Config.KeyValueHeads;
        float* inverse = stackalloc float[ChunkBuffers.QueryBlock];
        for (int kv = 0; kv < layout.Config.KeyValueHeads; kv++)
        {
            Gather(layer.Qkv + layout.QueryWidth + kv * h, b.Keys, padded);
            Gather(layer.Qkv + layout.QueryWidth + layout.KeyWidth + kv * h, b.Values, padded);
            Transpose.Matrix(b.Keys, h, padded, h, b.KeysTransposed, padded);
            for (int head = kv * group; head < (kv + 1) * group; head++)
            {
                for (int r = 0; r < rows; r += ChunkBuffers.QueryBlock)
                {
                    int m = Math.Min(ChunkBuffers.QueryBlock, rows - r), columns = Simd.Pad(ancestorRows + r + m);
                    long row = firstRow + r;
                    float* output = layer.Attended + row * layout.QueryWidth + head * h;
                    MatMul.MultiplyPlain(level, m, columns, layout.Config.HeadSize, layer.Qkv + row * layout.QkvWidth + head * h, layout.QkvWidth, 1, b.KeysTransposed, padded, b.Scores, columns);
                    for (int i = 0; i < m; i++)
                    {
                        float sum = Softmax.Forward(b.Scores + (long)i * columns, ancestorRows + r + i + 1, columns, scale, out float max);
                        inverse[i] = 1 / sum;
                        layer.LogSumExp[(long)head * chunkRows + row + i] = max + MathF.Log(sum);
                    }
                    MatMul.MultiplyPlain(level, m, h, columns, b.Scores, columns, 1, b.Values, h, output, layout.QueryWidth);
                    for (int i = 0; i < m; i++) VectorMath.Scale(output + (long)i * layout.QueryWidth, h, inverse[i]);
                }
            }
        }
    }

    /// <summary>From the gradient of Attended, adds to the gradient of q, k and v of the segment and its ancestors.</summary>
    public void Backward(ChunkBuffers b, in LayerBuffers layer, int chunkRows)
    {
        int h = layout.HeadSize, keys = ancestorRows + rows, padded = Simd.Pad(keys), group = layout.Config.Heads / layout.Config.KeyValueHeads;
        for (int kv = 0; kv < layout.Config.KeyValueHeads; kv++)
        {
            int keyAt = layout.QueryWidth + kv * h, valueAt = keyAt + layout.KeyWidth;
            Gather(layer.Qkv + keyAt, b.Keys, padded);
            Gather(layer.Qkv + valueAt, b.Values, padded);
            Transpose.Matrix(b.Keys, h, padded, h, b.KeysTransposed, padded);
            Transpose.Matrix(b.Values, h, padded, h, b.ValuesTransposed, padded);
            VectorMath.Clear(b.KeysGradient, (long)padded * h);
            VectorMath.Clear(b.ValuesGradient, (long)padded * h);
            for (int head = kv * group; head < (kv + 1) * group; head++)
            {
                for (int r = 0; r < rows; r += ChunkBuffers.QueryBlock)
                {
                    int m = Math.Min(ChunkBuffers.QueryBlock, rows - r), columns = Simd.Pad(ancestorRows + r + m);
                    long row = firstRow + r;
                    float* query = layer.Qkv + row * layout.QkvWidth + head * h;
                    float* output = layer.Attended + row * layout.QueryWidth + head * h;
                    float* outputGradient = b.AttendedGradient + row * layout.QueryWidth + head * h;
                    float* queryGradient = b.QkvGradient + row * layout.QkvWidth + head * h;
                    MatMul.MultiplyPlain(level, m, columns, layout.Config.HeadSize, query, layout.QkvWidth, 1, b.KeysTransposed, padded, b.Scores, columns);
                    MatMul.MultiplyPlain(level, m, columns, h, outputGradient, layout.QueryWidth, 1, b.ValuesTransposed, padded, b.ScoresGradient, columns);
                    for (int i = 0; i < m; i++)
                    {
                        float correction = VectorMath.Dot(outputGradient + (long)i * layout.QueryWidth, output + (long)i * layout.QueryWidth, h);
                        Softmax.Backward(
                            b.Scores + (long)i * columns, b.ScoresGradient + (long)i * columns, ancestorRows + r + i + 1, columns, scale,
                            layer.LogSumExp[(long)head * chunkRows + row + i], correction);
                    }
                    MatMul.MultiplyPlain(level, m, h, columns, b.ScoresGradient, columns, 1, b.Keys, h, queryGradient, layout.QkvWidth);
                    MatMul.MultiplyPlain(level, columns, h, m, b.ScoresGradient, 1, columns, query, layout.QkvWidth, b.KeysGradient, h, accumulate: true);
                    MatMul.MultiplyPlain(level, columns, h, m, b.Scores, 1, columns, outputGradient, layout.QueryWidth, b.ValuesGradient, h, accumulate: true);
                }
            }
            ScatterAdd(b.KeysGradient, b.QkvGradient + keyAt);
            ScatterAdd(b.ValuesGradient, b.QkvGradient + valueAt);
        }
    }

    /// <summary>Copies one head of the path's rows, root first, and clears the padding behind them.</summary>
    private void Gather(float* source, float* destination, int padded)
    {
        int h = layout.HeadSize, at = 0;
        for (int i = chainLength - 2; i >= 0; i -= 2)
        {
            VectorMath.CopyRows(source + (long)chain[i] * layout.QkvWidth, layout.QkvWidth, destination + (long)at * h, h, chain[i + 1], h);
            at += chain[i + 1];
        }
        VectorMath.Clear(destination + (long)at * h, (long)(padded - at) * h);
    }

    /// <summary>Adds one head of the path's gradient rows back to where they were gathered from.</summary>
    private void ScatterAdd(float* source, float* destination)
    {
        int h = layout.HeadSize, at = 0;
        for (int i = chainLength - 2; i >= 0; i -= 2)
        {
            for (int r = 0; r < chain[i + 1]; r++, at++)
                VectorMath.Add(source + (long)at * h, destination + ((long)chain[i] + r) * layout.QkvWidth, h);
        }
    }
}
