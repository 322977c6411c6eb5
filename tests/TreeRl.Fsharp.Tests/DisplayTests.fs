module TreeRl.Tests.DisplayTests

open System
open Microsoft.FSharp.Reflection
open Microsoft.DotNet.Interactive.Formatting
open Xunit
open TreeRl
open TreeRl.Tests.DeskFixtures

/// Types whose values a person never holds: what the lines of a block set, and the builders behind the words.
let private isPlumbing (kind: Type) =
    kind.Name.EndsWith("Spec", StringComparison.Ordinal)
    || kind.Name.Contains("Builder", StringComparison.Ordinal)

let private isValue (kind: Type) =
    not (kind.IsAbstract || kind.IsEnum || kind.IsInterface || isPlumbing kind)
    && not (typeof<exn>.IsAssignableFrom kind || typeof<Delegate>.IsAssignableFrom kind)
    // The cases of a union are nested types of it; their values print as the union.
    && (match kind.DeclaringType with
        | null -> true
        | outer -> not (FSharpType.IsUnion outer))

[<Fact>]
let ``every public type of the desk has a text of ours, never a dump of its members`` () =
    let dumped =
        [
            for kind in typeof<Branching>.Assembly.GetExportedTypes() do
                if
                    isValue kind
                    && not (Display.hasOwnText kind)
                    && not (List.contains kind Display.writtenTypes)
                then
                    kind.FullName
        ]

    Assert.Empty dumped

let private policy = lazy (Policy.pretrained "arith")

let private forest =
    branching {
        trees 2
        leaves 8
        branchWhen (entropyAbove 0.5)
        maxTokens 64
    }

let private graded =
    lazy
        (Forest.grow forest policy.Value (Tasks.chains 3) 3 7
         |> Reward.grade (reward { correct 1.0 }))

let private credited =
    lazy (Redistribution.apply Methods.treeAdv.Redistribute graded.Value)

let private evaluated =
    lazy (Evaluate.on (policy.Value, Tasks.chains 3, items = 4, answers = 2, maxTokens = 48))

let private chart =
    Chart.lines "accuracy" "step" "share" [ Chart.series "grpo" [| 0.0; 1.0; 2.0 |] [| 0.4; 0.5; 0.625 |] ]

/// One value of each kind that a session meets.
let private values () : obj list =
    [
        forest
        Methods.treePo
        Methods.treePo.Redistribute
        Objectives.gspo
        reward { correct 1.0 }
        over Parent + over Root
        entropyAbove 0.5
        leaves 16
        policy.Value
        Tasks.chains 3
        (Tasks.chains 3).Train.Item 0L
        graded.Value.Rollout
        graded.Value.Rollout.Forest
        graded.Value.Rollout.Forest.Prompts[0]
        graded.Value
        graded.Value.Outcomes
        credited.Value
        credited.Value.Result
        credited.Value.Result.Counts
        evaluated.Value
        evaluated.Value.Items[0]
        Evaluate.compare (evaluated.Value, evaluated.Value)
        Lab.compare [ Methods.treeAdv.Redistribute; Methods.spo.Redistribute ] graded.Value
        Laws.check (Methods.grpo, forests = 5)
        Laws.claims Methods.grpo
        chart
        chart.Series[0]
        policy.Value.Weights
        policy.Value.Weights.Config
        graded.Value.Rollout.Tokenizer
        forest.Plan
        forest.Lines[0]
    ]

[<Fact>]
let ``values print in a few lines, without type names of collections`` () =
    for value in values () do
        let text = Display.text value
        Assert.False((text = ""), value.GetType().Name)
        Assert.DoesNotContain("ImmutableArray", text)
        Assert.DoesNotContain("System.", text)
        Assert.DoesNotContain("Microsoft.FSharp", text)
        Assert.DoesNotContain("Head =", text)
        Assert.True(text.Split('\n').Length <= 30, text)

[<Fact>]
let ``the printer answers for values of TreeRl only, below each other`` () =
    Assert.Null(Display.printer 1)
    Assert.Null(Display.printer [ 1; 2 ])
    Assert.Null(Display.printer [| Methods.grpo |])
    Assert.Null(Display.printer "text")
    Assert.Equal((Display.text Methods.grpo).Replace("\n", "\n  "), Display.printer Methods.grpo)

[<Fact>]
let ``a method prints its parts in short, and everything as a string`` () =
    let text = Display.text Methods.treeAdv
    Assert.Contains("redistribute: leafScore (centre Prompt >> scale Prompt", text)
    Assert.Contains("'printfn $\"{..}\"' shows all", text)
    Assert.DoesNotContain("(default)", text)
    Assert.Contains("(default)", string Methods.treeAdv)

[<Fact>]
let ``a chart prints what its lines span`` () =
    Assert.Equal(
        "chart \"accuracy\": share over step\n  grpo: 3 points, from 0.4 to 0.625, within 0.4 .. 0.625",
        Display.text chart
    )

[<Fact>]
let ``colours go to terminals that show them, and NO_COLOR keeps them away`` () =
    Assert.True(Terminal.coloursFor false null "xterm-256color")
    Assert.True(Terminal.coloursFor false "" null)
    Assert.False(Terminal.coloursFor true null "xterm")
    Assert.False(Terminal.coloursFor false "1" "xterm")
    Assert.False(Terminal.coloursFor false null "dumb")

[<Fact>]
let ``a coloured tree says what the plain one says, green above zero and red below`` () =
    let prompt = TreeViews.mostTelling credited.Value
    let plain = TreeText.creditedIn false credited.Value prompt
    let coloured = TreeText.creditedIn true credited.Value prompt
    Assert.DoesNotContain("\u001b", plain)
    Assert.Contains("fork at H", plain)
    Assert.Contains("earned", plain)
    Assert.Equal(plain, Text.RegularExpressions.Regex.Replace(coloured, "\u001b\\[[0-9]+m", ""))

    for line in coloured.Split('\n') |> Array.skip 1 do
        let advantage =
            Text.RegularExpressions.Regex.Match(line, "A\u001b\\[0m \u001b\\[33m([+-])")

        if advantage.Success then
            let colour = if advantage.Groups[1].Value = "+" then 32 else 31
            Assert.Contains($"\u001b[{colour}m\"", line)

let private html (value: obj) =
    value.ToDisplayString HtmlFormatter.MimeType

/// What the value's own ToHtml says.
let private own (value: obj) =
    match value.GetType().GetMethod("ToHtml", Type.EmptyTypes) with
    | null -> "no ToHtml"
    | method -> string (method.Invoke(value, null))

[<Fact>]
let ``notebooks show values of TreeRl as their own HTML`` () =
    let shownWith: (obj * string) list =
        [
            forest, "branchWhen"
            Methods.treeAdv, "<ol>"
            graded.Value.Rollout, "fork at H"
            graded.Value, "earned"
            credited.Value, "background:rgba("
            chart, "<svg"
        ]

    for value, part in shownWith do
        let shown = html value
        Assert.Contains(part, shown)
        Assert.Equal(own value, shown)

[<Fact>]
let ``notebooks show results of the core as their text`` () =
    let results: obj list =
        [
            graded.Value.Outcomes
            credited.Value.Result
            Lab.compare [ Methods.treeAdv.Redistribute; Methods.spo.Redistribute ] graded.Value
            Evaluate.compare (evaluated.Value, evaluated.Value)
            evaluated.Value
            graded.Value.Rollout.Forest
            Laws.check (Methods.grpo, forests = 5)
        ]

    for value in results do
        Assert.Equal($"<pre>{Net.WebUtility.HtmlEncode(string value)}</pre>", html value)

[<Fact>]
let ``HTML for notebooks is well-formed whatever a model wrote`` () =
    for value in
        [
            forest.ToHtml()
            Methods.spo.ToHtml()
            graded.Value.ToHtml()
            credited.Value.ToHtml()
            chart.ToHtml()
        ] do
        Assert.NotNull(Xml.Linq.XElement.Parse value)

[<Fact>]
let ``a run shows its accuracy and its curves`` () =
    use run =
        experiment "display" {
            TreeRl.ExperimentWords.policy policy.Value
            tasks (Tasks.chains 3)
            sample forest
            grade (reward { correct 1.0 })
            redistribute Methods.treeAdv.Redistribute
            update Objectives.grpo
            steps 1
            promptsPerStep 2
            evaluateOn 2 1
        }
        |> Experiment.runQuietly

    Assert.StartsWith("1 step: rewards", Display.text run.Result.Steps)
    Assert.StartsWith("step 1: reward", Display.text run.Result.Steps[0])
    Assert.Contains("<svg", html run)
    Assert.Contains("accuracy after", html run)
    Assert.Contains("sampled tokens</th>", html (Report.viewAll "one run" [ run ]))
    Assert.StartsWith("experiment \"display\"", Display.text run.Experiment)
    Assert.Contains("redistribute: leafScore", Display.text run.Experiment)

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
    use small = TinyPolicy.make ()
    let rollout = Forest.grow forestPlan small (Tasks.chains 2) 1 7
    Assert.StartsWith("forest by small: 1 prompt, 2 trees, ", string rollout)
    let graded = rollout |> Reward.grade lengthReward
    Assert.StartsWith("credit by grpo: 1 prompt, ", string (graded |> Redistribution.apply Methods.grpo.Redistribute))
    Assert.Contains(" parameters, 1 layer of width 16, ", string small)

[<Fact>]
let ``the plural of a branch is branches`` () =
    let node children =
        {
            Tokens = [||]
            Value = nan
            Finish = ""
            Outcome = ""
            Score = nan
            Children = Array.zeroCreate children
        }

    Assert.Equal("\"\": 0 tokens, 1 branch", Display.text (node 1))
    Assert.Equal("\"\": 0 tokens, 2 branches", Display.text (node 2))
