using System;
using System.Collections.Immutable;
using System.Threading;
using TreeRl.Forests;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Rewards;
using TreeRl.Sampling;
using TreeRl.Tasks;
using TreeRl.Training;

namespace TreeRl.Evaluation;

/// <summary>Samples and grades a policy's answers.</summary>
public static class PolicyMeasure
{
    /// <summary>
    /// Draws each item's answers independently of each other (no answer shares a branch with another: that is what pass@k and its kin assume), grades
    /// them and sorts their final answers into classes. The result depends on policy, items, plan and seed alone.
    /// </summary>
    /// <param name="policy">The policy; its weights are read only.</param>
    /// <param name="name">Names it in the result.</param>
    /// <param name="tokenizer">Turns prompts into tokens and answers into text.</param>
    /// <param name="tasks">Where the items come from.</param>
    /// <param name="plan">How many, how drawn, how graded.</param>
    /// <param name="progress">Called after each decoding step.</param>
    /// <param name="cancellation">Looked at before each decoding step.</param>
    /// <exception cref="ArgumentException">The plan breaks a rule, or the source has fewer items than it asks for, or ids repeat.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was asked for.</exception>
    public static PolicyEvaluation Run(
        IPolicy policy,
        string name,
        ITokenizer tokenizer,
        ITaskSource tasks,
        MeasurePlan plan,
        Action<SamplingProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(tasks);
        ArgumentNullException.ThrowIfNull(plan);
        plan.Validated();
        tasks.Need(plan.Items, nameof(plan.Items), nameof(plan));
        var sampling = new SamplingPlan
        {
            Trees = plan.AnswersPerItem,
            MaxLeaves = plan.AnswersPerItem,
            MaxTokens = plan.MaxTokens,
            StopTexts = plan.StopTexts,
            Picking = plan.Picking,
        };
        var prompts = Evaluator.Prompts(tasks, tokenizer, 0, plan.Items);
        var forest = Sampler.Grow(policy, tokenizer, prompts, sampling, plan.Seed, progress, cancellation).Forest;
        var answers = Grading.Answers(forest, tokenizer);
        var outcomes = Grading.Grade(answers, RewardPlan.Of(new RewardTerm("right", 1, plan.Grader)).WithTimeLimit(plan.TimeLimit));
        var items = ImmutableArray.CreateBuilder<ItemAnswers>(plan.Items);
        for (int item = 0, leaf = 0; item < plan.Items; item++)
        {
            int first = leaf;
            while (leaf < answers.Length && forest.PromptOf[forest.Leaves[leaf]] == item) leaf++;
            items.Add(Item(tasks.Item(item), answers.AsSpan()[first..leaf], outcomes.Total.AsSpan()[first..leaf], plan));
        }
        return new PolicyEvaluation
        {
            Policy = name,
            Tasks = tasks.Name,
            Picking = plan.Picking,
            MaxTokens = plan.MaxTokens,
            Seed = plan.Seed,
            Items = items.MoveToImmutable(),
        };
    }

    private static ItemAnswers Item(TaskItem task, ReadOnlySpan<Answer> answers, ReadOnlySpan<Outcome> outcomes, MeasurePlan plan)
    {
        var finals = new string?[answers.Length];
        for (int i = 0; i < finals.Length; i++) finals[i] = plan.Final(answers[i].Text);
        int[] classes = AnswerClasses.Of(finals, plan.Same);
        var graded = ImmutableArray.CreateBuilder<GradedAnswer>(answers.Length);
        for (int i = 0; i < answers.Length; i++)
            graded.Add(new GradedAnswer
            {
                Text = answers[i].Text,
                Final = finals[i],
                Class = classes[i],
                Outcome = outcomes[i],
                Tokens = answers[i].TokenCount,
                Finish = answers[i].Finish,
            });
        return new ItemAnswers
        {
            Id = task.Id,
            Level = task.Level,
            Subject = task.Subject,
            Prompt = task.Prompt,
            Reference = task.Reference,
            Answers = graded.MoveToImmutable(),
        };
    }
}
