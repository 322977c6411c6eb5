module TreeRl.Tests.SamplerWordTests

open System
open Xunit
open TreeRl
open TreeRl.Forests
open TreeRl.Models
open TreeRl.Sampling
open TreeRl.Tests.SettingTests

/// A policy of random weights over a vocabulary without an end token, so that every answer reaches its length.
let private endless =
    lazy
        let chains = TinyPolicy.tokenizer

        let tokenizer =
            { new ITokenizer with
                member _.VocabSize = chains.VocabSize
                member _.Encode text = chains.Encode text
                member _.Decode ids = chains.Decode ids
                member _.EndTokens = System.Collections.Immutable.ImmutableArray.Empty
                member _.BeginToken = chains.BeginToken
                member _.Piece id = chains.Piece id
            }

        TinyPolicy.reading tokenizer

let private grow (block: Branching) prompts =
    let rollout = Forest.grow block endless.Value (Tasks.chains 1) prompts 3
    rollout.Forest

let private leavesOfPrompts (forest: Forest) =
    [|
        for prompt in 0 .. forest.PromptCount - 1 -> forest.SelectPrompts([| prompt |]).LeafTotal
    |]

[<Fact>]
let ``EPTree 6, 2, 1, 2 has 30 leaves a prompt`` () =
    let forest =
        grow
            (branching {
                from Methods.treeRl.Sample
                maxTokens 12
            })
            2

    Assert.Equal<int>([| 30; 30 |], leavesOfPrompts forest)

[<Fact>]
let ``Tree-GRPO 2, 2, 1 has three leaves a tree`` () =
    let forest =
        grow
            (branching {
                from Methods.treeGrpo.Sample
                expand (randomNodes 2 1 |> stepsOf 4 |> belowRoot)
                maxTokens 12
            })
            3

    Assert.Equal<int>([| 6; 6; 6 |], leavesOfPrompts forest)
    Assert.All(forest.Roots, fun root -> Assert.Equal(3, forest.LeafCount[root]))

[<Fact>]
let ``TreePO falls back until its 16 leaves are there`` () =
    let short =
        branching {
            from Methods.treePo.Sample
            branchWhen (everyTokens 4)
            expand (fallback onlyFinished (dropSegments 4))
            maxTokens 12
        }

    Assert.Equal<int>([| 16; 16; 16 |], leavesOfPrompts (grow short 3))

    let more =
        branching {
            from short
            firstFork 2 8
            weigh (bySegmentMean unlikely 2.0)
        }

    Assert.Equal<int>([| 16; 16; 16 |], leavesOfPrompts (grow more 3))

[<Fact>]
let ``the samplers of the methods have the published numbers`` () =
    let plan (method: Method) = method.Sample.Plan

    let shape (method: Method) =
        plan method |> fun p -> p.Trees, p.FanOut, p.MaxDepth, p.MaxLeaves

    Assert.Equal((8, 8, 2, 512), shape Methods.treeRpo)
    Assert.Equal((2, 2, Int32.MaxValue, 16), shape Methods.treePo)
    Assert.Equal((6, 2, 2, 216), shape Methods.spo)
    Assert.Equal<int>([ 6; 6 ], (plan Methods.spo).FanOuts)
    Assert.Equal(8, (plan Methods.treePoMoreInit).TreesUpTo)
    Assert.Equal(RepetitionOrder.Last, (plan Methods.treePo).RepetitionOrder)

    Assert.Equal(
        Expansion.Fallback(FallbackFrom.OnlyFinished, CutPoint.RandomSegments 512) :> Expansion,
        (plan Methods.treePo).Expansion
    )

    Assert.Equal(Expansion.TopTokens(2, 1, 2) :> Expansion, (plan Methods.treeRl).Expansion)
    Assert.Equal(Nullable 5L, (plan Methods.treeRl).Expansion.LeavesPerTree)
    Assert.Equal(Nullable 3L, (plan Methods.treeGrpo).Expansion.LeavesPerTree)
    Assert.Equal((plan Methods.treeAdvBudgeted).MaxLeaves, 2 * 4)
    Assert.Equal(Objectives.grpo.Loss, Methods.treeAdvGrpo.Update.Loss)
    Assert.Equal(Objectives.gspoToken.Loss, Methods.treeAdv.Update.Loss)

[<Fact>]
let ``the words print as they are written`` () =
    let text =
        string (
            branching {
                leaves 16
                maxTokens 96
                firstFork 2 8
                branchWhen (everyTokens 32)
                weigh (byPathMean likely 1.5)
                expand (fallback longerFirst (drawnSegment 32 unlikely 0.5))
                stopWhen (repeats 8 4)
                repetitionOrder LastOfAll
            }
        )

    for word, shown in
        [
            "firstFork", "2 8"
            "weigh", "(byPathMean likely 1.5)"
            "expand", "(fallback longerFirst (drawnSegment 32 unlikely 0.5))"
            "repetitionOrder", "LastOfAll"
        ] do
        Assert.Contains($"\n  {word.PadRight 19}  {shown}\n", text)

    Assert.DoesNotContain("topUp", text)

    Assert.Equal(
        "(randomNodes 2 1 |> stepsEndWith \"\\n\" |> belowRoot)",
        string (randomNodes 2 1 |> stepsEndWith "\n" |> belowRoot)
    )

    Assert.Equal(
        "(surprisalForks 2 1 2 |> onlyWhere \"early\" ..)",
        string (surprisalForks 2 1 2 |> onlyWhere "early" (fun place -> place.PathTokens < 9))
    )

[<Fact>]
let ``words take back what a block brought`` () =
    let plain =
        branching {
            from Methods.treePoMoreInit.Sample
            trees 4
            weigh evenly
            expand noExpansion
        }

    Assert.Equal(0, plain.Plan.TreesUpTo)
    Assert.Equal(Expansion.Never, plain.Plan.Expansion)
    Assert.Null plain.Plan.Weights

    let even =
        branching {
            from Methods.spo.Sample
            fanOut 3
        }

    Assert.Empty even.Plan.FanOuts

let private mistakes: (Setting<BranchingSpec> list * string) list =
    let every = branchWhen (everyTokens 4)

    [
        [ expand (surprisalForks 0 1 2) ],
        "branching.expand surprisalForks (tokens) = 0: must be at least 1; write tokens, rounds and copies: 'surprisalForks 2 1 2'"
        [ trees 6; expand (surprisalForks 2 1 2) ],
        "branching.leaves = 16: must be at least 30: the expansion brings each of 6 trees to 5 answers; write 'leaves 30', or fewer trees"
        [ expand (randomNodes 1 0) ],
        "branching.expand randomNodes (rounds) = 0: must be at least 1; write nodes and rounds: 'randomNodes 2 1'"
        [ expand (randomNodes 1 1 |> stepsOf 0) ],
        "branching.expand stepsOf = 0: must be at least 1; write for example 'stepsOf 32'"
        [ every; maxDepth 3; expand (surprisalForks 1 1 1) ],
        "branching.maxDepth = 3: cannot be kept by 'expand', which branches above answers that are there; leave the depth out: 'leaves' and 'maxTokens' are the bounds"
        [ expand (fallback anyAnswer (dropSegments 4)); topUp newTrees ],
        "branching.topUp = newTrees: has no meaning with 'expand (fallback ..)', which goes on until the leaves are there; remove the line, or write 'topUp noTopUp'"
        [ expand (fallback anyAnswer (lowestSegment 0)) ],
        "branching.expand lowestSegment = 0: must be at least 1; the number is the segment in tokens: 'lowestSegment 32'"
        [ every; trees 2; firstFork 2 8 ],
        "branching.firstFork = 2 8: contradicts 'trees', which says the number of trees; keep one of the two lines"
        [ every; firstFork 8 2 ],
        "branching.firstFork = 8 2: must be a range, the smaller number first; write 'firstFork 2 8'"
        [ every; fanOut 3; fanOuts [ 6; 6 ] ],
        "branching.fanOut = 3: contradicts 'fanOuts', which says the fan-out of each depth; keep one of the two lines"
        [ every; maxDepth 3; fanOuts [ 6; 6 ] ],
        "branching.maxDepth = 3: exceeds the 2 fan-outs of 'fanOuts'; leave the line out: the list is the depth"
        [ every; weigh (byPathSum likely 0.0) ],
        "branching.weigh byPathSum (temperature) = 0: must be a finite number above 0; large values share evenly; the paper has 2"
        [ weigh (byPathSum likely 2.0) ],
        "branching.weigh has no meaning when nothing branches; add a line such as 'branchWhen (entropyAbove 1.0)', or remove this one"
        [ every; repetitionOrder FirstOfAll ],
        "branching.repetitionOrder has no meaning without a rule about repetitions; add a line such as 'stopWhen (repeats 8 4)', or remove this one"
    ]

[<Fact>]
let ``each mistake in a word about samplers has its message`` () =
    for settings, message in mistakes do
        let lines =
            problemsOf (fun () ->
                branching {
                    leaves 16
                    maxTokens 96
                    yield! settings
                })

        Assert.Equal<string>([| "branching has 1 problem:"; message |], lines |> Array.map _.Trim())

[<Fact>]
let ``a word behind the wrong expansion says where it belongs`` () =
    let refused =
        Assert.Throws<ArgumentException>(fun () -> surprisalForks 2 1 2 |> stepsOf 32 |> ignore)

    Assert.StartsWith("stepsOf 32 on (surprisalForks 2 1 2): it belongs to 'randomNodes'", refused.Message)
