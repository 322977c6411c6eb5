using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Threading;
using TreeRl.Forests;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Rewards;
using TreeRl.Sampling;

namespace TreeRl.Values;

/// <summary>
/// Samples and grades the continuations of places of a forest: as many fresh answers as the plan has trees go on from each, flat, and end
/// where the whole answer has the plan's length.
/// </summary>
internal sealed class PlaceSampler(IPolicy policy, ITokenizer tokenizer, Forest forest, RewardPlan reward, SamplingPlan plan, Seed seed, ValuePlaces places)
{
    /// <summary>What the continuations of some places came to, in the order given; no number depends on which are asked together.</summary>
    public PlaceValue[] Sample(IReadOnlyList<int> asked, CancellationToken cancellation)
    {
        var prompts = asked.Select(places.Prompt).ToArray();
        int[] room = [.. asked.Select(place => plan.MaxTokens - places.PathLength(place))];
        var sampling = plan with { Custom = new StopRule("answer length", branch => branch.PathTokens >= room[branch.PromptIndex]) };
        var grown = Sampler.Grow(policy, tokenizer, prompts, sampling, seed, null, cancellation).Forest;
        var outcomes = Grading.Grade(Answers(grown, asked), reward).Total;
        var results = new PlaceValue[prompts.Length];
        for (int leaf = 0; leaf < grown.LeafTotal; leaf++)
        {
            int node = grown.Leaves[leaf];
            ref var place = ref results[grown.PromptOf[node]];
            double value = outcomes[leaf].HasScore ? outcomes[leaf].Value : 0;
            place = new PlaceValue(place.Scored + (outcomes[leaf].HasScore ? 1 : 0), place.Sum + value, place.Squares + value * value, place.Tokens + grown.TokenCount[node]);
        }
        return results;
    }

    /// <summary>The whole answers: path and continuation, under the question's own id.</summary>
    private ImmutableArray<Answer> Answers(Forest grown, IReadOnlyList<int> asked)
    {
        var continuations = Grading.Answers(grown, tokenizer);
        var answers = ImmutableArray.CreateBuilder<Answer>(continuations.Length);
        for (int leaf = 0; leaf < continuations.Length; leaf++)
        {
            int place = asked[grown.PromptOf[grown.Leaves[leaf]]];
            var continuation = continuations[leaf];
            var question = forest.Prompts[places.PromptOf(place)];
            int pathLength = places.PathLength(place), promptLength = question.TokenIds.Length;
            var path = places.Prompt(place).TokenIds.AsSpan(promptLength, pathLength);
            ImmutableArray<int> tokens = [.. path, .. continuation.TokenIds];
            int textTokens = tokens.Length;
            while (textTokens > 0 && tokenizer.EndTokens.Contains(tokens[textTokens - 1])) textTokens--;
            answers.Add(continuation with
            {
                PromptId = question.Id,
                TokenIds = tokens,
                TokenCount = tokens.Length,
                Text = tokenizer.Decode(tokens.AsSpan(0, textTokens)),
                // The rule that stops a continuation at the answer's length stands for the forest's own.
                Finish = continuation.Finish == Finish.Custom ? Finish.MaxTokens : continuation.Finish,
            });
        }
        return answers.MoveToImmutable();
    }
}

/// <summary>What the continuations of one place came to.</summary>
/// <param name="Scored">Continuations with a score.</param>
/// <param name="Sum">Sum of their rewards.</param>
/// <param name="Squares">Sum of the squares.</param>
/// <param name="Tokens">Tokens drawn, over all continuations.</param>
internal readonly record struct PlaceValue(int Scored, double Sum, double Squares, long Tokens)
{
    public double Value => Scored == 0 ? double.NaN : Sum / Scored;

    /// <summary>Rounding may take the difference of the squares below 0, which no variance is.</summary>
    public double Variance => Scored < 2 ? double.NaN : Math.Max(0, Squares - Sum * Sum / Scored) / (Scored - 1) / Scored;
}
