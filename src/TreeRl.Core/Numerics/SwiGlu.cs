namespace TreeRl.Numerics;

/// <summary>
/// The gated unit out = silu(gate) * up, silu(g) = g / (1 + e^-g) (2002.05202). A row holds the gate at 0 and up at <c>upOffset</c> (a multiple of 16), each padded with zeros.
/// </summary>
internal static unsafe partial class SwiGlu
{
    /// <summary>Columns [<paramref name="firstColumn"/>, <paramref name="endColumn"/>), multiples of 16, of each of <paramref name="rows"/> rows.</summary>
    public static void Forward(float* gateUp, nint strideGateUp, nint upOffset, float* output, nint strideOutput, int rows, int firstColumn, int endColumn) =>
        Reference.Forward(gateUp, strideGateUp, upOffset, output, strideOutput, rows, firstColumn, endColumn);

    /// <summary>
    /// From the gradient of the output, that of gate and up, over <paramref name="columns"/> (a multiple of 16) columns. <paramref name="dGateUp"/> is overwritten, has the layout of
    /// <paramref name="gateUp"/> and may be the same memory.
    /// </summary>
    public static void Backward(
        float* gateUp, nint strideGateUp, nint upOffset, float* dOutput, nint strideDOutput, float* dGateUp, nint strideDGateUp, int rows, int columns) =>
        Reference.Backward(gateUp, strideGateUp, upOffset, dOutput, strideDOutput, dGateUp, strideDGateUp, rows, columns);
}
