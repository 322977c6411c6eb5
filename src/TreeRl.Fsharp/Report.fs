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

    let private stepCurve (result: RunResult) metric (value: StepMetrics -> float) =
        {
            Metric = metric
            Points =
                [|
                    for step in result.Steps ->
                        {
                            Step = step.Step + 1
                            Tokens = step.TokensSoFar
                            Value = value step
                            Low = nan
                            High = nan
                        }
                |]
        }

    let private accuracyCurve (result: RunResult) =
        {
            Metric = "accuracy on the test side"
            Points =
                [|
                    for point in result.Evaluations ->
                        {
                            Step = point.Step
                            Tokens = point.TokensSoFar
                            Value = point.Result.Accuracy
                            Low = point.Result.Low
                            High = point.Result.High
                        }
                |]
        }

    let private termCurves (result: RunResult) =
        [
            if not result.Steps.IsEmpty && result.Steps[0].Terms.Length > 1 then
                for index in 0 .. result.Steps[0].Terms.Length - 1 do
                    let name = result.Steps[0].Terms[index].Name
                    stepCurve result $"reward term {Show.text name}" (fun step -> step.Terms[index].Value)
        ]

    let private curves (result: RunResult) =
        [|
            accuracyCurve result
            stepCurve result "mean reward" _.Reward
            yield! termCurves result
            stepCurve result "tokens of an answer" _.AnswerTokens
            stepCurve result "share of informative prompts" _.InformativeShare
            stepCurve result "entropy (nats)" _.Loss.MeanEntropy
            stepCurve result "clipped tokens (share)" _.Loss.ClipShare
            stepCurve result "gradient norm" _.GradientNorm
            stepCurve result "tokens saved by sharing (share)" (fun step ->
                1.0 - float step.Tokens / float step.FlatTokens)
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
                $"{silent} of {result.Steps.Length} steps had no prompt with different rewards"
        |]

    /// <summary>A run as the record that reports are drawn from.</summary>
    let view (run: Run) =
        let result, experiment = run.Result, run.Experiment
        let seconds = result.Seconds
        let policy = result.Policy

        {
            Name = experiment.Name
            Facts =
                [|
                    "policy", $"{experiment.Policy.Name}, {Show.whole policy.ParameterCount} parameters"
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
            FlatTokens = result.Steps |> Seq.sumBy _.FlatTokens
            SecondsSampling = seconds.Sampling
            SecondsTraining = seconds.Training
            SecondsRest = seconds.Rest + (result.Evaluations |> Seq.sumBy _.Result.Seconds)
            Curves = curves result
            Trees =
                match run.LastForest with
                | ValueSome credited ->
                    [|
                        TreeViews.credited
                            $"{experiment.Name}: a forest of the last step"
                            credited
                            (TreeViews.mostTelling credited)
                    |]
                | ValueNone -> [||]
            Notes = notes run
        }

    /// <summary>Several runs as one record that a report is drawn from.</summary>
    let viewAll (title: string) (runs: seq<Run>) =
        let views = runs |> Seq.map view |> Seq.toArray

        let one (run: RunView) =
            $"{run.Name}: accuracy {Format.interval run.Before} before, {Format.interval run.After} after {Show.whole run.SampledTokens} sampled tokens"

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
