using System;

namespace TreeRl.Sampling;

/// <summary>
/// Counts, along one path, how often each run of W tokens has occurred, one token at a time. Runs are found by a rolling polynomial hash modulo
/// 2^64; a count that reaches the limit is confirmed by comparing tokens, so hash collisions change nothing.
/// </summary>
internal sealed class RepetitionCounter
{
    private const ulong Base = 0x9E3779B97F4A7C15UL;

    private readonly RepetitionRule rule;
    private readonly ulong topPower; // Base^W, what the token that leaves the window is worth
    private int[] path = new int[32];
    private int count;
    private ulong rolling;
    private ulong[] hashes = new ulong[64]; // open addressing; 0 marks a free place
    private int[] times = new int[64];
    private int used;

    public RepetitionCounter(RepetitionRule rule)
    {
        this.rule = rule;
        topPower = 1;
        for (int i = 0; i < rule.WindowTokens; i++) topPower = unchecked(topPower * Base);
    }

    /// <summary>Empties the counter.</summary>
    public void Clear()
    {
        count = used = 0;
        rolling = 0;
        Array.Clear(hashes);
        Array.Clear(times);
    }

    /// <summary>Makes this counter a copy of another of the same rule.</summary>
    public void CopyFrom(RepetitionCounter other)
    {
        if (path.Length < other.count) path = new int[other.path.Length];
        Array.Copy(other.path, path, other.count);
        if (hashes.Length != other.hashes.Length) (hashes, times) = (new ulong[other.hashes.Length], new int[other.hashes.Length]);
        Array.Copy(other.hashes, hashes, hashes.Length);
        Array.Copy(other.times, times, times.Length);
        (count, used, rolling) = (other.count, other.used, other.rolling);
    }

    /// <summary>Appends a token and says whether the run that ends with it has now occurred as often as the rule allows.</summary>
    public bool Push(int token)
    {
        if (count == path.Length) Array.Resize(ref path, 2 * count);
        int window = rule.WindowTokens;
        unchecked
        {
            rolling = rolling * Base + Worth(token);
            if (count >= window) rolling -= Worth(path[count - window]) * topPower;
        }
        path[count++] = token;
        return count >= window && Increment(rolling) >= rule.Times && Occurrences() >= rule.Times;
    }

    private static ulong Worth(int token) => (ulong)token + 1;

    private int Increment(ulong hash)
    {
        if (hash == 0) hash = 1;
        if (2 * (used + 1) > hashes.Length) Grow();
        int place = Find(hashes, hash);
        if (hashes[place] == 0)
        {
            hashes[place] = hash;
            used++;
        }
        return ++times[place];
    }

    private void Grow()
    {
        var (oldHashes, oldTimes) = (hashes, times);
        hashes = new ulong[2 * oldHashes.Length];
        times = new int[hashes.Length];
        for (int i = 0; i < oldHashes.Length; i++)
        {
            if (oldHashes[i] == 0) continue;
            int place = Find(hashes, oldHashes[i]);
            (hashes[place], times[place]) = (oldHashes[i], oldTimes[i]);
        }
    }

    private static int Find(ulong[] table, ulong hash)
    {
        int mask = table.Length - 1;
        int place = (int)(hash >> 33) & mask;
        while (table[place] != 0 && table[place] != hash) place = (place + 1) & mask;
        return place;
    }

    private int Occurrences()
    {
        int window = rule.WindowTokens, found = 0;
        var last = path.AsSpan(count - window, window);
        for (int start = 0; start + window <= count; start++)
            if (path.AsSpan(start, window).SequenceEqual(last)) found++;
        return found;
    }
}
