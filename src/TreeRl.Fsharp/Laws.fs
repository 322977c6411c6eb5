namespace TreeRl

open TreeRl.Credit

/// <summary>What a credit rule may keep, whatever the forest and its rewards.</summary>
type Law = TreeRl.Credit.Law

/// <summary>
/// Checks rules against the laws they claim, on generated forests. A report prints as a table; a law that breaks is drawn on the smallest
/// forest found that breaks it.
/// <code>
/// Laws.check mine
/// Laws.check (mine, claims = (Laws.claims mine |> Laws.waive Law.Shift "reads the mean reward"), forests = 200)
/// </code>
/// </summary>
[<AbstractClass; Sealed>]
type Laws =

    /// <summary>
    /// Checks a rule of the core.
    /// </summary>
    /// <param name="rule">The rule.</param>
    /// <param name="claims">What it claims; left out, what follows from its words.</param>
    /// <param name="forests">Number of forests, 60 when left out.</param>
    /// <param name="seed">Seed of the forests, 1 when left out: the same seed gives the same report.</param>
    static member check(rule: CreditRule, ?claims: LawClaims, ?forests: int, ?seed: int64) : LawReport =
        let defaults = LawOptions()

        LawBook.Check(
            rule,
            LawOptions(
                Claims = Option.toObj claims,
                Forests = defaultArg forests defaults.Forests,
                Seed = defaultArg seed defaults.Seed
            )
        )

    /// <summary>Checks a <c>redistribution</c> block.</summary>
    static member check(rule: TreeRl.Redistribution, ?claims: LawClaims, ?forests: int, ?seed: int64) : LawReport =
        Laws.check (rule.Rule, ?claims = claims, ?forests = forests, ?seed = seed)

    /// <summary>Checks how a method redistributes.</summary>
    static member check(method: Method, ?claims: LawClaims, ?forests: int, ?seed: int64) : LawReport =
        Laws.check (method.Redistribute.Rule, ?claims = claims, ?forests = forests, ?seed = seed)

    /// <summary>What a rule claims by its words, for rewards within 0 .. 1.</summary>
    static member claims(rule: CreditRule) : LawClaims = LawClaims.Of rule

    /// <summary>What a <c>redistribution</c> block claims by its words.</summary>
    static member claims(rule: TreeRl.Redistribution) : LawClaims = LawClaims.Of rule.Rule

    /// <summary>What a method's redistribution claims by its words.</summary>
    static member claims(method: Method) : LawClaims = LawClaims.Of method.Redistribute.Rule

    /// <summary>The claims without one law; the reason is shown in the report.</summary>
    static member waive (law: Law) (reason: string) (claims: LawClaims) : LawClaims = claims.Waive(law, reason)

    /// <summary>The claims with the flat rule that a forest of chains comes to, times a factor.</summary>
    static member onChains (factor: float) (flat: TreeRl.Redistribution) (claims: LawClaims) : LawClaims =
        claims.WithFlat(FlatClaim(flat.Rule, factor))

    /// <summary>The claims with a sum or mean stated, such as <c>LawIdentity.SiblingsSumToZero()</c>.</summary>
    static member state (identity: LawIdentity) (claims: LawClaims) : LawClaims = claims.WithIdentities identity
