using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Diagnostics;
using System.IO;
using System.Threading;
using TreeRl.Credit;
using TreeRl.Forests;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Rewards;
using TreeRl.Sampling;

namespace TreeRl.Training;

/// <summary>Makes a policy of weights; this is where an engine is chosen.</summary>
/// <param name="weights">The weights it starts from.</param>
public delegate IPolicy PolicyFactory(ModelWeights weights);

/// <summary>
/// Runs an experiment: per step sample a forest, grade it, redistribute, update; between steps measure, write checkpoints, tell what
/// happened. Step s depends on the weights, the optimiser and (plan, s) alone, so a run continued from a checkpoint gives the same bytes.
/// </summary>
public sealed class Trainer
{
    private readonly ExperimentPlan plan;
    private readonly ITokenizer tokenizer;
    private readonly Action<RunEvent> tell;
    private readonly RunFolder? folder;
    private readonly List<StepMetrics> steps = [];
    private readonly List<EvaluationPoint> evaluations = [];
    private long tokensSoFar;

    private Trainer(ExperimentPlan plan, ModelWeights start, ITokenizer tokenizer, Action<RunEvent>? tell)
    {
        this.plan = plan.Validated();
        this.tokenizer = tokenizer;
        this.tell = tell ?? (_ => { });
        folder = plan.Folder is null ? null : RunFolder.Open(plan.Folder, Identity(plan, start));
    }

    /// <summary>Runs a plan from the start, or from the last checkpoint in its folder.</summary>
    /// <param name="plan">What to do.</param>
    /// <param name="start">Weights of the starting policy, which is the reference policy too.</param>
    /// <param name="tokenizer">The policy's tokenizer.</param>
    /// <param name="engine">Makes the policy.</param>
    /// <param name="tell">Receives progress on the calling thread; may be null.</param>
    /// <param name="cancellation">Ends the run after the present step, with a checkpoint.</param>
    /// <exception cref="ArgumentException">The plan breaks a rule.</exception>
    /// <exception cref="InvalidOperationException">The folder belongs to another plan, or the engine failed a self-check.</exception>
    /// <exception cref="NonFiniteException">A NaN or infinity was met; the policy before that update is in the last checkpoint.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the run continues from its checkpoint when it is run again.</exception>
    public static RunResult Run(ExperimentPlan plan, ModelWeights start, ITokenizer tokenizer, PolicyFactory engine, Action<RunEvent>? tell = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(engine);
        var trainer = new Trainer(plan, start, tokenizer, tell);
        using (trainer.folder) return trainer.Run(start, engine, cancellation);
    }

    /// <summary>
    /// What a run is recognised by when it continues, and the text of its <c>plan.json</c>: the fingerprint of the starting weights and the
    /// plan. Functions of the user's enter by name only: a changed body under the same name is not noticed.
    /// </summary>
    public static string Identity(ExperimentPlan plan, ModelWeights start)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(start);
        return PlanJson.Write(new RunIdentity(start.Fingerprint(), plan));
    }

    private sealed record RunIdentity(string StartingWeights, ExperimentPlan Plan);

    /// <summary>The prompts of a step: endless sources are read on, finite ones are shuffled anew in every pass.</summary>
    /// <exception cref="ArgumentException">The source has fewer items than a step needs.</exception>
    public static IReadOnlyList<ForestPrompt> PromptsOfStep(ExperimentPlan plan, ITokenizer tokenizer, int step)
    {
        long first = (long)step * plan.PromptsPerStep;
        if (plan.TrainTasks.Count is not int count) return Evaluator.Prompts(plan.TrainTasks, tokenizer, first, plan.PromptsPerStep);
        Guard.That(count >= plan.PromptsPerStep,
            $"PromptsPerStep = {plan.PromptsPerStep}: the task source '{plan.TrainTasks.Name}' has only {count} items", nameof(plan));
        var prompts = new ForestPrompt[plan.PromptsPerStep];
        int passLength = count / plan.PromptsPerStep * plan.PromptsPerStep; // a step never mixes two passes
        int pass = (int)(first / passLength), offset = (int)(first % passLength);
        int[] order = plan.Seed.Child("shuffle").Child(pass).Permutation(count);
        for (int i = 0; i < prompts.Length; i++)
            prompts[i] = Evaluator.Prompts(plan.TrainTasks, tokenizer, order[offset + i], 1)[0];
        return prompts;
    }

    private RunResult Run(ModelWeights start, PolicyFactory engine, CancellationToken cancellation)
    {
        int done = 0;
        IPolicy? policy = null, reference = null;
        try
        {
            policy = Resume(start, engine, out done);
            if (plan.Objective.NeedsReference)
            {
                using var initial = engine(start);
                reference = initial.CloneFrozen();
            }
            tell(new RunEvent.Started(plan, policy.Engine, done));
            StepProducts? products = null;
            if (done == 0 && evaluations.Count == 0) Evaluate(policy, 0);
            for (int step = done; step < plan.Steps; step++)
            {
                if (cancellation.IsCancellationRequested)
                {
                    Checkpoint(policy, step);
                    cancellation.ThrowIfCancellationRequested();
                }
                products = Step(policy, reference, step);
                int finished = step + 1;
                bool last = finished == plan.Steps;
                if (last || Due(finished, plan.Evaluation.Every)) Evaluate(policy, finished);
                if (last || Due(finished, plan.ForestEvery)) StoreForest(products);
                if (last || Due(finished, plan.CheckpointEvery)) Checkpoint(policy, finished); // last: what it stands for is on disk
            }
            products ??= StoredProducts();
            return new RunResult
            {
                Plan = plan,
                Steps = [.. steps],
                Evaluations = [.. evaluations],
                LastProducts = products,
                Policy = policy,
                ResumedFrom = done,
            };
        }
        catch
        {
            policy?.Dispose();
            throw;
        }
        finally
        {
            reference?.Dispose();
        }
    }

    private static bool Due(int finished, int every) => every > 0 && finished % every == 0;

    private IPolicy Resume(ModelWeights start, PolicyFactory engine, out int done)
    {
        done = 0;
        if (folder is null) return engine(start);
        var checkpoints = folder.Checkpoints();
        if (!checkpoints.IsEmpty) done = checkpoints[^1];
        steps.AddRange(folder.KeepMetrics(done));
        evaluations.AddRange(folder.KeepEvaluations(done));
        if (done == 0) return engine(start);
        var (weights, optimizer, state) = folder.LoadCheckpoint(done, start);
        tokensSoFar = state.TokensSoFar;
        var policy = engine(weights);
        policy.ImportOptimizer(optimizer);
        return policy;
    }

    private StepProducts Step(IPolicy policy, IPolicy? reference, int step)
    {
        long begin = Stopwatch.GetTimestamp();
        var prompts = PromptsOfStep(plan, tokenizer, step);
        long promptsReady = Stopwatch.GetTimestamp();
        var forest = Sampler.Grow(policy, tokenizer, prompts, plan.Sampling, plan.Seed.Child("sample").Child(step)).Forest;
        long sampled = Stopwatch.GetTimestamp();
        var outcomes = Grading.Grade(forest, tokenizer, plan.Reward);
        RefuseUngraded(policy, outcomes, step);
        var credit = Redistribution.Apply(plan.Credit, forest, outcomes);
        long credited = Stopwatch.GetTimestamp();
        UpdateSummary summary;
        try
        {
            summary = TrainingStep.Train(policy, reference, credit, plan, step);
        }
        catch (NonFiniteException) when (plan.Epochs * plan.MiniBatches == 1)
        {
            Checkpoint(policy, step); // the policy is as the step before left it
            throw;
        }
        long trained = Stopwatch.GetTimestamp();
        tokensSoFar += forest.TokenTotal;
        var seconds = new StageSeconds(
            Stopwatch.GetElapsedTime(promptsReady, sampled).TotalSeconds,
            Stopwatch.GetElapsedTime(credited, trained).TotalSeconds,
            Stopwatch.GetElapsedTime(begin, promptsReady).TotalSeconds + Stopwatch.GetElapsedTime(sampled, credited).TotalSeconds);
        var metrics = Measure.Step(step, tokensSoFar, forest, outcomes, credit, summary, seconds);
        steps.Add(metrics);
        folder?.Append(metrics);
        tell(new RunEvent.StepDone(metrics));
        int shown = step % forest.LeafTotal;
        tell(new RunEvent.Sample(step, forest.Prompts[forest.PromptOf[forest.Leaves[shown]]].Text, tokenizer.Decode(forest.PathTokens(forest.Leaves[shown])), outcomes.Total[shown]));
        return new StepProducts(step, forest, outcomes, credit);
    }

    /// <summary>Stops a run in which grading fails for every answer: it would go on without learning anything.</summary>
    private void RefuseUngraded(IPolicy policy, LeafOutcomes outcomes, int step)
    {
        int ungraded = outcomes.Count(OutcomeKind.Failed) + outcomes.Count(OutcomeKind.TimedOut);
        if (ungraded < outcomes.LeafCount) return;
        Checkpoint(policy, step);
        throw new InvalidOperationException(
            $"step {step}: none of the {ungraded} answers could be graded ({string.Join("; ", Measure.Troubles(outcomes))}). Mend the reward and run again.");
    }

    private void Evaluate(IPolicy policy, int stepsDone)
    {
        var result = Evaluator.Evaluate(policy, tokenizer, plan.TestTasks, plan.Evaluation, plan.Sampling.MaxTokens, plan.Seed.Child("evaluate"));
        var point = new EvaluationPoint(stepsDone, tokensSoFar, result);
        evaluations.Add(point);
        folder?.Append(point);
        tell(new RunEvent.Evaluated(point));
    }

    private void Checkpoint(IPolicy policy, int stepsDone)
    {
        if (folder is null || stepsDone == 0) return;
        string path = folder.SaveCheckpoint(policy, tokenizer, stepsDone, tokensSoFar);
        tell(new RunEvent.CheckpointWritten(stepsDone, path));
    }

    /// <summary>The last step's products of a run that was finished before: its stored forest, graded and redistributed again.</summary>
    private StepProducts? StoredProducts()
    {
        int step = plan.Steps - 1;
        if (folder is null || !File.Exists(folder.ForestPath(step))) return null;
        var forest = ForestFile.Read(folder.ForestPath(step));
        var outcomes = Grading.Grade(forest, tokenizer, plan.Reward);
        return new StepProducts(step, forest, outcomes, Redistribution.Apply(plan.Credit, forest, outcomes));
    }

    private void StoreForest(StepProducts products)
    {
        if (folder is null) return;
        string path = folder.ForestPath(products.Step);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        ForestFile.Write(path, products.Forest);
    }
}
