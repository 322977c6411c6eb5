using System;
using TreeRl.Models;

namespace TreeRl.Policies;

/// <summary>
/// A language model that can be sampled as a tree and trained on packed trees. The one seam between the methods and an engine: the
/// embedded CPU engine and the TorchSharp engine implement it, and nothing above it knows which it has.
/// </summary>
/// <remarks>
/// An instance is used by one caller at a time; it may use several threads inside, and its results do not depend on how many.
/// </remarks>
public interface IPolicy : IDisposable
{
    /// <summary>The architecture, and with it vocabulary size V, context length and the HF tensor names.</summary>
    ModelConfig Config { get; }

    /// <summary>Names engine, device and threads for logs and reports, as in "cpu (avx512, 2 threads)".</summary>
    string Engine { get; }

    /// <summary>
    /// Names what decides the last digits of its results - engine, device, number format - as in "cpu" or "torch (cuda, bf16)". What changes no digit, such as the
    /// number of threads, is left out. A run continues only where this is the same.
    /// </summary>
    string Arithmetic { get; }

    /// <summary>Number of trainable parameters: the adapter's where there is one.</summary>
    long ParameterCount { get; }

    /// <summary>Starts an empty tree cache for one round of sampling with the present weights.</summary>
    /// <param name="picking">How the decoder draws tokens.</param>
    IDecoder NewDecoder(PickSettings picking);

    /// <summary>Computes log-probabilities and entropies of a batch's targets without gradients.</summary>
    /// <param name="batch">K targets.</param>
    /// <param name="logProb">Receives log pi(token | path) in nats, length K.</param>
    /// <param name="entropy">Receives the entropy in nats of the predicting distribution, length K.</param>
    /// <exception cref="ArgumentException">A span has another length than K, or a token is outside the vocabulary, or a path is longer than the context.</exception>
    void Score(PackedBatch batch, Span<float> logProb, Span<float> entropy);

    /// <summary>
    /// Forward over the batch, the objective's loss and its derivatives by log-probability and entropy, backward; adds to the policy's
    /// gradient. The weights do not change.
    /// </summary>
    /// <exception cref="NonFiniteException">A log-probability, loss or derivative is NaN or infinite. The accumulated gradient is cleared.</exception>
    LossReport Accumulate(PackedBatch batch, IObjective objective);

    /// <summary>One optimiser step with the accumulated gradient, which is cleared. The only call that changes the weights.</summary>
    /// <param name="settings">AdamW and clipping.</param>
    /// <param name="learningRate">The step's learning rate, schedule applied.</param>
    /// <exception cref="NonFiniteException">The gradient, or a weight or moment the step would make, is not finite; weights, moments and step count are unchanged, the gradient is cleared. Names the tensor.</exception>
    UpdateReport Apply(OptimizerSettings settings, double learningRate);

    /// <summary>
    /// Copies the accumulated gradient out, in the layout of the weights, and clears it; zeros when nothing was accumulated. Weights and
    /// optimiser do not change.
    /// </summary>
    /// <exception cref="InvalidOperationException">The policy trains an adapter: its weights have no gradient.</exception>
    ModelWeights TakeGradient();

    /// <summary>A frozen copy of the present weights, to serve as reference policy. It can be scored and sampled, and shares no memory.</summary>
    IPolicy CloneFrozen();

    /// <summary>Copies the weights out, in the HF layout and names of <see cref="ModelWeights"/>, with the adapter on top where there is one.</summary>
    ModelWeights ExportWeights();

    /// <summary>Copies the adapter out that is trained in place of the weights; null when the weights are.</summary>
    LoraAdapter? ExportAdapter() => null;

    /// <summary>Copies the optimiser's state out: the step count and both moments, in the layout of what is trained, the weights or the adapter.</summary>
    OptimizerState ExportOptimizer();

    /// <summary>Restores what <see cref="ExportOptimizer"/> gave, bit for bit.</summary>
    /// <exception cref="ArgumentException">A tensor is missing or has another shape.</exception>
    void ImportOptimizer(OptimizerState state);
}

/// <summary>AdamW with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101) and clipping of the global gradient norm.</summary>
public sealed record OptimizerSettings
{
    /// <summary>Decay of the first moment.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the second moment.</summary>
    public double Beta2 { get; init; } = 0.99;

    /// <summary>Added to the root of the second moment.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Decoupled decay, multiplied by the learning rate; applied to matrices, not to norm gains and biases.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Largest global L2 norm of the gradient; larger ones are scaled down to it. Infinity switches clipping off.</summary>
    public double MaxGradientNorm { get; init; } = 1.0;
}

/// <summary>What one optimiser step did.</summary>
/// <param name="GradientNorm">Global L2 norm before clipping.</param>
/// <param name="Clipped">Whether the gradient was scaled down.</param>
/// <param name="Step">Number of optimiser steps taken so far, this one included.</param>
public readonly record struct UpdateReport(double GradientNorm, bool Clipped, long Step);

/// <summary>Optimiser state on the host.</summary>
/// <param name="Step">Steps taken.</param>
/// <param name="FirstMoment">First moments, one tensor per trained tensor, same names and shapes: <see cref="ModelWeights"/>, or a <see cref="LoraAdapter"/>.</param>
/// <param name="SecondMoment">Second moments, likewise.</param>
public sealed record OptimizerState(long Step, ITensorSet FirstMoment, ITensorSet SecondMoment);

/// <summary>A NaN or infinity was met; nothing was updated with it. Updates made before, of the same training step too, stand.</summary>
public sealed class NonFiniteException : ArithmeticException
{
    /// <summary>Creates the exception for the place <paramref name="where"/>.</summary>
    public NonFiniteException(string where, double value)
        : base($"{where} = {value}: must be finite; this update was not made. Lower the learning rate, or look for extreme rewards or advantages.")
    {
        Where = where;
        Value = value;
    }

    /// <summary>The first place the value was seen: a tensor, token or loss part.</summary>
    public string Where { get; }

    /// <summary>The offending value.</summary>
    public double Value { get; }
}
