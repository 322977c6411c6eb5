using System;
using System.Collections.Generic;
using TreeRl.Models;

namespace TreeRl.Policies.Cpu;

/// <summary>
/// Where each tensor of a model lies in the engine's parameter arena. Matrices keep the HF orientation [out, in]; q, k and v are fused
/// by rows, gate and up likewise; every width is padded to a multiple of 16 floats with zeros, and so is every head.
/// </summary>
/// <remarks>
/// Invariant: a padding element of the weights is 0, its gradient is 0 (one factor of each product is a zero padding element of an
/// activation), hence it stays 0. With D', F', V' the padded sizes and h' the padded head size:
/// <code>
/// matrices  embedding [V', D']   per layer: qkv [(H+2KV) h', D']   o [D', H h']   gate,up [2F', D']   down [D', F']   head [V', D'] if untied
/// vectors   per layer: input norm [D']   qkv bias [(H+2KV) h']   q norm [h']   k norm [h']   post-attention norm [D']   final norm [D']
/// </code>
/// Matrices come first, so that weight decay is one range: [0, <see cref="ArenaLayout.MatrixEnd"/>).
/// </remarks>
internal sealed class ParameterLayout : ArenaLayout
{
    public ParameterLayout(ModelConfig config)
    {
        Config = config;
        Width = Pad(config.Width);
        HeadSize = Pad(config.HeadSize);
        FeedForward = Pad(config.FeedForward);
        Vocab = Pad(config.VocabSize);
        QueryWidth = config.Heads * HeadSize;
        KeyWidth = config.KeyValueHeads * HeadSize;
        QkvWidth = QueryWidth + 2 * KeyWidth;
        Layers = new LayerOffsets[config.Layers];
        long end = 0;
        long Take(long count)
        {
            long at = end;
            end += count;
            return at;
        }

        Embedding = Take((long)Vocab * Width);
        for (int l = 0; l < config.Layers; l++)
        {
            Layers[l].Qkv = Take((long)QkvWidth * Width);
            Layers[l].Output = Take((long)Width * QueryWidth);
            Layers[l].GateUp = Take(2L * FeedForward * Width);
            Layers[l].Down = Take((long)Width * FeedForward);
        }
        Head = config.TiedHead ? Embedding : Take((long)Vocab * Width);
        MatrixEnd = end;
        for (int l = 0; l < config.Layers; l++)
        {
            Layers[l].InputNorm = Take(Width);
            Layers[l].QkvBias = config.QkvBias ? Take(QkvWidth) : -1;
            Layers[l].QueryNorm = config.QkNorm ? Take(HeadSize) : -1;
            Layers[l].KeyNorm = config.QkNorm ? Take(HeadSize) : -1;
            Layers[l].PostNorm = Take(Width);
        }
        FinalNorm = Take(Width);
        Total = end;
        Tensors = [.. Place()];
    }

    public ModelConfig Config { get; }

    /// <summary>Floats that one copy of the matrices which rows are multiplied with takes: all but the embedding, which is one of them only as a tied head.</summary>
    public long PackedFloats => MatrixEnd - (Config.TiedHead ? 0 : (long)Vocab * Width);

    /// <summary>Padded width D'.</summary>
    public int Width { get; }

    /// <summary>Padded head size h'.</summary>
    public int HeadSize { get; }

    /// <summary>Padded feed-forward width F'.</summary>
    public int FeedForward { get; }

    /// <summary>Padded vocabulary V'.</summary>
    public int Vocab { get; }

    /// <summary>H h'.</summary>
    public int QueryWidth { get; }

    /// <summary>KV h'.</summary>
    public int KeyWidth { get; }

    /// <summary>(H + 2 KV) h'.</summary>
    public int QkvWidth { get; }

    public long Embedding { get; }

    /// <summary>The head matrix; the embedding's own offset when tied.</summary>
    public long Head { get; }

    public long FinalNorm { get; }

    public LayerOffsets[] Layers { get; }

    public static int Pad(int count) => (count + 15) & ~15;

    /// <summary>Copies an arena out, padding dropped.</summary>
    public override unsafe ModelWeights CopyOut(float* arena) => new(Config, Gather(arena));

    private IEnumerable<TensorPlace> Place()
    {
        var c = Config;
        foreach (var (name, shape) in ModelWeights.Shapes(c))
        {
            if (name == TensorNames.Embedding) yield return Matrix(name, shape, Embedding, Width);
            else if (name == TensorNames.FinalNorm) yield return Vector(name, shape, FinalNorm);
            else if (name == TensorNames.Head) yield return Matrix(name, shape, Head, Width);
            else
            {
                string[] parts = name.Split('.', 4);
                var layer = Layers[int.Parse(parts[2], System.Globalization.CultureInfo.InvariantCulture)];
                long keys = layer.Qkv + (long)QueryWidth * Width, values = keys + (long)KeyWidth * Width;
                yield return parts[3] switch
                {
                    "input_layernorm.weight" => Vector(name, shape, layer.InputNorm),
                    "self_attn.q_proj.weight" => Matrix(name, shape, layer.Qkv, Width) with { RowGroup = c.HeadSize, RowGroupPadded = HeadSize },
                    "self_attn.k_proj.weight" => Matrix(name, shape, keys, Width) with { RowGroup = c.HeadSize, RowGroupPadded = HeadSize },
                    "self_attn.v_proj.weight" => Matrix(name, shape, values, Width) with { RowGroup = c.HeadSize, RowGroupPadded = HeadSize },
                    "self_attn.q_proj.bias" => Vector(name, shape, layer.QkvBias) with { ColumnGroup = c.HeadSize, ColumnGroupPadded = HeadSize },
                    "self_attn.k_proj.bias" => Vector(name, shape, layer.QkvBias + QueryWidth) with { ColumnGroup = c.HeadSize, ColumnGroupPadded = HeadSize },
                    "self_attn.v_proj.bias" => Vector(name, shape, layer.QkvBias + QueryWidth + KeyWidth) with { ColumnGroup = c.HeadSize, ColumnGroupPadded = HeadSize },
                    "self_attn.q_norm.weight" => Vector(name, shape, layer.QueryNorm),
                    "self_attn.k_norm.weight" => Vector(name, shape, layer.KeyNorm),
                    "self_attn.o_proj.weight" => Matrix(name, shape, layer.Output, QueryWidth) with { ColumnGroup = c.HeadSize, ColumnGroupPadded = HeadSize },
                    "post_attention_layernorm.weight" => Vector(name, shape, layer.PostNorm),
                    "mlp.gate_proj.weight" => Matrix(name, shape, layer.GateUp, Width),
                    "mlp.up_proj.weight" => Matrix(name, shape, layer.GateUp + (long)FeedForward * Width, Width),
                    "mlp.down_proj.weight" => Matrix(name, shape, layer.Down, FeedForward),
                    _ => throw new NotSupportedException($"tensor '{name}' has no place in the engine's layout"),
                };
            }
        }
    }

    private static TensorPlace Matrix(string name, int[] shape, long offset, int stride) =>
        new(name, shape, offset, shape[0], shape[1], stride) { RowGroup = shape[0], RowGroupPadded = shape[0], ColumnGroup = shape[1], ColumnGroupPadded = shape[1] };

    private static TensorPlace Vector(string name, int[] shape, long offset) =>
        new(name, shape, offset, 1, shape[0], 0) { RowGroup = 1, RowGroupPadded = 1, ColumnGroup = shape[0], ColumnGroupPadded = shape[0] };
}

/// <summary>Arena offsets of one layer's tensors; -1 where the architecture has none.</summary>
internal struct LayerOffsets
{
    public long Qkv, Output, GateUp, Down, InputNorm, QkvBias, QueryNorm, KeyNorm, PostNorm;
}
