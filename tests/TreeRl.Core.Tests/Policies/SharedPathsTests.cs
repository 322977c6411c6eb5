using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Numerics;
using TreeRl.Policies.Cpu;
using Xunit;

namespace TreeRl.Tests.Policies;

public sealed unsafe class SharedPathsTests
{
    [Fact]
    public void Branches_of_a_hand_drawn_tree_meet_their_shared_blocks_together()
    {
        // Blocks:  A B +- C        rows 0, 1 share A B, rows 0 .. 2 share A; row 3 is alone.
        //          A B +- D
        //          A E
        //          F
        var edges = Find([["A", "B", "C"], ["A", "B", "D"], ["A", "E"], ["F"]], [34, 40, 16, 3]);
        PathEdge[] expected = [new(0, 3, 0, 1), new(0, 2, 1, 2), new(0, 1, 2, 3), new(1, 2, 2, 3), new(2, 3, 1, 2), new(3, 4, 0, 1)];
        Assert.Equal(expected, edges);
    }

    [Fact]
    public void A_row_that_ends_with_a_shared_block_has_no_edge_of_its_own()
    {
        PathEdge[] expected = [new(0, 2, 0, 1), new(1, 2, 1, 2)];
        Assert.Equal(expected, Find([["A"], ["A", "B"]], [15, 16]));
    }

    [Fact]
    public void Rows_of_one_prompt_share_the_blocks_that_all_of_them_see_whole()
    {
        string[] path = ["A", "B", "C"];
        PathEdge[] expected = [new(0, 2, 0, 1), new(0, 1, 1, 2), new(1, 2, 1, 3)];
        Assert.Equal(expected, Find([path, path], [30, 32]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Every_row_finds_its_blocks_once_each_in_the_order_of_its_path(int seed)
    {
        var random = new Random(seed);
        var rows = Enumerable.Range(0, 40)
            .Select(_ => Enumerable.Range(0, random.Next(1, 9)).Select(depth => $"{(char)('A' + random.Next(2))}{depth}").ToArray())
            .Select(names => names.Select((_, i) => string.Concat(names.Take(i + 1))).ToArray())
            .OrderBy(path => string.Join('|', path), StringComparer.Ordinal)
            .ToArray();
        // The last block of a row is its own.
        for (int i = 0; i < rows.Length; i++) rows[i][^1] += i;
        int[] positions = [.. rows.Select(path => 16 * path.Length - random.Next(1, 16))];
        var edges = Find(rows, positions);
        for (int row = 0; row < rows.Length; row++)
        {
            int next = 0;
            foreach (var edge in edges.Where(e => e.FirstRow <= row && row < e.EndRow))
            {
                Assert.Equal(next, edge.FirstBlock);
                next = edge.EndBlock;
                for (int block = edge.FirstBlock; block < edge.EndBlock; block++) Assert.Equal(rows[edge.FirstRow][block], rows[row][block]);
            }
            Assert.Equal(rows[row].Length, next);
        }
        Assert.True(edges.Length < rows.Sum(path => path.Length), "some blocks are shared");
        Assert.Equal(rows.Length, Find(rows, positions, share: false).Length);
    }

    [Fact]
    public void Attending_together_gives_the_bits_of_attending_alone()
    {
        foreach (var (head, heads, keyHeads) in new[] { (32, 4, 2), (48, 5, 5), (16, 6, 1), (24, 7, 1), (64, 3, 1) })
        {
            var layout = new ParameterLayout(TestModels.Plain with { HeadSize = head, Heads = heads, KeyValueHeads = keyHeads });
            string[][] rows = [.. Enumerable.Range(0, 11).Select(i => new[] { "A", "B", "C", "D", "E", i < 7 ? "F" : "G", i < 3 ? "H" : $"h{i}", $"own{i}" })];
            int[] positions = [.. rows.Select((path, i) => 16 * path.Length - 1 - i)];
            Assert.Equal(Attend(layout, rows, positions, share: false), Attend(layout, rows, positions, share: true));
        }
    }

    [Fact]
    public void Attention_stays_within_its_scratch_whatever_the_lengths_of_the_rows()
    {
        var layout = new ParameterLayout(TestModels.Plain with { HeadSize = 32, Heads = 4, KeyValueHeads = 2 });
        const int Longest = 700, Rows = 64, Group = 2, Guarded = 1 << 16;
        string[] path = [.. Enumerable.Range(0, (Longest / 16) + 1).Select(i => $"{i}")];
        long needed = DecodeAttention.ScratchFloats(layout, Rows, Longest);
        using var scratch = new NativeBuffer<float>(needed + Guarded);
        using var cache = Filled(path.Length * DecodeAttention.BlockFloats(layout));
        using var queries = Filled((long)Rows * layout.QueryWidth);
        using var output = Filled((long)Rows * layout.QueryWidth);
        var attention = new DecodeAttention(layout, DecodeAttention.HeadFloats(layout));
        var shared = new SharedPaths();
        nint[] blocks = [.. path.Select((_, i) => (nint)(cache.Pointer + (i * DecodeAttention.BlockFloats(layout))))];
        fixed (nint* p = blocks)
        {
            for (int last = Rows; last <= Longest; last += 12)
            {
                int[] start = new int[Rows], positions = [.. Enumerable.Range(last - Rows, Rows)];
                new Span<float>(scratch.Pointer + needed, Guarded).Fill(7);
                fixed (int* s = start, t = positions)
                {
                    shared.Find(p, s, t, 0, Rows, share: true);
                    attention.Attend(
                        0, 0, new PathRows(p, s, t), shared.Edges, 0, Rows, queries.Pointer, layout.QueryWidth, output.Pointer, Group * layout.HeadSize, scratch.Pointer);
                }
                Assert.Equal(-1, new Span<float>(scratch.Pointer + needed, Guarded).IndexOfAnyExcept(7));
            }
        }
    }

    private static PathEdge[] Find(string[][] rows, int[] positions, bool share = true)
    {
        var names = new Dictionary<string, nint>();
        var shared = new SharedPaths();
        var (paths, start) = Lay(rows, name => names.TryGetValue(name, out nint found) ? found : names[name] = names.Count + 1);
        fixed (nint* p = paths)
        fixed (int* s = start, t = positions) shared.Find(p, s, t, 0, rows.Length, share);
        return shared.Edges.ToArray();
    }

    private static float[] Attend(ParameterLayout layout, string[][] rows, int[] positions, bool share)
    {
        string[] names = [.. rows.SelectMany(path => path).Distinct()];
        long blockFloats = DecodeAttention.BlockFloats(layout);
        using var cache = Filled(names.Length * blockFloats);
        var (paths, start) = Lay(rows, name => (nint)(cache.Pointer + Array.IndexOf(names, name) * blockFloats));
        int group = layout.Config.Heads / layout.Config.KeyValueHeads, width = layout.QueryWidth;
        using var queries = Filled((long)rows.Length * width);
        using var output = Filled((long)rows.Length * width);
        using var scratch = new NativeBuffer<float>(DecodeAttention.ScratchFloats(layout, rows.Length, positions.Max() + 1));
        var attention = new DecodeAttention(layout, DecodeAttention.HeadFloats(layout));
        var shared = new SharedPaths();
        fixed (nint* p = paths)
        fixed (int* s = start, t = positions)
        {
            shared.Find(p, s, t, 0, rows.Length, share);
            for (int head = 0; head < layout.Config.KeyValueHeads; head++)
            {
                int at = head * group * layout.HeadSize;
                attention.Attend(0, head, new PathRows(p, s, t), shared.Edges, 0, rows.Length, queries.Pointer + at, width, output.Pointer + at, width, scratch.Pointer);
            }
        }
        return new Span<float>(output.Pointer, rows.Length * width).ToArray();
    }

    private static (nint[] Paths, int[] Start) Lay(string[][] rows, Func<string, nint> address)
    {
        int[] start = new int[rows.Length];
        for (int i = 1; i < rows.Length; i++) start[i] = start[i - 1] + rows[i - 1].Length;
        return ([.. rows.SelectMany(path => path).Select(address)], start);
    }

    private static NativeBuffer<float> Filled(long count)
    {
        var buffer = new NativeBuffer<float>(count);
        for (long i = 0; i < count; i++) buffer.Pointer[i] = (float)((i * 2654435761L % 1999 - 999.5) / 1000);
        return buffer;
    }
}
