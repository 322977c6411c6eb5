// One stage at a time: grow a forest, grade it, and redistribute its rewards by two rules - on the same trees, without training.
//
//   ./treerl scripts/stages.fsx
//
// Takes about five seconds on two cores. Prints the forest's size and what sharing saved, one tree under each rule (V is a node's
// value, A the mean advantage of its tokens), and the path of a page on which the same trees can be inspected token by token.

#load "treerl.fsx"
open TreeRl

let policy = Policy.pretrained "arith"

// 1. Sample: three questions, two trees each, a branch wherever the next token is uncertain.
let forest =
    branching {
        trees 2
        leaves 8
        branchWhen (entropyAbove 0.5)
        fanOut 2
        maxTokens 64
    }

let rollout = Forest.grow forest policy (Tasks.chains 3) 3 7
Forest.show rollout

// 2. Grade: one for a correct answer, and a little for brevity.
let score =
    reward {
        correct 1.0
        term "brief" 0.1 (fun answer -> 1.0 - float answer.TokenCount / 64.0)
        within (seconds 2)
    }

let graded = rollout |> Reward.grade score
printfn $"{graded}\n"

// 3. Redistribute: a published rule, and one of your own made from its words.
let mine =
    redistributionNamed "mine" {
        from Methods.treeAdv.Redistribute
        advantage (over Parent + over Root)
    }

let rules = [ Methods.treeAdv.Redistribute; mine; Methods.grpo.Redistribute ]

for rule in rules do
    let credited = graded |> Redistribution.apply rule
    printfn $"{credited}"
    Forest.draw credited
    printfn ""

// 4. Look: every token under every rule, two rules side by side, an answer from its root to its reward.
let page = graded |> Report.forest "runs/stages.html" rules
printfn $"page: {page}"
