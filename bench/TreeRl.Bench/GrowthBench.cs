using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Policies.Cpu;

namespace TreeRl.Bench;

/// <summary>
/// How the processor time of a row grows with the rows of a training step and with the leaves of a prompt. A shared machine's speed drifts over minutes, so the
/// first case of a table is stepped again before and after every step of another, and the growth is the median ratio to the two.
/// </summary>
internal static class GrowthBench
{
    private const int Answer = 128, LargeRows = 1 << 16;
    private static readonly int[] Leaves = [8, 32, 128, 512];

    /// <summary>Prints the tables; each figure is the median of <paramref name="rounds"/> steps after a warm one, above 65,536 rows that of one step.</summary>
    /// <param name="ledger">Where they go.</param>
    /// <param name="rounds">Steps.</param>
    /// <param name="million">Also a step of 1,048,576 rows, about two minutes. The engine passes over it 512 rows at a time, so the memory does not grow with it.</param>
    public static void Run(Ledger ledger, int rounds, bool million)
    {
        using var policy = CpuPolicy.Create(ModelWeights.Random(Models.Small, Seed.Of(1), 0.1), new CpuOptions { Threads = 1 });
        int[] rows = [1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, .. (int[])(million ? [1 << 20] : [])];
        Table(
            ledger, policy, rounds, "rows of a step, answers of 128", "rows",
            rows.Select(count => ($"{count}", Enumerable.Repeat(TreeShape.Chain(2, Answer - 1), count / Answer))));
        Table(
            ledger, policy, rounds, "leaves of a prompt, the paths growing with the tree", "leaves",
            Leaves.Select(count => ($"{count}", Repeated(count, TreeShape.Binary(32, [.. Enumerable.Repeat(12, int.Log2(count)), 40])))));
        Table(
            ledger, policy, rounds, "leaves of a prompt, the paths of one length", "leaves",
            Leaves.Select(count => ($"{count}", Repeated(count, new TreeShape(16, [new(count / 4, 32), new(2, 32), new(2, 64)])))));
    }

    /// <summary>Prompts enough for 256 leaves, one at least.</summary>
    private static IEnumerable<TreeShape> Repeated(int leaves, TreeShape tree) => Enumerable.Repeat(tree, Math.Max(1, 256 / leaves));

    private static void Table(Ledger ledger, CpuPolicy policy, int rounds, string title, string column, IEnumerable<(string Name, IEnumerable<TreeShape> Trees)> cases)
    {
        ledger.Table(
            $"Growth of a training step, 1M, one core: {title}", column, "rows in all", "nodes", "positions a row attends to", "us a row", "above the first", "GFLOP/s", "process MiB");
        PackedBatch? first = null;
        foreach (var (name, trees) in cases)
        {
            var batch = TreeShape.Pack(trees, policy.Config);
            first ??= batch;
            double Time(PackedBatch of) => PolicyTimes.Step(policy, of, PolicyTimes.Processor).Seconds / of.RowCount;
            bool large = batch.RowCount > LargeRows;
            if (!large) Time(batch);
            List<double> times = [], ratios = [];
            for (int round = 0; round < (large ? 1 : rounds); round++)
            {
                double before = Time(first), time = Time(batch), after = Time(first);
                times.Add(time);
                ratios.Add(2 * time / (before + after));
            }
            double each = Ledger.Median(times);
            ledger.Row(
                name, $"{batch.RowCount}", $"{batch.SegmentParent.Length - batch.GroupCount}", Ledger.Number(PolicyTimes.Attended(batch), "0.0"), Ledger.Number(1e6 * each, "0.0"),
                $"{Ledger.Number(100 * (Ledger.Median(ratios) - 1), "+0.0;-0.0;0.0")} %", Ledger.Number(PolicyTimes.TrainingFlops(policy, batch) / batch.RowCount / each / 1e9, "0"),
                Ledger.Number(Environment.WorkingSet / (double)(1 << 20), "0"));
        }
    }
}
