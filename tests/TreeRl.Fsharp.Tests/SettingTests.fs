module TreeRl.Tests.SettingTests

open System
open Xunit
open TreeRl

/// The lines of the message of the exception a block throws, first line first, without the indent.
let problemsOf (block: unit -> obj) =
    let thrown = Assert.Throws<SpecException>(fun () -> block () |> ignore)
    thrown.Message.Split '\n' |> Array.map _.Trim()

let private linesOf (block: obj) = (string block).Split '\n'

[<Fact>]
let ``a setting is an ordinary value and prints as it is written`` () =
    let line = leaves 16
    Assert.Equal("leaves 16", string line)

    let block =
        branching {
            line
            maxTokens 64
        }

    Assert.Equal(16, block.Plan.MaxLeaves)

[<Fact>]
let ``let, if, match, for and yield! work inside a block`` () =
    let wide = true

    let block =
        branching {
            let count = 4 * 2
            leaves count
            maxTokens 64

            if wide then
                branchWhen (everyTokens 8)
                fanOut 4

            match count with
            | 8 -> temperature 0.5
            | _ -> temperature 2.0

            for text in [ "\n\n"; "#" ] do
                stopAt text

            yield! [ topK 5; topP 0.9 ]
        }

    Assert.Equal(8, block.Plan.MaxLeaves)
    Assert.Equal(4, block.Plan.FanOut)
    Assert.Equal(0.5, block.Plan.Picking.Temperature)
    Assert.Equal<string[]>([| "\n\n"; "#" |], Seq.toArray block.Plan.StopTexts)
    Assert.Equal(5, block.Plan.Picking.TopK)
    Assert.Equal(0.9, block.Plan.Picking.TopP)

[<Fact>]
let ``an if that does not hold keeps the lines around it`` () =
    let block =
        branching {
            leaves 8

            if false then
                temperature 0.5

            maxTokens 64
        }

    Assert.Equal(8, block.Plan.MaxLeaves)
    Assert.Equal(1.0, block.Plan.Picking.Temperature)
    Assert.Equal(64, block.Plan.MaxTokens)

[<Fact>]
let ``all problems of a block are reported at once, each with path, value, rule and cure`` () =
    let problems =
        problemsOf (fun () ->
            branching {
                leaves 16
                branchWhen (entropyAbove 1.0)
                fanOut 1
                topP 2.0
            })

    Assert.Equal<string[]>(
        [|
            "branching has 3 problems:"
            "branching.maxTokens is missing: it bounds the tokens of an answer; add a line such as 'maxTokens 256'"
            "branching.fanOut = 1: must be at least 2 (a node with one child is no branch); write 'branchWhen never' for answers that do not branch"
            "branching.topP = 2: must lie above 0 and be at most 1; 1 keeps every token"
        |],
        problems
    )

[<Fact>]
let ``problems can be read as values`` () =
    let thrown =
        Assert.Throws<SpecException>(fun () -> branching { maxTokens 8 } |> ignore)

    Assert.Equal("branching", thrown.Block)
    Assert.Equal("branching.leaves", (Assert.Single thrown.Problems).Path)

[<Fact>]
let ``a setting given twice is a problem that names both values`` () =
    let problems =
        problemsOf (fun () ->
            branching {
                leaves 8
                maxTokens 64
                leaves 16
            })

    Assert.Equal<string[]>(
        [|
            "branching has 1 problem:"
            "branching.leaves = 8, then 16: given twice; keep one line (to change a finished block, start with 'from' and write the new value below it)"
        |],
        problems
    )

[<Fact>]
let ``from takes a block over and the lines below override it`` () =
    let first =
        branching {
            leaves 8
            maxTokens 64
            temperature 0.5
        }

    let second =
        branching {
            from first
            leaves 32
        }

    Assert.Equal(32, second.Plan.MaxLeaves)
    Assert.Equal(64, second.Plan.MaxTokens)
    Assert.Equal(0.5, second.Plan.Picking.Temperature)
    Assert.Equal(8, first.Plan.MaxLeaves)

let private shortPlan =
    branching {
        leaves 8
        maxTokens 64
    }

[<Fact>]
let ``from must be the first line`` () =
    let problems =
        problemsOf (fun () ->
            branching {
                leaves 32
                from shortPlan
            })

    Assert.Contains("branching.from = (another block): must be the first line", problems[1])

[<Fact>]
let ``a line given twice below from is still a problem`` () =
    let problems =
        problemsOf (fun () ->
            branching {
                from shortPlan
                leaves 16
                leaves 32
            })

    Assert.StartsWith("branching.leaves = 16, then 32: given twice", problems[1])

[<Fact>]
let ``printing a block shows every resolved value and marks the defaults`` () =
    let lines =
        linesOf (
            branching {
                leaves 8
                branchWhen (entropyAbove 1.5)
                maxTokens 64
            }
        )

    Assert.Equal("branching", lines[0])
    Assert.Contains("  trees                1   (default)", lines)
    Assert.Contains("  leaves               8", lines)
    Assert.Contains("  branchWhen           (entropyAbove 1.5)", lines)
    Assert.Contains("  distinctFirstTokens  true   (default)", lines)
    Assert.Contains("  maxDepth             unlimited   (default)", lines)
    Assert.DoesNotContain(lines, fun line -> line.EndsWith ' ')

[<Fact>]
let ``what a block took over by from is no default`` () =
    let lines = linesOf (branching { from shortPlan })
    Assert.Contains("  maxTokens     64", lines)
    Assert.Contains("  temperature   1   (default)", lines)

[<Fact>]
let ``numbers print in invariant form whatever the culture`` () =
    let before = Globalization.CultureInfo.CurrentCulture

    try
        Globalization.CultureInfo.CurrentCulture <- Globalization.CultureInfo.GetCultureInfo ""
        Assert.Equal("temperature 0.5", string (temperature 0.5))
    finally
        Globalization.CultureInfo.CurrentCulture <- before
