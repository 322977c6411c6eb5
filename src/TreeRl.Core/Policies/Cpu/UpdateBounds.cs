using System;
using TreeRl.Numerics;

namespace TreeRl.Policies.Cpu;

/// <summary>
/// Upper bounds of the magnitude of all weights W, first moments M and second moments V. An update with gradients up to G and rate
/// r = lr / (1 - beta1^step) takes them to at most
/// <code>
/// M' = max(M, G)     V' = max(V, G^2)     W' = W max(1, |1 - lr decay|) + r M' / epsilon
/// </code>
/// times a little for single precision's rounding. The bounds are loose - a usual step raises W' by a million - but numbers overflow at 3.4e38,
/// so that they spare a usual run every look at its updates, at the cost of a few multiplications a step.
/// </summary>
internal readonly record struct UpdateBounds(double Weight, double First, double Second)
{
    /// <summary>More than the rounding of the few single-precision operations behind each new number.</summary>
    private const double Rounding = 1 + 1e-5;

    /// <summary>Nothing is known, as after weights or moments came from outside.</summary>
    public static readonly UpdateBounds Unknown = new(double.PositiveInfinity, double.PositiveInfinity, double.PositiveInfinity);

    /// <summary>Whether no number within the bounds, and no step on the way to it, can have overflowed.</summary>
    public bool Safe => Weight < float.MaxValue / 4 && First < float.MaxValue / 4 && Second < float.MaxValue / 4;

    /// <summary>The bounds after an update; not <see cref="Safe"/> where nothing can be said.</summary>
    /// <param name="gradient">G: no element of the gradient, clipping applied, is larger.</param>
    /// <param name="settings">Numbers of the step.</param>
    public UpdateBounds After(double gradient, AdamWSettings settings)
    {
        double most = gradient * Rounding, first = Math.Max(First, most) * Rounding, second = Math.Max(Second, most * most) * Rounding;
        double rate = settings.LearningRate / (1 - Math.Pow(settings.Beta1, settings.Step));
        // The kernel's epsilon is a single, 0 when too small for one: then the quotient is infinite or NaN here, and nothing is said.
        double move = Math.Max(rate, rate * first / (float)settings.Epsilon);
        double keep = Math.Max(1, Math.Abs(1 - settings.LearningRate * settings.WeightDecay));
        return new UpdateBounds((Weight * keep + move) * Rounding, first, second);
    }
}
