using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Xunit;

namespace TreeRl.Tests.Models.HuggingFace;

/// <summary>The model folders beside this file; its README tells what they are and how they were made.</summary>
internal static class GoldenModels
{
    /// <summary>The folders' names.</summary>
    public static TheoryData<string> Names => ["llama", "llama-linear", "llama3", "mistral", "qwen2", "qwen2-yarn", "qwen3", "qwen3-yarn"];

    /// <summary>The path of a folder.</summary>
    public static string Folder(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "golden", name);

    /// <summary>A copy of a folder, without golden.json, that a test may change.</summary>
    public static string Copy(string name)
    {
        string copy = Directory.CreateDirectory(TestData.FreshPath(name)).FullName;
        foreach (string file in Directory.GetFiles(Folder(name)).Where(file => Path.GetFileName(file) != "golden.json")) File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        return copy;
    }

    /// <summary>Ids, positions, and the logits that follow the ids up to each position.</summary>
    public static (int[] Ids, int[] Positions, double[][] Logits) Expected(string name)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder(name), "golden.json")));
        int[] Whole(string key) => [.. json.RootElement.GetProperty(key).EnumerateArray().Select(value => value.GetInt32())];
        double[][] logits = [.. json.RootElement.GetProperty("logits").EnumerateArray().Select(row => row.EnumerateArray().Select(value => value.GetDouble()).ToArray())];
        return (Whole("ids"), Whole("positions"), logits);
    }
}
