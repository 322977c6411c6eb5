namespace TreeRl

open System
open System.Collections.Immutable
open TreeRl.Credit
open TreeRl.Forests
open TreeRl.Models
open TreeRl.Rewards
open TreeRl.Sampling

/// <summary>A sampled set of trees, as the core stores it: flat columns over nodes and tokens.</summary>
type Forest = TreeRl.Forests.Forest

/// <summary>A sampled forest, and what is needed to read it.</summary>
[<Sealed; Notebooks.TypeFormatterSource(typeof<Notebooks.HtmlFormatterSource>)>]
type Rollout internal (forest: Forest, tokenizer: ITokenizer, policy: string, stats: SamplingStats voption) =

    /// <summary>The forest.</summary>
    member _.Forest = forest

    /// <summary>Turns its tokens into text.</summary>
    member _.Tokenizer = tokenizer

    /// <summary>The name of the policy that wrote it.</summary>
    member _.PolicyName = policy

    /// <summary>What sampling took; none for a forest that was loaded.</summary>
    member _.Stats = stats

    /// <summary>The finished answers, in leaf order.</summary>
    member _.Answers: Answer[] = Seq.toArray (Grading.Answers(forest, tokenizer))

    /// <summary>Sizes, what sharing saved, and how the answers ended.</summary>
    override _.ToString() =
        let reasons =
            forest.Leaves
            |> Seq.countBy (fun leaf -> forest.Finish[leaf])
            |> Seq.sortByDescending snd
            |> Seq.map (fun (finish, count) -> $"{count} {finish}")
            |> String.concat ", "

        let saved = 1.0 - float forest.TokenTotal / float forest.FlatTokenTotal
        let tokens = Show.wholeCount forest.TokenTotal "token"

        let head =
            $"""forest by {policy}: {Show.count forest.PromptCount "prompt"}, {Show.count forest.TreeCount "tree"}, """
            + $"""{Show.count forest.LeafTotal "answer"} ({reasons})"""
            + $"\n  {tokens} for {Show.whole forest.FlatTokenTotal} without sharing ({Format.percent saved} saved)"

        match stats with
        | ValueSome stats -> $"{head}\n  {stats}"
        | ValueNone -> head

/// <summary>A forest whose answers were graded.</summary>
[<Sealed; Notebooks.TypeFormatterSource(typeof<Notebooks.HtmlFormatterSource>)>]
type Graded internal (rollout: Rollout, outcomes: LeafOutcomes) =

    /// <summary>The forest with its tokenizer.</summary>
    member _.Rollout = rollout

    /// <summary>One outcome for each answer, in leaf order.</summary>
    member _.Outcomes = outcomes

    /// <summary>What the answers earned: counts, means and terms.</summary>
    override _.ToString() = string outcomes

/// <summary>A graded forest whose rewards were redistributed.</summary>
[<Sealed; Notebooks.TypeFormatterSource(typeof<Notebooks.HtmlFormatterSource>)>]
type Credited internal (graded: Graded, result: CreditResult) =

    /// <summary>The graded forest.</summary>
    member _.Graded = graded

    /// <summary>The columns: node values, node advantages, token advantages.</summary>
    member _.Result = result

    /// <summary>Counts and the range of the advantages.</summary>
    override _.ToString() = string result

/// <summary>Makes views of trees for display: one prompt at a time, a token is a record.</summary>
module internal TreeViews =

    /// Final advantage of a node's tokens: by token, or with `spread Paths` the mean over the trained leaves below.
    let advantages (credit: CreditResult) node : int -> float =
        let forest = credit.Forest

        if not credit.NodeTrained[node] then
            fun _ -> nan
        elif credit.TokenAdvantage.Length > 0 then
            fun offset -> credit.TokenAdvantage[forest.FirstToken[node] + offset]
        else
            let below =
                [|
                    forest.FirstLeaf[node] .. forest.FirstLeaf[node] + forest.LeafCount[node] - 1
                |]
                |> Array.filter (fun leaf -> credit.LeafTrained[leaf])
                |> Array.map (fun leaf -> credit.LeafAdvantage[leaf])

            let mean = if below.Length = 0 then nan else Array.average below
            fun _ -> mean

    let rec private node
        (rollout: Rollout)
        (outcomes: LeafOutcomes voption)
        (credit: CreditResult voption)
        index
        : NodeView =
        let forest = rollout.Forest

        let advantage =
            match credit with
            | ValueSome credit -> advantages credit index
            | ValueNone -> fun _ -> 0.0

        let token offset =
            let at = forest.FirstToken[index] + offset

            {
                Piece = rollout.Tokenizer.Piece forest.TokenId[at]
                LogProb = float forest.LogProb[at]
                Entropy = float forest.Entropy[at]
                Advantage = advantage offset
            }

        let leaf = forest.IsLeaf index

        let outcome =
            match outcomes with
            | ValueSome outcomes when leaf -> ValueSome outcomes.Total[forest.FirstLeaf[index]]
            | _ -> ValueNone

        {
            Tokens = Array.init forest.TokenCount[index] token
            Value =
                match credit with
                | ValueSome credit -> credit.NodeValue[index]
                | ValueNone -> nan
            Finish = if leaf then string forest.Finish[index] else ""
            Outcome =
                match outcome with
                | ValueSome outcome when outcome.HasScore -> "earned " + string outcome
                | ValueSome outcome -> string outcome
                | ValueNone -> ""
            Score =
                match outcome with
                | ValueSome outcome when outcome.HasScore -> outcome.Value
                | _ -> nan
            Children = forest.Children index |> Seq.map (node rollout outcomes credit) |> Seq.toArray
        }

    let ofPrompt caption (rollout: Rollout) outcomes credit prompt =
        let forest = rollout.Forest
        let roots = forest.Roots |> Seq.filter (fun root -> forest.PromptOf[root] = prompt)

        {
            Caption = caption
            Prompt = forest.Prompts[prompt].Text
            Reference = forest.Prompts[prompt].Reference
            Roots = roots |> Seq.map (node rollout outcomes credit) |> Seq.toArray
        }

    /// The prompt that shows most: mixed outcomes first, then many nodes, then the first.
    let mostTelling (credited: Credited) =
        let forest = credited.Graded.Rollout.Forest
        let silent = credited.Result.PromptWithoutSignal

        [ 0 .. forest.PromptCount - 1 ]
        |> List.maxBy (fun prompt ->
            (if silent[prompt] then 0 else 1),
            forest.FirstNodeOfPrompt[prompt + 1] - forest.FirstNodeOfPrompt[prompt],
            -prompt)

    let credited caption (credited: Credited) prompt =
        let graded = credited.Graded
        ofPrompt caption graded.Rollout (ValueSome graded.Outcomes) (ValueSome credited.Result) prompt

/// <summary>Draws trees as text, by the core's printer.</summary>
module internal TreeText =

    /// Mean final advantage of a node's tokens; NaN when they are not trained.
    let private meanAdvantage (credit: CreditResult) node =
        let advantage = TreeViews.advantages credit node
        Seq.init credit.Forest.TokenCount[node] advantage |> Seq.average

    let private columns (graded: Graded) (credit: CreditResult) =
        let forest = credit.Forest

        let outcome node =
            if forest.IsLeaf node then
                graded.Outcomes.Total[forest.FirstLeaf[node]] |> string |> Show.cut 60
            else
                ""

        let trained node =
            if credit.NodeTrained[node] then "" else "not trained"

        [
            PrinterColumn.Number("V", (fun node -> credit.NodeValue[node]), "+0.00;-0.00;0")
            PrinterColumn.Number("A", meanAdvantage credit, "+0.00;-0.00;0")
            PrinterColumn("", trained)
            PrinterColumn("earned", outcome)
        ]

    let draw colours (tone: (int -> float) voption) (rollout: Rollout) columns prompt =
        let options =
            ForestPrinterOptions(
                Color = colours,
                Tone =
                    (match tone with
                     | ValueSome tone -> Func<int, float> tone
                     | ValueNone -> null),
                Piece = Func<int, string> rollout.Tokenizer.Piece,
                Columns = ImmutableArray.CreateRange(columns: seq<PrinterColumn>)
            )

        ForestPrinter.PrintPrompt(rollout.Forest, prompt, options).TrimEnd()

    let plain rollout prompt = draw false ValueNone rollout [] prompt

    let creditedIn colours (credited: Credited) prompt =
        let columns = columns credited.Graded credited.Result
        draw colours (ValueSome(meanAdvantage credited.Result)) credited.Graded.Rollout columns prompt

    let credited (credited: Credited) prompt = creditedIn false credited prompt

type Rollout with

    /// <summary>For notebooks: sizes, and the trees of the first prompts.</summary>
    member rollout.ToHtml() =
        [
            HtmlParts.pre (string rollout)
            for prompt in 0 .. min 2 rollout.Forest.PromptCount - 1 do
                yield!
                    TreeViews.ofPrompt $"prompt {rollout.Forest.Prompts[prompt].Id}" rollout ValueNone ValueNone prompt
                    |> HtmlTree.tree 100
        ]
        |> HtmlParts.render

type Graded with

    /// <summary>For notebooks: what the answers earned, and the trees of the first prompt with their outcomes.</summary>
    member graded.ToHtml() =
        HtmlParts.pre (string graded)
        :: (TreeViews.ofPrompt "the first prompt" graded.Rollout (ValueSome graded.Outcomes) ValueNone 0
            |> HtmlTree.tree 100)
        |> HtmlParts.render

type Credited with

    /// <summary>For notebooks: counts, and the trees of the prompt that shows most, tokens coloured by advantage.</summary>
    member credited.ToHtml() =
        let prompt = TreeViews.mostTelling credited

        HtmlParts.pre (string credited)
        :: (TreeViews.credited $"{credited.Result.Rule.Name}, prompt {prompt}" credited prompt
            |> HtmlTree.tree 100)
        |> HtmlParts.render

/// <summary>Grows, shows and draws forests.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Forest =

    /// <summary>The first prompts of a task set's training side, as the policy reads them.</summary>
    let prompts (count: int) (policy: Policy) (tasks: TaskSet) : ForestPrompt[] =
        Array.init count (fun index ->
            let item = tasks.Train.Item(int64 index)

            ForestPrompt(
                item.Id,
                item.Prompt,
                ImmutableArray.CreateRange(policy.Tokenizer.EncodePrompt item.Prompt),
                item.Reference
            ))

    /// <summary>Samples the forest of given prompts. The same arguments give the same forest, to the byte.</summary>
    let growFrom (branching: Branching) (policy: Policy) (prompts: ForestPrompt[]) (seed: int) =
        let sampled =
            Sampler.Grow(policy.Live, policy.Tokenizer, prompts, branching.Plan, Seed.Of(int64 seed))

        Rollout(sampled.Forest, policy.Tokenizer, policy.Name, ValueSome sampled.Stats)

    /// <summary>Samples the forest of the first training prompts of a task set: <c>Forest.grow mine policy (Tasks.chains 3) 4 7</c>.</summary>
    let grow (branching: Branching) (policy: Policy) (tasks: TaskSet) (promptCount: int) (seed: int) =
        growFrom branching policy (prompts promptCount policy tasks) seed

    /// <summary>A forest from elsewhere, with the tokenizer that reads it.</summary>
    let ofCore (tokenizer: ITokenizer) (forest: Forest) =
        Rollout(forest, tokenizer, "an unknown policy", ValueNone)

    /// <summary>Writes a forest to a file, so that other rules can be tried on the same trees later.</summary>
    let save (path: string) (rollout: Rollout) = ForestFile.Write(path, rollout.Forest)

    /// <summary>Reads a forest that <c>Forest.save</c> or a run wrote, with the policy whose tokenizer reads it.</summary>
    /// <exception cref="T:System.IO.FileNotFoundException">There is no such file.</exception>
    /// <exception cref="T:System.IO.InvalidDataException">The file is no whole forest file.</exception>
    let load (policy: Policy) (path: string) =
        if not (IO.File.Exists path) then
            raise (
                IO.FileNotFoundException
                    $"no forest at {IO.Path.GetFullPath path}: give a file that Forest.save or a run with 'saveTo' wrote"
            )

        Rollout(ForestFile.Read path, policy.Tokenizer, policy.Name, ValueNone)

    /// <summary>Prints sizes, what sharing saved, and how the answers ended.</summary>
    let show (rollout: Rollout) = printfn $"{rollout}"

    /// <summary>The trees of a prompt as text, without credit.</summary>
    let text (prompt: int) (rollout: Rollout) = TreeText.plain rollout prompt

    /// <summary>The trees of a prompt as text: each node with its tokens, value V, the mean advantage A of its tokens, and a leaf's outcome.</summary>
    let textWith (prompt: int) (credited: Credited) = TreeText.credited credited prompt

    /// <summary>
    /// Prints the trees of a prompt, as <c>textWith</c> writes them. A terminal gets colours - green where the advantage is positive, red where it
    /// is negative - unless NO_COLOR is set.
    /// </summary>
    let drawPrompt (prompt: int) (credited: Credited) =
        printfn $"{TreeText.creditedIn (Terminal.colours ()) credited prompt}"

    /// <summary>Prints the trees of the prompt that shows most: outcomes mixed, many branches. Coloured as by <c>drawPrompt</c>.</summary>
    let draw (credited: Credited) =
        drawPrompt (TreeViews.mostTelling credited) credited

    /// <summary>
    /// Writes a page on which the trees of some prompts can be inspected token by token, under several redistributions of the same graded
    /// forest, and returns its path. <c>Report.forest</c> applies the rules, too.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">There is no redistribution, they are of different forests, or there is no such prompt.</exception>
    let inspect (path: string) (promptIndices: seq<int>) (credited: seq<Credited>) =
        let all = Array.ofSeq credited

        if all.Length = 0 then
            invalidArg "credited" "no redistribution to show: give at least one, as Redistribution.apply makes it"

        let graded = all[0].Graded
        let results = all |> Array.map _.Result

        let trees =
            [
                for prompt in promptIndices do
                    TreeRl.Inspection.TreeJson.Write(
                        graded.Rollout.Tokenizer,
                        graded.Outcomes,
                        results,
                        prompt,
                        null,
                        null
                    )
            ]

        let names = results |> Array.map _.Rule.Name |> String.concat ", "

        InspectorPage.page
            $"Forest by {names}"
            [|
                {
                    Name = graded.Rollout.PolicyName
                    Steps = [| ValueNone, "[" + String.concat ",\n" trees + "]" |]
                }
            |]
        |> ReportHtml.write path

    /// <summary>Writes a page of some prompts' trees under one redistribution, and returns its path.</summary>
    let savePage (path: string) (promptIndices: seq<int>) (credited: Credited) = inspect path promptIndices [ credited ]

/// <summary>Grades forests.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Reward =

    /// <summary>Grades every answer of a forest.</summary>
    let grade (reward: Reward) (rollout: Rollout) =
        Graded(rollout, Grading.Grade(rollout.Forest, rollout.Tokenizer, reward.Plan))

    /// <summary>Takes one score for each answer, in leaf order, instead of grading.</summary>
    let given (scores: float[]) (rollout: Rollout) =
        if scores.Length <> rollout.Forest.LeafTotal then
            invalidArg
                "scores"
                (Show.count scores.Length "score"
                 + " for "
                 + Show.count rollout.Forest.LeafTotal "answer"
                 + ": give one for each, in leaf order")

        Graded(rollout, LeafOutcomes.FromScores scores)

/// <summary>Redistributes rewards.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Redistribution =

    /// <summary>Turns the outcomes of a graded forest into advantages.</summary>
    let apply (redistribution: TreeRl.Redistribution) (graded: Graded) =
        Credited(
            graded,
            TreeRl.Credit.Redistribution.Apply(redistribution.Rule, graded.Rollout.Forest, graded.Outcomes)
        )
