namespace TreeRl

open System
open TreeRl.Training

/// <summary>Shows and writes what runs came to.</summary>
[<RequireQualifiedAccess>]
module Report =

    let private interval (result: EvaluationResult) =
        ValueSome
            {
                Mean = result.Accuracy
                Low = result.Low
                High = result.High
                Count = result.Items.Length
            }

    /// Seconds of sampling, grading and training up to the end of each step.
    let private secondsSoFar (result: RunResult) =
        (0.0, result.Steps)
        ||> Seq.scan (fun sum step -> sum + step.Seconds.Total)
        |> Seq.toArray

    let private stepCurve (result: RunResult) group metric (value: StepMetrics -> float) =
        let seconds = secondsSoFar result

        {
            Group = group
            Metric = metric
            Points =
                result.Steps
                |> Seq.mapi (fun i step ->
                    {
                        Step = step.Step + 1
                        Tokens = step.TokensSoFar
                        Seconds = seconds[i + 1]
                        Value = value step
                        Low = nan
                        High = nan
                    })
                |> Seq.toArray
        }

    let private accuracyCurve (result: RunResult) =
        let seconds = secondsSoFar result

        {
            Group = CurveGroup.Learning
            Metric = "accuracy on the test side"
            Points =
                [|
                    for point in result.Evaluations ->
                        {
                            Step = point.Step
                            Tokens = point.TokensSoFar
                            Seconds = seconds[min point.Step (seconds.Length - 1)]
                            Value = point.Result.Accuracy
                            Low = point.Result.Low
                            High = point.Result.High
                        }
                |]
        }

    /// Value of a named number of a step; NaN when the step has none of this name.
    let private named (name: string) (values: Collections.Immutable.ImmutableArray<NamedValue>) =
        values
        |> Seq.tryFind (fun value -> value.Name = name)
        |> Option.map _.Value
        |> Option.defaultValue nan

    let private namesOf (pick: StepMetrics -> Collections.Immutable.ImmutableArray<NamedValue>) (result: RunResult) =
        result.Steps
        |> Seq.collect pick
        |> Seq.map _.Name
        |> Seq.distinct
        |> Seq.toArray

    let private ratioCurves (result: RunResult) =
        let curve metric value =
            stepCurve result CurveGroup.Ratios metric value

        let share count (loss: TreeRl.Policies.LossReport) =
            if loss.RatioCount = 0L then
                nan
            else
                float count / float loss.RatioCount

        [
            curve "mean ratio new / old" (fun step -> step.Loss.MeanRatio)
            curve "largest |log ratio|" (fun step -> step.Loss.MaxAbsLogRatio)
            curve "ratios held by the upper bound (share)" (fun step -> share step.Loss.ClippedHigh step.Loss)
            curve "ratios held by the lower bound (share)" (fun step -> share step.Loss.ClippedLow step.Loss)
            if result.Steps |> Seq.exists (fun step -> step.Loss.DualClipped > 0L) then
                curve "ratios held by the dual clip (share)" (fun step -> share step.Loss.DualClipped step.Loss)
            curve "KL of old to new (nats a token)" (fun step ->
                if step.Loss.TokenCount = 0L then
                    nan
                else
                    step.Loss.KlOldSum / float step.Loss.TokenCount)
            if result.Steps |> Seq.exists (fun step -> step.Loss.KlRefSum <> 0.0) then
                curve "KL to the reference (nats a token)" (fun step ->
                    if step.Loss.TokenCount = 0L then
                        nan
                    else
                        step.Loss.KlRefSum / float step.Loss.TokenCount)
        ]

    let private curves (result: RunResult) =
        let along metric value =
            stepCurve result CurveGroup.Along metric value

        [|
            accuracyCurve result
            stepCurve result CurveGroup.Learning "mean reward" _.Reward
            for term in namesOf _.Terms result do
                stepCurve result CurveGroup.Terms $"reward term {Show.text term}" (fun step -> named term step.Terms)
            yield! ratioCurves result
            along "tokens of an answer" _.AnswerTokens
            along "share of informative prompts" _.InformativeShare
            along "entropy (nats)" _.Loss.MeanEntropy
            along "gradient norm" _.GradientNorm
            along "learning rate" _.LearningRate
            along "tokens a second" (fun step -> float step.Tokens / step.Seconds.Total)
            along "tokens saved by sharing (share)" (fun step -> 1.0 - float step.Tokens / float step.FlatTokens)
        |]

    /// Prompts by the outcome of their answers, and answers by the reason they ended.
    let private shares (result: RunResult) =
        let column (value: StepMetrics -> float) =
            result.Steps |> Seq.map value |> Seq.toArray

        let steps = result.Steps |> Seq.map (fun step -> step.Step + 1) |> Seq.toArray
        let unscored = column _.UnscoredShare

        [|
            {
                Title = "prompts by their answers"
                Steps = steps
                Parts =
                    [|
                        "all good", 0, column _.AllGoodShare
                        "mixed", 2, column (fun step -> 1.0 - step.AllGoodShare - step.AllBadShare - step.UnscoredShare)
                        "all bad", 1, column _.AllBadShare
                        if unscored |> Array.exists (fun share -> share > 0.0) then
                            "without a score", 6, unscored
                    |]
            }
            {
                Title = "answers by why they ended"
                Steps = steps
                Parts =
                    namesOf _.Finishes result
                    |> Array.sort
                    |> Array.mapi (fun i reason ->
                        reason,
                        i % 7,
                        column (fun step ->
                            let count = named reason step.Finishes
                            (if Double.IsNaN count then 0.0 else count) / float step.Leaves))
            }
        |]

    /// What went wrong in grading, each line once with its first step.
    let private troubles (result: RunResult) =
        [
            for step in result.Steps do
                if not step.Troubles.IsDefault then
                    for trouble in step.Troubles -> step.Step + 1, trouble
        ]
        |> List.distinctBy snd
        |> List.truncate 8
        |> List.map (fun (step, trouble) -> $"step {step}: {trouble}")

    let private notes (run: Run) =
        let result = run.Result
        let count (pick: StepMetrics -> int) = result.Steps |> Seq.sumBy pick

        [|
            yield! run.Experiment.Notes
            let failed, timedOut = count _.Failed, count _.TimedOut

            if failed > 0 then
                (Show.count failed "answer" + " failed in grading, which nothing was trained on")

            if timedOut > 0 then
                (Show.count timedOut "answer"
                 + " ran out of time in grading, which nothing was trained on")

            yield! troubles result

            if result.ResumedFrom > 0 then
                $"continued from a checkpoint after step {result.ResumedFrom}"

            let silent =
                result.Steps
                |> Seq.filter (fun step -> step.InformativeShare = 0.0)
                |> Seq.length

            if silent > 0 then
                ($"{silent} of "
                 + Show.count result.Steps.Length "step"
                 + " had no prompt with different rewards")
        |]

    /// <summary>A run as the record that reports are drawn from.</summary>
    let view (run: Run) =
        let result, experiment = run.Result, run.Experiment
        let seconds = result.Seconds
        let policy = result.Policy

        {
            Name = experiment.Name
            Family = Experiment.family experiment
            Seed = experiment.Spec.Seed
            Facts =
                [|
                    "policy",
                    experiment.Policy.Name
                    + ", "
                    + Show.wholeCount policy.ParameterCount "parameter"
                    "engine", policy.Engine
                    "tasks", experiment.Plan.TrainTasks.Name
                    "redistribution", experiment.Plan.Credit.Name
                    "objective", experiment.Spec.Objective.Value.Name
                    "steps", string result.Steps.Length
                    "seed", string experiment.Spec.Seed
                |]
            Plan =
                [|
                    "run", Blocks.print $"experiment {Show.text experiment.Name}" experiment.Lines
                    yield! experiment.Parts
                |]
            Before = interval result.Before
            After = interval result.After
            LengthBefore = result.Before.AnswerTokens
            LengthAfter = result.After.AnswerTokens
            SampledTokens = result.TokensSampled
            FlatTokens = result.Steps |> Seq.sumBy (fun step -> step.FlatTokens + step.ValueTokens)
            SecondsSampling = seconds.Sampling
            SecondsTraining = seconds.Training
            SecondsRest = seconds.Rest + (result.Evaluations |> Seq.sumBy _.Result.Seconds)
            Curves = curves result
            Items =
                result.After.Items
                |> Seq.map (fun item -> item.Id, float item.Correct / float item.Samples)
                |> Seq.toArray
            Shares = shares result
            Inspected = result.Inspected |> Seq.map (fun kept -> kept.Step, kept.Json) |> Seq.toArray
            Notes = notes run
        }

    /// <summary>Several runs as one record that a report is drawn from.</summary>
    let viewAll (title: string) (runs: seq<Run>) =
        let views = runs |> Seq.map view |> Seq.toArray

        let one (run: RunView) =
            $"{run.Name}: accuracy {Format.interval run.Before} before, {Format.interval run.After} after "
            + Show.wholeCount run.SampledTokens "sampled token"

        {
            Title = title
            Summary = views |> Array.map one |> String.concat "; "
            Runs = views
        }

    let private folderOf (run: Run) =
        match run.Experiment.Plan.Folder with
        | null -> IO.Path.Combine("runs", run.Experiment.Name)
        | folder -> folder

    /// The folder above all runs: what `saveTo` names, of the first run that has one, else runs/ and the title.
    let private commonFolder (title: string) (runs: Run[]) =
        runs
        |> Array.tryPick _.Experiment.Spec.SaveTo
        |> Option.defaultValue (IO.Path.Combine("runs", title))

    let private printTable (report: ReportView) =
        for line in Format.table Format.resultColumns (report.Runs |> Array.map Format.resultRow) do
            printfn $"{line}"

    /// <summary>Writes a run's report to a file and returns its full path.</summary>
    let write (path: string) (run: Run) =
        ReportHtml.save path (viewAll run.Experiment.Name [ run ])

    /// <summary>Writes one report over several runs and returns its full path.</summary>
    let writeAll (path: string) (title: string) (runs: seq<Run>) =
        ReportHtml.save path (viewAll title runs)

    /// <summary>Prints a run's table and writes its report into its folder, <c>runs/</c> and its name unless <c>saveTo</c> says otherwise.</summary>
    let show (run: Run) =
        let report = viewAll run.Experiment.Name [ run ]
        printTable report
        let path = ReportHtml.save (IO.Path.Combine(folderOf run, "report.html")) report
        printfn $"report: {path}"

    /// <summary>
    /// Prints one table over several runs and writes one report, <c>report.html</c>, into the folder that <c>saveTo</c> of the runs names,
    /// beside theirs; without one into <c>runs/</c> and the title.
    /// </summary>
    let showAll (title: string) (runs: seq<Run>) =
        let runs = Seq.toArray runs
        let report = viewAll title runs
        printTable report

        let path =
            ReportHtml.save (IO.Path.Combine(commonFolder title runs, "report.html")) report

        printfn $"report: {path}"

    /// <summary>
    /// Writes a page on which a graded forest can be inspected token by token under any rules - advantages, entropies, log-probabilities,
    /// two rules side by side - and returns its full path: <c>Report.forest "runs/forest.html" [ Methods.grpo.Redistribute; mine ] graded</c>.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">There is no rule, or one does not fit the rewards.</exception>
    let forest (path: string) (rules: seq<TreeRl.Redistribution>) (graded: Graded) =
        rules
        |> Seq.map (fun rule -> Redistribution.apply rule graded)
        |> Seq.toArray
        |> Forest.inspect path [ 0 .. graded.Rollout.Forest.PromptCount - 1 ]
