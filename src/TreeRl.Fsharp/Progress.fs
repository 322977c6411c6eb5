namespace TreeRl

open System
open Spectre.Console
open TreeRl.Training

/// <summary>How a run shows its progress.</summary>
[<RequireQualifiedAccess>]
type internal ProgressMode =
    /// Live lines on a terminal, one for each stage.
    | Live
    /// Plain lines: for measurements and for about thirty steps.
    | Plain
    /// Nothing.
    | Quiet

/// <summary>
/// Progress on the console. On a terminal one live line a stage follows the run and measurements stay above them; where there is no
/// terminal (or TERM is dumb, or CI is set) plain lines are written. The first step and about every tenth of the run show a prompt, an
/// answer and its score. What is of the machine goes to <c>run.log</c>.
/// </summary>
[<Sealed>]
type internal Progress
    (name: string, steps: int, evaluateEvery: int, mode: ProgressMode, console: IAnsiConsole, folder: string | null) =
    let state = ProgressState(name, steps, evaluateEvery)
    let log = RunLog(folder, (fun () -> DateTime.UtcNow))
    let every = max 1 (steps / 30)
    let showEvery = max 5 (steps / 10)
    let mutable live: LiveDisplayContext voption = ValueNone

    let keep (line: string) =
        match mode with
        | ProgressMode.Quiet -> ()
        | ProgressMode.Live -> console.WriteLine line
        | ProgressMode.Plain ->
            Console.Out.WriteLine line
            Console.Out.Flush()

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

    let started (event: RunEvent.Started) =
        let resumed =
            if event.ResumedFrom = event.Plan.Steps then
                $", finished before and read back from {event.Plan.Folder} (delete it to run anew)"
            elif event.ResumedFrom > 0 then
                $", continuing after step {event.ResumedFrom}"
            else
                ""

        keep ($"{name}  " + Show.count steps "step" + $" on {event.Engine}{resumed}")

    let say (event: RunEvent) =
        match event with
        | :? RunEvent.Started as event -> started event
        | :? RunEvent.StepDone as step ->
            let metrics = step.Metrics

            for trouble in troubles metrics do
                keep $"{name}  step {metrics.Step + 1}: {trouble}"

            if
                mode = ProgressMode.Plain
                && (metrics.Step = 0 || (metrics.Step + 1) % every = 0)
            then
                keep state.Line
        | :? RunEvent.Evaluated as measured ->
            keep (
                $"{name}  after "
                + Show.count measured.Point.Step "step"
                + $": {measured.Point.Result}"
            )
        | :? RunEvent.Sample as sample when sample.Step = 0 || (sample.Step + 1) % showEvery = 0 ->
            keep $"{name}  step {sample.Step + 1}: {Progress.Sample(sample.Prompt, sample.Text, sample.Outcome)}"
        | _ -> ()

    /// The mode for this process: quiet when asked for or when TREERL_QUIET is 1, live on a terminal that can move its cursor.
    static member Mode(isQuiet: bool) =
        let isSet (variable: string) =
            not (String.IsNullOrEmpty(Environment.GetEnvironmentVariable variable))

        if isQuiet || Environment.GetEnvironmentVariable "TREERL_QUIET" = "1" then
            ProgressMode.Quiet
        elif
            Console.IsOutputRedirected
            || Environment.GetEnvironmentVariable "TERM" = "dumb"
            || isSet "CI"
        then
            ProgressMode.Plain
        else
            ProgressMode.Live

    /// The prompt, what the policy wrote, and what it earned.
    static member Sample(prompt: string, answer: string, outcome: TreeRl.Rewards.Outcome) =
        let earned =
            if outcome.HasScore then
                $"earned {outcome}"
            else
                string outcome

        $"{Show.text (Show.cut 60 (prompt.Trim()))} -> {Show.text (Show.cut 160 (answer.Trim()))}  {Show.cut 100 earned}"

    /// Steps done so far, those before a checkpoint included.
    member _.StepsDone = state.StepsDone

    /// A line before the run, as for what may surprise.
    member _.Note(line: string) = keep $"{name}  note: {line}"

    /// Takes what the run tells.
    member _.Tell(event: RunEvent) =
        state.Take event
        log.Tell event
        say event

        match live with
        | ValueSome context -> context.UpdateTarget(ProgressLive.view state)
        | ValueNone -> ()

    /// Does the work with the progress shown.
    member _.During(work: unit -> 'Result) : 'Result =
        let logged () =
            try
                let result = work ()
                log.Ended null
                result
            with problem ->
                log.Ended problem
                reraise ()

        match mode with
        | ProgressMode.Live ->
            console
                .Live(ProgressLive.view state)
                .Start(fun context ->
                    live <- ValueSome context

                    try
                        logged ()
                    finally
                        live <- ValueNone)
        | _ -> logged ()
