module TreeRl.Tests.StageTests

open System
open System.IO
open Xunit
open TreeRl
open TreeRl.Tests.DeskFixtures

[<Fact>]
let ``the stages chain from a forest to a drawn tree`` () =
    use small = TinyPolicy.make ()
    let rollout = Forest.grow forestPlan small (Tasks.chains 2) 2 7
    Assert.Equal(2, rollout.Forest.PromptCount)
    Assert.StartsWith("forest by small: 2 prompts, 4 trees, ", string rollout)
    let graded = rollout |> Reward.grade lengthReward
    Assert.Equal(rollout.Forest.LeafTotal, graded.Outcomes.LeafCount)
    let credited = graded |> Redistribution.apply Methods.treeAdv.Redistribute
    Assert.Equal("treeAdv", credited.Result.Rule.Name)
    let drawn = Forest.textWith 0 credited
    Assert.Contains("earned", drawn)
    Assert.Equal(rollout.Forest.Prompts[0].Text, (Tasks.item 0 (Tasks.chains 2)).Prompt)
    Assert.DoesNotContain("earned", Forest.text 0 rollout)

[<Fact>]
let ``the same seed grows the same forest and another seed another`` () =
    use small = TinyPolicy.make ()

    let grow seed =
        (Forest.grow forestPlan small (Tasks.chains 2) 2 seed).Forest

    Assert.Equal<int>(grow 7 |> _.TokenId, grow 7 |> _.TokenId)
    Assert.NotEqual<int[]>(Seq.toArray (grow 7).TokenId, Seq.toArray (grow 8).TokenId)

[<Fact>]
let ``a saved forest is read back whole`` () =
    inFolder (fun folder ->
        use small = TinyPolicy.make ()
        let rollout = Forest.grow forestPlan small (Tasks.chains 2) 2 7
        let path = Path.Combine(folder, "a.forest")
        Forest.save path rollout
        let again = Forest.load small path
        Assert.Equal<int>(rollout.Forest.TokenId, again.Forest.TokenId)
        Assert.Equal<int>(rollout.Forest.Parent, again.Forest.Parent))

[<Fact>]
let ``given scores take the place of grading, one for each answer`` () =
    use small = TinyPolicy.make ()
    let rollout = Forest.grow forestPlan small (Tasks.chains 2) 1 7
    let count = rollout.Forest.LeafTotal
    let graded = rollout |> Reward.given (Array.create count 1.0)
    Assert.Equal(Nullable 1.0, graded.Outcomes.MeanScore)

    let thrown =
        Assert.Throws<ArgumentException>(fun () -> rollout |> Reward.given [| 1.0 |] |> ignore)

    Assert.StartsWith($"1 score for {count} answers: give one for each, in leaf order", thrown.Message)

[<Fact>]
let ``a page of trees is well-formed and has every token of its prompts under every rule`` () =
    inFolder (fun folder ->
        use small = TinyPolicy.make ()

        let rollout = Forest.grow forestPlan small (Tasks.chains 2) 2 7
        let alternate = Array.init rollout.Forest.LeafTotal (fun leaf -> float (leaf % 2))
        let graded = rollout |> Reward.given alternate

        let rules =
            [ Methods.grpo; Methods.treeAdv; Methods.treeRpo ] |> List.map _.Redistribute

        let path = Report.forest (Path.Combine(folder, "page.html")) rules graded
        let runs = (inspectorData (File.ReadAllText path)).GetProperty "runs"
        let steps = runs[0].GetProperty "steps"
        let trees = steps[0].GetProperty "trees"

        let tokens =
            trees.EnumerateArray()
            |> Seq.sumBy (fun tree -> tree.GetProperty("tokens").GetArrayLength())

        Assert.Equal(rollout.Forest.TokenTotal, tokens)

        for tree in trees.EnumerateArray() do
            let names =
                tree.GetProperty("rules").EnumerateArray()
                |> Seq.map (fun rule -> string (rule.GetProperty "name"))

            Assert.Equal<string seq>([ "grpo"; "treeAdv"; "treeRpo" ], names))

[<Fact>]
let ``redistributions of different forests are not shown on one page`` () =
    use small = TinyPolicy.make ()

    let credited seed =
        let rollout = Forest.grow forestPlan small (Tasks.chains 2) 1 seed

        rollout
        |> Reward.given (Array.create rollout.Forest.LeafTotal 1.0)
        |> Redistribution.apply Methods.grpo.Redistribute

    let thrown =
        Assert.Throws<ArgumentException>(fun () -> Forest.inspect "no.html" [ 0 ] [ credited 1; credited 2 ] |> ignore)

    Assert.StartsWith("the redistributions are of different forests", thrown.Message)

    Assert.StartsWith(
        "no redistribution to show",
        Assert.Throws<ArgumentException>(fun () -> Forest.inspect "no.html" [ 0 ] [] |> ignore).Message
    )

[<Fact>]
let ``a policy that is not there is refused with the places it was looked for in`` () =
    let thrown =
        Assert.Throws<ArgumentException>(fun () -> Policy.pretrained "no-such-policy" |> ignore)

    Assert.StartsWith("no policy named \"no-such-policy\": ", thrown.Message)
    Assert.Contains("make it with scripts/pretrain.fsx", thrown.Message)
    Assert.Contains(Path.Combine(Directory.GetCurrentDirectory(), "policies", "no-such-policy"), thrown.Message)

[<Fact>]
let ``options of the embedded engine reach it and are checked at once`` () =
    use small = TinyPolicy.make ()
    use one = small |> Policy.onCpu (CpuOptions(Threads = 1, SplitAbove = 64))
    Assert.EndsWith(", 1 thread)", one.Live.Engine)
    Assert.Equal("cpu (split above 64 rows)", one.Live.Arithmetic)
    let name = small.Weights.Names[0]
    Assert.Equal<float32[]>(small.Weights[name].Values, one.Weights[name].Values)

    let thrown =
        Assert.ThrowsAny<ArgumentException>(fun () ->
            small
            |> Policy.onCpu (CpuOptions(RecomputeActivations = true, ChunkTokens = 0))
            |> ignore)

    Assert.Contains("ChunkTokens", thrown.Message)

    let mixed =
        Assert.Throws<ArgumentException>(fun () -> small |> Policy.onWith (EngineOptions()) Cpu |> ignore)

    Assert.Contains("write 'Policy.onCpu (CpuOptions(Threads = 2))'", mixed.Message)

[<Fact>]
let ``a saved policy loads with the same weights under the folder's name`` () =
    inFolder (fun folder ->
        use small = TinyPolicy.make ()
        let target = Path.Combine(folder, "mine")
        Policy.save target small
        use again = Policy.load target
        Assert.Equal("mine", again.Name)
        let name = small.Weights.Names[0]
        Assert.Equal<float32[]>(small.Weights[name].Values, again.Weights[name].Values))

[<Fact>]
let ``a forest that is not there is refused by its path`` () =
    use small = TinyPolicy.make ()

    let thrown =
        Assert.Throws<FileNotFoundException>(fun () -> Forest.load small "no-such.forest" |> ignore)

    Assert.StartsWith("no forest at " + Path.GetFullPath "no-such.forest" + ": give a file", thrown.Message)

[<Fact>]
let ``chains of impossible lengths are refused in the words that were written`` () =
    let message (make: unit -> TaskSet) =
        Assert.Throws<ArgumentException>(fun () -> make () |> ignore).Message

    Assert.StartsWith("Tasks.chains 0: a chain has 1 to 32 steps; ", message (fun () -> Tasks.chains 0))

    Assert.StartsWith(
        "Tasks.chainsBetween 1 33: a chain has 1 to 32 steps; ",
        message (fun () -> Tasks.chainsBetween 1 33)
    )

    Assert.Equal(
        "Tasks.chainsBetween 4 3: the first number is the fewest steps, the second the most; write 'Tasks.chainsBetween 3 4'",
        message (fun () -> Tasks.chainsBetween 4 3)
    )

[<Fact>]
let ``credit says from which reward an answer is good`` () =
    use small = TinyPolicy.make ()

    let graded =
        Forest.grow forestPlan small (Tasks.chains 2) 1 7 |> Reward.grade lengthReward

    let credited = graded |> Redistribution.apply Methods.grpo.Redistribute
    Assert.Contains("(good: reward at least 0.5)", string credited)
