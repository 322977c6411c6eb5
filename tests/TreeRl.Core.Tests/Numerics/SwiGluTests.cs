using System;
using TreeRl.Numerics;
using Xunit;
using static TreeRl.Tests.Numerics.KernelData;

namespace TreeRl.Tests.Numerics;

public unsafe class SwiGluTests
{
    // One exponential, one division and two products.
    private const double Tolerance = 2e-6;
    private const int Rows = 2;

    [Fact]
    public void A_gate_of_zero_closes_and_a_large_gate_passes_itself()
    {
        using var row = new NativeBuffer<float>(32);
        (row.Pointer[0], row.Pointer[1], row.Pointer[2]) = (0, 50, -50);
        for (int j = 16; j < 19; j++) row.Pointer[j] = 3;
        using var output = new NativeBuffer<float>(16);
        SwiGlu.Forward(row.Pointer, 32, 16, output.Pointer, 16, 1, 0, 16);
        Assert.Equal(0f, output.Pointer[0]);
        Assert.Equal(150f, output.Pointer[1]);
        Assert.Equal(0f, output.Pointer[2], 1e-18);
    }

    [Fact]
    public void Forward_equals_its_reference_for_any_range_of_columns()
    {
        for (int columns = 16; columns <= 144; columns += 16)
        {
            for (int first = 0; first <= columns; first += 32)
            {
                int stride = 2 * columns + 16;
                using var gateUp = Random(Rows * stride, columns, 12);
                using var expected = Constant(Rows * columns, Sentinel);
                using var actual = Copy(expected);
                SwiGlu.Reference.Forward(gateUp.Pointer, stride, columns, expected.Pointer, columns, Rows, first, columns);
                SwiGlu.Forward(gateUp.Pointer, stride, columns, actual.Pointer, columns, Rows, first, columns);
                AssertClose(expected, actual, Tolerance, $"columns {first} to {columns}");
            }
        }
    }

    [Fact]
    public void Backward_equals_its_reference_and_may_overwrite_its_input()
    {
        for (int columns = 16; columns <= 144; columns += 16)
        {
            using var gateUp = Random(Rows * 2 * columns, columns, 12);
            using var plainFlow = Random(Rows * columns, 1);
            using var flow = Copy(plainFlow);
            using var flowAgain = Copy(plainFlow);
            using var output = Constant(Rows * columns, Sentinel);
            using var expected = Constant(Rows * 2 * columns, Sentinel);
            using var actual = Copy(expected);
            SwiGlu.Forward(gateUp.Pointer, 2 * columns, columns, output.Pointer, columns, Rows, 0, columns);
            SwiGlu.Reference.Backward(gateUp.Pointer, 2 * columns, columns, plainFlow.Pointer, columns, expected.Pointer, 2 * columns, Rows, columns);
            SwiGlu.Backward(gateUp.Pointer, 2 * columns, columns, flow.Pointer, columns, actual.Pointer, 2 * columns, Rows, columns);
            AssertClose(expected, actual, Tolerance, $"{columns} columns");
            AssertClose(plainFlow, flow, Tolerance, $"{columns} columns, the output left behind");
            AssertSame(output, flow, $"{columns} columns, the output left behind");
            SwiGlu.Backward(gateUp.Pointer, 2 * columns, columns, flowAgain.Pointer, columns, gateUp.Pointer, 2 * columns, Rows, columns);
            AssertSame(actual, gateUp, $"{columns} columns, in place");
        }
    }

    [Fact]
    public void Extreme_gates_give_finite_values_and_gradients()
    {
        using var gateUp = Constant(32, 2);
        float[] gates = [-1e30f, -1e4f, -100, -88, -87, 87, 88, 100, 1e4f, 1e30f];
        gates.CopyTo(gateUp.Span);
        using var output = new NativeBuffer<float>(16);
        using var flow = Constant(16, 1);
        SwiGlu.Forward(gateUp.Pointer, 32, 16, output.Pointer, 16, 1, 0, 16);
        Assert.Equal(-1, VectorMath.FirstNonFinite(output.Pointer, 16));
        SwiGlu.Backward(gateUp.Pointer, 32, 16, flow.Pointer, 16, gateUp.Pointer, 32, 1, 16);
        Assert.Equal(-1, VectorMath.FirstNonFinite(gateUp.Pointer, 32));
        Assert.Equal(0f, gateUp.Pointer[0]);
        Assert.Equal(2f, gateUp.Pointer[9]);
    }

    [Fact]
    public void Backward_is_the_derivative_of_forward()
    {
        const double Step = 1e-4, DerivativeTolerance = 1e-6;
        using var gateUp = Random(32, 1, 4);
        using var flow = Random(16, 2);
        using var left = Copy(flow);
        using var gradient = new NativeBuffer<float>(32);
        SwiGlu.Backward(gateUp.Pointer, 32, 16, left.Pointer, 16, gradient.Pointer, 32, 1, 16);
        for (int j = 0; j < 16; j++)
        {
            double Loss(double gate, double up) => flow.Pointer[j] * gate / (1 + Math.Exp(-gate)) * up;
            double gate = gateUp.Pointer[j], up = gateUp.Pointer[16 + j];
            double byGate = (Loss(gate + Step, up) - Loss(gate - Step, up)) / (2 * Step), byUp = (Loss(gate, up + Step) - Loss(gate, up - Step)) / (2 * Step);
            Assert.True(Close(byGate, gradient.Pointer[j], DerivativeTolerance), $"gate {j}: {gradient.Pointer[j]}, expected {byGate}");
            Assert.True(Close(byUp, gradient.Pointer[16 + j], DerivativeTolerance), $"up {j}: {gradient.Pointer[16 + j]}, expected {byUp}");
        }
    }

    [Fact]
    public void A_bias_is_added_to_every_row_and_its_gradient_is_the_sum_of_the_rows()
    {
        for (int width = 1; width <= 50; width++)
        {
            int stride = Simd.Pad(width) + 16, padded = Simd.Pad(width);
            using var x = RandomRows(3, width, stride, 1);
            using var bias = RandomRows(1, width, padded, 2);
            using var sums = RandomRows(1, width, padded, 3);
            using var moved = Copy(x);
            using var gradient = Copy(sums);
            Bias.Add(moved.Pointer, stride, bias.Pointer, 3, width);
            Bias.Gradient(x.Pointer, stride, gradient.Pointer, 3, width);
            for (int j = 0; j < padded; j++)
            {
                for (int i = 0; i < 3; i++) Assert.Equal(x.Pointer[i * stride + j] + bias.Pointer[j], moved.Pointer[i * stride + j]);
                Assert.Equal(sums.Pointer[j] + x.Pointer[j] + x.Pointer[stride + j] + x.Pointer[2 * stride + j], gradient.Pointer[j]);
            }
        }
    }
}
