using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using TreeRl.Models;
using TreeRl.Numerics;
using TreeRl.Policies;
using TreeRl.Policies.Cpu;

namespace TreeRl.Bench;

/// <summary>
/// Everything in one run beside a PyTorch peer that does the same flat work: rounds of ours and the peer's take turns, ratios are formed within a round, and the
/// tables show medians with the smallest and largest. Above 1 means faster than the peer.
/// </summary>
internal sealed class CompareBench(Ledger ledger, Peer? peer, int rounds)
{
    private const int DecodePrompt = 24;
    private static readonly int[] Batches = [1, 8, 64, 256];
    private static readonly string[] Shapes = ["r30", "r45", "r70"];

    /// <summary>Runs every section and stores the tables.</summary>
    public static void Run(int rounds, string[] models)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var ledger = new Ledger();
        var peer = Peer.Find();
        ledger.Line($"# The engine beside PyTorch, {DateTime.UtcNow:yyyy-MM-dd}");
        ledger.Line("");
        ledger.Line($"{Ledger.Processor}, {Environment.ProcessorCount} cores; {RuntimeInformation.FrameworkDescription}, {Simd.Best}; PyTorch {peer?.Version ?? "not found"}; {rounds} interleaved rounds.");
        ledger.Line($"Peak of one core measured here: {Clock.PeakGigaflops(Simd.Best):f0} GFLOP/s. Load before the run: {Load()}.");
        var bench = new CompareBench(ledger, peer, rounds);
        bench.Products();
        foreach (string name in models)
        {
            var config = name == "1M" ? Models.Small : Models.Medium;
            var weights = ModelWeights.Random(config, Seed.Of(1), 0.1);
            foreach (int threads in new[] { 1, 2 })
            {
                using var policy = CpuPolicy.Create(weights, new CpuOptions { Threads = threads });
                bench.Decode(name, policy, threads);
                bench.Train(name, policy, threads);
            }
            using var both = CpuPolicy.Create(weights, new CpuOptions { Threads = 2 });
            bench.Updates(name, both);
        }
        using (var single = CpuPolicy.Create(ModelWeights.Random(Models.Small, Seed.Of(1), 0.1), new CpuOptions { Threads = 1 }))
        {
            bench.PackedTrees(single);
            bench.Growth(single);
        }
        bench.SharedPrefix();
        bench.Widths();
        MemoryBench.Run(ledger);
        bench.FirstToken();
        ledger.Line("");
        ledger.Line($"Load after the run: {Load()}.");
        Console.WriteLine($"\nstored: {ledger.Save()}");
    }

    private static string Load() => File.Exists("/proc/loadavg") ? string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3]) : "unknown";

    private void Products()
    {
        (int K, int N)[] weights = [(128, 256), (128, 1024), (512, 128), (320, 640), (320, 2048), (1024, 320), (1024, 4096)];
        int[] rows = [8, 64, 256, 1024];
        ledger.Table("Matrix products, one core", "A [M x K] * B [K x N]", "GFLOP/s", "share of peak", "to OpenBLAS", "to oneDNN");
        var shapes = weights.SelectMany(w => rows.Select(m => (M: m, w.K, w.N))).ToArray();
        List<double>[] ours = [.. shapes.Select(_ => new List<double>())], shares = [.. shapes.Select(_ => new List<double>())];
        List<double>[] blas = [.. shapes.Select(_ => new List<double>())], dnn = [.. shapes.Select(_ => new List<double>())];
        for (int round = 0; round < rounds; round++)
        {
            double peak = Clock.PeakGigaflops(Simd.Best);
            double[] rates = [.. shapes.Select(s => KernelBench.ProductRate(Simd.Best, s.M, s.K, s.N))];
            peak = Math.Max(peak, Clock.PeakGigaflops(Simd.Best));
            var theirs = peer?.Measure("matmul.py", [.. shapes.Select(s => $"{s.M},{s.K},{s.N}")]);
            for (int i = 0; i < shapes.Length; i++)
            {
                ours[i].Add(rates[i]);
                shares[i].Add(100 * rates[i] / peak);
                if (theirs is null) continue;
                blas[i].Add(rates[i] / theirs[i].GetProperty("openblas").GetDouble());
                if (theirs[i].TryGetProperty("onednn", out var rate)) dnn[i].Add(rates[i] / rate.GetDouble());
            }
        }
        for (int i = 0; i < shapes.Length; i++)
        {
            ledger.Row(
                $"{shapes[i].M} x {shapes[i].K} x {shapes[i].N}", Ledger.Spread(ours[i], "0"), $"{Ledger.Median(shares[i]):f0} %", Ledger.Spread(blas[i]), Ledger.Spread(dnn[i]));
        }
    }

    private void Decode(string name, CpuPolicy policy, int threads)
    {
        int steps = name == "1M" ? 96 : 48;
        ledger.Table($"Decoding, {name}, {Cores(threads)}", "branches", "tokens/s", "peer's", "ratio");
        List<double>[] ours = [.. Batches.Select(_ => new List<double>())], theirs = [.. Batches.Select(_ => new List<double>())];
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < Batches.Length; i++) ours[i].Add(DecodeRate(policy, Batches[i], steps));
            var results = peer?.Measure(
                "peer_rl.py", "decode", "--model", name, "--threads", $"{threads}", "--batch", string.Join(',', Batches), "--reps", "1", "--max-new", $"{steps}", "--json");
            for (int i = 0; results is not null && i < Batches.Length; i++) theirs[i].Add(results[i].GetProperty("tok_s").GetDouble());
        }
        for (int i = 0; i < Batches.Length; i++)
            ledger.Row($"{Batches[i]}", Ledger.Spread(ours[i], "0"), Ledger.Spread(theirs[i], "0"), Ledger.Spread([.. theirs[i].Zip(ours[i], (t, o) => o / t)]));
    }

    /// <summary>Tokens a second of branches below one prompt, sampling included; the better of two passes after a warm one.</summary>
    private static double DecodeRate(CpuPolicy policy, int branches, int steps)
    {
        var requests = new PickRequest[branches];
        var picks = new TokenPick[branches];
        int[] ids = new int[branches], tokens = new int[branches], root = new int[1];
        using var decoder = policy.NewDecoder(new PickSettings());
        double best = 0;
        for (int pass = 0; pass < 3; pass++)
        {
            decoder.Prompt(new[] { Enumerable.Range(0, DecodePrompt).ToArray() }, root);
            decoder.Fork(root[0], ids);
            long start = Stopwatch.GetTimestamp();
            for (int t = 0; t < steps; t++)
            {
                for (int i = 0; i < branches; i++) requests[i] = new PickRequest(ids[i], 1, false, Seed.Of(t).Child(i));
                decoder.Pick(requests, picks);
                for (int i = 0; i < branches; i++) tokens[i] = picks[i].Id;
                decoder.Advance(ids, tokens);
            }
            double rate = branches * steps / Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (pass > 0) best = Math.Max(best, rate);
            foreach (int id in ids) decoder.Release(id);
        }
        return best;
    }

    private void Train(string name, CpuPolicy policy, int threads)
    {
        var batch = PolicyBench.Pack(Enumerable.Range(0, 32).Select(_ => new[] { 2, 127 }), policy.Config);
        ledger.Table($"Training step of 32 x 128 tokens, {name}, {Cores(threads)}", "", "ms", "share of peak", "peer's ms", "ratio");
        List<double> ours = [], shares = [], theirs = [];
        for (int round = 0; round < rounds; round++)
        {
            double peak = Clock.PeakGigaflops(Simd.Best);
            double best = Enumerable.Range(0, 4).Select(_ => Step(policy, batch)).Skip(1).Min();
            ours.Add(best * 1e3);
            shares.Add(100 * PolicyBench.TrainingFlops(policy, batch) / best / 1e9 / Math.Max(peak, Clock.PeakGigaflops(Simd.Best)) / threads);
            string[] cores = threads == 1 ? ["--threads", "1"] : ["--procs", "2"];
            if (peer is not null)
                theirs.Add(peer.Measure("peer_rl.py", ["train", "--model", name, .. cores, "--mb-tokens", "2048", "--reps", "2", "--json"])[0].GetProperty("lo").GetDouble());
        }
        ledger.Row("step", Ledger.Spread(ours, "0.0"), $"{Ledger.Median(shares):f0} %", Ledger.Spread(theirs, "0.0"), Ledger.Spread([.. theirs.Zip(ours, (t, o) => t / o)]));
    }

    private static double Step(CpuPolicy policy, PackedBatch batch)
    {
        long start = Stopwatch.GetTimestamp();
        policy.Accumulate(batch, new PolicyBench.Weighted());
        policy.Apply(new OptimizerSettings(), 1e-5);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private void Updates(string name, CpuPolicy policy)
    {
        ledger.Table(
            $"A whole update on trees against the peer's flat update of the same answers, {name}, two cores", "trees", "tree/flat tokens", "s", "sample s", "train s", "outside the model",
            "peer's s", "ratio");
        foreach (string shape in Shapes)
        {
            var workload = Workload.Read(shape);
            var bench = new UpdateBench(policy, workload);
            List<UpdateBench.Times> ours = [];
            List<double> theirs = [];
            bench.Run(0);
            for (int round = 0; round < rounds; round++)
            {
                ours.Add(Enumerable.Range(0, 2).Select(i => bench.Run((2 * round) + i)).MinBy(t => t.Total));
                if (peer is not null)
                {
                    theirs.Add(peer.Measure("peer_rl.py", "grpo", "--model", name, "--procs", "2", "--workload", Workload.PathOf(shape), "--reps", "1", "--json")[0]
                        .GetProperty("total_min").GetDouble());
                }
            }
            ledger.Row(
                shape, Ledger.Number((double)workload.TreeTokens / workload.FlatTokens, "0.00"), Ledger.Spread([.. ours.Select(t => t.Total)]), Ledger.Spread([.. ours.Select(t => t.Sample)]),
                Ledger.Spread([.. ours.Select(t => t.Train)]), $"{100 * Ledger.Median(ours.Select(t => t.Outside / t.Total)):f1} %", Ledger.Spread(theirs),
                Ledger.Spread([.. theirs.Zip(ours, (t, o) => t / o.Total)]));
        }
    }

    private void PackedTrees(CpuPolicy policy)
    {
        ledger.Table("Packed trees against their paths apart, 1M, one core", "trees", "share of rows", "share of time, values", "share of time, gradients");
        foreach (string shape in Shapes)
        {
            var workload = Workload.Read(shape);
            PackedBatch tree = UpdateBench.Pack(new UpdateBench(policy, workload).Grow(1)), flat = UpdateBench.Pack(new UpdateBench(policy, workload.Apart()).Grow(1));
            List<double> values = [], gradients = [];
            for (int round = 0; round < rounds + 1; round++)
            {
                double Score(PackedBatch batch)
                {
                    float[] logProb = new float[batch.TargetCount], entropy = new float[batch.TargetCount];
                    long start = Stopwatch.GetTimestamp();
                    policy.Score(batch, logProb, entropy);
                    return Stopwatch.GetElapsedTime(start).TotalSeconds;
                }

                double value = Score(tree) / Score(flat), gradient = Step(policy, tree) / Step(policy, flat);
                if (round == 0) continue;
                values.Add(100 * value);
                gradients.Add(100 * gradient);
            }
            ledger.Row(shape, $"{100.0 * tree.RowCount / flat.RowCount:f1} %", Ledger.Spread(values, "0.0"), Ledger.Spread(gradients, "0.0"));
        }
    }

    private void Growth(CpuPolicy policy)
    {
        ledger.Table("Growth of a training step, 1M, one core: microseconds a row", "rows", "us a row");
        foreach (int rows in new[] { 1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18 }) Grow($"{rows} rows, answers of 128", Enumerable.Repeat(new[] { 2, 127 }, rows / 128));
        ledger.Row("", "");
        foreach (int levels in new[] { 3, 5, 7, 9 })
            Grow($"prompts of {1 << levels} leaves", Enumerable.Repeat((int[])[32, .. Enumerable.Repeat(12, levels), 40], Math.Max(1, 256 >> levels)));
        void Grow(string what, IEnumerable<int[]> shape)
        {
            var batch = PolicyBench.Pack(shape, policy.Config);
            double best = double.MaxValue;
            for (int i = 0; i < (batch.RowCount > 1 << 16 ? 1 : 1 + rounds); i++) best = Math.Min(best, Step(policy, batch));
            ledger.Row(what, Ledger.Number(best * 1e6 / batch.RowCount, "0.0"));
        }
    }

    private void SharedPrefix()
    {
        ledger.Table(
            "Decoding's attention below a shared prompt, 1M, one core", "branches x prompt", "us together", "us path by path, shared blocks", "us path by path, own copies", "ratio to shared", "ratio to copies");
        foreach (var c in AttentionBench.Measure())
        {
            ledger.Row(
                $"{c.Branches} x {c.Prompt}", Ledger.Number(c.Together, "0"), Ledger.Number(c.PathByPath, "0"), Ledger.Number(c.OwnCopies, "0"), Ledger.Number(c.PathByPath / c.Together, "0.0"),
                Ledger.Number(c.OwnCopies / c.Together, "0.0"));
        }
    }

    /// <summary>What narrower vectors cost: the same work in processes that are told to use less.</summary>
    private void Widths()
    {
        (string Name, string? Switch)[] widths = [("as the machine is", null), ("without AVX-512", "DOTNET_EnableAVX512"), ("without AVX2", "DOTNET_EnableAVX2")];
        ledger.Table("Vector width, 1M, one core", "processor", "kernels", "decoding 64 branches, tokens/s", "training step, ms");
        foreach (var (name, key) in widths)
        {
            string[] figures = Child(key, "speed").Trim().Split(' ');
            ledger.Row(name, figures[0], [.. figures[1..]]);
        }
    }

    /// <summary>Prints the vector width, the decoding rate and the time of a training step.</summary>
    public static void PrintSpeed()
    {
        using var policy = CpuPolicy.Create(ModelWeights.Random(Models.Small, Seed.Of(1), 0.1), new CpuOptions { Threads = 1 });
        var batch = PolicyBench.Pack(Enumerable.Repeat(new[] { 2, 127 }, 32), policy.Config);
        double step = Enumerable.Range(0, 4).Select(_ => Step(policy, batch)).Min();
        Console.WriteLine(FormattableString.Invariant($"{Simd.Best} {DecodeRate(policy, 64, 96):f0} {step * 1e3:f0}"));
    }

    private void FirstToken()
    {
        ledger.Table("Start: from the engine's load in a fresh process to the first token", "configuration", "ms");
        foreach (string name in new[] { "1M", "10M" })
        {
            List<double> times = [];
            for (int round = 0; round < rounds; round++)
            {
                times.Add(double.Parse(Child(null, "first-token", name), CultureInfo.InvariantCulture));
            }
            ledger.Row(name, Ledger.Spread(times, "0"));
        }
    }

    /// <summary>What this program prints in a process of its own.</summary>
    public static string Child(params string[] arguments) => Child(null, arguments);

    /// <summary>What this program prints in a process of its own with a runtime switch set to 0.</summary>
    private static string Child(string? switchedOff, params string[] arguments)
    {
        string self = Environment.ProcessPath!;
        if (Path.GetFileNameWithoutExtension(self) == "dotnet") arguments = [typeof(CompareBench).Assembly.Location, .. arguments];
        var start = new ProcessStartInfo(self, arguments) { RedirectStandardOutput = true };
        if (switchedOff is not null) start.Environment[switchedOff] = "0";
        using var process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{string.Join(' ', arguments)} ended with {process.ExitCode}");
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

    private static string Cores(int threads) => threads == 1 ? "one core" : "two cores";
}
