using System;
using System.Globalization;
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
        long blockFloats = DecodeAttention.BlockFloats(layout);
        using var oneCopy = KernelBench.Filled((shared + (long)branches * own) * blockFloats);
        nint[] sharing = Paths(branches, shared, own, (branch, block) => block < shared ? block : shared + branch * own + block - shared, oneCopy, blockFloats);
        double together = Time(layout, branches, prompt, sharing, true), apart = Time(layout, branches, prompt, sharing, false);
        using var copies = KernelBench.Filled((long)branches * (shared + own) * blockFloats);
        nint[] flat = Paths(branches, shared, own, (branch, block) => branch * (shared + own) + block, copies, blockFloats);
        return new Case(branches, prompt, together * 1e6, apart * 1e6, Time(layout, branches, prompt, flat, false) * 1e6);
    }

    private static nint[] Paths(int branches, int shared, int own, Func<int, int, int> place, NativeBuffer<float> memory, long blockFloats)
    {
        var paths = new nint[branches * (shared + own)];
        for (int branch = 0; branch < branches; branch++)
            for (int block = 0; block < shared + own; block++) paths[branch * (shared + own) + block] = (nint)(memory.Pointer + place(branch, block) * blockFloats);
        return paths;
    }

    private static double Time(ParameterLayout layout, int branches, int prompt, nint[] paths, bool share)
    {
        var attention = new DecodeAttention(layout, DecodeAttention.HeadFloats(layout));
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
