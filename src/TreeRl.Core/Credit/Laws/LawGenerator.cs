using System;
using System.Collections.Immutable;
using System.Linq;

namespace TreeRl.Credit;

/// <summary>
/// Draws the forests that laws are checked on: one to three prompts of one to three trees, up to four levels, fan-out one to three (an only
/// child is a chain), leaves at unequal depth, nodes of one to three tokens. Rewards are binary, of three levels, continuous, nearly equal
/// or equal within a prompt; some forests have many leaves without a score. The first forests are small.
/// </summary>
internal sealed class LawGenerator(LawOptions options)
{
    private const int MaxLeaves = 14;

    private int nextKey, leaves;

    public ImmutableArray<LawCase> All()
    {
        var seed = Seed.Of(options.Seed).Child("laws");
        return [.. Enumerable.Range(0, options.Forests).Select(i => Case(seed.Child(i), i))];
    }

    private LawCase Case(Seed seed, int index)
    {
        nextKey = 1;
        int levels = Math.Min(1 + index / 8, 1 + seed.Child("levels").Below(4));
        double masked = seed.Child("masked").Below(4) switch { 0 => 0.4, 1 => 0.15, _ => 0 };
        int prompts = 1 + seed.Child("prompts").Below(3);
        return new([.. Enumerable.Range(0, prompts).Select(p => Prompt(seed.Child("prompt").Child(p), p, levels, masked))]);
    }

    private LawPrompt Prompt(Seed seed, int key, int levels, double masked)
    {
        leaves = 0;
        int style = seed.Child("style").Below(6);
        double common = Level(seed.Child("common").Below(11) / 10.0);
        int roots = 1 + seed.Child("roots").Below(3);
        return new(key, [.. Enumerable.Range(0, roots).Select(r => Grow(seed.Child("root").Child(r), levels))]);

        LawNode Grow(Seed at, int left)
        {
            int own = nextKey++;
            int tokens = 1 + Math.Max(0, at.Child("tokens").Below(5) - 2);
            bool leaf = left <= 1 || leaves >= MaxLeaves || at.Child("leaf").Uniform() < 0.3;
            if (leaf)
            {
                leaves++;
                var state = at.Child("mask").Uniform() < masked ? (LeafState)(1 + at.Child("state").Below(4)) : LeafState.Scored;
                return new(own, tokens, Reward(at.Child("reward")), state, []);
            }
            int fan = at.Child("fan").Below(6) switch { 0 => 1, 1 or 2 => 3, _ => 2 };
            return new(own, tokens, 0, LeafState.Scored, [.. Enumerable.Range(0, fan).Select(c => Grow(at.Child(c), left - 1))]);
        }

        double Reward(Seed at) => style switch
        {
            0 or 1 => Level(at.Below(2)),
            2 => Level(at.Below(3) / 2.0),
            3 => Level(at.Below(101) / 100.0),
            4 => Level(0.4 + at.Below(5) / 10000.0),
            _ => common,
        };
    }

    private double Level(double share) => share == 1 ? options.MaxReward : options.MinReward + share * options.Range;
}
