namespace TreeRl.Numerics;

/// <summary>Rows of attention probabilities over the first n of a padded row; the padding counts as masked out.</summary>
internal static unsafe partial class Softmax
{
    /// <summary>
    /// In place: row[j] = exp(scale * row[j] - max) for j &lt; <paramref name="n"/>, 0 for n &lt;= j &lt; <paramref name="padded"/>. Returns the sum, by which the caller
    /// divides what it makes of the row; log-sum-exp is max + ln(sum). <paramref name="max"/> is the largest scaled score. An n of 0 gives sum 0 and max -infinity;
    /// a score of -infinity counts as masked, and a row of nothing else gives NaN.
    /// </summary>
    /// <param name="row">Scores; <paramref name="padded"/> floats, a multiple of 16.</param>
    /// <param name="n">Scores that count.</param>
    /// <param name="padded">Floats to write.</param>
    /// <param name="scale">Positive factor of the scores.</param>
    /// <param name="max">Largest scale * score.</param>
    public static float Forward(float* row, int n, int padded, float scale, out float max) => Reference.Forward(row, n, padded, scale, out max);

    /// <summary>
    /// The backward row: from raw scores and the gradient of the probabilities makes, both in place, p[j] = exp(scale * scores[j] - logSumExp) in
    /// <paramref name="scores"/> and dScore[j] = p[j] * (dProbability[j] - correction) * scale in <paramref name="dProbability"/>, and zeros from <paramref name="n"/> to
    /// <paramref name="padded"/>. <paramref name="correction"/> is sum of p * dProbability, which is the dot product of the row's attention output and its gradient.
    /// </summary>
    public static void Backward(float* scores, float* dProbability, int n, int padded, float scale, float logSumExp, float correction) =>
        Reference.Backward(scores, dProbability, n, padded, scale, logSumExp, correction);
}
