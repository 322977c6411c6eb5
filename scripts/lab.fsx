// Which rule credits best? All tree rules and GRPO at an equal budget of tokens on chain arithmetic, each scored against the truth: the
// values of nodes from fresh continuations of each, and the gradient of the expected reward from many independent rollouts.
//
// run      ./treerl scripts/lab.fsx                 (TREERL_SMALL=1: a few seconds, to see that it works)
// time     about two and a half minutes on two cores; a truth under way is kept in runs/lab and continued
// expect   one line a stage, then two tables: what each forest cost, and of each rule bias and error of its advantages, their correlation with
//          the true ones, and the cosine of its policy gradient with the true one, each with its interval; figures in runs/lab/report.html.
//          "entropy" and "segments" carry every rule; below them stand the samplers that schemes bring themselves. Equal seeds, equal numbers.

#load "treerl.fsx"

open TreeRl

// Every forest is to cost about 300 tokens a question, those for the values of a rule included; the table states what each spent.
let sampler lines =
    branching { yield! maxTokens 80 :: lines }

let flat = sampler [ leaves 9 ]

let byEntropy =
    sampler [ trees 3; leaves 10; branchWhen (entropyAbove 0.5); topUp newTrees ]

let bySegments =
    sampler [ trees 4; leaves 16; branchWhen (everyTokens 12); maxDepth 2 ]

let eptree = sampler [ trees 3; leaves 15; expand (surprisalForks 2 1 2) ]
let randomLines = sampler [ trees 3; leaves 12; expand (randomNodes 3 1) ]
let byLines = sampler [ leaves 3; stepNodes (stepAfter "\n") ]

let transfer =
    [ trees 2; leaves 18; branchWhen (everyTokens 12); fanOutRule Transfer ]

let withFallback =
    sampler (expand (fallback onlyFinished (dropSegments 12)) :: transfer)

let vine =
    redistributionNamed "vinePpo" { yield! [ from Methods.vinePpo.Redistribute; backup (freshValues 1) ] }

let onTrees =
    [ Methods.treeRpo; Methods.treePo; Methods.treeAdv; Methods.treeRl ]
    @ [ Methods.treeGrpo; Methods.spo; Methods.dTreeRpo; Methods.grpo ]

let forest name sampling rules =
    {
        Name = name
        Sample = sampling
        Rules = rules
    }

let ruleOf (method: Method) = method.Redistribute
let grpo = ruleOf Methods.grpo

let setup =
    {
        Policy = Policy.pretrained "arith"
        Tasks = Tasks.chainsBetween 3 4
        Reward = reward { correct 1.0 }
        Prompts = if Script.small then 3 else 64
        TruthSamples = if Script.small then 4 else 48
        Rollouts = if Script.small then 8 else 256
        Seed = 7
        Folder = Script.folder "lab"
    }

[
    forest "flat" flat [ grpo ]
    forest "entropy" byEntropy (onTrees |> List.map ruleOf)
    forest "segments" bySegments (onTrees |> List.map ruleOf)
    forest "treePo" withFallback [ ruleOf Methods.treePo; grpo ]
    forest "treeRl" eptree [ ruleOf Methods.treeRl; grpo ]
    forest "treeGrpo" randomLines [ ruleOf Methods.treeGrpo; grpo ]
    forest "vinePpo" byLines [ vine; grpo ]
]
|> Lab.study "Which rule credits best?" setup
|> LabReport.show
