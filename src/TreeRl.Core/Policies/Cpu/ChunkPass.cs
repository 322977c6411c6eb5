using System;
using TreeRl.Numerics;

namespace TreeRl.Policies.Cpu;

/// <summary>
/// One thread's forward and backward over a chunk, that is over some groups of a batch. Rows of a chunk never influence one another except through
/// attention inside a group, and every kernel computes a row alike whatever the other rows, so values do not depend on the chunking.
/// </summary>
internal sealed unsafe partial class ChunkPass : IDisposable
{
    private readonly PolicyWeights weights;
    private readonly ParameterLayout layout;
    private readonly SimdLevel level;
    private readonly ChunkBuffers b;
    private readonly TreeAttention attention;
    private readonly PredictorIndex predictors = new();
    private PackedBatch batch = null!;
    private int firstGroup, endGroup, firstRow, rows, firstTarget, targets;
    private readonly bool recompute;
    private bool keepsLogits;

    public ChunkPass(PolicyWeights weights, SimdLevel level, bool recompute)
    {
        this.weights = weights;
        this.level = level;
        layout = weights.Layout;
        b = new ChunkBuffers(layout, weights.Adapter?.Layout.Rank ?? 0, recompute);
        this.recompute = recompute;
        attention = new TreeAttention(layout, level);
    }

    /// <summary>Bytes that <see cref="Reserve"/> makes room for.</summary>
    public long Bytes(int maxRows, int maxTargets, int maxKeys, bool backward) => sizeof(float) * b.Floats(maxRows, maxTargets, maxKeys, backward);

    /// <summary>Makes room for chunks of at most these sizes, so that no pass allocates.</summary>
    public void Reserve(int maxRows, int maxTargets, int maxKeys, bool backward)
    {
        b.Reserve(maxRows, maxTargets, maxKeys, backward);
        predictors.Reserve(maxRows, maxTargets);
    }

    /// <summary>Log-probabilities and entropies of the targets of groups [<paramref name="first"/>, <paramref name="end"/>), written at the targets' batch indices.</summary>
    public void Score(PackedBatch scored, int first, int end, int longestPath, float* logProb, float* entropy)
    {
        Begin(scored, first, end, longestPath, backward: false);
        ForwardLayers();
        ForwardHead();
        VectorMath.Copy(b.LogProb, logProb + firstTarget, targets);
        VectorMath.Copy(b.Entropy, entropy + firstTarget, targets);
    }

    /// <summary>Forward, the objective of each group, backward into <paramref name="gradient"/>; writes each group's report.</summary>
    public void Accumulate(PackedBatch trained, int first, int end, int longestPath, IObjective objective, float* gradient, LossReport[] reports)
    {
        Begin(trained, first, end, longestPath, backward: true);
        ForwardLayers();
        ForwardHead();
        for (int g = first; g < end; g++)
        {
            int from = trained.GroupFirstTarget[g] - firstTarget, count = trained.GroupFirstTarget[g + 1] - trained.GroupFirstTarget[g];
            reports[g] = GroupObjective.Evaluate(
                trained, g, objective, new ReadOnlySpan<float>(b.LogProb + from, count), new ReadOnlySpan<float>(b.Entropy + from, count),
                new Span<float>(b.LogProbGradient + from, count), new Span<float>(b.EntropyGradient + from, objective.UsesEntropy ? count : 0));
        }
        BackwardHead(gradient, objective.UsesEntropy);
        BackwardLayers(gradient);
    }

    public void Dispose() => b.Dispose();

    private void Begin(PackedBatch next, int first, int end, int longestPath, bool backward)
    {
        batch = next;
        firstGroup = first;
        endGroup = end;
        firstRow = next.GroupFirstRow(first);
        rows = next.GroupFirstRow(end) - firstRow;
        firstTarget = next.GroupFirstTarget[first];
        targets = next.GroupFirstTarget[end] - firstTarget;
        b.Carve(rows, targets, longestPath, backward);
        predictors.Build(next, firstRow, firstRow + rows, firstTarget, firstTarget + targets);
        keepsLogits = b.LogitRows >= predictors.Count;
    }

    private void ForwardLayers()
    {
        int width = layout.Width;
        float* arena = weights.Arena;
        for (int i = 0; i < rows; i++)
        {
            b.Positions[i] = batch.RowPosition[firstRow + i];
            VectorMath.Copy(arena + layout.Embedding + (long)batch.RowToken[firstRow + i] * width, b.Layers[0].Input + (long)i * width, width);
        }
        for (int l = 0; l < layout.Config.Layers; l++) ForwardLayer(l, l + 1 < layout.Config.Layers ? b.Layers[l + 1].Input : b.Final);
    }

    /// <summary>
    /// Makes everything of a layer from what enters it, and what leaves it at <paramref name="next"/> unless that is null. Only attention looks at all rows; what comes before and
    /// after it goes over a block of rows at a time, which stays in the second-level cache from one product to the next.
    /// </summary>
    private void ForwardLayer(int l, float* next)
    {
        int width = layout.Width;
        var layer = b.Layers[l];
        for (int first = 0; first < rows; first += ChunkBuffers.ForwardBlock) ForwardQkv(l, in layer, first, Math.Min(ChunkBuffers.ForwardBlock, rows - first));
        attention.Forward(batch, batch.GroupFirstSegment[firstGroup], batch.GroupFirstSegment[endGroup], b, in layer, rows);
        for (int first = 0; first < rows; first += ChunkBuffers.ForwardBlock)
        {
            int count = Math.Min(ChunkBuffers.ForwardBlock, rows - first);
            float* middle = layer.Middle + (long)first * width;
            if (layer.Middle != layer.Input) VectorMath.Copy(layer.Input + (long)first * width, middle, (long)count * width);
            MatMul.Multiply(level, count, layer.Attended + (long)first * layout.QueryWidth, layout.QueryWidth, weights.Forward[l].Output, middle, width, accumulate: true);
            ForwardFeedForward(l, layer.From(first, width, b.KeepsGates ? b.GateUpStride : 0), count, next == null ? null : next + (long)first * width);
        }
    }

    /// <summary>Queries, keys and values of <paramref name="count"/> rows from <paramref name="first"/> on, as attention takes them.</summary>
    private void ForwardQkv(int l, in LayerBuffers layer, int first, int count)
    {
        int width = layout.Width, stride = layout.QkvWidth;
        float epsilon = (float)layout.Config.NormEpsilon;
        float* arena = weights.Arena, normed = layer.InputNormed + (long)first * width, qkv = layer.Qkv + (long)first * stride;
        ref readonly var at = ref layout.Layers[l];
        RmsNorm.Forward(layer.Input + (long)first * width, width, arena + at.InputNorm, normed, width, layer.InputInverse + first, count, layout.Config.Width, epsilon);
        MatMul.Multiply(level, count, normed, width, weights.Forward[l].Qkv, qkv, stride);
        if (at.QkvBias >= 0) Bias.Add(qkv, stride, arena + at.QkvBias, count, stride);
        if (at.QueryNorm >= 0) NormHeads(in layer, first, count, arena + at.QueryNorm, arena + at.KeyNorm, epsilon);
        weights.Rotary.Apply(qkv, stride, count, layout.Config.Heads + layout.Config.KeyValueHeads, layout.HeadSize, b.Positions + first);
    }

    /// <summary>The feed-forward half of a layer for some rows: few enough that what is wide stays in the second-level cache between its products.</summary>
    private void ForwardFeedForward(int l, in LayerBuffers layer, int count, float* next)
    {
        int width = layout.Width, feedForward = layout.FeedForward;
        ref readonly var packs = ref weights.Forward[l];
        RmsNorm.Forward(
            layer.Middle, width, weights.Arena + layout.Layers[l].PostNorm, layer.MiddleNormed, width, layer.MiddleInverse, count, layout.Config.Width, (float)layout.Config.NormEpsilon);
        MatMul.Multiply(level, count, layer.MiddleNormed, width, packs.GateUp, layer.GateUp, b.GateUpStride);
        if (next == null) return;
        SwiGlu.Forward(layer.GateUp, b.GateUpStride, feedForward, b.Gated, b.GatedStride, count, 0, feedForward);
        if (next != layer.Middle) VectorMath.Copy(layer.Middle, next, (long)count * width);
        MatMul.Multiply(level, count, b.Gated, b.GatedStride, packs.Down, next, width, accumulate: true);
    }

    private void NormHeads(in LayerBuffers layer, int first, int count, float* queryGain, float* keyGain, float epsilon)
    {
        int h = layout.HeadSize, stride = layout.QkvWidth;
        float* qkv = layer.Qkv + (long)first * stride;
        if (layer.RawQkv != null) VectorMath.Copy(qkv, layer.RawQkv + (long)first * stride, (long)count * stride);
        for (int head = 0; head < layout.Config.Heads + layout.Config.KeyValueHeads; head++)
        {
            float* x = qkv + head * h;
            RmsNorm.Forward(
                x, stride, head < layout.Config.Heads ? queryGain : keyGain, x, stride, layer.HeadInverse + (long)head * rows + first, count, layout.Config.HeadSize, epsilon);
        }
    }
}
