using System;
using System.Collections.Generic;
using System.Linq;

namespace TreeRl.Policies;

/// <summary>Requests that a device draws for at once.</summary>
/// <param name="Requests">Which ones, by index.</param>
/// <param name="Uniforms">Draw j of the i-th of them uses <c>Uniforms[i, j]</c>; draws behind a request's own count are dropped.</param>
/// <param name="Distinct">Which are drawn without replacement.</param>
internal sealed record DrawPart(int[] Requests, double[,] Uniforms, bool[] Distinct)
{
    /// <summary>Draws for each.</summary>
    public int Draws => Uniforms.GetLength(1);
}

/// <summary>
/// Requests for draws arranged for a device that draws for many rows at once: those for no token, for one and for several go together, and no more at once than
/// logits may exist.
/// </summary>
internal sealed class DrawPlan
{
    private readonly PickRequest[] requests;
    private readonly int[] firstPick;

    /// <summary>Arranges requests in parts of at most <paramref name="most"/>.</summary>
    public DrawPlan(ReadOnlySpan<PickRequest> asked, int most)
    {
        requests = asked.ToArray();
        firstPick = new int[requests.Length];
        for (int i = 1; i < firstPick.Length; i++) firstPick[i] = firstPick[i - 1] + requests[i - 1].Count;
        Parts = [.. Enumerable.Range(0, requests.Length).GroupBy(i => Math.Min(requests[i].Count, 2)).SelectMany(alike => alike.Chunk(most)).Select(Part)];
    }

    /// <summary>The parts, in the order in which <see cref="Deliver"/> wants their results.</summary>
    public IReadOnlyList<DrawPart> Parts { get; }

    /// <summary>Hands out what the device drew.</summary>
    /// <param name="drawn">For each request of each part: entropy, then id (or -1 where no token is left) and log-probability of each of the part's draws.</param>
    /// <param name="picks">Receives the picks, in the order of the requests.</param>
    /// <param name="entropies">Receives the entropies; or empty.</param>
    /// <exception cref="NonFiniteException">A number is not finite, or there is no first token.</exception>
    public void Deliver(ReadOnlySpan<double> drawn, Span<TokenPick> picks, Span<float> entropies)
    {
        int at = 0;
        foreach (var part in Parts)
        {
            foreach (int i in part.Requests)
            {
                if (!double.IsFinite(drawn[at])) throw new NonFiniteException($"entropy of the next token of branch {requests[i].Branch}", drawn[at]);
                if (!entropies.IsEmpty) entropies[i] = (float)drawn[at];
                for (int j = 0; j < requests[i].Count; j++)
                {
                    double id = drawn[at + 1 + 2 * j], logProb = drawn[at + 2 + 2 * j];
                    if (!double.IsFinite(logProb) || j == 0 && id < 0) throw new NonFiniteException($"next-token log-probability of branch {requests[i].Branch}", logProb);
                    picks[firstPick[i] + j] = new TokenPick((int)id, (float)logProb);
                }
                at += 1 + 2 * part.Draws;
            }
        }
    }

    private DrawPart Part(int[] chosen)
    {
        var uniforms = new double[chosen.Length, chosen.Max(i => requests[i].Count)];
        for (int r = 0; r < chosen.Length; r++)
            for (int j = 0; j < uniforms.GetLength(1); j++) uniforms[r, j] = requests[chosen[r]].Seed.Uniform(j);
        return new DrawPart(chosen, uniforms, Array.ConvertAll(chosen, i => requests[i].Distinct));
    }
}
