namespace TreeRl

open System
open System.Threading
open TreeRl.Training

/// <summary>A finished run: the experiment, and what the core measured.</summary>
[<Sealed>]
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

/// <summary>Runs experiments.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Experiment =

    let private start (experiment: Experiment) tell cancellation =
        let policy = experiment.Policy

        new Run(
            experiment,
            Trainer.Run(experiment.Plan, policy.Weights, policy.Tokenizer, policy.Engine, tell, cancellation)
        )

    /// <summary>
    /// Runs an experiment with progress on the console. With <c>saveTo</c>, Ctrl+C ends it after the present step with a checkpoint, and
    /// running it again goes on from there.
    /// </summary>
    let run (experiment: Experiment) =
        let progress = Progress(experiment.Name, experiment.Plan.Steps)

        for note in experiment.Notes do
            printfn $"{experiment.Name}  note: {note}"

        use stop = new CancellationTokenSource()

        let onCancel =
            ConsoleCancelEventHandler(fun _ args ->
                args.Cancel <- true
                stop.Cancel())

        Console.CancelKeyPress.AddHandler onCancel

        try
            start experiment (Action<RunEvent> progress.Tell) stop.Token
        finally
            progress.Done()
            Console.CancelKeyPress.RemoveHandler onCancel

    /// <summary>Runs an experiment without a word on the console.</summary>
    let runQuietly (experiment: Experiment) =
        start experiment (Action<RunEvent> ignore) CancellationToken.None

    /// <summary>Runs experiments one after the other, with progress on the console. Their names must differ.</summary>
    let compare (experiments: seq<Experiment>) =
        let all = Seq.toArray experiments

        match all |> Array.countBy _.Name |> Array.tryFind (fun (_, count) -> count > 1) with
        | Some(name, count) ->
            invalidArg "experiments" $"{count} experiments are named {Show.text name}: give each its own name"
        | None -> all |> Array.map run
