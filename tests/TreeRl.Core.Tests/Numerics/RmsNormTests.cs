using System;
using TreeRl.Numerics;
using Xunit;
using static TreeRl.Tests.Numerics.KernelData;

namespace TreeRl.Tests.Numerics;

public unsafe class RmsNormTests
{
    // Sums of up to 130 single-precision products.
    private const double Tolerance = 5e-6;
    private const int Rows = 3;

    [Fact]
    public void A_row_of_3_and_4_is_divided_by_the_root_of_twelve_and_a_half()
    {
        using var x = new NativeBuffer<float>(16);
        using var gain = Constant(16, 2);
        (x.Pointer[0], x.Pointer[1]) = (3, 4);
        float inverse;
        RmsNorm.Forward(x.Pointer, 16, gain.Pointer, x.Pointer, 16, &inverse, 1, 2, 0);
        Assert.Equal(1 / Math.Sqrt(12.5), inverse, 1e-6);
        Assert.Equal(6 / Math.Sqrt(12.5), x.Pointer[0], 1e-6);
        Assert.Equal(8 / Math.Sqrt(12.5), x.Pointer[1], 1e-6);
        Assert.Equal(0f, x.Pointer[2]);
    }

    [Fact]
    public void Forward_equals_its_reference_for_every_width_and_keeps_the_padding_zero()
    {
        for (int width = 1; width <= 130; width++)
        {
            int stride = Simd.Pad(width) + 16;
            using var x = RandomRows(Rows, width, stride, width, 3);
            using var gain = RandomRows(1, width, Simd.Pad(width), 2);
            using var expected = Constant(Rows * stride, Sentinel);
            using var actual = Copy(expected);
            using var inverses = new NativeBuffer<float>(Rows);
            using var actualInverses = new NativeBuffer<float>(Rows);
            RmsNorm.Reference.Forward(x.Pointer, stride, gain.Pointer, expected.Pointer, stride, inverses.Pointer, Rows, width, 1e-5f);
            RmsNorm.Forward(x.Pointer, stride, gain.Pointer, actual.Pointer, stride, actualInverses.Pointer, Rows, width, 1e-5f);
            AssertClose(expected, actual, Tolerance, $"width {width}");
            AssertClose(inverses, actualInverses, Tolerance, $"1/rms at width {width}");
            RmsNorm.Forward(x.Pointer, stride, gain.Pointer, x.Pointer, stride, null, Rows, width, 1e-5f);
            for (int i = 0; i < Rows; i++) AssertSame(actual.Pointer + i * stride, x.Pointer + i * stride, width, $"width {width}, in place");
        }
    }

    [Fact]
    public void A_row_of_zeros_stays_zero()
    {
        using var x = new NativeBuffer<float>(16);
        using var gain = Constant(16, 1);
        RmsNorm.Forward(x.Pointer, 16, gain.Pointer, x.Pointer, 16, null, 1, 16, 1e-5f);
        Assert.Equal(new float[16], x.Span.ToArray());
    }

    [Fact]
    public void Backward_equals_its_reference_for_every_width_and_keeps_the_padding_zero()
    {
        for (int width = 1; width <= 130; width++)
        {
            int stride = Simd.Pad(width);
            using var x = RandomRows(Rows, width, stride, 1, 3);
            using var gain = RandomRows(1, width, stride, 2);
            using var inverses = Random(Rows, 3);
            using var dy = RandomRows(Rows, width, stride, 4);
            foreach (bool accumulate in new[] { true, false })
            {
                using var dx = RandomRows(Rows, width, stride, 5);
                using var actualDx = Copy(dx);
                using var dGain = RandomRows(1, width, stride, 6);
                using var actualDGain = Copy(dGain);
                RmsNorm.Reference.Backward(x.Pointer, stride, gain.Pointer, inverses.Pointer, dy.Pointer, stride, dx.Pointer, stride, dGain.Pointer, Rows, width, accumulate);
                RmsNorm.Backward(x.Pointer, stride, gain.Pointer, inverses.Pointer, dy.Pointer, stride, actualDx.Pointer, stride, actualDGain.Pointer, Rows, width, accumulate);
                AssertClose(dx, actualDx, Tolerance, $"dx at width {width}");
                AssertClose(dGain, actualDGain, Tolerance, $"dGain at width {width}");
                if (accumulate) continue;
                using var inPlace = Copy(dy);
                RmsNorm.Backward(x.Pointer, stride, gain.Pointer, inverses.Pointer, inPlace.Pointer, stride, inPlace.Pointer, stride, actualDGain.Pointer, Rows, width, false);
                AssertSame(actualDx, inPlace, $"dx over dy at width {width}");
            }
        }
    }

    [Fact]
    public void Backward_is_the_derivative_of_forward()
    {
        const int Width = 11;
        const double Step = 1e-4, DerivativeTolerance = 1e-5, Epsilon = 1e-2;
        using var x = RandomRows(1, Width, 16, 1, 2);
        using var gain = RandomRows(1, Width, 16, 2);
        using var dy = RandomRows(1, Width, 16, 3);
        double Loss(int movedX, int movedGain, double by)
        {
            double squares = 0, loss = 0;
            double X(int j) => x.Pointer[j] + (j == movedX ? by : 0);
            for (int j = 0; j < Width; j++) squares += X(j) * X(j);
            double inverse = 1 / Math.Sqrt(squares / Width + Epsilon);
            for (int j = 0; j < Width; j++) loss += dy.Pointer[j] * X(j) * inverse * (gain.Pointer[j] + (j == movedGain ? by : 0));
            return loss;
        }
        using var y = new NativeBuffer<float>(16);
        using var dx = new NativeBuffer<float>(16);
        using var dGain = new NativeBuffer<float>(16);
        float inverseRms;
        RmsNorm.Forward(x.Pointer, 16, gain.Pointer, y.Pointer, 16, &inverseRms, 1, Width, (float)Epsilon);
        RmsNorm.Backward(x.Pointer, 16, gain.Pointer, &inverseRms, dy.Pointer, 16, dx.Pointer, 16, dGain.Pointer, 1, Width);
        for (int j = 0; j < Width; j++)
        {
            double byX = (Loss(j, -1, Step) - Loss(j, -1, -Step)) / (2 * Step);
            double byGain = (Loss(-1, j, Step) - Loss(-1, j, -Step)) / (2 * Step);
            Assert.True(Close(byX, dx.Pointer[j], DerivativeTolerance), $"dx[{j}] = {dx.Pointer[j]}, expected {byX}");
            Assert.True(Close(byGain, dGain.Pointer[j], DerivativeTolerance), $"dGain[{j}] = {dGain.Pointer[j]}, expected {byGain}");
        }
    }
}
