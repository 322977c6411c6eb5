using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TreeRl.Numerics;

namespace TreeRl.Policies.Cpu;

/// <summary>
/// Attention of single rows to cached keys and values. A cache block holds 16 positions of one branch:
/// <code>[layer][key/value head][ keys [h'][16] | values [16][h'] ]</code>
/// Blocks begin at multiples of 16 on the path and sums run in the order of <see cref="TreeAttention"/> (each score one chain of
/// multiply-adds over the head, each output one chain over the path), so that decoding gives the trainer's values, wherever a branch was forked.
/// </summary>
internal sealed unsafe class DecodeAttention(ParameterLayout layout)
{
    /// <summary>Positions in a block.</summary>
    public const int BlockPositions = 16;

    private readonly int h = layout.HeadSize;
    private readonly int group = layout.Config.Heads / layout.Config.KeyValueHeads;
    private readonly int keyHeads = layout.Config.KeyValueHeads;
    private readonly float scale = (float)(1 / Math.Sqrt(layout.Config.HeadSize));

    /// <summary>Floats of a cache block.</summary>
    public static long BlockFloats(ParameterLayout layout) => 2L * layout.Config.Layers * layout.Config.KeyValueHeads * BlockPositions * layout.HeadSize;

    /// <summary>Floats of scores that <see cref="Attend"/> needs for paths of at most <paramref name="keys"/>.</summary>
    public static long ScoreFloats(ParameterLayout layout, int keys) => (long)(layout.Config.Heads / layout.Config.KeyValueHeads) * Simd.Pad(keys);

    /// <summary>Writes the key and value of one head at <paramref name="position"/> into the path's block.</summary>
    public void Store(int layer, int head, nint* path, int position, float* key, float* value)
    {
        float* keys = (float*)path[position / BlockPositions] + Offset(layer, head) + position % BlockPositions;
        for (int j = 0; j < layout.Config.HeadSize; j++) keys[j * BlockPositions] = key[j];
        for (int j = layout.Config.HeadSize; j < h; j++) keys[j * BlockPositions] = 0;
        VectorMath.Copy(value, (float*)path[position / BlockPositions] + Offset(layer, head) + (BlockPositions + position % BlockPositions) * (long)h, h);
    }

    /// <summary>Attends the query heads of key head <paramref name="head"/> to positions 0 .. <paramref name="position"/>; queries and output are h' apart.</summary>
    public void Attend(int layer, int head, nint* path, int position, float* queries, float* output, float* scores)
    {
        int keys = position + 1, padded = Simd.Pad(keys), blocks = padded / BlockPositions;
        long keyAt = Offset(layer, head), valueAt = keyAt + (long)BlockPositions * h;
        int q = 0;
        for (; q + 2 <= group; q += 2) Scores2(path, keyAt, blocks, queries + q * h, scores + (long)q * padded, padded);
        if (q < group) Scores1(path, keyAt, blocks, queries + q * h, scores + (long)q * padded);
        for (q = 0; q < group; q += 2)
        {
            int other = Math.Min(q + 1, group - 1);
            float* weight = scores + (long)q * padded, otherWeight = scores + (long)other * padded;
            float inverse = 1 / Softmax.Forward(weight, keys, padded, scale, out _);
            float otherInverse = other == q ? 1 : 1 / Softmax.Forward(otherWeight, keys, padded, scale, out _);
            Mix2(path, valueAt, keys, weight, otherWeight, output + q * h, output + other * h);
            VectorMath.Scale(output + q * h, h, inverse);
            if (other != q) VectorMath.Scale(output + other * h, h, otherInverse);
        }
    }

    private long Offset(int layer, int head) => 2L * ((long)layer * keyHeads + head) * BlockPositions * h;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Scores1(nint* path, long at, int blocks, float* query, float* scores)
    {
        int size = layout.Config.HeadSize, block = 0;
        for (; block + 4 <= blocks; block += 4)
        {
            float* k0 = (float*)path[block] + at, k1 = (float*)path[block + 1] + at, k2 = (float*)path[block + 2] + at, k3 = (float*)path[block + 3] + at;
            Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default;
            for (int j = 0; j < size; j++)
            {
                var q = Vector512.Create(query[j]);
                s0 = Vector512.FusedMultiplyAdd(q, Vector512.Load(k0 + j * 16), s0);
                s1 = Vector512.FusedMultiplyAdd(q, Vector512.Load(k1 + j * 16), s1);
                s2 = Vector512.FusedMultiplyAdd(q, Vector512.Load(k2 + j * 16), s2);
                s3 = Vector512.FusedMultiplyAdd(q, Vector512.Load(k3 + j * 16), s3);
            }
            s0.Store(scores + block * 16);
            s1.Store(scores + block * 16 + 16);
            s2.Store(scores + block * 16 + 32);
            s3.Store(scores + block * 16 + 48);
        }
        for (; block < blocks; block++)
        {
            float* k = (float*)path[block] + at;
            Vector512<float> s = default;
            for (int j = 0; j < size; j++) s = Vector512.FusedMultiplyAdd(Vector512.Create(query[j]), Vector512.Load(k + j * 16), s);
            s.Store(scores + block * 16);
        }
    }

    /// <summary>Two heads at once, so that a key is loaded once for both.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Scores2(nint* path, long at, int blocks, float* query, float* scores, int stride)
    {
        int size = layout.Config.HeadSize, block = 0;
        float* other = query + h;
        for (; block + 4 <= blocks; block += 4)
        {
            float* k0 = (float*)path[block] + at, k1 = (float*)path[block + 1] + at, k2 = (float*)path[block + 2] + at, k3 = (float*)path[block + 3] + at;
            Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default, r0 = default, r1 = default, r2 = default, r3 = default;
            for (int j = 0; j < size; j++)
            {
                Vector512<float> q = Vector512.Create(query[j]), p = Vector512.Create(other[j]);
                var k = Vector512.Load(k0 + j * 16);
                s0 = Vector512.FusedMultiplyAdd(q, k, s0);
                r0 = Vector512.FusedMultiplyAdd(p, k, r0);
                k = Vector512.Load(k1 + j * 16);
                s1 = Vector512.FusedMultiplyAdd(q, k, s1);
                r1 = Vector512.FusedMultiplyAdd(p, k, r1);
                k = Vector512.Load(k2 + j * 16);
                s2 = Vector512.FusedMultiplyAdd(q, k, s2);
                r2 = Vector512.FusedMultiplyAdd(p, k, r2);
                k = Vector512.Load(k3 + j * 16);
                s3 = Vector512.FusedMultiplyAdd(q, k, s3);
                r3 = Vector512.FusedMultiplyAdd(p, k, r3);
            }
            float* first = scores + block * 16, second = first + stride;
            s0.Store(first);
            s1.Store(first + 16);
            s2.Store(first + 32);
            s3.Store(first + 48);
            r0.Store(second);
            r1.Store(second + 16);
            r2.Store(second + 32);
            r3.Store(second + 48);
        }
        for (; block < blocks; block++)
        {
            float* keys = (float*)path[block] + at;
            Vector512<float> s = default, r = default;
            for (int j = 0; j < size; j++)
            {
                var k = Vector512.Load(keys + j * 16);
                s = Vector512.FusedMultiplyAdd(Vector512.Create(query[j]), k, s);
                r = Vector512.FusedMultiplyAdd(Vector512.Create(other[j]), k, r);
            }
            s.Store(scores + block * 16);
            r.Store(scores + block * 16 + stride);
        }
    }

    /// <summary>
    /// output = sum over positions of weight * value, in the order of the positions, for two heads at once: one head's chains alone would wait for each other.
    /// The heads may be the same one.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Mix2(nint* path, long at, int keys, float* weight, float* otherWeight, float* output, float* otherOutput)
    {
        int j = 0, size = h;
        for (; j + 32 <= size; j += 32)
        {
            Vector512<float> a = default, b = default, c = default, d = default;
            for (int first = 0; first < keys; first += BlockPositions)
            {
                float* value = (float*)path[first / BlockPositions] + at + j;
                int end = Math.Min(keys, first + BlockPositions);
                for (int t = first; t < end; t++, value += size)
                {
                    Vector512<float> v = Vector512.Load(value), u = Vector512.Load(value + 16), w = Vector512.Create(weight[t]), x = Vector512.Create(otherWeight[t]);
                    a = Vector512.FusedMultiplyAdd(w, v, a);
                    b = Vector512.FusedMultiplyAdd(w, u, b);
                    c = Vector512.FusedMultiplyAdd(x, v, c);
                    d = Vector512.FusedMultiplyAdd(x, u, d);
                }
            }
            a.Store(output + j);
            b.Store(output + j + 16);
            c.Store(otherOutput + j);
            d.Store(otherOutput + j + 16);
        }
        if (j == size) return;
        Vector512<float> e = default, f = default;
        for (int first = 0; first < keys; first += BlockPositions)
        {
            float* value = (float*)path[first / BlockPositions] + at + j;
            int end = Math.Min(keys, first + BlockPositions);
            for (int t = first; t < end; t++, value += size)
            {
                e = Vector512.FusedMultiplyAdd(Vector512.Create(weight[t]), Vector512.Load(value), e);
                f = Vector512.FusedMultiplyAdd(Vector512.Create(otherWeight[t]), Vector512.Load(value), f);
            }
        }
        e.Store(output + j);
        f.Store(otherOutput + j);
    }
}
