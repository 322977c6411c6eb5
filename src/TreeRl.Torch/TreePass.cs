using System;
using System.Collections.Generic;
using System.Linq;
using TorchSharp;
using static TorchSharp.torch;

namespace TreeRl.Torch;

/// <summary>
/// Forward and backward through the layers. Training goes layer by layer: each is a graph of its own between two leaves, kept until its backward pass or, with
/// checkpointing, computed again there. Gradients are asked of autograd by tensor and never left in it.
/// </summary>
internal sealed class TreePass(Transformer model, Parameters parameters)
{
    /// <summary>Rows whose embedding gradients are summed in one product.</summary>
    private const int EmbeddingRows = 2048;

    /// <summary>The residual stream [R, D] behind the last layer, without gradients.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="keep">Receives each layer's index, keys and values [R, KV, h]; may be null.</param>
    public Tensor Forward(TreeRows rows, Action<int, Tensor, Tensor>? keep = null)
    {
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        var x = Embedded(rows);
        for (int l = 0; l < model.Config.Layers; l++)
        {
            using var inner = NewDisposeScope();
            var before = x;
            x = Layer(LayerTensors.Of(model.Config, l, parameters.Frozen), rows, x, l, keep).MoveToOuterDisposeScope();
            before.Dispose();
        }
        return x.MoveToOuterDisposeScope();
    }

    /// <summary>Forward that remembers what the backward pass needs. The last entry's output is the residual stream behind the last layer.</summary>
    public List<Step> Record(TreeRows rows)
    {
        var tape = new List<Step>();
        Tensor x;
        using (no_grad()) x = Embedded(rows);
        for (int l = 0; l < model.Config.Layers; l++)
        {
            using var scope = NewDisposeScope();
            var input = x.detach().requires_grad_();
            Tensor output;
            using (enable_grad(!model.Options.Checkpointing)) output = Layer(LayerTensors.Of(model.Config, l, parameters.Effective), rows, input, l, null);
            tape.Add(new Step(input.MoveToOuterDisposeScope(), output.MoveToOuterDisposeScope()));
            x = output;
        }
        return tape;
    }

    /// <summary>Backward from the gradient by the last output.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="tape">What <see cref="Record"/> gave; it is used up.</param>
    /// <param name="gradient">Gradient [R, D]; disposed.</param>
    /// <param name="into">One tensor for each that is trained; gradients are added.</param>
    public void Backward(TreeRows rows, List<Step> tape, Tensor gradient, Tensor[] into)
    {
        for (int l = model.Config.Layers - 1; l >= 0; l--)
        {
            using var scope = NewDisposeScope();
            var step = tape[l];
            var output = step.Output;
            if (model.Options.Checkpointing)
                using (enable_grad()) output = Layer(LayerTensors.Of(model.Config, l, parameters.Effective), rows, step.Input, l, null);
            int[] own = parameters.TrainedOf(LayerTensors.Prefix(l));
            var found = autograd.grad([output], [step.Input, .. own.Select(i => parameters.Trained[i])], [gradient]);
            using (no_grad())
                for (int i = 0; i < own.Length; i++) into[own[i]].add_(found[i + 1]);
            gradient.Dispose();
            gradient = found[0].MoveToOuterDisposeScope();
            step.Input.Dispose();
            step.Output.Dispose();
        }
        foreach (int embedding in parameters.TrainedOf(Parameters.Embedding)) AddEmbedding(rows, gradient, into[embedding]);
        gradient.Dispose();
    }

    /// <summary>Adds row gradients to the embedding, a product with the tokens' indicator at a time: no two sums race for a row, so the bits are the same each time.</summary>
    private void AddEmbedding(TreeRows rows, Tensor gradient, Tensor into)
    {
        using var quiet = no_grad();
        for (int first = 0; first < rows.Count; first += EmbeddingRows)
        {
            using var scope = NewDisposeScope();
            int[] tokens = rows.HostTokens.Slice(first, Math.Min(EmbeddingRows, rows.Count - first)).ToArray(), unique = [.. tokens.Distinct().Order()];
            var indicator = model.Longs(unique).unsqueeze(1) == model.Longs(tokens).unsqueeze(0);
            into.index_add_(0, model.Longs(unique), indicator.to(ScalarType.Float32).matmul(gradient.narrow(0, first, tokens.Length)), 1);
        }
    }

    private Tensor Embedded(TreeRows rows) => parameters[Parameters.Embedding].index_select(0, rows.Tokens);

    private Tensor Layer(LayerTensors w, TreeRows rows, Tensor x, int layer, Action<int, Tensor, Tensor>? keep)
    {
        var (query, key, value) = model.Project(w, x, rows.Turns);
        keep?.Invoke(layer, key, value);
        return model.Finish(w, x, rows.Attend(query, key, value));
    }

    /// <summary>One layer's leaf and what came out; with checkpointing the output has no graph.</summary>
    internal readonly record struct Step(Tensor Input, Tensor Output);
}
