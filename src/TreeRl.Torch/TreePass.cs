using System.Collections.Generic;
using System.Linq;
using TorchSharp;
using TreeRl.Models;
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
    public Tensor Forward(ModelRows rows)
    {
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        var x = Embedded(rows);
        for (int l = 0; l < model.Config.Layers; l++)
        {
            using var inner = NewDisposeScope();
            using var before = x;
            x = model.Layer(parameters.Of(l, training: false), rows, x, l).MoveToOuterDisposeScope();
        }
        return x.MoveToOuterDisposeScope();
    }

    /// <summary>Forward that remembers what the backward pass needs. The last entry's output is the residual stream behind the last layer.</summary>
    public List<Step> Record(ModelRows rows)
    {
        var tape = new List<Step>();
        Tensor x;
        using (no_grad()) x = Embedded(rows);
        for (int l = 0; l < model.Config.Layers; l++)
        {
            using var scope = NewDisposeScope();
            var input = x.detach().requires_grad_();
            using (enable_grad(!model.Options.Checkpointing)) x = model.Layer(parameters.Of(l, training: true), rows, input, l).MoveToOuterDisposeScope();
            tape.Add(new Step(input.MoveToOuterDisposeScope(), x));
        }
        return tape;
    }

    /// <summary>Backward from the gradient by the last output.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="tokens">Their tokens.</param>
    /// <param name="tape">What <see cref="Record"/> gave; it is used up.</param>
    /// <param name="gradient">Gradient [R, D]; disposed.</param>
    /// <param name="into">One tensor for each that is trained; gradients are added.</param>
    public void Backward(ModelRows rows, int[] tokens, List<Step> tape, Tensor gradient, Tensor[] into)
    {
        for (int l = model.Config.Layers - 1; l >= 0; l--)
        {
            using var scope = NewDisposeScope();
            using Tensor input = tape[l].Input, recorded = tape[l].Output, above = gradient;
            var output = recorded;
            if (model.Options.Checkpointing)
                using (enable_grad()) output = model.Layer(parameters.Of(l, training: true), rows, input, l);
            gradient = parameters.AddGradients(output, [above], input, into, TensorNames.Layer(l)).MoveToOuterDisposeScope();
        }
        foreach (int embedding in parameters.TrainedOf(TensorNames.Embedding)) AddEmbedding(tokens, gradient, into[embedding]);
        gradient.Dispose();
    }

    /// <summary>Adds row gradients to the embedding by products with the tokens' indicator: no sums race for a row, so bits are the same each time.</summary>
    private void AddEmbedding(int[] tokens, Tensor gradient, Tensor into)
    {
        using var quiet = no_grad();
        for (int first = 0; first < tokens.Length; first += EmbeddingRows)
        {
            using var scope = NewDisposeScope();
            int[] some = [.. tokens.Skip(first).Take(EmbeddingRows)], unique = [.. some.Distinct().Order()];
            var indicator = model.Longs(unique).unsqueeze(1) == model.Longs(some).unsqueeze(0);
            into.index_add_(0, model.Longs(unique), indicator.to(ScalarType.Float32).matmul(gradient.narrow(0, first, some.Length)), 1);
        }
    }

    private Tensor Embedded(ModelRows rows) => parameters[TensorNames.Embedding].index_select(0, rows.Tokens);

    /// <summary>One layer's leaf and what came out; with checkpointing the output has no graph.</summary>
    internal readonly record struct Step(Tensor Input, Tensor Output);
}
