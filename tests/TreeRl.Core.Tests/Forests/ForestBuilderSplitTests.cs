using System;
using System.Linq;
using TreeRl.Forests;
using Xunit;

namespace TreeRl.Tests;

public class ForestBuilderSplitTests
{
    [Fact]
    public void A_split_leaf_can_branch_in_its_middle()
    {
        var builder = new ForestBuilder();
        int root = builder.AddRoot(builder.AddPrompt("p"), [1, 2, 3, 4]);
        builder.Finish(root, Finish.EndOfText);
        int lower = builder.Split(root, 3);
        int side = builder.AddChild(root, [8, 9]);
        builder.Finish(side, Finish.MaxTokens);
        Assert.Equal(3, builder.TokenCount(root));
        var forest = builder.Seal(out int[] node);
        Assert.Equal([1, 2, 3, 4], forest.PathTokens(node[lower]));
        Assert.Equal([1, 2, 3, 8, 9], forest.PathTokens(node[side]));
        Assert.Equal([Finish.Branched, Finish.EndOfText, Finish.MaxTokens], forest.Finish);
    }

    [Fact]
    public void An_inner_node_hands_its_children_to_its_lower_part()
    {
        var builder = new ForestBuilder();
        int prompt = builder.AddPrompt("p");
        int root = builder.AddRoot(prompt, [1, 2, 3]), other = builder.AddRoot(prompt, [7]);
        int left = builder.AddChild(root, [4]), right = builder.AddChild(root, [5]);
        int lower = builder.Split(root, 1), middle = builder.AddChild(root, [6]);
        foreach (int leaf in new[] { left, right, middle, other }) builder.Finish(leaf, Finish.EndOfText);
        var forest = builder.Seal(out int[] node);
        Assert.Equal(node[lower], forest.Parent[node[left]]);
        Assert.Equal([1, 2, 3, 5], forest.PathTokens(node[right]));
        Assert.Equal([1, 6], forest.PathTokens(node[middle]));
        Assert.Equal([7], forest.PathTokens(node[other]));
        Assert.Equal(2, forest.Roots.Length);
    }

    [Fact]
    public void A_growing_node_goes_on_below_the_cut()
    {
        var builder = new ForestBuilder();
        int root = builder.AddRoot(builder.AddPrompt("p"), [1, 2]);
        int lower = builder.Split(root, 1);
        builder.AddToken(lower, 3, -1, 1);
        builder.Finish(lower, Finish.EndOfText);
        Assert.Equal([1, 2, 3], builder.PathTokens(lower));
        Assert.Throws<ArgumentException>(() => builder.AddToken(root, 3, -1, 1));
    }

    [Fact]
    public void Both_parts_have_a_token()
    {
        var builder = new ForestBuilder();
        int root = builder.AddRoot(builder.AddPrompt("p"), [1, 2]);
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.Split(root, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.Split(root, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.Split(5, 1));
    }

    [Fact]
    public void Splits_change_no_answer()
    {
        for (int trial = 0; trial < 50; trial++)
        {
            var seed = Seed.Of(trial);
            var builder = new ForestBuilder();
            int prompt = builder.AddPrompt("p"), next = 0;
            var nodes = Enumerable.Range(0, 2).Select(_ => builder.AddRoot(prompt)).ToList();
            for (int i = 0; i < 6; i++)
            {
                for (int n = 0; n < nodes.Count; n++)
                    if (builder.TokenCount(nodes[n]) == 0)
                        for (int t = 1 + seed.Child(i).Below(5, n); t > 0; t--) builder.AddToken(nodes[n], next++, -1, 1);
                nodes.Add(builder.AddChild(nodes[seed.Below(nodes.Count, i)]));
            }
            builder.AddToken(nodes[^1], next, -1, 1);
            foreach (int leaf in nodes.Where(n => builder.FirstChildOf(n) < 0)) builder.Finish(leaf, Finish.EndOfText);
            string Answers()
            {
                var forest = builder.Seal();
                return string.Join(" | ", forest.Leaves.Select(l => string.Join(",", forest.PathTokens(l))));
            }
            string before = Answers();
            for (int i = 0; i < 4; i++)
            {
                int node = seed.Child("node").Below(builder.NodeCount, i), count = builder.TokenCount(node);
                if (count > 1) builder.Split(node, 1 + seed.Child("at").Below(count - 1, i));
                Assert.Equal(before, Answers());
            }
        }
    }
}
