using System;
using System.Linq;
using TreeRl.Forests;
using TreeRl.Sampling;
using Xunit;

namespace TreeRl.Tests;

/// <summary>Why leaves end. The policy recites a fixed text, one token after the other, so each rule meets a known answer.</summary>
public class SamplerStopTests
{
    private static readonly FakeTokenizer Letters = FakeTokenizer.Letters(8);

    private static string Recite(string text, SamplingPlan plan, int context = 1000)
    {
        // '.' stands for the end token
        int[] ids = text.Select(c => c == '.' ? 0 : c - 'a' + 1).ToArray();
        var policy = new FakePolicy(8, path => FakePolicy.Only(8, ids[path.Length - 1]).Select(p => (float)Math.Log(p)).ToArray(), context);
        return Grow.Text(Grow.Forest(policy, Letters, plan), Letters);
    }

    [Fact]
    public void The_end_token_ends_and_belongs_to_the_answer() =>
        Assert.Equal("abc<end>!EndOfText", Recite("abc.aaa", new SamplingPlan { MaxTokens = 7 }));

    [Fact]
    public void The_length_limit_ends() => Assert.Equal("abc!MaxTokens", Recite("abcabc", new SamplingPlan { MaxTokens = 3 }));

    [Fact]
    public void The_context_ends_where_it_is_shorter_than_the_limit() =>
        Assert.Equal("abc!MaxTokens", Recite("abcabc", new SamplingPlan { MaxTokens = 6 }, context: 4));

    [Fact]
    public void A_stop_text_ends_where_it_is_complete() =>
        Assert.Equal("aabc!StopText", Recite("aabcde.", new SamplingPlan { MaxTokens = 7, StopTexts = ["abc"] }));

    [Fact]
    public void Any_of_several_stop_texts_ends() =>
        Assert.Equal("aab!StopText", Recite("aabcde.", new SamplingPlan { MaxTokens = 7, StopTexts = ["cd", "b", "zzz"] }));

    [Fact]
    public void Repetition_ends_with_the_last_occurrence()
    {
        var plan = new SamplingPlan { MaxTokens = 12, Repetition = new RepetitionRule(2, 3) };
        Assert.Equal("cababab!Repetition", Recite("cabababababab", plan));
        // Three occurrences need not be adjacent.
        Assert.Equal("abcabdab!Repetition", Recite("abcabdabcabc", plan));
    }

    [Fact]
    public void A_custom_rule_ends_and_sees_the_answer()
    {
        var rule = new StopRule("mine", s => s.PathText() == "abca" && s.LastToken == 1 && s.PathTokens == 4 && s.NodeTokens == 4 && s.CopyPath().Length == 4
            && s.LogProb == 0 && s.Entropy == 0 && s.PromptId == "p0");
        Assert.Equal("abca!Custom", Recite("abcabc.", new SamplingPlan { MaxTokens = 7, Custom = rule }));
    }

    [Fact]
    public void An_exception_of_a_stop_rule_names_it_and_the_place()
    {
        var plan = new SamplingPlan { Custom = new StopRule("mine", s => s.PathTokens == 2 ? throw new FormatException("oops") : false) };
        var e = Assert.Throws<InvalidOperationException>(() => Recite("abc.", plan));
        Assert.Equal("stop rule 'mine' threw FormatException at prompt 'p0', answer token 2: oops", e.Message);
    }

    [Fact]
    public void When_all_rules_hold_at_once_the_stated_order_names_the_reason()
    {
        // The fourth token meets every rule at once; each line then takes the first one away.
        var all = new SamplingPlan
        {
            MaxTokens = 4,
            StopTexts = ["bab"],
            Repetition = new RepetitionRule(2, 2),
            Custom = new StopRule("fourth", s => s.PathTokens == 4),
            Branch = BranchTrigger.EveryTokens(4),
            MaxDepth = 0,
            AtMaxDepth = DepthLimit.Stop,
            PromptTokenBudget = 4,
        };
        Assert.Equal("aba<end>!EndOfText", Recite("aba.", all));
        Assert.Equal("abab!StopText", Recite("abab", all));
        Assert.Equal("abab!Repetition", Recite("abab", all with { StopTexts = [] }));
        Assert.Equal("abab!Custom", Recite("abab", all with { StopTexts = [], Repetition = null }));
        Assert.Equal("abab!MaxTokens", Recite("abab", all with { StopTexts = [], Repetition = null, Custom = null }));
        Assert.Equal("abab!MaxDepth", Recite("ababab", all with { StopTexts = [], Repetition = null, Custom = null, MaxTokens = 5 }));
        Assert.Equal("abab!PromptBudget", Recite("ababab", all with { StopTexts = [], Repetition = null, Custom = null, MaxTokens = 5, Branch = BranchTrigger.Never }));
    }

    [Fact]
    public void Repetition_counts_along_the_path_across_forks()
    {
        // "ab" before the fork, "ab" after it in each child.
        var plan = new SamplingPlan { MaxTokens = 12, Branch = BranchTrigger.EveryTokens(2), MaxLeaves = 2, Repetition = new RepetitionRule(2, 2) };
        Assert.Equal("ab(ab!Repetition ab!Repetition)", Recite("ababcdcd", plan));
        Assert.Equal("ab(cdcd!Repetition cdcd!Repetition)", Recite("abcdcdcd", plan));
    }

    [Fact]
    public void A_stop_text_may_span_a_fork()
    {
        var plan = new SamplingPlan { MaxTokens = 12, Branch = BranchTrigger.EveryTokens(2), MaxLeaves = 2, StopTexts = ["abc"] };
        Assert.Equal("ab(c!StopText c!StopText)", Recite("abcde", plan));
    }

    [Fact]
    public void A_fork_of_which_all_children_end_at_once_frees_its_branch()
    {
        var plan = new SamplingPlan { MaxTokens = 12, Branch = BranchTrigger.EveryTokens(2), MaxLeaves = 3, FanOut = 3 };
        Assert.Equal("ab(<end>!EndOfText <end>!EndOfText <end>!EndOfText)", Recite("ab.", plan));
    }

    [Fact]
    public void A_fork_of_which_one_child_goes_on_keeps_it()
    {
        // After 'a' the end or 'b', one each by distinct picks; after 'b' the end.
        var policy = FakePolicy.Scripted(8, answer => answer.Length switch
        {
            0 => FakePolicy.Only(8, 1),
            1 => [.5, 0, .5, 0, 0, 0, 0, 0],
            2 => FakePolicy.Only(8, 3),
            _ => FakePolicy.Only(8, 0),
        });
        var plan = new SamplingPlan { MaxTokens = 9, Branch = BranchTrigger.EntropyAbove(0.6), MaxLeaves = 5 };
        for (int seed = 0; seed < 8; seed++)
        {
            string text = Grow.Text(Grow.Forest(policy, Letters, plan, seed: seed), Letters);
            Assert.True(text is "a(<end>!EndOfText bc<end>!EndOfText)" or "a(bc<end>!EndOfText <end>!EndOfText)", text);
        }
    }
}
