using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TreeRl.Numerics;

namespace TreeRl.Policies.Cpu;

internal sealed unsafe partial class DecodeAttention
{
    /// <summary>Query rows of the largest register tile: 6 x 4 accumulators.</summary>
    private const int MostQueries = 6;

    /// <summary>scores[q][position] = query q * key, for the positions of blocks [<paramref name="block"/>, <paramref name="end"/>) and 1 .. 6 query rows.</summary>
    private void Scores(int count, nint* path, long at, int block, int end, float* queries, float* scores, nint stride)
    {
        switch (count)
        {
            case 6: ScoreTile<Size6>(path, at, block, end, queries, scores, stride); break;
            case 5: ScoreTile<Size5>(path, at, block, end, queries, scores, stride); break;
            case 4: ScoreTile<Size4>(path, at, block, end, queries, scores, stride); break;
            case 3: ScoreTile<Size3>(path, at, block, end, queries, scores, stride); break;
            case 2: ScoreTile<Size2>(path, at, block, end, queries, scores, stride); break;
            default: ScoreTile<Size1>(path, at, block, end, queries, scores, stride); break;
        }
    }

    /// <summary>mixed[q] += sum over positions 16 * block .. keys - 1 of weight * value, in their order; a sum begins at 0 with block 0.</summary>
    private void Mix(int count, nint* path, long at, int block, int keys, float* weights, nint stride, float* mixed)
    {
        int j = 0;
        for (; j + 32 <= h; j += 32)
        {
            switch (count)
            {
                case 6: MixTile<Size6, Size2>(path, at + j, block, keys, weights, stride, mixed + j); break;
                case 5: MixTile<Size5, Size2>(path, at + j, block, keys, weights, stride, mixed + j); break;
                case 4: MixTile<Size4, Size2>(path, at + j, block, keys, weights, stride, mixed + j); break;
                case 3: MixTile<Size3, Size2>(path, at + j, block, keys, weights, stride, mixed + j); break;
                case 2: MixTile<Size2, Size2>(path, at + j, block, keys, weights, stride, mixed + j); break;
                default: MixTile<Size1, Size2>(path, at + j, block, keys, weights, stride, mixed + j); break;
            }
        }
        if (j == h) return;
        switch (count)
        {
            case 6: MixTile<Size6, Size1>(path, at + j, block, keys, weights, stride, mixed + j); break;
            case 5: MixTile<Size5, Size1>(path, at + j, block, keys, weights, stride, mixed + j); break;
            case 4: MixTile<Size4, Size1>(path, at + j, block, keys, weights, stride, mixed + j); break;
            case 3: MixTile<Size3, Size1>(path, at + j, block, keys, weights, stride, mixed + j); break;
            case 2: MixTile<Size2, Size1>(path, at + j, block, keys, weights, stride, mixed + j); break;
            default: MixTile<Size1, Size1>(path, at + j, block, keys, weights, stride, mixed + j); break;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private void ScoreTile<TRows>(nint* path, long at, int block, int end, float* queries, float* scores, nint stride)
        where TRows : unmanaged
    {
        int size = layout.Config.HeadSize;
        nint pad = h, row2 = 2 * pad, row3 = 3 * pad, row4 = 4 * pad, row5 = 5 * pad;
        for (; block + 4 <= end; block += 4)
        {
            float* k0 = (float*)path[block] + at, k1 = (float*)path[block + 1] + at, k2 = (float*)path[block + 2] + at, k3 = (float*)path[block + 3] + at, q = queries;
            Vector512<float> s00 = default, s01 = default, s02 = default, s03 = default;
            Vector512<float> s10 = default, s11 = default, s12 = default, s13 = default;
            Vector512<float> s20 = default, s21 = default, s22 = default, s23 = default;
            Vector512<float> s30 = default, s31 = default, s32 = default, s33 = default;
            Vector512<float> s40 = default, s41 = default, s42 = default, s43 = default;
            Vector512<float> s50 = default, s51 = default, s52 = default, s53 = default;
            for (nint j = 0; j < size * (nint)16; j += 16, q++)
            {
                Vector512<float> a = Vector512.Load(k0 + j), b = Vector512.Load(k1 + j), c = Vector512.Load(k2 + j), d = Vector512.Load(k3 + j);
                var x = Vector512.Create(*q);
                s00 = Vector512.MultiplyAddEstimate(x, a, s00);
                s01 = Vector512.MultiplyAddEstimate(x, b, s01);
                s02 = Vector512.MultiplyAddEstimate(x, c, s02);
                s03 = Vector512.MultiplyAddEstimate(x, d, s03);
                if (sizeof(TRows) >= 2)
                {
                    x = Vector512.Create(q[pad]);
                    s10 = Vector512.MultiplyAddEstimate(x, a, s10);
                    s11 = Vector512.MultiplyAddEstimate(x, b, s11);
                    s12 = Vector512.MultiplyAddEstimate(x, c, s12);
                    s13 = Vector512.MultiplyAddEstimate(x, d, s13);
                }
                if (sizeof(TRows) >= 3)
                {
                    x = Vector512.Create(q[row2]);
                    s20 = Vector512.MultiplyAddEstimate(x, a, s20);
                    s21 = Vector512.MultiplyAddEstimate(x, b, s21);
                    s22 = Vector512.MultiplyAddEstimate(x, c, s22);
                    s23 = Vector512.MultiplyAddEstimate(x, d, s23);
                }
                if (sizeof(TRows) >= 4)
                {
                    x = Vector512.Create(q[row3]);
                    s30 = Vector512.MultiplyAddEstimate(x, a, s30);
                    s31 = Vector512.MultiplyAddEstimate(x, b, s31);
                    s32 = Vector512.MultiplyAddEstimate(x, c, s32);
                    s33 = Vector512.MultiplyAddEstimate(x, d, s33);
                }
                if (sizeof(TRows) >= 5)
                {
                    x = Vector512.Create(q[row4]);
                    s40 = Vector512.MultiplyAddEstimate(x, a, s40);
                    s41 = Vector512.MultiplyAddEstimate(x, b, s41);
                    s42 = Vector512.MultiplyAddEstimate(x, c, s42);
                    s43 = Vector512.MultiplyAddEstimate(x, d, s43);
                }
                if (sizeof(TRows) >= 6)
                {
                    x = Vector512.Create(q[row5]);
                    s50 = Vector512.MultiplyAddEstimate(x, a, s50);
                    s51 = Vector512.MultiplyAddEstimate(x, b, s51);
                    s52 = Vector512.MultiplyAddEstimate(x, c, s52);
                    s53 = Vector512.MultiplyAddEstimate(x, d, s53);
                }
            }
            float* to = scores + (nint)block * BlockPositions;
            StoreFour(to, s00, s01, s02, s03);
            if (sizeof(TRows) >= 2) StoreFour(to + stride, s10, s11, s12, s13);
            if (sizeof(TRows) >= 3) StoreFour(to + 2 * stride, s20, s21, s22, s23);
            if (sizeof(TRows) >= 4) StoreFour(to + 3 * stride, s30, s31, s32, s33);
            if (sizeof(TRows) >= 5) StoreFour(to + 4 * stride, s40, s41, s42, s43);
            if (sizeof(TRows) >= 6) StoreFour(to + 5 * stride, s50, s51, s52, s53);
        }
        for (; block < end; block++)
        {
            float* k = (float*)path[block] + at, q = queries;
            Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default;
            for (nint j = 0; j < size * (nint)16; j += 16, q++)
            {
                var a = Vector512.Load(k + j);
                s0 = Vector512.MultiplyAddEstimate(Vector512.Create(*q), a, s0);
                if (sizeof(TRows) >= 2) s1 = Vector512.MultiplyAddEstimate(Vector512.Create(q[pad]), a, s1);
                if (sizeof(TRows) >= 3) s2 = Vector512.MultiplyAddEstimate(Vector512.Create(q[row2]), a, s2);
                if (sizeof(TRows) >= 4) s3 = Vector512.MultiplyAddEstimate(Vector512.Create(q[row3]), a, s3);
                if (sizeof(TRows) >= 5) s4 = Vector512.MultiplyAddEstimate(Vector512.Create(q[row4]), a, s4);
                if (sizeof(TRows) >= 6) s5 = Vector512.MultiplyAddEstimate(Vector512.Create(q[row5]), a, s5);
            }
            float* to = scores + (nint)block * BlockPositions;
            s0.Store(to);
            if (sizeof(TRows) >= 2) s1.Store(to + stride);
            if (sizeof(TRows) >= 3) s2.Store(to + 2 * stride);
            if (sizeof(TRows) >= 4) s3.Store(to + 3 * stride);
            if (sizeof(TRows) >= 5) s4.Store(to + 4 * stride);
            if (sizeof(TRows) >= 6) s5.Store(to + 5 * stride);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private void MixTile<TRows, TVectors>(nint* path, long at, int block, int keys, float* weights, nint stride, float* mixed)
        where TRows : unmanaged
        where TVectors : unmanaged
    {
        nint pad = h, row2 = 2 * stride, row3 = 3 * stride, row4 = 4 * stride, row5 = 5 * stride;
        Vector512<float> s00 = default, s10 = default, s20 = default, s30 = default, s40 = default, s50 = default;
        Vector512<float> s01 = default, s11 = default, s21 = default, s31 = default, s41 = default, s51 = default;
        if (block > 0)
        {
            s00 = Vector512.Load(mixed);
            if (sizeof(TRows) >= 2) s10 = Vector512.Load(mixed + pad);
            if (sizeof(TRows) >= 3) s20 = Vector512.Load(mixed + 2 * pad);
            if (sizeof(TRows) >= 4) s30 = Vector512.Load(mixed + 3 * pad);
            if (sizeof(TRows) >= 5) s40 = Vector512.Load(mixed + 4 * pad);
            if (sizeof(TRows) >= 6) s50 = Vector512.Load(mixed + 5 * pad);
            if (sizeof(TVectors) >= 2)
            {
                s01 = Vector512.Load(mixed + 16);
                if (sizeof(TRows) >= 2) s11 = Vector512.Load(mixed + pad + 16);
                if (sizeof(TRows) >= 3) s21 = Vector512.Load(mixed + 2 * pad + 16);
                if (sizeof(TRows) >= 4) s31 = Vector512.Load(mixed + 3 * pad + 16);
                if (sizeof(TRows) >= 5) s41 = Vector512.Load(mixed + 4 * pad + 16);
                if (sizeof(TRows) >= 6) s51 = Vector512.Load(mixed + 5 * pad + 16);
            }
        }
        float* w = weights + (nint)block * BlockPositions;
        for (int first = block * BlockPositions; first < keys; first += BlockPositions)
        {
            float* value = (float*)path[first / BlockPositions] + at;
            for (int left = Math.Min(keys - first, BlockPositions); left > 0; left--, value += pad, w++)
            {
                Vector512<float> v = Vector512.Load(value), u = default;
                if (sizeof(TVectors) >= 2) u = Vector512.Load(value + 16);
                var x = Vector512.Create(*w);
                s00 = Vector512.MultiplyAddEstimate(x, v, s00);
                if (sizeof(TVectors) >= 2) s01 = Vector512.MultiplyAddEstimate(x, u, s01);
                if (sizeof(TRows) >= 2)
                {
                    x = Vector512.Create(w[stride]);
                    s10 = Vector512.MultiplyAddEstimate(x, v, s10);
                    if (sizeof(TVectors) >= 2) s11 = Vector512.MultiplyAddEstimate(x, u, s11);
                }
                if (sizeof(TRows) >= 3)
                {
                    x = Vector512.Create(w[row2]);
                    s20 = Vector512.MultiplyAddEstimate(x, v, s20);
                    if (sizeof(TVectors) >= 2) s21 = Vector512.MultiplyAddEstimate(x, u, s21);
                }
                if (sizeof(TRows) >= 4)
                {
                    x = Vector512.Create(w[row3]);
                    s30 = Vector512.MultiplyAddEstimate(x, v, s30);
                    if (sizeof(TVectors) >= 2) s31 = Vector512.MultiplyAddEstimate(x, u, s31);
                }
                if (sizeof(TRows) >= 5)
                {
                    x = Vector512.Create(w[row4]);
                    s40 = Vector512.MultiplyAddEstimate(x, v, s40);
                    if (sizeof(TVectors) >= 2) s41 = Vector512.MultiplyAddEstimate(x, u, s41);
                }
                if (sizeof(TRows) >= 6)
                {
                    x = Vector512.Create(w[row5]);
                    s50 = Vector512.MultiplyAddEstimate(x, v, s50);
                    if (sizeof(TVectors) >= 2) s51 = Vector512.MultiplyAddEstimate(x, u, s51);
                }
            }
        }
        StorePair<TVectors>(mixed, s00, s01);
        if (sizeof(TRows) >= 2) StorePair<TVectors>(mixed + pad, s10, s11);
        if (sizeof(TRows) >= 3) StorePair<TVectors>(mixed + 2 * pad, s20, s21);
        if (sizeof(TRows) >= 4) StorePair<TVectors>(mixed + 3 * pad, s30, s31);
        if (sizeof(TRows) >= 5) StorePair<TVectors>(mixed + 4 * pad, s40, s41);
        if (sizeof(TRows) >= 6) StorePair<TVectors>(mixed + 5 * pad, s50, s51);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreFour(float* to, Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d)
    {
        a.Store(to);
        b.Store(to + 16);
        c.Store(to + 32);
        d.Store(to + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePair<TVectors>(float* to, Vector512<float> a, Vector512<float> b)
        where TVectors : unmanaged
    {
        a.Store(to);
        if (sizeof(TVectors) >= 2) b.Store(to + 16);
    }
}
