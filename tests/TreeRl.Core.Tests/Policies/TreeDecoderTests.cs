using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Policies;
using Xunit;

namespace TreeRl.Tests.Policies;

/// <summary>The book-keeping of decoders that keep keys in trunks and tails, with tokens on paper in place of keys.</summary>
public sealed class TreeDecoderTests
{
    [Fact]
    public void A_branch_sees_its_own_path_and_nothing_else_however_branches_were_forked_and_released()
    {
        for (int seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            using var decoder = new PaperDecoder();
            var live = new List<(int Branch, int[] Path)>();
            for (int step = 0; step < 60; step++)
            {
                for (int act = random.Next(6); act >= 0 || live.Count == 0; act--)
                {
                    int kind = random.Next(live.Count > 12 ? 5 : 3), at = random.Next(live.Count);
                    if (live.Count == 0 || kind == 0)
                    {
                        int[][] prompts = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Tokens(random, random.Next(1, 6)))];
                        var ids = new int[prompts.Length];
                        decoder.Prompt(prompts, ids);
                        live.AddRange(ids.Zip(prompts));
                        continue;
                    }
                    var (branch, path) = live[at];
                    live.RemoveAt(at);
                    if (kind > 1)
                    {
                        decoder.Release(branch);
                        continue;
                    }
                    var children = new int[random.Next(1, 4)];
                    decoder.Fork(branch, children);
                    live.AddRange(children.Select(child => (child, path)));
                }
                int[] moving = [.. Enumerable.Range(0, live.Count).Where(_ => random.Next(3) > 0)], tokens = Tokens(random, moving.Length);
                decoder.Advance([.. moving.Select(i => live[i].Branch)], tokens);
                for (int i = 0; i < moving.Length; i++)
                {
                    live[moving[i]] = (live[moving[i]].Branch, [.. live[moving[i]].Path, tokens[i]]);
                }
                if (moving.Length > 0)
                    foreach (var (branch, path) in live) Assert.Equal(path, decoder.PathOf(branch));
            }
            foreach (var (branch, _) in live) decoder.Release(branch);
            Assert.Equal((0, 0, 0, 0L), (decoder.Book.TrunkSlots.InUse, decoder.Book.TailSlots.InUse, decoder.Book.LogitRows.InUse, decoder.CachedTokens));
        }
    }

    [Fact]
    public void A_fork_moves_its_tail_once_and_copies_nothing_for_its_children()
    {
        using var decoder = new PaperDecoder();
        int[] prompt = new int[1], children = new int[5];
        decoder.Prompt(new[] { new[] { 1, 2, 3 } }, prompt);
        decoder.Advance(prompt, [4]);
        decoder.Advance(prompt, [5]);
        decoder.Fork(prompt[0], children);
        Assert.Equal([3, 4], Assert.Single(decoder.Book.Moves).Columns);
        decoder.Advance(children, [6, 7, 8, 9, 10]);
        Assert.Equal((2 + 5, 5, 10L), (decoder.Written, decoder.Book.TailSlots.InUse, decoder.CachedTokens));
    }

    [Fact]
    public void A_request_for_no_draws_gives_the_entropy()
    {
        using var decoder = new PaperDecoder();
        var branch = new int[1];
        decoder.Prompt(new[] { new[] { 1, 2 } }, branch);
        var entropies = new float[1];
        decoder.Pick([new PickRequest(branch[0], 0, false, default)], [], entropies);
        Assert.Equal(2, entropies[0]);
        Assert.Throws<ArgumentOutOfRangeException>(() => decoder.Pick([new PickRequest(branch[0], -1, false, default)], []));
        Assert.Throws<ArgumentException>(() => decoder.Pick([new PickRequest(branch[0], 1, false, default)], new TokenPick[1], new float[2]));
    }

    [Fact]
    public void Draws_are_dealt_out_in_parts_of_like_counts_and_come_back_in_order()
    {
        PickRequest[] requests = [new(7, 1, false, Seed.Of(1)), new(8, 3, true, Seed.Of(2)), new(9, 0, false, default), new(10, 1, false, Seed.Of(3)), new(11, 2, false, Seed.Of(4)), new(12, 1, false, Seed.Of(5))];
        var plan = new DrawPlan(requests, 2);
        Assert.Equal(["0 3", "5", "1 4", "2"], plan.Parts.Select(part => string.Join(' ', part.Requests)));
        Assert.Equal([1, 1, 3, 0], plan.Parts.Select(part => part.Draws));
        Assert.Equal([true, false], plan.Parts[2].Distinct);
        Assert.Equal(Seed.Of(2).Uniform(2), plan.Parts[2].Uniforms[0, 2]);
        double[] drawn = [.5, 40, -1, .25, 41, -2, .125, 42, -3, 1, 50, -4, 51, -5, -1, 0, 2, 60, -6, 61, -7, 62, -8, 3];
        var picks = new TokenPick[8];
        var entropies = new float[6];
        plan.Deliver(drawn, picks, entropies);
        Assert.Equal([.5f, 1, 3, .25f, 2, .125f], entropies);
        Assert.Equal([(40, -1), (50, -4), (51, -5), (-1, 0), (41, -2), (60, -6), (61, -7), (42, -3)], picks.Select(pick => (pick.Id, (int)pick.LogProb)));
        drawn[10] = -1; // no token at all
        Assert.Contains("branch 8", Assert.Throws<NonFiniteException>(() => plan.Deliver(drawn, picks, [])).Message);
    }

    [Fact]
    public void A_number_let_go_by_its_last_owner_is_handed_out_again()
    {
        var slots = new SharedSlots();
        Assert.Equal([0, 1, 2], [slots.Take(), slots.Take(), slots.Take()]);
        slots.Share(1);
        slots.LetGo(1);
        Assert.Equal((1, 3), (slots.MakeOwn(1), slots.Take()));
        slots.Share(2);
        Assert.Equal(4, slots.MakeOwn(2));
        slots.LetGo(2);
        Assert.Equal((2, 5, 5), (slots.Take(), slots.End, slots.InUse));
    }

    private static int[] Tokens(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(32))];

    /// <summary>Keeps tokens where an engine keeps their keys. A branch's entropy is the number of tokens it has read.</summary>
    private sealed class PaperDecoder : TrunkDecoder
    {
        private readonly Dictionary<(int Slot, int Column), (int Position, int Token)> trunks = [], tails = [];
        private readonly Dictionary<int, int[]> seen = []; // tail slot -> columns
        private readonly Dictionary<int, int> rows = [];   // logit row -> the token that they follow

        public PaperDecoder()
            : base(TestModels.Plain, new Unchanging())
        {
        }

        /// <summary>Tokens written to tails.</summary>
        public int Written { get; private set; }

        public override long CacheBytes => 0;

        public int[] PathOf(int id)
        {
            var branch = Branch(id);
            var trunk = seen[branch.Slot].Select(column => trunks[(branch.Trunk.Slot, column)]);
            var cells = trunk.Concat(Enumerable.Range(0, branch.Tail).Select(at => tails[(branch.Slot, at)])).OrderBy(cell => cell.Position).ToArray();
            Assert.Equal(Enumerable.Range(0, branch.Length), cells.Select(cell => cell.Position));
            Assert.Equal(cells[^1].Token, rows[branch.LogitRow]);
            return [.. cells.Select(cell => cell.Token)];
        }

        protected override void ReadTrunks(ReadOnlySpan<int[]> prompts, ReadOnlySpan<TrunkBranch> made)
        {
            for (int i = 0; i < made.Length; i++)
            {
                rows[made[i].LogitRow] = prompts[i][^1];
                for (int t = 0; t < prompts[i].Length; t++) trunks[(made[i].Trunk.Slot, t)] = (t, prompts[i][t]);
            }
        }

        protected override void ReadTails(ReadOnlySpan<TrunkBranch> moving, ReadOnlySpan<int> tokens, int longestTail)
        {
            Assert.Equal(moving.ToArray().Select(branch => branch.Tail + 1).DefaultIfEmpty().Max(), longestTail);
            var (tail, position, trunk, column) = Book.MovesByToken();
            for (int i = 0; i < tail.Length; i++) trunks[(trunk[i], column[i])] = tails[(tail[i], position[i])];
            Assert.Distinct(trunk.Zip(column));
            Assert.Distinct(Book.Fresh.Select(branch => branch.Slot));
            Assert.Equal(column.Select(c => c + 1).DefaultIfEmpty().Max(), Book.ColumnsToMove);
            int width = Book.Fresh.Select(branch => branch.Trunk.Columns.End).DefaultIfEmpty().Max();
            bool[] sees = Book.SeenByFresh(width);
            for (int i = 0; i < Book.Fresh.Count; i++) seen[Book.Fresh[i].Slot] = [.. Enumerable.Range(0, width).Where(c => sees[i * width + c])];
            Book.Settled();
            for (int i = 0; i < moving.Length; i++)
            {
                tails[(moving[i].Slot, moving[i].Tail)] = (moving[i].Length, tokens[i]);
                rows[moving[i].LogitRow] = tokens[i];
                Written++;
            }
        }

        protected override void Draw(ReadOnlySpan<PickRequest> requests, Span<TokenPick> picks, Span<float> entropies)
        {
            for (int i = 0; i < entropies.Length; i++) entropies[i] = Branch(requests[i].Branch).Length;
        }

        protected override void Copy(TrunkBranch branch, Span<float> logits) => throw new NotSupportedException();

        protected override void Free()
        {
        }
    }

    private sealed class Unchanging : IVersionedWeights
    {
        public long Version => 1;

        public bool Disposed => false;
    }
}
