using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using TreeRl.Forests;

namespace TreeRl.Credit;

/// <summary>How much a sibling counts in a sum.</summary>
public enum SiblingWeight
{
    /// <summary>1.</summary>
    One,

    /// <summary>k, its number of scored leaves.</summary>
    Leaves,

    /// <summary>k sqrt(k): undoes a division by sqrt(k).</summary>
    LeavesTimesRoot,
}

/// <summary>Which mean a node's value is.</summary>
public enum ValueMean
{
    /// <summary>Of the scores of the leaves below.</summary>
    OfLeaves,

    /// <summary>Of the values of the children.</summary>
    OfChildren,

    /// <summary>One of the two.</summary>
    Either,
}

/// <summary>
/// A sum or mean that a rule states. Sums of advantages are read from the final advantages, unless whitening or clipping moved them; then from the
/// advantages before the after-steps. Groups with a node that was pruned are passed over.
/// </summary>
public abstract record LawIdentity
{
    private protected LawIdentity()
    {
    }

    /// <summary>The advantages of the leaves of a scope sum to 0.</summary>
    public static LawIdentity LeavesSumToZero(CreditScope scope) => new LeafSumIdentity(scope);

    /// <summary>The advantages of the children of every parent sum to 0, and so do those of the roots of every prompt.</summary>
    public static LawIdentity SiblingsSumToZero(SiblingWeight weight = SiblingWeight.One) => new SiblingSumIdentity(weight, false);

    /// <summary>The advantages of the roots of every prompt sum to 0.</summary>
    public static LawIdentity RootsSumToZero(SiblingWeight weight = SiblingWeight.One) => new SiblingSumIdentity(weight, true);

    /// <summary>The advantages along every path sum to <paramref name="weight"/> (leaf score - prompt value).</summary>
    public static LawIdentity PathsTelescope(double weight = 1) => new PathIdentity(weight);

    /// <summary>An inner node's advantage is the mean of the advantages of the leaves below it, or of its children.</summary>
    public static LawIdentity NodesAverage(ValueMean mean) => new AdvantageMeanIdentity(mean);

    /// <summary>An inner node's value is the mean of the scores of the leaves below it, or of the values of its children.</summary>
    public static LawIdentity ValuesAreMeans(ValueMean mean) => new ValueMeanIdentity(mean);

    /// <summary>Over the trained tokens of the batch the final advantages have mean 0; a shared token counts as often as it is trained.</summary>
    public static LawIdentity TokensAverageZero { get; } = new TokenMeanIdentity();

    /// <summary>An identity of your own.</summary>
    /// <param name="name">Names it in reports.</param>
    /// <param name="residual">Credit -> node -> what must be 0; length N, NaN where nothing is stated.</param>
    public static LawIdentity Custom(string name, Func<CreditResult, double[]> residual) => new CustomIdentity(name, residual);

    /// <summary>The identity as a sentence.</summary>
    public abstract string Words { get; }

    /// <inheritdoc/>
    public sealed override string ToString() => Words;

    internal abstract void Examine(LawRun run, LawWitness witness);

    /// <summary>Scored members of a group, empty when one of them was pruned.</summary>
    private protected static int[] Members(LawRun run, IEnumerable<int> nodes)
    {
        int[] scored = [.. nodes.Where(n => Leaves(run, n) > 0)];
        return scored.All(n => run.Credit.NodeTrained[n] || run.Credit.NodeAdvantage[n] == 0) ? scored : [];
    }

    private protected static int Leaves(LawRun run, int node)
    {
        int count = 0;
        for (int leaf = run.Forest.FirstLeaf[node]; leaf < run.Forest.FirstLeaf[node] + run.Forest.LeafCount[node]; leaf++) count += run.Credit.LeafScored[leaf] ? 1 : 0;
        return count;
    }

    private protected static IEnumerable<int> RootsOf(Forest forest, int prompt) => forest.Roots.Where(root => forest.PromptOf[root] == prompt);
}

internal sealed record LeafSumIdentity(CreditScope Scope) : LawIdentity
{
    public override string Words => $"the leaf advantages of a {Scope.ToString().ToLowerInvariant()} sum to 0";

    internal override void Examine(LawRun run, LawWitness witness)
    {
        var forest = run.Forest;
        foreach (var group in forest.Leaves.GroupBy(n => Scope switch { CreditScope.Prompt => forest.PromptOf[n], CreditScope.Tree => forest.TreeOf[n], _ => 0 }))
        {
            int[] members = Members(run, group);
            if (members.Length > 0) witness.See(run.Sealed.Keys[members[0]], $"sum over the leaves of its {Scope.ToString().ToLowerInvariant()}", 0, members.Sum(run.Unmoved));
        }
    }
}

internal sealed record SiblingSumIdentity(SiblingWeight Weight, bool RootsOnly) : LawIdentity
{
    public override string Words => (RootsOnly ? "the advantages of a prompt's roots" : "the advantages below one parent") + Weight switch
    {
        SiblingWeight.One => " sum to 0",
        SiblingWeight.Leaves => ", times their leaves k, sum to 0",
        _ => ", times k sqrt(k) of their leaves k, sum to 0",
    };

    internal override void Examine(LawRun run, LawWitness witness)
    {
        for (int p = 0; p < run.Forest.PromptCount; p++) See(RootsOf(run.Forest, p));
        for (int n = 0; n < run.Forest.NodeCount && !RootsOnly; n++) See(run.Forest.Children(n));

        void See(IEnumerable<int> group)
        {
            int[] members = Members(run, group);
            if (members.Length > 0) witness.See(run.Sealed.Keys[members[0]], "sum over it and its siblings", 0, members.Sum(n => Of(Leaves(run, n)) * run.Unmoved(n)));
        }
    }

    private double Of(int leaves) => Weight switch { SiblingWeight.One => 1, SiblingWeight.Leaves => leaves, _ => leaves * Math.Sqrt(leaves) };
}

internal sealed record PathIdentity(double Weight) : LawIdentity
{
    public override string Words => "the advantages along a path sum to " + (Weight == 1 ? "leaf score - prompt value" : FormattableString.Invariant($"{Weight} (leaf score - prompt value)"));

    internal override void Examine(LawRun run, LawWitness witness)
    {
        foreach (int leaf in run.Forest.Leaves)
        {
            if (Leaves(run, leaf) == 0) continue;
            int[] path = run.Forest.Path(leaf);
            double expected = Weight * (run.Credit.LeafScore[run.Forest.FirstLeaf[leaf]] - run.Credit.PromptValue[run.Forest.PromptOf[leaf]]);
            if (Members(run, path).Length > 0) witness.See(run.Sealed.Keys[leaf], "sum along its path", expected, path.Sum(run.Unmoved));
        }
    }
}

internal sealed record AdvantageMeanIdentity(ValueMean Mean) : LawIdentity
{
    public override string Words => $"a node's advantage is the mean {ValueMeanIdentity.Of(Mean)}";

    internal override void Examine(LawRun run, LawWitness witness) => ValueMeanIdentity.Examine(run, witness, Mean, "advantage as a mean", run.Unmoved,
        (node, group) => Members(run, group.Append(node)).Length > 0);
}

internal sealed record ValueMeanIdentity(ValueMean Mean) : LawIdentity
{
    public override string Words => $"a node's value is the mean {Of(Mean)}";

    public static string Of(ValueMean mean) => mean switch { ValueMean.OfLeaves => "of the leaves below", ValueMean.OfChildren => "of its children", _ => "of the leaves below or of its children" };

    internal override void Examine(LawRun run, LawWitness witness) => Examine(run, witness, Mean, "value", n => run.Credit.NodeValue[n], (_, _) => true);

    public static void Examine(LawRun run, LawWitness witness, ValueMean mean, string what, Func<int, double> value, Func<int, int[], bool> judged)
    {
        var forest = run.Forest;
        for (int n = 0; n < forest.NodeCount; n++)
        {
            if (forest.IsLeaf(n) || Leaves(run, n) == 0) continue;
            int[] below = [.. Enumerable.Range(forest.FirstLeaf[n], forest.LeafCount[n]).Where(leaf => run.Credit.LeafScored[leaf]).Select(leaf => forest.Leaves[leaf])];
            int[] children = [.. forest.Children(n).Where(child => Leaves(run, child) > 0)];
            if (!judged(n, [.. below, .. children])) continue;
            double got = value(n), ofLeaves = below.Average(value), ofChildren = children.Average(value);
            bool leaves = mean == ValueMean.OfLeaves || (mean == ValueMean.Either && LawFinding.Distance(ofLeaves, got) <= LawFinding.Distance(ofChildren, got));
            witness.See(run.Sealed.Keys[n], what, leaves ? ofLeaves : ofChildren, got);
        }
    }
}

internal sealed record TokenMeanIdentity : LawIdentity
{
    public override string Words => "the final advantages of the batch's trained tokens have mean 0";

    internal override void Examine(LawRun run, LawWitness witness)
    {
        var forest = run.Forest;
        bool paths = run.Credit.Rule.Unit == TrainingUnit.PathDuplicated;
        double sum = 0, size = 0;
        for (int n = 0; n < forest.NodeCount; n++)
        {
            if (!run.Credit.NodeTrained[n] || run.Count(n) == 0) continue;
            double weight = run.BySegment ? (paths ? TrainedBelow(run, n) : 1) : forest.PathTokenCount[n];
            for (int i = 0; i < run.Count(n); i++)
            {
                sum += weight * run.Advantage(n, i);
                size += weight;
            }
        }
        if (size > 0) witness.See(run.Sealed.Keys[0], "mean over the batch's trained tokens", 0, sum / size);
    }

    private static int TrainedBelow(LawRun run, int node) =>
        Enumerable.Range(run.Forest.FirstLeaf[node], run.Forest.LeafCount[node]).Count(leaf => run.Credit.LeafTrained[leaf]);
}

internal sealed record CustomIdentity(string Name, Func<CreditResult, double[]> Residual) : LawIdentity
{
    public override string Words => Name;

    internal override void Examine(LawRun run, LawWitness witness)
    {
        double[] residual = Residual(run.Credit);
        Guard.SameLength(residual.Length, run.Forest.NodeCount, $"identity '{Name}', one number for each node,");
        for (int n = 0; n < residual.Length; n++)
        {
            if (!double.IsNaN(residual[n])) witness.See(run.Sealed.Keys[n], Name, 0, residual[n]);
        }
    }
}
