using System;
using TreeRl.Models;
using TreeRl.Numerics;
using Xunit;
using static TreeRl.Tests.Numerics.KernelData;

namespace TreeRl.Tests.Numerics;

public unsafe class RotaryTests
{
    // Two products and a sum of numbers below 3, with factors rounded to single precision.
    private const double Tolerance = 5e-7;
    private const int Rows = 3, Heads = 2;

    [Fact]
    public void The_first_pair_of_a_head_turns_by_its_position_in_radians()
    {
        int position = 2;
        foreach (var pairing in Enum.GetValues<RotaryPairing>())
        {
            using var rotary = new Rotary(8, 5, 10000, pairing);
            using var x = new NativeBuffer<float>(16);
            x.Pointer[0] = 1;
            rotary.Apply(x.Pointer, 16, 1, 1, 16, &position);
            int partner = pairing == RotaryPairing.HalfSplit ? 4 : 1;
            Assert.Equal(Math.Cos(2), x.Pointer[0], 1e-6);
            Assert.Equal(Math.Sin(2), x.Pointer[partner], 1e-6);
        }
    }

    [Theory]
    [InlineData(RotaryPairing.HalfSplit)]
    [InlineData(RotaryPairing.Adjacent)]
    public void Turning_equals_its_reference_for_every_head_size_and_leaves_the_gap_between_heads(RotaryPairing pairing)
    {
        int* positions = stackalloc int[] { 0, 37, 100 };
        for (int size = 8; size <= 256; size += 8)
        {
            int headStride = Simd.Pad(size) + 16, rowStride = Heads * headStride + 16;
            using var rotary = new Rotary(size, 101, 10000, pairing);
            using var start = Random(Rows * rowStride, size, 2);
            foreach (bool backward in new[] { false, true })
            {
                using var expected = Copy(start);
                using var actual = Copy(start);
                rotary.ApplyReference(expected.Pointer, rowStride, Rows, Heads, headStride, positions, backward);
                rotary.Apply(actual.Pointer, rowStride, Rows, Heads, headStride, positions, backward);
                AssertClose(expected, actual, Tolerance, $"head size {size}, backward {backward}");
                for (int j = size; j < headStride; j++) Assert.Equal(start.Pointer[rowStride + j], actual.Pointer[rowStride + j]);
                rotary.Apply(actual.Pointer, rowStride, Rows, Heads, headStride, positions, !backward);
                AssertClose(start, actual, Tolerance, $"head size {size}, there and back");
            }
        }
    }

    [Fact]
    public void A_head_size_that_is_no_multiple_of_8_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Rotary(12, 4, 10000, RotaryPairing.HalfSplit));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Rotary(0, 4, 10000, RotaryPairing.Adjacent));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Rotary(8, 0, 10000, RotaryPairing.Adjacent));
    }
}
