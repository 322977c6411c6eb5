using TreeRl.Models;

namespace TreeRl.Numerics;

internal sealed unsafe partial class Rotary
{
    /// <summary>The plain definition of <see cref="Apply"/>.</summary>
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
                    float cosine = cosines.Pointer[(long)positions[i] * half + j], sine = sines.Pointer[(long)positions[i] * half + j];
                    if (backward) sine = -sine;
                    float u = head[first], v = head[second];
                    head[first] = u * cosine - v * sine;
                    head[second] = v * cosine + u * sine;
                }
            }
        }
    }
}
