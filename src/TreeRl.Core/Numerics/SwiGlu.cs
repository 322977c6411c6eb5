using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TreeRl.Numerics;

/// <summary>
/// The gated unit out = silu(gate) * up, silu(g) = g / (1 + e^-g) (2002.05202). A row holds the gate at 0 and up at <c>upOffset</c> (a multiple of 16), each padded with zeros.
/// </summary>
internal static unsafe partial class SwiGlu
{
    /// <summary>Columns [<paramref name="firstColumn"/>, <paramref name="endColumn"/>), multiples of 16, of each of <paramref name="rows"/> rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Forward(float* gateUp, nint strideGateUp, nint upOffset, float* output, nint strideOutput, int rows, int firstColumn, int endColumn)
    {
        for (int i = 0; i < rows; i++)
        {
            float* gate = gateUp + i * strideGateUp, up = gate + upOffset, to = output + i * strideOutput;
            for (int j = firstColumn; j < endColumn; j += Simd.Unit)
            {
                var g = Vector512.Load(gate + j);
                (g / (Vector512<float>.One + VectorMath.Exp(-g)) * Vector512.Load(up + j)).Store(to + j);
            }
        }
    }

    /// <summary>
    /// From the gradient of the output, that of gate and up, over <paramref name="columns"/> (a multiple of 16) columns. <paramref name="dGateUp"/> is overwritten, has the layout of
    /// <paramref name="gateUp"/> and may be the same memory. In the place of <paramref name="dOutput"/> it leaves the output, to the bit that of <see cref="Forward"/>,
    /// which the gradient of the matrix that reads it needs: so the forward pass need not keep it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Backward(
        float* gateUp, nint strideGateUp, nint upOffset, float* dOutput, nint strideDOutput, float* dGateUp, nint strideDGateUp, int rows, int columns)
    {
        var one = Vector512<float>.One;
        for (int i = 0; i < rows; i++)
        {
            float* gate = gateUp + i * strideGateUp, up = gate + upOffset, d = dOutput + i * strideDOutput;
            float* dGate = dGateUp + i * strideDGateUp, dUp = dGate + upOffset;
            for (int j = 0; j < columns; j += Simd.Unit)
            {
                var g = Vector512.Load(gate + j);
                var u = Vector512.Load(up + j);
                var flow = Vector512.Load(d + j);
                var rest = one + VectorMath.Exp(-g);
                var sigmoid = one / rest;
                var silu = g * sigmoid;
                (g / rest * u).Store(d + j);
                (flow * silu).Store(dUp + j);
                (flow * u * Vector512.MultiplyAddEstimate(silu, one - sigmoid, sigmoid)).Store(dGate + j);
            }
        }
    }
}
