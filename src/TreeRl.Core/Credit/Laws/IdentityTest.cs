using System;
using System.Collections.Immutable;

namespace TreeRl.Credit;

/// <summary><see cref="Law.Identity"/>: every identity claimed.</summary>
internal sealed class IdentityTest(CreditRule rule, LawOptions options, ImmutableArray<LawIdentity> identities) : LawTest(rule, options)
{
    protected override LawFinding? Examine(LawCase of)
    {
        var run = Run(of);
        LawFinding? worst = null;
        foreach (var identity in identities)
        {
            var witness = new LawWitness(run.Sealed);
            try
            {
                identity.Examine(run, witness);
            }
            catch (Exception problem) when (identity is CustomIdentity)
            {
                return witness.Finding() with { Broken = true, Deviation = double.PositiveInfinity, Threw = $"{identity.Words} threw {problem.GetType().Name}: {problem.Message}" };
            }
            if (witness.Worst.Node >= 0 && (worst is null || witness.Worst.Deviation > worst.Deviation)) worst = witness.Finding();
        }
        return worst;
    }
}
