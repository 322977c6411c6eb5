using System;
using TreeRl.Models;
using TreeRl.Numerics;

namespace TreeRl.Policies.Cpu;

/// <summary>
/// The weights of a policy: one arena in the layout of <see cref="ParameterLayout"/>, and copies packed for the matrix kernels, with the adapter's term where there is one. Forward
/// copies (W transposed, for y = x W^T) are remade at each update; backward copies (W by rows, for dx = dy W) when a backward pass needs them.
/// </summary>
internal sealed unsafe class PolicyWeights : IVersionedWeights, IDisposable
{
    private readonly NativeBuffer<float> arena, forwardPanels;
    private readonly Pack[] forward;
    private Pack[] backward = [];
    private Pack[] packing = [];
    private readonly Action<int> packSlice;
    private readonly WorkerPool pool;
    private bool backwardFresh, forwardMade, backwardMade, adaptedOnly;

    public PolicyWeights(ParameterLayout layout, AdapterLayout? adapter, WorkerPool pool)
    {
        Layout = layout;
        if (adapter is not null) Adapter = new AdapterWeights(adapter, pool.Threads);
        this.pool = pool;
        packSlice = PackSlice;
        var c = layout.Config;
        arena = new NativeBuffer<float>(layout.Total);
        Rotary = new Rotary(RotaryFrequencies.Of(c), c.ContextLength, c.Rotary);
        Forward = new LayerPacks[c.Layers];
        Backward = new LayerPacks[c.Layers];
        forward = new Pack[4 * c.Layers + 1];
        // One beside the other in the order a decoding step reads them: what a core reads of them then spreads evenly over its second-level cache.
        forwardPanels = new NativeBuffer<float>(layout.PackedFloats);
        float* place = forwardPanels.Pointer;
        PackedMatrix Next(int rows, int columns)
        {
            var matrix = new PackedMatrix(rows, columns, place);
            place += matrix.Floats;
            return matrix;
        }
        for (int l = 0; l < c.Layers; l++)
        {
            var at = layout.Layers[l];
            forward[4 * l] = new Pack(Forward[l].Qkv = Next(c.Width, layout.QkvWidth), at.Qkv, layout.Width);
            forward[4 * l + 1] = new Pack(Forward[l].Output = Next(layout.QueryWidth, c.Width), at.Output, layout.QueryWidth);
            forward[4 * l + 2] = new Pack(Forward[l].GateUp = Next(c.Width, 2 * layout.FeedForward), at.GateUp, layout.Width);
            forward[4 * l + 3] = new Pack(Forward[l].Down = Next(c.FeedForward, c.Width), at.Down, layout.FeedForward);
        }
        forward[^1] = new Pack(Head = Next(c.Width, c.VocabSize), layout.Head, layout.Width);
    }

    public ParameterLayout Layout { get; }

    public ModelConfig Config => Layout.Config;

    /// <summary>The arena's first float.</summary>
    public float* Arena => arena.Pointer;

    /// <summary>What is added to the arena's matrices and trained alone; null when the arena itself is trained.</summary>
    public AdapterWeights? Adapter { get; }

    public Rotary Rotary { get; }

    /// <summary>Layer -> right operands of y = x W^T.</summary>
    public LayerPacks[] Forward { get; }

    /// <summary>Layer -> right operands of dx = dy W; valid after <see cref="EnsureBackward"/>.</summary>
    public LayerPacks[] Backward { get; }

    /// <summary>Right operand of logits = h E^T.</summary>
    public PackedMatrix Head { get; }

    /// <summary>Right operand of dh = dlogits E; valid after <see cref="EnsureBackward"/>.</summary>
    public PackedMatrix? HeadBackward { get; private set; }

    /// <summary>Counts changes of the weights, so that a cache made with older ones can be told.</summary>
    public long Version { get; private set; }

    public bool Disposed { get; private set; }

    /// <summary>Bytes of all forward matrices: what a decoding step reads.</summary>
    public long ForwardBytes => Layout.PackedFloats * sizeof(float);

    /// <summary>To be called after the arena, or the adapter's, changed: remakes the forward copies. Under an adapter the arena itself changes only before the first call.</summary>
    public void Changed()
    {
        Version++;
        backwardFresh = false;
        packing = forward;
        adaptedOnly = Adapter is not null && forwardMade;
        pool.Run(packSlice);
        forwardMade = true;
    }

    /// <summary>Makes the backward copies unless they are fresh.</summary>
    public void EnsureBackward()
    {
        if (backwardFresh) return;
        if (backward.Length == 0) MakeBackward();
        packing = backward;
        adaptedOnly = Adapter is not null && backwardMade;
        pool.Run(packSlice);
        Adapter?.PackFactors();
        backwardFresh = backwardMade = true;
    }

    public void Dispose()
    {
        if (Disposed) return;
        Disposed = true;
        forwardPanels.Dispose();
        foreach (var pack in backward) pack.Matrix.Dispose();
        Rotary.Dispose();
        Adapter?.Dispose();
        arena.Dispose();
    }

    private void MakeBackward()
    {
        var c = Layout.Config;
        var made = new Pack[forward.Length];
        for (int l = 0; l < c.Layers; l++)
        {
            var at = Layout.Layers[l];
            made[4 * l] = new Pack(Backward[l].Qkv = new PackedMatrix(Layout.QkvWidth, c.Width), at.Qkv, Layout.Width);
            made[4 * l + 1] = new Pack(Backward[l].Output = new PackedMatrix(c.Width, Layout.QueryWidth), at.Output, Layout.QueryWidth);
            made[4 * l + 2] = new Pack(Backward[l].GateUp = new PackedMatrix(2 * Layout.FeedForward, c.Width), at.GateUp, Layout.Width);
            made[4 * l + 3] = new Pack(Backward[l].Down = new PackedMatrix(c.Width, c.FeedForward), at.Down, Layout.FeedForward);
        }
        made[^1] = new Pack(HeadBackward = new PackedMatrix(c.VocabSize, c.Width), Layout.Head, Layout.Width);
        backward = made;
    }

    /// <summary>Each worker packs its share of every matrix's panels.</summary>
    private void PackSlice(int worker)
    {
        bool transposed = ReferenceEquals(packing, forward);
        for (int matrix = 0; matrix < packing.Length; matrix++)
        {
            var pack = packing[matrix];
            bool adapted = Adapter is { } present && present.Layout.On[matrix].Length > 0;
            if (adaptedOnly && !adapted) continue;
            int panels = pack.Matrix.Panels;
            int first = (int)((long)panels * worker / pool.Threads), end = (int)((long)panels * (worker + 1) / pool.Threads);
            float* from = arena.Pointer + pack.Offset;
            if (adapted && transposed) Adapter!.PackTransposed(worker, matrix, pack.Matrix, from, pack.Stride, first, end);
            else if (adapted) Adapter!.PackRows(worker, matrix, pack.Matrix, from, pack.Stride, first, end);
            else if (transposed) pack.Matrix.PackTransposed(from, pack.Stride, first, end);
            else pack.Matrix.PackRows(from, pack.Stride, first, end);
        }
    }

    private readonly record struct Pack(PackedMatrix Matrix, long Offset, int Stride);
}

/// <summary>The packed matrices of one layer.</summary>
internal struct LayerPacks
{
    public PackedMatrix Qkv, Output, GateUp, Down;
}
