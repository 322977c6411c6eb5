using System;
using System.Collections.Immutable;
using TreeRl.Credit;
using TreeRl.Forests;
using TreeRl.Inspection;
using TreeRl.Policies;
using TreeRl.Rewards;
using TreeRl.Values;

namespace TreeRl.Training;

/// <summary>The products of one sampling round, kept so that they can be looked at.</summary>
/// <param name="Step">0-based step.</param>
/// <param name="Forest">What was trained; with dynamic sampling a part of what was sampled.</param>
/// <param name="Outcomes">What the leaves earned.</param>
/// <param name="Credit">How it was redistributed.</param>
public sealed record StepProducts(int Step, Forest Forest, LeafOutcomes Outcomes, CreditResult Credit)
{
    /// <summary>The values that the rule asked for; null when it asks for none, or nothing was trained.</summary>
    public NodeEstimates? Estimates { get; init; }
}

/// <summary>A finished run. Owns the trained policy.</summary>
[Notebooks.TypeFormatterSource(typeof(Notebooks.HtmlFormatterSource))]
public sealed class RunResult : IDisposable
{
    /// <summary>The plan that was run.</summary>
    public required ExperimentPlan Plan { get; init; }

    /// <summary>One entry a step, resumed ones included.</summary>
    public required ImmutableArray<StepMetrics> Steps { get; init; }

    /// <summary>The measurements, the first of the starting policy, the last of the trained one.</summary>
    public required ImmutableArray<EvaluationPoint> Evaluations { get; init; }

    /// <summary>The last step's products; of a finished run that was read back, remade from its stored forest, or null when that is gone.</summary>
    public required StepProducts? LastProducts { get; init; }

    /// <summary>The steps kept to be looked at token by token, ascending.</summary>
    public ImmutableArray<InspectedStep> Inspected { get; init; } = [];

    /// <summary>The trained policy.</summary>
    public required IPolicy Policy { get; init; }

    /// <summary>The step the run continued from; 0 when it began afresh.</summary>
    public required int ResumedFrom { get; init; }

    /// <summary>The starting policy's measurement.</summary>
    public EvaluationResult Before => Evaluations[0].Result;

    /// <summary>The trained policy's measurement.</summary>
    public EvaluationResult After => Evaluations[^1].Result;

    /// <summary>Tokens sampled for training, those for the values of nodes included.</summary>
    public long TokensSampled => Steps.IsEmpty ? 0 : Steps[^1].TokensSoFar;

    /// <summary>Wall time by stage over all steps.</summary>
    public StageSeconds Seconds
    {
        get
        {
            var sum = default(StageSeconds);
            foreach (var step in Steps) sum = sum.Plus(step.Seconds);
            return sum;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Policy.Dispose();

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant(
        $"{Plan.Name}: {Counted.Of(Steps.Length, "step")}, {Counted.Of(TokensSampled, "token")}, accuracy {100 * Before.Accuracy:F1} % -> {100 * After.Accuracy:F1} % [{100 * After.Low:F1}, {100 * After.High:F1}]");
}

/// <summary>What a run is doing.</summary>
public enum RunStage
{
    /// <summary>Growing the step's forest and grading its answers.</summary>
    Sampling,

    /// <summary>Scoring, forward, backward and the optimiser.</summary>
    Training,

    /// <summary>Measuring the policy on the test side.</summary>
    Measuring,
}

/// <summary>Something a run tells while it goes on.</summary>
public abstract record RunEvent
{
    private RunEvent()
    {
    }

    /// <summary>The run begins, or continues after <paramref name="ResumedFrom"/> steps.</summary>
    public sealed record Started(ExperimentPlan Plan, string Engine, int ResumedFrom) : RunEvent;

    /// <summary>A stage of a step begins, or, after the step before it, a measurement.</summary>
    public sealed record StageBegan(int Step, RunStage Stage) : RunEvent;

    /// <summary>A step is done.</summary>
    public sealed record StepDone(StepMetrics Metrics) : RunEvent;

    /// <summary>The policy was measured.</summary>
    public sealed record Evaluated(EvaluationPoint Point) : RunEvent;

    /// <summary>One prompt, answer and outcome of a step, to see what the policy writes.</summary>
    public sealed record Sample(int Step, string Prompt, string Text, Outcome Outcome) : RunEvent;

    /// <summary>A checkpoint was written.</summary>
    public sealed record CheckpointWritten(int StepsDone, string Folder) : RunEvent;
}
