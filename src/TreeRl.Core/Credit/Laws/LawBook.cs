using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;

namespace TreeRl.Credit;

/// <summary>
/// Checks a credit rule against the laws it claims, on generated forests: see <see cref="Law"/> for the laws, <see cref="LawClaims"/> for what
/// a rule claims. A law that breaks is shown on the smallest forest that breaks it.
/// </summary>
public static class LawBook
{
    /// <summary>Checks every law. Deterministic: the same rule and options give the same report, to the letter.</summary>
    /// <param name="rule">
    /// The rule. Monte-Carlo values belong to one forest; in their place the means over the leaves are used, which they estimate, and the
    /// report says so. A random choice of leaves and a mask on tokens are left aside, which the report says too: the laws are about the
    /// advantages of all.
    /// </param>
    /// <param name="options">Seed, number of forests, reward range, claims; null takes the defaults.</param>
    /// <exception cref="ArgumentException">The rule is inconsistent or an option breaks its rule. A rule that throws on a forest breaks the law that was checked.</exception>
    public static LawReport Check(CreditRule rule, LawOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(rule);
        options ??= new LawOptions();
        options.Validate();
        rule.Validate();
        var notes = new List<string>();
        if (rule.Backup is MonteCarloBackup or FreshValuesBackup)
        {
            notes.Add($"checked with {Backup.MeanOfLeaves} in place of {rule.Backup}");
            rule = rule.WithBackup(Backup.MeanOfLeaves);
        }
        if (rule.Choice is { } choice) notes.Add($"checked on all leaves, before '{choice}'");
        if (rule.Mask is { } mask) notes.Add($"checked on all tokens, before '{mask}'");
        rule = rule with { Choice = null, Mask = null };
        var claims = options.Claims ?? LawClaims.Of(rule, options.MinReward, options.MaxReward);
        var cases = new LawGenerator(options).All();
        var results = Enum.GetValues<Law>().Select(law => Result(law, rule, claims, options, cases));
        return new LawReport(rule, options.Seed, options.Forests, [.. results], string.Join("; ", notes));
    }

    private static LawResult Result(Law law, CreditRule rule, LawClaims claims, LawOptions options, ImmutableArray<LawCase> cases)
    {
        string words = claims.Words(law);
        if (law == Law.Scaling) return Scaling(rule, claims, options, cases, words);
        if (law == Law.Bound) return Bound(rule, claims, options, cases, words);
        if (!claims.Claims(law)) return LawResult.Unclaimed(law, words);
        return Outcome(law, words, new Trial(Test(law, rule, claims, options), cases), options);
    }

    private static LawTest Test(Law law, CreditRule rule, LawClaims claims, LawOptions options) => law switch
    {
        Law.Relabelling => new RelabellingTest(rule, options),
        Law.Chains => new ChainsTest(rule, options, claims.Flat!),
        Law.ZeroSpread => new ZeroSpreadTest(rule, options, claims.Scope != LawScope.Batch),
        Law.Shift => new ShiftTest(rule, options),
        Law.Identity => new IdentityTest(rule, options, claims.Identities),
        Law.Locality => new LocalityTest(rule, options, claims.Scope),
        Law.TokenOnce => new TokenOnceTest(rule, options, claims.Twin),
        Law.Masking => new MaskingTest(rule, options),
        _ => new OrderTest(rule, options),
    };

    private static LawResult Outcome(Law law, string words, Trial trial, LawOptions options)
    {
        if (trial.Tried == 0) return LawResult.Unclaimed(law, $"no generated forest fits: {words}");
        if (trial.FirstBroken is null) return new(law, LawVerdict.Holds, words, trial.Tried, trial.Largest, null);
        return new(law, LawVerdict.Fails, words, trial.Tried, trial.Largest, Counterexample(trial, options));
    }

    private static LawCounterexample Counterexample(Trial trial, LawOptions options)
    {
        var smallest = new LawShrinker(trial.Test, options).Shrink(trial.FirstBroken!);
        var finding = trial.Test.Judge(smallest)!;
        return new LawCounterexample(finding.Drawn.Forest, finding.Drawn.Outcomes, finding.Node, finding.What, finding.Expected, finding.Got, finding.Threw, finding.Columns);
    }

    private static LawResult Scaling(CreditRule rule, LawClaims claims, LawOptions options, ImmutableArray<LawCase> cases, string words)
    {
        Trial scales = new(new ScalingTest(rule, options, true), cases), stays = new(new ScalingTest(rule, options, false), cases);
        bool scale = scales.FirstBroken is null, stay = stays.FirstBroken is null;
        string observed = scales.Tried == 0 ? "not observed" : (scale, stay) switch { (true, true) => "all zero", (true, _) => "Equivariant", (_, true) => "Invariant", _ => "neither" };
        words = $"{words} [{observed}]";
        bool equivariant = claims.Scaling == ScalingClaim.Equivariant || (claims.Scaling == ScalingClaim.Either && (scale || (!stay && scales.Largest <= stays.Largest)));
        var judged = equivariant ? scales : stays;
        return claims.Scaling == ScalingClaim.None ? LawResult.Unclaimed(Law.Scaling, words) : Outcome(Law.Scaling, words, judged, options);
    }

    private static LawResult Bound(CreditRule rule, LawClaims claims, LawOptions options, ImmutableArray<LawCase> cases, string words)
    {
        var trial = new Trial(new BoundTest(rule, options, claims.Bound), cases);
        words = FormattableString.Invariant($"{words} [largest {trial.Largest:0.####}]");
        // a rule that throws or gives no number breaks this law even when it states no bound
        return claims.Bound is null && trial.FirstBroken is null ? LawResult.Unclaimed(Law.Bound, words) : Outcome(Law.Bound, words, trial, options);
    }

    /// <summary>A law's test run over all cases.</summary>
    private sealed class Trial
    {
        public Trial(LawTest test, ImmutableArray<LawCase> cases)
        {
            Test = test;
            foreach (var drawn in cases)
            {
                var of = test.Prepare(drawn);
                if (test.Judge(of) is not { } finding) continue;
                Tried++;
                Largest = Math.Max(Largest, finding.Deviation);
                if (finding.Broken) FirstBroken ??= of;
            }
        }

        public LawTest Test { get; }

        public int Tried { get; }

        public double Largest { get; }

        public LawCase? FirstBroken { get; }
    }
}
