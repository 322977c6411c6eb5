using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;

namespace TreeRl.Bench;

/// <summary>
/// Trees of a given shape, as bench/peer/workloads has them: for each prompt, segment i hangs below segment Parent[i] (-1: the prompt) and has Length[i] generated
/// tokens. The stop is forced by length, whatever the policy writes; prompt tokens come from the peer's generator, so both do the same work.
/// </summary>
internal sealed record Workload(string Name, int PromptLength, Workload.Shape[] Prompts)
{
    internal sealed record Shape(int[] Parent, int[] Length);

    /// <summary>Generated tokens, each once.</summary>
    public int TreeTokens => Prompts.Sum(p => p.Length.Sum());

    /// <summary>Generated tokens of all paths.</summary>
    public int FlatTokens => Prompts.Sum(p => LeafPaths(p).Sum(path => path.Sum(s => p.Length[s])));

    /// <summary>Reads a workload of the peer.</summary>
    public static Workload Read(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(PathOf(name)));
        var root = document.RootElement;
        static int[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];
        return new Workload(
            name, root.GetProperty("prompt_len").GetInt32(),
            [.. root.GetProperty("prompts").EnumerateArray().Select(p => new Shape(Numbers(p.GetProperty("parent")), Numbers(p.GetProperty("len"))))]);
    }

    /// <summary>The file of a workload.</summary>
    public static string PathOf(string name) => Path.Combine(Peer.Folder, "workloads", $"tree_{name}.json");

    /// <summary>The same answers without sharing: each path is a chain.</summary>
    public Workload Flat() => this with
    {
        Name = $"{Name} flat",
        Prompts = [.. Prompts.Select(p => LeafPaths(p).Select(path => path.Sum(s => p.Length[s])).ToArray()).Select(lengths => new Shape([.. lengths.Select(_ => -1)], lengths))],
    };

    /// <summary>A prompt for each answer, so that not even the prompts are shared.</summary>
    public Workload Apart() => this with
    {
        Name = $"{Name} apart",
        Prompts = [.. Flat().Prompts.SelectMany(p => p.Length.Select(length => new Shape([-1], [length])))],
    };

    /// <summary>The tokens of prompt <paramref name="index"/>.</summary>
    public int[] Prompt(int index, int vocabulary)
    {
        uint state = 8;
        int Next()
        {
            state = (1664525 * state) + 1013904223;
            return (int)(((state >> 16) * (uint)vocabulary) >> 16);
        }

        for (int i = 0; i < index * PromptLength; i++) Next();
        return [.. Enumerable.Range(0, PromptLength).Select(_ => Next())];
    }

    private static IEnumerable<int[]> LeafPaths(Shape shape)
    {
        var inner = shape.Parent.ToHashSet();
        for (int leaf = 0; leaf < shape.Parent.Length; leaf++)
        {
            if (inner.Contains(leaf)) continue;
            var path = new List<int>();
            for (int s = leaf; s >= 0; s = shape.Parent[s]) path.Add(s);
            yield return [.. path];
        }
    }
}
