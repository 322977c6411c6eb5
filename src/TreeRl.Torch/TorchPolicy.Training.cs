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

internal sealed partial class TorchPolicy
{
    private Tensor[] gradient = [], firstMoment = [], secondMoment = [];
    private long step;

    public LossReport Accumulate(PackedBatch batch, IObjective objective)
    {
        CheckTrainable();
        check.Check(batch, Config);
        ArgumentNullException.ThrowIfNull(objective);
        try
        {
            if (GroupParts.Of(batch, model.Options.SplitAbove) is not { } parts) return AccumulateStretches(batch, objective);
            var (report, derivatives) = parts.Evaluate(ScoreStretches, objective);
            AccumulateStretches(parts.Batch, derivatives);
            return report;
        }
        catch
        {
            ClearGradient();
            throw;
        }
    }

    public UpdateReport Apply(OptimizerSettings settings, double learningRate)
    {
        CheckTrainable();
        OptimizerCheck.Settings(settings, learningRate);
        using var quiet = no_grad();
        double[] squares = Each(i => gradient[i].to(ScalarType.Float64).square().sum());
        RequireFinite(squares, name => $"gradient of {name}");
        double norm = Math.Sqrt(squares.Sum());
        bool clipped = norm > settings.MaxGradientNorm;
        double scale = clipped ? settings.MaxGradientNorm / norm : 1;

        double correct1 = 1 - Math.Pow(settings.Beta1, step + 1), correct2 = 1 - Math.Pow(settings.Beta2, step + 1);
        (Tensor Weight, Tensor First, Tensor Second) Update(int i) // AdamW as the embedded engine takes it, in single precision
        {
            var g = gradient[i] * scale;
            var m = firstMoment[i] * settings.Beta1 + g * (1 - settings.Beta1);
            var v = secondMoment[i] * settings.Beta2 + g.square() * (1 - settings.Beta2);
            double keep = parameters.Places[i].Shape.Length == 2 ? 1 - learningRate * settings.WeightDecay : 1;
            return (parameters.Trained[i] * keep - m / correct1 / ((v / correct2).sqrt() + settings.Epsilon) * learningRate, m, v);
        }

        // Computed twice, which costs less memory than to keep it: first without writing, to see that all of it is finite.
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

    public ModelWeights TakeGradient()
    {
        CheckTrainable();
        OptimizerCheck.WholeWeights(parameters.HasAdapter);
        var taken = (ModelWeights)parameters.Download(gradient);
        ClearGradient();
        return taken;
    }

    public OptimizerState ExportOptimizer()
    {
        CheckTrainable();
        return new OptimizerState(step, parameters.Download(firstMoment), parameters.Download(secondMoment));
    }

    public void ImportOptimizer(OptimizerState state)
    {
        CheckTrainable();
        OptimizerCheck.State(state, parameters.Places);
        foreach (var tensor in firstMoment.Concat(secondMoment)) tensor.Dispose();
        firstMoment = parameters.Upload(state.FirstMoment);
        secondMoment = parameters.Upload(state.SecondMoment);
        step = state.Step;
    }

    private LossReport AccumulateStretches(PackedBatch batch, IObjective objective)
    {
        var total = default(LossReport);
        foreach (var (first, end) in batch.Stretches(model.Options.TokenBudget)) total = total.Plus(Accumulate(batch, objective, first, end));
        return total;
    }

    private LossReport Accumulate(PackedBatch batch, IObjective objective, int first, int end)
    {
        using var scope = NewDisposeScope();
        var layout = RowLayout.Of(batch, first, end);
        var rows = new TreeRows(model, layout);
        var tape = pass.Record(rows);
        using var stream = tape[^1].Output.detach();
        int count = predictors.Select(batch, first, end);
        float[] logProb = new float[count], entropy = new float[count], dLogProb = new float[count], dEntropy = new float[objective.UsesEntropy ? count : 0];
        head.Score(stream, predictors, logProb, entropy);
        var report = GroupObjective.EvaluateAll(batch, first, end, objective, logProb, entropy, dLogProb, dEntropy);
        pass.Backward(rows, layout.Token.ToArray(), tape, head.Backward(stream, predictors, dLogProb, dEntropy, gradient), gradient);
        return report;
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

    /// <summary>Makes gradient and moments at the first call that trains.</summary>
    private void CheckTrainable()
    {
        CheckAlive();
        OptimizerCheck.Trainable(frozen);
        if (gradient.Length == 0) (gradient, firstMoment, secondMoment) = (parameters.Zeros(), parameters.Zeros(), parameters.Zeros());
    }
}
