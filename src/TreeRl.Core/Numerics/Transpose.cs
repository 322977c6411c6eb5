namespace TreeRl.Numerics;

/// <summary>Transposition in blocks of 16 x 16 floats.</summary>
internal static unsafe partial class Transpose
{
    /// <summary>
    /// destination[j][i] = source[i][j] for <paramref name="rows"/> x <paramref name="columns"/>, both multiples of 16. Strides in floats. No overlap.
    /// </summary>
    public static void Matrix(float* source, nint strideSource, int rows, int columns, float* destination, nint strideDestination)
    {
        for (int i = 0; i < rows; i += 16)
            for (int j = 0; j < columns; j += 16)
                Block(source + i * strideSource + j, strideSource, destination + j * strideDestination + i, strideDestination);
    }

    /// <summary>One block of 16 x 16.</summary>
    public static void Block(float* source, nint strideSource, float* destination, nint strideDestination)
    {
        for (int i = 0; i < 16; i++)
            for (int j = 0; j < 16; j++)
                destination[j * strideDestination + i] = source[i * strideSource + j];
    }
}
