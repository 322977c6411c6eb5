namespace TreeRl.Numerics;

/// <summary>
/// y = gain * x / rms(x), with rms(x) = sqrt(mean of x^2 over the row + epsilon) (1910.07467). Rows have a given width and are
/// padded to 16 with zeros, and so is the gain, which keeps y's padding zero. A head of attention is a row too: give its strides.
/// </summary>
internal static unsafe partial class RmsNorm
{
    /// <summary>Normalises <paramref name="rows"/> rows. <paramref name="y"/> may be <paramref name="x"/>. <paramref name="inverseRms"/> receives 1/rms of each row and may be null.</summary>
    public static void Forward(float* x, nint strideX, float* gain, float* y, nint strideY, float* inverseRms, int rows, int width, float epsilon) =>
        Reference.Forward(x, strideX, gain, y, strideY, inverseRms, rows, width, epsilon);

    /// <summary>
    /// From the gradient <paramref name="dy"/> of y: dx += (or =, without <paramref name="accumulate"/>; then dx may be dy) r * gain * dy - x * r^3 * mean(gain * dy * x),
    /// and dGain += r * dy * x, with r the saved <paramref name="inverseRms"/> and x the input of the forward pass.
    /// </summary>
    public static void Backward(
        float* x, nint strideX, float* gain, float* inverseRms, float* dy, nint strideDy, float* dx, nint strideDx, float* dGain, int rows, int width, bool accumulate = true) =>
        Reference.Backward(x, strideX, gain, inverseRms, dy, strideDy, dx, strideDx, dGain, rows, width, accumulate);
}
