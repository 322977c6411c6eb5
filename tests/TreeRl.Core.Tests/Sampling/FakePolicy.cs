using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Models;
using TreeRl.Policies;

namespace TreeRl.Tests;

/// <summary>
/// A policy whose next-token logits are a pure function of what it has read (prompt and answer). Its decoder keeps the contract's books and
/// throws on misuse: unknown or ended branches, the same branch twice, tokens outside the vocabulary, paths beyond the context.
/// </summary>
internal sealed class FakePolicy(int vocabSize, Func<int[], float[]> logits, int context = 1000) : IPolicy
{
    public List<FakeDecoder> Decoders { get; } = [];

    /// <summary>What its decoders say of <see cref="IDecoder.CallsAreDear"/>.</summary>
    public bool CallsAreDear { get; init; }

    public ModelConfig Config { get; } = new()
    {
        VocabSize = vocabSize,
        ContextLength = context,
        Width = 8,
        Layers = 1,
        Heads = 1,
        KeyValueHeads = 1,
        HeadSize = 8,
        FeedForward = 8,
    };

    public string Engine => "fake";

    public string Arithmetic => "fake";

    public long ParameterCount => 0;

    public IDecoder NewDecoder(PickSettings picking)
    {
        var decoder = new FakeDecoder(vocabSize, logits, context, picking) { CallsAreDear = CallsAreDear };
        Decoders.Add(decoder);
        return decoder;
    }

    /// <summary>Every token equally likely.</summary>
    public static FakePolicy Uniform(int vocabSize, int context = 1000) => new(vocabSize, _ => new float[vocabSize], context);

    /// <summary>Logits that look random and depend on the whole path; token 0 is rarer by <paramref name="endBias"/>.</summary>
    public static FakePolicy Scrambled(int vocabSize, float endBias = 0, int context = 1000, bool callsAreDear = false) => new(vocabSize, path =>
    {
        var seed = Seed.Of(12345);
        foreach (int id in path) seed = seed.Child(id);
        var row = new float[vocabSize];
        for (int i = 0; i < vocabSize; i++) row[i] = (float)(3 * seed.Uniform(i));
        row[0] -= endBias;
        return row;
    }, context)
    {
        CallsAreDear = callsAreDear,
    };

    /// <summary>Reads from a script: the answer's tokens so far choose the row; a row is probabilities.</summary>
    public static FakePolicy Scripted(int vocabSize, Func<int[], double[]> probabilities, int promptTokens = 1) =>
        new(vocabSize, path => probabilities(path[promptTokens..]).Select(p => (float)Math.Log(p)).ToArray());

    /// <summary>The row that gives token <paramref name="id"/> all the mass.</summary>
    public static double[] Only(int vocabSize, int id)
    {
        var row = new double[vocabSize];
        row[id] = 1;
        return row;
    }

    public void Score(PackedBatch batch, Span<float> logProb, Span<float> entropy) => throw new NotSupportedException();

    public LossReport Accumulate(PackedBatch batch, IObjective objective) => throw new NotSupportedException();

    public UpdateReport Apply(OptimizerSettings settings, double learningRate) => throw new NotSupportedException();

    public ModelWeights TakeGradient() => throw new NotSupportedException();

    public IPolicy CloneFrozen() => throw new NotSupportedException();

    public ModelWeights ExportWeights() => throw new NotSupportedException();

    public OptimizerState ExportOptimizer() => throw new NotSupportedException();

    public void ImportOptimizer(OptimizerState state) => throw new NotSupportedException();

    public void Dispose()
    {
    }
}

internal sealed class FakeDecoder(int vocabSize, Func<int[], float[]> logits, int context, PickSettings picking) : IDecoder
{
    private readonly Dictionary<int, int[]> branches = [];
    private readonly TokenPicker picker = new(vocabSize, picking);
    private int nextBranch = 100;

    public bool CallsAreDear { get; init; }

    public int LiveBranches => branches.Count;

    public bool Disposed { get; private set; }

    public long TokensRead { get; private set; }

    public int PromptsRead { get; private set; }

    public int PickCalls { get; private set; }

    public int MostBranches { get; private set; }

    public void Prompt(ReadOnlySpan<int[]> prompts, Span<int> ids)
    {
        if (prompts.Length != ids.Length || prompts.IsEmpty) throw new ArgumentException("prompts and branches differ in length, or are none");
        for (int i = 0; i < prompts.Length; i++)
        {
            if (prompts[i].Length == 0 || prompts[i].Length > context) throw new ArgumentException("prompt of no or too many tokens");
            ids[i] = New(prompts[i]);
            PromptsRead++;
        }
    }

    public void Fork(int branch, Span<int> children)
    {
        if (children.Length < 2) throw new ArgumentException("a fork has at least two children");
        int[] path = Path(branch);
        branches.Remove(branch);
        for (int i = 0; i < children.Length; i++) children[i] = New(path);
    }

    public void Advance(ReadOnlySpan<int> ids, ReadOnlySpan<int> tokens)
    {
        if (ids.Length != tokens.Length || ids.IsEmpty) throw new ArgumentException("branches and tokens differ in length, or are none");
        if (ids.ToArray().Distinct().Count() != ids.Length) throw new ArgumentException("a branch appears twice");
        for (int i = 0; i < ids.Length; i++)
        {
            if ((uint)tokens[i] >= (uint)vocabSize) throw new ArgumentException($"token {tokens[i]} is outside the vocabulary");
            int[] path = [.. Path(ids[i]), tokens[i]];
            if (path.Length > context) throw new ArgumentException("path beyond the context");
            branches[ids[i]] = path;
            TokensRead++;
        }
    }

    public void Pick(ReadOnlySpan<PickRequest> requests, Span<TokenPick> picks, Span<float> entropies = default)
    {
        if (requests.IsEmpty) throw new ArgumentException("no requests");
        PickCalls++;
        int at = 0;
        for (int i = 0; i < entropies.Length; i++) entropies[i] = (float)LogitMeasure.Of(logits(Path(requests[i].Branch))).Entropy;
        foreach (var request in requests)
        {
            if (request.Count < 1) throw new ArgumentException("a request for no draws");
            picker.Pick(logits(Path(request.Branch)), request.Distinct, request.Seed, picks.Slice(at, request.Count));
            at += request.Count;
        }
        if (at != picks.Length) throw new ArgumentException("picks do not hold the sum of the counts");
    }

    public void CopyLogits(int branch, Span<float> into) => logits(Path(branch)).CopyTo(into);

    public int Length(int branch) => Path(branch).Length;

    public void Release(int branch)
    {
        Path(branch);
        branches.Remove(branch);
    }

    public long CachedTokens => branches.Values.SelectMany(path => Enumerable.Range(1, path.Length).Select(n => string.Join(",", path[..n]))).Distinct().LongCount();

    public long CacheBytes => 0;

    public void Dispose() => Disposed = true;

    private int New(int[] path)
    {
        branches.Add(nextBranch, path);
        MostBranches = Math.Max(MostBranches, branches.Count);
        return nextBranch++;
    }

    private int[] Path(int branch)
    {
        if (Disposed) throw new ObjectDisposedException(nameof(FakeDecoder));
        return branches.TryGetValue(branch, out int[]? path) ? path : throw new ArgumentException($"branch {branch} is unknown or has ended");
    }
}
