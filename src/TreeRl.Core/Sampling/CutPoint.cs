using System;
using System.Collections.Generic;

namespace TreeRl.Sampling;

/// <summary>Where <see cref="Expansion.Fallback"/> cuts an ended answer. A cut at the answer's start continues from the prompt.</summary>
public abstract record CutPoint
{
    private protected CutPoint()
    {
    }

    /// <summary>
    /// The answer in blocks of n tokens, the last one possibly shorter, loses a number of blocks drawn uniformly from 1 .. all. The paper's;
    /// with n the segment length the cuts are segment boundaries.
    /// </summary>
    public sealed record RandomSegments(int BlockTokens) : CutPoint
    {
        /// <inheritdoc/>
        public override string ToString() => $"a random number of {BlockTokens}-token segments dropped";

        internal override int Choose(ReadOnlySpan<float> logProbs, Seed seed)
        {
            int blocks = BlocksIn(logProbs.Length, BlockTokens);
            return (blocks - 1 - seed.Below(blocks)) * BlockTokens;
        }

        internal override IEnumerable<string> Problems() => Blocks(BlockTokens);
    }

    /// <summary>In front of the block of n tokens with the lowest mean log-probability, the earlier one on a tie.</summary>
    public sealed record LowestBlock(int BlockTokens) : CutPoint
    {
        /// <inheritdoc/>
        public override string ToString() => $"cut at the least likely {BlockTokens}-token segment";

        internal override int Choose(ReadOnlySpan<float> logProbs, Seed seed)
        {
            double[] means = BlockMeans(logProbs, BlockTokens);
            return Array.IndexOf(means, MinOf(means)) * BlockTokens;
        }

        internal override IEnumerable<string> Problems() => Blocks(BlockTokens);
    }

    /// <summary>
    /// In front of a block of n tokens drawn with probability softmax(-m / temperature), m its mean log-probability; with +m where likely
    /// blocks are preferred.
    /// </summary>
    public sealed record DrawnBlock(int BlockTokens, ForkPreference Prefer, double Temperature) : CutPoint
    {
        /// <inheritdoc/>
        public override string ToString() => FormattableString.Invariant(
            $"cut at a {BlockTokens}-token segment drawn by {(Prefer == ForkPreference.Unlikely ? "low" : "high")} likelihood (temperature {Temperature})");

        internal override int Choose(ReadOnlySpan<float> logProbs, Seed seed)
        {
            double[] weights = ForkWeights.Softmax(BlockMeans(logProbs, BlockTokens), Prefer, Temperature);
            double left = seed.Uniform();
            for (int block = 0; block < weights.Length - 1; block++)
            {
                left -= weights[block];
                if (left < 0) return block * BlockTokens;
            }
            return (weights.Length - 1) * BlockTokens;
        }

        internal override IEnumerable<string> Problems()
        {
            foreach (string problem in Blocks(BlockTokens)) yield return problem;
            if (!Enum.IsDefined(Prefer)) yield return $"Cut.Prefer = {Prefer}: must be one of the named preferences";
            if (!(double.IsFinite(Temperature) && Temperature > 0)) yield return FormattableString.Invariant($"Cut.Temperature = {Temperature}: must be a finite number above 0");
        }
    }

    /// <summary>In front of the token with the lowest log-probability, the earlier one on a tie.</summary>
    public sealed record LowestToken : CutPoint
    {
        /// <inheritdoc/>
        public override string ToString() => "cut at the least likely token";

        internal override int Choose(ReadOnlySpan<float> logProbs, Seed seed)
        {
            int lowest = 0;
            for (int t = 1; t < logProbs.Length; t++)
                if (logProbs[t] < logProbs[lowest]) lowest = t;
            return lowest;
        }

        internal override IEnumerable<string> Problems() => [];
    }

    /// <summary>Always from the prompt.</summary>
    public sealed record Start : CutPoint
    {
        /// <inheritdoc/>
        public override string ToString() => "cut at the prompt";

        internal override int Choose(ReadOnlySpan<float> logProbs, Seed seed) => 0;

        internal override IEnumerable<string> Problems() => [];
    }

    /// <summary>How many tokens of an answer stay, 0 .. length - 1.</summary>
    /// <param name="logProbs">Log-probabilities of the answer's tokens, at least one.</param>
    /// <param name="seed">Names the draw.</param>
    internal abstract int Choose(ReadOnlySpan<float> logProbs, Seed seed);

    internal abstract IEnumerable<string> Problems();

    private static int BlocksIn(int tokens, int blockTokens) => (int)(((long)tokens + blockTokens - 1) / blockTokens);

    private static double[] BlockMeans(ReadOnlySpan<float> logProbs, int blockTokens)
    {
        var means = new double[BlocksIn(logProbs.Length, blockTokens)];
        for (int block = 0; block < means.Length; block++)
        {
            int from = block * blockTokens, count = Math.Min(blockTokens, logProbs.Length - from);
            double sum = 0;
            foreach (float logProb in logProbs.Slice(from, count)) sum += logProb;
            means[block] = sum / count;
        }
        return means;
    }

    private static double MinOf(double[] values)
    {
        double least = values[0];
        foreach (double value in values) least = Math.Min(least, value);
        return least;
    }

    private static IEnumerable<string> Blocks(int tokens)
    {
        if (tokens < 1) yield return $"Cut.BlockTokens = {tokens}: must be at least 1";
    }
}
