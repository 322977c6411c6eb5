namespace TreeRl.Policies.Engines;

/// <summary>Where a policy computes.</summary>
public enum EngineDevice
{
    /// <summary>The embedded engine on the processor's cores; always there.</summary>
    Cpu,

    /// <summary>TorchSharp on the processor's cores: for comparing engines.</summary>
    TorchCpu,

    /// <summary>TorchSharp on the first CUDA device the process sees; CUDA_VISIBLE_DEVICES chooses.</summary>
    Cuda,
}

/// <summary>How the TorchSharp engine uses its device. The defaults compute in single precision and give the same bits for the same seed.</summary>
public sealed record EngineOptions
{
    /// <summary>
    /// Rows that go through the model at once when it is trained or scored: whole groups are put together up to it, a larger group goes alone unless it is split
    /// (<see cref="SplitAbove"/>). A group's attention needs a mask of its rows squared, in bytes. At least 1.
    /// </summary>
    public int TokenBudget { get; init; } = 8192;

    /// <summary>
    /// Rows above which a prompt with its trees is split into parts of at most so many (or of one path, where that is longer), so that neither activations nor masks grow with the answers
    /// of a prompt. Each part computes what is above it again, and what is split is scored once more before it is trained: about a third more time. 0, the default, splits nothing.
    /// </summary>
    public int SplitAbove { get; init; }

    /// <summary>Rows of logits that exist at once; 0 takes as many as 128 MiB hold in single precision. Not negative.</summary>
    public int LogitRows { get; init; }

    /// <summary>
    /// Multiplies matrices in bfloat16. Master weights, their gradient and moments, the residual stream, norms, attention's softmax and every log-probability stay
    /// in single precision; log-probabilities then agree with the other engines' to about 0.05 only.
    /// </summary>
    public bool BFloat16 { get; init; }

    /// <summary>Keeps one tensor a layer for the backward pass and computes the layer again: about a third more time, a layer's worth of activations instead of all.</summary>
    public bool Checkpointing { get; init; }

    /// <summary>
    /// Leaves attention to libtorch's fused kernel, which needs no memory for the scores. On CUDA its backward pass may give other bits each time, so that runs
    /// stay comparable but not equal.
    /// </summary>
    public bool FusedAttention { get; init; }

    /// <summary>Checks every rule above.</summary>
    /// <exception cref="System.ArgumentOutOfRangeException">A value breaks its rule; the message names it.</exception>
    public EngineOptions Validated()
    {
        Guard.InRange(TokenBudget >= 1, TokenBudget, "must be at least 1");
        Guard.InRange(SplitAbove >= 0, SplitAbove, "must not be negative; 0 splits nothing");
        Guard.InRange(LogitRows >= 0, LogitRows, "must not be negative; 0 takes as many as 128 MiB hold");
        return this;
    }
}
