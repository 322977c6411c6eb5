using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using TorchSharp;
using TreeRl.Models;
using TreeRl.Policies;
using static TorchSharp.torch;

namespace TreeRl.Torch;

/// <summary>
/// Final norm, head and distribution of the rows that predict something, a block of rows at a time, so that the logits of a long batch never exist at once. The
/// backward pass computes each block again.
/// </summary>
internal sealed class Head(Transformer model, Parameters parameters)
{
    /// <summary>What logits [n, V] say as distributions, [n, 3] in double: the largest logit, ln of the sum of exp(logit - largest), entropy.</summary>
    public static Tensor Measure(Tensor logits)
    {
        using var scope = NewDisposeScope();
        var largest = logits.amax([1], keepdim: true);
        var x = logits - largest;
        var e = x.exp();
        var sum = e.sum(1, type: ScalarType.Float64);
        var logSum = sum.log();
        // Floored where exp is 0, which changes nothing but keeps 0 * -infinity from being NaN.
        var entropy = (logSum - (e * x.clamp_min(-104)).sum(1, type: ScalarType.Float64) / sum).clamp_min(0);
        return stack([largest.squeeze(1).to(ScalarType.Float64), logSum, entropy], 1).MoveToOuterDisposeScope();
    }

    /// <summary>Logits [n, V] of rows [n, D] that passed all layers, as inference reads the weights.</summary>
    public Tensor Logits(Tensor rows) => model.Logits(rows, parameters[TensorNames.FinalNorm], parameters.Find(TensorNames.Head, training: false)!);

    /// <summary>Log-probability and entropy of each target of some predicting rows, in target order.</summary>
    public void Score(Tensor stream, PredictorIndex predictors, Span<float> logProb, Span<float> entropy)
    {
        if (predictors.Count == 0) return;
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        var parts = new List<Tensor>();
        foreach (var (first, end) in predictors.Blocks(model.LogitRows))
        {
            using var inner = NewDisposeScope();
            var logits = Logits(stream.index_select(0, model.Longs(predictors.Row.AsSpan(first, end - first))));
            var places = Longs(LogitWeights.Places(predictors, model.Config.VocabSize, first, end));
            var measured = Measure(logits).index_select(0, places.div(model.Config.VocabSize, RoundingMode.floor));
            var chosen = logits.view(-1).index_select(0, places).to(ScalarType.Float64) - measured.select(1, 0) - measured.select(1, 1);
            parts.Add(stack([chosen, measured.select(1, 2)], 1).to(ScalarType.Float32).MoveToOuterDisposeScope());
        }
        var host = MemoryMarshal.Cast<byte, float>(cat(parts, 0).cpu().contiguous().bytes);
        for (int i = 0; i < predictors.Token.Length; i++) (logProb[predictors.Target[i]], entropy[predictors.Target[i]]) = (host[2 * i], host[2 * i + 1]);
    }

    /// <summary>Backward from the objective's derivatives: adds the gradients of head and final norm, and gives that of the residual stream [R, D].</summary>
    public Tensor Backward(Tensor stream, PredictorIndex predictors, ReadOnlySpan<float> dLogProb, ReadOnlySpan<float> dEntropy, Tensor[] into)
    {
        var gradient = zeros_like(stream);
        foreach (var (first, end) in predictors.Blocks(model.LogitRows))
        {
            using var scope = NewDisposeScope();
            var weights = LogitWeights.Of(predictors, model.Config.VocabSize, first, end, dLogProb, dEntropy);
            var rows = model.Longs(predictors.Row.AsSpan(first, end - first));
            var leaf = stream.index_select(0, rows).requires_grad_();
            Tensor loss;
            using (enable_grad())
            {
                var logits = model.Logits(leaf, parameters[TensorNames.FinalNorm], parameters.Find(TensorNames.Head, training: true)!);
                var logSum = logits.logsumexp(1);
                loss = (logits.view(-1).index_select(0, Longs(weights.Place)) * Floats(weights.Weight)).sum() - (logSum * Floats(weights.Row)).sum();
                if (!dEntropy.IsEmpty) loss += ((logSum - (logits.softmax(1) * logits).sum(1)) * Floats(weights.Entropy)).sum();
            }
            gradient.index_copy_(0, rows, parameters.AddGradients(loss, null, leaf, into, TensorNames.FinalNorm, TensorNames.Head));
        }
        return gradient;
    }

    private Tensor Floats(float[] values) => tensor(values, ScalarType.Float32, model.Device);

    private Tensor Longs(long[] values) => tensor(values, ScalarType.Int64, model.Device);
}
