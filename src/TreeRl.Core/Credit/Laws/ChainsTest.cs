using System.Collections.Immutable;
using System.Linq;

namespace TreeRl.Credit;

/// <summary>
/// <see cref="Law.Chains"/>: every leaf alone, as a tree of one node or - where the claim covers cuts - of as many nodes as its path had; the
/// flat rule always sees trees of one node.
/// </summary>
internal sealed class ChainsTest(CreditRule rule, LawOptions options, FlatClaim claim) : LawTest(rule, options)
{
    private const int KeyStep = 1 << 16;

    public override LawCase Prepare(LawCase drawn)
    {
        return new([.. drawn.Prompts.Select(prompt => prompt with { Roots = [.. prompt.Roots.SelectMany(root => Chains(root, [])).OfType<LawNode>()] })]);

        ImmutableArray<LawNode> Chains(LawNode node, ImmutableArray<int> above)
        {
            if (!node.IsLeaf) return [.. node.Children.SelectMany(child => Chains(child, claim.CutChains ? above.Add(node.Tokens) : above))];
            var chain = node;
            for (int i = above.Length - 1; i >= 0; i--) chain = new(node.Key + KeyStep * (i + 1), above[i], 0, LeafState.Scored, [chain]);
            return [chain];
        }
    }

    protected override LawFinding? Examine(LawCase of)
    {
        if (!of.Prompts.All(prompt => prompt.Roots.All(root => claim.CutChains ? IsChain(root) : root.IsLeaf))) return null;
        LawRun now = Run(of), flat = LawRun.Of(claim.Rule, of.MapRoots(Joined));
        var witness = new LawWitness(now.Sealed);
        foreach (int leaf in now.Forest.Leaves)
        {
            double expected = claim.Factor * flat.Mean(flat.Sealed.NodeOf(now.Sealed.Keys[leaf]));
            foreach (int n in now.Forest.Path(leaf))
            {
                for (int i = 0; i < now.Count(n); i++) witness.See(now.Sealed.Keys[n], $"advantage, by {claim.Words}", expected, now.Advantage(n, i));
            }
        }
        return witness.Finding();
    }

    private static bool IsChain(LawNode node) => node.IsLeaf || (node.Children.Length == 1 && IsChain(node.Children[0]));

    private static LawNode Joined(LawNode node)
    {
        if (node.IsLeaf) return node;
        var rest = Joined(node.Children[0]);
        return rest with { Tokens = node.Tokens + rest.Tokens };
    }
}
