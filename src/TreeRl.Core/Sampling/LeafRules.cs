using System.Collections.Generic;
using TreeRl.Forests;
using TreeRl.Models;
using TreeRl.Policies;

namespace TreeRl.Sampling;

/// <summary>Asks, after a branch has got a token, whether its answer ends there, in the order that <see cref="SamplingPlan"/> states.</summary>
internal sealed class LeafRules
{
    private readonly SamplingPlan plan;
    private readonly ForestBuilder builder;
    private readonly bool[] isEnd;
    private readonly StopTextWatch? stopTexts;
    private readonly StopContext context;
    private readonly Stack<RepetitionCounter> idle = new();

    public LeafRules(SamplingPlan plan, ITokenizer tokenizer, int vocabSize, ForestBuilder builder, StopContext context)
    {
        this.plan = plan;
        this.builder = builder;
        this.context = context;
        isEnd = new bool[vocabSize];
        foreach (int id in tokenizer.EndTokens) isEnd[id] = true;
        if (!plan.StopTexts.IsEmpty) stopTexts = new StopTextWatch(tokenizer, plan.StopTexts, vocabSize);
    }

    /// <summary>Whether the last answer checked repeats itself under a plan whose repetition rule comes last; the caller asks once the depth has been looked at.</summary>
    public bool RepeatsLast { get; private set; }

    /// <summary>The repetition counter of a new path, a copy of <paramref name="parent"/> where there is one; null without a repetition rule.</summary>
    public RepetitionCounter? NewCounter(RepetitionCounter? parent)
    {
        if (plan.Repetition is null) return null;
        if (!idle.TryPop(out var counter)) counter = new RepetitionCounter(plan.Repetition);
        if (parent is null) counter.Clear();
        else counter.CopyFrom(parent);
        return counter;
    }

    /// <summary>Takes a counter back that no path uses any more.</summary>
    public void Return(RepetitionCounter? counter)
    {
        if (counter is not null) idle.Push(counter);
    }

    /// <summary>Why the branch ends with its last token; <see cref="Finish.Branched"/> when it goes on.</summary>
    public Finish Check(in Branch branch, string promptId, int maxPathTokens, TokenPick pick, float entropy)
    {
        // The counter follows every token, whichever rule comes first.
        bool repeats = branch.Repetition is { } counter && counter.Push(pick.Id);
        RepeatsLast = repeats && plan.RepetitionOrder == RepetitionOrder.Last;
        if (repeats && plan.RepetitionOrder == RepetitionOrder.First) return Finish.Repetition;
        if (isEnd[pick.Id]) return Finish.EndOfText;
        if (stopTexts is not null && stopTexts.Ends(builder, branch.Node, branch.PathTokens, pick.Id)) return Finish.StopText;
        if (repeats && plan.RepetitionOrder == RepetitionOrder.AfterText) return Finish.Repetition;
        if (plan.Custom is { } custom)
        {
            branch.Describe(context, promptId);
            context.LogProb = pick.LogProb;
            context.Entropy = entropy;
            if (custom.Ask(context)) return Finish.Custom;
        }
        return branch.PathTokens >= maxPathTokens ? Finish.MaxTokens : Finish.Branched;
    }
}
