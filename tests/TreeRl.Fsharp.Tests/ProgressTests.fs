module TreeRl.Tests.ProgressTests

open System
open System.Collections.Immutable
open System.IO
open Spectre.Console
open Xunit
open TreeRl
open TreeRl.Policies
open TreeRl.Training
open TreeRl.Tests.DeskFixtures

let private step number seconds =
    StepMetrics(
        Step = number,
        Tokens = 1000L,
        TokensSoFar = 1000L * int64 (number + 1),
        FlatTokens = 1250L,
        Leaves = 40,
        Reward = 0.625,
        Terms = ImmutableArray<NamedValue>.Empty,
        AnswerTokens = 31.25,
        Abstained = 0,
        Failed = 0,
        TimedOut = 0,
        Finishes = ImmutableArray<NamedValue>.Empty,
        InformativeShare = 0.75,
        AllGoodShare = 0.125,
        AllBadShare = 0.125,
        FirstRatioDeviation = 0.0,
        FirstSamplerGap = 0.0,
        Troubles = ImmutableArray<string>.Empty,
        Loss = LossReport(),
        GradientNorm = 0.5,
        Updates = 1,
        LearningRate = 0.001,
        ValueTokens = 0L,
        Tries = 1,
        PromptsSampled = 16,
        PromptsTrained = 16,
        Seconds = StageSeconds(seconds / 2.0, seconds / 4.0, seconds / 4.0)
    )

let private measured stepsDone seconds =
    let result =
        EvaluationResult(
            Items = ImmutableArray<ItemResult>.Empty,
            Accuracy = 0.5,
            Low = 0.4,
            High = 0.6,
            AnswerTokens = 30.0,
            Ungraded = 0,
            Seconds = seconds
        )

    RunEvent.Evaluated(EvaluationPoint(stepsDone, 0L, result))

let private state = fun () -> ProgressState("mine", 10, 4)

[<Fact>]
let ``the time left is that of the steps and the measurements to come, at the pace of the last ones`` () =
    let state = state ()
    Assert.Equal(ValueNone, state.SecondsLeft)
    state.Take(measured 0 6.0)
    state.Take(RunEvent.StepDone(step 0 2.0))
    state.Take(RunEvent.StepDone(step 1 4.0))
    // Eight steps of 3 seconds; measurements after steps 4, 8 and 10.
    Assert.Equal(ValueSome(8.0 * 3.0 + 3.0 * 6.0), state.SecondsLeft)
    Assert.Equal("0:42 left", state.Left)

    for number in 2..9 do
        state.Take(RunEvent.StepDone(step number 1.0))

    Assert.Equal("", state.Left)

[<Fact>]
let ``a clock shows hours only when there are any, and never a second too few`` () =
    Assert.Equal("0:00", ProgressState.Clock 0.0)
    Assert.Equal("0:09", ProgressState.Clock 8.2)
    Assert.Equal("12:07", ProgressState.Clock 727.0)
    Assert.Equal("1:00:05", ProgressState.Clock 3605.0)

[<Fact>]
let ``a line has reward, accuracy, the share of informative groups, tokens a second and the time left`` () =
    let state = state ()
    state.Take(measured 0 0.0)
    state.Take(RunEvent.StepDone(step 0 2.0))

    Assert.Equal(
        "mine  step  1/10  reward 0.625  accuracy 50.0%  informative 75.0%  500 tokens/s  0:18 left",
        state.Line
    )

let private drawn (state: ProgressState) =
    use out = new StringWriter()

    let console =
        AnsiConsole.Create(
            AnsiConsoleSettings(
                Ansi = AnsiSupport.No,
                ColorSystem = ColorSystemSupport.NoColors,
                Interactive = InteractionSupport.No,
                Out = AnsiConsoleOutput out
            )
        )

    console.Profile.Width <- 120
    console.Write(ProgressLive.view state)
    string out

[<Fact>]
let ``on a terminal every stage has its line, and the one under way is marked`` () =
    let state = ProgressState("my [run]", 10, 4)
    state.Take(RunEvent.StepDone(step 4 2.0))
    state.Take(measured 4 1.0)
    state.Take(RunEvent.StageBegan(5, RunStage.Training))
    let lines = (drawn state).Split '\n' |> Array.map _.TrimEnd()
    Assert.StartsWith("my [run]  \u2501\u2501", lines[0])
    Assert.EndsWith("step 5/10  0:12 left", lines[0])

    Assert.Equal(
        "    sample   1,000 tokens/s   40 answers of 31.2 tokens   20.0% shared",
        lines[1].Replace("31.3", "31.2")
    )

    Assert.Equal("    grade    reward 0.625   informative 75.0%   all good 12.5%, all bad 12.5%", lines[2])
    Assert.StartsWith("  \u25B8 train    2,000 tokens/s   entropy 0.000   gradient 0.500", lines[3])
    Assert.Equal("    measure  accuracy 50.0% [40.0%, 60.0%]   after 4 steps", lines[4])

[<Fact>]
let ``without a terminal there are plain lines, and quiet is quiet`` () =
    Assert.Equal(ProgressMode.Quiet, Progress.Mode true)

    if Console.IsOutputRedirected then
        Assert.Equal(ProgressMode.Plain, Progress.Mode false)

[<Fact>]
let ``a run logs its engine, seconds, checkpoints and end beside its results`` () =
    inFolder (fun folder ->
        use run = Experiment.runQuietly (experimentOf "mine" [ saveTo folder ])
        let log = File.ReadAllLines(Path.Combine(folder, "mine", "run.log"))
        Assert.All(log, fun line -> Assert.Matches(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}  ", line))
        let said (text: string) = log |> Array.exists _.Contains(text)
        Assert.True(said $"mine: 2 steps on {run.Result.Policy.Engine}; .NET")
        Assert.True(said "  step 2: ")
        Assert.True(said "s sampling")
        Assert.True(said "measured after 2 steps")
        Assert.True(said ("checkpoint " + Path.Combine(folder, "mine", "checkpoints", "step-2")))
        Assert.EndsWith("  done", Array.last log))

[<Fact>]
let ``what ends a run is in its log`` () =
    inFolder (fun folder ->
        let broken =
            experiment "broken" {
                from (experimentOf "x" [ saveTo folder ])
                grade (reward { term "boom" 1.0 (fun _ -> failwith "no digits") })
            }

        Assert.Throws<InvalidOperationException>(fun () -> (Experiment.runQuietly broken).Dispose())
        |> ignore

        let log = File.ReadAllLines(Path.Combine(folder, "broken", "run.log"))
        Assert.Contains("  ended by InvalidOperationException: step 0: none of the", Array.last log))

[<Fact>]
let ``a quiet experiment says nothing on the console`` () =
    let out = Console.Out
    use heard = new StringWriter()

    try
        Console.SetOut heard
        (Experiment.run (experimentOf "mine" [ quiet ])).Dispose()
    finally
        Console.SetOut out

    Assert.DoesNotContain("mine", string heard)

[<Fact>]
let ``an experiment for several seeds is one run each, and reports know the family`` () =
    let all = experimentOf "mine" [] |> Experiment.seeds [ 1; 5 ]
    Assert.Equal<string[]>([| "mine-seed1"; "mine-seed5" |], all |> Array.map _.Name)
    Assert.Equal<string[]>([| "mine"; "mine" |], all |> Array.map Experiment.family)
    Assert.Equal("mine", Experiment.family (experimentOf "mine" []))
    Assert.NotEqual(all[0].Plan.Seed, all[1].Plan.Seed)

    let message numbers =
        Assert.Throws<ArgumentException>(fun () -> Experiment.seeds numbers (experimentOf "mine" []) |> ignore).Message

    Assert.StartsWith("no seed: write", message [])
    Assert.StartsWith("seed 3 is given 2 times", message [ 3; 4; 3 ])

[<Fact>]
let ``seeds are run one by one and reported as one family`` () =
    inFolder (fun folder ->
        let runs =
            experimentOf "mine" [ saveTo folder; quiet ] |> Experiment.runSeeds [ 1; 2 ]

        let page =
            File.ReadAllText(Report.writeAll (Path.Combine(folder, "report.html")) "both" runs)

        Assert.Contains("Lines are means over 2 seeds", page)
        Assert.Contains("Over seeds", page)

        let names =
            (inspectorData page).GetProperty("runs").EnumerateArray()
            |> Seq.map (fun run -> string (run.GetProperty "name"))

        Assert.Equal<string seq>([ "mine-seed1"; "mine-seed2" ], names)

        for run in runs do
            run.Dispose())
