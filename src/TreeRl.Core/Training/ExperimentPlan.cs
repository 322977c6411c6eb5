using System;
using TreeRl.Credit;
using TreeRl.Inspection;
using TreeRl.Objectives;
using TreeRl.Policies;
using TreeRl.Rewards;
using TreeRl.Sampling;
using TreeRl.Tasks;
using TreeRl.Values;

namespace TreeRl.Training;

/// <summary>How a policy is measured on held-out tasks.</summary>
public sealed record EvaluationPlan
{
    /// <summary>Number of items, taken from the front of the test source.</summary>
    public int Items { get; init; } = 200;

    /// <summary>Answers sampled for each item.</summary>
    public int SamplesPerItem { get; init; } = 4;

    /// <summary>How answers are drawn.</summary>
    public PickSettings Picking { get; init; } = new();

    /// <summary>Decides whether an answer is right: a score above one half counts.</summary>
    public Grader Grader { get; init; } = Graders.Correct;

    /// <summary>Steps between evaluations; 0 evaluates only before the first and after the last step.</summary>
    public int Every { get; init; }

    /// <summary>Checks every rule above.</summary>
    /// <exception cref="ArgumentException">A value breaks its rule; the message names it.</exception>
    public EvaluationPlan Validated()
    {
        Guard.InRange(Items >= 1, Items, "an evaluation needs at least 1 item");
        Guard.InRange(SamplesPerItem >= 1, SamplesPerItem, "must be at least 1");
        Guard.InRange(Every >= 0, Every, "must not be negative; 0 evaluates only at the ends");
        return this;
    }
}

/// <summary>
/// A run with every number resolved: what is sampled, what an answer earns, how credit is redistributed, what is minimised, and how
/// long. Equal plans and equal starting weights give equal bytes.
/// </summary>
public sealed record ExperimentPlan
{
    /// <summary>Names the run and its folder: letters, digits, '-', '_' and '.'.</summary>
    public required string Name { get; init; }

    /// <summary>Names the starting policy in reports and in the stored plan.</summary>
    public string PolicyName { get; init; } = "";

    /// <summary>The questions trained on.</summary>
    public required ITaskSource TrainTasks { get; init; }

    /// <summary>The questions measured on; disjoint from <see cref="TrainTasks"/>.</summary>
    public required ITaskSource TestTasks { get; init; }

    /// <summary>Where a rollout branches and stops.</summary>
    public required SamplingPlan Sampling { get; init; }

    /// <summary>What a finished answer earns.</summary>
    public required RewardPlan Reward { get; init; }

    /// <summary>How the advantage is redistributed.</summary>
    public required CreditRule Credit { get; init; }

    /// <summary>What is minimised, and how token losses become one number.</summary>
    public required ITrainingObjective Objective { get; init; }

    /// <summary>Number of sampling rounds.</summary>
    public int Steps { get; init; } = 60;

    /// <summary>Prompts sampled in a round.</summary>
    public int PromptsPerStep { get; init; } = 16;

    /// <summary>Whether a round goes on sampling until it has <see cref="PromptsPerStep"/> informative prompts; null trains the prompts it has.</summary>
    public DynamicSampling? DynamicSampling { get; init; }

    /// <summary>Passes over each round's forest.</summary>
    public int Epochs { get; init; } = 1;

    /// <summary>Updates in a pass: the round's prompts are dealt into as many parts, fewer only where dynamic sampling found fewer prompts.</summary>
    public int MiniBatches { get; init; } = 1;

    /// <summary>The learning rate over updates.</summary>
    public LearningRateSchedule LearningRate { get; init; } = new() { Peak = 4e-4 };

    /// <summary>AdamW and clipping.</summary>
    public OptimizerSettings Optimizer { get; init; } = new();

    /// <summary>Every draw of the run descends from it.</summary>
    public Seed Seed { get; init; } = Seed.Of(0);

    /// <summary>
    /// Nats that the decoder's log-probabilities may differ from the trainer's before a step is refused: rounding on the engine used. The
    /// embedded engine needs none; an engine that samples in half precision needs more.
    /// </summary>
    public double LargestSamplerGap { get; init; } = 1e-3;

    /// <summary>How the policy is measured.</summary>
    public EvaluationPlan Evaluation { get; init; } = new();

    /// <summary>Steps between checkpoints; 0 writes only the last. Used when <see cref="Folder"/> is given.</summary>
    public int CheckpointEvery { get; init; }

    /// <summary>Steps between stored forests; 0 stores only the last step's. Used when <see cref="Folder"/> is given.</summary>
    public int ForestEvery { get; init; }

    /// <summary>How much is kept to be looked at token by token.</summary>
    public InspectionPlan Inspection { get; init; } = new();

    /// <summary>Folder of the run on disk, or null to keep everything in memory.</summary>
    public string? Folder { get; init; }

    /// <summary>Updates of the whole run.</summary>
    public long TotalUpdates => (long)Steps * Epochs * MiniBatches;

    /// <summary>Checks every rule, of the parts too.</summary>
    /// <exception cref="ArgumentException">A value breaks its rule; the message names it.</exception>
    public ExperimentPlan Validated()
    {
        Guard.That(Name.Length > 0 && Name.AsSpan().IndexOfAnyExcept(NameCharacters) < 0 && Name[0] != '.',
            $"Name = '{Name}': the name of a run is also a folder, so use letters, digits, '-', '_' and '.'", nameof(Name));
        Guard.InRange(Steps >= 1, Steps, "a run has at least 1 step");
        Guard.InRange(PromptsPerStep >= 1, PromptsPerStep, "a step needs at least 1 prompt");
        Guard.InRange(Epochs >= 1, Epochs, "must be at least 1");
        Guard.InRange(MiniBatches >= 1 && MiniBatches <= PromptsPerStep, MiniBatches, $"must lie in 1 .. {PromptsPerStep}: prompts are not split");
        Guard.InRange(CheckpointEvery >= 0, CheckpointEvery, "must not be negative; 0 writes only the last checkpoint");
        Guard.InRange(ForestEvery >= 0, ForestEvery, "must not be negative; 0 stores only the last forest");
        Guard.InRange(LargestSamplerGap >= 0, LargestSamplerGap, "must not be negative");
        LearningRate.Validated();
        Evaluation.Validated();
        Sampling.Validated();
        DynamicSampling?.Validate(Reward);
        Inspection.Validated();
        if (Credit.AsksForValues) Continuations.Of(Sampling, 1, FreshValues.Cure);
        return this;
    }

    /// <summary>How a round samples: the plan, with the temperature that its fork weights have at this step.</summary>
    /// <param name="step">0-based step.</param>
    public SamplingPlan SamplingAt(int step) => Sampling.Weights is { } weights ? Sampling with { Weights = weights.AtStep(step, Steps) } : Sampling;

    private static readonly System.Buffers.SearchValues<char> NameCharacters =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
}
