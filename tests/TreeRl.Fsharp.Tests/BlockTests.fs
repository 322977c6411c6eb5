module TreeRl.Tests.BlockTests

open System
open Xunit
open TreeRl
open TreeRl.Tests.SettingTests

let private only (block: unit -> obj) =
    let problems = problemsOf block
    Assert.Equal(2, problems.Length)
    problems[1]

let private whole settings =
    branching {
        leaves 16
        maxTokens 96
        yield! settings
    }

/// A mistake in a branching block that is otherwise sound, and its message.
let branchingMistakes: (Setting<BranchingSpec> list * string) list =
    [
        [ trees 0; branchWhen (everyTokens 4) ],
        "branching.trees = 0: must be at least 1; leave the line out for the default"
        [ trees 4 ],
        "branching.leaves = 16: cannot be reached: nothing branches, so the 4 trees have 4 leaves; write 'trees 16', leave 'trees' out, or say when to branch ('branchWhen (entropyAbove 1.0)')"
        [ trees 17 ],
        "branching.trees = 17: must not exceed leaves = 16 (every tree has at least one leaf); write 'leaves 17' or more"
        [ fanOut 4 ],
        "branching.fanOut has no meaning when nothing branches; add a line such as 'branchWhen (entropyAbove 1.0)', or remove this one"
        [ branchWhen (everyTokens 4); fanOut 3; fanOutRule Fill ],
        "branching.fanOut = 3: contradicts 'fanOutRule Fill', which spreads the leaves that are left over the live branches; keep one of the two lines"
        [ branchWhen (everyTokens 96) ],
        "branching.branchWhen everyTokens = 96: never happens, since a path ends at maxTokens = 96; write a number below 96"
        [ branchWhen (everyTokens 0) ],
        "branching.branchWhen everyTokens = 0: must be at least 1 token; write for example 'branchWhen (everyTokens 32)'"
        [ branchWhen (entropyAbove -1.0) ],
        "branching.branchWhen entropyAbove = -1: must be a finite number of nats, at least 0; write for example 'branchWhen (entropyAbove 1.0)'"
        [ branchWhen (customTrigger "" (fun _ -> true)) ],
        "branching.branchWhen customTrigger = \"\": must have a name, which prints in plans and reports"
        [ branchWhen (everyTokens 4); maxDepth 0 ],
        "branching.maxDepth = 0: must be at least 1 (it counts the branch points above a node); write 'branchWhen never' for answers that do not branch"
        [ branchWhen (everyTokens 4); atMaxDepth EndThere ],
        "branching.atMaxDepth = EndThere: has no meaning without a depth; add a line such as 'maxDepth 3'"
        [ promptBudget 0 ], "branching.promptBudget = 0: must be at least 1 token; leave the line out for no budget"
        [ stopWhen (repeats 8 1) ],
        "branching.stopWhen repeats (times) = 1: must be at least 2 (once is no repetition); the second number says how often the window may occur"
        [ stopAt "" ], "branching.stopAt = \"\": must not be empty (every text contains it)"
        [ temperature -1.0 ],
        "branching.temperature = -1: must be a finite number of at least 0; 0 takes the likeliest token, 1 leaves the policy as it is"
        [ temperature 0.0 ],
        "branching.temperature = 0: always takes the likeliest token, so all answers of a prompt would be the same; write a temperature above 0, or 'distinctFirstTokens true' with a trigger"
        [ topK -1 ], "branching.topK = -1: must not be negative; 0 keeps every token"
        [ topP 0.0 ], "branching.topP = 0: must lie above 0 and be at most 1; 1 keeps every token"
        [ minP 1.5 ], "branching.minP = 1.5: must lie between 0 and 1; 0 keeps every token"
    ]

[<Fact>]
let ``each mistake in a branching block has its message`` () =
    for settings, message in branchingMistakes do
        Assert.Equal(message, only (fun () -> whole settings))

let private mistakenRedistribution settings message =
    Assert.Equal(message, only (fun () -> redistribution { yield! settings }))

[<Fact>]
let ``each mistake in a redistribution block has its message`` () =
    mistakenRedistribution
        [ backup meanOfLeaves ]
        "redistribution.advantage is missing: it says what a value is compared with; add a line such as 'advantage (over Parent)', or 'advantage (over Zero)' for the value itself"

    mistakenRedistribution
        [ advantage (over Parent) ]
        "redistribution.advantage = over Parent: reads the values of inner nodes, but no backup gives them; add a line such as 'backup meanOfLeaves'"

    mistakenRedistribution
        [ advantage (over Batch) ]
        "redistribution.advantage = over Batch: Batch is no baseline; centre the leaf scores instead: 'leafScore (centre Batch)' with 'advantage (over Zero)'"

    mistakenRedistribution
        [ advantage (over Zero); leafScore (centre Root) ]
        "redistribution.leafScore centre = Root: needs a set of leaves: Prompt, Tree or Batch; to compare a node's value with Root, write 'advantage (over Root)'"

    mistakenRedistribution
        [ advantage (over Zero); leafScore (scale Prompt SqrtLeafCount) ]
        "redistribution.leafScore scale = SqrtLeafCount: is for the terms of an advantage; divide leaf scores by Std, PopulationStd, BernoulliStd or BernoulliVariance"

    mistakenRedistribution
        [ advantage (over Zero); spread Segments ]
        "redistribution.spread = Segments: needs values of inner nodes, but no backup gives them; add a line such as 'backup meanOfLeaves', or write 'spread Paths'"

    mistakenRedistribution
        [ advantage (over Zero); train SiblingGroup ]
        "redistribution.train = SiblingGroup: contradicts 'spread Paths', where a shared token has one advantage for each path; write 'train EveryPath', or 'spread Segments' with a backup"

    mistakenRedistribution
        [ advantage (over Zero); backup meanOfLeaves; prune (narrow Tree Gap 0.1) ]
        "redistribution.prune = (narrow Tree Gap 0.1): works on Prompt or Siblings; write for example 'prune (narrow Siblings Gap 0.1)'"

    mistakenRedistribution
        [
            advantage (over Zero)
            backup meanOfLeaves
            after (customPaths "mine" (fun _ values -> values))
        ]
        "redistribution.after = customPaths \"mine\" ..: works on paths, but with 'spread Segments' advantages belong to nodes; use 'customTokens', or 'spread Paths'"

[<Fact>]
let ``each mistake in a reward block has its message`` () =
    Assert.Equal(
        "reward has no term: it says what an answer earns; add a line such as 'correct 1.0' or 'term \"brief\" 0.1 (fun answer -> ..)'",
        only (fun () -> reward { within (seconds 2) })
    )

    Assert.Equal(
        "reward.within = 0 s: must be above 0 and at most a day; write for example 'within (seconds 2)'",
        only (fun () ->
            reward {
                correct 1.0
                within (seconds 0)
            })
    )

    Assert.Equal(
        "reward.correct = NaN: must have a finite weight; 0 shows a term without paying for it",
        only (fun () -> reward { correct nan })
    )

[<Fact>]
let ``two reward terms of one name are a problem, of two names are not`` () =
    let half (_: Answer) = 0.5

    let sound =
        reward {
            term "a" 1.0 half
            term "b" 1.0 half
        }

    Assert.Equal(2, sound.Plan.Terms.Length)

    Assert.StartsWith(
        "reward.term \"a\" = 1, then 2: given twice",
        only (fun () ->
            reward {
                term "a" 1.0 half
                term "a" 2.0 half
            })
    )

[<Fact>]
let ``two words that name the same reward term are a problem, a replaced line is not`` () =
    let half (_: Answer) = 0.5

    Assert.Equal(
        "reward: the term \"correct\" is given twice, by 'correct' and by 'term \"correct\"'; give each term a name of its own, or keep one of the lines",
        only (fun () ->
            reward {
                correct 1.0
                term "correct" 0.5 half
            })
    )

    Assert.Contains(
        "given twice, by 'term \"x\"' and by 'grader \"x\"'",
        only (fun () ->
            reward {
                term "x" 1.0 half
                grader "x" 0.5 (fun _ -> Outcome.Score 1.0)
            })
    )

    let first = reward { correct 1.0 }

    let second =
        reward {
            from first
            term "correct" 0.5 half
        }

    Assert.Equal(0.5, (Assert.Single second.Plan.Terms).Weight)

[<Fact>]
let ``each mistake in an objective block has its message`` () =
    let message settings =
        only (fun () -> objective { yield! settings })

    Assert.StartsWith("objective.loss = clip 0.2 0.2, then reinforce: given twice", message [ clip 0.2 0.2; reinforce ])

    Assert.Equal(
        "objective.dualClip = 1.1: must exceed 1 + high = 1.2, the largest ratio that the clip lets through; write for example 'dualClip 3.0'",
        message [ dualClip 1.1 ]
    )

    Assert.Equal(
        "objective.sequenceRatio = given: belongs to 'clip', but the loss is 'reinforce', which is defined by token; keep one of the two lines",
        message [ reinforce; sequenceRatio ]
    )

    Assert.Equal(
        "objective.kl (beta) = -1: must be a finite number of at least 0; leave the line out for no KL term",
        message [ kl K3 -1.0 ]
    )

    Assert.Equal(
        "objective.klLimits has no meaning without a KL term; add a line such as 'kl K3 0.04'",
        message [ klLimits 20.0 10.0 ]
    )

[<Fact>]
let ``terms add, scale and divide, and print as they are written`` () =
    Assert.Equal("(over Parent + 0.5 * over Tree / Std)", string (over Parent + 0.5 * over Tree / Std))
    Assert.Equal("(over Prompt / (epsilon 0.0001 Std))", string (over Prompt / epsilon 1e-4 Std))

    Assert.Throws<ArgumentException>(fun () -> over Prompt / Std / Std |> ignore)
    |> ignore

[<Fact>]
let ``a flat block starts one tree for each leaf unless told otherwise`` () =
    let flat =
        branching {
            leaves 8
            maxTokens 64
        }

    Assert.Equal(8, flat.Plan.Trees)

    let topped =
        branching {
            from flat
            trees 2
            topUp newTrees
        }

    Assert.Equal(2, topped.Plan.Trees)

[<Fact>]
let ``a block taken over by from may lose what its lines needed`` () =
    let tree =
        branching {
            leaves 8
            maxTokens 64
            branchWhen (everyTokens 8)
            fanOut 4
        }

    let flat =
        branching {
            from tree
            branchWhen never
        }

    Assert.Equal(TreeRl.Sampling.BranchTrigger.Never, flat.Plan.Branch)
