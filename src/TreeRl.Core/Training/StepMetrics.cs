using System.Collections.Immutable;
using TreeRl.Policies;

namespace TreeRl.Training;

/// <summary>A named number, kept in the order given.</summary>
/// <param name="Name">What it measures.</param>
/// <param name="Value">The value.</param>
public readonly record struct NamedValue(string Name, double Value);

/// <summary>Seconds of wall time by stage.</summary>
/// <param name="Sampling">Growing forests.</param>
/// <param name="Training">Scoring, forward, backward and the optimiser.</param>
/// <param name="Rest">Grading, credit, packing, bookkeeping.</param>
public readonly record struct StageSeconds(double Sampling, double Training, double Rest)
{
    /// <summary>All stages together.</summary>
    public double Total => Sampling + Training + Rest;

    /// <summary>The sums by stage.</summary>
    public StageSeconds Plus(StageSeconds other) => new(Sampling + other.Sampling, Training + other.Training, Rest + other.Rest);
}

/// <summary>What one step did. Everything but <see cref="Seconds"/> is the same on every run of the same plan.</summary>
public sealed record StepMetrics
{
    /// <summary>0-based step.</summary>
    public required int Step { get; init; }

    /// <summary>Unique tokens of the forests sampled in this step, prompts excluded; of all tries with dynamic sampling.</summary>
    public required long Tokens { get; init; }

    /// <summary>Fresh tokens sampled in this step for the values of nodes (<see cref="Credit.Backup.FreshValues"/>); 0 for other rules.</summary>
    public required long ValueTokens { get; init; }

    /// <summary>Tokens sampled in the run so far, this step's <see cref="Tokens"/> and <see cref="ValueTokens"/> included.</summary>
    public required long TokensSoFar { get; init; }

    /// <summary>Tokens the same answers have as separate rollouts, without <see cref="ValueTokens"/>.</summary>
    public required long FlatTokens { get; init; }

    /// <summary>Complete answers, of all tries.</summary>
    public required int Leaves { get; init; }

    /// <summary>Samplings of this step: 1, or up to <see cref="Training.DynamicSampling.MaxTries"/>.</summary>
    public required int Tries { get; init; }

    /// <summary>Prompts sampled, over all tries.</summary>
    public required int PromptsSampled { get; init; }

    /// <summary>Prompts that were kept for training; fewer than the plan's when dynamic sampling ran out of tries, and 0 when none was informative.</summary>
    public required int PromptsTrained { get; init; }

    /// <summary>Mean total reward over scored leaves; NaN when none was scored.</summary>
    public required double Reward { get; init; }

    /// <summary>Mean score by reward term.</summary>
    public required ImmutableArray<NamedValue> Terms { get; init; }

    /// <summary>Mean number of tokens of an answer.</summary>
    public required double AnswerTokens { get; init; }

    /// <summary>Leaves without a score: abstained, failed, timed out.</summary>
    public required int Abstained { get; init; }

    /// <summary>Leaves whose grading threw.</summary>
    public required int Failed { get; init; }

    /// <summary>Leaves whose grading exceeded its time.</summary>
    public required int TimedOut { get; init; }

    /// <summary>Leaves by finish reason.</summary>
    public required ImmutableArray<NamedValue> Finishes { get; init; }

    /// <summary>Share of the sampled prompts whose advantages are not all zero; with dynamic sampling, of those it calls informative.</summary>
    public required double InformativeShare { get; init; }

    /// <summary>Share of prompts all of whose scored answers are good (see <see cref="Credit.CreditCounts.AllGood"/>).</summary>
    public required double AllGoodShare { get; init; }

    /// <summary>Share of prompts none of whose scored answers is good.</summary>
    public required double AllBadShare { get; init; }

    /// <summary>Share of prompts without a scored answer. All good, all bad, unscored and mixed prompts make up all.</summary>
    public double UnscoredShare { get; init; }

    /// <summary>Largest |ratio - 1| on the step's first update; exactly 0 is expected. NaN when the step made no update.</summary>
    public required double FirstRatioDeviation { get; init; }

    /// <summary>
    /// Largest |log-probability as trained - as sampled| in nats on the step's first update: rounding between decoder and trainer, exactly 0
    /// on the embedded engine. NaN when the step made no update. (The one in <see cref="Loss"/> is over all updates.)
    /// </summary>
    public required double FirstSamplerGap { get; init; }

    /// <summary>What went wrong in grading, a line a term: how often, and the first reason.</summary>
    public required ImmutableArray<string> Troubles { get; init; }

    /// <summary>The objective's report, summed over the step's updates.</summary>
    public required LossReport Loss { get; init; }

    /// <summary>Gradient norm of the step's last update, before clipping.</summary>
    public required double GradientNorm { get; init; }

    /// <summary>Updates made; fewer than planned when a mini-batch carried no signal.</summary>
    public required int Updates { get; init; }

    /// <summary>Learning rate of the last update.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Wall time by stage.</summary>
    public required StageSeconds Seconds { get; init; }
}
