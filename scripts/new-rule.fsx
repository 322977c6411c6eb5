// A rule of one's own, from the idea to a trained policy: write it, have its laws checked, mend it, score it against the truth, train with it.
//
// run      ./treerl scripts/new-rule.fsx            (TREERL_SMALL=1: a few seconds, to see that it works)
// time     about a minute on two cores
// expect   the draft breaks laws, drawn on the smallest forests that show it; the mended rule keeps them; then how close its advantages come
//          to the true ones beside two published rules, and a short training run with its report in runs/new-rule

#load "treerl.fsx"
open TreeRl

let small = System.Environment.GetEnvironmentVariable "TREERL_SMALL" = "1"
let count large little = if small then little else large

// The idea: the mean of two leaves says less than the mean of eight, so shrink a value the more, the fewer leaves it is made of.
let shrink (forest: Forest) (scores: float[]) node =
    let below = Array.sub scores forest.FirstLeaf[node] forest.LeafCount[node]
    let scored = Array.filter System.Double.IsFinite below
    Array.sum scored / float (scored.Length + 2)

let draft =
    redistributionNamed "draft" {
        backup (customBackup "shrunk mean" (fun forest scores -> Array.init forest.NodeCount (shrink forest scores)))
        advantage (over Parent)
    }

// It shrinks towards 0, so that a constant added to all rewards changes the advantages: the laws tell.
printfn $"{Laws.check draft}\n"

// Towards the question's mean instead: centre first. What it breaks on purpose is waived, what it comes to on flat groups is stated.
let mine =
    redistributionNamed "shrunk" { yield! [ from draft; leafScore (centre Prompt) ] }

let own = Laws.claims mine |> Laws.waive Law.Identity "shrunk on purpose"
let claims = own |> Laws.onChains (1.0 / 3.0) Methods.drGrpo.Redistribute
printfn $"{Laws.check (mine, claims = claims)}\n"

// The lab: the same trees for all, and fresh continuations of every node for the truth.
let arith = Policy.pretrained "arith"
let score = reward { correct 1.0 }

let forest =
    branching { yield! [ trees 4; leaves 16; branchWhen (everyTokens 12); maxDepth 2; maxTokens 80 ] }

let questions = Tasks.chainsBetween 3 4
let rollout = Forest.grow forest arith questions (count 30 2) 7
let graded = Reward.grade score rollout
let rules = [ mine; Methods.treeAdv.Redistribute; Methods.spo.Redistribute ]
let truth = Lab.truth arith score forest (count 32 4) graded
printfn $"{Lab.compare rules graded}\n\n{truth}"
rules |> List.iter (fun rule -> printfn $"{Lab.score rule truth graded}")

// And a short training run.
experiment "new-rule" {
    yield! [ policy arith; tasks questions; sample forest; grade score ]
    yield! [ redistribute mine; update Objectives.grpo; steps (count 20 2) ]
    yield! [ promptsPerStep (count 16 2); evaluateOn (count 200 10) 2; seed 7 ]
}
|> Experiment.run
|> Report.show
