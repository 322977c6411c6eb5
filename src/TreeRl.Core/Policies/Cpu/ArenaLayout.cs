using System;
using System.Collections.Generic;
using TreeRl.Models;

namespace TreeRl.Policies.Cpu;

/// <summary>Where a set of trainable tensors lies in one arena of floats, matrices first, each padded to multiples of 16 with zeros that stay zero.</summary>
internal abstract class ArenaLayout
{
    /// <summary>Number of floats in the arena, padding included.</summary>
    public long Total { get; protected init; }

    /// <summary>End of the matrices, which weight decay applies to.</summary>
    public long MatrixEnd { get; protected init; }

    /// <summary>The tensors in the order of their set.</summary>
    public TensorPlace[] Tensors { get; protected init; } = [];

    /// <summary>Number of parameters, padding excluded.</summary>
    public long ParameterCount
    {
        get
        {
            long count = 0;
            foreach (var tensor in Tensors) count += (long)tensor.Rows * tensor.Columns;
            return count;
        }
    }

    /// <summary>Copies an arena out, padding dropped.</summary>
    public abstract unsafe ITensorSet CopyOut(float* arena);

    /// <summary>Copies tensors into an arena whose padding is already zero.</summary>
    public unsafe void CopyIn(ITensorSet tensors, float* arena)
    {
        foreach (var place in Tensors)
        {
            float[] values = tensors[place.Name].Values;
            fixed (float* host = values) place.Copy(host, arena, toArena: true);
        }
    }

    /// <summary>The name of the tensor that holds an arena element.</summary>
    public string NameAt(long offset)
    {
        string name = "padding";
        long best = -1;
        foreach (var place in Tensors)
        {
            if (place.Offset <= offset && place.Offset > best) (best, name) = (place.Offset, place.Name);
        }
        return name;
    }

    protected unsafe List<WeightTensor> Gather(float* arena)
    {
        var tensors = new List<WeightTensor>(Tensors.Length);
        foreach (var place in Tensors)
        {
            var values = new float[(long)place.Rows * place.Columns];
            fixed (float* host = values) place.Copy(host, arena, toArena: false);
            tensors.Add(new WeightTensor(place.Name, place.Shape, values));
        }
        return tensors;
    }
}

/// <summary>
/// One tensor in an arena. Rows and columns come in groups (heads) that are padded: element (r, c) lies at
/// <c>Offset + (r / RowGroup * RowGroupPadded + r % RowGroup) * Stride + c / ColumnGroup * ColumnGroupPadded + c % ColumnGroup</c>.
/// </summary>
internal sealed record TensorPlace(string Name, int[] Shape, long Offset, int Rows, int Columns, int Stride)
{
    public required int RowGroup { get; init; }

    public required int RowGroupPadded { get; init; }

    public required int ColumnGroup { get; init; }

    public required int ColumnGroupPadded { get; init; }

    /// <summary>Copies between a dense host tensor and the arena.</summary>
    public unsafe void Copy(float* host, float* arena, bool toArena)
    {
        for (int r = 0; r < Rows; r++)
        {
            float* row = arena + Offset + ((long)(r / RowGroup) * RowGroupPadded + r % RowGroup) * Stride;
            for (int c = 0; c < Columns; c += ColumnGroup)
            {
                float* inside = row + (long)(c / ColumnGroup) * ColumnGroupPadded;
                float* outside = host + (long)r * Columns + c;
                long bytes = ColumnGroup * sizeof(float);
                if (toArena) Buffer.MemoryCopy(outside, inside, bytes, bytes);
                else Buffer.MemoryCopy(inside, outside, bytes, bytes);
            }
        }
    }
}
