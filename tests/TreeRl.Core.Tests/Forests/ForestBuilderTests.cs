using System;
using System.Linq;
using TreeRl.Forests;
using Xunit;

namespace TreeRl.Tests;

public class ForestBuilderTests
{
    [Fact]
    public void Nodes_may_grow_in_any_order_and_come_out_in_preorder()
    {
        var b = new ForestBuilder();
        int p0 = b.AddPrompt("x"), p1 = b.AddPrompt("y", "42");
        int other = b.AddRoot(p1), root = b.AddRoot(p0);
        b.AddToken(other, 90, -0.5f, 0.25f);
        b.AddToken(root, 10, -1, 1);
        b.AddToken(other, 91, -0.5f, 0.25f);
        b.AddToken(root, 11, -2, 2);
        int left = b.AddChild(root), right = b.AddChild(root);
        b.AddToken(right, 30, -3, 3);
        int second = b.AddRoot(p0);
        b.AddToken(left, 20, -4, 4);
        b.AddToken(second, 50, -5, 5);
        int below = b.AddChild(right), beside = b.AddChild(right);
        b.AddToken(beside, 41, -6, 6);
        b.AddToken(below, 40, -7, 7);
        b.AddToken(left, 21, -8, 8);
        foreach (int leaf in new[] { beside, left, other }) b.Finish(leaf, Finish.EndOfText);
        b.Finish(second, Finish.MaxTokens);
        b.Finish(below, Finish.Repetition);
        Assert.Equal(2, b.TokenCount(left));
        Assert.Equal([10, 11, 30, 41], b.PathTokens(beside));

        var f = b.Seal(out int[] index);
        Assert.Equal("2(2 1(1 1)) 1 | 2", Grow.Shape(f));
        Assert.Equal([10, 11, 20, 21, 30, 40, 41, 50, 90, 91], f.TokenId);
        Assert.Equal([-1, -2, -4, -8, -3, -7, -6, -5, -0.5f, -0.5f], f.LogProb);
        Assert.Equal([1, 2, 4, 8, 3, 7, 6, 5, 0.25f, 0.25f], f.Entropy);
        Assert.Equal([Finish.Branched, Finish.EndOfText, Finish.Branched, Finish.Repetition, Finish.EndOfText, Finish.MaxTokens, Finish.EndOfText], f.Finish);
        Assert.Equal(4, index[beside]);
        Assert.Equal(6, index[other]);
        Assert.Equal("42", f.Prompts[1].Reference);
        Assert.True(Grow.Same(f, b.Seal()));
    }

    [Fact]
    public void Tokens_may_be_given_with_their_node()
    {
        var b = new ForestBuilder();
        int root = b.AddRoot(b.AddPrompt("x"), [5, 6]);
        b.Finish(b.AddChild(root, [7]), Finish.EndOfText);
        b.Finish(b.AddChild(root, [8, 9]), Finish.MaxTokens);
        Assert.Equal([5, 6, 8, 9], b.Seal().PathTokens(2));
    }

    [Fact]
    public void The_tail_of_a_path_crosses_nodes()
    {
        var b = new ForestBuilder();
        int root = b.AddRoot(b.AddPrompt("x"), [5, 6]);
        int child = b.AddChild(root, [7]);
        var tail = new int[3];
        b.CopyTail(child, tail.AsSpan(0, 2));
        Assert.Equal([6, 7, 0], tail);
        b.CopyTail(child, tail);
        Assert.Equal([5, 6, 7], tail);
    }

    private static string Refused(Action<ForestBuilder> act)
    {
        // prompt 0 with the inner node 0, its ended leaf 1 and its growing leaf 2; node 3 is an empty root
        var b = new ForestBuilder();
        int root = b.AddRoot(b.AddPrompt("x"), [1]);
        b.Finish(b.AddChild(root, [2]), Finish.EndOfText);
        b.AddChild(root, [3]);
        b.AddRoot(0);
        return Assert.ThrowsAny<ArgumentException>(() => act(b)).Message;
    }

    [Fact]
    public void Misuse_is_named()
    {
        Assert.Contains("prompt 'x' is there already", Refused(b => b.AddPrompt("x")));
        Assert.Contains("prompt 'z' has no tokens", Refused(b => b.AddPrompt(new ForestPrompt("z", "", [], ""))));
        Assert.Contains("prompt = 1: must be a prompt, 0 .. 0", Refused(b => b.AddRoot(1)));
        Assert.Contains("parent = 4: must be a node, 0 .. 3", Refused(b => b.AddChild(4)));
        Assert.Contains("node 1 ended with EndOfText: it cannot have children", Refused(b => b.AddChild(1)));
        Assert.Contains("node 3 has no tokens: a node has at least one before it branches", Refused(b => b.AddChild(3)));
        Assert.Contains("node 0 has children: it gets no more tokens", Refused(b => b.AddToken(0, 1, -1, 0)));
        Assert.Contains("node 1 ended with EndOfText: it gets no more tokens", Refused(b => b.AddToken(1, 1, -1, 0)));
        Assert.Contains("id = -1: must not be negative", Refused(b => b.AddToken(2, -1, -1, 0)));
        Assert.Contains("logProb = 1: must be a number of at most 0", Refused(b => b.AddToken(2, 1, 1, 0)));
        Assert.Contains("logProb = NaN", Refused(b => b.AddToken(2, 1, float.NaN, 0)));
        Assert.Contains("entropy = NaN: must be finite", Refused(b => b.AddToken(2, 1, -1, float.NaN)));
        Assert.Contains("a leaf must say why it ended", Refused(b => b.Finish(2, Finish.Branched)));
        Assert.Contains("node 0 has children: only a leaf ends", Refused(b => b.Finish(0, Finish.EndOfText)));
        Assert.Contains("node 3 has no tokens: a leaf has at least one", Refused(b => b.Finish(3, Finish.EndOfText)));
        Assert.Contains("node 1 ended with EndOfText already", Refused(b => b.Finish(1, Finish.MaxTokens)));
    }

    [Fact]
    public void What_is_unfinished_is_named_when_sealing()
    {
        Assert.Contains("leaf 2 of prompt 'x' has no finish", Refused(b => b.Seal()));
        Assert.Contains("node 3 of prompt 'x' has no tokens", Refused(b =>
        {
            b.Finish(2, Finish.EndOfText);
            b.Seal();
        }));
        var empty = new ForestBuilder();
        empty.AddPrompt("x");
        Assert.Contains("prompt 'x' has no tree", Assert.Throws<ArgumentException>(empty.Seal).Message);
    }

    [Fact]
    public void A_chain_of_many_nodes_does_not_exhaust_the_stack()
    {
        var b = new ForestBuilder();
        int node = b.AddRoot(b.AddPrompt("x"), [1]);
        for (int i = 0; i < 20000; i++)
        {
            b.Finish(b.AddChild(node, [2]), Finish.EndOfText);
            node = b.AddChild(node, [3]);
        }
        b.Finish(node, Finish.EndOfText);
        var f = b.Seal();
        Assert.Equal(20001, f.LeafTotal);
        Assert.Equal(20000, f.Depth.Max());
    }
}
