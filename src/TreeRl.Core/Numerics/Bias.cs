namespace TreeRl.Numerics;

/// <summary>A bias added to each row, and its gradient. Rows and bias are padded to 16 with zeros.</summary>
internal static unsafe class Bias
{
    /// <summary>x[i] += bias for each of <paramref name="rows"/> rows.</summary>
    public static void Add(float* x, nint stride, float* bias, int rows, int width)
    {
        for (int i = 0; i < rows; i++) VectorMath.Add(bias, x + i * stride, Simd.Pad(width));
    }

    /// <summary>dBias += the sum of the rows of <paramref name="dy"/>, first row first.</summary>
    public static void Gradient(float* dy, nint stride, float* dBias, int rows, int width)
    {
        for (int i = 0; i < rows; i++) VectorMath.Add(dy + i * stride, dBias, Simd.Pad(width));
    }
}
