using System;
using System.Collections.Generic;
using TreeRl.Forests;
using TreeRl.Models;
using TreeRl.Tasks;

namespace TreeRl.Training;

/// <summary>
/// The prompts of a run in the order they are asked, place by place: endless sources are read on, finite ones are shuffled anew in every
/// pass. What stands at a place depends on the plan alone; how far a run has come is a number that its checkpoints keep.
/// </summary>
internal sealed class PromptStream(ExperimentPlan plan, ITokenizer tokenizer)
{
    private readonly HashSet<long> asked = [];

    /// <summary>The next place.</summary>
    public long Place { get; private set; }

    /// <summary>Starts a step at a place; within a step no item is asked twice.</summary>
    /// <exception cref="ArgumentException">The source has fewer items than a step needs.</exception>
    public void Begin(long place)
    {
        plan.TrainTasks.Need(plan.PromptsPerStep, nameof(plan.PromptsPerStep), nameof(plan));
        Place = place;
        asked.Clear();
    }

    /// <summary>The next prompts, fewer than <paramref name="count"/> only when the step has asked every item of a finite source.</summary>
    public List<ForestPrompt> Next(int count)
    {
        var prompts = new List<ForestPrompt>(count);
        while (prompts.Count < count && !(plan.TrainTasks.Count is int all && asked.Count == all))
        {
            long item = ItemAt(Place++);
            if (asked.Add(item)) prompts.Add(Evaluator.Prompts(plan.TrainTasks, tokenizer, item, 1)[0]);
        }
        return prompts;
    }

    private (int Pass, int[] Order) shuffled = (-1, []);

    private long ItemAt(long place)
    {
        if (plan.TrainTasks.Count is not int count) return place;
        int passLength = count / plan.PromptsPerStep * plan.PromptsPerStep; // a step without refill never mixes two passes
        int pass = (int)(place / passLength);
        if (shuffled.Pass != pass) shuffled = (pass, plan.Seed.Child("shuffle").Child(pass).Permutation(count));
        return shuffled.Order[place % passLength];
    }
}
