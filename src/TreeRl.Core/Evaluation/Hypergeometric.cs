using System;

namespace TreeRl.Evaluation;

/// <summary>Chances of drawing without replacement, from logarithms of factorials that are summed once.</summary>
internal sealed class Hypergeometric
{
    private readonly double[] logFactorial;

    public Hypergeometric(int largest)
    {
        logFactorial = new double[largest + 1];
        for (int i = 2; i <= largest; i++) logFactorial[i] = logFactorial[i - 1] + Math.Log(i);
    }

    /// <summary>The chance that <paramref name="draws"/> of <paramref name="population"/> hold exactly <paramref name="hits"/> of the <paramref name="marked"/>; arguments within the support.</summary>
    public double Probability(int hits, int population, int marked, int draws) =>
        Math.Exp(LogChoose(marked, hits) + LogChoose(population - marked, draws - hits) - LogChoose(population, draws));

    /// <summary>ln C(n, k).</summary>
    public double LogChoose(int n, int k) => logFactorial[n] - logFactorial[k] - logFactorial[n - k];
}
