using System;
using System.Linq;
using TorchSharp;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Policies.Engines;
using static TorchSharp.torch;

namespace TreeRl.Torch;

/// <summary>
/// The same transformer on a device of TorchSharp: forward written out, backward by autograd. Log-probabilities agree with the embedded engine's to 1e-4 and
/// gradients to a thousandth of their norm; bits differ between engines, devices and libtorch versions, and are the same from run to run on one of them.
/// </summary>
/// <remarks>
/// Every call works inside dispose scopes, so that it leaves as many tensors behind when it throws as when it returns: the weights, and after the first
/// training call the gradient and the moments.
/// </remarks>
internal sealed partial class TorchPolicy : IPolicy, IDeviceMemory
{
    private readonly Parameters parameters;
    private readonly Transformer model;
    private readonly TreePass pass;
    private readonly Head head;
    private readonly BatchCheck check = new();
    private readonly PredictorIndex predictors = new();
    private readonly bool frozen;

    /// <summary>Makes a policy with weights, which are copied.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="device">Where it computes; <see cref="TorchEngines"/> makes sure that it can.</param>
    /// <param name="options">How it uses the device.</param>
    /// <param name="frozen">Whether it is a copy that is not trained.</param>
    public TorchPolicy(ModelWeights weights, Device device, EngineOptions options, bool frozen = false)
    {
        this.frozen = frozen;
        model = new Transformer(weights.Config, device, options);
        parameters = new Parameters(weights, device, model.Compute, trainable: !frozen);
        pass = new TreePass(model, parameters);
        head = new Head(model, parameters);
    }

    public ModelConfig Config => model.Config;

    public string Engine =>
        Named(IsCuda ? $"cuda:{Math.Max(0, model.Device.index)}" : $"cpu, {get_num_threads()} threads", model.Options.Checkpointing ? ", checkpointing" : "");

    public string Arithmetic => Named(IsCuda ? "cuda" : "cpu");

    public long ParameterCount => parameters.Trained.Sum(tensor => tensor.numel());

    public long LiveTensors => Tensor.TotalCount;

    public long HeldBytes => parameters.Bytes + model.Bytes + Memory.Bytes([.. gradient, .. firstMoment, .. secondMoment]);

    public IDecoder NewDecoder(PickSettings picking)
    {
        CheckAlive();
        return new TorchDecoder(model, parameters, pass, head, TokenPicker.Validated(picking));
    }

    public void Score(PackedBatch batch, Span<float> logProb, Span<float> entropy)
    {
        CheckAlive();
        check.Check(batch, Config);
        Guard.SameLength(logProb.Length, batch.TargetCount, "the batch");
        Guard.SameLength(entropy.Length, batch.TargetCount, "the batch");
        if (GroupParts.Of(batch, model.Options.SplitAbove) is { } parts) parts.Score(ScoreStretches, logProb, entropy);
        else ScoreStretches(batch, logProb, entropy);
    }

    public IPolicy CloneFrozen() => new TorchPolicy(ExportWeights(), model.Device, model.Options, frozen: true);

    public ModelWeights ExportWeights()
    {
        CheckAlive();
        return parameters.Export();
    }

    public LoraAdapter? ExportAdapter() => ExportWeights().Adapter;

    /// <summary>Frees the device's memory; decoders made by it can no longer be used.</summary>
    public void Dispose()
    {
        if (parameters.Disposed) return;
        parameters.Dispose();
        model.Dispose();
        foreach (var tensor in gradient.Concat(firstMoment).Concat(secondMoment)) tensor.Dispose();
    }

    private void ScoreStretches(PackedBatch batch, Span<float> logProb, Span<float> entropy)
    {
        foreach (var (first, end) in batch.Stretches(model.Options.TokenBudget))
        {
            using var scope = NewDisposeScope();
            var stream = pass.Forward(new TreeRows(model, RowLayout.Of(batch, first, end)));
            int from = batch.GroupFirstTarget[first], count = predictors.Select(batch, first, end);
            head.Score(stream, predictors, logProb.Slice(from, count), entropy.Slice(from, count));
        }
    }

    private bool IsCuda => model.Device.type == DeviceType.CUDA;

    private string Named(string device, string more = "") =>
        $"torch ({device}, {(model.Options.BFloat16 ? "bf16" : "fp32")}{(model.Options.FusedAttention ? ", fused attention" : "")}{(model.Options.SplitAbove > 0 ? $", split above {model.Options.SplitAbove} rows" : "")}{more})";

    private void CheckAlive() => ObjectDisposedException.ThrowIf(parameters.Disposed, this);
}
