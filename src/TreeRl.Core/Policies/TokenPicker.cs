using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using TreeRl.Numerics;

namespace TreeRl.Policies;

/// <summary>
/// Draws tokens from rows of logits as <see cref="PickSettings"/> says. Holds the scratch memory of one thread, so that a pick allocates
/// nothing; make one per thread. What it draws depends on logits, settings, count and seed alone.
/// </summary>
/// <remarks>
/// <code>
/// weights     w = exp((logit - max) / temperature)
/// top-k       keep the k largest weights
/// top-p       of these, keep the smallest set of largest weights that holds at least the share p of what top-k kept
/// min-p       of these, keep weights of at least minP times the largest
/// draw j      inverse distribution function in id order: the first id whose running sum exceeds Uniform(j) times the sum of what is kept
/// distinct    after each draw the drawn weight is set to 0 and the sum taken anew (sequential renormalisation)
/// temperature 0   the largest logit is the whole support; so a distinct draw finds one token
/// ties        equal logits rank by id, the smaller id first
/// </code>
/// A token more than 87 temperatures below the largest logit has weight 0 in fp32 and is outside the support.
/// </remarks>
public sealed class TokenPicker
{
    private const int Block = 16;

    private readonly PickSettings settings;
    private readonly float[] weights; // one per id, padded with zeros to whole blocks
    private readonly double[] sums;   // one per block of weights
    private readonly ulong[] keys;    // for selection: rank order of the ids; empty where no filter selects

    /// <summary>Makes a picker for rows of <paramref name="vocabSize"/> logits.</summary>
    /// <exception cref="ArgumentException"><paramref name="vocabSize"/> is below 1 or a setting breaks its rule; the message names it.</exception>
    public TokenPicker(int vocabSize, PickSettings settings)
    {
        Guard.InRange(vocabSize >= 1, vocabSize, "must be at least 1");
        this.settings = Validated(settings);
        VocabSize = vocabSize;
        int blocks = (vocabSize + Block - 1) / Block;
        weights = new float[blocks * Block];
        sums = new double[blocks];
        keys = Selects(settings) ? new ulong[vocabSize] : [];
    }

    /// <summary>Number of logits in a row, V.</summary>
    public int VocabSize { get; }

    /// <summary>How this picker draws.</summary>
    public PickSettings Settings => settings;

    /// <summary>Each broken rule of <paramref name="settings"/>, as "Name = value: rule"; none for sound settings.</summary>
    public static IEnumerable<string> Problems(PickSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var problems = new List<string>();
        void Check(bool holds, FormattableString problem)
        {
            if (!holds) problems.Add(FormattableString.Invariant(problem));
        }
        Check(settings.Temperature is 0 or (>= 1e-6 and <= 1e6), $"Temperature = {settings.Temperature}: must be 0, which takes the likeliest token, or lie between 1e-6 and 1e6");
        Check(settings.TopK >= 0, $"TopK = {settings.TopK}: must not be negative; 0 keeps all tokens");
        Check(settings.TopP is > 0 and <= 1, $"TopP = {settings.TopP}: must be above 0 and at most 1; 1 keeps all tokens");
        Check(settings.MinP is >= 0 and <= 1, $"MinP = {settings.MinP}: must lie between 0 and 1; 0 keeps all tokens");
        return problems;
    }

    /// <summary>The settings, if they break no rule.</summary>
    /// <exception cref="ArgumentException">Rules are broken; the message lists all of them.</exception>
    public static PickSettings Validated(PickSettings settings)
    {
        string problems = string.Join("; ", Problems(settings));
        if (problems.Length > 0) throw new ArgumentException("pick settings: " + problems, nameof(settings));
        return settings;
    }

    /// <summary>Measures the row and draws from it.</summary>
    /// <inheritdoc cref="Pick(ReadOnlySpan{float}, LogitMeasure, bool, Seed, Span{TokenPick})"/>
    public void Pick(ReadOnlySpan<float> logits, bool distinct, Seed seed, Span<TokenPick> picks) => Pick(logits, LogitMeasure.Of(logits), distinct, seed, picks);

    /// <summary>Draws <c>picks.Length</c> tokens; draw j uses <c>seed.Uniform(j)</c>.</summary>
    /// <param name="logits">The row, length V.</param>
    /// <param name="measure">What <see cref="LogitMeasure.Of"/> says of the row.</param>
    /// <param name="distinct">Draw without replacement; id -1 and log-probability 0 where no token is left.</param>
    /// <param name="seed">Names the draws.</param>
    /// <param name="picks">Receives the draws; log-probabilities are full-vocabulary, at temperature 1.</param>
    /// <exception cref="ArgumentException">The row has another length than V.</exception>
    /// <exception cref="NonFiniteException">A logit is NaN or plus infinity, or all are minus infinity.</exception>
    public void Pick(ReadOnlySpan<float> logits, LogitMeasure measure, bool distinct, Seed seed, Span<TokenPick> picks)
    {
        Guard.SameLength(logits.Length, VocabSize, "this picker's vocabulary");
        if (settings.Temperature == 0)
        {
            int best = ArgMax(logits, measure.Max);
            for (int j = 0; j < picks.Length; j++) picks[j] = distinct && j > 0 ? Nothing : new TokenPick(best, measure.LogProb(logits[best]));
            return;
        }
        Weigh(logits, measure.Max);
        if (keys.Length > 0) Select(logits);
        else if (settings.MinP > 0) DropBelow((float)settings.MinP); // the largest weight is exp(0) = 1
        double total = Total();
        for (int j = 0; j < picks.Length; j++)
        {
            int id = total > 0 ? Draw(seed.Uniform(j) * total) : -1;
            picks[j] = id < 0 ? Nothing : new TokenPick(id, measure.LogProb(logits[id]));
            if (!distinct || id < 0) continue;
            weights[id] = 0;
            Resum(id / Block);
            total = Total();
        }
    }

    private static TokenPick Nothing => new(-1, 0f);

    private static bool Selects(PickSettings settings) => settings.Temperature > 0 && (settings.TopK > 0 || settings.TopP < 1);

    private static int ArgMax(ReadOnlySpan<float> logits, float max) => logits.IndexOf(max);

    private void Weigh(ReadOnlySpan<float> logits, float max)
    {
        var scale = Vector512.Create((float)(1 / settings.Temperature));
        var shift = Vector512.Create(max);
        var rows = MemoryMarshal.Cast<float, Vector512<float>>(logits);
        var into = MemoryMarshal.Cast<float, Vector512<float>>(weights.AsSpan());
        for (int b = 0; b < into.Length; b++)
        {
            var row = b < rows.Length ? rows[b] : LogitMeasure.Rest(logits[(b * Block)..]);
            into[b] = VectorMath.Exp((row - shift) * scale);
            sums[b] = Sum(into[b]);
        }
    }

    private static double Sum(Vector512<float> block)
    {
        var (low, high) = Vector512.Widen(block);
        return Vector512.Sum(low + high);
    }

    private void Resum(int block) => sums[block] = Sum(Vector512.LoadUnsafe(ref weights[block * Block]));

    private double Total()
    {
        double total = 0;
        foreach (double sum in sums) total += sum;
        return total;
    }

    /// <summary>The id in which the running sum passes <paramref name="target"/>; the last id of the support when rounding runs past it.</summary>
    private int Draw(double target)
    {
        double before = 0;
        int last = -1;
        for (int block = 0; block < sums.Length; block++)
        {
            double sum = sums[block];
            if (sum <= 0) continue;
            if (before + sum <= target)
            {
                before += sum;
                last = block;
                continue;
            }
            return InBlock(block, target - before);
        }
        return InBlock(last, double.PositiveInfinity);
    }

    private int InBlock(int block, double target)
    {
        int found = -1;
        double running = 0;
        for (int i = block * Block; i < (block + 1) * Block; i++)
        {
            if (weights[i] <= 0) continue;
            found = i;
            running += weights[i];
            if (running > target) break;
        }
        return found;
    }

    private void DropBelow(float least)
    {
        for (int b = 0; b < sums.Length; b++)
        {
            for (int i = b * Block; i < (b + 1) * Block; i++)
                if (weights[i] < least) weights[i] = 0;
            Resum(b);
        }
    }

    /// <summary>Top-k, top-p and min-p: finds the last rank that is kept and sets the weights of all later ranks to 0. Linear in V on average.</summary>
    private void Select(ReadOnlySpan<float> logits)
    {
        for (int i = 0; i < logits.Length; i++) keys[i] = TokenRank.Key(logits[i], i);
        int kept = keys.Length;
        if (settings.TopK > 0 && settings.TopK < kept)
        {
            TokenRank.SelectCount(keys, settings.TopK);
            kept = settings.TopK;
        }
        if (settings.TopP < 1)
        {
            double mass = 0;
            foreach (ulong key in keys.AsSpan(0, kept)) mass += weights[TokenRank.Id(key)];
            kept = TokenRank.SelectMass(keys.AsSpan(0, kept), weights, settings.TopP * mass);
        }
        // The kept ranks are a prefix of the order, so the last of them bounds it.
        ulong bound = ulong.MaxValue;
        foreach (ulong key in keys.AsSpan(0, kept)) bound = Math.Min(bound, key);
        float least = (float)settings.MinP;
        for (int b = 0; b < sums.Length; b++)
        {
            int end = Math.Min((b + 1) * Block, logits.Length);
            for (int i = b * Block; i < end; i++)
                if (TokenRank.Key(logits[i], i) < bound || weights[i] < least) weights[i] = 0;
            Resum(b);
        }
    }
}
