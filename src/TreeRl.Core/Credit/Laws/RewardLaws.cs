using System;
using System.Collections.Generic;
using System.Linq;

namespace TreeRl.Credit;

/// <summary><see cref="Law.ZeroSpread"/>: by prompt, or for rules that read the batch on forests whose rewards are all equal.</summary>
internal sealed class ZeroSpreadTest(CreditRule rule, LawOptions options, bool byPrompt) : LawTest(rule, options)
{
    private static readonly double[] Shares = [0, 1, 0.1, 1.0 / 3, 0.7];

    public override LawCase Prepare(LawCase drawn)
    {
        return new([.. drawn.Prompts.Select((prompt, p) => prompt with { Roots = [.. prompt.Roots.Select(root => root.MapLeaves(leaf => leaf with { Reward = Common(p) }))] })]);

        double Common(int p) => Options.MinReward + Options.Range * Shares[(drawn.Prompts.Length + drawn.Leaves().Count() + (byPrompt ? p : 0)) % Shares.Length];
    }

    protected override LawFinding? Examine(LawCase of)
    {
        IEnumerable<IEnumerable<LawNode>> groups = byPrompt ? of.Prompts.Select(prompt => prompt.Leaves()) : [of.Leaves()];
        if (groups.Any(group => group.Where(leaf => leaf.IsScored).Select(leaf => leaf.Reward).Distinct().Count() > 1)) return null;
        var run = Run(of);
        var witness = new LawWitness(run.Sealed);
        for (int n = 0; n < run.Forest.NodeCount; n++)
        {
            for (int i = 0; i < run.Count(n); i++) witness.See(run.Sealed.Keys[n], "advantage", 0, run.Advantage(n, i));
        }
        return witness.Finding();
    }
}

/// <summary><see cref="Law.Shift"/>: rewards in the lower half of the range, moved up.</summary>
internal sealed class ShiftTest(CreditRule rule, LawOptions options) : LawTest(rule, options)
{
    private const double Share = 0.37;

    public override LawCase Prepare(LawCase drawn) => drawn.MapRewards(reward => Options.MinReward + 0.5 * (reward - Options.MinReward));

    protected override LawFinding? Examine(LawCase of)
    {
        double shift = Share * Options.Range;
        if (of.Leaves().Any(leaf => leaf.Reward + shift > Options.MaxReward)) return null;
        LawRun was = Run(of), now = Run(of.MapRewards(reward => reward + shift));
        var witness = new LawWitness(was.Sealed);
        witness.Second(now.Sealed);
        witness.Compare(was, now);
        return witness.Finding();
    }
}

/// <summary><see cref="Law.Scaling"/>, one of its two forms: rewards multiplied by a number below 1, epsilons set to 0.</summary>
internal sealed class ScalingTest(CreditRule rule, LawOptions options, bool equivariant) : LawTest(WithoutEpsilons(rule), options)
{
    private const double Factor = 0.3;

    protected override LawFinding? Examine(LawCase of)
    {
        if (of.Leaves().Any(leaf => leaf.Reward * Factor < Options.MinReward || leaf.Reward * Factor > Options.MaxReward)) return null;
        LawRun was = Run(of), now = Run(of.MapRewards(reward => reward * Factor));
        var witness = new LawWitness(was.Sealed);
        witness.Second(now.Sealed);
        witness.Compare(was, now, factor: equivariant ? Factor : 1);
        return witness.Finding();
    }
}

/// <summary><see cref="Law.Bound"/>. The deviation is the largest advantage itself.</summary>
internal sealed class BoundTest(CreditRule rule, LawOptions options, LawBound? bound) : LawTest(rule, options)
{
    protected override double Tolerance => double.PositiveInfinity;

    protected override LawFinding? Examine(LawCase of)
    {
        var run = Run(of);
        double limit = bound?.Limit(run.Forest) ?? double.PositiveInfinity;
        var witness = new LawWitness(run.Sealed);
        for (int n = 0; n < run.Forest.NodeCount; n++)
        {
            for (int i = 0; i < run.Count(n); i++) witness.See(run.Sealed.Keys[n], "size of the advantage, at most", limit, Math.Abs(run.Advantage(n, i)), Math.Abs(run.Advantage(n, i)));
        }
        var finding = witness.Finding();
        return finding with { Broken = !(finding.Deviation <= limit * (1 + Options.Tolerance)) };
    }
}
