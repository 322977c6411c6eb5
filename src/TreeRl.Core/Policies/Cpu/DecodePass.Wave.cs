using System;
using System.Runtime.CompilerServices;
using TreeRl.Numerics;

namespace TreeRl.Policies.Cpu;

internal sealed unsafe partial class DecodePass
{
    /// <summary>
    /// Computes <paramref name="count"/> rows from <paramref name="first"/> on. <paramref name="parts"/> workers do it together, this one as number <paramref name="part"/>:
    /// norms are cheap and made by each for itself in <paramref name="mine"/>, everything else is split and lies in <paramref name="shared"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Wave(int first, int count, WaveBuffers shared, WaveBuffers mine, int part, int parts)
    {
        int width = layout.Width, trueWidth = layout.Config.Width, feedForward = layout.FeedForward;
        float epsilon = (float)layout.Config.NormEpsilon;
        float* arena = weights.Arena;
        for (int i = count * part / parts; i < count * (part + 1) / parts; i++)
            VectorMath.Copy(arena + layout.Embedding + (long)tokens[first + i] * width, shared.Residual + (long)i * width, width);
        mine.Paths.Find(paths.Pointer, pathStart, positions, first, first + count, share: true);
        Barrier(parts);
        for (int l = 0; l < layout.Config.Layers; l++)
        {
            ref readonly var at = ref layout.Layers[l];
            ref readonly var packs = ref weights.Forward[l];
            RmsNorm.Forward(shared.Residual, width, arena + at.InputNorm, mine.Normed, width, null, count, trueWidth, epsilon);
            Multiply(count, mine.Normed, width, packs.Qkv, shared.Qkv, layout.QkvWidth, false, part, parts, packs.Output);
            Barrier(parts);
            Attention(l, first, count, shared, mine, part, parts);
            Barrier(parts);
            Multiply(count, shared.Attended, layout.QueryWidth, packs.Output, shared.Residual, width, true, part, parts, packs.GateUp);
            Barrier(parts);
            RmsNorm.Forward(shared.Residual, width, arena + at.PostNorm, mine.Normed, width, null, count, trueWidth, epsilon);
            GateAndUp(count, mine.Normed, packs, shared, part, parts);
            Barrier(parts);
            Multiply(count, shared.Gated, feedForward, packs.Down, shared.Residual, width, true, part, parts, l + 1 < layout.Config.Layers ? weights.Forward[l + 1].Qkv : weights.Head);
            Barrier(parts);
        }
        Head(first, count, shared, mine, part, parts);
    }

    /// <summary>silu(gate) up of a part of the columns. A part makes its gates and the ups that go with them, so that it waits for nobody in between.</summary>
    private void GateAndUp(int count, float* normed, in LayerPacks packs, WaveBuffers shared, int part, int parts)
    {
        int feedForward = layout.FeedForward, stride = 2 * feedForward;
        if (feedForward % PackedMatrix.PanelWidth == 0)
        {
            int panels = feedForward / PackedMatrix.PanelWidth, first = panels * part / parts, end = panels * (part + 1) / parts;
            MatMul.Multiply(level, count, normed, layout.Width, packs.GateUp, shared.GateUp, stride, false, first, end, packs.GateUp.StretchOf(panels + first));
            MatMul.Multiply(level, count, normed, layout.Width, packs.GateUp, shared.GateUp, stride, false, panels + first, panels + end, FirstOf(packs.Down, part, parts));
            SwiGlu.Forward(shared.GateUp, stride, feedForward, shared.Gated, feedForward, count, first * PackedMatrix.PanelWidth, end * PackedMatrix.PanelWidth);
            return;
        }
        Multiply(count, normed, layout.Width, packs.GateUp, shared.GateUp, stride, false, part, parts, packs.Down);
        Barrier(parts);
        int units = feedForward / Simd.Unit;
        SwiGlu.Forward(
            shared.GateUp, stride, feedForward, shared.Gated, feedForward, count, Simd.Unit * (units * part / parts), Simd.Unit * (units * (part + 1) / parts));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Attention(int l, int first, int count, WaveBuffers shared, WaveBuffers mine, int part, int parts)
    {
        int stride = layout.QkvWidth, h = layout.HeadSize, keyHeads = layout.Config.KeyValueHeads, group = layout.Config.Heads / keyHeads;
        // Units of work in the order of heads, so that a part has neighbouring rows.
        int begin = count * keyHeads * part / parts, end = count * keyHeads * (part + 1) / parts;
        (int From, int To) RowsOf(int head) => (Math.Max(begin, head * count) - head * count, Math.Min(end, (head + 1) * count) - head * count);
        for (int head = begin / count; head * count < end; head++)
        {
            var (from, to) = RowsOf(head);
            Enter(l, head, first + from, to - from, shared.Qkv + (long)from * stride);
        }
        // A row of a prompt attends to keys that another worker stores.
        if (!independentRows) Barrier(parts);
        var rows = new PathRows(paths.Pointer, pathStart, positions);
        for (int head = begin / count; head * count < end; head++)
        {
            var (from, to) = RowsOf(head);
            attention.Attend(
                l, head, rows, mine.Paths.Edges, first + from, first + to, shared.Qkv + head * group * h - (long)first * stride, stride,
                shared.Attended + head * group * h - (long)first * layout.QueryWidth, layout.QueryWidth, mine.Scratch);
        }
    }

    /// <summary>Finishes the queries and keys of one key head - bias, norm, position - for rows from <paramref name="row"/> on, and writes keys and values to the cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Enter(int l, int head, int row, int count, float* qkv)
    {
        ref readonly var at = ref layout.Layers[l];
        int stride = layout.QkvWidth, h = layout.HeadSize, group = layout.Config.Heads / layout.Config.KeyValueHeads;
        long queryAt = (long)head * group * h, keyAt = layout.QueryWidth + (long)head * h, valueAt = keyAt + layout.KeyWidth;
        var rows = new PathRows(paths.Pointer, pathStart, positions);
        for (int i = 0; i < Math.Min(count, DecodeAttention.StoresAhead); i++) attention.Prefetch(l, head, rows, row + i);
        for (int i = 0; at.QkvBias >= 0 && i < count; i++)
        {
            float* bias = weights.Arena + at.QkvBias, to = qkv + (long)i * stride;
            VectorMath.Add(bias + queryAt, to + queryAt, group * h);
            VectorMath.Add(bias + keyAt, to + keyAt, h);
            VectorMath.Add(bias + valueAt, to + valueAt, h);
        }
        if (at.QueryNorm >= 0)
        {
            float epsilon = (float)layout.Config.NormEpsilon;
            for (int query = 0; query < group; query++)
            {
                float* x = qkv + queryAt + query * h;
                RmsNorm.Forward(x, stride, weights.Arena + at.QueryNorm, x, stride, null, count, layout.Config.HeadSize, epsilon);
            }
            RmsNorm.Forward(qkv + keyAt, stride, weights.Arena + at.KeyNorm, qkv + keyAt, stride, null, count, layout.Config.HeadSize, epsilon);
        }
        weights.Rotary.Apply(qkv + queryAt, stride, count, group, h, positions + row);
        weights.Rotary.Apply(qkv + keyAt, stride, count, 1, h, positions + row);
        for (int i = 0; i < count; i++)
        {
            if (i + DecodeAttention.StoresAhead < count) attention.Prefetch(l, head, rows, row + i + DecodeAttention.StoresAhead);
            attention.Store(l, head, rows, row + i, qkv + (long)i * stride + keyAt, qkv + (long)i * stride + valueAt);
        }
    }

    /// <summary>Final norm and head of the rows that want logits, in blocks so that a large vocabulary stays bounded; then their measures.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Head(int first, int count, WaveBuffers shared, WaveBuffers mine, int part, int parts)
    {
        int width = layout.Width, wanted = 0;
        for (int i = 0; i < count; i++)
        {
            if (logitBlock[first + i] < 0) continue;
            VectorMath.Copy(shared.Residual + (long)i * width, mine.Normed + (long)wanted * width, width);
            mine.HeadRows[wanted++] = first + i;
        }
        RmsNorm.Forward(mine.Normed, width, weights.Arena + layout.FinalNorm, mine.Normed, width, null, wanted, layout.Config.Width, (float)layout.Config.NormEpsilon);
        for (int from = 0; from < wanted; from += logitRows)
        {
            int rows = Math.Min(logitRows, wanted - from);
            Multiply(rows, mine.Normed + (long)from * width, width, weights.Head, shared.Logits, layout.Vocab, false, part, parts);
            Barrier(parts);
            for (int i = rows * part / parts; i < rows * (part + 1) / parts; i++)
            {
                int block = logitBlock[mine.HeadRows[from + i]];
                VectorMath.Copy(shared.Logits + (long)i * layout.Vocab, logits[block], layout.Vocab);
                measures[block] = LogitMeasure.Of(new ReadOnlySpan<float>(logits[block], layout.Config.VocabSize));
            }
            Barrier(parts);
        }
    }

    /// <summary>This part's panels of a product; the first of those of the product that comes <paramref name="then"/> is fetched meanwhile.</summary>
    private void Multiply(int count, float* a, int strideA, PackedMatrix b, float* c, int strideC, bool accumulate, int part, int parts, PackedMatrix? then = null) =>
        MatMul.Multiply(
            level, count, a, strideA, b, c, strideC, accumulate, b.Panels * part / parts, b.Panels * (part + 1) / parts, then is null ? default : FirstOf(then, part, parts));

    private static Stretch FirstOf(PackedMatrix b, int part, int parts) => b.StretchOf(b.Panels * part / parts);

    private void Barrier(int parts)
    {
        if (parts > 1) pool.Barrier();
    }
}

/// <summary>Activations of a wave of M rows, and one worker's scratch.</summary>
internal sealed unsafe class WaveBuffers(ParameterLayout layout) : IDisposable
{
    private readonly NativeBuffer<float> memory = new(), scratch = new();
    private int reservedRows, reservedLogits;

    /// <summary>Residual stream and a norm of it, [M, D'].</summary>
    public float* Residual { get; private set; }

    public float* Normed { get; private set; }

    /// <summary>[M, (H+2KV) h'].</summary>
    public float* Qkv { get; private set; }

    /// <summary>[M, H h'].</summary>
    public float* Attended { get; private set; }

    /// <summary>[M, 2F'] and [M, F'].</summary>
    public float* GateUp { get; private set; }

    public float* Gated { get; private set; }

    /// <summary>[logit rows, V'].</summary>
    public float* Logits { get; private set; }

    /// <summary>What attention needs for itself.</summary>
    public float* Scratch => scratch.Pointer;

    /// <summary>The tree of the wave's paths.</summary>
    public SharedPaths Paths { get; } = new();

    /// <summary>Rows that want logits.</summary>
    public int[] HeadRows { get; private set; } = [];

    /// <summary>Makes room.</summary>
    public void Reserve(int rows, int logitRows, long scratchFloats)
    {
        scratch.EnsureCapacity(scratchFloats);
        if (rows <= reservedRows && logitRows <= reservedLogits) return;
        reservedRows = Math.Max(rows, reservedRows);
        reservedLogits = Math.Max(logitRows, reservedLogits);
        HeadRows = new int[reservedRows];
        long m = reservedRows;
        memory.EnsureCapacity(m * (2 * layout.Width + layout.QkvWidth + layout.QueryWidth + 3 * layout.FeedForward) + (long)reservedLogits * layout.Vocab);
        Residual = memory.Pointer;
        Normed = Residual + m * layout.Width;
        Qkv = Normed + m * layout.Width;
        Attended = Qkv + m * layout.QkvWidth;
        GateUp = Attended + m * layout.QueryWidth;
        Gated = GateUp + m * 2 * layout.FeedForward;
        Logits = Gated + m * layout.FeedForward;
    }

    public void Dispose()
    {
        memory.Dispose();
        scratch.Dispose();
    }
}
