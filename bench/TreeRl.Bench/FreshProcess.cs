using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using TreeRl.Models;
using TreeRl.Numerics;
using TreeRl.Policies;
using TreeRl.Policies.Cpu;

namespace TreeRl.Bench;

/// <summary>What only a process of its own can tell: other vector widths, and the time from the start to the first token.</summary>
internal static class FreshProcess
{
    /// <summary>What narrower vectors cost: the same work in processes that are told to use less.</summary>
    public static void Widths(Ledger ledger)
    {
        (string Name, string? Switch)[] widths = [("as the machine is", null), ("without AVX-512", "DOTNET_EnableAVX512"), ("without AVX2", "DOTNET_EnableAVX2")];
        ledger.Table("Vector width, 1M, one core", "processor", "kernels", "decoding 64 branches, tokens/s", "training step, ms");
        foreach (var (name, key) in widths)
        {
            string[] figures = Run(key, "speed").Trim().Split(' ');
            ledger.Row(name, figures[0], [.. figures[1..]]);
        }
    }

    /// <summary>Prints the vector width, the decoding rate and the time of a training step.</summary>
    public static void PrintSpeed()
    {
        using var policy = CpuPolicy.Create(ModelWeights.Random(Models.Small, Seed.Of(1), 0.1), new CpuOptions { Threads = 1 });
        var batch = TreeShape.Pack(Enumerable.Repeat(TreeShape.Chain(2, 127), 32), policy.Config);
        double step = PolicyTimes.Train(policy, batch, 3, PolicyTimes.Wall).Seconds, decode = PolicyTimes.Decode(policy, 64, 96, 2, PolicyTimes.Wall).Seconds;
        Console.WriteLine(FormattableString.Invariant($"{Simd.Best} {64 * 96 / decode:f0} {step * 1e3:f0}"));
    }

    /// <summary>Times the first token of some fresh processes.</summary>
    public static void FirstToken(Ledger ledger, int rounds)
    {
        ledger.Table("Start: from the engine's load in a fresh process to the first token", "configuration", "ms");
        foreach (string name in new[] { "1M", "10M" })
        {
            List<double> times = [];
            for (int round = 0; round < rounds; round++) times.Add(double.Parse(Run(null, "first-token", name), CultureInfo.InvariantCulture));
            ledger.Row(name, Ledger.Spread(times, "0"));
        }
    }

    /// <summary>Prints the milliseconds from here to the first token of a fresh policy.</summary>
    public static void PrintFirstToken(string name)
    {
        long start = Stopwatch.GetTimestamp();
        using var policy = CpuPolicy.Create(ModelWeights.Random(name == "1M" ? Models.Small : Models.Medium, Seed.Of(1), 0.1));
        using var decoder = policy.NewDecoder(new PickSettings());
        var root = new int[1];
        decoder.Prompt(new[] { new[] { 1, 2, 3 } }, root);
        var picks = new TokenPick[1];
        decoder.Pick([new PickRequest(root[0], 1, false, Seed.Of(1))], picks);
        Console.WriteLine(Stopwatch.GetElapsedTime(start).TotalMilliseconds.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>What this program prints in a process of its own, with a runtime switch set to 0 where one is named.</summary>
    public static string Run(string? switchedOff, params string[] arguments)
    {
        string self = Environment.ProcessPath!;
        if (Path.GetFileNameWithoutExtension(self) == "dotnet") arguments = [typeof(FreshProcess).Assembly.Location, .. arguments];
        var start = new ProcessStartInfo(self, arguments) { RedirectStandardOutput = true };
        if (switchedOff is not null) start.Environment[switchedOff] = "0";
        using var process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{string.Join(' ', arguments)} ended with {process.ExitCode}");
    }
}
