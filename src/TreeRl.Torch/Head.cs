using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using TorchSharp;
using TreeRl.Policies;
using TreeRl.Policies.Cpu;
using static TorchSharp.torch;

namespace TreeRl.Torch;

/// <summary>
/// Final norm, head and distribution of the rows that predict something, a block of rows at a time, so that the logits of a long batch never exist at once. The
/// backward pass computes each block again.
/// </summary>
internal sealed class Head(Transformer model, Parameters parameters)
{
    private readonly PredictorIndex predictors = new();
    private int firstTarget;

    /// <summary>Chooses the targets of groups [<paramref name="firstGroup"/>, <paramref name="endGroup"/>).</summary>
    public void Select(PackedBatch batch, int firstGroup, int endGroup)
    {
        int row = batch.GroupFirstRow(firstGroup), endRow = batch.GroupFirstRow(endGroup);
        firstTarget = batch.GroupFirstTarget[firstGroup];
        int endTarget = batch.GroupFirstTarget[endGroup];
        predictors.Reserve(endRow - row, endTarget - firstTarget);
        predictors.Build(batch, row, endRow, firstTarget, endTarget);
    }

    /// <summary>What rows of logits [n, V] say as distributions: the largest logit, ln of the sum of exp(logit - largest), and the entropy, each [n], in double.</summary>
    public static (Tensor Largest, Tensor LogSum, Tensor Entropy) Measure(Tensor logits)
    {
        using var scope = NewDisposeScope();
        var largest = logits.amax([1], keepdim: true);
        var x = logits - largest;
        var e = x.exp();
        var sum = e.sum(1, type: ScalarType.Float64);
        var logSum = sum.log();
        // Floored where exp is 0, which changes nothing but keeps 0 * -infinity from being NaN.
        var entropy = (logSum - (e * x.clamp_min(-104)).sum(1, type: ScalarType.Float64) / sum).clamp_min(0);
        return (largest.squeeze(1).to(ScalarType.Float64).MoveToOuterDisposeScope(), logSum.MoveToOuterDisposeScope(), entropy.MoveToOuterDisposeScope());
    }

    /// <summary>Log-probability and entropy of each selected target, in target order.</summary>
    public void Score(PackedBatch batch, Tensor stream, Span<float> logProb, Span<float> entropy)
    {
        if (predictors.Count == 0) return;
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        var parts = new List<Tensor>();
        foreach (var (first, end) in Blocks())
        {
            using var inner = NewDisposeScope();
            var logits = model.Logits(stream.index_select(0, Rows(first, end)), parameters[Parameters.FinalNorm], parameters.Frozen(Parameters.Head));
            var (largest, logSum, blockEntropy) = Measure(logits);
            int from = predictors.First[first], count = predictors.First[end] - from;
            var flat = new long[count];
            var of = new int[count];
            for (int p = first; p < end; p++)
            {
                for (int i = predictors.First[p]; i < predictors.First[p + 1]; i++)
                {
                    of[i - from] = p - first;
                    flat[i - from] = (long)(p - first) * model.Config.VocabSize + batch.TargetToken[firstTarget + predictors.Target[i]];
                }
            }
            var index = model.Longs(of);
            var chosen = logits.view(-1).index_select(0, tensor(flat, ScalarType.Int64, model.Device)).to(ScalarType.Float64);
            parts.Add(stack([chosen - (largest + logSum).index_select(0, index), blockEntropy.index_select(0, index)], 1).to(ScalarType.Float32).MoveToOuterDisposeScope());
        }
        var host = MemoryMarshal.Cast<byte, float>(cat(parts, 0).cpu().contiguous().bytes);
        for (int i = 0; i < predictors.First[predictors.Count]; i++)
        {
            logProb[predictors.Target[i]] = host[2 * i];
            entropy[predictors.Target[i]] = host[2 * i + 1];
        }
    }

    /// <summary>
    /// Backward from the objective's derivatives: adds the gradients of head and final norm, and gives that of the residual stream [R, D]. Autograd differentiates
    /// <c>sum w logit - sum W ln Z + sum E entropy</c>, where w is the derivative by log-probability summed over equal targets of a row, W its sum over the row and
    /// E that by entropy: the derivative of the loss by the logits, with every index at most once.
    /// </summary>
    public Tensor Backward(PackedBatch batch, Tensor stream, ReadOnlySpan<float> dLogProb, ReadOnlySpan<float> dEntropy, Tensor[] into)
    {
        var gradient = zeros_like(stream);
        int[] own = [.. parameters.TrainedOf(Parameters.FinalNorm), .. parameters.TrainedOf(Parameters.Head)];
        foreach (var (first, end) in Blocks())
        {
            using var scope = NewDisposeScope();
            var pairs = new SortedDictionary<long, double>();
            double[] rowWeight = new double[end - first], rowEntropy = new double[end - first];
            for (int p = first; p < end; p++)
            {
                for (int i = predictors.First[p]; i < predictors.First[p + 1]; i++)
                {
                    int target = predictors.Target[i];
                    long flat = (long)(p - first) * model.Config.VocabSize + batch.TargetToken[firstTarget + target];
                    pairs[flat] = pairs.GetValueOrDefault(flat) + dLogProb[target];
                    rowWeight[p - first] += dLogProb[target];
                    if (!dEntropy.IsEmpty) rowEntropy[p - first] += dEntropy[target];
                }
            }
            var rows = Rows(first, end);
            var leaf = stream.index_select(0, rows).requires_grad_();
            Tensor loss;
            using (enable_grad())
            {
                var logits = model.Logits(leaf, parameters[Parameters.FinalNorm], parameters.Effective(Parameters.Head));
                var logSum = logits.logsumexp(1);
                var chosen = logits.view(-1).index_select(0, tensor(pairs.Keys.ToArray(), ScalarType.Int64, model.Device));
                loss = (chosen * Floats([.. pairs.Values])).sum() - (logSum * Floats(rowWeight)).sum();
                if (!dEntropy.IsEmpty) loss += ((logSum - (logits.softmax(1) * logits).sum(1)) * Floats(rowEntropy)).sum();
            }
            var found = autograd.grad([loss], [leaf, .. own.Select(i => parameters.Trained[i])]);
            using var quiet = no_grad();
            gradient.index_copy_(0, rows, found[0]);
            for (int i = 0; i < own.Length; i++) into[own[i]].add_(found[i + 1]);
        }
        return gradient;
    }

    private Tensor Floats(double[] values) => tensor(values, ScalarType.Float32, model.Device);

    private Tensor Rows(int first, int end) => model.Longs(predictors.Row.AsSpan(first, end - first));

    private IEnumerable<(int First, int End)> Blocks()
    {
        for (int first = 0; first < predictors.Count; first += model.LogitRows) yield return (first, Math.Min(predictors.Count, first + model.LogitRows));
    }
}
