using System;

namespace TreeRl;

/// <summary>
/// A splittable seed: an immutable 64-bit name from which child seeds and draws are computed by hashing (the SplitMix64 finaliser,
/// Steele, Lea and Flood 2014). A draw depends only on the chain of names that leads to it - run, step, prompt, node path, position - and
/// never on the order in which threads ask for it.
/// </summary>
/// <param name="Value">The 64-bit state; print it to reproduce a run.</param>
public readonly record struct Seed(ulong Value)
{
    private const ulong GoldenGamma = 0x9E3779B97F4A7C15UL;

    /// <summary>The root seed a user writes as a small number.</summary>
    public static Seed Of(long seed) => new(Mix(unchecked((ulong)seed + GoldenGamma)));

    /// <summary>The child named by <paramref name="index"/>; different indices give unrelated seeds.</summary>
    public Seed Child(long index) => new(Mix(Value ^ Mix(unchecked((ulong)index * GoldenGamma + 0xD1B54A32D192ED03UL))));

    /// <summary>The child named by a word, for streams of different purpose below one parent.</summary>
    public Seed Child(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        ulong hash = 14695981039346656037UL; // FNV-1a
        foreach (char c in name) hash = unchecked((hash ^ c) * 1099511628211UL);
        return new Seed(Mix(Value ^ Mix(hash)));
    }

    /// <summary>Draw number <paramref name="index"/> of this seed, uniform on [0, 1) with 53 bits.</summary>
    public double Uniform(long index = 0) => (Child(index).Value >> 11) * (1.0 / (1UL << 53));

    /// <summary>Draw number <paramref name="index"/> of this seed, uniform on 0 .. <paramref name="bound"/>-1.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bound"/> is not positive.</exception>
    public int Below(int bound, long index = 0)
    {
        Guard.InRange(bound > 0, bound, "must be at least 1");
        return (int)Math.BigMul(Child(index).Value, (ulong)bound, out _);
    }

    /// <summary>A permutation of 0 .. <paramref name="count"/>-1, uniform over all (Fisher-Yates).</summary>
    public int[] Permutation(int count)
    {
        Guard.InRange(count >= 0, count, "must not be negative");
        var order = new int[count];
        for (int i = 0; i < count; i++) order[i] = i;
        for (int i = count - 1; i > 0; i--)
        {
            int j = Below(i + 1, i);
            (order[i], order[j]) = (order[j], order[i]);
        }
        return order;
    }

    /// <inheritdoc/>
    public override string ToString() => $"Seed 0x{Value:x16}";

    private static ulong Mix(ulong z)
    {
        unchecked
        {
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
            return z ^ (z >> 31);
        }
    }
}
