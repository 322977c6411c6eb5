(**
# An own redistribution rule in ten minutes

From an idea to a rule whose laws are checked and whose credit is measured against the truth.

The idea: the mean of two leaves says less than the mean of eight. So a node's value should be shrunk the more, the fewer leaves it is made of.
*)
#load "../scripts/treerl.fsx"
open TreeRl

let small = System.Environment.GetEnvironmentVariable "TREERL_SMALL" = "1"
let count large little = if small then little else large
(**
## Write it

What the words do not have, a function of yours says. A `customBackup` gets the forest and the leaf scores, and gives one value for each node.
Leaves without a score (abstained, failed, out of time) are NaN, and are left out.
*)
let shrink (forest: Forest) (scores: float[]) node =
    let below = Array.sub scores forest.FirstLeaf[node] forest.LeafCount[node]
    let scored = Array.filter System.Double.IsFinite below
    Array.sum scored / float (scored.Length + 2)

let draft =
    redistributionNamed "draft" {
        backup (customBackup "shrunk mean" (fun forest scores -> Array.init forest.NodeCount (shrink forest scores)))
        advantage (over Parent)
    }

draft
(**
## Is it sane?

`Laws.check` generates forests, reads from the words what the rule should keep, and draws the smallest forest on which it does not.
*)
Laws.check (draft, forests = count 60 10)
(**
It shrinks towards 0, so a constant added to all rewards changes the advantages. Towards the question's mean instead: centre the leaf scores
first. What the rule breaks on purpose is waived, with the reason.
*)
let mine =
    redistributionNamed "shrunk" {
        from draft
        leafScore (centre Prompt)
    }

let claims =
    Laws.claims mine
    |> Laws.waive Law.Identity "shrunk on purpose"
    |> Laws.onChains (1.0 / 3.0) Methods.drGrpo.Redistribute

Laws.check (mine, claims = claims, forests = count 60 10)
(**
## See it

The same trees by the new rule and by TreeAdv.
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

let graded = Forest.grow forest arith questions (count 30 2) 7 |> Reward.grade score
Redistribution.apply mine graded
// %%
Redistribution.apply Methods.treeAdv.Redistribute graded
(**
## Does it credit well?

The truth costs tokens, not thought: fresh continuations from every node estimate what the node is worth. A rule's advantages are then compared
with the true ones: bias, error, correlation.
*)
let truth = graded |> Lab.truth arith score forest (count 32 4)
truth
// %%
for rule in
    [
        mine
        Methods.treeAdv.Redistribute
        Methods.spo.Redistribute
        Methods.treeRpo.Redistribute
    ] do
    printfn $"{Lab.score rule truth graded}"
(**
## Does it train?
*)
let run =
    experiment "shrunk" {
        policy arith
        tasks questions
        sample forest
        grade score
        redistribute mine
        update Objectives.grpo
        steps (count 20 1)
        promptsPerStep (count 16 2)
        evaluateOn (count 200 4) 2
        seed 7
    }
    |> Experiment.runQuietly

run
(**
Not well: in twenty steps accuracy falls. The lab had said so: the rule's correlation with the true advantages is about half of TreeAdv's. So
this idea ends here, ten minutes after it came up. A rule that keeps its laws, comes close to the truth and trains is worth a longer run:
`scripts/lab.fsx` measures rules at equal token budgets, with intervals.
*)
