namespace TreeRl

open System
open TreeRl.Training

/// <summary>
/// Progress on the console. On a terminal one line follows the present step and measurements stay; redirected, plain lines are written
/// for measurements and for about thirty steps.
/// </summary>
[<Sealed>]
type internal Progress(name: string, steps: int) =
    let live = not Console.IsOutputRedirected
    let every = max 1 (steps / 30)
    let mutable shown = 0

    let keep (line: string) =
        if live && shown > 0 then
            Console.Write("\r" + String(' ', shown) + "\r")

        shown <- 0
        Console.Out.WriteLine line
        Console.Out.Flush()

    let passing (line: string) =
        let width = max 20 (Console.WindowWidth - 1)

        let cut =
            if line.Length > width then
                line.Substring(0, width)
            else
                line

        Console.Write("\r" + cut.PadRight shown)
        shown <- cut.Length

    let stepLine (metrics: StepMetrics) =
        let total = metrics.Seconds.Total

        $"{name}  step {string(metrics.Step + 1).PadLeft(string(steps).Length)}/{steps}  reward {Format.fixedTo 3 metrics.Reward}  "
        + $"answer {Format.fixedTo 1 metrics.AnswerTokens} tokens  informative {Format.percent metrics.InformativeShare}  "
        + $"entropy {Format.fixedTo 3 metrics.Loss.MeanEntropy}  {Format.fixedTo 2 total} s"

    let answers count =
        if count = 1 then "1 answer" else $"{count} answers"

    let troubles (metrics: StepMetrics) =
        [
            if metrics.Failed > 0 then
                $"{answers metrics.Failed} failed in grading"
            if metrics.TimedOut > 0 then
                $"{answers metrics.TimedOut} ran out of time in grading"
            if metrics.InformativeShare = 0.0 then
                "no prompt had different rewards, so this step taught nothing"
        ]

    member _.Tell(event: RunEvent) =
        match event with
        | :? RunEvent.Started as started ->
            let resumed =
                if started.ResumedFrom > 0 then
                    $", continuing after step {started.ResumedFrom}"
                else
                    ""

            keep $"{name}  {steps} steps on {started.Engine}{resumed}"
        | :? RunEvent.StepDone as step ->
            let metrics = step.Metrics

            for trouble in troubles metrics do
                keep $"{name}  step {metrics.Step + 1}: {trouble}"

            if live then
                passing (stepLine metrics)
            elif metrics.Step = 0 || (metrics.Step + 1) % every = 0 then
                keep (stepLine metrics)
        | :? RunEvent.Evaluated as measured ->
            keep $"{name}  after {measured.Point.Step} steps: {measured.Point.Result}"
        | _ -> ()

    member _.Done() =
        if live && shown > 0 then
            Console.WriteLine()

        shown <- 0
