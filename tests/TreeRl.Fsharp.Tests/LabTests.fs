module TreeRl.Tests.LabTests

open System
open System.IO
open System.Xml.Linq
open Xunit
open TreeRl

let private sampling =
    branching {
        trees 2
        leaves 6
        branchWhen (everyTokens 4)
        maxTokens 12
    }

let private even =
    reward { term "even" 1.0 (fun answer -> if answer.TokenCount % 2 = 0 then 1.0 else 0.0) }

let private rules =
    [
        Methods.grpo.Redistribute
        Methods.treeAdv.Redistribute
        Methods.spo.Redistribute
    ]

let private grown (policy: Policy) =
    Forest.grow sampling policy (Tasks.chains 3) 3 7 |> Reward.grade even

[<Fact>]
let ``rules lie side by side on one forest`` () =
    use policy = TinyPolicy.make ()
    let graded = grown policy
    let comparison = graded |> Lab.compare rules
    Assert.Equal<string>([| "grpo"; "treeAdv"; "spo" |], Seq.toArray comparison.Names)
    Assert.Contains("sign agreement", string comparison)
    let nodes = Lab.nodes 0 policy.Tokenizer comparison
    Assert.Contains("treeAdv", nodes)
    Assert.Contains("earned", nodes)

[<Fact>]
let ``a truth in a file is continued and equals one without`` () =
    use policy = TinyPolicy.make ()
    let graded = grown policy
    let folder = Directory.CreateTempSubdirectory("treerl-lab-").FullName

    try
        let file = Path.Combine(folder, "t.truth")
        let plain = graded |> Lab.truth policy even sampling 8
        let stored = graded |> Lab.truthIn file 1 policy even sampling 8
        let again = graded |> Lab.truthIn file 1 policy even sampling 8
        Assert.True plain.Complete
        Assert.Equal<float>(plain.NodeValue, stored.NodeValue)
        Assert.Equal<float>(plain.NodeValue, again.NodeValue)
        let score = graded |> Lab.score Methods.spo.Redistribute plain
        Assert.InRange(score.Correlation.Value, -1.0, 1.0)
    finally
        Directory.Delete(folder, true)

[<Fact>]
let ``a study measures every rule on its forest and writes a page`` () =
    use policy = TinyPolicy.make ()
    let folder = Directory.CreateTempSubdirectory("treerl-lab-").FullName

    let study () =
        Lab.study
            "A < B"
            {
                Policy = policy
                Tasks = Tasks.chains 3
                Reward = even
                Prompts = 3
                TruthSamples = 6
                Rollouts = 8
                Seed = 3
                Folder = folder
            }
            [
                {
                    Name = "first"
                    Sample = sampling
                    Rules = rules
                }
                {
                    Name = "second"
                    Sample = sampling
                    Rules = [ Methods.treeRl.Redistribute ]
                }
            ]

    try
        let found = study ()
        Assert.Equal(4, found.Rows.Length)

        Assert.Equal<string * string>(
            [ "first", "grpo"; "first", "treeAdv"; "first", "spo"; "second", "treeRl" ],
            found.Rows |> List.map (fun row -> row.Forest, row.Rule)
        )

        for row in found.Rows do
            Assert.InRange(row.Gradient.Cosine.Value, -1.0, 1.0)
            Assert.Equal(row.Inner.NodeCount + row.Leaves.NodeCount, row.All.NodeCount)

        Assert.Equal(LabReport.text found, LabReport.text (study ()))
        let path = LabReport.save (Path.Combine(folder, "report.html")) found
        let page = File.ReadAllText path
        Assert.NotNull(XDocument.Parse(page.Substring(page.IndexOf "<html")).Root)
        Assert.Contains("A &lt; B", page)
        Assert.DoesNotContain("<script", page)
        Assert.Contains("treeRl on second", page)
    finally
        Directory.Delete(folder, true)

[<Fact>]
let ``a study without a forest says so`` () =
    use policy = TinyPolicy.make ()

    let setup =
        {
            Policy = policy
            Tasks = Tasks.chains 3
            Reward = even
            Prompts = 1
            TruthSamples = 2
            Rollouts = 4
            Seed = 1
            Folder = Path.GetTempPath()
        }

    let error =
        Assert.Throws<ArgumentException>(fun () -> Lab.study "none" setup [] |> ignore)

    Assert.Contains("no forest", error.Message)
