module TreeRl.Tests.InterruptTests

open System
open System.Threading
open Xunit
open TreeRl
open TreeRl.Tests.DeskFixtures

[<Fact>]
let ``the first press asks to stop and the next ones end the process`` () =
    let said = ResizeArray<string>()
    let interrupt = Interrupt said.Add
    Assert.False interrupt.Token.IsCancellationRequested
    Assert.True(interrupt.Press())
    Assert.True interrupt.Token.IsCancellationRequested
    Assert.False(interrupt.Press())
    Assert.False(interrupt.Press())
    Assert.Equal("stopping after this step (Ctrl-C again to end at once)", Assert.Single said)

[<Fact>]
let ``only F# interactive with a script counts as a script`` () =
    Assert.True(Leaving.isScript [| "/usr/lib/sdk/FSharp/fsi.dll"; "--exec"; "mine.fsx"; "more" |])
    Assert.False(Leaving.isScript [| "/usr/lib/sdk/FSharp/fsi.dll"; "--load:mine.fsx" |])
    Assert.False(Leaving.isScript [| "/usr/lib/sdk/FSharp/fsi.dll" |])
    Assert.False(Leaving.isScript [| "/apps/mine.dll"; "mine.fsx" |])

/// An experiment whose first graded answer cancels.
let private cancelling (stop: CancellationTokenSource) name stepCount more =
    experiment name {
        from (experimentOf name more)
        steps stepCount

        grade (
            reward {
                term "even" 1.0 (fun answer ->
                    stop.Cancel()
                    if answer.TokenCount % 2 = 0 then 1.0 else 0.0)
            }
        )
    }

let private messageOf (stop: CancellationTokenSource) experiments =
    let thrown =
        Assert.Throws<OperationCanceledException>(fun () -> Experiment.runAll stop.Token experiments |> ignore)

    thrown.Message

[<Fact>]
let ``a stopped run says after which step, and continues there`` () =
    inFolder (fun folder ->
        use stop = new CancellationTokenSource()
        let mine = cancelling stop "a" 2 [ saveTo folder ]
        Assert.Equal("a  stopped after step 1; run again to continue", messageOf stop [| mine |])
        use run = Experiment.runQuietly mine
        Assert.Equal(1, run.Result.ResumedFrom)
        Assert.Equal(2, run.Result.Steps.Length))

[<Fact>]
let ``a run that was interrupted keeps the same trees to be inspected as one that was not`` () =
    inFolder (fun folder ->
        use never = new CancellationTokenSource()
        use stop = new CancellationTokenSource()

        let kept (run: Run) =
            run.Result.Inspected
            |> Seq.map (fun step -> step.Step, step.Json)
            |> Seq.toArray

        use whole =
            Experiment.runQuietly (cancelling never "whole" 3 [ saveTo folder; inspectSteps 2 ])

        let mine = cancelling stop "stopped" 3 [ saveTo folder; inspectSteps 2 ]
        messageOf stop [| mine |] |> ignore
        use resumed = Experiment.runQuietly mine
        Assert.Equal(1, resumed.Result.ResumedFrom)
        Assert.Equal<int[]>([| 0; 2 |], kept whole |> Array.map fst)
        Assert.Equal<(int * string)[]>(kept whole, kept resumed)
        use again = Experiment.runQuietly mine
        Assert.Equal<(int * string)[]>(kept whole, kept again))

[<Fact>]
let ``a run without a folder says that nothing is kept`` () =
    use stop = new CancellationTokenSource()

    Assert.Equal(
        "a  stopped after step 1; nothing of it is kept (with 'saveTo' it could continue)",
        messageOf stop [| cancelling stop "a" 2 [] |]
    )

[<Fact>]
let ``a press in the last step of a run does not begin the next`` () =
    use stop = new CancellationTokenSource()

    Assert.Equal(
        "b  not started; run again to go on with it",
        messageOf stop [| cancelling stop "a" 1 []; experimentOf "b" [] |]
    )

[<Fact>]
let ``a sample shows prompt, answer and what it earned in one line`` () =
    Assert.Equal("\"1+2;?\" -> \"1+2=3\\n#3\"  earned 1", Progress.Sample("1+2;?\n", "1+2=3\n#3\n", Outcome.Score 1.0))

    let shown =
        Progress.Sample("1+2;?", String('9', 1000), Outcome.Failed "threw Exception: oh no")

    Assert.EndsWith("..\"  Failed: threw Exception: oh no", shown)
    Assert.True(shown.Length < 300)
