namespace TreeRl

open System
open TreeRl.Rewards
open TreeRl.Training

/// <summary>How the learning rate goes on after the warm-up.</summary>
type RateDecay =
    /// <summary>It stays.</summary>
    | Constant
    /// <summary>Half a cosine, down to a twentieth at the last update.</summary>
    | Cosine
    /// <summary>A straight line, down to a twentieth at the last update.</summary>
    | Linear

/// <summary>What the lines of an <c>experiment</c> block set.</summary>
type ExperimentSpec =
    internal
        {
            Policy: Policy option
            Tasks: TaskSet option
            Sample: Branching option
            Reward: Reward option
            Redistribution: Redistribution option
            Objective: Objective option
            Steps: int
            PromptsPerStep: int
            DynamicSampling: Phrase<DynamicSampling> option
            Epochs: int
            MiniBatches: int
            LearningRate: float
            Warmup: int
            Decay: RateDecay
            WeightDecay: float
            MaxGradientNorm: float
            Seed: int
            EvaluateEvery: int
            EvaluateItems: int
            EvaluateSamples: int
            EvaluateTemperature: float
            EvaluateBy: (string * Grader) option
            CheckpointEvery: int
            ForestEvery: int
            InspectSteps: int
            InspectBy: Redistribution list option
            Quiet: bool
            SaveTo: string option
        }

/// <summary>A run in words, checked and resolved; <c>Experiment.run</c> runs it. Printing it shows every number of every part.</summary>
[<Sealed>]
type Experiment
    internal
    (
        name: string,
        spec: ExperimentSpec,
        given: Set<string>,
        policy: Policy,
        plan: ExperimentPlan,
        parts: (string * string)[],
        notes: string[],
        lines: ResolvedLine[]
    ) =
    inherit Block<ExperimentSpec>($"experiment {Show.text name}", spec, given, lines)

    /// <summary>The name, which is also the run's folder.</summary>
    member _.Name = name

    /// <summary>The policy it starts from, which is not changed.</summary>
    member _.Policy = policy

    /// <summary>The plan that the core runs.</summary>
    member _.Plan = plan

    /// <summary>The printed parts: heading and block.</summary>
    member _.Parts = parts

    /// <summary>What is allowed but may surprise.</summary>
    member _.Notes = notes

    /// <summary>The run's own numbers, its parts, and what may surprise.</summary>
    override _.ToString() =
        let indent (text: string) =
            text.Split '\n' |> Array.map (fun line -> "  " + line) |> String.concat "\n"

        String.Join(
            "\n",
            [|
                Blocks.print $"experiment {Show.text name}" lines
                for _, text in parts do
                    indent text
                for note in notes do
                    $"  note: {note}"
            |]
        )
