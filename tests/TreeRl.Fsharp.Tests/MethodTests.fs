module TreeRl.Tests.MethodTests

open Xunit
open FsCheck
open FsCheck.FSharp
open TreeRl
open TreeRl.Credit
open TreeRl.Forests
open TreeRl.Objectives
open TreeRl.Rewards

let private rules: (Method * CreditRule) list =
    [
        Methods.grpo, CreditRules.Grpo
        Methods.drGrpo, CreditRules.DrGrpo
        Methods.rloo, CreditRules.Rloo
        Methods.reinforcePlusPlusBaseline, CreditRules.ReinforcePlusPlusBaseline
        Methods.gspo, CreditRules.Grpo
        Methods.cispo, CreditRules.Grpo
        Methods.treeRpo, CreditRules.TreeRpo
        Methods.treePo, CreditRules.TreePo
        Methods.treeAdv, CreditRules.TreeAdv
        Methods.treeRl, CreditRules.TreeRl.WithChoice(LeafChoice 16)
        Methods.treeGrpo, CreditRules.TreeGrpo
        Methods.spo, CreditRules.Spo.WithMask(TokenMask 0.9)
        Methods.dTreeRpo, CreditRules.DTreeRpo
    ]

/// A forest of two prompts with one to three trees each, at most four levels deep, one or two tokens a node.
let private randomForest (seed: Seed) =
    let builder = ResizeArray<int * int * int>()

    let rec grow (seed: Seed) prompt parent depth =
        let node = builder.Count
        builder.Add(parent, prompt, 1 + seed.Below(2, 0L))

        if depth < 3 && seed.Below(2, 1L) = 1 then
            for child in 0 .. 1 + seed.Below(2, 2L) do
                grow (seed.Child(int64 child)) prompt node (depth + 1)

    for prompt in 0..1 do
        for tree in 0 .. seed.Child("trees").Below(3, int64 prompt) do
            grow (seed.Child(int64 (100 * prompt + tree))) prompt -1 0

    let nodes = builder.ToArray()

    let hasChild =
        Array.init nodes.Length (fun n -> nodes |> Array.exists (fun (parent, _, _) -> parent = n))

    let tokens = nodes |> Array.sumBy (fun (_, _, count) -> count)

    let column values =
        System.Collections.Immutable.ImmutableArray.CreateRange(values: seq<_>)

    let prompt i =
        ForestPrompt($"p{i}", "?", column [ 1 ], "")

    Forest.Create(
        ForestColumns(
            Prompts = column [ prompt 0; prompt 1 ],
            Parent = column (nodes |> Array.map (fun (parent, _, _) -> parent)),
            PromptOf = column (nodes |> Array.map (fun (_, prompt, _) -> prompt)),
            TokenCount = column (nodes |> Array.map (fun (_, _, count) -> count)),
            Finish =
                column (
                    hasChild
                    |> Array.map (fun inner -> if inner then Finish.Branched else Finish.EndOfText)
                ),
            TokenId = column (Array.create tokens 1),
            LogProb = column (Array.create tokens -1.0f),
            Entropy = column (Array.create tokens 0.5f)
        )
    )

[<Fact>]
let ``every method gives the advantages of the core's rule of its name`` () =
    let property (number: int) =
        let seed = Seed.Of(int64 number)
        let forest = randomForest seed

        let scores =
            Array.init forest.LeafTotal (fun leaf -> float (seed.Child("score").Below(2, int64 leaf)))

        let outcomes = LeafOutcomes.FromScores scores

        rules
        |> List.forall (fun (method, rule) ->
            let ours =
                TreeRl.Credit.Redistribution.Apply(method.Redistribute.Rule, forest, outcomes)

            let theirs = TreeRl.Credit.Redistribution.Apply(rule, forest, outcomes)

            Assert.Equal<float>(theirs.TokenAdvantage, ours.TokenAdvantage)
            Assert.Equal<float>(theirs.LeafAdvantage, ours.LeafAdvantage)
            Assert.Equal<bool>(theirs.NodeTrained, ours.NodeTrained)
            Assert.Equal<bool>(theirs.LeafTrained, ours.LeafTrained)
            true)

    FsCheck.Check.One(Config.QuickThrowOnFailure.WithReplay(7UL, 13UL).WithMaxTest(60), property)

[<Fact>]
let ``every method is the core's rule of its name, training unit and singletons included`` () =
    for method, rule in rules do
        let same = method.Redistribute.Rule.WithName rule.Name
        Assert.Equal(string rule, string same)

[<Fact>]
let ``VinePPO is the core's rule, asks for its values, and takes given ones`` () =
    let rule = Methods.vinePpo.Redistribute.Rule
    Assert.Equal(string (CreditRules.VinePpo 9), string rule)
    Assert.True rule.AsksForValues
    let forest = randomForest (Seed.Of 3L)
    let outcomes = LeafOutcomes.FromScores(Array.create forest.LeafTotal 1.0)
    let values = Array.init forest.NodeCount (fun node -> 0.1 * float node)
    let given = (Methods.vinePpoOf values).Rule
    let credit = TreeRl.Credit.Redistribution.Apply(given, forest, outcomes)

    for node in 0 .. forest.NodeCount - 1 do
        let value n =
            if forest.IsLeaf n then 1.0 else values[n]

        if forest.Parent[node] >= 0 then
            Assert.Equal(value node - value forest.Parent[node], credit.NodeAdvantage[node], 12)

[<Fact>]
let ``every objective is the core's objective of its name`` () =
    let pairs: (Objective * PolicyObjective) list =
        [
            Objectives.grpo, ObjectivePresets.Grpo
            Objectives.dapo, ObjectivePresets.Dapo
            Objectives.gspo, ObjectivePresets.Gspo
            Objectives.gspoToken, ObjectivePresets.GspoToken
            Objectives.cispo, ObjectivePresets.Cispo
            Objectives.reinforce, ObjectivePresets.Reinforce
            Objectives.drGrpo 64, ObjectivePresets.DrGrpo 64.0
        ]

    for ours, theirs in pairs do
        Assert.Equal(theirs, ours.Loss :?> PolicyObjective)

[<Fact>]
let ``a method prints its source, formula, blocks and numbered deviations`` () =
    for method in Methods.all do
        let text = string method
        Assert.StartsWith($"{method.Name} ({method.Source})\n  {method.Formula}\n", text)

        for word in [ "  branching\n"; "  redistribution\n"; "  objective\n"; "\n  1. " ] do
            Assert.Contains(word, text)

[<Fact>]
let ``the parts of a method recombine`` () =
    let mine =
        redistribution {
            from Methods.treeAdv.Redistribute
            advantage (over Parent + over Root)
            train EveryPath
        }

    Assert.Equal(2, mine.Rule.Terms.Length)
    Assert.Equal(TrainingUnit.PathDuplicated, mine.Rule.Unit)
    Assert.Equal(2, mine.Rule.Leaves.Length)
    Assert.Equal(1, Methods.treeAdv.Redistribute.Rule.Terms.Length)

[<Fact>]
let ``custom steps on every axis reach the core`` () =
    let half (_: Forest) (values: float[]) =
        values |> Array.map (fun value -> value / 2.0)

    let zeros (_: Forest) (values: float[]) = Array.create values.Length 0.0
    let ones (_: Forest) (values: float[]) = Array.create values.Length 1.0
    let forest = randomForest (Seed.Of 3L)

    let custom =
        redistribution {
            leafScore (customLeaves "half" half)
            backup (customBackup "ones" (fun forest _ -> Array.create forest.NodeCount 1.0))
            advantage (over (customBaseline "zero" zeros) / customDivisor "one" ones)
            after (customTokens "half" half)
        }

    let outcomes = LeafOutcomes.FromScores(Array.create forest.LeafTotal 1.0)
    let credit = TreeRl.Credit.Redistribution.Apply(custom.Rule, forest, outcomes)
    Assert.All(credit.TokenAdvantage, fun value -> Assert.Equal(0.5, value))
