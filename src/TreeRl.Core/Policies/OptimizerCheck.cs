using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Models;

namespace TreeRl.Policies;

/// <summary>What every engine checks before it trains.</summary>
internal static class OptimizerCheck
{
    /// <summary>Checks that a policy may be trained.</summary>
    /// <exception cref="InvalidOperationException">It is a frozen copy.</exception>
    public static void Trainable(bool frozen)
    {
        if (frozen) throw new InvalidOperationException("this policy is a frozen copy: it can be scored and sampled, not trained; train the policy it was cloned from, or make one from its exported weights");
    }

    /// <summary>Checks that the weights have a gradient of their own.</summary>
    /// <exception cref="InvalidOperationException">An adapter is trained in their place.</exception>
    public static void WholeWeights(bool hasAdapter)
    {
        if (hasAdapter)
            throw new InvalidOperationException("this policy trains an adapter, so its weights have no gradient: take the gradient of a policy without one (LoraMerge.Merged)");
    }

    /// <summary>Checks the settings of one step.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value breaks its rule; the message names it.</exception>
    public static void Settings(OptimizerSettings settings, double learningRate)
    {
        ArgumentNullException.ThrowIfNull(settings);
        Guard.InRange(double.IsFinite(learningRate) && learningRate >= 0, learningRate, "must be finite and not negative");
        Guard.InRange(settings.Beta1 is >= 0 and < 1, settings.Beta1, "must lie in [0, 1)");
        Guard.InRange(settings.Beta2 is >= 0 and < 1, settings.Beta2, "must lie in [0, 1)");
        Guard.InRange(settings.Epsilon is > 0 and < 1, settings.Epsilon, "must lie between 0 and 1");
        Guard.InRange(double.IsFinite(settings.WeightDecay) && settings.WeightDecay >= 0, settings.WeightDecay, "must be finite and not negative");
        Guard.InRange(settings.MaxGradientNorm > 0, settings.MaxGradientNorm, "must be above 0; infinity switches clipping off");
    }

    /// <summary>Checks that a state has every tensor that is trained, in its shape.</summary>
    /// <exception cref="ArgumentException">A tensor is missing or has another shape, or the step is negative.</exception>
    public static void State(OptimizerState state, IEnumerable<(string Name, int[] Shape)> trained)
    {
        ArgumentNullException.ThrowIfNull(state);
        Guard.InRange(state.Step >= 0, state.Step, "must not be negative");
        foreach (var (name, shape) in trained)
        {
            Moment(state.FirstMoment, nameof(state.FirstMoment), name, shape);
            Moment(state.SecondMoment, nameof(state.SecondMoment), name, shape);
        }
    }

    private static void Moment(ITensorSet moments, string of, string name, int[] expected)
    {
        Guard.That(moments.Names.Contains(name), $"tensor '{name}' is missing from {of}: the state belongs to another architecture", of);
        int[] shape = moments[name].Shape;
        Guard.That(shape.AsSpan().SequenceEqual(expected), $"tensor '{name}' of {of} has shape [{string.Join(", ", shape)}]: the policy's is [{string.Join(", ", expected)}]", of);
    }
}
