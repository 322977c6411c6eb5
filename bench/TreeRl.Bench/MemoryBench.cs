using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Policies.Cpu;

namespace TreeRl.Bench;

/// <summary>Memory of training and of the tree cache: what <see cref="CpuMemory"/> says against what the process holds.</summary>
internal static class MemoryBench
{
    /// <summary>A hundred million parameters: width 768, 12 layers, a vocabulary of 32,000.</summary>
    private static readonly ModelConfig Large = Models.Small with { VocabSize = 32_000, Width = 768, Layers = 12, Heads = 12, KeyValueHeads = 4, HeadSize = 64, FeedForward = 2048 };

    /// <summary>Prints the tables; each training figure comes from a process of its own.</summary>
    public static void Run(Ledger ledger)
    {
        const double Mega = 1 << 20;
        ledger.Table("Memory of training on two threads, 8 answers of 128 tokens", "configuration", "activations", "formula MiB", "measured MiB", "peak MiB of the process");
        foreach (string name in new[] { "1M", "10M", "100M" })
        {
            foreach (bool recompute in new[] { false, true })
            {
                string[] figures = FreshProcess.Run(null, "memory", name, $"{recompute}").Trim().Split(' ');
                ledger.Row(
                    name, recompute ? "computed again" : "kept",
                    [.. figures.Select(f => Ledger.Number(double.Parse(f, CultureInfo.InvariantCulture) / Mega, "0.0"))]);
            }
        }
        ledger.Table("Memory of the tree cache, 1M", "branches x own tokens below 512", "formula MiB", "measured MiB");
        using var policy = CpuPolicy.Create(ModelWeights.Random(Models.Small with { ContextLength = 1024 }, Seed.Of(1), 0.1));
        foreach (int branches in new[] { 8, 128 })
        {
            using var decoder = policy.NewDecoder(new PickSettings());
            int[] root = new int[1], ids = new int[branches];
            decoder.Prompt(new[] { Enumerable.Repeat(1, 512).ToArray() }, root);
            decoder.Fork(root[0], ids);
            for (int t = 0; t < 96; t++) decoder.Advance(ids, new int[branches]);
            ledger.Row($"{branches} x 96", Ledger.Number(decoder.CachedTokens * CpuMemory.CacheBytesPerToken(policy.Config) / Mega, "0.00"), Ledger.Number(decoder.CacheBytes / Mega, "0.00"));
        }
    }

    /// <summary>Trains in this process and prints the formula's bytes, those measured between before and after, and the process's peak.</summary>
    public static void Print(string name, bool recompute)
    {
        var config = name switch { "1M" => Models.Small, "10M" => Models.Medium, _ => Large };
        var options = new CpuOptions { Threads = 2, RecomputeActivations = recompute };
        var batch = TreeShape.Pack(Enumerable.Repeat(TreeShape.Chain(2, 127), 8), config);
        // Compiles everything before memory is read.
        using (var warm = CpuPolicy.Create(ModelWeights.Random(Models.Small with { Layers = 1 }, Seed.Of(1), 0.1), options))
            PolicyTimes.Step(warm, TreeShape.Pack(Enumerable.Repeat(TreeShape.Chain(2, 20), 2), Models.Small));
        long before = Resident("VmRSS");
        using var policy = Fresh(config, options);
        PolicyTimes.Step(policy, batch);
        PolicyTimes.Step(policy, batch);
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        long after = Resident("VmRSS"), formula = CpuMemory.StateBytes(config, options) + CpuMemory.ActivationBytes(config, options, 512, 128);
        Console.WriteLine(FormattableString.Invariant($"{formula} {after - before} {Resident("VmHWM")}"));
    }

    /// <summary>In a method of its own, so that the weights it copies are garbage when it returns.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static CpuPolicy Fresh(ModelConfig config, CpuOptions options) => CpuPolicy.Create(ModelWeights.Random(config, Seed.Of(1), 0.02), options);

    /// <summary>A figure of /proc/self/status in bytes; the working set where there is none.</summary>
    private static long Resident(string field)
    {
        const string Status = "/proc/self/status";
        if (!File.Exists(Status)) return Process.GetCurrentProcess().WorkingSet64;
        string line = File.ReadLines(Status).First(l => l.StartsWith(field, StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
