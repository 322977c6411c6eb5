using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using TreeRl.Numerics;

namespace TreeRl.Policies;

/// <summary>What a row of logits says as a distribution at temperature 1 over the full vocabulary; measured once, used by each pick.</summary>
/// <param name="Max">The largest logit.</param>
/// <param name="LogSum">ln of the sum over the vocabulary of exp(logit - Max); at least 0.</param>
/// <param name="Entropy">Entropy in nats, at least 0.</param>
public readonly record struct LogitMeasure(float Max, double LogSum, double Entropy)
{
    /// <summary>log softmax of one logit of the row, in nats, at most 0.</summary>
    public float LogProb(float logit) => (float)((double)logit - Max - LogSum);

    /// <summary>Measures a row: with x = logit - max and Z = sum exp(x), the entropy is ln Z - sum(x exp(x)) / Z. Logits of minus infinity have probability 0.</summary>
    /// <exception cref="ArgumentException">The row is empty.</exception>
    /// <exception cref="NonFiniteException">A logit is NaN or plus infinity, or all are minus infinity.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static LogitMeasure Of(ReadOnlySpan<float> logits)
    {
        Guard.That(!logits.IsEmpty, "logits are empty: a vocabulary has at least 1 token", nameof(logits));
        var rows = MemoryMarshal.Cast<float, Vector512<float>>(logits);
        var rest = Rest(logits[(rows.Length * Vector512<float>.Count)..]);
        float max = Largest(rows, rest);
        if (!float.IsFinite(max)) throw new NonFiniteException("largest next-token logit", max);
        double sum = 0, weighted = 0;
        for (int first = 0; first <= rows.Length; first += SumRows)
        {
            Vector512<float> laneSum = Vector512<float>.Zero, laneWeighted = Vector512<float>.Zero;
            int end = Math.Min(first + SumRows, rows.Length);
            for (int i = first; i < end; i++) Add(rows[i], max, ref laneSum, ref laneWeighted);
            if (end == rows.Length && end < first + SumRows) Add(rest, max, ref laneSum, ref laneWeighted);
            sum += Vector512.Sum(laneSum);
            weighted += Vector512.Sum(laneWeighted);
        }
        if (!double.IsFinite(sum)) throw new NonFiniteException("a next-token logit", sum);
        double logSum = Math.Log(sum);
        return new LogitMeasure(max, Math.Max(logSum, 0), Math.Max(logSum - weighted / sum, 0));
    }

    /// <summary>Vectors whose sums stay in single-precision lanes before they join the double sums.</summary>
    private const int SumRows = 64;

    /// <summary>Up to 15 logits as a vector, filled up with minus infinity, the logit of no token.</summary>
    internal static Vector512<float> Rest(ReadOnlySpan<float> logits)
    {
        Span<float> filled = stackalloc float[Vector512<float>.Count];
        filled.Fill(float.NegativeInfinity);
        logits.CopyTo(filled);
        return Vector512.Create<float>(filled);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(Vector512<float> row, float max, ref Vector512<float> sum, ref Vector512<float> weighted)
    {
        var x = row - Vector512.Create(max);
        var e = VectorMath.Exp(x);
        sum += e;
        // The floor is below where e becomes 0, so it changes nothing but keeps 0 * -infinity from being NaN.
        weighted += e * Vector512.MaxNative(x, Vector512.Create(VectorMath.ExpFlush - 1));
    }

    private static float Largest(ReadOnlySpan<Vector512<float>> rows, Vector512<float> rest)
    {
        // NaN may get lost here; it shows in the sum.
        var lanes = rest;
        foreach (var row in rows) lanes = Vector512.MaxNative(lanes, row);
        float max = lanes[0];
        for (int i = 1; i < Vector512<float>.Count; i++) max = MathF.Max(max, lanes[i]);
        return max;
    }
}
