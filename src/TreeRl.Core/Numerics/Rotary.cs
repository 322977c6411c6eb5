using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TreeRl.Models;

namespace TreeRl.Numerics;

/// <summary>
/// Rotary positions (2104.09864): pair number j of a head, j &lt; headSize/2, turns by the angle position * frequency[j] and is multiplied by a magnitude
/// (<see cref="RotaryFrequencies"/>). Angles are computed in double.
/// <para>
/// Tables: for <see cref="RotaryPairing.HalfSplit"/> a position has headSize/2 cosines and sines; for <see cref="RotaryPairing.Adjacent"/> it has headSize of
/// each, every cosine twice and the sines as -s, +s, so that a vector of elements meets its own factors.
/// </para>
/// </summary>
internal sealed unsafe partial class Rotary : IDisposable
{
    private readonly NativeBuffer<float> cosines, sines;
    private readonly int tableWidth;

    private readonly RotaryFrequencies frequencies;

    /// <summary>Tables for positions 0 .. <paramref name="positions"/>-1 without scaling.</summary>
    public Rotary(int headSize, int positions, double frequencyBase, RotaryPairing pairing)
        : this(RotaryFrequencies.Plain(headSize, frequencyBase), positions, pairing)
    {
    }

    /// <summary>Tables for positions 0 .. <paramref name="positions"/>-1.</summary>
    public Rotary(RotaryFrequencies frequencies, int positions, RotaryPairing pairing)
    {
        int headSize = 2 * frequencies.PerPair.Length;
        Guard.InRange(headSize >= 8 && headSize % 8 == 0, headSize, "must be a multiple of 8");
        Guard.InRange(positions >= 1, positions, "must be at least 1");
        HeadSize = headSize;
        Positions = positions;
        Pairing = pairing;
        this.frequencies = frequencies;
        tableWidth = pairing == RotaryPairing.HalfSplit ? headSize / 2 : headSize;
        cosines = new NativeBuffer<float>((long)positions * tableWidth);
        sines = new NativeBuffer<float>((long)positions * tableWidth);
        for (int position = 0; position < positions; position++) FillPosition(position);
    }

    /// <summary>Elements of a head.</summary>
    public int HeadSize { get; }

    /// <summary>Positions the tables hold.</summary>
    public int Positions { get; }

    /// <summary>Which elements of a head turn together.</summary>
    public RotaryPairing Pairing { get; }

    /// <summary>
    /// Turns, in place, <paramref name="heads"/> heads (<paramref name="headStride"/> floats apart, at least the head size; the gap is not touched) in each of
    /// <paramref name="rows"/> rows by its position. <paramref name="backward"/> turns the other way (the magnitude stays), which maps the gradient of the output to that of the input.
    /// </summary>
    public void Apply(float* x, nint rowStride, int rows, int heads, nint headStride, int* positions, bool backward = false)
    {
        float sign = backward ? -1f : 1f;
        for (int i = 0; i < rows; i++)
        {
            float* cosine = cosines.Pointer + (long)positions[i] * tableWidth, sine = sines.Pointer + (long)positions[i] * tableWidth;
            float* head = x + i * rowStride;
            for (int h = 0; h < heads; h++, head += headStride)
            {
                if (Pairing == RotaryPairing.HalfSplit) TurnHalves(head, HeadSize / 2, cosine, sine, sign);
                else TurnAdjacent(head, HeadSize, cosine, sine, sign);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        cosines.Dispose();
        sines.Dispose();
    }

    private (double Sine, double Cosine) Turn(int position, int pair)
    {
        (double sine, double cosine) = Math.SinCos(position * frequencies.PerPair[pair]);
        return (frequencies.Magnitude * sine, frequencies.Magnitude * cosine);
    }

    private void FillPosition(int position)
    {
        float* cosine = cosines.Pointer + (long)position * tableWidth, sine = sines.Pointer + (long)position * tableWidth;
        for (int pair = 0; pair < HeadSize / 2; pair++)
        {
            (double s, double c) = Turn(position, pair);
            if (Pairing == RotaryPairing.HalfSplit)
            {
                cosine[pair] = (float)c;
                sine[pair] = (float)s;
            }
            else
            {
                cosine[2 * pair] = cosine[2 * pair + 1] = (float)c;
                sine[2 * pair] = -(float)s;
                sine[2 * pair + 1] = (float)s;
            }
        }
    }

    // half is a multiple of 4: 16 pairs at a time, then 4.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TurnHalves(float* first, int half, float* cosine, float* sine, float sign)
    {
        float* second = first + half;
        int j = 0;
        for (; j + 16 <= half; j += 16)
        {
            var c = Vector512.Load(cosine + j);
            var s = Vector512.Load(sine + j) * Vector512.Create(sign);
            var u = Vector512.Load(first + j);
            var v = Vector512.Load(second + j);
            Vector512.MultiplyAddEstimate(u, c, -(v * s)).Store(first + j);
            Vector512.MultiplyAddEstimate(v, c, u * s).Store(second + j);
        }
        for (; j < half; j += 4)
        {
            var c = Vector128.Load(cosine + j);
            var s = Vector128.Load(sine + j) * Vector128.Create(sign);
            var u = Vector128.Load(first + j);
            var v = Vector128.Load(second + j);
            Vector128.MultiplyAddEstimate(u, c, -(v * s)).Store(first + j);
            Vector128.MultiplyAddEstimate(v, c, u * s).Store(second + j);
        }
    }

    // size is a multiple of 8: 16 elements at a time, then 4. x -> x * cosine + (x with neighbours exchanged) * sine.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TurnAdjacent(float* head, int size, float* cosine, float* sine, float sign)
    {
        int j = 0;
        for (; Vector512.IsHardwareAccelerated && j + 16 <= size; j += 16)
        {
            var x = Vector512.Load(head + j);
            var exchanged = Vector512.Shuffle(x, Vector512.Create(1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14));
            var s = Vector512.Load(sine + j) * Vector512.Create(sign);
            Vector512.MultiplyAddEstimate(x, Vector512.Load(cosine + j), exchanged * s).Store(head + j);
        }
        for (; j < size; j += 4)
        {
            var x = Vector128.Load(head + j);
            var exchanged = Vector128.Shuffle(x, Vector128.Create(1, 0, 3, 2));
            var s = Vector128.Load(sine + j) * Vector128.Create(sign);
            Vector128.MultiplyAddEstimate(x, Vector128.Load(cosine + j), exchanged * s).Store(head + j);
        }
    }
}
