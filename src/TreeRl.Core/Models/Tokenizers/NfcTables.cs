using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;

namespace TreeRl.Models;

/// <summary>Canonical decompositions, combining classes and compositions (Unicode Standard Annex 15), unpacked on first use.</summary>
internal static class NfcTables
{
    private static readonly Dictionary<int, byte> Classes = [];
    private static readonly Dictionary<int, int[]> Decompositions = [];
    private static readonly Dictionary<long, int> Compositions = [];

    static NfcTables()
    {
        var packed = new MemoryStream(Convert.FromBase64String(NfcTablesData.Packed));
        using var inflated = new DeflateStream(packed, CompressionMode.Decompress);
        using var bytes = new BinaryReader(inflated);
        ReadClasses(bytes);
        ReadDecompositions(bytes);
    }

    /// <summary>The canonical combining class, 0 for starters.</summary>
    public static int ClassOf(int codePoint) => Classes.GetValueOrDefault(codePoint);

    /// <summary>The full canonical decomposition, or null for a character that stands for itself. Hangul syllables are not in the table.</summary>
    public static int[]? Decompose(int codePoint) => Decompositions.GetValueOrDefault(codePoint);

    /// <summary>The character that two compose to, or -1. Hangul syllables are not in the table.</summary>
    public static int Compose(int first, int second) => Compositions.GetValueOrDefault(Pair(first, second), -1);

    private static void ReadClasses(BinaryReader bytes)
    {
        int start = 0;
        for (int left = bytes.Read7BitEncodedInt(); left > 0; left--)
        {
            start += bytes.Read7BitEncodedInt();
            int length = bytes.Read7BitEncodedInt();
            byte value = (byte)bytes.Read7BitEncodedInt();
            for (int i = 0; i < length; i++) Classes.Add(start + i, value);
        }
    }

    // A character that composes is the composition of its last part with what the parts before it compose to.
    private static void ReadDecompositions(BinaryReader bytes)
    {
        var composing = new List<int>();
        int codePoint = 0;
        for (int left = bytes.Read7BitEncodedInt(); left > 0; left--)
        {
            codePoint += bytes.Read7BitEncodedInt();
            int header = bytes.Read7BitEncodedInt();
            var parts = new int[header / 2];
            for (int i = 0; i < parts.Length; i++) parts[i] = bytes.Read7BitEncodedInt();
            Decompositions.Add(codePoint, parts);
            if (header % 2 == 1) composing.Add(codePoint);
        }
        composing.Sort((left, right) => Decompositions[left].Length.CompareTo(Decompositions[right].Length));
        foreach (int composed in composing)
        {
            int[] parts = Decompositions[composed];
            int first = parts[0];
            for (int i = 1; i < parts.Length - 1; i++) first = Compositions[Pair(first, parts[i])];
            Compositions.Add(Pair(first, parts[^1]), composed);
        }
    }

    private static long Pair(int first, int second) => ((long)first << 32) | (uint)second;
}
