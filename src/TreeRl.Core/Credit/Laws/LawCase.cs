using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using TreeRl.Forests;
using TreeRl.Rewards;

namespace TreeRl.Credit;

/// <summary>How a leaf of a generated forest ended.</summary>
internal enum LeafState : byte
{
    Scored,
    Abstained,
    Failed,
    TimedOut,
    Pruned,
}

/// <summary>A node of a generated forest. The key names it through every change; reward and state are read at leaves only.</summary>
internal sealed record LawNode(int Key, int Tokens, double Reward, LeafState State, ImmutableArray<LawNode> Children)
{
    public bool IsLeaf => Children.IsEmpty;

    public bool IsScored => IsLeaf && State == LeafState.Scored;

    public IEnumerable<LawNode> Leaves() => IsLeaf ? [this] : Children.SelectMany(child => child.Leaves());

    public LawNode MapLeaves(Func<LawNode, LawNode> map) => IsLeaf ? map(this) : this with { Children = [.. Children.Select(child => child.MapLeaves(map))] };
}

/// <summary>A prompt of a generated forest.</summary>
internal sealed record LawPrompt(int Key, ImmutableArray<LawNode> Roots)
{
    public IEnumerable<LawNode> Leaves() => Roots.SelectMany(root => root.Leaves());
}

/// <summary>A generated forest with its rewards, as a value that laws transform and the shrinker takes apart.</summary>
internal sealed record LawCase(ImmutableArray<LawPrompt> Prompts)
{
    private const int Vocabulary = 30;

    public IEnumerable<LawNode> Leaves() => Prompts.SelectMany(prompt => prompt.Leaves());

    public LawCase MapRoots(Func<LawNode, LawNode> map) => new([.. Prompts.Select(prompt => prompt with { Roots = [.. prompt.Roots.Select(map)] })]);

    public LawCase MapLeaves(Func<LawNode, LawNode> map) => MapRoots(root => root.MapLeaves(map));

    public LawCase MapRewards(Func<double, double> map) => MapLeaves(leaf => leaf with { Reward = map(leaf.Reward) });

    /// <summary>The case without leaves that have no score, without nodes that no scored leaf is below, and without prompts left empty.</summary>
    public LawCase Scored()
    {
        return new([.. Prompts.Select(prompt => prompt with { Roots = Keep(prompt.Roots) }).Where(prompt => !prompt.Roots.IsEmpty)]);

        static ImmutableArray<LawNode> Keep(ImmutableArray<LawNode> nodes) =>
            [.. nodes.Where(node => node.Leaves().Any(leaf => leaf.IsScored)).Select(node => node with { Children = Keep(node.Children) })];
    }

    /// <summary>A number that depends on a key and a word only.</summary>
    public static Seed Draw(int key, string word) => Seed.Of(key).Child(word);

    /// <summary>Seals the case. Token ids, log-probabilities and entropies move with the node.</summary>
    public LawForest Build()
    {
        List<int> parent = [], promptOf = [], tokenCount = [], ids = [], keys = [];
        List<float> logProb = [], entropy = [];
        List<Finish> finish = [];
        List<Outcome> outcomes = [];
        for (int p = 0; p < Prompts.Length; p++)
        {
            foreach (var root in Prompts[p].Roots) Add(root, -1, p);
        }
        var forest = Forest.Create(new ForestColumns
        {
            Prompts = [.. Prompts.Select(prompt => new ForestPrompt($"p{prompt.Key}", "", [1], ""))],
            Parent = [.. parent],
            PromptOf = [.. promptOf],
            TokenCount = [.. tokenCount],
            Finish = [.. finish],
            TokenId = [.. ids],
            LogProb = [.. logProb],
            Entropy = [.. entropy],
        });
        return new LawForest(forest, LeafOutcomes.FromOutcomes(outcomes), [.. keys]);

        void Add(LawNode node, int above, int prompt)
        {
            int index = parent.Count;
            parent.Add(above);
            promptOf.Add(prompt);
            tokenCount.Add(node.Tokens);
            keys.Add(node.Key);
            var draws = Draw(node.Key, "tokens");
            for (int t = 0; t < node.Tokens; t++)
            {
                ids.Add(2 + draws.Below(Vocabulary - 2, t));
                logProb.Add(-(1 + draws.Below(7, t)) / 8f);
                entropy.Add(draws.Below(8, t) / 4f);
            }
            finish.Add(!node.IsLeaf ? Finish.Branched : node.State == LeafState.Pruned ? Finish.Pruned : Finish.EndOfText);
            if (node.IsLeaf) outcomes.Add(OutcomeOf(node));
            foreach (var child in node.Children) Add(child, index, prompt);
        }
    }

    private static Outcome OutcomeOf(LawNode leaf) => leaf.State switch
    {
        LeafState.Scored => Outcome.Score(leaf.Reward),
        LeafState.Failed => Outcome.Failed("the grader threw"),
        LeafState.TimedOut => Outcome.TimedOut("the grader took too long"),
        _ => Outcome.Abstain("no opinion"),
    };
}

/// <summary>A sealed case: the forest, its outcomes, and node -> key.</summary>
internal sealed record LawForest(Forest Forest, LeafOutcomes Outcomes, ImmutableArray<int> Keys)
{
    private readonly Dictionary<int, int> nodes = Keys.Select((key, node) => (key, node)).ToDictionary(pair => pair.key, pair => pair.node);

    /// <summary>The node of a key, -1 when the forest has none.</summary>
    public int NodeOf(int key) => nodes.GetValueOrDefault(key, -1);

    /// <summary>Reward of a leaf node, NaN for an inner node or a leaf without a score.</summary>
    public double RewardOf(int node)
    {
        if (!Forest.IsLeaf(node) || Forest.Finish[node] == Finish.Pruned) return double.NaN;
        var outcome = Outcomes.Total[Forest.FirstLeaf[node]];
        return outcome.HasScore ? outcome.Value : double.NaN;
    }
}
