module TreeRl.Tests.StageTests

open System
open System.IO
open System.Xml.Linq
open Xunit
open TreeRl
open TreeRl.Tests.SettingTests

let smallPolicy () = TinyPolicy.make ()

let forestPlan =
    branching {
        trees 2
        leaves 6
        branchWhen (entropyAbove 0.5 |> afterTokens 3)
        maxTokens 12
    }

let private lengthReward =
    reward {
        term "even" 1.0 (fun answer -> if answer.TokenCount % 2 = 0 then 1.0 else 0.0)
        term "brief" 0.1 (fun answer -> 1.0 - float answer.TokenCount / 12.0)
    }

/// A folder of its own, deleted afterwards.
let inFolder (work: string -> unit) =
    let folder = Directory.CreateTempSubdirectory("treerl-desk-").FullName

    try
        work folder
    finally
        Directory.Delete(folder, true)

let experimentOf name more =
    experiment name {
        policy (smallPolicy ())
        tasks (Tasks.chains 2)
        sample forestPlan
        grade lengthReward
        redistribute Methods.treeAdv.Redistribute
        update Objectives.gspoToken
        steps 2
        promptsPerStep 2
        evaluateOn 4 2
        seed 7
        yield! more
    }

[<Fact>]
let ``the stages chain from a forest to a drawn tree`` () =
    use small = smallPolicy ()
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
    use small = smallPolicy ()

    let grow seed =
        (Forest.grow forestPlan small (Tasks.chains 2) 2 seed).Forest

    Assert.Equal<int>(grow 7 |> _.TokenId, grow 7 |> _.TokenId)
    Assert.NotEqual<int[]>(Seq.toArray (grow 7).TokenId, Seq.toArray (grow 8).TokenId)

[<Fact>]
let ``a saved forest is read back whole`` () =
    inFolder (fun folder ->
        use small = smallPolicy ()
        let rollout = Forest.grow forestPlan small (Tasks.chains 2) 2 7
        let path = Path.Combine(folder, "a.forest")
        Forest.save path rollout
        let again = Forest.load small path
        Assert.Equal<int>(rollout.Forest.TokenId, again.Forest.TokenId)
        Assert.Equal<int>(rollout.Forest.Parent, again.Forest.Parent))

[<Fact>]
let ``given scores take the place of grading, one for each answer`` () =
    use small = smallPolicy ()
    let rollout = Forest.grow forestPlan small (Tasks.chains 2) 1 7
    let count = rollout.Forest.LeafTotal
    let graded = rollout |> Reward.given (Array.create count 1.0)
    Assert.Equal(Nullable 1.0, graded.Outcomes.MeanScore)

    let thrown =
        Assert.Throws<ArgumentException>(fun () -> rollout |> Reward.given [| 1.0 |] |> ignore)

    Assert.StartsWith($"1 score for {count} answers: give one for each, in leaf order", thrown.Message)

/// The inspector's data in a page.
let inspectorData (page: string) =
    let scripts =
        XDocument.Parse(page.Replace("<!DOCTYPE html>", "")).Descendants(XName.Get "script")

    let data =
        scripts
        |> Seq.find (fun script ->
            match script.Attribute(XName.Get "id") with
            | null -> false
            | id -> id.Value = "inspector-data")

    System.Text.Json.JsonDocument.Parse(data.Value).RootElement

[<Fact>]
let ``a page of trees is well-formed and has every token of its prompts under every rule`` () =
    inFolder (fun folder ->
        use small = smallPolicy ()

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
    use small = smallPolicy ()

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
let ``a saved policy loads with the same weights under the folder's name`` () =
    inFolder (fun folder ->
        use small = smallPolicy ()
        let target = Path.Combine(folder, "mine")
        Policy.save target small
        use again = Policy.load target
        Assert.Equal("mine", again.Name)
        let name = small.Weights.Names[0]
        Assert.Equal<float32[]>(small.Weights[name].Values, again.Weights[name].Values))

[<Fact>]
let ``an experiment reports all that is missing at once`` () =
    let problems = problemsOf (fun () -> experiment "a b" { steps 0 })

    Assert.Equal("experiment has 8 problems:", problems[0])

    Assert.Equal(
        "experiment (name) = \"a b\": is also a folder: letters, digits, '-', '_' and '.' only; write for example experiment \"mine-1\" { .. }",
        problems[1]
    )

    for word in [ "policy"; "tasks"; "sample"; "grade"; "redistribute"; "update" ] do
        Assert.Contains(problems, fun problem -> problem.StartsWith $"experiment.{word} is missing: it says ")

    Assert.Contains("experiment.steps = 0: must be at least 1", problems)

[<Fact>]
let ``each mistake in an experiment has its message`` () =
    let only more =
        let problems = problemsOf (fun () -> experimentOf "x" more)
        Assert.Equal(2, problems.Length)
        problems[1]

    Assert.Equal(
        "experiment.miniBatches = 3: must not exceed promptsPerStep = 2 (a prompt is not split); write 'miniBatches 2' or less",
        only [ miniBatches 3 ]
    )

    Assert.Equal(
        "experiment.learningRate = NaN: must be a finite number above 0; write for example 'learningRate 4e-4'",
        only [ learningRate nan ]
    )

    Assert.Equal(
        "experiment.warmup = 2: must be below the 2 updates of the run; warmup counts updates: steps * epochs * miniBatches",
        only [ warmup 2 ]
    )

    Assert.Equal(
        "experiment.checkpointEvery has no meaning without a folder; add the line 'saveTo \"runs\"'",
        only [ checkpointEvery 1 ]
    )

[<Fact>]
let ``answers longer than the policy's context are refused`` () =
    let long =
        branching {
            from forestPlan
            maxTokens 64
        }

    let problems =
        problemsOf (fun () ->
            experiment "x" {
                from (experimentOf "x" [])
                sample long
            })

    Assert.Equal(
        "experiment.sample (maxTokens) = 64: leaves no room for a question in the context of \"small\", 64 tokens; write 'branching { from ..; maxTokens 32 }'",
        problems[1]
    )

[<Fact>]
let ``an experiment prints its numbers, its parts and what may surprise`` () =
    let text = string (experimentOf "mine" [])
    Assert.StartsWith("experiment \"mine\"\n  policy           small\n", text)

    for part in
        [
            "  branching\n"
            "  reward\n"
            "  redistribution\n"
            "  objective\n"
            "  note: one update a step, so every ratio is 1"
        ] do
        Assert.Contains(part, text)

[<Fact>]
let ``a reward that can exceed 1 is noted where a Bernoulli divisor needs 0 to 1`` () =
    let mistaken =
        experiment "x" {
            from (experimentOf "x" [])
            redistribute Methods.treeRpo.Redistribute
        }

    let expected =
        "BernoulliStd needs rewards within 0 .. 1, but the weights 1, 0.1 can leave that range"

    Assert.Contains(mistaken.Notes, fun note -> note.StartsWith expected)

[<Fact>]
let ``a run leaves its policy unchanged and reports what it measured`` () =
    inFolder (fun folder ->
        let mine = experimentOf "mine" [ saveTo folder ]
        let before = Array.copy mine.Policy.Weights[mine.Policy.Weights.Names[0]].Values
        use run = Experiment.runQuietly mine
        Assert.Equal(2, run.Result.Steps.Length)
        Assert.Equal<float32[]>(before, mine.Policy.Weights[mine.Policy.Weights.Names[0]].Values)
        use trained = run.Trained
        Assert.NotEqual<float32[]>(before, trained.Weights[trained.Weights.Names[0]].Values)
        let path = Report.write (Path.Combine(folder, "report.html")) run
        let html = File.ReadAllText path
        XDocument.Parse(html.Replace("<!DOCTYPE html>", "")) |> ignore
        Assert.Contains("mean reward over sampled tokens", html)
        Assert.Contains("mean reward over seconds", html)
        Assert.Contains("reward term &quot;even&quot; over steps", html)
        let runs = (inspectorData html).GetProperty "runs"
        Assert.Equal("mine", string (runs[0].GetProperty "name"))
        let steps = runs[0].GetProperty "steps"
        Assert.Equal(2, steps.GetArrayLength())
        Assert.True(File.Exists(Path.Combine(folder, "mine", "inspection", "step-1.json")))
        let view = Report.view run
        Assert.Equal(run.Result.TokensSampled, view.SampledTokens)
        Assert.True(view.FlatTokens > view.SampledTokens))

[<Fact>]
let ``experiments of one name are not compared`` () =
    let thrown =
        Assert.Throws<ArgumentException>(fun () ->
            Experiment.compare [ experimentOf "a" []; experimentOf "a" [] ] |> ignore)

    Assert.StartsWith("2 experiments are named \"a\"", thrown.Message)

[<Fact>]
let ``a folder that cannot be made is reported in the block`` () =
    inFolder (fun folder ->
        let file = Path.Combine(folder, "taken")
        File.WriteAllText(file, "")

        let problems =
            problemsOf (fun () -> experimentOf "x" [ saveTo (Path.Combine(file, "runs")) ])

        Assert.EndsWith($"cannot be made a folder: {file} is a file", problems[1])
        Assert.Contains("names no folder", (problemsOf (fun () -> experimentOf "x" [ saveTo "" ]))[1]))

[<Fact>]
let ``a forest that is not there is refused by its path`` () =
    use small = smallPolicy ()

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
let ``one of a thing is not plural`` () =
    let text =
        string (
            experiment "x" {
                from (experimentOf "x" [])
                evaluateOn 1 1
                evaluateEvery 1
            }
        )

    Assert.Contains("1 question, 1 answer each\n", text)
    Assert.Contains("1 step\n", text)
    use small = smallPolicy ()

    Assert.StartsWith(
        "forest by small: 1 prompt, 2 trees, ",
        string (Forest.grow forestPlan small (Tasks.chains 2) 1 7)
    )

[<Fact>]
let ``credit says from which reward an answer is good`` () =
    use small = smallPolicy ()

    let graded =
        Forest.grow forestPlan small (Tasks.chains 2) 1 7 |> Reward.grade lengthReward

    let credited = graded |> Redistribution.apply Methods.grpo.Redistribute
    Assert.Contains("(good: reward at least 0.5)", string credited)

[<Fact>]
let ``a report over runs is written into the folder that saveTo names`` () =
    inFolder (fun folder ->
        use run = Experiment.runQuietly (experimentOf "mine" [ saveTo folder ])
        Report.showAll "both" [ run ]
        Assert.True(File.Exists(Path.Combine(folder, "report.html")))
        Assert.False(Directory.Exists(Path.Combine("runs", "both"))))

[<Fact>]
let ``what fails in grading is a note with its first reason`` () =
    let boom =
        reward { term "boom" 1.0 (fun answer -> if answer.Text.Length % 2 = 0 then 1.0 else failwith "oh no") }

    let mine =
        experiment "x" {
            from (experimentOf "x" [])
            grade boom
        }

    use run = Experiment.runQuietly mine
    Assert.True(run.Result.Steps |> Seq.exists (fun step -> step.Failed > 0))

    Assert.Contains(
        (Report.view run).Notes,
        fun note -> note.StartsWith "step " && note.Contains "boom" && note.Contains "oh no"
    )
