using System;
using System.Linq;
using TreeRl.Models;
using TreeRl.Policies;
using Xunit;

namespace TreeRl.Tests.Policies;

/// <summary>What engines make of a packed batch before they compute.</summary>
public sealed class RowLayoutTests
{
    [Fact]
    public void A_row_is_seen_by_itself_and_by_what_continues_it()
    {
        for (int seed = 0; seed < 30; seed++)
        {
            var batch = TestBatches.Pack(TestBatches.RandomPrompts(4, 32, seed));
            new BatchCheck().Check(batch, TestModels.Plain with { ContextLength = 100 });
            foreach (var (first, end) in ((int, int)[])[(0, 4), (1, 3), (3, 4)])
            {
                var layout = RowLayout.Of(batch, first, end);
                int from = batch.GroupFirstRow(first);
                Assert.Equal(Enumerable.Range(first, end - first + 1).Select(g => batch.GroupFirstRow(g) - from), layout.GroupFirstRow);
                Assert.Equal(batch.RowToken.AsSpan(from, layout.Count), layout.Token.Span);
                Assert.Equal(batch.RowPosition.AsSpan(from, layout.Count), layout.Position.Span);
                for (int i = 0; i < layout.Count; i++)
                    for (int j = 0; j < layout.Count; j++) Assert.Equal(IsOnPath(batch, from + j, from + i), j <= i && i < layout.Until[j]);
            }
        }
    }

    [Fact]
    public void A_prompt_is_a_group_of_one_path()
    {
        var layout = RowLayout.Of(new[] { new[] { 5, 6 }, [7], [8, 9, 10] });
        Assert.Equal([0, 2, 3, 6], layout.GroupFirstRow);
        Assert.Equal([5, 6, 7, 8, 9, 10], layout.Token.ToArray());
        Assert.Equal([0, 1, 0, 0, 1, 2], layout.Position.ToArray());
        Assert.Equal([2, 2, 3, 6, 6, 6], layout.Until);
    }

    [Fact]
    public void Segments_out_of_depth_first_order_are_refused()
    {
        // Two trees of two rows each, and a child of the second that is said to continue the first.
        var batch = TestBatches.Pack([new TestPrompt([1], [new TestNode { Tokens = [2, 3, 4] }, new TestNode { Tokens = [2, 3], Children = { new TestNode { Tokens = [5] } } }])]);
        var check = new BatchCheck();
        check.Check(batch, TestModels.Plain);
        Assert.Equal([-1, 0, 0, 2], batch.SegmentParent);
        batch.SegmentParent[3] = 1;
        Assert.Contains("SegmentParent[3] = 1: segments stand in depth-first order", Assert.Throws<ArgumentException>(() => check.Check(batch, TestModels.Plain)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Stretches_are_whole_groups_up_to_a_number_of_rows()
    {
        var batch = TestBatches.Pack(Enumerable.Range(1, 5).Select(rows => new TestPrompt([.. Enumerable.Repeat(1, rows)], [new TestNode { Tokens = [2] }])));
        Assert.Equal([3, 3, 3, 4, 5], Enumerable.Range(0, 5).Select(first => batch.StretchEnd(first, 6)));
        Assert.Equal([1, 2, 3, 4, 5], Enumerable.Range(0, 5).Select(first => batch.StretchEnd(first, 1)));
        Assert.Equal([(0, 3), (3, 4), (4, 5)], batch.Stretches(6));
    }

    [Fact]
    public void Rows_of_a_slot_stand_together()
    {
        var apart = new SlotGroups([5, 0, 5]);
        Assert.False(apart.InPlace);
        Assert.Equal([5, 0], apart.Slots);
        Assert.Equal(2, apart.Most);
        Assert.Equal([0, 2, 1], apart.PlaceOf);
        Assert.Equal([0, 2, 1, 0], apart.RowAt);
        var lying = new SlotGroups([2, 0, 2]);
        Assert.True(lying.InPlace);
        Assert.Equal([0, 1, 2], lying.Slots);
        Assert.Equal([4, 0, 5], lying.PlaceOf);
        Assert.Equal([1, 0, 0, 0, 0, 2], lying.RowAt);
    }

    [Fact]
    public void Derivatives_fold_into_weights_of_distinct_logits()
    {
        // One row predicts tokens 2, 1 and 2 again, the next one 0: three trees behind a prompt, the first of two tokens.
        var batch = TestBatches.Pack([new TestPrompt([3], [new TestNode { Tokens = [2, 0] }, new TestNode { Tokens = [1] }, new TestNode { Tokens = [2] }])]);
        var predictors = new PredictorIndex();
        Assert.Equal(4, predictors.Select(batch, 0, 1));
        Assert.Equal([(0, 1), (1, 2)], predictors.Blocks(1));
        Assert.Equal([2, 1, 2, 4 + 0], LogitWeights.Places(predictors, 4, 0, 2));
        float[] dLogProb = [1, 10, 100, 1000], dEntropy = [1, 2, 3, 4]; // in target order: 2, 0, 1, 2
        var weights = LogitWeights.Of(predictors, 4, 0, 2, dLogProb, dEntropy);
        Assert.Equal([1, 2, 4], weights.Place);
        Assert.Equal([100, 1001, 10], weights.Weight);
        Assert.Equal([1101, 10], weights.Row);
        Assert.Equal([1 + 3 + 4, 2], weights.Entropy);
        var second = LogitWeights.Of(predictors, 4, 1, 2, dLogProb, []);
        Assert.Equal([0], second.Place);
        Assert.Equal([10], second.Weight);
        Assert.Empty(second.Entropy);
    }

    private static bool IsOnPath(PackedBatch batch, int above, int row)
    {
        int SegmentOf(int r) => Enumerable.Range(0, batch.SegmentCount).Single(s => batch.SegmentFirstRow[s] <= r && r < batch.SegmentFirstRow[s + 1]);
        int wanted = SegmentOf(above);
        for (int s = SegmentOf(row); s >= 0; s = batch.SegmentParent[s])
            if (s == wanted) return above <= row;
        return false;
    }
}
