namespace TreeRl.Models;

/// <summary>
/// The printable stand-ins for the 256 bytes that byte-level vocabularies are written in: the bytes 33-126, 161-172 and 174-255 stand for themselves,
/// the other 68, in order, are U+0100, U+0101, ... (a space is "Ġ", a line feed "Ċ").
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] Chars = BuildChars();
    private static readonly short[] Bytes = BuildBytes();

    /// <summary>The character that stands for a byte.</summary>
    public static char CharOf(byte value) => Chars[value];

    /// <summary>The byte that a character stands for, or -1.</summary>
    public static int ByteOf(char character) => character < Bytes.Length ? Bytes[character] : -1;

    private static char[] BuildChars()
    {
        var chars = new char[256];
        int next = 256;
        for (int value = 0; value < 256; value++)
            chars[value] = value is (>= 33 and <= 126) or (>= 161 and <= 172) or >= 174 ? (char)value : (char)next++;
        return chars;
    }

    private static short[] BuildBytes()
    {
        var bytes = new short[256 + 68];
        System.Array.Fill(bytes, (short)-1);
        for (int value = 0; value < 256; value++) bytes[Chars[value]] = (short)value;
        return bytes;
    }
}
