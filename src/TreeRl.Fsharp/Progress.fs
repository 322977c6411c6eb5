namespace TreeRl

open System
open TreeRl.Training

/// <summary>
/// Progress on the console. On a terminal one line follows the present step and measurements stay; redirected, plain lines are written
/// for measurements and for about thirty steps. The first step and about every tenth of the run show one answer.
/// </summary>
[<Sealed>]
type internal Progress(name: string, steps: int) =
    let live = not Console.IsOutputRedirected
    let every = max 1 (steps / 30)
    let showEvery = max 5 (steps / 10)
    let mutable shown = 0
    let mutable stepsDone = 0

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
        + (if metrics.Tries > 1 then
               $"in {metrics.Tries} tries  "
           else
               "")
        + $"entropy {Format.fixedTo 3 metrics.Loss.MeanEntropy}  {Format.fixedTo 2 total} s"

    let troubles (metrics: StepMetrics) =
        [
            if metrics.Failed > 0 then
                (Show.count metrics.Failed "answer" + " failed in grading")
            if metrics.TimedOut > 0 then
                (Show.count metrics.TimedOut "answer" + " ran out of time in grading")
            if not metrics.Troubles.IsDefault then
                yield! metrics.Troubles
            if metrics.InformativeShare = 0.0 then
                "no prompt had different rewards, so this step taught nothing"
        ]

    /// The prompt, what the policy wrote, and what it earned.
    static member Sample(prompt: string, answer: string, outcome: TreeRl.Rewards.Outcome) =
        let earned =
            if outcome.HasScore then
                $"earned {outcome}"
            else
                string outcome

        $"{Show.text (Show.cut 60 (prompt.Trim()))} -> {Show.text (Show.cut 160 (answer.Trim()))}  {Show.cut 100 earned}"

    /// Steps done so far, those before a checkpoint included.
    member _.StepsDone = stepsDone

    member _.Tell(event: RunEvent) =
        match event with
        | :? RunEvent.Started as started ->
            stepsDone <- started.ResumedFrom

            let resumed =
                if started.ResumedFrom = started.Plan.Steps then
                    $", finished before and read back from {started.Plan.Folder} (delete it to run anew)"
                elif started.ResumedFrom > 0 then
                    $", continuing after step {started.ResumedFrom}"
                else
                    ""

            keep ($"{name}  " + Show.count steps "step" + $" on {started.Engine}{resumed}")
        | :? RunEvent.StepDone as step ->
            let metrics = step.Metrics
            stepsDone <- metrics.Step + 1

            for trouble in troubles metrics do
                keep $"{name}  step {metrics.Step + 1}: {trouble}"

            if live then
                passing (stepLine metrics)
            elif metrics.Step = 0 || (metrics.Step + 1) % every = 0 then
                keep (stepLine metrics)
        | :? RunEvent.Evaluated as measured ->
            keep (
                $"{name}  after "
                + Show.count measured.Point.Step "step"
                + $": {measured.Point.Result}"
            )
        | :? RunEvent.Sample as sample when sample.Step = 0 || (sample.Step + 1) % showEvery = 0 ->
            keep $"{name}  step {sample.Step + 1}: {Progress.Sample(sample.Prompt, sample.Text, sample.Outcome)}"
        | _ -> ()

    member _.Done() =
        if live && shown > 0 then
            Console.WriteLine()

        shown <- 0
