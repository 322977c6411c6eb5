using System;
using TreeRl.Numerics;

namespace TreeRl.Policies.Cpu;

internal sealed unsafe partial class ChunkPass
{
    /// <summary>Walks the layers down from the residual gradient that <see cref="BackwardHead"/> left, and ends in the embedding, which has no gradient when an adapter is trained alone.</summary>
    private void BackwardLayers(float* gradient)
    {
        int width = layout.Width, trueWidth = layout.Config.Width;
        float* arena = weights.Arena;
        for (int l = layout.Config.Layers - 1; l >= 0; l--)
        {
            ref readonly var at = ref layout.Layers[l];
            ref readonly var packs = ref weights.Backward[l];
            var layer = b.Layers[l];
            // The shared buffers hold the last layer's activations when the forward pass ends.
            if (recompute && l < layout.Config.Layers - 1) ForwardLayer(l, null);

            for (int first = 0; first < rows; first += b.BackwardBlock)
            {
                BackwardFeedForward(
                    l, layer.From(first, width, b.GateUpStride), Math.Min(b.BackwardBlock, rows - first), b.ResidualGradient + (long)first * width, b.NormedGradient + (long)first * width, gradient);
            }

            AddMatrixGradient(4 * l + 1, rows, trueWidth, layout.QueryWidth, b.ResidualGradient, width, layer.Attended, layout.QueryWidth, gradient, at.Output);
            MatMul.Multiply(level, rows, b.ResidualGradient, width, packs.Output, b.AttendedGradient, layout.QueryWidth);
            BackwardAttention(in layer, gradient, in at);
            AddMatrixGradient(4 * l, rows, layout.QkvWidth, trueWidth, b.QkvGradient, layout.QkvWidth, layer.InputNormed, width, gradient, at.Qkv);
            MatMul.Multiply(level, rows, b.QkvGradient, layout.QkvWidth, packs.Qkv, b.NormedGradient, width);
            RmsNorm.Backward(
                layer.Input, width, arena + at.InputNorm, layer.InputInverse, b.NormedGradient, width, b.ResidualGradient, width, Gain(gradient, at.InputNorm), rows, trueWidth);
        }
        if (weights.Adapter is not null) return;
        for (int i = 0; i < rows; i++)
            VectorMath.Add(b.ResidualGradient + (long)i * width, gradient + layout.Embedding + (long)batch.RowToken[firstRow + i] * width, width);
    }

    /// <summary>The feed-forward half of a layer for some rows: turns the gradient of what leaves the layer into that of what enters this half.</summary>
    private void BackwardFeedForward(int l, in LayerBuffers layer, int count, float* residual, float* normed, float* gradient)
    {
        int width = layout.Width, trueWidth = layout.Config.Width, feedForward = layout.FeedForward;
        ref readonly var at = ref layout.Layers[l];
        ref readonly var packs = ref weights.Backward[l];
        MatMul.Multiply(level, count, residual, width, packs.Down, b.Gated, b.GatedStride);
        // Takes the gradient of the gated values and leaves the values themselves.
        SwiGlu.Backward(layer.GateUp, b.GateUpStride, feedForward, b.Gated, b.GatedStride, b.GateUpGradient, b.GateUpStride, count, feedForward);
        AddMatrixGradient(4 * l + 3, count, trueWidth, layout.Config.FeedForward, residual, width, b.Gated, b.GatedStride, gradient, at.Down);
        AddMatrixGradient(4 * l + 2, count, 2 * feedForward, trueWidth, b.GateUpGradient, b.GateUpStride, layer.MiddleNormed, width, gradient, at.GateUp);
        MatMul.Multiply(level, count, b.GateUpGradient, b.GateUpStride, packs.GateUp, normed, width);
        RmsNorm.Backward(
            layer.Middle, width, weights.Arena + at.PostNorm, layer.MiddleInverse, normed, width, residual, width, Gain(gradient, at.PostNorm), count, trueWidth);
    }

    /// <summary>From the gradient of the attention output to that of the fused projection's output, through rotary, head norms and bias.</summary>
    private void BackwardAttention(in LayerBuffers layer, float* gradient, in LayerOffsets at)
    {
        int stride = layout.QkvWidth, h = layout.HeadSize, heads = layout.Config.Heads + layout.Config.KeyValueHeads;
        VectorMath.Clear(b.QkvGradient, (long)rows * stride);
        attention.Backward(batch, batch.GroupFirstSegment[firstGroup], batch.GroupFirstSegment[endGroup], b, in layer, rows);
        weights.Rotary.Apply(b.QkvGradient, stride, rows, heads, h, b.Positions, backward: true);
        for (int head = 0; at.QueryNorm >= 0 && head < heads; head++)
        {
            long gain = head < layout.Config.Heads ? at.QueryNorm : at.KeyNorm;
            float* dy = b.QkvGradient + head * h;
            RmsNorm.Backward(
                layer.RawQkv + head * h, stride, weights.Arena + gain, layer.HeadInverse + (long)head * rows, dy, stride, dy, stride, Gain(gradient, gain), rows,
                layout.Config.HeadSize, accumulate: false);
        }
        if (at.QkvBias >= 0 && weights.Adapter is null) Bias.Gradient(b.QkvGradient, stride, gradient + at.QkvBias, rows, stride);
    }
}
