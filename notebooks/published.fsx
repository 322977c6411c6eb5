(**
# Comparing published schemes

Every published scheme is a value made of the same words. So they can be put on the same forest, where nothing differs but the rule: no sampling
noise, no other seed, no other framework.
*)
#load "../scripts/treerl.fsx"
open TreeRl

let small = System.Environment.GetEnvironmentVariable "TREERL_SMALL" = "1"
let count large little = if small then little else large
(**
A method prints its source, formula and blocks, and the numbered list of where it deviates from its source or the source is silent.
*)
Methods.treePo
(**
The tree rules, and what each says.
*)
let methods =
    [ Methods.treeRpo; Methods.treePo; Methods.treeAdv; Methods.treeRl ]
    @ [ Methods.treeGrpo; Methods.spo; Methods.dTreeRpo; Methods.grpo ]

for one in methods do
    printfn $"{one.Name, -10}{one.Formula}"
(**
## One forest for all

Forty questions, sixteen answers to each, a fork every twelve tokens, two forks deep.
*)
let arith = Policy.pretrained "arith"
let questions = Tasks.chainsBetween 3 4
let score = reward { correct 1.0 }

let forest =
    branching {
        trees 4
        leaves 16
        branchWhen (everyTokens 12)
        maxDepth 2
        maxTokens 80
    }

let graded = Forest.grow forest arith questions (count 40 2) 7 |> Reward.grade score
graded
(**
How many tokens get a signal at all, how many that is worth, and how far the rules agree:
*)
let rules = methods |> List.map _.Redistribute
graded |> Lab.compare rules
(**
## Against the truth

What is a node really worth? Fresh continuations of every node tell. `r` is a rule's correlation with the true advantage of a node over its
parent, `RMSE` its error after the best single factor.
*)
let truth = graded |> Lab.truth arith score forest (count 32 4)

let scored = rules |> List.map (fun rule -> Lab.score rule truth graded)

for one in scored do
    printfn $"{one}"
// %%
Chart.intervals
    "correlation with the true advantage, over all nodes"
    "r"
    [
        for one in scored ->
            one.Rule, one.CorrectedCorrelation.Value, one.CorrectedCorrelation.Low, one.CorrectedCorrelation.High
    ]
(**
## The same rules in training

Credit is one thing, learning another. Three rules from the same policy on the same prompts, a short run each.
*)
let train (one: Method) =
    experiment one.Name {
        policy arith
        tasks questions
        sample forest
        grade score
        redistribute one.Redistribute
        update Objectives.grpo
        steps (count 20 1)
        promptsPerStep (count 16 2)
        evaluateOn (count 200 4) 2
        evaluateEvery (count 5 1)
        seed 7
    }
    |> Experiment.runQuietly

let runs = [ Methods.grpo; Methods.treeAdv; Methods.spo ] |> List.map train

Chart.lines
    "accuracy on held-out questions"
    "step"
    "accuracy"
    [
        for run in runs ->
            let points = Seq.toArray run.Result.Evaluations
            let value pick = points |> Array.map pick

            Chart.series run.Experiment.Name (value (fun point -> float point.Step)) (value _.Result.Accuracy)
            |> Chart.band (value _.Result.Low) (value _.Result.High)
    ]
(**
One seed, two hundred questions: the bands overlap, and twenty steps are few. `docs/findings.md` has the measured comparison of all rules at
equal token budgets; `scripts/lab.fsx` makes it anew.
*)
