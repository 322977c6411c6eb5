// Which rule credits best? All tree rules and GRPO at an equal budget of tokens on chain arithmetic, each scored against the truth: the
// values of nodes from fresh continuations of each, and the gradient of the expected reward from many independent rollouts.
//
// run      ./treerl scripts/lab.fsx                 (TREERL_SMALL=1: a few seconds, to see that it works)
// time     about 4 minutes on two cores; a truth under way is kept in runs/lab and continued
// expect   one line a stage, then a table: bias and error of each rule's advantages, their correlation with the true ones, and the cosine of
//          its policy gradient with the true one, each with its interval; figures in runs/lab/report.html. Equal seeds give equal numbers.

#load "treerl.fsx"

open System.IO
open TreeRl

let small = System.Environment.GetEnvironmentVariable "TREERL_SMALL" = "1"

// Three ways to spend about the same number of tokens on a question; the table states what each spent.
let flat =
    branching {
        trees 9
        leaves 9
        branchWhen never
        maxTokens 80
    }

let byEntropy =
    branching {
        trees 3
        leaves 10
        branchWhen (entropyAbove 0.5)
        fanOut 2
        topUp newTrees
        maxTokens 80
    }

let bySegments =
    branching {
        trees 4
        leaves 16
        branchWhen (everyTokens 12)
        fanOut 2
        maxDepth 2
        maxTokens 80
    }

let onTrees =
    [ Methods.treeRpo; Methods.treePo; Methods.treeAdv; Methods.treeRl ]
    @ [ Methods.treeGrpo; Methods.spo; Methods.dTreeRpo; Methods.grpo ]

let forest name sampling (methods: Method list) =
    {
        Name = name
        Sample = sampling
        Rules = methods |> List.map _.Redistribute
    }

let setup =
    {
        Policy = Policy.pretrained "arith"
        Tasks = Tasks.chainsBetween 3 4
        Reward = reward { correct 1.0 }
        Prompts = if small then 3 else 64
        TruthSamples = if small then 4 else 48
        Rollouts = if small then 8 else 256
        Seed = 7
        Folder =
            if small then
                Directory.CreateTempSubdirectory("treerl-").FullName
            else
                "runs/lab"
    }

[
    forest "flat" flat [ Methods.grpo ]
    forest "entropy" byEntropy onTrees
    forest "segments" bySegments onTrees
]
|> Lab.study "Which rule credits best?" setup
|> LabReport.show
