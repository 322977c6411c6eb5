using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;

namespace TreeRl.Credit;

/// <summary>
/// Makes a case that breaks a law smaller as long as it breaks it: fewer prompts, trees, subtrees and levels first, then fewer tokens, fewer
/// masks, and rewards at an end or the middle of the range. The result is minimal: no single one of these changes keeps the law broken.
/// </summary>
internal sealed class LawShrinker(LawTest test, LawOptions options)
{
    /// <summary>Reduces a broken case.</summary>
    public LawCase Shrink(LawCase broken)
    {
        while (Smaller(broken).FirstOrDefault(of => test.Judge(of) is { Broken: true }) is { } next) broken = next;
        return broken;
    }

    // every change lowers (nodes, tokens, masks, reward steps) in dictionary order, so that shrinking ends
    private IEnumerable<LawCase> Smaller(LawCase of)
    {
        if (of.Prompts.Length > 1)
        {
            for (int p = 0; p < of.Prompts.Length; p++) yield return new(of.Prompts.RemoveAt(p));
        }
        for (int p = 0; p < of.Prompts.Length; p++)
        {
            var prompt = of.Prompts[p];
            foreach (var roots in Less(prompt.Roots, true).Concat(Simpler(prompt.Roots))) yield return new(of.Prompts.SetItem(p, prompt with { Roots = roots }));
        }
    }

    /// <summary>A list of siblings with one node fewer, or one node replaced by something with fewer nodes.</summary>
    private static IEnumerable<ImmutableArray<LawNode>> Less(ImmutableArray<LawNode> siblings, bool mayDrop)
    {
        for (int i = 0; i < siblings.Length && mayDrop && siblings.Length > 1; i++) yield return siblings.RemoveAt(i);
        for (int i = 0; i < siblings.Length; i++)
        {
            var node = siblings[i];
            if (node.IsLeaf) continue;
            yield return siblings.SetItem(i, node.Leaves().First() with { Key = node.Key });
            foreach (var child in node.Children) yield return siblings.SetItem(i, child);
            yield return siblings.RemoveAt(i).InsertRange(i, node.Children);
            foreach (var children in Less(node.Children, true)) yield return siblings.SetItem(i, node with { Children = children });
        }
    }

    /// <summary>The same nodes, one of them with one token, with a score instead of none, or with a simpler reward.</summary>
    private IEnumerable<ImmutableArray<LawNode>> Simpler(ImmutableArray<LawNode> siblings)
    {
        for (int i = 0; i < siblings.Length; i++)
        {
            foreach (var node in Simpler(siblings[i])) yield return siblings.SetItem(i, node);
        }
    }

    private IEnumerable<LawNode> Simpler(LawNode node)
    {
        if (node.Tokens > 1) yield return node with { Tokens = 1 };
        if (!node.IsLeaf)
        {
            foreach (var children in Simpler(node.Children)) yield return node with { Children = children };
            yield break;
        }
        if (!node.IsScored) yield return node with { State = LeafState.Scored };
        if (!node.IsScored && node.State != LeafState.Abstained) yield return node with { State = LeafState.Abstained };
        double[] simple = [options.MinReward, options.MaxReward, options.MinReward + 0.5 * options.Range];
        foreach (double reward in simple.TakeWhile(reward => reward != node.Reward)) yield return node with { Reward = reward };
    }
}
