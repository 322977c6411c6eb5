using System;

namespace TreeRl.Sampling;

/// <summary>
/// Decides, before each token of a live branch, whether the branch forks there. A fork needs at least one token in the node, room in
/// the plan's limits, and this trigger's consent. Triggers hold no state: what they say depends on the branch alone, never on the order
/// in which branches are asked.
/// </summary>
public abstract class BranchTrigger
{
    private protected BranchTrigger()
    {
    }

    /// <summary>Never forks: a plan of flat rollouts.</summary>
    public static BranchTrigger Never { get; } = new NeverTrigger();

    /// <summary>A short description, as in "entropy above 1 (from 4 tokens)".</summary>
    public abstract string Name { get; }

    /// <summary>
    /// Whether the children of a fork get different first tokens unless the plan says otherwise: true for entropy triggers, which fork
    /// to try alternatives; false where forks are independent continuations.
    /// </summary>
    public virtual bool DistinctByDefault => false;

    /// <summary>Whether <see cref="Fires"/> reads the entropy of the coming token; triggers that do not can be asked before the policy reads the last token.</summary>
    internal virtual bool NeedsNextDistribution => true;

    /// <summary>Tokens between two firings where that is a fixed number; 0 otherwise.</summary>
    internal virtual int SegmentTokens => 0;

    /// <summary>Fires when the node has n, 2n, 3n, ... tokens (TreeRPO, arXiv 2506.05183; TreePO, arXiv 2508.17445; SPO-tree, arXiv 2505.23564).</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="tokens"/> is below 1.</exception>
    public static BranchTrigger EveryTokens(int tokens)
    {
        Guard.InRange(tokens >= 1, tokens, "must be at least 1");
        return new EveryTokensTrigger(tokens);
    }

    /// <summary>
    /// Fires where the entropy of the next-token distribution (nats, full vocabulary, temperature 1) exceeds <paramref name="threshold"/>
    /// and the node has at least <paramref name="minNodeTokens"/> tokens (TreeAdv, arXiv 2601.03703).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The threshold is negative or not finite, or <paramref name="minNodeTokens"/> is below 1.</exception>
    public static BranchTrigger EntropyAbove(double threshold, int minNodeTokens = 1)
    {
        Guard.InRange(double.IsFinite(threshold) && threshold >= 0, threshold, "must be a number of at least 0 nats");
        Guard.InRange(minNodeTokens >= 1, minNodeTokens, "must be at least 1: a node has at least one token before it forks");
        return new EntropyTrigger(threshold, minNodeTokens);
    }

    /// <summary>
    /// Fires when <paramref name="fires"/> returns true. The function is called for each live branch and token; it must depend on its
    /// argument alone. An exception it throws ends the sampling with an <see cref="InvalidOperationException"/> that names the trigger.
    /// </summary>
    /// <param name="name">Names the trigger in messages and reports.</param>
    /// <param name="fires">The rule; the context is valid during the call only.</param>
    /// <param name="distinctFirstTokens">The trigger's <see cref="DistinctByDefault"/>.</param>
    public static BranchTrigger Custom(string name, Func<BranchContext, bool> fires, bool distinctFirstTokens = false)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(fires);
        return new CustomTrigger(name, fires, distinctFirstTokens);
    }

    /// <summary>Whether the branch forks before its next token.</summary>
    internal abstract bool Fires(BranchContext branch);

    /// <inheritdoc/>
    public sealed override string ToString() => Name;

    private sealed class NeverTrigger : BranchTrigger
    {
        public override string Name => "never";

        internal override bool NeedsNextDistribution => false;

        internal override bool Fires(BranchContext branch) => false;
    }

    private sealed class EveryTokensTrigger(int tokens) : BranchTrigger
    {
        public override string Name => tokens == 1 ? "every token" : $"every {tokens} tokens";

        internal override int SegmentTokens => tokens;

        internal override bool NeedsNextDistribution => false;

        internal override bool Fires(BranchContext branch) => branch.NodeTokens > 0 && branch.NodeTokens % tokens == 0;
    }

    private sealed class EntropyTrigger(double threshold, int minNodeTokens) : BranchTrigger
    {
        public override string Name => FormattableString.Invariant($"entropy above {threshold}") + (minNodeTokens > 1 ? $" (from {minNodeTokens} tokens)" : "");

        public override bool DistinctByDefault => true;

        internal override bool Fires(BranchContext branch) => branch.NodeTokens >= minNodeTokens && branch.Entropy > threshold;
    }

    private sealed class CustomTrigger(string name, Func<BranchContext, bool> fires, bool distinct) : BranchTrigger
    {
        public override string Name => name;

        public override bool DistinctByDefault => distinct;

        internal override bool Fires(BranchContext branch)
        {
            try
            {
                return fires(branch);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                throw UserRule.Threw("branch trigger", name, branch.PromptId, branch.PathTokens, e);
            }
        }
    }
}
