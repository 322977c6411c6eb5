namespace TreeRl

open System
open TreeRl.Training

/// <summary>What a run has told so far, and the texts that are shown of it.</summary>
[<Sealed>]
type internal ProgressState(name: string, steps: int, evaluateEvery: int) =
    let seconds = ResizeArray<float>()
    let mutable stage = ValueNone
    let mutable stepsDone = 0
    let mutable last: StepMetrics voption = ValueNone
    let mutable measured: EvaluationPoint voption = ValueNone

    /// Steps of which the time left is reckoned.
    let recent = 10

    let evaluationsLeft () =
        if stepsDone >= steps then
            0
        elif evaluateEvery = 0 then
            1
        else
            (steps + evaluateEvery - 1) / evaluateEvery - stepsDone / evaluateEvery

    /// "1:05:09", "12:07", "0:09".
    static member Clock(seconds: float) =
        let whole = int64 (Math.Ceiling seconds)

        if whole >= 3600L then
            $"{whole / 3600L}:{whole / 60L % 60L:D2}:{whole % 60L:D2}"
        else
            $"{whole / 60L}:{whole % 60L:D2}"

    member _.Name = name
    member _.Steps = steps

    /// Steps done so far, those before a checkpoint included.
    member _.StepsDone = stepsDone

    /// The stage under way.
    member _.Stage: RunStage voption = stage

    /// The last step done.
    member _.Last = last

    /// The last measurement.
    member _.Measured = measured

    /// Takes in what the run tells.
    member _.Take(event: RunEvent) =
        match event with
        | :? RunEvent.Started as started -> stepsDone <- started.ResumedFrom
        | :? RunEvent.StageBegan as began -> stage <- ValueSome began.Stage
        | :? RunEvent.StepDone as step ->
            stepsDone <- step.Metrics.Step + 1
            last <- ValueSome step.Metrics
            seconds.Add step.Metrics.Seconds.Total
        | :? RunEvent.Evaluated as evaluated -> measured <- ValueSome evaluated.Point
        | _ -> ()

    /// Seconds until the end: the mean of the last ten steps for those to come, the last measurement for those to come; none before the
    /// first step is done.
    member _.SecondsLeft =
        if seconds.Count = 0 then
            ValueNone
        else
            let own = Seq.skip (max 0 (seconds.Count - recent)) seconds |> Seq.average

            let evaluation =
                match measured with
                | ValueSome point -> point.Result.Seconds
                | ValueNone -> 0.0

            ValueSome(own * float (steps - stepsDone) + evaluation * float (evaluationsLeft ()))

    /// "0:45 left"; empty before the first step is done and after the last.
    member this.Left =
        match this.SecondsLeft with
        | ValueSome seconds when stepsDone < steps -> ProgressState.Clock seconds + " left"
        | _ -> ""

    member _.Accuracy =
        match measured with
        | ValueSome point -> Format.percent point.Result.Accuracy
        | ValueNone -> "-"

    /// Tokens a second of a part of a step's time.
    static member Rate(tokens: int64, seconds: float) =
        if seconds > 0.0 then
            Show.whole (int64 (float tokens / seconds)) + " tokens/s"
        else
            "-"

    /// The present step in one line.
    member this.Line =
        match last with
        | ValueNone -> $"{name}  step 0/{steps}"
        | ValueSome step ->
            [
                $"{name}  step {string(step.Step + 1).PadLeft(string(steps).Length)}/{steps}"
                $"reward {Format.fixedTo 3 step.Reward}"
                $"accuracy {this.Accuracy}"
                $"informative {Format.percent step.InformativeShare}"
                if step.Tries > 1 then
                    $"in {step.Tries} tries"
                ProgressState.Rate(step.Tokens, step.Seconds.Total)
                if this.Left <> "" then
                    this.Left
            ]
            |> String.concat "  "
