namespace TreeRl

open System
open Spectre.Console.Rendering
open TreeRl.Training

/// <summary>A run on a terminal: a bar, and one live line for each stage.</summary>
module internal ProgressLive =

    let private barWidth = 28

    let private bar (state: ProgressState) =
        let filled = barWidth * state.StepsDone / max 1 state.Steps
        $"[blue]{String('\u2501', filled)}[/][grey]{String('\u2500', barWidth - filled)}[/]"

    let private head (state: ProgressState) =
        let left = if state.Left = "" then "" else $"  {state.Left}"
        $"[bold]{Spectre.Console.Markup.Escape state.Name}[/]  {bar state}  step {state.StepsDone}/{state.Steps}{left}"

    let private sampled (step: StepMetrics) =
        let saved = 1.0 - float step.Tokens / float step.FlatTokens

        [
            ProgressState.Rate(step.Tokens, step.Seconds.Sampling)
            Show.count step.Leaves "answer"
            + $" of {Format.fixedTo 1 step.AnswerTokens} tokens"
            $"{Format.percent saved} shared"
        ]

    let private graded (step: StepMetrics) =
        [
            $"reward {Format.fixedTo 3 step.Reward}"
            $"informative {Format.percent step.InformativeShare}"
            $"all good {Format.percent step.AllGoodShare}, all bad {Format.percent step.AllBadShare}"
        ]

    let private trained (step: StepMetrics) =
        [
            ProgressState.Rate(step.Tokens, step.Seconds.Training)
            $"entropy {Format.fixedTo 3 step.Loss.MeanEntropy}"
            $"gradient {Format.fixedTo 3 step.GradientNorm}"
            if step.Loss.ClipShare > 0.0 then
                $"clipped {Format.percent step.Loss.ClipShare}"
        ]

    let private measured (point: EvaluationPoint) =
        let result = point.Result

        [
            $"accuracy {Format.percent result.Accuracy} [{Format.percent result.Low}, {Format.percent result.High}]"
            "after " + Show.count point.Step "step"
        ]

    /// The head and a row for each stage; the one under way is marked.
    let view (state: ProgressState) : IRenderable =
        let row (stage: RunStage voption) name (cells: string list) =
            let mark, style =
                if stage.IsSome && state.Stage = stage then
                    "\u25B8", "bold"
                else
                    " ", "grey"

            let text = cells |> List.map Spectre.Console.Markup.Escape |> String.concat "   "
            Spectre.Console.Markup $"  [blue]{mark}[/] [{style}]{name}[/]{text}" :> IRenderable

        let ofStep cells =
            match state.Last with
            | ValueSome step -> cells step
            | ValueNone -> []

        Spectre.Console.Rows(
            [|
                Spectre.Console.Markup(head state) :> IRenderable
                row (ValueSome RunStage.Sampling) "sample   " (ofStep sampled)
                row ValueNone "grade    " (ofStep graded)
                row (ValueSome RunStage.Training) "train    " (ofStep trained)
                row
                    (ValueSome RunStage.Measuring)
                    "measure  "
                    (match state.Measured with
                     | ValueSome point -> measured point
                     | ValueNone -> [])
            |]
        )
