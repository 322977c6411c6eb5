using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Forests;
using TreeRl.Sampling;
using Xunit;

namespace TreeRl.Tests;

public class RepetitionCounterTests
{
    private static int FirstHit(RepetitionRule rule, IEnumerable<int> tokens)
    {
        var counter = new RepetitionCounter(rule);
        int at = 0;
        foreach (int token in tokens)
        {
            at++;
            if (counter.Push(token)) return at;
        }
        return -1;
    }

    [Fact]
    public void Overlapping_windows_count_so_39_equal_tokens_hold_a_window_of_32_eight_times() =>
        Assert.Equal(39, FirstHit(new RepetitionRule(32, 8), Enumerable.Repeat(5, 60)));

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 2)]
    [InlineData(3, 3)]
    [InlineData(7, 2)]
    public void The_first_hit_is_that_of_plain_counting(int window, int times)
    {
        for (int trial = 0; trial < 50; trial++)
        {
            var seed = Seed.Of(trial);
            int[] tokens = Enumerable.Range(0, 300).Select(i => seed.Below(trial % 5 + 2, i)).ToArray();
            var counts = new Dictionary<string, int>();
            int expected = -1;
            for (int end = window; end <= tokens.Length && expected < 0; end++)
            {
                string run = string.Join(",", tokens[(end - window)..end]);
                counts[run] = counts.GetValueOrDefault(run) + 1;
                if (counts[run] >= times) expected = end;
            }
            Assert.Equal(expected, FirstHit(new RepetitionRule(window, times), tokens));
        }
    }

    [Fact]
    public void A_copy_goes_its_own_way_and_a_cleared_counter_starts_anew()
    {
        var rule = new RepetitionRule(2, 2);
        var first = new RepetitionCounter(rule);
        for (int i = 0; i < 200; i++) Assert.False(first.Push(i));
        var second = new RepetitionCounter(rule);
        second.Push(9);
        second.CopyFrom(first);
        Assert.False(first.Push(50));
        Assert.True(first.Push(51));
        Assert.False(second.Push(52));
        Assert.True(second.Push(53));
        first.Clear();
        Assert.False(first.Push(50));
        Assert.False(first.Push(51));
    }
}

public class StopTextWatchTests
{
    /// <summary>The number of tokens after which the watch fires; -1 for never.</summary>
    private static int FirstHit(FakeTokenizer tokenizer, string[] stops, params int[] tokens)
    {
        var builder = new ForestBuilder();
        int node = builder.AddRoot(builder.AddPrompt("p"));
        var watch = new StopTextWatch(tokenizer, [.. stops], tokenizer.VocabSize + 1);
        for (int i = 0; i < tokens.Length; i++)
        {
            builder.AddToken(node, tokens[i], -1, 0);
            if (watch.Ends(builder, node, i + 1, tokens[i])) return i + 1;
        }
        return -1;
    }

    [Fact]
    public void A_stop_text_may_begin_and_end_inside_tokens()
    {
        var tokenizer = new FakeTokenizer("xxEN", "DING", "D", "E", "N");
        Assert.Equal(2, FirstHit(tokenizer, ["END"], 1, 2));
        Assert.Equal(3, FirstHit(tokenizer, ["END"], 4, 5, 3));
        Assert.Equal(-1, FirstHit(tokenizer, ["END"], 4, 4, 3, 2));
        Assert.Equal(1, FirstHit(tokenizer, ["xE"], 1));
    }

    [Fact]
    public void Tokens_without_text_inside_a_stop_text_do_not_hide_it()
    {
        var tokenizer = new FakeTokenizer("E", "N", "D", "");
        int[] tokens = [1, .. Enumerable.Repeat(4, 40), 2, .. Enumerable.Repeat(4, 40), 3];
        Assert.Equal(tokens.Length, FirstHit(tokenizer, ["END"], tokens));
    }

    [Fact]
    public void Ids_beyond_the_tokenizer_have_no_text()
    {
        var tokenizer = new FakeTokenizer("E", "N", "D");
        Assert.Equal(4, FirstHit(tokenizer, ["END"], 1, 4, 2, 3));
    }

    [Fact]
    public void Comparison_is_ordinal() => Assert.Equal(-1, FirstHit(new FakeTokenizer("e", "n", "d"), ["END"], 1, 2, 3));

    [Fact]
    public void The_first_hit_is_that_of_decoding_everything()
    {
        var tokenizer = new FakeTokenizer("a", "b", "ab", "ba", "aab", "", "c");
        string[] stops = ["abba", "bbb", "cac"];
        for (int trial = 0; trial < 300; trial++)
        {
            var seed = Seed.Of(trial);
            int[] tokens = Enumerable.Range(0, 40).Select(i => 1 + seed.Below(7, i)).ToArray();
            int expected = Enumerable.Range(1, 40).FirstOrDefault(n => stops.Any(s => tokenizer.Decode(tokens.AsSpan(0, n)).Contains(s, StringComparison.Ordinal)), -1);
            Assert.Equal(expected, FirstHit(tokenizer, stops, tokens));
        }
    }
}
