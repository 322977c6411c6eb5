// Measures a policy on held-out questions: avg@k, pass@k and maj@k with 95 % bootstrap intervals over questions, by level, then greedy
// answers beside sampled ones, compared question by question with paired tests. Every answer and its score is kept in a file.
//
// run      ./treerl scripts/evaluate.fsx [--model <folder>] [--tasks chains | gsm8k:<file> | math:<file>] [--items 200] [--answers 8]
//          (the model defaults to "arith", which comes with TreeRl; TREERL_SMALL=1: a few seconds)
// time     about 10 seconds on two cores for "arith"
// expect   a line for each number of steps: about 29 % over all when sampled and 67 % greedily, best at the 3 and 4 steps that "arith" was
//          made from; pass@8 far above avg@8, maj@8 between them

#load "treerl.fsx"

open System.IO
open TreeRl
open TreeRl.Rewards
open TreeRl.Tasks

let policy =
    match Script.option "model" "" with
    | "" -> Policy.pretrained "arith"
    | folder -> Policy.load folder

let ofSource (source: ITaskSource) =
    Tasks.ofSources source.Name source source

let tasks, right =
    match Script.option "tasks" "chains" with
    | "chains" -> Tasks.chainsBetween 2 5, Graders.Correct
    | given when given.StartsWith "gsm8k:" -> ofSource (MathDatasets.Gsm8k given[6..]), MathGraders.Gsm8k
    | given when given.StartsWith "math:" -> ofSource (MathDatasets.Math given[5..]), MathGraders.Math
    | given -> failwith $"--tasks {given}: write chains, gsm8k:<file> or math:<file>"

let items = Script.option "items" (if Script.small then "12" else "200") |> int
let answers = Script.option "answers" (if Script.small then "2" else "8") |> int
let maxTokens = min 512 (policy.Weights.Config.ContextLength / 2)

let sampled =
    Evaluate.on (policy, tasks, items = items, answers = answers, maxTokens = maxTokens, right = right)

let greedy =
    Evaluate.on (policy, tasks, items = items, temperature = 0.0, maxTokens = maxTokens, right = right)

Evaluate.show sampled
printfn ""

Evaluate.compare (Evaluate.rename "sampled" sampled, Evaluate.rename "greedy" greedy)
|> Evaluate.showComparison

for name, evaluation in [ "sampled", sampled; "greedy", greedy ] do
    let path =
        Evaluate.save (Path.Combine(Script.folder "evaluate", $"{policy.Name}-{name}.jsonl")) evaluation

    printfn $"answers: {path}"
