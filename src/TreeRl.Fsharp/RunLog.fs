namespace TreeRl

open System
open System.Globalization
open System.IO
open System.Runtime.InteropServices
open TreeRl.Training

/// <summary>
/// The infrastructure's side of a run, in <c>run.log</c> of its folder, one line an event after the time in UTC: engine and machine, seconds by
/// stage, memory, learning rate, the gap between sampler and trainer, checkpoints, what ended it. A run that continues writes on. A run
/// without a folder writes nothing.
/// </summary>
[<Sealed>]
type internal RunLog(folder: string | null, now: unit -> DateTime) =
    let mutable isOpen = false

    let write (line: string) =
        match folder with
        | null -> ()
        | folder ->
            let time = now().ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture)

            File.AppendAllText(Path.Combine(folder, "run.log"), $"{time}  {line}\n")

    let megabytes (bytes: int64) = Show.whole (bytes / 1048576L) + " MB"

    let stepLine (metrics: StepMetrics) =
        let s = metrics.Seconds

        $"step {metrics.Step + 1}: "
        + Show.wholeCount metrics.Tokens "token"
        + $" in {Format.fixedTo 3 s.Sampling} s sampling, {Format.fixedTo 3 s.Training} s training, "
        + $"{Format.fixedTo 3 s.Rest} s rest; updates {metrics.Updates}, learning rate {Show.number metrics.LearningRate}, gradient norm {Format.fixedTo 4 metrics.GradientNorm}, "
        + $"sampler gap {Show.number metrics.FirstSamplerGap}; heap {megabytes (GC.GetTotalMemory false)}, process {megabytes Environment.WorkingSet}"

    /// Writes down what the run tells; the run's folder is there and its own from the first event on.
    member _.Tell(event: RunEvent) =
        match event with
        | :? RunEvent.Started as started ->
            isOpen <- true

            write (
                $"{started.Plan.Name}: "
                + Show.count started.Plan.Steps "step"
                + $" on {started.Engine}; {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}, "
                + Show.count Environment.ProcessorCount "processor"
            )

            if started.ResumedFrom > 0 then
                write $"continues after step {started.ResumedFrom}"
        | :? RunEvent.StepDone as step ->
            write (stepLine step.Metrics)

            if not step.Metrics.Troubles.IsDefault then
                for trouble in step.Metrics.Troubles do
                    write $"step {step.Metrics.Step + 1}: {trouble}"
        | :? RunEvent.Evaluated as measured ->
            write (
                "measured after "
                + Show.count measured.Point.Step "step"
                + $" in {Format.fixedTo 3 measured.Point.Result.Seconds} s: {measured.Point.Result}"
            )
        | :? RunEvent.CheckpointWritten as checkpoint -> write $"checkpoint {checkpoint.Folder}"
        | _ -> ()

    /// How the run ended: null when it is whole.
    member _.Ended(problem: exn | null) =
        if isOpen then
            match problem with
            | null -> write "done"
            | problem -> write $"ended by {problem.GetType().Name}: {problem.Message}"
