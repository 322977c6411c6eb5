using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Models;
using Xunit;

namespace TreeRl.Tests.Models.Tokenizers;

public class BytePairMergerTests
{
    [Fact]
    public void The_lowest_rank_goes_first_and_of_equals_the_leftmost()
    {
        // ids: a 0, b 1, ab 2, aa 3, aab 4
        var merger = new BytePairMerger([new(0, 1, 2), new(0, 0, 3), new(3, 1, 4)]);
        Assert.Equal([2], Merged(merger, 0, 1));
        Assert.Equal([0, 2], Merged(merger, 0, 0, 1)); // ab before aa
        Assert.Equal([3, 0], Merged(merger, 0, 0, 0)); // leftmost aa
        Assert.Equal([3, 2], Merged(merger, 0, 0, 0, 1));
        Assert.Equal([], Merged(merger));
        Assert.Equal([1], Merged(merger, 1));
    }

    [Fact]
    public void Of_a_pair_listed_twice_the_later_counts()
    {
        var merger = new BytePairMerger([new(0, 1, 2), new(1, 0, 3), new(0, 1, 2)]);
        Assert.Equal([0, 3], Merged(merger, 0, 1, 0));
    }

    [Fact]
    public void Merging_equals_the_plain_definition()
    {
        var random = new Random(5);
        for (int round = 0; round < 400; round++)
        {
            // Tokens are texts over two letters; merges are random pairs of what there is.
            var tokens = new List<string> { "a", "b" };
            var ids = new Dictionary<string, int> { ["a"] = 0, ["b"] = 1 };
            var merges = new List<BytePairMerger.Merge>();
            for (int i = 0; i < 12; i++)
            {
                int left = random.Next(tokens.Count), right = random.Next(tokens.Count);
                string joined = tokens[left] + tokens[right];
                if (!ids.TryGetValue(joined, out int id))
                {
                    ids.Add(joined, id = tokens.Count);
                    tokens.Add(joined);
                }
                merges.Add(new(left, right, id));
            }
            int[] symbols = Enumerable.Range(0, random.Next(40)).Select(_ => random.Next(2)).ToArray();
            Assert.Equal(Plain(merges, symbols), Merged(new BytePairMerger(merges), symbols));
        }
    }

    [Theory]
    [InlineData("a")]
    [InlineData("ab")]
    [InlineData("aab")]
    public void Work_grows_a_little_more_than_the_length(string unit)
    {
        // a 0, b 1, and doublings aa, aaaa, ..., ab, abab, ...: every symbol is merged many times.
        var merges = new List<BytePairMerger.Merge> { new(0, 0, 2), new(0, 1, 3) };
        for (int i = 0; i < 30; i++) merges.Add(new(2 + i, 2 + i, 4 + i));
        var merger = new BytePairMerger(merges);
        long small = Work(20_000), large = Work(160_000);
        Assert.True(large < 8 * 1.5 * small, $"{small} moves for 20,000 symbols, {large} for 160,000: n log n allows a factor of about 9.4");

        long Work(int count)
        {
            var work = new BytePairMerger.Workspace();
            int[] symbols = Enumerable.Range(0, count).Select(i => unit[i % unit.Length] - 'a').ToArray();
            merger.Apply(symbols, count, work);
            return work.Moves;
        }
    }

    private static int[] Merged(BytePairMerger merger, params int[] symbols)
    {
        int[] copy = [.. symbols];
        return copy[..merger.Apply(copy, copy.Length, new BytePairMerger.Workspace())];
    }

    private static List<int> Plain(List<BytePairMerger.Merge> merges, int[] symbols)
    {
        var left = symbols.ToList();
        while (true)
        {
            int bestRank = -1, bestAt = -1;
            for (int at = 0; at + 1 < left.Count; at++)
            {
                int rank = merges.FindLastIndex(merge => merge.Left == left[at] && merge.Right == left[at + 1]);
                if (rank >= 0 && (bestRank < 0 || rank < bestRank)) (bestRank, bestAt) = (rank, at);
            }
            if (bestRank < 0) return left;
            left[bestAt] = merges[bestRank].Joined;
            left.RemoveAt(bestAt + 1);
        }
    }
}
