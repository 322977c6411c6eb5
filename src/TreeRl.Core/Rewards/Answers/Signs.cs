using System.Collections.Generic;
using System.Linq;

namespace TreeRl.Rewards.Answers;

/// <summary>
/// Writes plus-or-minus out. Several of them vary independently, unless a minus-or-plus is among them: then all vary together, and those
/// have the opposite sign.
/// </summary>
internal static class Signs
{
    private const int MaxSigns = 4;

    /// <summary>True when a plus-or-minus is somewhere in the node, sets within it apart: their members are written out one by one.</summary>
    public static bool In(MathNode node)
    {
        if (node.Kind == MathKind.Sign) return true;
        foreach (MathNode arg in node.Args)
            if (arg.Kind is not (MathKind.Set or MathKind.List) && In(arg)) return true;
        return false;
    }

    /// <summary>The list of all versions, or null when there are too many.</summary>
    public static MathNode? Expand(MathNode node, WorkBudget budget)
    {
        var found = new List<MathNode>();
        node.Any(n =>
        {
            if (n.Kind == MathKind.Sign) found.Add(n);
            return false;
        });
        bool together = found.Any(static n => n.Text == "-");
        int count = together ? 1 : found.Count;
        if (count > MaxSigns || !budget.Spend((long)node.Size << count)) return null;
        var versions = new MathNode[1 << count];
        for (int version = 0; version < versions.Length; version++)
        {
            int next = 0;
            versions[version] = Replace(node, version, together, ref next);
        }
        return new MathNode(MathKind.List, "", versions);
    }

    private static MathNode Replace(MathNode node, int version, bool together, ref int next)
    {
        if (node.Kind == MathKind.Sign)
        {
            bool minus = ((version >> (together ? 0 : next)) & 1) != 0;
            next++;
            return MathNode.Number(minus != (node.Text == "-") ? -1 : 1);
        }
        if (node.Args.Count == 0) return node;
        var args = new MathNode[node.Args.Count];
        for (int i = 0; i < args.Length; i++) args[i] = Replace(node.Args[i], version, together, ref next);
        return node.With(args);
    }
}
