using System;
using System.Runtime.Intrinsics;

namespace TreeRl.Numerics;

/// <summary>
/// The right operand B (K x N) of a product, laid out for the matrix kernels: panels of 64 columns, each panel row-major [K][64] and contiguous,
/// so that a kernel reads it as one stream. N is padded to a multiple of 16 with zero columns; the last panel may be 16, 32 or 48 wide.
/// </summary>
internal sealed unsafe class PackedMatrix : IDisposable
{
    /// <summary>Columns of a full panel.</summary>
    public const int PanelWidth = 64;

    private readonly NativeBuffer<float>? own;

    /// <summary>A zero matrix of <paramref name="rows"/> x <paramref name="columns"/> in memory of its own.</summary>
    public PackedMatrix(int rows, int columns)
        : this(rows, columns, null)
    {
        own = new NativeBuffer<float>(Floats);
        Pointer = own.Pointer;
    }

    /// <summary>One whose <see cref="Floats"/> lie at <paramref name="place"/>, which is zero and outlives it.</summary>
    public PackedMatrix(int rows, int columns, float* place)
    {
        Guard.InRange(rows >= 1, rows, "must be at least 1");
        Guard.InRange(columns >= 1, columns, "must be at least 1");
        Rows = rows;
        Columns = columns;
        PaddedColumns = Simd.Pad(columns);
        Panels = (PaddedColumns + PanelWidth - 1) / PanelWidth;
        Pointer = place;
    }

    /// <summary>K.</summary>
    public int Rows { get; }

    /// <summary>N.</summary>
    public int Columns { get; }

    /// <summary>N rounded up to a multiple of 16.</summary>
    public int PaddedColumns { get; }

    /// <summary>Number of panels.</summary>
    public int Panels { get; }

    /// <summary>The first panel; panel p begins at 64 * p * K floats.</summary>
    public float* Pointer { get; }

    /// <summary>Floats of all panels, padding included.</summary>
    public long Floats => (long)Rows * PaddedColumns;

    /// <summary>Columns stored in panel <paramref name="panel"/>: 64, or fewer (a multiple of 16) in the last.</summary>
    public int WidthOf(int panel) => Math.Min(PanelWidth, PaddedColumns - panel * PanelWidth);

    /// <summary>First float of panel <paramref name="panel"/>.</summary>
    public float* Panel(int panel) => Pointer + (long)panel * PanelWidth * Rows;

    /// <summary>Panel <paramref name="panel"/> from row <paramref name="firstRow"/> on: <paramref name="rows"/> rows, or as many as there are.</summary>
    public Stretch StretchOf(int panel, int firstRow = 0, int rows = int.MaxValue)
    {
        int width = WidthOf(panel);
        return new(Panel(panel) + (long)firstRow * width, Math.Min(rows, Rows - firstRow) * (nint)width);
    }

    /// <summary>Packs panels [<paramref name="firstPanel"/>, <paramref name="endPanel"/>) from a row-major K x N source whose rows begin <paramref name="stride"/> floats apart.</summary>
    public void PackRows(float* source, nint stride, int firstPanel = 0, int endPanel = int.MaxValue)
    {
        endPanel = Math.Min(endPanel, Panels);
        for (int panel = firstPanel; panel < endPanel; panel++)
        {
            int width = WidthOf(panel), whole = WholeColumns(panel);
            float* from = source + panel * PanelWidth, to = Panel(panel);
            for (int k = 0; k < Rows; k++, from += stride, to += width)
                for (int j = 0; j < whole; j += Simd.Unit) Vector512.Load(from + j).Store(to + j);
            if (whole < width) PackEdge(panel, whole, 0, Rows, source, stride, 1);
        }
    }

    /// <summary>
    /// Packs panels [<paramref name="firstPanel"/>, <paramref name="endPanel"/>) of the transpose of a row-major N x K source, such as a linear layer's
    /// [out, in] weights.
    /// </summary>
    public void PackTransposed(float* source, nint stride, int firstPanel = 0, int endPanel = int.MaxValue)
    {
        endPanel = Math.Min(endPanel, Panels);
        int wholeRows = Rows & ~(Simd.Unit - 1);
        for (int panel = firstPanel; panel < endPanel; panel++)
        {
            int width = WidthOf(panel), whole = WholeColumns(panel);
            float* to = Panel(panel);
            for (int j = 0; j < whole; j += Simd.Unit)
                for (int k = 0; k < wholeRows; k += Simd.Unit)
                    Transpose.Block(source + (panel * PanelWidth + j) * stride + k, stride, to + (long)k * width + j, width);
            if (wholeRows < Rows && whole > 0) PackEdge(panel, 0, wholeRows, Rows, source, 1, stride, whole);
            if (whole < width) PackEdge(panel, whole, 0, Rows, source, 1, stride);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => own?.Dispose();

    /// <summary>Columns of a panel that lie in full units of 16 source columns.</summary>
    private int WholeColumns(int panel) => Math.Min(PanelWidth, Columns - panel * PanelWidth) & ~(Simd.Unit - 1);

    // One element at a time; element (k, n) of the source is at k * strideK + n * strideN. Columns past N are zero.
    private void PackEdge(int panel, int firstColumn, int firstRow, int endRow, float* source, nint strideK, nint strideN, int endColumn = int.MaxValue)
    {
        int width = WidthOf(panel), first = panel * PanelWidth;
        float* to = Panel(panel);
        endColumn = Math.Min(endColumn, width);
        for (int k = firstRow; k < endRow; k++)
            for (int j = firstColumn; j < endColumn; j++)
                to[(long)k * width + j] = first + j < Columns ? source[k * strideK + (first + j) * strideN] : 0f;
    }
}

/// <summary>Floats that lie together.</summary>
internal readonly unsafe struct Stretch(float* start, nint floats)
{
    public readonly float* Start = start;

    public readonly nint Floats = floats;
}
