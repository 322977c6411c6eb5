using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using TorchSharp;
using TreeRl.Models;
using static TorchSharp.torch;

namespace TreeRl.Torch;

/// <summary>
/// A model's tensors on the device, in single precision and in the names, shapes and order of <see cref="ModelWeights"/>, and those of its adapter. What is trained is the
/// adapter where there is one, and the weights otherwise.
/// </summary>
internal sealed class Parameters : IDisposable
{
    public const string Embedding = "model.embed_tokens.weight", FinalNorm = "model.norm.weight", Head = "lm_head.weight";

    /// <summary>Elements that cross the bus in one piece; the binding counts bytes in 32 bits.</summary>
    private const int Piece = 1 << 26;

    private readonly Device device;
    private readonly ScalarType compute;
    private readonly ModelConfig config;
    private readonly LoraSettings? adapter;
    private readonly Dictionary<string, Tensor> tensors = [];
    private readonly Dictionary<string, Tensor> prepared = [];
    private readonly string[] weightNames;

    /// <summary>Copies weights to a device.</summary>
    /// <param name="weights">The weights, and the adapter.</param>
    /// <param name="device">The device.</param>
    /// <param name="compute">What matrices are multiplied in.</param>
    /// <param name="trainable">Whether autograd is to differentiate by what is trained.</param>
    public Parameters(ModelWeights weights, Device device, ScalarType compute, bool trainable)
    {
        this.device = device;
        this.compute = compute;
        config = weights.Config;
        adapter = weights.Adapter?.Settings;
        weightNames = [.. weights.Names];
        ITensorSet set = weights.Adapter is null ? weights : weights.Adapter;
        Names = [.. set.Names];
        Shapes = [.. set.Names.Select(name => set[name].Shape)];
        using var scope = NewDisposeScope();
        foreach (string name in weightNames) tensors.Add(name, Upload(weights[name]));
        if (adapter is not null)
            foreach (string name in Names) tensors.Add(name, Upload(set[name]));
        Trained = [.. Names.Select(name => tensors[name])];
        foreach (var tensor in Trained) tensor.requires_grad = trainable;
    }

    /// <summary>Names of what is trained.</summary>
    public string[] Names { get; }

    /// <summary>Its shapes.</summary>
    public int[][] Shapes { get; }

    /// <summary>What is trained.</summary>
    public Tensor[] Trained { get; }

    public bool HasAdapter => adapter is not null;

    /// <summary>Counts changes of the weights.</summary>
    public long Version { get; private set; }

    public bool Disposed { get; private set; }

    /// <summary>Bytes held.</summary>
    public long Bytes => tensors.Values.Concat(prepared.Values).Sum(tensor => tensor.numel() * tensor.element_size());

    /// <summary>Indices of what is trained of the tensors whose names begin so; with a tied head and no adapter the head is the embedding.</summary>
    public int[] TrainedOf(string prefix)
    {
        string begin = prefix == Head ? adapter is null ? HeadWeight : "lm_head." : prefix;
        return [.. Enumerable.Range(0, Names.Length).Where(i => Names[i].StartsWith(begin, StringComparison.Ordinal))];
    }

    /// <summary>A weight in single precision, without its adapter.</summary>
    public Tensor this[string name] => tensors[name == Head ? HeadWeight : name];

    /// <summary>A weight as inference reads it: with its adapter, matrices and biases in the type of the products, made once for a version of the weights.</summary>
    public Tensor Frozen(string name)
    {
        if (prepared.TryGetValue(name, out var made)) return made;
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        var tensor = Effective(name);
        if (ReferenceEquals(tensor, this[name])) return tensor;
        prepared.Add(name, tensor.DetachFromDisposeScope());
        return tensor;
    }

    /// <summary>A weight as training reads it: as <see cref="Frozen"/>, but made inside autograd's graph.</summary>
    public Tensor Effective(string name)
    {
        var tensor = this[name];
        string place = name[..^".weight".Length];
        if (tensors.TryGetValue(place + LoraAdapter.Down, out var down)) tensor = tensor + tensors[place + LoraAdapter.Up].matmul(down) * adapter!.Scale;
        bool lowered = compute != ScalarType.Float32 && (tensor.dim() == 2 || name.EndsWith("bias", StringComparison.Ordinal));
        return lowered ? tensor.to(compute) : tensor;
    }

    /// <summary>To be called after the weights changed.</summary>
    public void Changed()
    {
        Version++;
        Drop();
    }

    /// <summary>Zeros in the shapes of what is trained.</summary>
    public Tensor[] Zeros() => [.. Shapes.Select(shape => zeros(Sizes(shape), ScalarType.Float32, device).DetachFromDisposeScope())];

    /// <summary>Copies host tensors in the names of what is trained to the device.</summary>
    public Tensor[] Upload(ITensorSet set)
    {
        using var scope = NewDisposeScope();
        return [.. Names.Select(name => Upload(set[name]))];
    }

    /// <summary>Copies tensors in the order of what is trained to the host.</summary>
    public ITensorSet Download(Tensor[] from)
    {
        var made = from.Select((tensor, i) => Download(Names[i], Shapes[i], tensor));
        return adapter is null ? new ModelWeights(config, made) : new LoraAdapter(config, adapter, made);
    }

    /// <summary>Copies weights and adapter to the host.</summary>
    public ModelWeights Export()
    {
        var shapes = ModelWeights.Shapes(config).ToDictionary(entry => entry.Name, entry => entry.Shape);
        var weights = new ModelWeights(config, weightNames.Select(name => Download(name, shapes[name], tensors[name])));
        return adapter is null ? weights : weights.WithAdapter((LoraAdapter)Download(Trained));
    }

    public void Dispose()
    {
        if (Disposed) return;
        Disposed = true;
        foreach (var tensor in tensors.Values) tensor.Dispose();
        Drop();
    }

    private string HeadWeight => config.TiedHead ? Embedding : Head;

    private void Drop()
    {
        foreach (var tensor in prepared.Values) tensor.Dispose();
        prepared.Clear();
    }

    private Tensor Upload(WeightTensor host) => tensor(host.Values, Sizes(host.Shape), ScalarType.Float32, device).DetachFromDisposeScope();

    private static WeightTensor Download(string name, int[] shape, Tensor from)
    {
        using var scope = NewDisposeScope();
        var values = new float[from.numel()];
        var flat = from.detach().reshape(-1);
        for (int at = 0; at < values.Length; at += Piece)
        {
            int count = Math.Min(Piece, values.Length - at);
            MemoryMarshal.Cast<byte, float>(flat.narrow(0, at, count).cpu().contiguous().bytes).CopyTo(values.AsSpan(at, count));
        }
        return new WeightTensor(name, shape, values);
    }

    private static long[] Sizes(int[] shape) => [.. shape.Select(size => (long)size)];
}
