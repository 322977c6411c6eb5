using System;
using System.Globalization;
using System.Runtime.InteropServices;

namespace TreeRl.Models;

/// <summary>Element types of weights in files.</summary>
public enum TensorType
{
    /// <summary>Single precision: 4 bytes, what the engine computes with.</summary>
    F32,

    /// <summary>Half precision: 2 bytes, 11 significant bits, largest number 65,504.</summary>
    F16,

    /// <summary>The upper half of single precision: 2 bytes, 8 significant bits, the same range.</summary>
    BF16,
}

/// <summary>Conversion of elements between memory and files. Widening is exact; narrowing rounds to nearest, ties to even.</summary>
internal static class TensorTypes
{
    /// <summary>Bytes of an element.</summary>
    public static int Size(this TensorType type) => type == TensorType.F32 ? 4 : 2;

    /// <summary>The type's name in config.json.</summary>
    public static string TorchName(this TensorType type) => type switch
    {
        TensorType.F32 => "float32",
        TensorType.F16 => "float16",
        _ => "bfloat16",
    };

    /// <summary>Checks that a tensor fits a type: no finite element may become infinite.</summary>
    /// <exception cref="ArgumentException">One would; the message names tensor, value and cure.</exception>
    public static void Check(this TensorType type, WeightTensor tensor)
    {
        Guard.That(Enum.IsDefined(type), $"type = {type}: must be F32, F16 or BF16", nameof(type));
        if (type == TensorType.F32) return;
        foreach (float value in tensor.Values)
        {
            bool fits = !float.IsFinite(value) || (type == TensorType.F16 ? Half.IsFinite((Half)value) : float.IsFinite(Widen(Narrow(value))));
            Guard.That(fits, $"tensor '{tensor.Name}' holds {value.ToString(CultureInfo.InvariantCulture)}, which is too large for {type}: save as F32", nameof(tensor));
        }
    }

    /// <summary>Converts elements to the bytes of a file, which is little-endian.</summary>
    public static void Encode(this TensorType type, ReadOnlySpan<float> values, Span<byte> bytes)
    {
        if (type == TensorType.F32 && BitConverter.IsLittleEndian) MemoryMarshal.AsBytes(values).CopyTo(bytes);
        else if (type == TensorType.F32)
            for (int i = 0; i < values.Length; i++) System.Buffers.Binary.BinaryPrimitives.WriteSingleLittleEndian(bytes[(4 * i)..], values[i]);
        else
        {
            for (int i = 0; i < values.Length; i++)
            {
                ushort bits = type == TensorType.F16 ? BitConverter.HalfToUInt16Bits((Half)values[i]) : Narrow(values[i]);
                System.Buffers.Binary.BinaryPrimitives.WriteUInt16LittleEndian(bytes[(2 * i)..], bits);
            }
        }
    }

    /// <summary>The single-precision number of BF16 bits.</summary>
    public static float Widen(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    private static ushort Narrow(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value)) return (ushort)((bits >> 16) | 0x40);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
