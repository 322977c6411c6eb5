namespace TreeRl.Numerics;

internal static unsafe partial class MatMul
{
    /// <summary>The plain definitions: three loops, summed in double. B's and C's widths are taken as given (already padded).</summary>
    internal static class Reference
    {
        /// <inheritdoc cref="MatMul.Multiply"/>
        public static void Multiply(int m, float* a, nint strideA, PackedMatrix b, float* c, nint strideC, bool accumulate, int firstPanel = 0, int endPanel = int.MaxValue)
        {
            for (int panel = firstPanel; panel < endPanel && panel < b.Panels; panel++)
            {
                int width = b.WidthOf(panel);
                MultiplyPlain(m, width, b.Rows, a, strideA, 1, b.Panel(panel), width, c + panel * PackedMatrix.PanelWidth, strideC, accumulate);
            }
        }

        /// <inheritdoc cref="MatMul.MultiplyPlain"/>
        public static void MultiplyPlain(
            int m, int n, int k, float* a, nint rowStrideA, nint colStrideA, float* b, nint strideB, float* c, nint strideC, bool accumulate)
        {
            for (int i = 0; i < m; i++)
            {
                for (int j = 0; j < n; j++)
                {
                    double sum = 0;
                    for (int l = 0; l < k; l++) sum += (double)a[i * rowStrideA + l * colStrideA] * b[l * strideB + j];
                    float* to = c + i * strideC + j;
                    *to = (float)(accumulate ? *to + sum : sum);
                }
            }
        }

        /// <inheritdoc cref="MatMul.MultiplyTransposedA"/>
        public static void MultiplyTransposedA(int t, int k1, int n, float* a, nint strideA, float* b, nint strideB, float* c, nint strideC) =>
            MultiplyPlain(k1, n, t, a, 1, strideA, b, strideB, c, strideC, accumulate: true);
    }
}
