namespace TreeRl.Credit;

/// <summary>What a credit rule may keep, whatever the forest and its rewards. <see cref="LawBook"/> checks each on generated forests.</summary>
public enum Law
{
    /// <summary>Permuting siblings, trees and prompts moves every advantage with its node and changes none.</summary>
    Relabelling,

    /// <summary>On a forest of chains the rule is a flat one: see <see cref="LawClaims.Flat"/>.</summary>
    Chains,

    /// <summary>Equal rewards give zeros: within a prompt, or over the whole forest for a rule that reads the batch.</summary>
    ZeroSpread,

    /// <summary>Adding a constant to all rewards changes nothing.</summary>
    Shift,

    /// <summary>Multiplying all rewards by a positive number multiplies all advantages by it, or changes none. Every epsilon is set to 0 for this law.</summary>
    Scaling,

    /// <summary>The sums and means that the rule states: see <see cref="LawIdentity"/>.</summary>
    Identity,

    /// <summary>An advantage depends on the rewards of its own group only: see <see cref="LawClaims.Scope"/>.</summary>
    Locality,

    /// <summary>No advantage is larger than the bound stated.</summary>
    Bound,

    /// <summary>
    /// Packed once for each token, the batch pulls as hard on every token as the duplicated paths do; and, where every node has the mean
    /// advantage of its leaves, as hard as the rule that gives each path its leaf's advantage (ratio 1, token mean).
    /// </summary>
    TokenOnce,

    /// <summary>Leaves without a score get nothing, and removing them changes no other advantage.</summary>
    Masking,

    /// <summary>Of two leaves below one parent, the one that earned more gets no less. A flipped sign breaks it.</summary>
    Order,
}

/// <summary>What a check came to.</summary>
public enum LawVerdict
{
    /// <summary>No forest broke it.</summary>
    Holds,

    /// <summary>A forest broke it.</summary>
    Fails,

    /// <summary>The rule does not claim it; nothing was judged.</summary>
    NotClaimed,
}

/// <summary>What happens to advantages when all rewards are multiplied by the same positive number.</summary>
public enum ScalingClaim
{
    /// <summary>Nothing is claimed.</summary>
    None,

    /// <summary>They are multiplied by it.</summary>
    Equivariant,

    /// <summary>They stay.</summary>
    Invariant,

    /// <summary>One of the two, the same on every forest.</summary>
    Either,
}

/// <summary>The group whose rewards an advantage may depend on, from narrow to wide.</summary>
public enum LawScope
{
    /// <summary>The leaves below the node's parent; for a root, those of its prompt.</summary>
    Siblings,

    /// <summary>The leaves of the node's tree.</summary>
    Tree,

    /// <summary>The leaves of the node's prompt.</summary>
    Prompt,

    /// <summary>All leaves of the forest: nothing is claimed.</summary>
    Batch,
}
