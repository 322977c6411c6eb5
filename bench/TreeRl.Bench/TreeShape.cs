using System.Collections.Generic;
using System.Linq;
using TreeRl.Models;
using TreeRl.Policies;

namespace TreeRl.Bench;

/// <summary>A prompt and the tree below it, level by level: every node of a level has as many children on the next, each a run of as many tokens as the level says.</summary>
/// <param name="Prompt">Tokens of the prompt.</param>
/// <param name="Levels">The levels from the prompt down; the last holds the leaves.</param>
internal sealed record TreeShape(int Prompt, TreeShape.Level[] Levels)
{
    /// <summary>One level of nodes.</summary>
    /// <param name="FanOut">Children that each node of the level above has.</param>
    /// <param name="Tokens">Tokens of each node.</param>
    internal readonly record struct Level(int FanOut, int Tokens);

    /// <summary>One answer below a prompt.</summary>
    public static TreeShape Chain(int prompt, int tokens) => new(prompt, [new(1, tokens)]);

    /// <summary>A root below the prompt and two children below every other node; the lengths are those of the levels.</summary>
    public static TreeShape Binary(int prompt, params int[] tokens) => new(prompt, [.. tokens.Select((length, level) => new Level(level == 0 ? 1 : 2, length))]);

    /// <summary>Packs trees into a batch without advantages. The last token of an answer is a target and no row.</summary>
    public static PackedBatch Pack(IEnumerable<TreeShape> trees, ModelConfig config)
    {
        List<int> groupSegment = [], groupTarget = [], parents = [], firstRow = [], token = [], position = [], targetRow = [];
        foreach (var tree in trees)
        {
            groupSegment.Add(parents.Count);
            groupTarget.Add(targetRow.Count);
            void Node(int level, int parent, int last, int at)
            {
                int me = parents.Count, length = level < 0 ? tree.Prompt : tree.Levels[level].Tokens;
                bool leaf = level == tree.Levels.Length - 1;
                parents.Add(parent);
                firstRow.Add(token.Count);
                for (int i = 0; i < length; i++)
                {
                    if (level >= 0) targetRow.Add(last);
                    if (leaf && i == length - 1) break;
                    last = token.Count;
                    position.Add(at + i);
                    token.Add(Seed.Of(token.Count).Below(config.VocabSize));
                }
                for (int child = 0; !leaf && child < tree.Levels[level + 1].FanOut; child++) Node(level + 1, me, last, at + length);
            }

            Node(-1, -1, -1, 0);
        }
        groupSegment.Add(parents.Count);
        groupTarget.Add(targetRow.Count);
        firstRow.Add(token.Count);
        int k = targetRow.Count;
        return new PackedBatch
        {
            GroupFirstSegment = [.. groupSegment],
            GroupFirstTarget = [.. groupTarget],
            SegmentParent = [.. parents],
            SegmentFirstRow = [.. firstRow],
            RowToken = [.. token],
            RowPosition = [.. position],
            TargetRow = [.. targetRow],
            TargetToken = new int[k],
            TargetSource = new int[k],
            Credit = CreditColumns.None(targetRow.Count, groupSegment.Count - 1),
        };
    }
}
