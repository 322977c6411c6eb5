using System;
using System.Linq;
using TorchSharp;
using TreeRl.Models;
using TreeRl.Policies.Engines;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace TreeRl.Torch;

/// <summary>The weights of one layer, by part.</summary>
internal sealed record LayerTensors(
    Tensor InputNorm, Tensor Query, Tensor Key, Tensor Value, Tensor? QueryBias, Tensor? KeyBias, Tensor? ValueBias, Tensor? QueryNorm, Tensor? KeyNorm, Tensor Output,
    Tensor PostNorm, Tensor Gate, Tensor Up, Tensor Down)
{
    /// <summary>Finds them by name.</summary>
    public static LayerTensors Of(ModelConfig c, int layer, Func<string, Tensor> find)
    {
        Tensor Find(string part) => find(Prefix(layer) + part);
        return new LayerTensors(
            Find("input_layernorm.weight"), Find("self_attn.q_proj.weight"), Find("self_attn.k_proj.weight"), Find("self_attn.v_proj.weight"),
            c.QkvBias ? Find("self_attn.q_proj.bias") : null, c.QkvBias ? Find("self_attn.k_proj.bias") : null, c.QkvBias ? Find("self_attn.v_proj.bias") : null,
            c.QkNorm ? Find("self_attn.q_norm.weight") : null, c.QkNorm ? Find("self_attn.k_norm.weight") : null, Find("self_attn.o_proj.weight"),
            Find("post_attention_layernorm.weight"), Find("mlp.gate_proj.weight"), Find("mlp.up_proj.weight"), Find("mlp.down_proj.weight"));
    }

    /// <summary>What the names of a layer's tensors begin with.</summary>
    public static string Prefix(int layer) => $"model.layers.{layer}.";
}

/// <summary>
/// The parts of the model that treat each row alone. Shapes: R rows, D width, H query heads, KV key/value heads, h head size. The residual stream [R, D], norms
/// and rotary positions are in single precision, products in the type asked for.
/// </summary>
internal sealed class Transformer : IDisposable
{
    private readonly Tensor frequencies; // [h/2], double
    private readonly double magnitude;

    public Transformer(ModelConfig config, Device device, EngineOptions options)
    {
        Config = config;
        Device = device;
        Options = options;
        Compute = options.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32;
        var rotary = RotaryFrequencies.Of(config);
        magnitude = rotary.Magnitude;
        frequencies = tensor(rotary.PerPair.ToArray(), ScalarType.Float64, device).DetachFromDisposeScope();
        LogitRows = options.LogitRows > 0 ? options.LogitRows : Math.Max(1, (1 << 25) / config.VocabSize);
    }

    public ModelConfig Config { get; }

    public Device Device { get; }

    public EngineOptions Options { get; }

    /// <summary>What matrices are multiplied in.</summary>
    public ScalarType Compute { get; }

    /// <summary>Rows of logits that exist at once.</summary>
    public int LogitRows { get; }

    /// <summary>Query heads that read one key/value head.</summary>
    public int Group => Config.Heads / Config.KeyValueHeads;

    /// <summary>Whole numbers on the device.</summary>
    public Tensor Longs(ReadOnlySpan<int> values)
    {
        var wide = new long[values.Length];
        for (int i = 0; i < wide.Length; i++) wide[i] = values[i];
        return tensor(wide, ScalarType.Int64, Device);
    }

    /// <summary>RMSNorm: x / sqrt(mean x^2 + epsilon) gain, in single precision.</summary>
    public Tensor Norm(Tensor x, Tensor gain)
    {
        var wide = x.to(ScalarType.Float32);
        return wide * (wide.square().mean([-1], keepdim: true) + Config.NormEpsilon).rsqrt() * gain;
    }

    /// <summary>Cosines and sines [R, 1, h] of positions [R], computed in double.</summary>
    public (Tensor Cosine, Tensor Sine) Turns(Tensor positions)
    {
        var angles = positions.to(ScalarType.Float64).unsqueeze(1) * frequencies;
        angles = Config.Rotary == RotaryPairing.HalfSplit ? cat([angles, angles], 1) : angles.repeat_interleave(2, 1);
        return ((angles.cos() * magnitude).to(ScalarType.Float32).unsqueeze(1), (angles.sin() * magnitude).to(ScalarType.Float32).unsqueeze(1));
    }

    /// <summary>Queries [R, H, h], keys and values [R, KV, h] of a residual stream.</summary>
    public (Tensor Query, Tensor Key, Tensor Value) Project(LayerTensors w, Tensor x, (Tensor Cosine, Tensor Sine) turns)
    {
        var normed = Norm(x, w.InputNorm).to(Compute);
        var query = linear(normed, w.Query, w.QueryBias).view(-1, Config.Heads, Config.HeadSize);
        var key = linear(normed, w.Key, w.KeyBias).view(-1, Config.KeyValueHeads, Config.HeadSize);
        var value = linear(normed, w.Value, w.ValueBias).view(-1, Config.KeyValueHeads, Config.HeadSize);
        if (w.QueryNorm is not null) query = Norm(query, w.QueryNorm);
        if (w.KeyNorm is not null) key = Norm(key, w.KeyNorm);
        return (Turn(query, turns), Turn(key, turns), value);
    }

    /// <summary>From what attention gave, [R, H h], to the layer's end.</summary>
    public Tensor Finish(LayerTensors w, Tensor x, Tensor attended)
    {
        var middle = x + linear(attended, w.Output).to(ScalarType.Float32);
        var normed = Norm(middle, w.PostNorm).to(Compute);
        return middle + linear(linear(normed, w.Gate).silu() * linear(normed, w.Up), w.Down).to(ScalarType.Float32);
    }

    /// <summary>Logits [n, V] in single precision of rows [n, D] that passed all layers.</summary>
    public Tensor Logits(Tensor rows, Tensor finalNorm, Tensor head) => linear(Norm(rows, finalNorm).to(Compute), head).to(ScalarType.Float32);

    /// <summary>Scores in single precision times the root of 1/h, minus infinity where hidden.</summary>
    public Tensor Scaled(Tensor scores, Tensor hidden) => (scores.to(ScalarType.Float32) * (1 / Math.Sqrt(Config.HeadSize))).masked_fill(hidden, float.NegativeInfinity);

    public void Dispose() => frequencies.Dispose();

    private Tensor Turn(Tensor x, (Tensor Cosine, Tensor Sine) turns)
    {
        var wide = x.to(ScalarType.Float32);
        Tensor across;
        if (Config.Rotary == RotaryPairing.HalfSplit)
        {
            int half = Config.HeadSize / 2;
            across = cat([-wide.narrow(2, half, half), wide.narrow(2, 0, half)], 2);
        }
        else
        {
            var pairs = wide.view(wide.shape[0], wide.shape[1], -1, 2);
            across = stack([-pairs.select(3, 1), pairs.select(3, 0)], 3).view(wide.shape);
        }
        return (wide * turns.Cosine + across * turns.Sine).to(Compute);
    }
}
