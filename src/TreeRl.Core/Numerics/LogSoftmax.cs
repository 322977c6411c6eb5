namespace TreeRl.Numerics;

/// <summary>
/// The head's distribution over a vocabulary of V tokens, from a row of logits z padded to 16: with L = ln sum e^z and p = e^(z - L), the log-probability of
/// token t is z_t - L and the entropy is H = L - sum p z, in nats.
/// </summary>
internal static unsafe partial class LogSoftmax
{
    /// <summary>
    /// The largest logit, L and H of the first <paramref name="vocabulary"/> logits. Sums are kept in double over blocks of fixed size. Logits of -infinity are tokens of
    /// probability 0; NaN, +infinity or nothing but -infinity give NaN.
    /// </summary>
    public static void Stats(float* logits, int vocabulary, out float max, out float logSumExp, out float entropy) =>
        Reference.Stats(logits, vocabulary, out max, out logSumExp, out entropy);

    /// <summary>
    /// The gradient of a loss by the logits of one row, when the loss takes <paramref name="count"/> log-probabilities from it (a branch row predicts several
    /// tokens, perhaps one twice) and the entropy:
    /// dLogits[j] = sum over i of dLogProb[i] * ([j = target[i]] - p_j) - dEntropy * p_j * (ln p_j + H). Pad elements become 0.
    /// </summary>
    /// <param name="logits">The row.</param>
    /// <param name="vocabulary">V.</param>
    /// <param name="logSumExp">L, from <see cref="Stats"/>.</param>
    /// <param name="entropy">H, from <see cref="Stats"/>.</param>
    /// <param name="targets">Token ids, each below V.</param>
    /// <param name="dLogProb">Derivative of the loss by each target's log-probability.</param>
    /// <param name="count">Number of targets.</param>
    /// <param name="dEntropy">Derivative of the loss by H.</param>
    /// <param name="dLogits">Overwritten to the padded width; may be <paramref name="logits"/>.</param>
    public static void Gradient(
        float* logits, int vocabulary, float logSumExp, float entropy, int* targets, float* dLogProb, int count, float dEntropy, float* dLogits) =>
        Reference.Gradient(logits, vocabulary, logSumExp, entropy, targets, dLogProb, count, dEntropy, dLogits);
}
