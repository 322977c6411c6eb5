using TreeRl.Models;

namespace TreeRl.Numerics;

internal sealed unsafe partial class Rotary
{
    /// <summary>The plain definition of <see cref="Apply"/>, from the angles and not from the tables.</summary>
    internal void ApplyReference(float* x, nint rowStride, int rows, int heads, nint headStride, int* positions, bool backward)
    {
        int half = HeadSize / 2;
        for (int i = 0; i < rows; i++)
        {
            for (int h = 0; h < heads; h++)
            {
                float* head = x + i * rowStride + h * headStride;
                for (int j = 0; j < half; j++)
                {
                    int first = Pairing == RotaryPairing.HalfSplit ? j : 2 * j;
                    int second = Pairing == RotaryPairing.HalfSplit ? j + half : 2 * j + 1;
                    (double sine, double cosine) = Turn(positions[i], j);
                    if (backward) sine = -sine;
                    double u = head[first], v = head[second];
                    head[first] = (float)(u * cosine - v * sine);
                    head[second] = (float)(v * cosine + u * sine);
                }
            }
        }
    }
}
