// Loads TreeRl into F# interactive: `#load "treerl.fsx"` and `open TreeRl` are all a script needs.
// `./treerl script.fsx` builds the libraries first; in an editor, run `dotnet build -c Release` once.

#r "../src/TreeRl.Fsharp/bin/Release/net10.0/TreeRl.Core.dll"
#r "../src/TreeRl.Fsharp/bin/Release/net10.0/TreeRl.Fsharp.dll"

// Values print as their words and numbers, here and in the REPL.
fsi.AddPrinter(fun (value: TreeRl.Branching) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Reward) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Redistribution) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Objective) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Experiment) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Method) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Policy) -> string value)
fsi.AddPrinter(fun (value: TreeRl.TaskSet) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Rollout) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Graded) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Credited) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Run) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Answer) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Forest) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Outcome) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Problem) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Setting<TreeRl.BranchingSpec>) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Setting<TreeRl.RewardSpec>) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Setting<TreeRl.RedistributionSpec>) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Setting<TreeRl.ObjectiveSpec>) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Setting<TreeRl.ExperimentSpec>) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Training.RunResult) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Training.EvaluationResult) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Training.EvaluationPoint) -> $"after step {value.Step}: {value.Result}")

fsi.AddPrinter(fun (value: TreeRl.Training.StepMetrics) ->
    $"step {value.Step + 1}: reward {value.Reward:F3}, answers {value.Leaves}, mean tokens {value.AnswerTokens:F1}, "
    + $"informative {100.0 * value.InformativeShare:F1} %%, entropy {value.Loss.MeanEntropy:F3}, {value.Seconds.Total:F2} s")

fsi.AddPrinter(fun (value: System.Collections.Immutable.ImmutableArray<TreeRl.Training.StepMetrics>) ->
    let rewards = value |> Seq.truncate 8 |> Seq.map (fun step -> $"{step.Reward:F3}")

    let more = if value.Length > 8 then ", .." else ""
    $"""{value.Length} measured, rewards {String.concat ", " rewards}{more}""")
