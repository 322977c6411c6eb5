using System;
using System.Globalization;
using TreeRl.Forests;

namespace TreeRl.Credit;

/// <summary>
/// Trains some of a prompt's leaves only, while all of them make the values (TreeRL, arXiv 2506.11902: 16 of 30). One good leaf is chosen
/// first where there is one, the rest at random among the others; the order of choice is drawn from the seed, the prompt's id and the tokens
/// of the leaf's path alone, so that siblings may change places. Nodes without a chosen leaf below are not trained, and
/// <see cref="TermScale.SqrtLeafCount"/> counts chosen leaves.
/// </summary>
/// <param name="Leaves">Leaves trained for each prompt; at least 1. A prompt with fewer scored leaves trains all of them.</param>
/// <param name="GoodFirst">Whether a good leaf is chosen before all others, so that a prompt with one trains one.</param>
public sealed record LeafChoice(int Leaves, bool GoodFirst = true)
{
    /// <summary>A leaf is good when its reward is at least this.</summary>
    public double GoodScore { get; init; } = 0.5;

    /// <summary>Names the draws.</summary>
    public long Seed { get; init; }

    /// <summary>The words that make this choice.</summary>
    public string Words => string.Create(CultureInfo.InvariantCulture, $"choose {Leaves} leaves{(GoodFirst ? $", one of reward {GoodScore} first" : "")}{(Seed == 0 ? "" : $", seed {Seed}")}");

    /// <inheritdoc/>
    public override string ToString() => Words;

    internal void Validate()
    {
        Guard.That(Leaves >= 1, $"{Words}: must choose at least 1 leaf; leave the choice out to train all", "choose");
        Guard.That(double.IsFinite(GoodScore), $"{Words}: the score from which a leaf is good must be finite", "choose");
    }

    /// <summary>Leaf -> whether it is chosen; leaves without a score never are. Length L.</summary>
    internal bool[] Choose(Forest forest, ReadOnlySpan<double> reward, ReadOnlySpan<bool> scored)
    {
        var chosen = new bool[forest.LeafTotal];
        var ticket = Tickets(forest);
        var order = new int[forest.LeafTotal];
        for (int leaf = 0; leaf < order.Length; leaf++) order[leaf] = leaf;
        Array.Sort(order, (a, b) => (ticket[a], a).CompareTo((ticket[b], b)));
        var left = new int[forest.PromptCount];
        Array.Fill(left, Leaves);
        if (GoodFirst)
        {
            foreach (int leaf in order)
            {
                int prompt = forest.PromptOf[forest.Leaves[leaf]];
                if (left[prompt] < Leaves || !scored[leaf] || !(reward[leaf] >= GoodScore)) continue;
                chosen[leaf] = true;
                left[prompt]--;
            }
        }
        foreach (int leaf in order)
        {
            int prompt = forest.PromptOf[forest.Leaves[leaf]];
            if (left[prompt] == 0 || chosen[leaf] || !scored[leaf]) continue;
            chosen[leaf] = true;
            left[prompt]--;
        }
        return chosen;
    }

    /// <summary>Leaf -> its place in the order of choice: a draw named by the prompt and the path's tokens.</summary>
    private ulong[] Tickets(Forest forest)
    {
        var path = new Seed[forest.NodeCount];
        var ticket = new ulong[forest.LeafTotal];
        for (int n = 0; n < path.Length; n++)
        {
            var seed = forest.Parent[n] >= 0 ? path[forest.Parent[n]] : TreeRl.Seed.Of(Seed).Child(forest.Prompts[forest.PromptOf[n]].Id);
            for (int t = forest.FirstToken[n]; t < forest.FirstToken[n] + forest.TokenCount[n]; t++) seed = seed.Child(forest.TokenId[t]);
            path[n] = seed;
            if (forest.IsLeaf(n)) ticket[forest.FirstLeaf[n]] = seed.Value;
        }
        return ticket;
    }
}
