using System;
using System.Linq;
using TreeRl.Credit;
using TreeRl.Objectives;
using TreeRl.Training;
using Xunit;

namespace TreeRl.Tests;

/// <summary>
/// Hand-solved on one tree; a token's id i has log-probability -i / 100, so that below 0.95 means ids above 5.129.
/// <code>
/// prompt     r (3 4 5 6): a (7) = 1, b (8 9) = 0
///            d (10 11) = 0
/// </code>
/// V by children: r 1/2, prompt 1/4. Tokens 3, 4, 5 are masked.
/// </summary>
public class TokenMaskTests
{
    private static readonly TokenMask Mask = new(0.95);

    private static readonly TestForest Tree = TestTrees.Prompt(Twig.Branch(4, Twig.Leaf(1, 1), Twig.Leaf(2, 0)), Twig.Leaf(2, 0));

    [Fact]
    public void Likely_tokens_carry_no_advantage_and_the_others_all_of_it()
    {
        var credit = Tree.Apply(CreditRules.Spo.WithMask(Mask));
        TestTrees.Near([0, 0, 0, 0.25, 0.5, -0.5, -0.5, -0.25, -0.25], credit.TokenAdvantage, 1e-12);
        Assert.Equal([true, true, true, false, false, false, false, false, false], credit.TokenMasked);
        TestTrees.Near(Tree.Apply(CreditRules.Spo).NodeAdvantage, credit.NodeAdvantage, 0);
        Assert.Contains("masked: 3 of 9 tokens", credit.ToString());
        Assert.Contains("    mask probabilityBelow 0.95\n", CreditRules.Spo.WithMask(Mask).ToString());
    }

    [Fact]
    public void Every_denominator_forgets_masked_tokens()
    {
        var credit = Tree.Apply(CreditRules.Spo.WithMask(Mask));
        var batch = Packer.Pack(credit, new AggregationSettings(Aggregation.TokenMean));
        Assert.Equal([3, 4, 5, 6, 7, 8], batch.TargetSource);
        Assert.All(batch.Credit.Mass, mass => Assert.Equal(1f / 6, mass));
        Assert.Equal(1 + 4 + 0 + 1 + 1, batch.RowCount); // the prompt, r whole, all but the last token of each leaf
        var byNode = Packer.Pack(credit, new AggregationSettings(Aggregation.SequenceMeanTokenMean)).Credit.Mass;
        TestTrees.Near([.25, .25, .125, .125, .125, .125], [.. byNode.Select(m => (double)m)], 1e-7);
        var paths = Packer.Pack(Tree.Apply(CreditRules.DrGrpo.WithMask(Mask)), new AggregationSettings(Aggregation.TokenMean));
        // paths of 2, 3 and 2 open tokens; the open token of r is on two
        TestTrees.Near([2.0 / 7, 1.0 / 7, 1.0 / 7, 1.0 / 7, 1.0 / 7, 1.0 / 7], [.. paths.Credit.Mass.Select(m => (double)m)], 1e-7);
    }

    [Fact]
    public void Whitening_runs_over_the_tokens_that_are_trained()
    {
        // path tokens 2 3 2 of R - 1/3: 2/3, -1/3, -1/3; mean (4/3 - 5/3) / 7 = -1/21; squares 2 (15/21)^2 + 5 (6/21)^2 = 630/441 over 6
        double std = Math.Sqrt(630.0 / 441 / 6 + 1e-8);
        TestTrees.Near([15.0 / 21 / std, -6.0 / 21 / std, -6.0 / 21 / std], Tree.Apply(CreditRules.ReinforcePlusPlusBaseline.WithMask(Mask)).LeafAdvantage, 1e-12);
    }

    [Fact]
    public void A_prompt_whose_tokens_are_all_masked_has_no_signal_and_no_targets()
    {
        foreach (var rule in new[] { CreditRules.Spo, CreditRules.DrGrpo })
        {
            var credit = Tree.Apply(rule.WithMask(new TokenMask(0.5)));
            Assert.Equal([true], credit.PromptWithoutSignal);
            Assert.Equal(0, Packer.Pack(credit, new AggregationSettings(Aggregation.TokenMean)).TargetCount);
        }
    }

    [Fact]
    public void A_row_behind_the_last_target_is_not_packed()
    {
        // d ends with a token of id 70, whose log-probability is 0 again
        var twigs = Enumerable.Range(0, 68).Select(i => Twig.Leaf(1, i % 2)).ToArray();
        var forest = TestTrees.Prompt([.. twigs[..65], Twig.Leaf(3, 1)]); // ids 3 .. 67, then 68 69 70
        var credit = forest.Apply(CreditRules.DrGrpo.WithMask(new TokenMask(0.52)));
        var batch = Packer.Pack(credit, new AggregationSettings(Aggregation.TokenMean));
        Assert.Equal([63, 64, 65, 66], batch.TargetSource);
        Assert.Equal(2, batch.RowCount); // the prompt and the token of id 68
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void A_threshold_outside_0_to_1_is_refused(double threshold) =>
        Assert.Contains("must lie above 0 and be at most 1", Assert.Throws<ArgumentException>(() => Tree.Apply(CreditRules.Spo.WithMask(new TokenMask(threshold)))).Message);

    [Fact]
    public void Laws_are_checked_before_the_mask_and_say_so() =>
        Assert.Contains("checked on all tokens, before 'mask probabilityBelow 0.9'", LawBook.Check(CreditRules.Spo.WithMask(new TokenMask(0.9)), new LawOptions { Forests = 5 }).Note);
}
