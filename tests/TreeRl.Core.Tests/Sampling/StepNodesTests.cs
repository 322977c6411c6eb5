using System;
using System.Linq;
using TreeRl.Forests;
using TreeRl.Sampling;
using Xunit;

namespace TreeRl.Tests;

/// <summary>Nodes cut at the ends of steps: <see cref="SamplingPlan.StepNodes"/>.</summary>
public class StepNodesTests
{
    private static readonly FakeTokenizer Letters = FakeTokenizer.Letters(6);

    /// <summary>Writes a b a b a and ends.</summary>
    private static FakePolicy Abaab() => FakePolicy.Scripted(6, answer => FakePolicy.Only(6, answer.Length == 5 ? 0 : 1 + answer.Length % 2));

    private static SamplingPlan Plan(StepRule? steps) => new() { Trees = 2, MaxLeaves = 2, MaxTokens = 8, StepNodes = steps };

    [Fact]
    public void Every_step_is_a_node_and_the_end_token_stays_with_the_last()
    {
        string Text(StepRule? steps) => Grow.Text(Grow.Forest(Abaab(), Letters, Plan(steps) with { Trees = 1, MaxLeaves = 1 }), Letters);
        Assert.Equal("ababa<end>!EndOfText", Text(null));
        Assert.Equal("ab(ab(a<end>!EndOfText))", Text(new StepRule.EveryTokens(2)));
        Assert.Equal("ab(ab(a<end>!EndOfText))", Text(new StepRule.AfterText("b")));
        Assert.Equal("a(ba(ba<end>!EndOfText))", Text(new StepRule.AfterText("a")));
        Assert.Equal("abab(a<end>!EndOfText)", Text(new StepRule.Custom(new PlaceRule("at 4", place => place.PathTokens == 4))));
    }

    [Fact]
    public void Cutting_changes_no_token_and_works_on_trees()
    {
        var policy = FakePolicy.Scrambled(6, 1);
        var plan = new SamplingPlan { Trees = 2, MaxLeaves = 8, Branch = BranchTrigger.EveryTokens(3), MaxTokens = 12 };
        Forest whole = Grow.Forest(policy, Letters, plan, 3), cut = Grow.Forest(policy, Letters, plan with { StepNodes = new StepRule.EveryTokens(2) }, 3);
        Assert.Equal(whole.TokenId, cut.TokenId);
        Assert.Equal(whole.LogProb, cut.LogProb);
        Assert.Equal(whole.Leaves.Select(leaf => string.Join(' ', whole.PathTokens(leaf))), cut.Leaves.Select(leaf => string.Join(' ', cut.PathTokens(leaf))));
        Assert.True(cut.NodeCount > whole.NodeCount);
        for (int n = 0; n < cut.NodeCount; n++)
        {
            int before = cut.PathTokenCount[n] - cut.TokenCount[n];
            for (int t = 1; t < cut.TokenCount[n]; t++)
                Assert.True((before + t) % 2 != 0 || (t == cut.TokenCount[n] - 1 && cut.TokenId[cut.FirstToken[n] + t] == 0), $"node {n} holds two steps");
        }
    }

    [Fact]
    public void A_rule_that_makes_no_sense_is_refused() =>
        Assert.Contains("StepNodes.Steps.Tokens = 0", string.Join("; ", Plan(new StepRule.EveryTokens(0)).Problems()));
}
