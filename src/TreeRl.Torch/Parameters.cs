using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using TorchSharp;
using TreeRl.Models;
using TreeRl.Policies;
using static TorchSharp.torch;

namespace TreeRl.Torch;

/// <summary>A model's tensors on the device, in single precision and in the names and shapes of <see cref="ModelWeights"/>, and those of its adapter.</summary>
internal sealed class Parameters : IVersionedWeights, IDisposable
{
    /// <summary>Elements that cross the bus in one piece; the binding counts bytes in 32 bits.</summary>
    private const int Piece = 1 << 26;

    private readonly Device device;
    private readonly ScalarType compute;
    private readonly ModelConfig config;
    private readonly LoraSettings? adapter;
    private readonly Dictionary<string, Tensor> tensors = [], prepared = [];

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
        foreach (string name in weights.Names) tensors.Add(name, Upload(weights[name]));
        if (weights.Adapter is { } factors)
            foreach (string name in factors.Names) tensors.Add(name, Upload(factors[name]));
        Places = [.. TrainedTensors.Shapes(config, adapter)];
        Trained = [.. Places.Select(place => tensors[place.Name])];
        foreach (var tensor in Trained) tensor.requires_grad = trainable;
    }

    /// <summary>Names and shapes of what is trained: the adapter where there is one, and the weights otherwise.</summary>
    public (string Name, int[] Shape)[] Places { get; }

    /// <summary>What is trained.</summary>
    public Tensor[] Trained { get; }

    public bool HasAdapter => adapter is not null;

    public long Version { get; private set; }

    public bool Disposed { get; private set; }

    /// <summary>Bytes held.</summary>
    public long Bytes => Memory.Bytes([.. tensors.Values, .. prepared.Values]);

    /// <summary>A weight in single precision, without its adapter.</summary>
    public Tensor this[string name] => tensors[name];

    /// <summary>
    /// A weight as the products read it: with its adapter, matrices and biases in the type of the products; null where the architecture has none. For training
    /// it is made inside autograd's graph, else once for a version of the weights.
    /// </summary>
    public Tensor? Find(string name, bool training)
    {
        if (!tensors.TryGetValue(name == TensorNames.Head ? TensorNames.HeadOf(config) : name, out var stored)) return null;
        if (training) return Effective(name, stored);
        if (prepared.TryGetValue(name, out var made)) return made;
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        made = Effective(name, stored);
        if (!ReferenceEquals(made, stored)) prepared.Add(name, made.DetachFromDisposeScope());
        return made;
    }

    /// <summary>The weights of a layer.</summary>
    public LayerWeights Of(int layer, bool training) => part => Find(TensorNames.Layer(layer) + part, training);

    /// <summary>Indices of what is trained of tensors whose names begin so; the head's name stands for its adapter, or for a tied embedding.</summary>
    public int[] TrainedOf(params string[] beginnings)
    {
        string head = adapter is null ? TensorNames.HeadOf(config) : LoraSettings.Head + ".";
        string[] own = Array.ConvertAll(beginnings, name => name == TensorNames.Head ? head : name);
        return [.. Enumerable.Range(0, Places.Length).Where(i => own.Any(name => Places[i].Name.StartsWith(name, StringComparison.Ordinal)))];
    }

    /// <summary>Gives the derivative of an output (times <paramref name="above"/>) by an input, and adds those by what is trained of some tensors.</summary>
    public Tensor AddGradients(Tensor output, Tensor[]? above, Tensor input, Tensor[] into, params string[] beginnings)
    {
        int[] own = TrainedOf(beginnings);
        var found = autograd.grad([output], [input, .. own.Select(i => Trained[i])], above);
        using var quiet = no_grad();
        for (int i = 0; i < own.Length; i++) into[own[i]].add_(found[i + 1]);
        return found[0];
    }

    /// <summary>To be called after the weights changed.</summary>
    public void Changed()
    {
        Version++;
        foreach (var tensor in prepared.Values) tensor.Dispose();
        prepared.Clear();
    }

    /// <summary>Zeros in the shapes of what is trained.</summary>
    public Tensor[] Zeros() => [.. Places.Select(place => zeros(Sizes(place.Shape), ScalarType.Float32, device).DetachFromDisposeScope())];

    /// <summary>Copies host tensors in the names of what is trained to the device.</summary>
    public Tensor[] Upload(ITensorSet set) => [.. Places.Select(place => Upload(set[place.Name]))];

    /// <summary>Copies tensors in the order of what is trained to the host.</summary>
    public ITensorSet Download(Tensor[] from) =>
        TrainedTensors.Make(config, adapter, Places.Zip(from, (place, tensor) => Download(place.Name, place.Shape, tensor)));

    /// <summary>Copies weights and adapter to the host.</summary>
    public ModelWeights Export()
    {
        var weights = new ModelWeights(config, ModelWeights.Shapes(config).Select(place => Download(place.Name, place.Shape, tensors[place.Name])));
        return weights.WithAdapter(HasAdapter ? (LoraAdapter)Download(Trained) : null);
    }

    public void Dispose()
    {
        if (Disposed) return;
        Disposed = true;
        Changed();
        foreach (var tensor in tensors.Values) tensor.Dispose();
    }

    private Tensor Effective(string name, Tensor stored)
    {
        var tensor = stored;
        string place = name[..^".weight".Length];
        if (tensors.TryGetValue(place + LoraAdapter.Down, out var down)) tensor = tensor + tensors[place + LoraAdapter.Up].matmul(down) * adapter!.Scale;
        bool lowered = compute != ScalarType.Float32 && (tensor.dim() == 2 || name.EndsWith("bias", StringComparison.Ordinal));
        return lowered ? tensor.to(compute) : tensor;
    }

    private Tensor Upload(WeightTensor host)
    {
        using var scope = NewDisposeScope();
        return tensor(host.Values, Sizes(host.Shape), ScalarType.Float32, device).DetachFromDisposeScope();
    }

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

    private static long[] Sizes(int[] shape) => Array.ConvertAll(shape, size => (long)size);
}
