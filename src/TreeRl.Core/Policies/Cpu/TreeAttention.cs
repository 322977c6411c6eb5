using System;
using TreeRl.Numerics;

namespace TreeRl.Policies.Cpu;

/// <summary>
/// Causal attention of the segments of packed trees to their ancestors and themselves, one layer at a time. The keys and values of a path lie in one
/// stretch, so that a row's result is the one of its path alone, to the bit: each score is one chain of multiply-adds over the head, each output one chain over
/// the path. Segments come in depth-first order, so what the stretch holds of a segment's ancestors is there already and only its own rows are copied.
/// Backward makes the probabilities again from the saved log-sum-exp.
/// </summary>
internal sealed unsafe class TreeAttention(ParameterLayout layout, SimdLevel level)
{
    private readonly float scale = (float)(1 / Math.Sqrt(layout.Config.HeadSize));
    private readonly int h = layout.HeadSize, group = layout.Config.Heads / layout.Config.KeyValueHeads;

    // Position on the path in hand -> row of the chunk.
    private int[] path = new int[64];

    /// <summary>
    /// Makes Attended and LogSumExp from Qkv for segments [<paramref name="first"/>, <paramref name="end"/>), which are whole groups and the <paramref name="chunkRows"/> rows of
    /// the chunk.
    /// </summary>
    public void Forward(PackedBatch batch, int first, int end, ChunkBuffers b, in LayerBuffers layer, int chunkRows)
    {
        for (int kv = 0; kv < layout.Config.KeyValueHeads; kv++)
        {
            for (int s = first; s < end; s++)
            {
                var segment = Enter(batch, s, first, b, in layer, kv);
                if (segment.Rows > 0) Forward(segment, kv, b, in layer, chunkRows);
            }
        }
    }

    /// <summary>From the gradient of Attended, adds to the gradient of q, k and v of the segments' rows.</summary>
    public void Backward(PackedBatch batch, int first, int end, ChunkBuffers b, in LayerBuffers layer, int chunkRows)
    {
        for (int kv = 0; kv < layout.Config.KeyValueHeads; kv++)
        {
            for (int s = first; s < end; s++)
            {
                var segment = Enter(batch, s, first, b, in layer, kv);
                if (segment.Rows == 0) continue;
                Transpose.Matrix(b.Values + segment.Unit * h, h, segment.Padded - segment.Unit, h, b.ValuesTransposed + segment.Unit, b.KeyStride);
                if (segment.Keys > path.Length) Array.Resize(ref path, 2 * segment.Keys);
                for (int i = 0; i < segment.Rows; i++) path[segment.Before + i] = segment.FirstRow + i;
                Backward(segment, kv, b, in layer, chunkRows);
            }
        }
    }

    /// <summary>Puts the keys and values of a segment behind those of its ancestors and clears the padding behind them.</summary>
    private Segment Enter(PackedBatch batch, int s, int first, ChunkBuffers b, in LayerBuffers layer, int kv)
    {
        int row = batch.SegmentFirstRow[s], rows = batch.SegmentFirstRow[s + 1] - row;
        if (rows == 0) return default;
        var segment = new Segment(row - batch.SegmentFirstRow[first], rows, batch.RowPosition[row]);
        float* keys = layer.Qkv + (long)segment.FirstRow * layout.QkvWidth + layout.QueryWidth + kv * h;
        Append(segment, keys, b.Keys);
        Append(segment, keys + layout.KeyWidth, b.Values);
        Transpose.Matrix(b.Keys + segment.Unit * h, h, segment.Padded - segment.Unit, h, b.KeysTransposed + segment.Unit, b.KeyStride);
        return segment;
    }

    private void Append(Segment segment, float* source, float* stretch)
    {
        VectorMath.CopyRows(source, layout.QkvWidth, stretch + (long)segment.Before * h, h, segment.Rows, h);
        VectorMath.Clear(stretch + (long)segment.Keys * h, (long)(segment.Padded - segment.Keys) * h);
    }

    private void Forward(Segment segment, int kv, ChunkBuffers b, in LayerBuffers layer, int chunkRows)
    {
        float* inverse = stackalloc float[ChunkBuffers.QueryBlock];
        for (int head = kv * group; head < (kv + 1) * group; head++)
        {
            for (int r = 0; r < segment.Rows; r += ChunkBuffers.QueryBlock)
            {
                int m = Math.Min(ChunkBuffers.QueryBlock, segment.Rows - r), columns = Simd.Pad(segment.Before + r + m);
                long row = segment.FirstRow + r;
                float* output = layer.Attended + row * layout.QueryWidth + head * h;
                MatMul.MultiplyPlain(level, m, columns, layout.Config.HeadSize, layer.Qkv + row * layout.QkvWidth + head * h, layout.QkvWidth, 1, b.KeysTransposed, b.KeyStride, b.Scores, columns);
                for (int i = 0; i < m; i++)
                {
                    float sum = Softmax.Forward(b.Scores + (long)i * columns, segment.Before + r + i + 1, columns, scale, out float max);
                    inverse[i] = 1 / sum;
                    layer.LogSumExp[(long)head * chunkRows + row + i] = max + MathF.Log(sum);
                }
                MatMul.MultiplyPlain(level, m, h, columns, b.Scores, columns, 1, b.Values, h, output, layout.QueryWidth);
                for (int i = 0; i < m; i++) VectorMath.Scale(output + (long)i * layout.QueryWidth, h, inverse[i]);
            }
        }
    }

    private void Backward(Segment segment, int kv, ChunkBuffers b, in LayerBuffers layer, int chunkRows)
    {
        VectorMath.Clear(b.KeysGradient, (long)segment.Padded * h);
        VectorMath.Clear(b.ValuesGradient, (long)segment.Padded * h);
        for (int head = kv * group; head < (kv + 1) * group; head++)
        {
            for (int r = 0; r < segment.Rows; r += ChunkBuffers.QueryBlock)
            {
                int m = Math.Min(ChunkBuffers.QueryBlock, segment.Rows - r), columns = Simd.Pad(segment.Before + r + m);
                long row = segment.FirstRow + r;
                float* query = layer.Qkv + row * layout.QkvWidth + head * h;
                float* output = layer.Attended + row * layout.QueryWidth + head * h;
                float* outputGradient = b.AttendedGradient + row * layout.QueryWidth + head * h;
                float* queryGradient = b.QkvGradient + row * layout.QkvWidth + head * h;
                MatMul.MultiplyPlain(level, m, columns, layout.Config.HeadSize, query, layout.QkvWidth, 1, b.KeysTransposed, b.KeyStride, b.Scores, columns);
                MatMul.MultiplyPlain(level, m, columns, h, outputGradient, layout.QueryWidth, 1, b.ValuesTransposed, b.KeyStride, b.ScoresGradient, columns);
                for (int i = 0; i < m; i++)
                {
                    float correction = VectorMath.Dot(outputGradient + (long)i * layout.QueryWidth, output + (long)i * layout.QueryWidth, h);
                    Softmax.Backward(
                        b.Scores + (long)i * columns, b.ScoresGradient + (long)i * columns, segment.Before + r + i + 1, columns, scale,
                        layer.LogSumExp[(long)head * chunkRows + row + i], correction);
                }
                MatMul.MultiplyPlain(level, m, h, columns, b.ScoresGradient, columns, 1, b.Keys, h, queryGradient, layout.QkvWidth);
                MatMul.MultiplyPlain(level, columns, h, m, b.ScoresGradient, 1, columns, query, layout.QkvWidth, b.KeysGradient, h, accumulate: true);
                MatMul.MultiplyPlain(level, columns, h, m, b.Scores, 1, columns, outputGradient, layout.QueryWidth, b.ValuesGradient, h, accumulate: true);
            }
        }
        float* keys = b.QkvGradient + layout.QueryWidth + kv * h;
        AddAlongPath(segment.Keys, b.KeysGradient, keys);
        AddAlongPath(segment.Keys, b.ValuesGradient, keys + layout.KeyWidth);
    }

    /// <summary>Adds what a path's stretch holds to the rows it stands for.</summary>
    private void AddAlongPath(int keys, float* source, float* destination)
    {
        for (int i = 0; i < keys; i++) VectorMath.Add(source + (long)i * h, destination + (long)path[i] * layout.QkvWidth, h);
    }

    /// <summary>A segment's rows, counted from the chunk's first, and how many rows come before them on their path.</summary>
    private readonly record struct Segment(int FirstRow, int Rows, int Before)
    {
        public int Keys => Before + Rows;

        public int Padded => Simd.Pad(Keys);

        /// <summary>The unit of 16 positions that its first row falls into.</summary>
        public int Unit => Before & ~(Simd.Unit - 1);
    }
}
