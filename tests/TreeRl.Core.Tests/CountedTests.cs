using TreeRl.Credit;
using Xunit;

namespace TreeRl.Tests;

public class CountedTests
{
    [Theory]
    [InlineData(0, "0 leaves", "0 leaves")]
    [InlineData(1, "1 leaf", "1 leaf")]
    [InlineData(2, "2 leaves", "2 leaves")]
    [InlineData(12345, "12345 leaves", "12,345 leaves")]
    public void A_count_goes_with_its_noun(long count, string plain, string grouped)
    {
        Assert.Equal(plain, Counted.Of(count, "leaf", "leaves"));
        Assert.Equal(grouped, Counted.Grouped(count, "leaf", "leaves"));
        Assert.Equal($"{count} step{(count == 1 ? "" : "s")}", Counted.Of(count, "step"));
    }

    [Fact]
    public void Credit_of_one_answer_prints_no_plural()
    {
        var one = TestTrees.Prompt(Twig.Leaf(1, 1));
        var credit = one.Apply(CreditRules.DrGrpo).ToString();
        Assert.StartsWith("credit by drGrpo: 1 prompt, 1 node, 1 of 1 leaf scored\n", credit);
        Assert.StartsWith("1 leaf", one.Outcomes.ToString());
        var two = TestTrees.Flat([1, 0], [1, 0]).Apply(CreditRules.DrGrpo).ToString();
        Assert.StartsWith("credit by drGrpo: 2 prompts, 4 nodes, 4 of 4 leaves scored\n", two);
        Assert.Contains("trained: 4 nodes;", two);
    }
}
