using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
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
    // Tree and paths are timed in turn this often a round: a pair takes seconds, and two of them said little about three points.
    private const int PairsARound = 3;

    private static readonly int[] Batches = [1, 8, 64, 256];
    private static readonly string[] Shapes = ["r30", "r45", "r70"];

    /// <summary>Runs every section and stores the tables.</summary>
    /// <param name="rounds">Rounds of ours and the peer's.</param>
    /// <param name="models">Configurations: 1M, 10M.</param>
    /// <param name="kind">What the stored file's name says beside date and processor; empty for the full run.</param>
    /// <param name="million">Also a training step of 1,048,576 rows.</param>
    public static void Run(int rounds, string[] models, string kind, bool million)
    {
        var peer = Peer.Find();
        var ledger = Ledger.Begin("The engine beside PyTorch", $"; PyTorch {peer?.Version ?? "not found"}; rounds of each in turn: {rounds}");
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
        }
        GrowthBench.Run(ledger, rounds, million);
        bench.SharedPrefix();
        FreshProcess.Widths(ledger);
        MemoryBench.Run(ledger);
        FreshProcess.FirstToken(ledger, rounds);
        ledger.End(kind);
    }

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
            KernelBench.Rate[] rates = [.. shapes.Select(shape => KernelBench.Product(Simd.Best, shape.M, shape.K, shape.N))];
            var theirs = peer?.Measure("matmul.py", [.. shapes.Select(s => $"{s.M},{s.K},{s.N}")]);
            for (int i = 0; i < shapes.Length; i++)
            {
                ours[i].Add(rates[i].Gigaflops);
                shares[i].Add(rates[i].Share);
                if (theirs is null) continue;
                blas[i].Add(rates[i].Gigaflops / theirs[i].GetProperty("openblas").GetDouble());
                if (theirs[i].TryGetProperty("onednn", out var rate)) dnn[i].Add(rates[i].Gigaflops / rate.GetDouble());
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
        ledger.Table($"Decoding, {name}, {Cores(threads)}", "branches", "tokens/s", "share of the limit", "peer's", "ratio");
        List<double>[] ours = [.. Batches.Select(_ => new List<double>())], shares = [.. Batches.Select(_ => new List<double>())], theirs = [.. Batches.Select(_ => new List<double>())];
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < Batches.Length; i++)
            {
                // The best of as many passes for both; few branches are done in a moment, which a shared machine may spoil.
                int passes = Batches[i] <= 8 ? 6 : 3;
                double seconds = PolicyTimes.Decode(policy, Batches[i], steps, passes, PolicyTimes.Wall).Seconds;
                ours[i].Add(Batches[i] * steps / seconds);
                shares[i].Add(100 * PolicyTimes.DecodeFloor(policy, Batches[i], steps, threads) * steps / seconds);
                var results = peer?.Measure(
                    "peer_rl.py", "decode", "--model", name, "--threads", $"{threads}", "--batch", $"{Batches[i]}", "--reps", $"{passes}", "--max-new", $"{steps}", "--json");
                if (results is not null) theirs[i].Add(results[0].GetProperty("hi").GetDouble());
            }
        }
        for (int i = 0; i < Batches.Length; i++)
        {
            ledger.Row(
                $"{Batches[i]}", Ledger.Spread(ours[i], "0"), $"{Ledger.Spread(shares[i], "0")} %", Ledger.Spread(theirs[i], "0"), Ledger.Spread([.. theirs[i].Zip(ours[i], (t, o) => o / t)]));
        }
    }

    private void Train(string name, CpuPolicy policy, int threads)
    {
        var batch = TreeShape.Pack(Enumerable.Repeat(TreeShape.Chain(2, 127), 32), policy.Config);
        ledger.Table($"Training step of 32 x 128 tokens, {name}, {Cores(threads)}", "", "ms", "share of peak", "peer's ms", "ratio");
        List<double> ours = [], shares = [], theirs = [];
        for (int round = 0; round < rounds; round++)
        {
            // What a core gives drifts from second to second, so each step is held against the peak just before and after it.
            double best = double.MaxValue, flops = PolicyTimes.TrainingFlops(policy, batch) / threads;
            PolicyTimes.Step(policy, batch);
            for (int step = 0; step < 4; step++)
            {
                double before = Clock.SustainedGigaflops(Simd.Best), seconds = PolicyTimes.Step(policy, batch);
                shares.Add(200e-9 * flops / seconds / (before + Clock.SustainedGigaflops(Simd.Best)));
                best = Math.Min(best, seconds);
            }
            ours.Add(best * 1e3);
            string[] cores = threads == 1 ? ["--threads", "1"] : ["--procs", "2"];
            if (peer is not null)
                theirs.Add(peer.Measure("peer_rl.py", ["train", "--model", name, .. cores, "--mb-tokens", "2048", "--reps", "4", "--json"])[0].GetProperty("lo").GetDouble());
        }
        ledger.Row("step", Ledger.Spread(ours, "0.0"), $"{Ledger.Spread(shares, "0")} %", Ledger.Spread(theirs, "0.0"), Ledger.Spread([.. theirs.Zip(ours, (t, o) => t / o)]));
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
            // Until what surrounds the model is compiled as it will stay.
            for (int i = 0; i < 4; i++) bench.Run(i);
            for (int round = 0; round < rounds; round++)
            {
                ours.Add(Enumerable.Range(0, 2).Select(i => bench.Run((2 * round) + i)).MinBy(t => t.Total));
                if (peer is not null)
                {
                    theirs.Add(peer.Measure("peer_rl.py", "grpo", "--model", name, "--procs", "2", "--workload", Workload.PathOf(shape), "--reps", "2", "--json")[0]
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
        ledger.Table(
            "Packed trees against their paths apart, 1M, one core: points are those above the share of rows", "trees", "share of rows", "share of operations", "share of time, values", "points",
            "share of time, gradients", "points");
        foreach (string shape in Shapes)
        {
            var workload = Workload.Read(shape);
            PackedBatch tree = UpdateBench.Pack(new UpdateBench(policy, workload).Grow(1)), flat = UpdateBench.Pack(new UpdateBench(policy, workload.Apart()).Grow(1));
            List<double> values = [], gradients = [];
            for (int pair = 0; pair <= PairsARound * rounds; pair++)
            {
                double Score(PackedBatch batch)
                {
                    float[] logProb = new float[batch.TargetCount], entropy = new float[batch.TargetCount];
                    long start = Stopwatch.GetTimestamp();
                    policy.Score(batch, logProb, entropy);
                    return Stopwatch.GetElapsedTime(start).TotalSeconds;
                }

                double value = Score(tree) / Score(flat), gradient = PolicyTimes.Step(policy, tree) / PolicyTimes.Step(policy, flat);
                if (pair == 0) continue;
                values.Add(100 * value);
                gradients.Add(100 * gradient);
            }
            double rows = 100.0 * tree.RowCount / flat.RowCount, operations = 100 * PolicyTimes.TrainingFlops(policy, tree) / PolicyTimes.TrainingFlops(policy, flat);
            string Points(List<double> shares) => Ledger.Number(Ledger.Median(shares) - rows, "+0.0;-0.0;0.0");
            ledger.Row(shape, $"{rows:f1} %", $"{operations:f1} %", Ledger.Spread(values, "0.0"), Points(values), Ledger.Spread(gradients, "0.0"), Points(gradients));
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

    private static string Cores(int threads) => threads == 1 ? "one core" : "two cores";
}
