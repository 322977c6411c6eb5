using System;
using TreeRl.Numerics;

namespace TreeRl.Policies.Cpu;

internal sealed unsafe partial class ChunkPass
{
    /// <summary>Walks the layers down from the residual gradient that <see cref="BackwardHead"/> left, and ends in the embedding, which has no gradient when an adapter is trained alone.</summary>
    private void BackwardLayers(float* gradient)
    {
        int width = layout.Width;
        for (int l = layout.Config.Layers - 1; l >= 0; l--)
        {
            var layer = b.Layers[l];
            // The shared buffers hold the last layer's activations when the forward pass ends.
            if (recompute && l < layout.Config.Layers - 1) ForwardLayer(l, null);

            for (int first = 0; first < rows; first += b.BackwardBlock)
            {
                BackwardFeedForward(
                    l, layer.From(first, width, b.GateUpStride), Math.Min(b.BackwardBlock, rows - first), b.ResidualGradient + (long)first * width, b.NormedGradient + (long)first * width, gradient);
            }

            for (int first = 0; first < rows; first += b.AttentionBlock) BackwardOutput(l, in layer, first, Math.Min(b.AttentionBlock, rows - first), gradient);
            VectorMath.Clear(b.QkvGradient, (long)rows * layout.QkvWidth);
            attention.Backward(batch, batch.GroupFirstSegment[firstGroup], batch.GroupFirstSegment[endGroup], b, in layer, rows);
            for (int first = 0; first < rows; first += b.AttentionBlock) BackwardQkv(l, in layer, first, Math.Min(b.AttentionBlock, rows - first), gradient);
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

    /// <summary>From the gradient of what attention adds to the residual stream to that of its output, for <paramref name="count"/> rows from <paramref name="first"/> on.</summary>
    private void BackwardOutput(int l, in LayerBuffers layer, int first, int count, float* gradient)
    {
        int width = layout.Width, queryWidth = layout.QueryWidth;
        float* residual = b.ResidualGradient + (long)first * width;
        AddMatrixGradient(
            4 * l + 1, count, layout.Config.Width, queryWidth, residual, width, layer.Attended + (long)first * queryWidth, queryWidth, gradient, layout.Layers[l].Output);
        MatMul.Multiply(level, count, residual, width, weights.Backward[l].Output, b.AttendedGradient + (long)first * queryWidth, queryWidth);
    }

    /// <summary>From the gradient of queries, keys and values, through rotary, head norms and bias, to that of what enters the layer, for some rows likewise.</summary>
    private void BackwardQkv(int l, in LayerBuffers layer, int first, int count, float* gradient)
    {
        int width = layout.Width, trueWidth = layout.Config.Width, stride = layout.QkvWidth, h = layout.HeadSize, heads = layout.Config.Heads + layout.Config.KeyValueHeads;
        ref readonly var at = ref layout.Layers[l];
        float* qkv = b.QkvGradient + (long)first * stride, normed = b.NormedGradient + (long)first * width;
        weights.Rotary.Apply(qkv, stride, count, heads, h, b.Positions + first, backward: true);
        for (int head = 0; at.QueryNorm >= 0 && head < heads; head++)
        {
            long gain = head < layout.Config.Heads ? at.QueryNorm : at.KeyNorm;
            float* dy = qkv + head * h;
            RmsNorm.Backward(
                layer.RawQkv + (long)first * stride + head * h, stride, weights.Arena + gain, layer.HeadInverse + (long)head * rows + first, dy, stride, dy, stride,
                Gain(gradient, gain), count, layout.Config.HeadSize, accumulate: false);
        }
        if (at.QkvBias >= 0 && weights.Adapter is null) Bias.Gradient(qkv, stride, gradient + at.QkvBias, count, stride);
        AddMatrixGradient(4 * l, count, stride, trueWidth, qkv, stride, layer.InputNormed + (long)first * width, width, gradient, at.Qkv);
        MatMul.Multiply(level, count, qkv, stride, weights.Backward[l].Qkv, normed, width);
        RmsNorm.Backward(
            layer.Input + (long)first * width, width, weights.Arena + at.InputNorm, layer.InputInverse + first, normed, width, b.ResidualGradient + (long)first * width, width,
            Gain(gradient, at.InputNorm), count, trueWidth);
    }
}
