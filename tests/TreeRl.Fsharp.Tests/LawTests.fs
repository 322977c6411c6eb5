module TreeRl.Tests.LawTests

open System
open Xunit
open TreeRl
open TreeRl.Credit

/// The mean over the leaves below with the best one counted twice: a fault when it is meant to be a mean.
let private optimist =
    redistributionNamed "optimist" {
        backup (
            customBackup "best twice" (fun forest scores ->
                Array.init forest.NodeCount (fun node ->
                    let below =
                        Array.sub scores forest.FirstLeaf[node] forest.LeafCount[node]
                        |> Array.filter (Double.IsNaN >> not)

                    if below.Length = 0 then
                        nan
                    else
                        (Array.sum below + Array.max below) / float (below.Length + 1)))
        )

        advantage (over Parent)
    }

[<Fact>]
let ``every method keeps the laws its words claim`` () =
    for method in Methods.all do
        (Laws.check (method, forests = 25)).ThrowIfBroken()

[<Fact>]
let ``a block with a planted fault is caught and drawn`` () =
    let report = Laws.check optimist
    Assert.False report.AllHold
    Assert.Equal(LawVerdict.Fails, report[Law.Identity].Verdict)
    let text = string report
    Assert.StartsWith("laws of optimist: ", text)
    Assert.Contains("identity fails: a node's value is the mean", text)
    Assert.Contains("expected 0.5, got 0.666666667", text)

[<Fact>]
let ``claims are read, waived and stated in words`` () =
    let waived =
        Laws.claims optimist
        |> Laws.waive Law.Identity "optimistic on purpose"
        |> Laws.onChains 1.0 Methods.drGrpo.Redistribute

    let report = Laws.check (optimist, claims = waived, seed = 3L)
    Assert.Contains("optimistic on purpose", string report)
    Assert.Equal(LawVerdict.NotClaimed, report[Law.Identity].Verdict)
    Assert.Equal(3L, report.Seed)

    let stated =
        Laws.claims Methods.treeAdv |> Laws.state (LawIdentity.SiblingsSumToZero())

    let broken = Laws.check (Methods.treeAdv, claims = stated)
    Assert.Equal(LawVerdict.Fails, broken[Law.Identity].Verdict)

[<Fact>]
let ``a block is checked as the rule it resolves to`` () =
    let block = Laws.check Methods.spo.Redistribute
    let rule = Laws.check Methods.spo.Redistribute.Rule
    Assert.Equal(string rule, string block)
    Assert.Equal(60, block.Forests)
