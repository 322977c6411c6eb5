using System;
using TreeRl.Forests;

namespace TreeRl.Credit;

/// <summary>
/// What a node's value is compared with. Every baseline also names the group whose deviation a <see cref="TermScale.Std"/> divides by.
/// The siblings of a root are the roots of the same prompt, and its parent is the prompt.
/// </summary>
public abstract record Baseline
{
    private protected Baseline()
    {
    }

    /// <summary>0. Its group: the leaf scores of the prompt.</summary>
    public static Baseline Zero { get; } = new NamedBaseline(BaselineKind.Zero);

    /// <summary>V of the parent; for a root, the prompt's value as the backup defines it. Its group: the siblings' values.</summary>
    public static Baseline Parent { get; } = new NamedBaseline(BaselineKind.Parent);

    /// <summary>V of the root of the node's tree. Its group: the leaf scores of the tree.</summary>
    public static Baseline Root { get; } = new NamedBaseline(BaselineKind.Root);

    /// <summary>Mean of V over the node and its siblings. Its group: these values.</summary>
    public static Baseline Siblings { get; } = new NamedBaseline(BaselineKind.Siblings);

    /// <summary>Mean of V over the siblings without the node itself. Its group: the siblings' values, the node's included.</summary>
    public static Baseline OtherSiblings { get; } = new NamedBaseline(BaselineKind.OtherSiblings);

    /// <summary>Mean of x over the leaves of the node's tree. Its group: these scores.</summary>
    public static Baseline Tree { get; } = new NamedBaseline(BaselineKind.Tree);

    /// <summary>Mean of x over the leaves of the prompt. Its group: these scores.</summary>
    public static Baseline Prompt { get; } = new NamedBaseline(BaselineKind.Prompt);

    /// <summary>
    /// Mean of the mean scores of the nested groups of leaves that contain the node (TreePO, 2508.17445 eq. 5-7): all leaves of the
    /// prompt, then the leaves below each ancestor down to the node itself. The prompt's group always counts; a deeper one counts when it
    /// has more than one leaf and is smaller than the one before (an unbranched stretch repeats nothing). Its scale group: the leaf scores
    /// of the prompt.
    /// </summary>
    /// <param name="sizeWeighted">Weigh a group by its number of leaves; otherwise all groups weigh the same.</param>
    /// <param name="rejectZeroSpread">Leave deeper groups out whose leaf scores are all equal.</param>
    public static Baseline AncestorGroups(bool sizeWeighted = false, bool rejectZeroSpread = false) =>
        new AncestorGroupsBaseline(sizeWeighted, rejectZeroSpread);

    /// <summary>A function of your own. Its group: the leaf scores of the prompt.</summary>
    /// <param name="name">Names it in prints and errors.</param>
    /// <param name="baseline">Forest and node values (length N, NaN where a node has none) to baselines (length N), finite wherever the rule evaluates it.</param>
    public static Baseline Custom(string name, Func<Forest, double[], double[]> baseline) => new CustomBaseline(name, baseline);

    /// <summary>The words that make this baseline.</summary>
    public abstract string Words { get; }

    /// <inheritdoc/>
    public sealed override string ToString() => Words;

    /// <summary>Whether it reads values of inner nodes, which <see cref="Backup.None"/> does not give.</summary>
    internal abstract bool NeedsInnerValues { get; }

    /// <summary>Prepares the baseline on one forest: node -> its value and group.</summary>
    internal abstract Func<int, BaselineAt> On(CreditWork work);
}

/// <summary>A baseline evaluated at a node: its value and its group. Relative baselines of a group of one follow the singleton rule.</summary>
internal readonly record struct BaselineAt(double Value, GroupStats Group, bool GroupIsBaseline)
{
    public bool IsSingleton => GroupIsBaseline && Group.Count == 1;
}

internal enum BaselineKind
{
    Zero,
    Parent,
    Root,
    Siblings,
    OtherSiblings,
    Tree,
    Prompt,
}

internal sealed record NamedBaseline(BaselineKind Kind) : Baseline
{
    public override string Words => Kind.ToString();

    internal override bool NeedsInnerValues => Kind is BaselineKind.Parent or BaselineKind.Root or BaselineKind.Siblings or BaselineKind.OtherSiblings;

    internal override Func<int, BaselineAt> On(CreditWork work)
    {
        var forest = work.Forest;
        return Kind switch
        {
            BaselineKind.Zero => n => new(0, work.LeavesOfPrompt(forest.PromptOf[n]), false),
            BaselineKind.Parent => n => new(forest.Parent[n] < 0 ? work.PromptValue[forest.PromptOf[n]] : work.NodeValue[forest.Parent[n]], work.SiblingGroup(n), false),
            BaselineKind.Root => n => new(work.NodeValue[forest.Roots[forest.TreeOf[n]]], work.LeavesBelow(forest.Roots[forest.TreeOf[n]]), false),
            BaselineKind.Siblings => n => MeanOf(work.SiblingGroup(n)),
            BaselineKind.OtherSiblings => n => Others(work.SiblingGroup(n), work.NodeValue[n]),
            BaselineKind.Tree => n => MeanOf(work.LeavesBelow(forest.Roots[forest.TreeOf[n]])),
            _ => n => MeanOf(work.LeavesOfPrompt(forest.PromptOf[n])),
        };
    }

    private static BaselineAt MeanOf(GroupStats group) => new(group.Mean, group, true);

    // (n mean - v) / (n - 1), written around the mean so that equal values give their own value back
    private static BaselineAt Others(GroupStats group, double value) =>
        new(group.Count == 1 ? 0 : group.Mean - (value - group.Mean) / (group.Count - 1), group, true);
}

internal sealed record AncestorGroupsBaseline(bool SizeWeighted, bool RejectZeroSpread) : Baseline
{
    public override string Words => $"ancestorGroups {(SizeWeighted ? "BySize" : "Uniform")} {(RejectZeroSpread ? "RejectZeroSpread" : "KeepZeroSpread")}";

    internal override bool NeedsInnerValues => false;

    internal override Func<int, BaselineAt> On(CreditWork work)
    {
        var forest = work.Forest;
        double[] weight = new double[forest.NodeCount], weighted = new double[forest.NodeCount];
        int[] last = new int[forest.NodeCount];
        for (int n = 0; n < forest.NodeCount; n++)
        {
            if (work.ScoredLeaves[n] == 0) continue;
            int parent = forest.Parent[n];
            var above = work.LeavesOfPrompt(forest.PromptOf[n]);
            double aboveWeight = SizeWeighted ? above.Count : 1;
            (weight[n], weighted[n], last[n]) = parent < 0 ? (aboveWeight, aboveWeight * above.Mean, above.Count) : (weight[parent], weighted[parent], last[parent]);
            var own = work.LeavesBelow(n);
            if (own.Count == last[n]) continue;
            last[n] = own.Count;
            if (own.Count < 2 || (RejectZeroSpread && !own.HasSpread)) continue;
            double w = SizeWeighted ? own.Count : 1;
            weight[n] += w;
            weighted[n] += w * own.Mean;
        }
        return n => new(weighted[n] / weight[n], work.LeavesOfPrompt(forest.PromptOf[n]), true);
    }
}

internal sealed record CustomBaseline(string Name, Func<Forest, double[], double[]> Function) : Baseline
{
    public override string Words => $"customBaseline \"{Name}\"";

    internal override bool NeedsInnerValues => false;

    internal override Func<int, BaselineAt> On(CreditWork work)
    {
        var column = UserCode.Column("baseline", Words, ColumnOf.Nodes, work.Forest, () => Function(work.Forest, [.. work.NodeValue]), work.TermEvaluated);
        return n => new(column[n], work.LeavesOfPrompt(work.Forest.PromptOf[n]), false);
    }
}
