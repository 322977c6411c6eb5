using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using TreeRl.Models;

namespace TreeRl.Tests.Models.Tokenizers;

/// <summary>The golden data beside this file; its README tells how it was made and how it is laid out.</summary>
internal static class Goldens
{
    /// <summary>The vocabularies.</summary>
    public static readonly string[] Names = ["gpt2", "prefix", "digits", "llama3", "qwen", "llama2", "metaspace", "unfused"];

    private static readonly Lazy<string[]> LazyTexts = new(ReadTexts);
    private static readonly Dictionary<string, HfTokenizer> Loaded = [];

    /// <summary>The texts, some with halves of surrogate pairs.</summary>
    public static string[] Texts => LazyTexts.Value;

    /// <summary>A vocabulary's tokenizer.</summary>
    public static HfTokenizer Tokenizer(string name)
    {
        lock (Loaded)
        {
            if (!Loaded.TryGetValue(name, out var tokenizer)) Loaded.Add(name, tokenizer = HfTokenizer.Parse(Json(name)));
            return tokenizer;
        }
    }

    /// <summary>A vocabulary's tokenizer.json.</summary>
    public static string Json(string name)
    {
        using var text = new StreamReader(Open($"{name}.json.gz"));
        return text.ReadToEnd();
    }

    /// <summary>What the reference implementation gave for each text: the ids, or where they are null the hash of the ids.</summary>
    public static Expected[] ExpectedIds(string name)
    {
        using var bytes = new BinaryReader(Open($"{name}.ids.gz"));
        int full = bytes.Read7BitEncodedInt();
        var expected = new Expected[Texts.Length];
        for (int i = 0; i < expected.Length; i++)
        {
            if (i >= full)
            {
                expected[i] = new Expected(null, bytes.ReadUInt32());
                continue;
            }
            var ids = new int[bytes.Read7BitEncodedInt()];
            for (int k = 0; k < ids.Length; k++) ids[k] = bytes.Read7BitEncodedInt();
            expected[i] = new Expected(ids, Hash(ids));
        }
        return expected;
    }

    /// <summary>The 32-bit FNV-1a hash over whole ids.</summary>
    public static uint Hash(IEnumerable<int> ids) => ids.Aggregate(2166136261u, (hash, id) => unchecked((hash ^ (uint)id) * 16777619u));

    /// <summary>A text with its characters beyond ASCII as codes, for messages.</summary>
    public static string Shown(string text) => string.Concat(text.Take(80).Select(c => c is >= ' ' and < (char)127 ? c.ToString() : $"\\u{(int)c:x4}"));

    private static string[] ReadTexts()
    {
        using var bytes = new BinaryReader(Open("texts.gz"));
        var texts = new List<string>();
        while (TryLength(bytes, out int length))
        {
            var units = new char[length];
            for (int i = 0; i < length; i++) units[i] = (char)bytes.ReadUInt16();
            texts.Add(new string(units));
        }
        return [.. texts];
    }

    private static bool TryLength(BinaryReader bytes, out int length)
    {
        length = 0;
        for (int shift = 0; ; shift += 7)
        {
            int next = bytes.BaseStream.ReadByte();
            if (next < 0) return false;
            length |= (next & 127) << shift;
            if (next < 128) return true;
        }
    }

    private static BufferedStream Open(string name, [CallerFilePath] string thisFile = "") =>
        new(new GZipStream(File.OpenRead(Path.Combine(Folder(thisFile), "golden", name)), CompressionMode.Decompress));

    // Deterministic builds write source paths relative to the repository; then the folder is looked for upwards from the program.
    private static string Folder(string thisFile)
    {
        string beside = Path.GetDirectoryName(thisFile)!;
        if (Directory.Exists(Path.Combine(beside, "golden"))) return beside;
        for (var folder = new DirectoryInfo(Path.GetDirectoryName(Assembly.GetExecutingAssembly().Location)!); folder is not null; folder = folder.Parent)
        {
            string tests = Path.Combine(folder.FullName, "tests", "TreeRl.Core.Tests", "Models", "Tokenizers");
            if (Directory.Exists(tests)) return tests;
        }
        throw new DirectoryNotFoundException("the golden data of the tokenizers is not below the repository");
    }

    /// <summary>Ids, or only their hash.</summary>
    internal sealed record Expected(int[]? Ids, uint Hash);
}
