namespace TreeRl

open System
open System.Threading
open TreeRl.Training

/// <summary>A finished run: the experiment, and what the core measured.</summary>
[<Sealed; Notebooks.TypeFormatterSource(typeof<Notebooks.HtmlFormatterSource>)>]
type Run internal (experiment: Experiment, result: RunResult) =

    /// <summary>What was run.</summary>
    member _.Experiment = experiment

    /// <summary>Steps, measurements, the last forest, the trained policy.</summary>
    member _.Result = result

    /// <summary>The trained policy, ready for <c>Forest.grow</c> or <c>Policy.save</c>.</summary>
    member _.Trained =
        Policy.ofWeights (experiment.Name + "-trained") (result.Policy.ExportWeights()) experiment.Policy.Tokenizer

    /// <summary>The last step's forest with its credit; none when a finished run was only read back.</summary>
    member _.LastForest: Credited voption =
        match result.LastProducts with
        | null -> ValueNone
        | products ->
            let rollout =
                Rollout(products.Forest, experiment.Policy.Tokenizer, experiment.Name, ValueNone)

            ValueSome(Credited(Graded(rollout, products.Outcomes), products.Credit))

    /// <summary>Frees the trained policy's engine.</summary>
    member _.Dispose() = result.Dispose()

    interface IDisposable with
        member this.Dispose() = this.Dispose()

    /// <summary>Accuracy before and after, tokens, seconds.</summary>
    override _.ToString() = string result

    /// <summary>For notebooks: accuracy before and after, tokens, and the curves of accuracy and reward.</summary>
    member _.ToHtml() =
        let share (measured: EvaluationResult) =
            Format.interval (
                ValueSome
                    {
                        Mean = measured.Accuracy
                        Low = measured.Low
                        High = measured.High
                        Count = 0
                    }
            )

        let accuracy =
            let points = Seq.toArray result.Evaluations
            let value pick = points |> Array.map pick

            Chart.series experiment.Name (value (fun point -> float point.Step)) (value _.Result.Accuracy)
            |> Chart.band (value _.Result.Low) (value _.Result.High)

        let reward =
            let steps = Seq.toArray result.Steps

            Chart.series
                experiment.Name
                (steps |> Array.map (fun step -> float (step.Step + 1)))
                (steps |> Array.map _.Reward)

        [
            HtmlParts.table
                [| "run"; "accuracy before"; "accuracy after"; "steps"; "sampled tokens" |]
                [
                    [|
                        experiment.Name
                        share result.Before
                        share result.After
                        string result.Steps.Length
                        Show.whole result.TokensSampled
                    |]
                ]
            HtmlParts.wide 640 [ ChartSvg.document (Chart.lines "accuracy" "step" "accuracy" [ accuracy ]) ]
            if result.Steps.Length > 0 then
                HtmlParts.wide 640 [ ChartSvg.document (Chart.lines "mean reward" "step" "reward" [ reward ]) ]
        ]
        |> HtmlParts.render

/// <summary>Runs experiments.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Experiment =

    let private ending (number: int) = $"-seed{number}"

    /// <summary>
    /// The same experiment once for each seed, named after it: <c>mine-seed1</c>, <c>mine-seed2</c>, ... Reports over their runs draw one
    /// line with a band.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">There is no seed, or one is given twice.</exception>
    let seeds (numbers: seq<int>) (experiment: Experiment) =
        let numbers = Seq.toArray numbers

        if numbers.Length = 0 then
            invalidArg "numbers" "no seed: write for example 'Experiment.seeds [ 1; 2; 3 ]'"

        match numbers |> Array.countBy id |> Array.tryFind (fun (_, count) -> count > 1) with
        | Some(number, count) -> invalidArg "numbers" $"seed {number} is given {count} times: a seed names a run"
        | None -> ()

        numbers
        |> Array.map (fun number ->
            ExperimentBuilder(experiment.Name + ending number) {
                from experiment
                seed number
            })

    /// <summary>The experiment's name without the seed that <c>Experiment.seeds</c> put behind it.</summary>
    let family (experiment: Experiment) =
        let ending = ending experiment.Spec.Seed

        if experiment.Name.EndsWith(ending, StringComparison.Ordinal) then
            experiment.Name.Substring(0, experiment.Name.Length - ending.Length)
        else
            experiment.Name

    let private start (experiment: Experiment) tell cancellation =
        let policy = experiment.Policy

        new Run(
            experiment,
            Trainer.Run(experiment.Plan, policy.Weights, policy.Tokenizer, policy.Engine, tell, cancellation)
        )

    let private progressOf (mode: ProgressMode) (experiment: Experiment) =
        let plan = experiment.Plan

        Progress(
            experiment.Name,
            plan.Steps,
            plan.Evaluation.Every,
            mode,
            Spectre.Console.AnsiConsole.Console,
            plan.Folder
        )

    let private shown mode cancellation (experiment: Experiment) =
        let progress = progressOf mode experiment

        for note in experiment.Notes do
            progress.Note note

        let run () =
            progress.During(fun () -> start experiment (Action<RunEvent> progress.Tell) cancellation)

        progress, run

    let private watched (cancellation: CancellationToken) (experiment: Experiment) =
        let progress, run =
            shown (Progress.Mode experiment.Spec.Quiet) cancellation experiment

        try
            run ()
        with :? OperationCanceledException when cancellation.IsCancellationRequested ->
            Leaving.now (Leaving.line experiment.Name experiment.Spec.SaveTo.IsSome progress.StepsDone)

    /// Runs one experiment after the other until the token is cancelled, which no further run begins after.
    let internal runAll (cancellation: CancellationToken) (experiments: Experiment[]) =
        let one (experiment: Experiment) =
            if cancellation.IsCancellationRequested then
                Leaving.now $"{experiment.Name}  not started; run again to go on with it"

            watched cancellation experiment

        experiments |> Array.map one

    let private interruptible experiments =
        let say (line: string) = Console.Error.WriteLine("\n" + line)

        let interrupt = Interrupt say
        interrupt.During(fun () -> runAll interrupt.Token experiments)

    /// <summary>
    /// Runs an experiment with progress on the console. The first Ctrl+C ends it after the present step, with <c>saveTo</c> by a
    /// checkpoint from which running it again goes on; the second ends the process at once.
    /// </summary>
    /// <exception cref="T:System.OperationCanceledException">It was ended by Ctrl+C. A script exits with code 130 instead.</exception>
    let run (experiment: Experiment) =
        interruptible [| experiment |] |> Array.head

    /// <summary>Runs an experiment without a word on the console, as the word <c>quiet</c> in its block does.</summary>
    let runQuietly (experiment: Experiment) =
        let _, run = shown ProgressMode.Quiet CancellationToken.None experiment
        run ()

    /// <summary>
    /// Runs experiments one after the other, with progress on the console. Their names must differ. Ctrl+C as in <c>run</c>: no further
    /// one begins.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">Two experiments have the same name.</exception>
    /// <exception cref="T:System.OperationCanceledException">They were ended by Ctrl+C. A script exits with code 130 instead.</exception>
    let compare (experiments: seq<Experiment>) =
        let all = Seq.toArray experiments

        match all |> Array.countBy _.Name |> Array.tryFind (fun (_, count) -> count > 1) with
        | Some(name, count) ->
            invalidArg "experiments" $"{count} experiments are named {Show.text name}: give each its own name"
        | None -> interruptible all

    /// <summary>Runs an experiment once for each seed: <c>Experiment.seeds</c> and <c>Experiment.compare</c>.</summary>
    let runSeeds (numbers: seq<int>) (experiment: Experiment) = seeds numbers experiment |> compare
