using System;
using System.Collections.Immutable;
using System.Linq;

namespace TreeRl.Credit;

/// <summary>The flat rule that a rule comes to on a forest of chains.</summary>
/// <param name="Rule">The flat rule; spread Path.</param>
/// <param name="Factor">The rule's advantages are this many times the flat ones.</param>
/// <param name="CutChains">Whether that holds, too, when chains are cut into nodes; otherwise only for trees of one node.</param>
public sealed record FlatClaim(CreditRule Rule, double Factor = 1, bool CutChains = false)
{
    /// <summary>The claim in words.</summary>
    public string Words => (Factor == 1 ? "" : FormattableString.Invariant($"{Factor} ")) + Rule.Name + (Rule.Prune is null ? "" : $" with {Rule.Prune.Words}");

    /// <inheritdoc/>
    public override string ToString() => Words;
}

/// <summary>
/// What a rule says of itself. <see cref="Of"/> reads the claims from the rule's words; change them with <c>with</c> or <see cref="Waive"/>. Parts
/// of your own (custom functions) claim everything that the other words leave possible, so that a fault in them is found: waive what they
/// break on purpose, and state what cannot be read from them - the flat rule, sums of advantages, a bound.
/// </summary>
public sealed record LawClaims
{
    /// <summary><see cref="Law.Relabelling"/>.</summary>
    public bool Relabelling { get; init; } = true;

    /// <summary><see cref="Law.Chains"/>: which flat rule; null claims nothing.</summary>
    public FlatClaim? Flat { get; init; }

    /// <summary><see cref="Law.ZeroSpread"/>.</summary>
    public bool ZeroSpread { get; init; } = true;

    /// <summary><see cref="Law.Shift"/>.</summary>
    public bool Shift { get; init; } = true;

    /// <summary><see cref="Law.Scaling"/>.</summary>
    public ScalingClaim Scaling { get; init; } = ScalingClaim.Either;

    /// <summary><see cref="Law.Identity"/>: all of these; empty claims nothing.</summary>
    public ImmutableArray<LawIdentity> Identities { get; init; } = [];

    /// <summary><see cref="Law.Locality"/>: whose rewards an advantage depends on; Batch claims nothing.</summary>
    public LawScope Scope { get; init; } = LawScope.Prompt;

    /// <summary><see cref="Law.Bound"/>; null claims nothing.</summary>
    public LawBound? Bound { get; init; }

    /// <summary><see cref="Law.TokenOnce"/>.</summary>
    public bool TokenOnce { get; init; }

    /// <summary>A rule with the same pull on every token on the first on-policy step (token mean), as part of <see cref="Law.TokenOnce"/>; null for none.</summary>
    public CreditRule? Twin { get; init; }

    /// <summary><see cref="Law.Masking"/>.</summary>
    public bool Masking { get; init; } = true;

    /// <summary><see cref="Law.Order"/>.</summary>
    public bool Order { get; init; } = true;

    /// <summary>Law -> why it is not claimed, where there is more to say than that nothing was stated.</summary>
    public ImmutableDictionary<Law, string> Reasons { get; init; } = ImmutableDictionary<Law, string>.Empty;

    /// <summary>The claims that follow from a rule's words, for rewards within 0 .. 1 or the range given.</summary>
    /// <exception cref="ArgumentException">The rule is inconsistent.</exception>
    public static LawClaims Of(CreditRule rule, double minReward = 0, double maxReward = 1)
    {
        ArgumentNullException.ThrowIfNull(rule);
        rule.Validate();
        return new RuleReader(rule, minReward, maxReward).Read();
    }

    /// <summary>Whether a law is claimed.</summary>
    public bool Claims(Law law) => law switch
    {
        Law.Relabelling => Relabelling,
        Law.Chains => Flat is not null,
        Law.ZeroSpread => ZeroSpread,
        Law.Shift => Shift,
        Law.Scaling => Scaling != ScalingClaim.None,
        Law.Identity => !Identities.IsDefaultOrEmpty,
        Law.Locality => Scope != LawScope.Batch,
        Law.Bound => Bound is not null,
        Law.TokenOnce => TokenOnce,
        Law.Masking => Masking,
        _ => Order,
    };

    /// <summary>The claims without one of them.</summary>
    /// <param name="law">The law to leave out.</param>
    /// <param name="reason">Why; shown in the report.</param>
    public LawClaims Waive(Law law, string reason = "waived")
    {
        var less = law switch
        {
            Law.Relabelling => this with { Relabelling = false },
            Law.Chains => this with { Flat = null },
            Law.ZeroSpread => this with { ZeroSpread = false },
            Law.Shift => this with { Shift = false },
            Law.Scaling => this with { Scaling = ScalingClaim.None },
            Law.Identity => this with { Identities = [] },
            Law.Locality => this with { Scope = LawScope.Batch },
            Law.Bound => this with { Bound = null },
            Law.TokenOnce => this with { TokenOnce = false, Twin = null },
            Law.Masking => this with { Masking = false },
            _ => this with { Order = false },
        };
        return less with { Reasons = Reasons.SetItem(law, reason) };
    }

    /// <summary>The claims with these identities added.</summary>
    public LawClaims WithIdentities(params LawIdentity[] identities) => this with { Identities = Identities.AddRange(identities) };

    /// <summary>The claims with another flat rule.</summary>
    public LawClaims WithFlat(FlatClaim flat) => this with { Flat = flat };

    /// <summary>The claims with another group that rewards matter in.</summary>
    public LawClaims WithScope(LawScope scope) => this with { Scope = scope };

    /// <summary>The claims with a bound on the size of advantages.</summary>
    public LawClaims WithBound(LawBound bound) => this with { Bound = bound };

    /// <summary>What a law claims of the rule, or why it claims nothing.</summary>
    public string Words(Law law)
    {
        if (!Claims(law)) return Reasons.GetValueOrDefault(law, "nothing stated");
        return law switch
        {
            Law.Relabelling => "permuting siblings, trees and prompts moves advantages with their nodes",
            Law.Chains => $"a forest of chains{(Flat!.CutChains ? ", cut or not," : "")} is {Flat.Words}",
            Law.ZeroSpread => Scope == LawScope.Batch ? "a forest of equal rewards gives zeros" : "a prompt of equal rewards gives zeros",
            Law.Shift => "adding a constant to all rewards changes nothing",
            Law.Scaling => Scaling switch
            {
                ScalingClaim.Equivariant => "scaling all rewards scales the advantages",
                ScalingClaim.Invariant => "scaling all rewards changes nothing",
                _ => "scaling all rewards scales the advantages or changes nothing",
            },
            Law.Identity => string.Join("; ", Identities.Select(identity => identity.Words)),
            Law.Locality => Scope == LawScope.Siblings ? "only the rewards below a node's parent matter to it" : $"only the rewards of its own {Scope.ToString().ToLowerInvariant()} matter to a node",
            Law.Bound => $"|A| <= {Bound!.Words}",
            Law.TokenOnce => Twin is null ? "packed once a token = duplicated paths" : $"packed once a token = duplicated paths = {Twin.Name}",
            Law.Masking => "leaves without a score get and move nothing",
            _ => "of two sibling leaves the better gets no less",
        };
    }
}
