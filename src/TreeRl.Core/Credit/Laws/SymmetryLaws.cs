using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using TreeRl.Forests;

namespace TreeRl.Credit;

/// <summary><see cref="Law.Relabelling"/>: two permutations, the reversal and one drawn by key.</summary>
internal sealed class RelabellingTest(CreditRule rule, LawOptions options) : LawTest(rule, options)
{
    protected override LawFinding? Examine(LawCase of)
    {
        var run = Run(of);
        var witness = new LawWitness(run.Sealed);
        foreach (bool reverse in new[] { true, false })
        {
            var prompts = of.Prompts.Select(prompt => prompt with { Roots = Permute(prompt.Roots, reverse) });
            witness.Compare(run, Run(new([.. reverse ? prompts.Reverse() : prompts])));
        }
        return witness.Finding();
    }

    private static ImmutableArray<LawNode> Permute(ImmutableArray<LawNode> nodes, bool reverse)
    {
        var inner = nodes.Select(node => node with { Children = Permute(node.Children, reverse) });
        return [.. reverse ? inner.Reverse() : inner.OrderBy(node => LawCase.Draw(node.Key, "order").Value)];
    }
}

/// <summary><see cref="Law.Locality"/>: the rewards outside each group in turn are changed to others.</summary>
internal sealed class LocalityTest(CreditRule rule, LawOptions options, LawScope scope) : LawTest(rule, options)
{
    protected override LawFinding? Examine(LawCase of)
    {
        LawRun? run = null;
        LawFinding? worst = null;
        foreach (var (members, inside) in Groups(of))
        {
            var changed = of.MapLeaves(leaf => inside.Contains(leaf.Key) ? leaf : leaf with { Reward = Other(leaf) });
            if (of.Leaves().Count(leaf => leaf.IsScored) == of.Leaves().Count(leaf => leaf.IsScored && inside.Contains(leaf.Key))) continue;
            run ??= Run(of);
            var now = Run(changed);
            var witness = new LawWitness(run.Sealed);
            witness.Second(now.Sealed);
            witness.Compare(run, now, members.Contains);
            var finding = witness.Finding();
            if (worst is null || finding.Deviation > worst.Deviation) worst = finding;
        }
        return worst;
    }

    private IEnumerable<(HashSet<int> Members, HashSet<int> Inside)> Groups(LawCase of)
    {
        foreach (var prompt in of.Prompts)
        {
            var leaves = Keys(prompt.Leaves());
            if (scope == LawScope.Prompt) yield return (Keys(prompt.Roots.SelectMany(All)), leaves);
            if (scope == LawScope.Siblings) yield return (Keys(prompt.Roots), leaves);
            foreach (var root in prompt.Roots)
            {
                if (scope == LawScope.Tree) yield return (Keys(All(root)), Keys(root.Leaves()));
                if (scope != LawScope.Siblings) continue;
                foreach (var parent in All(root).Where(node => !node.IsLeaf)) yield return (Keys(parent.Children), Keys(parent.Leaves()));
            }
        }
    }

    private double Other(LawNode leaf)
    {
        double[] levels = [Options.MinReward, Options.MaxReward, Options.MinReward + 0.3 * Options.Range, Options.MinReward + 0.8 * Options.Range];
        double drawn = levels[LawCase.Draw(leaf.Key, "other").Below(4)];
        return drawn != leaf.Reward ? drawn : drawn == Options.MaxReward ? Options.MinReward : Options.MaxReward;
    }

    private static IEnumerable<LawNode> All(LawNode node) => node.Children.SelectMany(All).Prepend(node);

    private static HashSet<int> Keys(IEnumerable<LawNode> nodes) => [.. nodes.Select(node => node.Key)];
}

/// <summary><see cref="Law.Masking"/>: the forest with leaves that have no score against the one without these leaves.</summary>
internal sealed class MaskingTest(CreditRule rule, LawOptions options) : LawTest(rule, options)
{
    public override LawCase Prepare(LawCase drawn) => drawn.MapLeaves(leaf =>
    {
        var draw = LawCase.Draw(leaf.Key, "masking");
        return leaf.IsScored && draw.Below(4) == 0 ? leaf with { State = (LeafState)(1 + draw.Child("state").Below(4)) } : leaf;
    });

    protected override LawFinding? Examine(LawCase of)
    {
        if (of.Leaves().All(leaf => leaf.IsScored)) return null;
        var now = Run(of);
        var witness = new LawWitness(now.Sealed);
        var scored = of.Scored();
        if (!scored.Prompts.IsEmpty) witness.Compare(Run(scored), now);
        for (int n = 0; n < now.Forest.NodeCount; n++)
        {
            if (Enumerable.Range(now.Forest.FirstLeaf[n], now.Forest.LeafCount[n]).Any(leaf => now.Credit.LeafScored[leaf])) continue;
            for (int i = 0; i < now.Count(n); i++) witness.See(now.Sealed.Keys[n], "advantage without a score", 0, now.Advantage(n, i));
            if (now.Credit.NodeTrained[n]) witness.See(now.Sealed.Keys[n], "trained (1 yes, 0 no)", 0, 1);
        }
        return witness.Finding();
    }
}

/// <summary><see cref="Law.Order"/>.</summary>
internal sealed class OrderTest(CreditRule rule, LawOptions options) : LawTest(rule, options)
{
    protected override LawFinding? Examine(LawCase of)
    {
        var groups = of.Prompts.Select(prompt => prompt.Roots).Concat(of.Prompts.SelectMany(prompt => prompt.Roots.SelectMany(Families)));
        var pairs = groups.SelectMany(Pairs).ToArray();
        if (pairs.Length == 0) return null;
        var run = Run(of);
        var witness = new LawWitness(run.Sealed);
        foreach (var (better, worse) in pairs)
        {
            double high = run.Mean(run.Sealed.NodeOf(better.Key)), low = run.Mean(run.Sealed.NodeOf(worse.Key));
            witness.See(better.Key, $"advantage of a leaf that earned {better.Reward:0.####}, at least that of its sibling with {worse.Reward:0.####}", low, high,
                high >= low ? 0 : LawFinding.Distance(low, high));
        }
        return witness.Finding();
    }

    private static IEnumerable<ImmutableArray<LawNode>> Families(LawNode node) =>
        node.IsLeaf ? [] : node.Children.SelectMany(Families).Prepend(node.Children);

    private static IEnumerable<(LawNode Better, LawNode Worse)> Pairs(ImmutableArray<LawNode> siblings) =>
        from better in siblings
        from worse in siblings
        where better.IsScored && worse.IsScored && better.Reward > worse.Reward
        select (better, worse);
}
