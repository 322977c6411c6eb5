using System;
using System.Collections.Immutable;
using System.Linq;
using TreeRl.Forests;
using Xunit;

namespace TreeRl.Tests;

public class ForestTests
{
    private static readonly Forest Sample = Forest.OfShape("3(1 2(1 1)) 4 | 5");

    [Fact]
    public void Derived_columns_of_a_hand_drawn_forest()
    {
        // nodes: 0 = root of 3, 1 = leaf, 2 = inner, 3 and 4 leaves below it; 5 = chain of 4; 6 = chain of 5 of the second prompt
        var f = Sample;
        Assert.Equal([-1, 0, 0, 2, 2, -1, -1], f.Parent);
        Assert.Equal([0, 0, 0, 0, 0, 0, 1], f.PromptOf);
        Assert.Equal([3, 1, 2, 1, 1, 4, 5], f.TokenCount);
        Assert.Equal([0, 3, 4, 6, 7, 8, 12], f.FirstToken);
        Assert.Equal([0, 1, 1, 2, 2, 0, 0], f.Depth);
        Assert.Equal([0, 0, 0, 0, 0, 1, 2], f.TreeOf);
        Assert.Equal([5, 2, 5, 4, 5, 6, 7], f.SubtreeEnd);
        Assert.Equal([1, 3, 4, 5, 6], f.Leaves);
        Assert.Equal([0, 0, 1, 1, 2, 3, 4], f.FirstLeaf);
        Assert.Equal([3, 1, 2, 1, 1, 1, 1], f.LeafCount);
        Assert.Equal([2, 0, 2, 0, 0, 0, 0], f.ChildCount);
        Assert.Equal([0, 5, 6], f.Roots);
        Assert.Equal([3, 4, 5, 6, 6, 4, 5], f.PathTokenCount);
        Assert.Equal([0, 6, 7], f.FirstNodeOfPrompt);
        Assert.Equal([1, 2], f.Children(0));
        Assert.Equal([0, 2, 4], f.Path(4));
        Assert.Equal([1, 2, 3, 5, 6, 8], f.PathTokens(4));
        Assert.Equal(4 + 6 + 6 + 4 + 5, f.FlatTokenTotal);
        Assert.Equal((7, 17, 5, 3, 2), (f.NodeCount, f.TokenTotal, f.LeafTotal, f.TreeCount, f.PromptCount));
    }

    [Fact]
    public void A_forest_prints_its_sizes()
    {
        Assert.Equal("forest: 2 prompts, 3 trees, 5 leaves, 17 tokens (flat 25, sharing 1.5x)", Sample.ToString());
        Assert.Equal("forest: 1 prompt, 1 tree, 1 leaf, 1 token (flat 1, sharing 1.0x)", Forest.OfShape("1").ToString());
        Assert.Equal("forest: 1 prompt, 1 tree, 1 leaf, 5,652 tokens (flat 5,652, sharing 1.0x)", Forest.OfShape("5652").ToString());
        Assert.Equal("forest: 0 prompts, 0 trees, 0 leaves, 0 tokens", Sample.SelectPrompts([]).ToString());
    }

    [Fact]
    public void Nodes_out_of_range_are_refused()
    {
        Assert.Contains("node = 7: must be a node, 0 .. 6", Assert.Throws<ArgumentOutOfRangeException>(() => Sample.Path(7)).Message);
        Assert.Contains("node = -1: must be a node, 0 .. 6", Assert.Throws<ArgumentOutOfRangeException>(() => Sample.PathTokens(-1)).Message);
        Assert.Contains("node = 9: must be a node, 0 .. 6", Assert.Throws<ArgumentOutOfRangeException>(() => Sample.Children(9)).Message);
    }

    [Fact]
    public void Selected_prompts_keep_their_trees_in_the_order_asked_for()
    {
        var f = Forest.OfShape("3(1 2(1 1)) 4 | 5 | 2(1 1)");
        var g = f.SelectPrompts([2, 0]);
        Assert.Equal("2(1 1) | 3(1 2(1 1)) 4", Grow.Shape(g));
        Assert.Equal(["p2", "p0"], g.Prompts.Select(p => p.Id));
        Assert.Equal(f.PathTokens(4), g.PathTokens(7));
        Assert.Equal(f.LogProb[f.FirstToken[4]], g.LogProb[g.FirstToken[7]]);
        Assert.Equal(f.Entropy[f.FirstToken[4]], g.Entropy[g.FirstToken[7]]);
        Assert.Equal("5", Grow.Shape(f.Where(p => p.Id == "p1")));
        Assert.True(Grow.Same(f, f.SelectPrompts([0, 1, 2])));
        Assert.Contains("must be a prompt, 0 .. 2", Assert.Throws<ArgumentOutOfRangeException>(() => f.SelectPrompts([3])).Message);
        Assert.Contains("prompt 1 is selected twice", Assert.Throws<ArgumentException>(() => f.SelectPrompts([1, 1])).Message);
    }

    [Fact]
    public void Joining_the_parts_gives_the_forest_back()
    {
        var f = Forest.OfShape("3(1 2(1 1)) 4 | 5 | 2(1 1)");
        Assert.True(Grow.Same(f, Forest.Concat([f.SelectPrompts([0]), f.SelectPrompts([]), f.SelectPrompts([1, 2])])));
        Assert.Contains("has the id 'p0' of another prompt", Assert.Throws<ArgumentException>(() => Forest.Concat([f, f])).Message);
    }

    private static ForestColumns Columns(Action<Parts>? change = null)
    {
        var parts = new Parts
        {
            Prompts = [.. Sample.Prompts],
            Parent = [.. Sample.Parent],
            PromptOf = [.. Sample.PromptOf],
            TokenCount = [.. Sample.TokenCount],
            Finish = [.. Sample.Finish],
            TokenId = [.. Sample.TokenId],
            LogProb = [.. Sample.LogProb],
            Entropy = [.. Sample.Entropy],
        };
        change?.Invoke(parts);
        return new ForestColumns
        {
            Prompts = [.. parts.Prompts],
            Parent = [.. parts.Parent],
            PromptOf = [.. parts.PromptOf],
            TokenCount = [.. parts.TokenCount],
            Finish = [.. parts.Finish],
            TokenId = [.. parts.TokenId],
            LogProb = [.. parts.LogProb],
            Entropy = [.. parts.Entropy],
        };
    }

    private sealed class Parts
    {
        public ForestPrompt[] Prompts = [];
        public int[] Parent = [], PromptOf = [], TokenCount = [], TokenId = [];
        public Finish[] Finish = [];
        public float[] LogProb = [], Entropy = [];
    }

    [Fact]
    public void The_sample_s_columns_are_sound() => Assert.True(Grow.Same(Sample, Forest.Create(Columns())));

    private static string Refused(Action<Parts> change) => Assert.ThrowsAny<ArgumentException>(() => Forest.Create(Columns(change))).Message;

    [Fact]
    public void Columns_that_differ_in_length_are_refused()
    {
        Assert.Contains("PromptOf.Length has length 6: a column of nodes needs 7", Refused(c => c.PromptOf = c.PromptOf[..6]));
        Assert.Contains("TokenCount.Length has length 6", Refused(c => c.TokenCount = c.TokenCount[..6]));
        Assert.Contains("Finish.Length has length 6", Refused(c => c.Finish = c.Finish[..6]));
        Assert.Contains("LogProb.Length has length 16: a column of tokens needs 17", Refused(c => c.LogProb = c.LogProb[..16]));
        Assert.Contains("Entropy.Length has length 16", Refused(c => c.Entropy = c.Entropy[..16]));
        Assert.Contains("a column is default", Assert.Throws<ArgumentException>(() => Forest.Create(new ForestColumns
        {
            Prompts = default,
            Parent = [],
            PromptOf = [],
            TokenCount = [],
            Finish = [],
            TokenId = [],
            LogProb = [],
            Entropy = [],
        })).Message);
    }

    [Fact]
    public void Broken_invariants_are_named()
    {
        Assert.Contains("Parent[0] = 0: must be -1 for a root or an earlier node", Refused(c => c.Parent[0] = 0));
        Assert.Contains("Parent[1] = -2: must be -1 for a root", Refused(c => c.Parent[1] = -2));
        Assert.Contains("TokenCount[3] = 0: a node has at least one token", Refused(c => c.TokenCount[3] = 0));
        Assert.Contains("PromptOf[0] = 1: roots stand in the order of their prompts, and every prompt has a tree (expected -1 or 0)", Refused(c => c.PromptOf[0] = 1));
        Assert.Contains("PromptOf[6] = 2: roots stand in the order", Refused(c => c.PromptOf[6] = 2));
        Assert.Contains("PromptOf[3] = 1: must be that of its parent, 0", Refused(c => c.PromptOf[3] = 1));
        Assert.Contains("Parent[4] = 1: nodes must stand in depth-first preorder, so the parent is node 3 or an ancestor of it", Refused(c => c.Parent[4] = 1));
        Assert.Contains("2 prompts but trees for 1: every prompt needs at least one tree", Refused(c => c.PromptOf[6] = 0));
        Assert.Contains("TokenCount sums to 18 but there are 17 tokens", Refused(c => c.TokenCount[6] = 6));
        Assert.Contains("Finish[0] = MaxTokens: a node with children has Branched", Refused(c => c.Finish[0] = Finish.MaxTokens));
        Assert.Contains("Finish[6] = Branched: a leaf must say why it ended", Refused(c => c.Finish[6] = Finish.Branched));
        Assert.Contains("Finish[6] = 99: no such reason", Refused(c => c.Finish[6] = (Finish)99));
    }

    [Fact]
    public void Broken_token_values_are_named()
    {
        Assert.Contains("TokenId[2] = -1: must not be negative", Refused(c => c.TokenId[2] = -1));
        Assert.Contains("LogProb[2] = 0.5: must be a number of at most 0", Refused(c => c.LogProb[2] = 0.5f));
        Assert.Contains("LogProb[2] = NaN", Refused(c => c.LogProb[2] = float.NaN));
        Assert.Contains("LogProb[2] = -Infinity", Refused(c => c.LogProb[2] = float.NegativeInfinity));
        Assert.Contains("Entropy[2] = NaN: must be finite", Refused(c => c.Entropy[2] = float.NaN));
    }

    [Fact]
    public void Broken_prompts_are_named()
    {
        Assert.Contains("Prompts[1] has the id 'p0' of another prompt", Refused(c => c.Prompts[1] = c.Prompts[1] with { Id = "p0" }));
        Assert.Contains("prompt 'p1' has no tokens", Refused(c => c.Prompts[1] = c.Prompts[1] with { TokenIds = [] }));
        Assert.Contains("prompt 'p1' has no tokens", Refused(c => c.Prompts[1] = c.Prompts[1] with { TokenIds = default }));
        Assert.Contains("prompt 'p1' has the token -4", Refused(c => c.Prompts[1] = c.Prompts[1] with { TokenIds = [-4] }));
        Assert.Contains("Prompts[1] or one of its texts is null", Refused(c => c.Prompts[1] = c.Prompts[1] with { Reference = null! }));
        Assert.Contains("Prompts[1] or one of its texts is null", Refused(c => c.Prompts[1] = null!));
    }

    [Theory]
    [InlineData("3(", "a child at position 2")]
    [InlineData("3()", "a child at position 2")]
    [InlineData("3(1", "a closing bracket at position 3")]
    [InlineData("x", "a number of tokens, at least 1 at position 0")]
    [InlineData("0", "a number of tokens, at least 1 at position 0")]
    [InlineData("2 (1)", "a number of tokens, at least 1 at position 2")]
    [InlineData("99999999999", "a number of tokens, at least 1 at position 0")]
    public void A_broken_shape_says_where(string shape, string where) => Assert.Contains(where, Assert.Throws<ArgumentException>(() => Forest.OfShape(shape)).Message);

    [Fact]
    public void A_shape_without_a_tree_for_a_prompt_is_refused() => Assert.Contains("prompt 'p1' has no tree", Assert.Throws<ArgumentException>(() => Forest.OfShape("3 | ")).Message);

    [Fact]
    public void A_shape_stays_inside_its_vocabulary()
    {
        Assert.Equal([1, 2, 3, 1, 2], Forest.OfShape("5", vocabSize: 4).TokenId);
        Assert.Throws<ArgumentOutOfRangeException>(() => Forest.OfShape("5", vocabSize: 1));
    }
}
