using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json.Serialization;
using System.Threading;
using TreeRl.Credit;
using TreeRl.Forests;
using TreeRl.Inspection;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Rewards;
using TreeRl.Sampling;
using TreeRl.Values;

namespace TreeRl.Training;

/// <summary>Makes a policy of weights; this is where an engine is chosen.</summary>
/// <param name="weights">The weights it starts from.</param>
public delegate IPolicy PolicyFactory(ModelWeights weights);

/// <summary>
/// Runs an experiment: per step sample a forest, grade it, redistribute, update; between steps measure, write checkpoints, tell what
/// happened. Step s depends on the weights, the optimiser, the place in the prompt stream and (plan, s) alone, all of which a checkpoint
/// keeps, so a run continued from one gives the same bytes.
/// </summary>
public sealed class Trainer
{
    private readonly ExperimentPlan plan;
    private readonly ITokenizer tokenizer;
    private readonly Action<RunEvent> tell;
    private readonly List<StepMetrics> steps = [];
    private readonly List<EvaluationPoint> evaluations = [];
    private readonly PromptStream stream;
    private readonly List<InspectedStep> inspected = [];
    private RunFolder? folder;
    private long tokensSoFar;

    private Trainer(ExperimentPlan plan, ITokenizer tokenizer, Action<RunEvent>? tell)
    {
        this.plan = plan.Validated();
        this.tokenizer = tokenizer;
        this.tell = tell ?? (_ => { });
        stream = new PromptStream(this.plan, tokenizer);
    }

    /// <summary>Runs a plan from the start, or from the last checkpoint in its folder.</summary>
    /// <param name="plan">What to do.</param>
    /// <param name="start">Weights of the starting policy, which is the reference policy too.</param>
    /// <param name="tokenizer">The policy's tokenizer.</param>
    /// <param name="engine">Makes the policy.</param>
    /// <param name="tell">Receives progress on the calling thread; may be null.</param>
    /// <param name="cancellation">Ends the run after the present step, with a checkpoint.</param>
    /// <exception cref="ArgumentException">The plan breaks a rule.</exception>
    /// <exception cref="InvalidOperationException">The folder belongs to another plan or engine, or the engine failed a self-check.</exception>
    /// <exception cref="NonFiniteException">A NaN or infinity was met; the policy before that update is in the last checkpoint.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the run continues from its checkpoint when it is run again.</exception>
    public static RunResult Run(ExperimentPlan plan, ModelWeights start, ITokenizer tokenizer, PolicyFactory engine, Action<RunEvent>? tell = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(engine);
        return new Trainer(plan, tokenizer, tell).Run(start, engine, cancellation);
    }

    /// <summary>
    /// What a run is recognised by when it continues, and the text of its <c>plan.json</c>: the fingerprint of the starting weights and the
    /// plan, and the engine's <see cref="IPolicy.Arithmetic"/> unless it is the embedded one. Functions of the user's enter by name only: a changed
    /// body under the same name is not noticed.
    /// </summary>
    public static string Identity(ExperimentPlan plan, ModelWeights start, string engine = RunFolder.EmbeddedEngine)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(start);
        return PlanJson.Write(new RunIdentity(start.Fingerprint(), engine == RunFolder.EmbeddedEngine ? null : engine, plan));
    }

    private sealed record RunIdentity(string StartingWeights, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Engine, ExperimentPlan Plan);

    /// <summary>
    /// The prompts of a step without dynamic sampling: endless sources are read on, finite ones are shuffled anew in every pass.
    /// </summary>
    /// <exception cref="ArgumentException">The source has fewer items than a step needs.</exception>
    public static IReadOnlyList<ForestPrompt> PromptsOfStep(ExperimentPlan plan, ITokenizer tokenizer, int step)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var stream = new PromptStream(plan, tokenizer);
        stream.Begin((long)step * plan.PromptsPerStep);
        return stream.Next(plan.PromptsPerStep);
    }

    private RunResult Run(ModelWeights start, PolicyFactory engine, CancellationToken cancellation)
    {
        IPolicy? policy = engine(start), reference = null;
        try
        {
            using var held = folder = plan.Folder is null ? null : RunFolder.Open(plan.Folder, Identity(plan, start, policy.Arithmetic));
            if (plan.Objective.NeedsReference) reference = policy.CloneFrozen();
            int done = Recall();
            if (done > 0)
            {
                policy.Dispose();
                policy = null;
                policy = Resume(done, start, engine);
            }
            tell(new RunEvent.Started(plan, policy.Engine, done));
            StepProducts? products = null;
            if (done == 0 && evaluations.Count == 0) Evaluate(policy, 0);
            for (int step = done; step < plan.Steps; step++)
            {
                if (cancellation.IsCancellationRequested)
                {
                    Checkpoint(policy, step, stream.Place);
                    cancellation.ThrowIfCancellationRequested();
                }
                products = Step(policy, reference, step);
                int finished = step + 1;
                bool last = finished == plan.Steps;
                if (last || Due(finished, plan.Evaluation.Every)) Evaluate(policy, finished);
                if (last || Due(finished, plan.ForestEvery)) StoreForest(products);
                if (last || Due(finished, plan.CheckpointEvery)) Checkpoint(policy, finished, stream.Place); // last: what it stands for is on disk
            }
            products ??= StoredProducts();
            return new RunResult
            {
                Plan = plan,
                Steps = [.. steps],
                Evaluations = [.. evaluations],
                LastProducts = products,
                Inspected = [.. inspected],
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

    /// <summary>Reads back what the folder holds of the steps up to its last checkpoint; gives their number.</summary>
    private int Recall()
    {
        if (folder is null) return 0;
        var checkpoints = folder.Checkpoints();
        int done = checkpoints.IsEmpty ? 0 : checkpoints[^1];
        steps.AddRange(folder.KeepMetrics(done));
        evaluations.AddRange(folder.KeepEvaluations(done));
        inspected.AddRange(InspectedStep.Load(folder.Path, done));
        return done;
    }

    private IPolicy Resume(int done, ModelWeights start, PolicyFactory engine)
    {
        var (weights, optimizer, state) = folder!.LoadCheckpoint(done, start);
        tokensSoFar = state.TokensSoFar;
        stream.Begin(state.PromptPlaces);
        var policy = engine(weights);
        policy.ImportOptimizer(optimizer);
        return policy;
    }

    private StepProducts Step(IPolicy policy, IPolicy? reference, int step)
    {
        tell(new RunEvent.StageBegan(step, RunStage.Sampling));
        long begin = Stopwatch.GetTimestamp();
        long place = stream.Place;
        stream.Begin(place);
        // What a refused step leaves behind is where it began.
        var sample = new StepSampler(plan, tokenizer, stream).Sample(policy, step, outcomes => RefuseUngraded(policy, outcomes, step, place));
        var (forest, outcomes) = (sample.Trained, sample.TrainedOutcomes);
        long valuing = Stopwatch.GetTimestamp();
        var estimates = Estimates(policy, sample, step);
        valuing = Stopwatch.GetTimestamp() - valuing;
        var credit = Redistribution.Apply(Supplied(forest, outcomes, estimates), forest, outcomes);
        long credited = Stopwatch.GetTimestamp();
        tell(new RunEvent.StageBegan(step, RunStage.Training));
        var summary = new UpdateSummary(default, double.NaN, double.NaN, 0, 0, 0);
        try
        {
            if (!sample.NothingToTrain) summary = TrainingStep.Train(policy, reference, credit, plan, step);
        }
        catch (NonFiniteException) when (plan.Epochs * plan.MiniBatches == 1)
        {
            Checkpoint(policy, step, place); // the policy is as the step before left it
            throw;
        }
        long trained = Stopwatch.GetTimestamp();
        long valueTokens = estimates?.Tokens ?? 0;
        tokensSoFar += sample.Sampled.TokenTotal + valueTokens;
        double sampling = Stopwatch.GetElapsedTime(0, sample.SamplingTicks + valuing).TotalSeconds;
        var seconds = new StageSeconds(
            sampling,
            Stopwatch.GetElapsedTime(credited, trained).TotalSeconds,
            Stopwatch.GetElapsedTime(begin, credited).TotalSeconds - sampling);
        var metrics = Measure.Step(step, tokensSoFar, valueTokens, sample, credit, summary, seconds);
        steps.Add(metrics);
        folder?.Append(metrics);
        Inspect(policy, outcomes, credit, step);
        tell(new RunEvent.StepDone(metrics));
        int shown = step % forest.LeafTotal;
        tell(new RunEvent.Sample(step, forest.Prompts[forest.PromptOf[forest.Leaves[shown]]].Text, tokenizer.Decode(forest.PathTokens(forest.Leaves[shown])), outcomes.Total[shown]));
        return new StepProducts(step, forest, outcomes, credit) { Estimates = estimates };
    }

    /// <summary>The values that the plan's rule asks for, sampled with the policy as it is before the update; null when it asks for none.</summary>
    private NodeEstimates? Estimates(IPolicy policy, StepSample sample, int step) => !plan.Credit.AsksForValues || sample.NothingToTrain ? null
        : FreshValues.Estimate(plan.Credit, policy, tokenizer, sample.Trained, plan.Reward, plan.SamplingAt(step), plan.Seed.Child("values").Child(step));

    /// <summary>The plan's rule as it can be applied; without estimates a rule that asks for them takes every value from the forest's own leaves.</summary>
    private CreditRule Supplied(Forest forest, LeafOutcomes outcomes, NodeEstimates? estimates)
    {
        if (!plan.Credit.AsksForValues) return plan.Credit;
        estimates ??= new NodeEstimates([.. Enumerable.Repeat(double.NaN, forest.NodeCount)], [.. Enumerable.Repeat(double.NaN, forest.PromptCount)], 0, 0, 0);
        return FreshValues.Supply(plan.Credit, forest, outcomes, estimates);
    }

    /// <summary>Keeps some of the step's trees with their columns; it changes nothing in the run and is in none of its times.</summary>
    private void Inspect(IPolicy policy, LeafOutcomes outcomes, CreditResult credit, int step)
    {
        if (!plan.Inspection.Keeps(step, plan.Steps)) return;
        var kept = InspectedStep.Of(plan.Inspection, policy, tokenizer, outcomes, credit, step);
        inspected.Add(kept);
        if (folder is not null) kept.Save(folder.Path);
    }

    /// <summary>Stops a run in which grading fails for every answer: it would go on without learning anything.</summary>
    private void RefuseUngraded(IPolicy policy, LeafOutcomes outcomes, int step, long place)
    {
        int ungraded = outcomes.Count(OutcomeKind.Failed) + outcomes.Count(OutcomeKind.TimedOut);
        if (ungraded < outcomes.LeafCount) return;
        Checkpoint(policy, step, place);
        throw new InvalidOperationException(
            $"step {step}: none of the {ungraded} answers could be graded ({string.Join("; ", Measure.Troubles(outcomes))}). Mend the reward and run again.");
    }

    private void Evaluate(IPolicy policy, int stepsDone)
    {
        tell(new RunEvent.StageBegan(stepsDone, RunStage.Measuring));
        var result = Evaluator.Evaluate(policy, tokenizer, plan.TestTasks, plan.Evaluation, plan.Sampling.MaxTokens, plan.Seed.Child("evaluate"));
        var point = new EvaluationPoint(stepsDone, tokensSoFar, result);
        evaluations.Add(point);
        folder?.Append(point);
        tell(new RunEvent.Evaluated(point));
    }

    private void Checkpoint(IPolicy policy, int stepsDone, long promptPlaces)
    {
        if (folder is null || stepsDone == 0) return;
        string path = folder.SaveCheckpoint(policy, tokenizer, stepsDone, tokensSoFar, promptPlaces);
        tell(new RunEvent.CheckpointWritten(stepsDone, path));
    }

    /// <summary>The last step's products of a run that was finished before: its stored forest, graded and redistributed again.</summary>
    private StepProducts? StoredProducts()
    {
        int step = plan.Steps - 1;
        if (folder is null || !File.Exists(folder.ForestPath(step))) return null;
        var estimates = folder.LoadEstimates(step);
        if (plan.Credit.AsksForValues && estimates is null) return null; // the policy that wrote them is gone
        var forest = ForestFile.Read(folder.ForestPath(step));
        var outcomes = Grading.Grade(forest, tokenizer, plan.Reward);
        return new StepProducts(step, forest, outcomes, Redistribution.Apply(Supplied(forest, outcomes, estimates), forest, outcomes)) { Estimates = estimates };
    }

    private void StoreForest(StepProducts products)
    {
        if (folder is null) return;
        string path = folder.ForestPath(products.Step);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        ForestFile.Write(path, products.Forest);
        if (products.Estimates is { } estimates) folder.SaveEstimates(products.Step, estimates);
    }
}
