using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Models;

namespace TreeRl.Policies.Cpu;

/// <summary>A linear layer with an adapter, which takes some rows of one of the engine's fused matrices.</summary>
/// <param name="Name">HF name without ".weight".</param>
/// <param name="Matrix">Index of the fused matrix, as <see cref="PolicyWeights"/> counts them: four a block, then the head.</param>
/// <param name="FirstRow">First row of the fused matrix, which is the first column of its output.</param>
/// <param name="Rows">Rows, padding of heads included.</param>
/// <param name="Inputs">Columns that count, the last of which is no padding.</param>
/// <param name="Stride">Floats between rows of the fused matrix, and of A.</param>
/// <param name="Down">Arena offset of A, [r', Stride].</param>
/// <param name="Up">Arena offset of B, [Rows, r'].</param>
internal sealed record AdapterPlace(string Name, int Matrix, int FirstRow, int Rows, int Inputs, int Stride, long Down, long Up);

/// <summary>
/// Where the factors of an adapter lie in their arena. A has the columns of the matrix it sits on and B its rows, padding of heads included; the rank is padded to a
/// multiple of 16. Invariant: padding is 0 and its gradient is 0, since one factor of each product is padding of an activation or of the other factor.
/// </summary>
internal sealed class AdapterLayout : ArenaLayout
{
    public AdapterLayout(ParameterLayout model, LoraSettings settings)
    {
        Model = model;
        Settings = settings.Validated(model.Config);
        Rank = ParameterLayout.Pad(Settings.Rank);
        var tensors = new List<TensorPlace>();
        var places = new List<AdapterPlace>();
        long end = 0;
        foreach (var (name, outputs, inputs) in Settings.Places(model.Config))
        {
            var (matrix, offset, width) = MatrixOf(name);
            var weight = name == LoraSettings.Head ? HeadPlace(outputs, inputs) : model.Tensors.First(tensor => tensor.Name == name + ".weight");
            int rows = weight.Rows / weight.RowGroup * weight.RowGroupPadded;
            var place = new AdapterPlace(name, matrix, (int)((weight.Offset - offset) / weight.Stride), rows, width, weight.Stride, end, end + (long)Rank * weight.Stride);
            end = place.Up + (long)rows * Rank;
            places.Add(place);
            tensors.Add(new TensorPlace(name + LoraAdapter.Down, [Settings.Rank, inputs], place.Down, Settings.Rank, inputs, weight.Stride)
            {
                RowGroup = Settings.Rank,
                RowGroupPadded = Settings.Rank,
                ColumnGroup = weight.ColumnGroup,
                ColumnGroupPadded = weight.ColumnGroupPadded,
            });
            tensors.Add(new TensorPlace(name + LoraAdapter.Up, [outputs, Settings.Rank], place.Up, outputs, Settings.Rank, Rank)
            {
                RowGroup = weight.RowGroup,
                RowGroupPadded = weight.RowGroupPadded,
                ColumnGroup = Settings.Rank,
                ColumnGroupPadded = Settings.Rank,
            });
        }
        Total = MatrixEnd = end;
        Tensors = [.. tensors];
        On = [.. Enumerable.Range(0, 4 * model.Config.Layers + 1).Select(matrix => places.Where(place => place.Matrix == matrix).ToArray())];
    }

    public ParameterLayout Model { get; }

    public LoraSettings Settings { get; }

    /// <summary>Padded rank r'.</summary>
    public int Rank { get; }

    /// <summary>Fused matrix -> the adapted layers in it, in order; empty where there are none.</summary>
    public AdapterPlace[][] On { get; }

    /// <inheritdoc/>
    public override unsafe LoraAdapter CopyOut(float* arena) => new(Model.Config, Settings, Gather(arena));

    /// <summary>The fused matrix of a layer: its index, arena offset, and the inputs its product runs over.</summary>
    private (int Matrix, long Offset, int Inputs) MatrixOf(string name)
    {
        if (name == LoraSettings.Head) return (4 * Model.Config.Layers, Model.Head, Model.Config.Width);
        string[] parts = name.Split('.');
        int block = int.Parse(parts[2], System.Globalization.CultureInfo.InvariantCulture);
        ref readonly var at = ref Model.Layers[block];
        return parts[^1] switch
        {
            "o_proj" => (4 * block + 1, at.Output, Model.QueryWidth),
            "gate_proj" or "up_proj" => (4 * block + 2, at.GateUp, Model.Config.Width),
            "down_proj" => (4 * block + 3, at.Down, Model.Config.FeedForward),
            _ => (4 * block, at.Qkv, Model.Config.Width),
        };
    }

    /// <summary>The head's place, also where it shares the embedding's matrix.</summary>
    private TensorPlace HeadPlace(int outputs, int inputs) =>
        new(LoraSettings.Head, [outputs, inputs], Model.Head, outputs, inputs, Model.Width) { RowGroup = outputs, RowGroupPadded = outputs, ColumnGroup = inputs, ColumnGroupPadded = inputs };
}
