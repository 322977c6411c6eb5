using System;
using TreeRl.Models;

namespace TreeRl.Policies;

/// <summary>What a decoder has to know of the weights it was made for.</summary>
internal interface IVersionedWeights
{
    /// <summary>Counts changes of the weights.</summary>
    long Version { get; }

    bool Disposed { get; }
}

/// <summary>
/// What is the same in every engine's decoder: it checks what callers ask for, knows branches by id and counts the unique tokens they have read. An engine says
/// where keys, values and logits lie, and computes them.
/// </summary>
/// <typeparam name="TBranch">What the engine knows of a branch besides. Objects are used again for later branches.</typeparam>
internal abstract class TreeDecoder<TBranch> : IDecoder
    where TBranch : DecoderBranch, new()
{
    private readonly BranchTable<TBranch> branches = new();
    private readonly IVersionedWeights weights;
    private readonly long version;
    private TBranch[] moving = [];
    private long calls;
    private bool disposed;

    protected TreeDecoder(ModelConfig config, IVersionedWeights weights)
    {
        Config = config;
        this.weights = weights;
        version = weights.Version;
        Runs = new TokenRuns(Ended);
    }

    /// <inheritdoc/>
    public long CachedTokens => Runs.Total;

    /// <inheritdoc/>
    public abstract long CacheBytes { get; }

    /// <inheritdoc/>
    public virtual bool CallsAreDear => false;

    protected ModelConfig Config { get; }

    /// <summary>What each branch has read since it was forked.</summary>
    protected TokenRuns Runs { get; }

    /// <inheritdoc/>
    public void Prompt(ReadOnlySpan<int[]> prompts, Span<int> branches)
    {
        CheckUsable();
        DecoderCheck.Prompts(prompts, branches.Length, Config);
        if (prompts.IsEmpty) return;
        var made = Room(prompts.Length);
        for (int i = 0; i < made.Length; i++)
        {
            branches[i] = this.branches.Add(out made[i]);
            made[i].Run = Runs.Start(-1);
            made[i].Length = prompts[i].Length;
            Runs.Extend(made[i].Run, prompts[i].Length);
        }
        Read(prompts, made);
    }

    /// <inheritdoc/>
    public void Fork(int branch, Span<int> children)
    {
        CheckUsable();
        var parent = branches.Get(branch);
        Guard.InRange(children.Length >= 1, children.Length, "a fork has at least one child; to end a branch, release it");
        for (int i = 0; i < children.Length; i++)
        {
            children[i] = branches.Add(out var child);
            child.Run = Runs.Start(parent.Run);
            child.Length = parent.Length;
            Share(parent, child);
        }
        Release(branch);
    }

    /// <inheritdoc/>
    public void Advance(ReadOnlySpan<int> branches, ReadOnlySpan<int> tokens)
    {
        CheckUsable();
        Guard.SameLength(tokens.Length, branches.Length, "one token for each branch");
        if (branches.IsEmpty) return;
        calls++;
        var chosen = Room(branches.Length);
        for (int i = 0; i < chosen.Length; i++)
        {
            var branch = chosen[i] = this.branches.Get(branches[i]);
            if (branch.SeenBy == calls) throw new ArgumentException($"branch {branches[i]} is given twice: a branch reads one token at a time", nameof(branches));
            branch.SeenBy = calls;
            DecoderCheck.Next(branches[i], branch.Length, tokens[i], Config);
        }
        Step(chosen, tokens);
        foreach (var branch in chosen)
        {
            branch.Length++;
            Runs.Extend(branch.Run, 1);
        }
    }

    /// <inheritdoc/>
    public void Pick(ReadOnlySpan<PickRequest> requests, Span<TokenPick> picks, Span<float> entropies = default)
    {
        CheckUsable();
        int total = 0;
        foreach (var request in requests)
        {
            branches.Get(request.Branch);
            Guard.InRange(request.Count >= 0, request.Count, "a request draws no token or some");
            total += request.Count;
        }
        Guard.SameLength(picks.Length, total, "the sum of the requests' counts");
        if (!entropies.IsEmpty) Guard.SameLength(entropies.Length, requests.Length, "one entropy for each request");
        if (!requests.IsEmpty) Draw(requests, picks, entropies);
    }

    /// <inheritdoc/>
    public void CopyLogits(int branch, Span<float> logits)
    {
        CheckUsable();
        Guard.SameLength(logits.Length, Config.VocabSize, "the vocabulary");
        Copy(branches.Get(branch), logits);
    }

    /// <inheritdoc/>
    public int Length(int branch)
    {
        CheckUsable();
        return branches.Get(branch).Length;
    }

    /// <inheritdoc/>
    public void Release(int branch)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        var ended = branches.Get(branch);
        LetGo(ended);
        Runs.LetGo(ended.Run);
        branches.Remove(branch);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        Free();
    }

    /// <summary>Reads prompts, one for each fresh branch.</summary>
    protected abstract void Read(ReadOnlySpan<int[]> prompts, Span<TBranch> made);

    /// <summary>Lets a fresh child see all that its parent has read, and stand at its next-token distribution.</summary>
    protected abstract void Share(TBranch parent, TBranch child);

    /// <summary>Appends a token to each of at least one branch, no branch twice, and computes their next distributions. May sort <paramref name="moving"/>; lengths are counted afterwards.</summary>
    protected abstract void Step(Span<TBranch> moving, ReadOnlySpan<int> tokens);

    /// <summary>Draws for at least one request; <paramref name="picks"/> has the sum of their counts and <paramref name="entropies"/> one each, or none.</summary>
    protected abstract void Draw(ReadOnlySpan<PickRequest> requests, Span<TokenPick> picks, Span<float> entropies);

    /// <summary>Copies a branch's next-token logits.</summary>
    protected abstract void Copy(TBranch branch, Span<float> logits);

    /// <summary>Frees what a branch alone holds.</summary>
    protected abstract void LetGo(TBranch branch);

    /// <summary>Told when nobody reads the tokens of a run any more.</summary>
    protected virtual void Ended(int run)
    {
    }

    /// <summary>Frees everything.</summary>
    protected abstract void Free();

    /// <summary>The branch with an id that was checked.</summary>
    protected TBranch Branch(int id) => branches.Get(id);

    private Span<TBranch> Room(int count)
    {
        if (moving.Length < count) moving = new TBranch[Math.Max(count, 2 * moving.Length)];
        return moving.AsSpan(0, count);
    }

    private void CheckUsable()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ObjectDisposedException.ThrowIf(weights.Disposed, typeof(IPolicy));
        if (weights.Version != version)
            throw new InvalidOperationException("the policy was updated after this decoder was made, so its cache belongs to older weights: make a new decoder for each round of sampling");
    }
}
