namespace TreeRl

open System
open System.Collections
open System.Collections.Immutable
open System.Globalization
open System.Reflection
open System.Runtime.CompilerServices
open Microsoft.FSharp.Reflection
open TreeRl.Training

/// <summary>
/// Short texts of values, for the REPL and notebooks. The file that a script or a package loads registers <c>Display.printer</c> once, for all
/// types of TreeRl.
/// </summary>
[<RequireQualifiedAccess>]
module Display =
    /// Longest line of a text made here.
    let private widest = 110

    let private invariant (format: string) (value: float) =
        value.ToString(format, CultureInfo.InvariantCulture)

    /// A block in one line: what its lines gave, without the defaults.
    let private brief (block: Block<'Spec>) =
        block.Lines
        |> Array.filter (fun line -> not line.IsDefault)
        |> Array.map (fun line -> $"{line.Word} {line.Resolved}")
        |> String.concat "; "

    let private wrapped (indent: string) (text: string) =
        let place (lines: string list) (word: string) =
            match lines with
            | last :: earlier when last.Length + word.Length < widest -> $"{last} {word}" :: earlier
            | _ -> indent + word :: lines

        match List.ofArray (text.Split ' ') with
        | [] -> ""
        | first :: words -> words |> List.fold place [ first ] |> List.rev |> String.concat "\n"

    let private method (value: Method) =
        let part name shown =
            "\n  " + wrapped "    " $"{name}: {shown}"

        $"{value.Name} ({value.Source})\n  {value.Formula}"
        + part "sample" (brief value.Sample)
        + part "redistribute" (brief value.Redistribute)
        + part "update" (brief value.Update)
        + "\n  "
        + $"{value.Deviations.Length} deviations and open choices: 'printfn $\"{{..}}\"' shows all"

    let private experiment (value: Experiment) =
        let part name shown =
            "\n  " + wrapped "    " $"{name}: {shown}"

        let spec = value.Spec

        Blocks.print $"experiment {Show.text value.Name}" (value.Lines |> Array.filter (fun line -> not line.IsDefault))
        + (spec.Sample
           |> Option.map (fun block -> part "sample" (brief block))
           |> Option.defaultValue "")
        + (spec.Reward
           |> Option.map (fun block -> part "grade" (brief block))
           |> Option.defaultValue "")
        + (spec.Redistribution
           |> Option.map (fun block -> part "redistribute" (brief block))
           |> Option.defaultValue "")
        + (spec.Objective
           |> Option.map (fun block -> part "update" (brief block))
           |> Option.defaultValue "")
        + String.Join("", value.Notes |> Array.map (fun note -> $"\n  note: {note}"))

    let private step (value: StepMetrics) =
        $"step {value.Step + 1}: reward {value.Reward:F3}, answers {value.Leaves}, mean tokens {value.AnswerTokens:F1}, "
        + $"informative {100.0 * value.InformativeShare:F1} %%, entropy {value.Loss.MeanEntropy:F3}, {value.Seconds.Total:F2} s"

    let private steps (values: ImmutableArray<StepMetrics>) =
        if values.IsDefaultOrEmpty then
            "no step"
        else
            let rewards =
                values |> Seq.truncate 8 |> Seq.map (fun step -> invariant "F3" step.Reward)

            let more = if values.Length > 8 then ", .." else ""

            Show.count values.Length "step"
            + $""": rewards {String.concat ", " rewards}{more}"""

    let private series (line: Series) =
        let drawn = line.Y |> Array.filter Double.IsFinite
        let band = if line.Low.Length > 0 then ", with a band" else ""

        if drawn.Length = 0 then
            $"{line.Name}: no points"
        else
            $"{line.Name}: "
            + Show.count drawn.Length "point"
            + $", from {Ticks.label drawn[0]} to {Ticks.label drawn[drawn.Length - 1]}, within {Ticks.label (Array.min drawn)} .. {Ticks.label (Array.max drawn)}{band}"

    let private chart (chart: Chart) =
        match chart.Kind with
        | ChartKind.Intervals names ->
            let rows =
                [|
                    for line in chart.Series do
                        for i in 0 .. line.Y.Length - 1 do
                            let low, high = Format.fixedTo 3 line.Low[i], Format.fixedTo 3 line.High[i]
                            $"\n  {names[int line.X[i]]}: {Format.fixedTo 3 line.Y[i]} [{low}, {high}]"
                |]

            $"chart {Show.text chart.Title}: {chart.XLabel}{chart.YLabel}{String.Concat rows}"
        | _ ->
            let lines = chart.Series |> Array.map (fun line -> "\n  " + series line)
            $"chart {Show.text chart.Title}: {chart.YLabel} over {chart.XLabel}{String.Concat lines}"

    let rec private nodesIn (nodes: NodeView[]) =
        nodes |> Array.sumBy (fun node -> 1 + nodesIn node.Children)

    let private piecesOf (node: NodeView) =
        node.Tokens |> Array.map _.Piece |> String.concat "" |> Show.cut 40 |> Show.text

    let private node (node: NodeView) =
        let ends =
            if node.Finish = "" then
                ""
            else
                $", {node.Finish} {node.Outcome}"

        $"{piecesOf node}: "
        + Show.count node.Tokens.Length "token"
        + ", "
        + Show.countOf node.Children.Length "branch" "branches"
        + ends

    let private labRow (row: LabRow) =
        $"{row.Rule} on {row.Forest}: {row.Gradient}"

    let private setup (setup: LabSetup) =
        $"lab of {setup.Policy.Name} on {setup.Tasks.Name}: "
        + Show.count setup.Prompts "question"
        + ", "
        + Show.count setup.TruthSamples "fresh continuation"
        + " a place, "
        + Show.count setup.Rollouts "rollout"
        + $" a question, seed {setup.Seed}, kept in {setup.Folder}"

    let private labForest (forest: LabForest) =
        let rules = forest.Rules |> List.map _.Rule.Name |> String.concat ", "
        $"{forest.Name}: {brief forest.Sample}; rules {rules}"

    /// What stands in the table below: types that fsi or .NET would otherwise show member by member.
    let private written (value: obj) : string voption =
        match value with
        | :? Method as value -> ValueSome(method value)
        | :? Experiment as value -> ValueSome(experiment value)
        | :? Evaluated as value -> ValueSome(Evaluate.text value)
        | :? Evaluation.PolicyComparison as value -> ValueSome(Evaluate.textOf value)
        | :? StepMetrics as value -> ValueSome(step value)
        | :? EvaluationPoint as value -> ValueSome $"after step {value.Step}: {value.Result}"
        | :? ImmutableArray<StepMetrics> as values -> ValueSome(steps values)
        | :? Series as value -> ValueSome(series value)
        | :? Chart as value -> ValueSome(chart value)
        | :? Interval as value -> ValueSome $"{Format.interval (ValueSome value)} (of {value.Count})"
        | :? Measurement as value ->
            ValueSome(
                $"step {value.Step}: {Show.number value.Value} at "
                + Show.wholeCount value.Tokens "token"
            )
        | :? Curve as value -> ValueSome(value.Metric + ": " + Show.count value.Points.Length "point")
        | :? TokenView as value ->
            let logProb, entropy =
                Format.fixedTo 3 value.LogProb, Format.fixedTo 3 value.Entropy

            ValueSome
                $"{Show.text value.Piece}: log-probability {logProb}, entropy {entropy}, advantage {Format.signed value.Advantage}"
        | :? NodeView as value -> ValueSome(node value)
        | :? TreeView as value ->
            ValueSome(
                $"{value.Caption}: {Show.text (Show.cut 40 value.Prompt)}, "
                + Show.count value.Roots.Length "tree"
                + ", "
                + Show.count (nodesIn value.Roots) "node"
            )
        | :? RunView as value ->
            ValueSome
                $"{value.Name}: accuracy {Format.interval value.Before} before, {Format.interval value.After} after"
        | :? ReportView as value ->
            ValueSome(
                String.Join(
                    "\n",
                    Array.append
                        [| $"report {Show.text value.Title}" |]
                        (Format.table Format.resultColumns (value.Runs |> Array.map Format.resultRow))
                )
            )
        | :? ResolvedLine as value ->
            ValueSome($"""{value.Word} {value.Resolved}{if value.IsDefault then "   (default)" else ""}""")
        | :? LabSetup as value -> ValueSome(setup value)
        | :? LabForest as value -> ValueSome(labForest value)
        | :? LabRow as value -> ValueSome(labRow value)
        | :? LabGrown as value -> ValueSome $"{value.Asked.Name}: {value.Graded.Rollout.Forest}; {value.Truth}"
        | :? LabStudy as value -> ValueSome(LabReport.text value)
        | _ -> ValueNone

    /// The types that `written` has a text for, which the tests compare with the public types there are.
    let internal writtenTypes: Type list =
        [
            typeof<Method>
            typeof<Experiment>
            typeof<Evaluated>
            typeof<Evaluation.PolicyComparison>
            typeof<StepMetrics>
            typeof<EvaluationPoint>
            typeof<ImmutableArray<StepMetrics>>
            typeof<Series>
            typeof<Chart>
            typeof<Interval>
            typeof<Measurement>
            typeof<Curve>
            typeof<TokenView>
            typeof<NodeView>
            typeof<TreeView>
            typeof<RunView>
            typeof<ReportView>
            typeof<ResolvedLine>
            typeof<LabSetup>
            typeof<LabForest>
            typeof<LabRow>
            typeof<LabGrown>
            typeof<LabStudy>
        ]

    /// True when the type's ToString was written by hand, or names the case of a union without fields.
    let internal hasOwnText (kind: Type) =
        let plainCases =
            FSharpType.IsUnion kind
            && FSharpType.GetUnionCases kind
               |> Array.forall (fun case -> case.GetFields().Length = 0)

        match kind.GetMethod("ToString", Type.EmptyTypes) with
        | null -> false
        | text ->
            plainCases
            || (text.DeclaringType <> typeof<obj>
                && text.DeclaringType <> typeof<ValueType>
                && isNull (text.GetCustomAttribute<CompilerGeneratedAttribute>()))

    let private isOurs (kind: Type) =
        match kind.Assembly.GetName().Name with
        | null -> false
        | name -> name = "TreeRl.Core" || name = "TreeRl.Fsharp" || name = "TreeRl.Torch"

    /// A member in a few characters: numbers and texts as they are, columns by their length.
    let private member' (value: obj | null) =
        match value with
        | null -> "none"
        | :? float as number -> invariant "G4" number
        | :? float32 as number -> invariant "G4" (float number)
        | :? string as text -> Show.text (Show.cut 40 text)
        | :? ICollection as items -> $"[{items.Count}]"
        | :? IFormattable as value -> value.ToString(null, CultureInfo.InvariantCulture)
        | value when isOurs (value.GetType()) && not (hasOwnText (value.GetType())) -> value.GetType().Name
        | value -> Show.cut 60 ((string value).Split('\n')[0])

    /// A value of the core that has no text of its own: its name and its members, short.
    let private members (value: obj) =
        let kind = value.GetType()

        let shown =
            [
                for property in kind.GetProperties(BindingFlags.Public ||| BindingFlags.Instance) do
                    if property.CanRead && property.GetIndexParameters().Length = 0 then
                        $"{property.Name} {member' (property.GetValue value)}"
            ]

        let name = kind.Name.Split('`')[0]

        if shown.IsEmpty then
            name
        else
            wrapped "  " (name + ": " + String.Join(", ", shown))

    /// <summary>
    /// A short text: a table for evaluations, comparisons and studies, one line or a few for everything else. <c>string value</c> may say more.
    /// </summary>
    let text (value: obj) : string =
        match written value with
        | ValueSome text -> text
        | ValueNone ->
            let kind = value.GetType()

            if isOurs kind && not (hasOwnText kind) then
                members value
            else
                (string value).TrimEnd()

    /// <summary>
    /// What F# Interactive calls for each value it shows: a short text of TreeRl's values, null for everybody else's. A text of several lines
    /// is indented to stand below "val it".
    /// </summary>
    let printer (value: obj) : string | null =
        let kind = value.GetType()

        let isKnown =
            (isOurs kind && not kind.IsArray)
            || (kind.IsGenericType && List.contains kind writtenTypes)

        // Closures and generated types of F# are shown as F# Interactive shows functions.
        if isKnown && (kind.IsVisible || kind.IsNestedPublic || hasOwnText kind) then
            (text value).Replace("\n", "\n  ")
        else
            null
