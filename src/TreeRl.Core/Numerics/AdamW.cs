namespace TreeRl.Numerics;

/// <summary>The numbers of one AdamW step.</summary>
/// <param name="LearningRate">Step size.</param>
/// <param name="Beta1">Decay of the first moment.</param>
/// <param name="Beta2">Decay of the second moment.</param>
/// <param name="Epsilon">Added to the root of the corrected second moment.</param>
/// <param name="WeightDecay">Decoupled decay, multiplied by the learning rate.</param>
/// <param name="Step">Number of this step, from 1: the bias corrections are 1 - beta^Step.</param>
internal readonly record struct AdamWSettings(double LearningRate, double Beta1, double Beta2, double Epsilon, double WeightDecay, long Step);

/// <summary>
/// AdamW (1711.05101) fused over a range of parameters. The gradient is the sum of several lanes, each filled by one part of the batch, in the order of the lanes,
/// so that the sum does not depend on which thread filled which.
/// </summary>
internal static unsafe partial class AdamW
{
    /// <summary>Moments smaller than this become 0: arithmetic on denormals is a hundred times slower, and such a moment moves nothing.</summary>
    public const float Flush = 1e-30f;

    /// <summary>
    /// For elements [<paramref name="first"/>, <paramref name="end"/>): g = scale * sum of lanes; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
    /// w = w (1 - lr * decay) - lr * m^ / (sqrt(v^) + epsilon), where m^ and v^ are corrected for their start at zero. The lanes are set to 0.
    /// </summary>
    /// <param name="weights">w.</param>
    /// <param name="lanes">Pointers to the gradient lanes.</param>
    /// <param name="laneCount">Number of lanes, at least 1.</param>
    /// <param name="firstMoment">m.</param>
    /// <param name="secondMoment">v.</param>
    /// <param name="first">First element.</param>
    /// <param name="end">Element after the last.</param>
    /// <param name="gradientScale">Factor that clips the gradient's norm; 1 for none.</param>
    /// <param name="settings">Numbers of the step.</param>
    /// <param name="decays">Whether these elements decay (matrices do, gains and biases do not).</param>
    public static void Step(
        float* weights, float** lanes, int laneCount, float* firstMoment, float* secondMoment, long first, long end, double gradientScale, AdamWSettings settings, bool decays) =>
        Reference.Step(weights, lanes, laneCount, firstMoment, secondMoment, first, end, gradientScale, settings, decays);

    /// <summary>
    /// Sum of squares of the summed lanes over [<paramref name="first"/>, <paramref name="end"/>), in double. The order depends on the range only: call it over ranges that do not depend
    /// on the number of threads and add the results in order.
    /// </summary>
    public static double SumOfSquares(float** lanes, int laneCount, long first, long end) => Reference.SumOfSquares(lanes, laneCount, first, end);
}
