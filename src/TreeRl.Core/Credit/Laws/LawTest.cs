using System.Collections.Immutable;

namespace TreeRl.Credit;

/// <summary>
/// One law of one rule, as a test of cases. <see cref="Prepare"/> brings a generated case into the law's form once; from then on
/// <see cref="Judge"/> depends on the case alone, so that the shrinker may take it apart.
/// </summary>
internal abstract class LawTest(CreditRule rule, LawOptions options)
{
    protected CreditRule Rule { get; } = rule;

    protected LawOptions Options { get; } = options;

    /// <summary>Largest deviation that still counts as rounding.</summary>
    protected virtual double Tolerance => Options.Tolerance;

    public virtual LawCase Prepare(LawCase drawn) => drawn;

    /// <summary>The worst found on a case; null when the law says nothing about it.</summary>
    public LawFinding? Judge(LawCase of)
    {
        try
        {
            var finding = Examine(of);
            return finding is null ? null : finding with { Broken = finding.Broken || finding.Deviation > Tolerance };
        }
        catch (LawRunException problem)
        {
            var witness = new LawWitness(problem.Forest);
            return witness.Finding() with { Broken = true, Deviation = double.PositiveInfinity, Threw = problem.Message };
        }
    }

    protected abstract LawFinding? Examine(LawCase of);

    protected LawRun Run(LawCase of) => LawRun.Of(Rule, of);

    /// <summary>The rule with every epsilon of its own words set to 0.</summary>
    protected static CreditRule WithoutEpsilons(CreditRule rule)
    {
        return rule with
        {
            Leaves = [.. Map(rule.Leaves, step => step is ScaleLeaves scale ? scale with { Std = scale.Std with { Epsilon = 0 } } : step)],
            Terms = [.. Map(rule.Terms, term => term.Scale is StdScale scale ? term with { Scale = TermScale.Std(scale.Rule with { Epsilon = 0 }) } : term)],
            After = [.. Map(rule.After, step => step is WhitenStep ? AfterStep.Whiten(0) : step)],
        };

        static ImmutableArray<T> Map<T>(ImmutableArray<T> items, System.Func<T, T> map) => ImmutableArray.CreateRange(items, map);
    }
}
