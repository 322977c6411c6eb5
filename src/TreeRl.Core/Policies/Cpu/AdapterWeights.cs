using System;
using TreeRl.Models;
using TreeRl.Numerics;

namespace TreeRl.Policies.Cpu;

/// <summary>
/// The adapter of a policy: the arena of its factors, copies of them packed for the backward pass, and the sum W + scale B A from which the packed weights are made.
/// Decoding and forward passes know nothing of it: they read weights that contain it.
/// </summary>
internal sealed unsafe class AdapterWeights : IDisposable
{
    private readonly NativeBuffer<float> arena;
    private readonly NativeBuffer<float>[] scratch;
    private readonly PackedMatrix[][] down, up;

    public AdapterWeights(AdapterLayout layout, int threads)
    {
        Layout = layout;
        arena = new NativeBuffer<float>(layout.Total);
        scratch = new NativeBuffer<float>[threads];
        for (int i = 0; i < threads; i++) scratch[i] = new NativeBuffer<float>();
        down = new PackedMatrix[layout.On.Length][];
        up = new PackedMatrix[layout.On.Length][];
        for (int m = 0; m < layout.On.Length; m++)
        {
            down[m] = Array.ConvertAll(layout.On[m], place => new PackedMatrix(place.Inputs, layout.Rank));
            up[m] = Array.ConvertAll(layout.On[m], place => new PackedMatrix(place.Rows, layout.Rank));
        }
    }

    public AdapterLayout Layout { get; }

    /// <summary>The arena's first float.</summary>
    public float* Arena => arena.Pointer;

    /// <summary>Factor of B A.</summary>
    public float Scale => (float)Layout.Settings.Scale;

    /// <summary>Right operand of u = x A^T for an adapted layer; valid after <see cref="PackFactors"/>.</summary>
    public PackedMatrix Down(int matrix, int index) => down[matrix][index];

    /// <summary>Right operand of v = dy B, likewise.</summary>
    public PackedMatrix Up(int matrix, int index) => up[matrix][index];

    /// <summary>Packs the factors for a backward pass.</summary>
    public void PackFactors()
    {
        for (int m = 0; m < Layout.On.Length; m++)
        {
            for (int i = 0; i < Layout.On[m].Length; i++)
            {
                var place = Layout.On[m][i];
                down[m][i].PackTransposed(Arena + place.Down, place.Stride);
                up[m][i].PackRows(Arena + place.Up, Layout.Rank);
            }
        }
    }

    /// <summary>Packs panels of the transpose of fused matrix <paramref name="matrix"/>, adapter included: the right operand of y = x W^T.</summary>
    public void PackTransposed(int worker, int matrix, PackedMatrix to, float* weights, int stride, int firstPanel, int endPanel)
    {
        float* rows = Scratch(worker, (long)PackedMatrix.PanelWidth * stride);
        for (int panel = firstPanel; panel < endPanel; panel++)
        {
            int first = panel * PackedMatrix.PanelWidth, end = Math.Min(first + PackedMatrix.PanelWidth, to.Columns);
            for (int row = first; row < end; row++) Row(matrix, weights, stride, row, 0, rows + (long)(row - first) * stride, stride);
            to.PackTransposed(rows - (long)first * stride, stride, panel, panel + 1);
        }
    }

    /// <summary>Packs panels of fused matrix <paramref name="matrix"/> by rows, adapter included: the right operand of dx = dy W.</summary>
    public void PackRows(int worker, int matrix, PackedMatrix to, float* weights, int stride, int firstPanel, int endPanel)
    {
        float* columns = Scratch(worker, (long)PackedMatrix.PanelWidth * to.Rows);
        for (int panel = firstPanel; panel < endPanel; panel++)
        {
            int first = panel * PackedMatrix.PanelWidth, width = to.WidthOf(panel);
            for (int row = 0; row < to.Rows; row++) Row(matrix, weights, stride, row, first, columns + (long)row * PackedMatrix.PanelWidth, width);
            to.PackRows(columns - first, PackedMatrix.PanelWidth, panel, panel + 1);
        }
    }

    public void Dispose()
    {
        foreach (var matrix in down) foreach (var pack in matrix) pack.Dispose();
        foreach (var matrix in up) foreach (var pack in matrix) pack.Dispose();
        foreach (var buffer in scratch) buffer.Dispose();
        arena.Dispose();
    }

    /// <summary>Columns [<paramref name="first"/>, first + <paramref name="count"/>) of a row of W + scale B A.</summary>
    private void Row(int matrix, float* weights, int stride, int row, int first, float* to, int count)
    {
        float* from = weights + (long)row * stride + first;
        foreach (var place in Layout.On[matrix])
        {
            if (row < place.FirstRow || row >= place.FirstRow + place.Rows) continue;
            float* factors = Arena + place.Up + (long)(row - place.FirstRow) * Layout.Rank;
            LowRank.AddRow(from, factors, Layout.Settings.Rank, Scale, Arena + place.Down + first, place.Stride, to, count);
            return;
        }
        VectorMath.Copy(from, to, count);
    }

    private float* Scratch(int worker, long floats)
    {
        scratch[worker].EnsureCapacity(floats);
        return scratch[worker].Pointer;
    }
}
