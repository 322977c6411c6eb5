module TreeRl.Tests.ExperimentTests

open System
open System.IO
open System.Xml.Linq
open Xunit
open TreeRl
open TreeRl.Tests.SettingTests
open TreeRl.Tests.DeskFixtures

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
