using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TreeRl.Numerics;

internal static unsafe partial class MatMul
{
    // A k block of a panel is 512 x 64 floats, 128 kB: it stays in the second-level cache while all rows of a block pass over it, and the 6 x 512 floats of
    // A that a tile reads stay in the first. K up to one and a half blocks is not split.
    private const int BlockK = 512, WholeK = BlockK + BlockK / 2;

    // Rows that pass over one panel before the next: 384 x 512 floats of A also stay in the second-level cache.
    private const int BlockRows = 384;

    // Up to this many floats of A (1 MB), the k blocks of a panel follow each other, so that the tile of C stays in cache between them.
    private const long ResidentA = 250_000;

    // A weight gradient of up to this many floats (1 MB) stays in the second-level cache: it is summed in blocks of so few tokens that the stretch of A which a
    // block reads, a cache line a token and 16 columns, stays in the first, and neither A nor B needs repacking. A larger one is visited seldom: longer blocks, for
    // which A's columns are repacked in strips of as many as a tile has rows. Where it is narrow, so that few panels of B share the price of repacking A, and a tile is as
    // wide as a panel, so that A is read once for each, it is summed as a small one is, but with its panels of B copied and in stretches of A's columns, of which a block
    // stays in the second-level cache beside its part of the gradient.
    private const long ResidentC = 1 << 18;
    private const int DirectRows = 64, TransposedRows = 512, StripRows = 6, LineStrips = 8, ColumnsAhead = 3 * StripRows;
    private const int NarrowC = 6 * PackedMatrix.PanelWidth, StretchColumns = 168 * StripRows;

    /// <summary>The loops around the register tile, compiled for one register width.</summary>
    private static class Kernels<TVector, TLanes>
        where TVector : struct
        where TLanes : struct, ILanes<TVector>
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public static void Multiply(int m, float* a, nint strideA, PackedMatrix b, float* c, nint strideC, bool accumulate, int firstPanel, int endPanel, Stretch then)
        {
            int k = b.Rows, step = k <= WholeK ? k : BlockK;
            for (int row = 0; row < m; row += BlockRows)
            {
                int rows = Math.Min(BlockRows, m - row);
                float* blockA = a + row * strideA, blockC = c + row * strideC;
                if ((long)rows * k <= ResidentA)
                {
                    for (int panel = firstPanel; panel < endPanel; panel++)
                    {
                        for (int l = 0; l < k; l += step)
                        {
                            var next = l + step < k ? b.StretchOf(panel, l + step, step) : panel + 1 < endPanel ? b.StretchOf(panel + 1, 0, step) : then;
                            PanelBlock(rows, l, Math.Min(step, k - l), blockA, strideA, b, panel, blockC, strideC, accumulate, next);
                        }
                    }
                }
                else
                {
                    for (int l = 0; l < k; l += step)
                    {
                        for (int panel = firstPanel; panel < endPanel; panel++)
                        {
                            var next = panel + 1 < endPanel ? b.StretchOf(panel + 1, l, step) : l + step < k ? b.StretchOf(firstPanel, l + step, step) : then;
                            PanelBlock(rows, l, Math.Min(step, k - l), blockA, strideA, b, panel, blockC, strideC, accumulate, next);
                        }
                    }
                }
            }
        }

        /// <summary>
        /// C (+)= A B with plain B, <paramref name="n"/> a multiple of 16; the tile's columns outside, its rows inside. What is read <paramref name="next"/> is asked for
        /// meanwhile, a part with each tile.
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public static void Block(
            int m, int n, int k, float* a, nint rowStrideA, nint colStrideA, float* b, nint strideB, float* c, nint strideC, bool accumulate, Stretch next = default)
        {
            int tileWidth = TLanes.Count * TLanes.TileVectors, rowTiles = (m + Tile<TVector, TLanes>.MaxRows - 1) / Tile<TVector, TLanes>.MaxRows;
            nint tiles = ((n + tileWidth - 1) / tileWidth) * rowTiles, steps = tiles * k;
            // A lone tile has no time of its own to fetch in: it waits for B itself.
            nint aheadStep = tiles == 1 || next.Floats == 0 ? 0 : Math.Min((next.Floats + steps - 1) / steps, Tile<TVector, TLanes>.MostAhead);
            float* ahead = aheadStep == 0 ? b : next.Start, aheadEnd = next.Start + next.Floats;
            for (int column = 0; column < n; column += tileWidth)
            {
                int vectors = Math.Min(tileWidth, n - column) / TLanes.Count;
                // Rows are shared out evenly: 4 + 4 keep the multipliers busier than 6 + 2.
                for (int row = 0, rows, left = rowTiles; row < m; row += rows, left--)
                {
                    rows = (m - row + left - 1) / left;
                    Tile<TVector, TLanes>.Run(
                        rows, vectors, k, a + row * rowStrideA, rowStrideA, colStrideA, b + column, strideB, c + row * strideC + column, strideC, accumulate, ahead, aheadStep);
                    ahead += k * aheadStep;
                    if (aheadStep > 0 && ahead >= aheadEnd)
                    {
                        ahead = b;
                        aheadStep = 0;
                    }
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public static void MultiplyTransposedA(int t, int k1, int n, float* a, nint strideA, float* b, nint strideB, float* c, nint strideC, float* scratch)
        {
            bool resident = (long)k1 * n <= ResidentC, narrow = n <= NarrowC && TLanes.Count * TLanes.TileVectors == PackedMatrix.PanelWidth;
            if (resident || narrow)
            {
                DirectTransposedA(t, k1, n, a, strideA, b, strideB, c, strideC, resident ? null : scratch);
                return;
            }
            float* panel = scratch, strips = scratch + TransposedRows * PackedMatrix.PanelWidth;
            for (int first = 0; first < t; first += TransposedRows)
            {
                int rows = Math.Min(TransposedRows, t - first);
                PackStrips(a + first * strideA, strideA, k1, rows, strips);
                for (int column = 0; column < n; column += PackedMatrix.PanelWidth)
                {
                    int width = Math.Min(PackedMatrix.PanelWidth, n - column);
                    CopyPanel(b + first * strideB + column, strideB, rows, width, panel);
                    StripsBlock(rows, k1, width, strips, panel, c + column, strideC);
                }
            }
        }

        /// <summary>Reads A where it lies, and B too unless there is a place for copies of its panels.</summary>
        private static void DirectTransposedA(int t, int k1, int n, float* a, nint strideA, float* b, nint strideB, float* c, nint strideC, float* copy)
        {
            int tileWidth = TLanes.Count * TLanes.TileVectors, columns = copy == null ? k1 : StretchColumns;
            for (int first = 0; first < t; first += DirectRows)
            {
                int rows = Math.Min(DirectRows, t - first);
                float* from = a + first * strideA;
                for (int begin = 0; begin < k1; begin += columns)
                {
                    int end = Math.Min(begin + columns, k1);
                    for (int column = 0; column < n; column += tileWidth)
                    {
                        int width = Math.Min(tileWidth, n - column), vectors = width / TLanes.Count;
                        float* panel = b + first * strideB + column;
                        nint step = strideB;
                        if (copy != null)
                        {
                            CopyPanel(panel, strideB, rows, width, copy);
                            panel = copy;
                            step = width;
                        }
                        // The first time that A's columns are read, those of three tiles on are asked for: a cache line a token, which no stream of the processor's own would find.
                        nint aheadStep = column == 0 ? strideA : 0;
                        for (int i = begin; i < end; i += StripRows)
                        {
                            float* ahead = from + Math.Min(i + ColumnsAhead, k1 - 1);
                            Tile<TVector, TLanes>.Run(
                                Math.Min(StripRows, end - i), vectors, rows, from + i, 1, strideA, panel, step, c + i * strideC + column, strideC, accumulate: true, ahead, aheadStep);
                        }
                    }
                }
            }
        }

        /// <summary>C[k1 x width] += strips of transposed A times one copied panel of B.</summary>
        private static void StripsBlock(int t, int k1, int width, float* strips, float* panel, float* c, nint strideC)
        {
            int tileWidth = TLanes.Count * TLanes.TileVectors;
            for (int column = 0; column < width; column += tileWidth)
            {
                int vectors = Math.Min(tileWidth, width - column) / TLanes.Count;
                for (int i = 0; i < k1; i += StripRows)
                {
                    Tile<TVector, TLanes>.Run(
                        Math.Min(StripRows, k1 - i), vectors, t, strips + (long)i * t, 1, StripRows, panel + column, width, c + i * strideC + column, strideC, accumulate: true, panel, 0);
                }
            }
        }

        /// <summary>One k block of one panel, for up to <see cref="BlockRows"/> rows.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void PanelBlock(
            int rows, int firstK, int countK, float* a, nint strideA, PackedMatrix b, int panel, float* c, nint strideC, bool accumulate, Stretch next)
        {
            int width = b.WidthOf(panel);
            Block(
                rows, width, countK, a + firstK, strideA, 1, b.Panel(panel) + (long)firstK * width, width, c + panel * PackedMatrix.PanelWidth, strideC, accumulate || firstK > 0, next);
        }
    }

    // [strip][row][6]: the six columns of A that make six rows of the result, beside each other for each token.
    private static void PackStrips(float* a, nint strideA, int columns, int rows, float* strips)
    {
        int i = 0;
        // Eight strips are three whole cache lines of a row.
        for (; i + LineStrips * StripRows <= columns; i += LineStrips * StripRows, strips += (long)(LineStrips - 1) * StripRows * rows)
        {
            float* from = a + i;
            for (int row = 0; row < rows; row++, from += strideA, strips += StripRows)
            {
                float* to = strips;
                for (int strip = 0; strip < LineStrips; strip++, to += (long)StripRows * rows)
                {
                    Vector128.Load(from + strip * StripRows).Store(to);
                    *(ulong*)(to + 4) = *(ulong*)(from + strip * StripRows + 4);
                }
            }
        }
        for (; i + StripRows <= columns; i += StripRows)
        {
            float* from = a + i;
            for (int row = 0; row < rows; row++, from += strideA, strips += StripRows)
            {
                Vector128.Load(from).Store(strips);
                *(ulong*)(strips + 4) = *(ulong*)(from + 4);
            }
        }
        if (i == columns) return;
        for (int row = 0; row < rows; row++, strips += StripRows)
            for (int j = 0; j < columns - i; j++) strips[j] = a[row * strideA + i + j];
    }

    // width is a multiple of 16.
    private static void CopyPanel(float* from, nint stride, int rows, int width, float* panel)
    {
        for (int row = 0; row < rows; row++, from += stride, panel += width)
            for (int j = 0; j < width; j += Simd.Unit) Vector512.Load(from + j).Store(panel + j);
    }
}
