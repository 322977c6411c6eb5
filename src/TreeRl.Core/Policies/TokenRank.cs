using System;

namespace TreeRl.Policies;

/// <summary>
/// Ranks tokens by logit, equal logits by id, the smaller id first. A rank is one number - the logit's bits in an order-preserving form above the
/// complement of the id - so the largest key is the likeliest token and no two keys are equal.
/// </summary>
internal static class TokenRank
{
    /// <summary>The key of a token; -0 and +0 rank as equal.</summary>
    public static ulong Key(float logit, int id)
    {
        uint bits = BitConverter.SingleToUInt32Bits(logit + 0f);
        uint ordered = (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
        return ((ulong)ordered << 32) | ~(uint)id;
    }

    /// <summary>The id inside a key.</summary>
    public static int Id(ulong key) => (int)~(uint)key;

    /// <summary>Moves the <paramref name="count"/> largest keys to the front, in no particular order.</summary>
    public static void SelectCount(Span<ulong> keys, int count)
    {
        int from = 0, to = keys.Length;
        while (to - from > 1)
        {
            int larger = Partition(keys[from..to]);
            int split = from + larger;
            if (split == count || split + 1 == count) return;
            if (split > count) to = split;
            else from = split + 1;
        }
    }

    /// <summary>
    /// Moves the smallest set of largest keys whose weights sum to at least <paramref name="mass"/> to the front and returns its size, at
    /// least 1. All keys when rounding leaves their sum below the mass.
    /// </summary>
    public static int SelectMass(Span<ulong> keys, ReadOnlySpan<float> weights, double mass)
    {
        int from = 0, to = keys.Length;
        double held = 0; // of the keys before 'from', all of which are in the set
        while (to > from)
        {
            int split = from + Partition(keys[from..to]);
            double larger = 0;
            foreach (ulong key in keys[from..split]) larger += weights[Id(key)];
            if (held + larger >= mass)
            {
                if (split == from) break; // 'held' was enough already
                to = split;
                continue;
            }
            held += larger + weights[Id(keys[split])];
            from = split + 1;
            if (held >= mass) break;
        }
        return Math.Max(from, 1);
    }

    /// <summary>Splits the keys by a pivot, which ends up at the returned index: larger keys before it, smaller ones after it.</summary>
    private static int Partition(Span<ulong> keys)
    {
        int last = keys.Length - 1;
        ulong a = keys[0], b = keys[last / 2], c = keys[last];
        int at = (a < b) == (b < c) ? last / 2 : (b < a) == (a < c) ? 0 : last;
        ulong pivot = keys[at];
        (keys[at], keys[last]) = (keys[last], keys[at]);
        int split = 0;
        for (int i = 0; i < last; i++)
        {
            if (keys[i] < pivot) continue;
            (keys[i], keys[split]) = (keys[split], keys[i]);
            split++;
        }
        (keys[split], keys[last]) = (keys[last], keys[split]);
        return split;
    }
}
