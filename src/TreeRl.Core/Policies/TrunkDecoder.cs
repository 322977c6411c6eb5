using System;
using TreeRl.Models;

namespace TreeRl.Policies;

/// <summary>A decoder of an engine whose memory is rectangular: <see cref="TrunkBook"/> says where its tokens lie.</summary>
internal abstract class TrunkDecoder : TreeDecoder<TrunkBranch>
{
    protected TrunkDecoder(ModelConfig config, IVersionedWeights weights)
        : base(config, weights) => Book = new TrunkBook(Runs);

    /// <inheritdoc/>
    public sealed override bool CallsAreDear => true;

    internal TrunkBook Book { get; }

    /// <summary>Reads prompts into the columns 0, 1, .. of their branches' trunks, and makes their logits.</summary>
    protected abstract void ReadTrunks(ReadOnlySpan<int[]> prompts, ReadOnlySpan<TrunkBranch> made);

    /// <summary>Settles the book, reads a token behind each branch's tail and makes its logits, in a row that no other branch reads.</summary>
    /// <param name="moving">The branches.</param>
    /// <param name="tokens">Their tokens.</param>
    /// <param name="longestTail">Columns that a tail's slot needs.</param>
    protected abstract void ReadTails(ReadOnlySpan<TrunkBranch> moving, ReadOnlySpan<int> tokens, int longestTail);

    protected sealed override void Read(ReadOnlySpan<int[]> prompts, Span<TrunkBranch> made)
    {
        foreach (var branch in made) Book.Plant(branch);
        ReadTrunks(prompts, made);
    }

    protected sealed override void Step(Span<TrunkBranch> moving, ReadOnlySpan<int> tokens)
    {
        int longest = 0;
        foreach (var branch in moving)
        {
            branch.LogitRow = Book.LogitRows.MakeOwn(branch.LogitRow);
            longest = Math.Max(longest, branch.Tail + 1);
        }
        ReadTails(moving, tokens, longest);
        foreach (var branch in moving) branch.Tail++;
    }

    protected sealed override void Share(TrunkBranch parent, TrunkBranch child) => Book.Share(parent, child);

    protected sealed override void LetGo(TrunkBranch branch) => Book.LetGo(branch);

    protected sealed override void Ended(int run) => Book.Ended(run);
}
