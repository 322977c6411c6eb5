using System;
using System.Collections.Generic;
using TreeRl.Policies.Cpu;
using Xunit;

namespace TreeRl.Tests.Policies;

public sealed unsafe class SharedBlocksTests
{
    private const int PieceFloats = 1000, Pieces = 3, Blocks = 800; // more than two slabs of a million floats

    [Fact]
    public void Pieces_of_different_blocks_never_overlap()
    {
        using var pool = new SharedBlocks(PieceFloats, Pieces);
        var taken = new List<int>();
        for (int i = 0; i < Blocks; i++)
        {
            taken.Add(pool.Take());
            Fill(pool, taken[i], i + 1);
        }
        for (int i = 0; i < Blocks; i++) AssertFilled(pool, taken[i], i + 1);
        Assert.Equal((long)Blocks * Pieces * PieceFloats * sizeof(float), pool.BytesInUse);
    }

    [Fact]
    public void The_same_piece_of_blocks_taken_in_turn_lies_side_by_side()
    {
        using var pool = new SharedBlocks(PieceFloats, Pieces);
        int first = pool.Take(), second = pool.Take();
        Assert.Equal(PieceFloats, pool[second] - pool[first]);
        Assert.True(pool.PieceStride >= 2 * PieceFloats);
    }

    [Fact]
    public void A_shared_block_is_copied_with_all_its_pieces()
    {
        using var pool = new SharedBlocks(PieceFloats, Pieces);
        int block = pool.Take();
        Fill(pool, block, 7);
        Assert.Equal(block, pool.MakeOwn(block, copy: true));
        pool.Share(block);
        int own = pool.MakeOwn(block, copy: true);
        Assert.NotEqual(block, own);
        AssertFilled(pool, own, 7);
        Fill(pool, own, 8);
        AssertFilled(pool, block, 7);
    }

    private static void Fill(SharedBlocks pool, int block, float value)
    {
        for (int piece = 0; piece < Pieces; piece++) new Span<float>(pool[block] + (piece * pool.PieceStride), PieceFloats).Fill(value);
    }

    private static void AssertFilled(SharedBlocks pool, int block, float value)
    {
        for (int piece = 0; piece < Pieces; piece++)
            Assert.Equal(-1, new ReadOnlySpan<float>(pool[block] + (piece * pool.PieceStride), PieceFloats).IndexOfAnyExcept(value));
    }
}
