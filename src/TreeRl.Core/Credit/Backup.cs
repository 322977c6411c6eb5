using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using TreeRl.Forests;

namespace TreeRl.Credit;

/// <summary>
/// How leaf scores x become node values V. A leaf's value is its score. Leaves without a score, and nodes below which no leaf has one,
/// have no value (NaN) and enter no mean. The prompt itself is the parent of its roots and has a value too, formed like a node's.
/// </summary>
public abstract record Backup
{
    private protected Backup()
    {
    }

    /// <summary>Only leaves have values; enough for rules that look at leaves alone (GRPO and its kin).</summary>
    public static Backup None { get; } = new NoBackup();

    /// <summary>V(n) = mean of V over the children of n. The prompt: mean over its roots.</summary>
    public static Backup MeanOfChildren { get; } = new ChildMeanBackup();

    /// <summary>V(n) = mean of x over the leaves below n. The prompt: mean over all its leaves.</summary>
    public static Backup MeanOfLeaves { get; } = new LeafMeanBackup(false);

    /// <summary>
    /// V(n) = mean of x over the k leaves below n, divided by sqrt(k): the weighting that TreeRL's public code applies to a node and to
    /// its parent separately, before differencing (2506.11902).
    /// </summary>
    public static Backup MeanOfLeavesOverSqrtCount { get; } = new LeafMeanBackup(true);

    /// <summary>V(n) = largest x over the leaves below n.</summary>
    public static Backup MaxOfLeaves { get; } = new LeafMaxBackup();

    /// <summary>
    /// Values estimated outside the forest, by extra rollouts from each inner node (VinePPO, 2410.01679). A leaf's value stays its score.
    /// </summary>
    /// <param name="nodeValues">Node -> estimate; length N of the forest the rule is applied to. Entries of leaves are not read.</param>
    /// <param name="promptValues">Prompt -> estimate; null takes the mean over the prompt's roots.</param>
    public static Backup MonteCarlo(IEnumerable<double> nodeValues, IEnumerable<double>? promptValues = null) =>
        new MonteCarloBackup([.. nodeValues], promptValues is null ? default : [.. promptValues]);

    /// <summary>
    /// Values by fresh continuations from every prompt and inner node, sampled with the policy when the rule is applied in training (VinePPO,
    /// 2410.01679). A leaf's value stays its score. Elsewhere <c>Values.FreshValues</c> samples them and puts them in the rule's place.
    /// </summary>
    /// <param name="continuations">Continuations of each place, K; at least 1. The paper has 9.</param>
    /// <param name="budgetTokens">
    /// No further places are sampled in a step once so many tokens have been drawn for values, shallow places coming first; a place that is left
    /// has the mean score of its own leaves (on a chain: the chain's own).
    /// </param>
    public static Backup FreshValues(int continuations, long budgetTokens = long.MaxValue) => new FreshValuesBackup(continuations, budgetTokens);

    /// <summary>A function of your own. The prompt's value is the mean over its roots.</summary>
    /// <param name="name">Names it in prints and errors.</param>
    /// <param name="backup">Forest and leaf scores (length L, NaN where a leaf has none) to node values (length N), finite wherever a scored leaf is at or below.</param>
    public static Backup Custom(string name, Func<Forest, double[], double[]> backup) => new CustomBackup(name, backup);

    /// <summary>The words that make this backup.</summary>
    public abstract string Words { get; }

    /// <inheritdoc/>
    public sealed override string ToString() => Words;

    internal abstract void Evaluate(CreditWork work);

    internal virtual void Validate()
    {
    }

    private protected static void PromptsFromRoots(CreditWork work)
    {
        foreach (int root in work.Forest.Roots)
        {
            if (work.ScoredLeaves[root] == 0) continue;
            int prompt = work.Forest.PromptOf[root];
            work.PromptValue[prompt] = work.SiblingGroup(root).Mean;
        }
    }
}

internal sealed record NoBackup : Backup
{
    public override string Words => "leafOnly";

    internal override void Evaluate(CreditWork work) => work.LeavesToNodes();
}

internal sealed record ChildMeanBackup : Backup
{
    public override string Words => "meanOfChildren";

    internal override void Evaluate(CreditWork work)
    {
        work.LeavesToNodes();
        for (int n = work.Forest.NodeCount - 1; n >= 0; n--)
        {
            if (!work.Forest.IsLeaf(n) && work.ScoredLeaves[n] > 0) work.NodeValue[n] = work.ChildGroup(n).Mean;
        }
        PromptsFromRoots(work);
    }
}

internal sealed record LeafMeanBackup(bool OverSqrtCount) : Backup
{
    public override string Words => OverSqrtCount ? "meanOfLeavesOverSqrtCount" : "meanOfLeaves";

    internal override void Evaluate(CreditWork work)
    {
        work.LeavesToNodes();
        for (int n = 0; n < work.Forest.NodeCount; n++)
        {
            if (work.ScoredLeaves[n] > 0) work.NodeValue[n] = Value(work.LeavesBelow(n));
        }
        for (int p = 0; p < work.Forest.PromptCount; p++)
        {
            var leaves = work.LeavesOfPrompt(p);
            if (leaves.Count > 0) work.PromptValue[p] = Value(leaves);
        }
    }

    private double Value(GroupStats leaves) => OverSqrtCount ? leaves.Mean / Math.Sqrt(leaves.Count) : leaves.Mean;
}

internal sealed record LeafMaxBackup : Backup
{
    public override string Words => "maxOfLeaves";

    internal override void Evaluate(CreditWork work)
    {
        work.LeavesToNodes();
        for (int n = 0; n < work.Forest.NodeCount; n++)
        {
            if (work.ScoredLeaves[n] > 0) work.NodeValue[n] = work.LeavesBelow(n).Max;
        }
        for (int p = 0; p < work.Forest.PromptCount; p++)
        {
            if (work.LeavesOfPrompt(p).Count > 0) work.PromptValue[p] = work.LeavesOfPrompt(p).Max;
        }
    }
}

internal sealed record MonteCarloBackup(ImmutableArray<double> NodeValues, ImmutableArray<double> PromptValues) : Backup
{
    public override string Words => $"monteCarlo ({NodeValues.Length} node values)";

    internal override void Evaluate(CreditWork work)
    {
        Guard.That(NodeValues.Length == work.Forest.NodeCount,
            $"{Words}: the forest has {work.Forest.NodeCount} nodes: give one value for each node", "backup");
        work.LeavesToNodes();
        for (int n = 0; n < NodeValues.Length; n++)
        {
            if (work.Forest.IsLeaf(n) || work.ScoredLeaves[n] == 0) continue;
            Guard.That(double.IsFinite(NodeValues[n]), $"{Words}: the value of node {n} is {NodeValues[n]}: must be finite", "backup");
            work.NodeValue[n] = NodeValues[n];
        }
        PromptsFromRoots(work);
        if (PromptValues.IsDefault) return;
        Guard.That(PromptValues.Length == work.Forest.PromptCount,
            $"{Words}: {PromptValues.Length} prompt values, but the forest has {work.Forest.PromptCount} prompts", "backup");
        for (int p = 0; p < PromptValues.Length; p++)
        {
            if (work.LeavesOfPrompt(p).Count == 0) continue;
            Guard.That(double.IsFinite(PromptValues[p]), $"{Words}: the value of prompt {p} is {PromptValues[p]}: must be finite", "backup");
            work.PromptValue[p] = PromptValues[p];
        }
    }
}

internal sealed record FreshValuesBackup(int Continuations, long BudgetTokens) : Backup
{
    public override string Words => $"freshValues {Continuations}{(BudgetTokens == long.MaxValue ? "" : $", at most {BudgetTokens} tokens a step")}";

    internal override void Evaluate(CreditWork work) => throw new ArgumentException(
        $"backup {Words}: asks for values that are sampled with the policy; training samples them in each step; elsewhere sample them by FreshValues.Estimate and put them in place by FreshValues.Supply", "backup");

    internal override void Validate()
    {
        Guard.That(Continuations >= 1, $"{Words}: needs at least 1 continuation", "backup");
        Guard.That(BudgetTokens >= 1, $"{Words}: the budget must be at least 1 token", "backup");
    }
}

internal sealed record CustomBackup(string Name, Func<Forest, double[], double[]> Function) : Backup
{
    public override string Words => $"customBackup \"{Name}\"";

    internal override void Evaluate(CreditWork work)
    {
        work.SetNodeValues(UserCode.Column("backup", Words, ColumnOf.Nodes, work.Forest, () => Function(work.Forest, work.CopyLeafScores()), work.NodeScored));
        PromptsFromRoots(work);
    }
}
