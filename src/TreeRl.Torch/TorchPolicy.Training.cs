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
        MakeGradient();
        var total = default(LossReport);
        try
        {
            for (int first = 0, end; first < batch.GroupCount; first = end)
            {
                end = batch.StretchEnd(first, model.Options.TokenBudget);
                Accumulate(batch, objective, first, end, ref total);
            }
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
        MakeGradient();
        MakeMoments();
        double[] squares = Each(i => gradient[i].to(ScalarType.Float64).square().sum());
        RequireFinite(squares, name => $"gradient of {name}");
        double norm = Math.Sqrt(squares.Sum());
        bool clipped = norm > settings.MaxGradientNorm;
        double scale = clipped ? settings.MaxGradientNorm / norm : 1;

        // The update is computed twice, which costs less memory than to keep it: first without writing, to see that all of it is finite.
        (Tensor Weight, Tensor First, Tensor Second) Update(int i) =>
            AdamW(settings, learningRate, scale, parameters.Trained[i], gradient[i], firstMoment[i], secondMoment[i], parameters.Places[i].Shape.Length == 2);

        double[] zeros = Each(i => // a sum of zeros is 0, one with an infinity or NaN times 0 is NaN
        {
            var made = Update(i);
            return ((made.Weight * 0).sum() + (made.First * 0).sum() + (made.Second * 0).sum()).to(ScalarType.Float64);
        });
        RequireFinite(zeros, name => $"a new weight or moment of {name} (learning rate {learningRate.ToString(CultureInfo.InvariantCulture)})");
        for (int i = 0; i < gradient.Length; i++)
        {
            using var scope = NewDisposeScope();
            var made = Update(i);
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
        OptimizerCheck.WholeWeights(parameters.HasAdapter);
        MakeGradient();
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
        OptimizerCheck.State(state, parameters.Places);
        foreach (var tensor in firstMoment.Concat(secondMoment)) tensor.Dispose();
        firstMoment = parameters.Upload(state.FirstMoment);
        secondMoment = parameters.Upload(state.SecondMoment);
        step = state.Step;
    }

    private void Accumulate(PackedBatch batch, IObjective objective, int first, int end, ref LossReport total)
    {
        using var scope = NewDisposeScope();
        var layout = RowLayout.Of(batch, first, end);
        var rows = new TreeRows(model, layout);
        var tape = pass.Record(rows);
        using var stream = tape[^1].Output.detach();
        int from = batch.GroupFirstTarget[first], count = head.Select(batch, first, end);
        float[] logProb = new float[count], entropy = new float[count], dLogProb = new float[count], dEntropy = new float[objective.UsesEntropy ? count : 0];
        head.Score(stream, logProb, entropy);
        for (int g = first; g < end; g++)
        {
            var targets = (batch.GroupFirstTarget[g] - from)..(batch.GroupFirstTarget[g + 1] - from);
            total = total.Plus(GroupObjective.Evaluate(
                batch, g, objective, logProb.AsSpan(targets), entropy.AsSpan(targets), dLogProb.AsSpan(targets), objective.UsesEntropy ? dEntropy.AsSpan(targets) : []));
        }
        pass.Backward(rows, layout.Token.ToArray(), tape, head.Backward(stream, dLogProb, dEntropy, gradient), gradient);
    }

    /// <summary>One step of AdamW as the embedded engine takes it, in single precision: the new weight and moments of a tensor. Nothing is changed.</summary>
    private (Tensor Weight, Tensor First, Tensor Second) AdamW(
        OptimizerSettings settings, double learningRate, double scale, Tensor weight, Tensor gradient, Tensor first, Tensor second, bool decays)
    {
        double correct1 = 1 - Math.Pow(settings.Beta1, step + 1), correct2 = 1 - Math.Pow(settings.Beta2, step + 1);
        var g = gradient * scale;
        var m = first * settings.Beta1 + g * (1 - settings.Beta1);
        var v = second * settings.Beta2 + g.square() * (1 - settings.Beta2);
        double keep = decays ? 1 - learningRate * settings.WeightDecay : 1;
        return (weight * keep - m / correct1 / ((v / correct2).sqrt() + settings.Epsilon) * learningRate, m, v);
    }

    /// <summary>A number, in double, for each tensor that is trained, brought to the host at once.</summary>
    private double[] Each(Func<int, Tensor> of)
    {
        using var scope = NewDisposeScope();
        var parts = new List<Tensor>();
        for (int i = 0; i < gradient.Length; i++)
        {
            using var inner = NewDisposeScope();
            parts.Add(of(i).MoveToOuterDisposeScope());
        }
        return MemoryMarshal.Cast<byte, double>(stack(parts).cpu().bytes).ToArray();
    }

    private void RequireFinite(double[] values, Func<string, string> what)
    {
        int at = Array.FindIndex(values, value => !double.IsFinite(value));
        if (at < 0) return;
        ClearGradient();
        throw new NonFiniteException(what(parameters.Places[at].Name), values[at]);
    }

    private void ClearGradient()
    {
        using var quiet = no_grad();
        using var scope = NewDisposeScope(); // calls in place give handles too
        foreach (var tensor in gradient) tensor.zero_();
    }

    private void MakeGradient()
    {
        if (gradient.Length == 0) gradient = parameters.Zeros();
    }

    private void MakeMoments()
    {
        if (firstMoment.Length == 0) (firstMoment, secondMoment) = (parameters.Zeros(), parameters.Zeros());
    }

    private void CheckTrainable()
    {
        CheckAlive();
        OptimizerCheck.Trainable(frozen);
    }
}
