using System;
using TreeRl.Numerics;

namespace TreeRl.Policies.Cpu;

internal sealed unsafe partial class ChunkPass
{
    /// <summary>
    /// Final norm, head and distribution of the rows that predict something. Logits exist for a block of rows at a time; small vocabularies
    /// keep the whole chunk's for the backward pass. The measure is the decoder's own, so that a token's log-probability is the one it was sampled with.
    /// </summary>
    private void ForwardHead()
    {
        int width = layout.Width;
        for (int p = 0; p < predictors.Count; p++) VectorMath.Copy(b.Final + (long)predictors.Row[p] * width, b.HeadInput + (long)p * width, width);
        RmsNorm.Forward(
            b.HeadInput, width, weights.Arena + layout.FinalNorm, b.HeadNormed, width, b.HeadInverse, predictors.Count, layout.Config.Width, (float)layout.Config.NormEpsilon);
        for (int first = 0; first < predictors.Count; first += b.LogitRows)
        {
            int end = Math.Min(predictors.Count, first + b.LogitRows);
            BlockLogits(first, end);
            for (int p = first; p < end; p++)
            {
                float* logits = b.Logits + (long)(p - first) * layout.Vocab;
                var measure = LogitMeasure.Of(new ReadOnlySpan<float>(logits, layout.Config.VocabSize));
                b.RowLogSumExp[p] = (float)(measure.Max + measure.LogSum);
                b.RowEntropy[p] = (float)measure.Entropy;
                for (int i = predictors.First[p]; i < predictors.First[p + 1]; i++)
                {
                    int target = predictors.Target[i], token = batch.TargetToken[firstTarget + target];
                    b.SortedTokens[i] = token;
                    b.LogProb[target] = measure.LogProb(logits[token]);
                    b.Entropy[target] = b.RowEntropy[p];
                }
            }
        }
    }

    private void BlockLogits(int first, int end) =>
        MatMul.Multiply(level, end - first, b.HeadNormed + (long)first * layout.Width, layout.Width, weights.Head, b.Logits, layout.Vocab);

    /// <summary>From the targets' derivatives: the gradient of the head, of the final norm, and of the residual stream below it.</summary>
    private void BackwardHead(float* gradient, bool usesEntropy)
    {
        int width = layout.Width;
        for (int first = 0; first < predictors.Count; first += b.LogitRows)
        {
            int end = Math.Min(predictors.Count, first + b.LogitRows);
            if (!keepsLogits) BlockLogits(first, end);
            for (int p = first; p < end; p++)
            {
                float* logits = b.Logits + (long)(p - first) * layout.Vocab;
                int from = predictors.First[p], count = predictors.First[p + 1] - from;
                float entropyGradient = 0;
                for (int i = from; i < from + count; i++)
                {
                    b.SortedGradient[i] = b.LogProbGradient[predictors.Target[i]];
                    if (usesEntropy) entropyGradient += b.EntropyGradient[predictors.Target[i]];
                }
                LogSoftmax.Gradient(
                    logits, layout.Config.VocabSize, b.RowLogSumExp[p], b.RowEntropy[p], b.SortedTokens + from, b.SortedGradient + from, count, entropyGradient, logits);
            }
            MatMul.Multiply(level, end - first, b.Logits, layout.Vocab, weights.HeadBackward!, b.NormedGradient + (long)first * width, width);
            AddMatrixGradient(
                4 * layout.Config.Layers, end - first, layout.Config.VocabSize, layout.Config.Width, b.Logits, layout.Vocab, b.HeadNormed + (long)first * width, width, gradient, layout.Head);
        }
        RmsNorm.Backward(
            b.HeadInput, width, weights.Arena + layout.FinalNorm, b.HeadInverse, b.NormedGradient, width, b.NormedGradient, width, Gain(gradient, layout.FinalNorm),
            predictors.Count, layout.Config.Width, accumulate: false);
        VectorMath.Clear(b.ResidualGradient, (long)rows * width);
        for (int p = 0; p < predictors.Count; p++) VectorMath.Copy(b.NormedGradient + (long)p * width, b.ResidualGradient + (long)predictors.Row[p] * width, width);
    }

    /// <summary>gradient [outputs, inputs'] += transpose(dy) x, in stretches of outputs so that the kernel's scratch stays small.</summary>
    private void AddWeightGradient(int m, int outputs, int inputs, float* dy, nint strideDy, float* x, nint strideX, float* gradient)
    {
        int stride = Simd.Pad(inputs);
        for (int first = 0; first < outputs; first += b.TransposedLimit)
        {
            int count = Math.Min(b.TransposedLimit, outputs - first);
            MatMul.MultiplyTransposedA(level, m, count, inputs, dy + first, strideDy, x, strideX, gradient + (long)first * stride, stride, b.Scratch);
        }
    }
}
