using System;
using TreeRl.Models;

namespace TreeRl.Numerics;

/// <summary>
/// Rotary positions (2104.09864): pair number j of a head, j &lt; headSize/2, turns by the angle position * base^(-2j/headSize). Angles are computed in double.
/// </summary>
internal sealed unsafe partial class Rotary : IDisposable
{
    private readonly NativeBuffer<float> cosines, sines;

    /// <summary>Tables for positions 0 .. <paramref name="positions"/>-1.</summary>
    public Rotary(int headSize, int positions, double frequencyBase, RotaryPairing pairing)
    {
        Guard.InRange(headSize >= 8 && headSize % 8 == 0, headSize, "must be a multiple of 8");
        Guard.InRange(positions >= 1, positions, "must be at least 1");
        HeadSize = headSize;
        Positions = positions;
        Pairing = pairing;
        int half = headSize / 2;
        cosines = new NativeBuffer<float>((long)positions * half);
        sines = new NativeBuffer<float>((long)positions * half);
        for (int j = 0; j < half; j++)
        {
            double frequency = Math.Pow(frequencyBase, -2.0 * j / headSize);
            for (long position = 0; position < positions; position++)
            {
                (double sine, double cosine) = Math.SinCos(position * frequency);
                cosines.Pointer[position * half + j] = (float)cosine;
                sines.Pointer[position * half + j] = (float)sine;
            }
        }
    }

    /// <summary>Elements of a head.</summary>
    public int HeadSize { get; }

    /// <summary>Positions the tables hold.</summary>
    public int Positions { get; }

    /// <summary>Which elements of a head turn together.</summary>
    public RotaryPairing Pairing { get; }

    /// <summary>
    /// Turns, in place, <paramref name="heads"/> heads (<paramref name="headStride"/> floats apart, at least the head size; the gap is not touched) in each of
    /// <paramref name="rows"/> rows by its position. <paramref name="backward"/> turns the other way, which maps the gradient of the output to that of the input.
    /// </summary>
    public void Apply(float* x, nint rowStride, int rows, int heads, nint headStride, int* positions, bool backward = false) =>
        ApplyReference(x, rowStride, rows, heads, headStride, positions, backward);

    /// <inheritdoc/>
    public void Dispose()
    {
        cosines.Dispose();
        sines.Dispose();
    }
}
