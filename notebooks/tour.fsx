(**
# A tour of TreeRl

Reinforcement learning of language models samples answers, scores them, and makes the likelier ones likelier. Here the answers to a question grow
as a *tree*: they share their beginnings and branch where the next token is uncertain. A score at a leaf then says something about every branch
point above it, and *redistribution* decides what.

The notebook goes through the stages one by one, with a small policy that does chain arithmetic. It needs a build of the repository:
`dotnet build -c Release`. Hover over a token to see its numbers.
*)
#load "../scripts/treerl.fsx"
open TreeRl

let small = System.Environment.GetEnvironmentVariable "TREERL_SMALL" = "1"
let arith = Policy.pretrained "arith"
arith
(**
The task: chains such as `7;+2;*3?`, whose last line is the answer. The policy writes its steps, and is imperfect on purpose.
*)
let chains = Tasks.chainsBetween 3 4
chains
(**
## Sample

A `branching` block says how answers grow: two trees for each question, at most eight answers, a branch wherever the entropy of the next token
exceeds half a nat. Every line has a default; printing the block shows all of them, the defaults lighter.
*)
let forest =
    branching {
        trees 2
        leaves 8
        branchWhen (entropyAbove 0.5)
        fanOut 2
        maxTokens 80
    }

forest
// %%
let rollout = Forest.grow forest arith chains 4 7
rollout
(**
## Grade

A reward is a sum of named terms. A function of yours is a term; if it throws or takes too long, that is counted and shown, never a silent zero.
*)
let score =
    reward {
        correct 1.0
        term "brief" 0.1 (fun answer -> 1.0 - float answer.TokenCount / 80.0)
    }

let graded = Reward.grade score rollout
graded
(**
## Redistribute

TreeAdv (arXiv 2601.03703) scores the answers to a question against each other, and gives a node the mean over the leaves below it. Blue tokens
become likelier, orange ones less likely.
*)
let credited = Redistribution.apply Methods.treeAdv.Redistribute graded
credited
(**
The same trees by a rule made from the same words: a node's value less its parent's, plus a node's value less its root's.
*)
let mine =
    redistributionNamed "mine" {
        leafScore (centre Prompt)
        backup meanOfLeaves
        advantage (over Parent + over Root)
    }

graded |> Redistribution.apply mine
(**
How far do they agree, token by token?
*)
graded |> Lab.compare [ Methods.treeAdv.Redistribute; mine ]
(**
## Train

An experiment puts the stages together. `Experiment.run` would show its progress; `runQuietly` does not.
*)
let run =
    experiment "tour" {
        policy arith
        tasks chains
        sample forest
        grade score
        redistribute mine
        update Objectives.grpo
        steps (if small then 1 else 20)
        promptsPerStep (if small then 2 else 16)
        evaluateOn (if small then 4 else 200) 2
        seed 7
    }
    |> Experiment.runQuietly

run
(**
Every number of the run is there: `run.Result.Steps` holds a record for each step. A chart of any of them is a value, too.
*)
let over =
    run.Result.Steps |> Seq.map (fun step -> float (step.Step + 1)) |> Seq.toArray

let informative = run.Result.Steps |> Seq.map _.InformativeShare |> Seq.toArray

let length =
    run.Result.Steps
    |> Seq.map (fun step -> step.AnswerTokens / 80.0)
    |> Seq.toArray

Chart.lines
    "what the answers are like"
    "step"
    "share"
    [
        Chart.series "informative prompts" over informative
        Chart.series "length, of 80 tokens" over length
    ]
(**
`Report.show run` writes the whole report as one page that opens offline. Where to go on: `own-rule.fsx` makes a rule of one's own,
`published.fsx` compares the published ones.
*)
