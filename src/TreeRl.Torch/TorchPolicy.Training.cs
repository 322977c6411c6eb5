using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Runtime.InteropServices;
using TorchSharp;
using TreeRl.Models;
using TreeRl.Policies;
using static TorchSharp.torch;

namespace TreeRl.Torch;

public sealed partial class TorchPolicy
{
    private Tensor[] gradient = [], firstMoment = [], secondMoment = [];
    private long step;

    /// <inheritdoc/>
    public LossReport Accumulate(PackedBatch batch, IObjective objective)
    {
        CheckTrainable();
        check.Check(batch, Config);
        ArgumentNullException.ThrowIfNull(objective);
        if (gradient.Length == 0) gradient = parameters.Zeros();
        var total = default(LossReport);
        try
        {
            foreach (var (first, end) in TreeRows.Split(batch, model.Options.TokenBudget)) Accumulate(batch, objective, first, end, ref total);
        }
        catch
        {
            ClearGradient();
            throw;
        }
        return total;
    }

    /// <inheritdoc/>
    public UpdateReport Apply(OptimizerSettings settings, double learningRate)
    {
        CheckTrainable();
        OptimizerCheck.Settings(settings, learningRate);
        using var quiet = no_grad();
        if (gradient.Length == 0) gradient = parameters.Zeros();
        MakeMoments();
        double[] squares = Sums(tensor => tensor.to(ScalarType.Float64).square().sum());
        StopAtNonFinite(squares);
        double norm = Math.Sqrt(squares.Sum());
        bool clipped = norm > settings.MaxGradientNorm;
        var update = new AdamUpdate(settings, learningRate, clipped ? settings.MaxGradientNorm / norm : 1, step + 1);
        TryUpdate(update);
        for (int i = 0; i < gradient.Length; i++)
        {
            using var scope = NewDisposeScope();
            var made = update.Of(parameters.Trained[i], gradient[i], firstMoment[i], secondMoment[i], parameters.Shapes[i].Length == 2);
            parameters.Trained[i].copy_(made.Weight);
            firstMoment[i].copy_(made.First);
            secondMoment[i].copy_(made.Second);
        }
        step++;
        ClearGradient();
        parameters.Changed();
        return new UpdateReport(norm, clipped, step);
    }

    /// <inheritdoc/>
    public ModelWeights TakeGradient()
    {
        CheckTrainable();
        if (parameters.HasAdapter)
            throw new InvalidOperationException("this policy trains an adapter, so its weights have no gradient: take the gradient of a policy without one (LoraMerge.Merged)");
        if (gradient.Length == 0) gradient = parameters.Zeros();
        var taken = (ModelWeights)parameters.Download(gradient);
        ClearGradient();
        return taken;
    }

    /// <inheritdoc/>
    public OptimizerState ExportOptimizer()
    {
        CheckTrainable();
        MakeMoments();
        return new OptimizerState(step, parameters.Download(firstMoment), parameters.Download(secondMoment));
    }

    /// <inheritdoc/>
    public void ImportOptimizer(OptimizerState state)
    {
        CheckTrainable();
        OptimizerCheck.State(state, parameters.Names.Zip(parameters.Shapes));
        foreach (var tensor in firstMoment.Concat(secondMoment)) tensor.Dispose();
        firstMoment = parameters.Upload(state.FirstMoment);
        secondMoment = parameters.Upload(state.SecondMoment);
        step = state.Step;
    }

    private void Accumulate(PackedBatch batch, IObjective objective, int first, int end, ref LossReport total)
    {
        using var scope = NewDisposeScope();
        var rows = new TreeRows(model, batch, first, end);
        var tape = pass.Record(rows);
        using var stream = tape[^1].Output.detach();
        head.Select(batch, first, end);
        int from = batch.GroupFirstTarget[first], count = batch.GroupFirstTarget[end] - from;
        float[] logProb = new float[count], entropy = new float[count], dLogProb = new float[count], dEntropy = new float[objective.UsesEntropy ? count : 0];
        head.Score(batch, stream, logProb, entropy);
        for (int g = first; g < end; g++)
        {
            int at = batch.GroupFirstTarget[g] - from, targets = batch.GroupFirstTarget[g + 1] - batch.GroupFirstTarget[g];
            total = total.Plus(GroupObjective.Evaluate(
                batch, g, objective, logProb.AsSpan(at, targets), entropy.AsSpan(at, targets), dLogProb.AsSpan(at, targets), objective.UsesEntropy ? dEntropy.AsSpan(at, targets) : []));
        }
        pass.Backward(rows, tape, head.Backward(batch, stream, dLogProb, dEntropy, gradient), gradient);
    }

    /// <summary>Computes the update without writing it, and stops at the first weight or moment that is not finite.</summary>
    private void TryUpdate(AdamUpdate update)
    {
        using var scope = NewDisposeScope();
        var flags = new List<Tensor>();
        for (int i = 0; i < gradient.Length; i++)
        {
            using var inner = NewDisposeScope();
            var made = update.Of(parameters.Trained[i], gradient[i], firstMoment[i], secondMoment[i], parameters.Shapes[i].Length == 2);
            // A sum of zeros is 0, one with an infinity or NaN times 0 is NaN.
            flags.Add(((made.Weight * 0).sum() + (made.First * 0).sum() + (made.Second * 0).sum()).MoveToOuterDisposeScope());
        }
        var sums = MemoryMarshal.Cast<byte, float>(stack(flags).cpu().bytes);
        for (int i = 0; i < sums.Length; i++)
        {
            if (sums[i] == 0) continue;
            ClearGradient();
            throw new NonFiniteException($"a new weight or moment of {parameters.Names[i]} (learning rate {update.LearningRate.ToString(CultureInfo.InvariantCulture)})", sums[i]);
        }
    }

    private void StopAtNonFinite(double[] squares)
    {
        for (int i = 0; i < squares.Length; i++)
        {
            if (double.IsFinite(squares[i])) continue;
            ClearGradient();
            throw new NonFiniteException($"gradient of {parameters.Names[i]}", squares[i]);
        }
    }

    /// <summary>A number for each gradient tensor, brought to the host at once.</summary>
    private double[] Sums(Func<Tensor, Tensor> of)
    {
        using var scope = NewDisposeScope();
        var parts = new List<Tensor>();
        foreach (var tensor in gradient)
        {
            using var inner = NewDisposeScope();
            parts.Add(of(tensor).MoveToOuterDisposeScope());
        }
        return MemoryMarshal.Cast<byte, double>(stack(parts).cpu().bytes).ToArray();
    }

    private void ClearGradient()
    {
        using var quiet = no_grad();
        using var scope = NewDisposeScope(); // calls in place give handles too
        foreach (var tensor in gradient) tensor.zero_();
    }

    private void MakeMoments()
    {
        if (firstMoment.Length > 0) return;
        firstMoment = parameters.Zeros();
        secondMoment = parameters.Zeros();
    }

    private void CheckTrainable()
    {
        CheckAlive();
        if (frozen) throw new InvalidOperationException("this policy is a frozen copy: it can be scored and sampled, not trained; train the policy it was cloned from, or make one from its exported weights");
    }
}

/// <summary>One step of AdamW as the embedded engine takes it, in single precision.</summary>
internal sealed class AdamUpdate(OptimizerSettings settings, double learningRate, double gradientScale, long step)
{
    public double LearningRate => learningRate;

    /// <summary>The new weight and moments of a tensor; nothing is changed.</summary>
    public (Tensor Weight, Tensor First, Tensor Second) Of(Tensor weight, Tensor gradient, Tensor first, Tensor second, bool decays)
    {
        double correct1 = 1 - Math.Pow(settings.Beta1, step), correct2 = 1 - Math.Pow(settings.Beta2, step);
        var g = gradient * gradientScale;
        var m = first * settings.Beta1 + g * (1 - settings.Beta1);
        var v = second * settings.Beta2 + g.square() * (1 - settings.Beta2);
        double keep = decays ? 1 - learningRate * settings.WeightDecay : 1;
        return (weight * keep - m / correct1 / ((v / correct2).sqrt() + settings.Epsilon) * learningRate, m, v);
    }
}
