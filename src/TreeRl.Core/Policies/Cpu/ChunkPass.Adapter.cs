using TreeRl.Numerics;

namespace TreeRl.Policies.Cpu;

internal sealed unsafe partial class ChunkPass
{
    /// <summary>
    /// The part of the gradient that one fused matrix has: by its weights, [outputs, inputs] at <paramref name="offset"/> of the gradient, or by the factors of the adapters on it
    /// when those are trained alone.
    /// </summary>
    private void AddMatrixGradient(int matrix, int m, int outputs, int inputs, float* dy, nint strideDy, float* x, nint strideX, float* gradient, long offset)
    {
        if (weights.Adapter is null) AddWeightGradient(m, outputs, inputs, dy, strideDy, x, strideX, gradient + offset);
        else AddAdapterGradient(weights.Adapter, matrix, m, dy, strideDy, x, strideX, gradient);
    }

    /// <summary>
    /// With y = x (W + s B A)^T: dB += transpose(dy) (s x A^T) and dA += transpose(s dy B) x, two thin products each, so that no gradient of W is ever formed.
    /// </summary>
    private void AddAdapterGradient(AdapterWeights adapter, int matrix, int m, float* dy, nint strideDy, float* x, nint strideX, float* gradient)
    {
        int rank = adapter.Layout.Rank;
        var places = adapter.Layout.On[matrix];
        for (int i = 0; i < places.Length; i++)
        {
            var place = places[i];
            float* flow = dy + place.FirstRow;
            MatMul.Multiply(level, m, x, strideX, adapter.Down(matrix, i), b.LowInput, rank);
            VectorMath.Scale(b.LowInput, (long)m * rank, adapter.Scale);
            AddWeightGradient(m, place.Rows, rank, flow, strideDy, b.LowInput, rank, gradient + place.Up);
            MatMul.Multiply(level, m, flow, strideDy, adapter.Up(matrix, i), b.LowGradient, rank);
            VectorMath.Scale(b.LowGradient, (long)m * rank, adapter.Scale);
            AddWeightGradient(m, rank, place.Inputs, b.LowGradient, rank, x, strideX, gradient + place.Down);
        }
    }

    /// <summary>Where the gradient of a norm's gain goes: nowhere that is read, when an adapter is trained alone.</summary>
    private float* Gain(float* gradient, long offset) => weights.Adapter is null ? gradient + offset : b.Unread;
}
