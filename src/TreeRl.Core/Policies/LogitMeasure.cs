using System;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

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
    public static LogitMeasure Of(ReadOnlySpan<float> logits)
    {
        Guard.That(!logits.IsEmpty, "logits are empty: a vocabulary has at least 1 token", nameof(logits));
        float max = Max512(logits);
        if (!float.IsFinite(max)) throw new NonFiniteException("largest next-token logit", max);
        double sum = 0, weighted = 0;
        int i = 0;
        var rows = MemoryMarshal.Cast<float, Vector512<float>>(logits);
        var shift = Vector512.Create(max);
        var floor = Vector512.Create(LowestExponent);
        foreach (var row in rows)
        {
            // exp underflows to 0 far above the floor, so it changes nothing but keeps -inf * 0 from being NaN.
            var x = Vector512.Max(row - shift, floor);
            var e = Vector512.Exp(x);
            sum += Vector512.Sum(e);
            weighted += Vector512.Sum(e * x);
            i += Vector512<float>.Count;
        }
        for (; i < logits.Length; i++)
        {
            float x = Math.Max(logits[i] - max, LowestExponent);
            double e = Math.Exp(x);
            sum += e;
            weighted += e * x;
        }
        double logSum = Math.Log(sum);
        return new LogitMeasure(max, Math.Max(logSum, 0), Math.Max(logSum - weighted / sum, 0));
    }

    internal const float LowestExponent = -1000f;

    private static float Max512(ReadOnlySpan<float> logits)
    {
        var max = Vector512.Create(float.NegativeInfinity);
        int i = 0;
        foreach (var row in MemoryMarshal.Cast<float, Vector512<float>>(logits))
        {
            max = Vector512.Max(max, row);
            i += Vector512<float>.Count;
        }
        float largest = float.NegativeInfinity;
        for (int lane = 0; lane < Vector512<float>.Count; lane++) largest = MathF.Max(largest, max[lane]);
        for (; i < logits.Length; i++) largest = MathF.Max(largest, logits[i]);
        return largest;
    }
}
