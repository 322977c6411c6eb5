using System;
using System.Numerics;

namespace TreeRl.Rewards.Answers;

/// <summary>An exact fraction in lowest terms with a positive denominator. The default value is not valid; use <see cref="Zero"/>.</summary>
internal readonly struct BigRational : IEquatable<BigRational>
{
    public static readonly BigRational Zero = new(BigInteger.Zero);
    public static readonly BigRational One = new(BigInteger.One);

    public BigRational(BigInteger value)
    {
        Numerator = value;
        Denominator = BigInteger.One;
    }

    private BigRational(BigInteger numerator, BigInteger denominator)
    {
        Numerator = numerator;
        Denominator = denominator;
    }

    public BigInteger Numerator { get; }

    public BigInteger Denominator { get; }

    public bool IsInteger => Denominator.IsOne;

    public bool IsZero => Numerator.IsZero;

    public int Sign => Numerator.Sign;

    /// <summary>Bits of the longer part, what limits and costs are counted in.</summary>
    public long Bits => Math.Max(Numerator.GetBitLength(), Denominator.GetBitLength());

    /// <summary>The fraction in lowest terms; the denominator must not be 0.</summary>
    public static BigRational Of(BigInteger numerator, BigInteger denominator)
    {
        if (denominator.Sign < 0)
        {
            numerator = -numerator;
            denominator = -denominator;
        }
        if (denominator.IsOne) return new BigRational(numerator);
        BigInteger common = BigInteger.GreatestCommonDivisor(numerator, denominator);
        return common.IsOne ? new BigRational(numerator, denominator) : new BigRational(numerator / common, denominator / common);
    }

    public static BigRational operator +(BigRational a, BigRational b) =>
        a.IsInteger && b.IsInteger
            ? new BigRational(a.Numerator + b.Numerator)
            : Of(a.Numerator * b.Denominator + b.Numerator * a.Denominator, a.Denominator * b.Denominator);

    public static BigRational operator -(BigRational a) => new(-a.Numerator, a.Denominator);

    public static BigRational operator -(BigRational a, BigRational b) => a + -b;

    public static BigRational operator *(BigRational a, BigRational b) => Of(a.Numerator * b.Numerator, a.Denominator * b.Denominator);

    /// <summary>The quotient; <paramref name="b"/> must not be 0.</summary>
    public static BigRational operator /(BigRational a, BigRational b) => Of(a.Numerator * b.Denominator, a.Denominator * b.Numerator);

    /// <summary>A whole power; a negative one needs a value other than 0.</summary>
    public static BigRational Pow(BigRational value, int exponent)
    {
        BigInteger numerator = BigInteger.Pow(value.Numerator, Math.Abs(exponent));
        BigInteger denominator = BigInteger.Pow(value.Denominator, Math.Abs(exponent));
        return exponent >= 0 ? new BigRational(numerator, denominator) : Of(denominator, numerator);
    }

    public static BigRational Abs(BigRational value) => value.Sign < 0 ? -value : value;

    /// <summary>The largest integer not above the value.</summary>
    public BigInteger Floor()
    {
        BigInteger quotient = BigInteger.DivRem(Numerator, Denominator, out BigInteger rest);
        return rest.Sign < 0 ? quotient - 1 : quotient;
    }

    /// <summary>The nearest double; infinite or 0 beyond the range.</summary>
    public double ToDouble()
    {
        if (Bits <= 1000) return (double)Numerator / (double)Denominator;
        long shift = Numerator.GetBitLength() - Denominator.GetBitLength() - 64; // the quotient keeps about 64 bits
        BigInteger quotient = shift >= 0 ? Numerator / (Denominator << (int)shift) : (Numerator << (int)-shift) / Denominator;
        return Math.ScaleB((double)quotient, (int)Math.Clamp(shift, -5000, 5000));
    }

    /// <summary>The exact root of order <paramref name="order"/>, or null when it is not rational; the value must not be negative.</summary>
    public BigRational? Root(int order)
    {
        if (RootOf(Numerator, order) is not { } numerator || RootOf(Denominator, order) is not { } denominator) return null;
        return new BigRational(numerator, denominator);
    }

    private static BigInteger? RootOf(BigInteger value, int order)
    {
        if (value.IsZero || value.IsOne) return value;
        long bits = value.GetBitLength();
        if (bits > 2000 || order > bits) return null;
        BigInteger guess = BigInteger.One << (int)((bits + order - 1) / order); // above the root, Newton comes down
        while (true)
        {
            BigInteger next = ((order - 1) * guess + value / BigInteger.Pow(guess, order - 1)) / order;
            if (next >= guess) break;
            guess = next;
        }
        return BigInteger.Pow(guess, order) == value ? guess : null;
    }

    public int CompareTo(BigRational other) => (Numerator * other.Denominator).CompareTo(other.Numerator * Denominator);

    public bool Equals(BigRational other) => Numerator == other.Numerator && Denominator == other.Denominator;

    public override bool Equals(object? other) => other is BigRational rational && Equals(rational);

    public override int GetHashCode() => HashCode.Combine(Numerator, Denominator);

    public override string ToString() => IsInteger ? $"{Numerator}" : $"{Numerator}/{Denominator}";
}
