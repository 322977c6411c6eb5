using System;
using System.Globalization;
using System.Linq;
using TreeRl.Numerics;
using TreeRl.Policies.Cpu;

namespace TreeRl.Bench;

/// <summary>
/// Decoding's attention of branches below one prompt, on one core: together over the shared blocks, path by path over the same blocks, and path by path over
/// copies of their own, which is what flat rollouts do.
/// </summary>
internal static unsafe class AttentionBench
{
    private const int Tail = 20;

    /// <summary>A measured case: microseconds of all layers and heads for one step.</summary>
    internal sealed record Case(int Branches, int Prompt, double Together, double PathByPath, double OwnCopies);

    /// <summary>Measures 8, 32 and 128 branches of the 1M configuration below prompts of 128, 512 and 2,048 tokens.</summary>
    public static Case[] Measure()
    {
        var cases = new Case[9];
        int at = 0;
        foreach (int branches in new[] { 8, 32, 128 })
            foreach (int prompt in new[] { 128, 512, 2048 }) cases[at++] = Measure(branches, prompt);
        return cases;
    }

    /// <summary>Prints the cases.</summary>
    public static void Run()
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        Console.WriteLine($"attention of one decoding step, 1M configuration, branches with {Tail} tokens of their own, one core");
        Console.WriteLine("branches  prompt   together us   path by path   own copies   ratio to paths   ratio to copies");
        foreach (var c in Measure())
        {
            Console.WriteLine(
                $"{c.Branches,8}{c.Prompt,8}{c.Together,14:f0}{c.PathByPath,15:f0}{c.OwnCopies,13:f0}{c.PathByPath / c.Together,17:f1}{c.OwnCopies / c.Together,18:f1}");
        }
    }

    private static Case Measure(int branches, int prompt)
    {
        var layout = new ParameterLayout(Models.Small);
        int shared = prompt / DecodeAttention.BlockPositions, own = (Tail + DecodeAttention.BlockPositions - 1) / DecodeAttention.BlockPositions;
        double together, apart;
        using (var oneCopy = DecodeAttention.NewCache(layout))
        {
            int[] above = [.. Enumerable.Range(0, shared).Select(_ => Block(oneCopy, layout))];
            nint[] sharing = Paths(branches, shared + own, at => at < shared ? above[at] : Block(oneCopy, layout), oneCopy);
            together = Time(layout, branches, prompt, sharing, oneCopy.PieceStride, true);
            apart = Time(layout, branches, prompt, sharing, oneCopy.PieceStride, false);
        }
        using var copies = DecodeAttention.NewCache(layout);
        nint[] flat = Paths(branches, shared + own, _ => Block(copies, layout), copies);
        return new Case(branches, prompt, together * 1e6, apart * 1e6, Time(layout, branches, prompt, flat, copies.PieceStride, false) * 1e6);
    }

    /// <summary>A block of the cache, as the decoder takes them, full of numbers.</summary>
    private static int Block(SharedBlocks cache, ParameterLayout layout)
    {
        int block = cache.Take(), heads = DecodeAttention.HeadCount(layout);
        for (int head = 0; head < heads; head++) VectorMath.Fill(cache[block] + head * cache.PieceStride, DecodeAttention.HeadFloats(layout), 0.1f * (1 + block % 7));
        return block;
    }

    private static nint[] Paths(int branches, int length, Func<int, int> blockAt, SharedBlocks cache)
    {
        var paths = new nint[branches * length];
        for (int i = 0; i < paths.Length; i++) paths[i] = (nint)cache[blockAt(i % length)];
        return paths;
    }

    private static double Time(ParameterLayout layout, int branches, int prompt, nint[] paths, long headStride, bool share)
    {
        var attention = new DecodeAttention(layout, headStride);
        var tree = new SharedPaths();
        int[] pathStart = new int[branches], positions = new int[branches];
        for (int i = 0; i < branches; i++)
        {
            pathStart[i] = i * (paths.Length / branches);
            positions[i] = prompt + Tail - 1;
        }
        using var queries = KernelBench.Filled((long)branches * layout.QkvWidth);
        using var output = KernelBench.Filled((long)branches * layout.QueryWidth);
        using var scratch = new NativeBuffer<float>(DecodeAttention.ScratchFloats(layout, branches, prompt + Tail));
        int group = layout.Config.Heads / layout.Config.KeyValueHeads;
        fixed (nint* path = paths)
        fixed (int* start = pathStart, position = positions)
        {
            nint* p = path;
            int* s = start, t = position;
            return Clock.Best(
                () =>
                {
                    tree.Find(p, s, t, 0, branches, share);
                    var rows = new PathRows(p, s, t);
                    for (int layer = 0; layer < layout.Config.Layers; layer++)
                        for (int head = 0; head < layout.Config.KeyValueHeads; head++)
                        {
                            attention.Attend(
                                layer, head, rows, tree.Edges, 0, branches, queries.Pointer + head * group * layout.HeadSize, layout.QkvWidth,
                                output.Pointer + head * group * layout.HeadSize, layout.QueryWidth, scratch.Pointer);
                        }
                },
                0.3);
        }
    }
}
