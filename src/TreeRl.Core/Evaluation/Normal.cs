using System;

namespace TreeRl.Evaluation;

/// <summary>The standard normal distribution.</summary>
internal static class Normal
{
    private const double LogRootTwoPi = 0.91893853320467274178;
    private const double Farthest = 8;

    /// <summary>P(Z &lt;= x) by its Taylor series about 0 (Marsaglia 2004), to about 1e-15; 0 and 1 beyond 8 standard deviations.</summary>
    public static double Cdf(double x)
    {
        if (x <= -Farthest) return 0;
        if (x >= Farthest) return 1;
        double sum = x, term = x, before = 0;
        for (int i = 3; sum != before; i += 2)
        {
            before = sum;
            term *= x * x / i;
            sum += term;
        }
        return 0.5 + sum * Math.Exp(-0.5 * x * x - LogRootTwoPi);
    }

    /// <summary>The x at which <see cref="Cdf"/> reaches <paramref name="share"/>, strictly between 0 and 1; by halving.</summary>
    public static double Quantile(double share)
    {
        double low = -Farthest, high = Farthest;
        for (int i = 0; i < 60; i++)
        {
            double middle = 0.5 * (low + high);
            if (Cdf(middle) < share) low = middle;
            else high = middle;
        }
        return 0.5 * (low + high);
    }
}
