using System;
using System.Linq;
using TorchSharp;
using TreeRl.Models;
using TreeRl.Policies.Engines;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace TreeRl.Torch;

/// <summary>Finds a weight of a layer by the rest of its name; null where the architecture has none.</summary>
internal delegate Tensor? LayerWeights(string part);

/// <summary>
/// The model but for the choice of what attends to what. Shapes: R rows, D width, H query heads, KV key/value heads, g = H / KV, h head size. The residual
/// stream [R, D], norms, rotary positions and scores are in single precision, products in the type asked for.
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

    /// <summary>Query heads that share a key head.</summary>
    public int Group => Config.Heads / Config.KeyValueHeads;

    /// <summary>Bytes of the model's own tables.</summary>
    public long Bytes => Memory.Bytes(frequencies);

    /// <summary>Indices on the device.</summary>
    public Tensor Longs(ReadOnlySpan<int> values)
    {
        var wide = new long[values.Length];
        for (int i = 0; i < wide.Length; i++) wide[i] = values[i];
        return tensor(wide, ScalarType.Int64, Device);
    }

    /// <summary>Cosines and sines [R, 1, h] of positions [R], computed in double.</summary>
    public (Tensor Cosine, Tensor Sine) Turns(Tensor positions)
    {
        var angles = positions.to(ScalarType.Float64).unsqueeze(1) * frequencies;
        angles = Config.Rotary == RotaryPairing.HalfSplit ? cat([angles, angles], 1) : angles.repeat_interleave(2, 1);
        return ((angles.cos() * magnitude).to(ScalarType.Float32).unsqueeze(1), (angles.sin() * magnitude).to(ScalarType.Float32).unsqueeze(1));
    }

    /// <summary>One layer: from the residual stream [R, D] before it to that behind it.</summary>
    public Tensor Layer(LayerWeights weights, ModelRows rows, Tensor x, int layer)
    {
        Tensor Product(Tensor y, string part) => linear(y, weights(part + ".weight")!, weights(part + ".bias"));
        Tensor Heads(Tensor y, string part) => Product(y, $"self_attn.{part}_proj").unflatten(1, [-1, Config.HeadSize]);
        Tensor Turned(Tensor y, string part) =>
            Turn(weights($"self_attn.{part}_norm.weight") is { } gain ? Norm(y, gain) : y.to(ScalarType.Float32), rows.Turns);

        var normed = Norm(x, weights("input_layernorm.weight")!).to(Compute);
        var attended = rows.Attend(layer, Turned(Heads(normed, "q"), "q"), Turned(Heads(normed, "k"), "k"), Heads(normed, "v"));
        var middle = x + Product(attended, "self_attn.o_proj").to(ScalarType.Float32);
        normed = Norm(middle, weights("post_attention_layernorm.weight")!).to(Compute);
        return middle + Product(Product(normed, "mlp.gate_proj").silu() * Product(normed, "mlp.up_proj"), "mlp.down_proj").to(ScalarType.Float32);
    }

    /// <summary>
    /// Attention written out, the same bits each time on any device: queries [n, q, H, h], keys and values [n, KV, m, h], hidden [n, q, m] true where a query
    /// does not see. Gives mixed values [n, q, KV, g, h] in the type of the products, and the scores [n, KV, q, g, m] in single precision.
    /// </summary>
    public (Tensor Mixed, Tensor Scores) Attend(Tensor query, Tensor keys, Tensor values, Tensor hidden)
    {
        long n = query.shape[0], q = query.shape[1], kv = Config.KeyValueHeads, h = Config.HeadSize, m = keys.shape[2];
        // The heads of a group are rows of one product, so that the keys they share are not copied.
        var rows = query.view(n, q, kv, Group, h).transpose(1, 2).reshape(n, kv, q * Group, h);
        var scores = rows.matmul(keys.transpose(2, 3)).to(ScalarType.Float32).view(n, kv, q, Group, m) * (1 / Math.Sqrt(h));
        scores = scores.masked_fill(hidden.view(n, 1, q, 1, m), float.NegativeInfinity);
        var mixed = scores.softmax(-1).to(Compute).view(n, kv, q * Group, m).matmul(values);
        return (mixed.view(n, kv, q, Group, h).transpose(1, 2).contiguous(), scores);
    }

    /// <summary>Logits [n, V] in single precision of rows [n, D] that passed all layers.</summary>
    public Tensor Logits(Tensor rows, Tensor finalNorm, Tensor head) => linear(Norm(rows, finalNorm).to(Compute), head).to(ScalarType.Float32);

    public void Dispose() => frequencies.Dispose();

    /// <summary>RMSNorm: x / sqrt(mean x^2 + epsilon) gain, in single precision.</summary>
    private Tensor Norm(Tensor x, Tensor gain)
    {
        var wide = x.to(ScalarType.Float32);
        return wide * (wide.square().mean([-1], keepdim: true) + Config.NormEpsilon).rsqrt() * gain;
    }

    private Tensor Turn(Tensor x, (Tensor Cosine, Tensor Sine) turns)
    {
        Tensor across;
        if (Config.Rotary == RotaryPairing.HalfSplit)
        {
            var halves = x.chunk(2, 2);
            across = cat([-halves[1], halves[0]], 2);
        }
        else
        {
            var pairs = x.unflatten(2, [-1, 2]);
            across = stack([-pairs.select(3, 1), pairs.select(3, 0)], 3).flatten(2);
        }
        return (x * turns.Cosine + across * turns.Sine).to(Compute);
    }
}
