namespace TreeRl

open System
open System.IO

/// <summary>Shows what a study found: a table on the console, and a page.</summary>
[<RequireQualifiedAccess>]
module LabReport =
    open Markup

    let private columns =
        [|
            "forest"
            "rule"
            "cosine"
            "less first"
            "r all"
            "r inner"
            "r leaves"
            "RMSE"
            "bias"
            "signal"
            "eff. tokens"
        |]

    let private estimate (value: Estimate) =
        if Double.IsFinite value.Value then
            let high, low = Format.fixedTo 2 value.High, Format.fixedTo 2 value.Low
            $"{Format.fixedTo 2 value.Value} [{low}, {high}]"
        else
            "-"

    let private cells (study: LabStudy) (row: LabRow) =
        [|
            row.Forest
            row.Rule
            estimate row.Gradient.Corrected
            estimate (row.Gradient.Minus study.Rows.Head.Gradient)
            estimate row.All.CorrectedCorrelation
            estimate row.Inner.CorrectedCorrelation
            estimate row.Leaves.CorrectedCorrelation
            estimate row.All.Rmse
            Format.signed row.All.Bias.Value
            Format.percent row.Tokens.SignalShare
            Show.whole (int64 row.Tokens.EffectiveTokens)
        |]

    let private forestColumns =
        [|
            "forest"
            "tokens a question"
            "for values"
            "answers a question"
            "accuracy"
            "inner nodes"
            "places"
            "fresh tokens"
            "RMS of T"
        |]

    let private forestCells (study: LabStudy) (grown: LabGrown) =
        let forest = grown.Graded.Rollout.Forest
        let prompts = float forest.PromptCount

        [|
            grown.Asked.Name
            Format.fixedTo 1 (float (int64 forest.TokenTotal + grown.ValueTokens) / prompts)
            Format.fixedTo 1 (float grown.ValueTokens / prompts)
            Format.fixedTo 1 (float forest.LeafTotal / prompts)
            (let mean = grown.Graded.Outcomes.MeanScore in Format.fixedTo 3 (if mean.HasValue then mean.Value else nan))
            string (forest.NodeCount - forest.LeafTotal)
            $"{grown.Truth.PlacesDone} of {grown.Truth.PlaceCount}"
            Show.whole grown.Truth.Tokens
            (let row = study.Rows |> List.find (fun row -> row.Forest = grown.Asked.Name)
             Format.fixedTo 3 row.All.ZeroRmse.Value)
        |]

    let private legend (study: LabStudy) =
        let ceiling = study.Rows.Head.Gradient.Ceiling

        [|
            "T(n) = V(n) - V(parent), the values V estimated from fresh continuations; one scale factor a rule; intervals: 95 %, resampling questions."
            "signal: share of tokens with an advantage; eff. tokens: (sum w|A|)^2 / sum (wA)^2 over the whole forest."
            "bias, RMSE: of scaled A - T over all nodes, the truth's noise taken off; r: correlation of A and T, corrected for that noise, over all nodes, inner nodes, leaves."
            "cosine: of the rule's policy gradient on "
            + Show.count study.Setup.Prompts "question"
            + $" with the true gradient, divided by {Format.fixedTo 3 ceiling.Value}, what the exact gradient would reach, intervals centred; "
            + $"less first: the plain cosine minus that of {study.Rows.Head.Rule} on {study.Rows.Head.Forest}, resampled together."
            "tokens a question: all that were sampled for it, those for the values of a rule included; fresh tokens are those of the truth."
            "RMS of T: root mean square of the true advantages, the RMSE of a rule that gives zeros."
        |]

    /// <summary>The tables as text: forests, then every rule on its forest, then what the columns mean.</summary>
    let text (study: LabStudy) =
        [
            yield! Format.table forestColumns (study.Forests |> List.map (forestCells study) |> List.toArray)
            ""
            yield! Format.table columns (study.Rows |> List.map (cells study) |> List.toArray)
            ""
            yield! legend study
        ]
        |> String.concat "\n"

    let private table (columns: string[]) (rows: string[] list) =
        let row tag (cells: string[]) =
            el "tr" [] [ for cell in cells -> txt tag cell ]

        cls
            "div"
            "card scroll"
            [
                el
                    "table"
                    []
                    [
                        el "thead" [] [ row "th" columns ]
                        el "tbody" [] [ for cells in rows -> row "td" cells ]
                    ]
            ]

    let private section title content =
        el "section" [] (txt "h2" title :: content)

    let private figures (study: LabStudy) =
        let draw title label note (pick: LabRow -> Estimate) =
            let rows (grown: LabGrown) =
                [
                    for row in study.Rows do
                        let estimate = pick row

                        if row.Forest = grown.Asked.Name && Double.IsFinite estimate.Value then
                            $"{row.Rule} on {row.Forest}", estimate.Value, estimate.Low, estimate.High
                ]

            // A forest without an estimate is left out of the figure, and the others keep their colours.
            let shown =
                study.Forests
                |> List.mapi (fun place grown -> place % Palette.colours.Length, grown.Asked.Name, rows grown)
                |> List.filter (fun (_, _, rows) -> not rows.IsEmpty)

            let chart =
                Chart.intervalGroups title label [ for _, name, rows in shown -> name, Seq.ofList rows ]

            { chart with
                Series =
                    [|
                        for (place, _, _), series in Seq.zip shown chart.Series -> Chart.coloured place series
                    |]
            }
            |> Chart.range 0.0 0.0
            |> Chart.figure Chart.large note

        [
            cls
                "div"
                "grid2"
                [
                    draw "Gradient: cosine with the truth" "corrected cosine" "More is better." _.Gradient.Corrected
                    draw
                        "All nodes: correlation with the true advantage"
                        "corrected correlation"
                        "More is better."
                        _.All.CorrectedCorrelation
                    draw
                        "Inner nodes: correlation with the true advantage"
                        "corrected correlation"
                        "More is better."
                        _.Inner.CorrectedCorrelation
                    draw "All nodes: RMSE" "units of the reward" "Less is better." _.All.Rmse
                ]
        ]

    let private forestSection (grown: LabGrown) =
        let comparison = grown.Comparison
        let names = Seq.toArray comparison.Names
        let tokenizer = grown.Graded.Rollout.Tokenizer

        let telling =
            TreeViews.mostTelling (Redistribution.apply grown.Rules.Head grown.Graded)

        section
            $"Forest {grown.Asked.Name}"
            [
                if names.Length > 1 then
                    cls
                        "div"
                        "grid2"
                        [
                            LabMatrix.figure
                                "Sign agreement"
                                "Share of equal signs where both have signal."
                                names
                                (fun r c -> comparison.SignAgreement(r, c))
                            LabMatrix.figure "Pearson correlation of token advantages" "" names (fun r c ->
                                comparison.Pearson(r, c))
                        ]
                txt "h3" "One question, the advantages of every rule at every node"
                cls "div" "card" [ txt "pre" (Lab.nodes telling tokenizer comparison) ]
                cls "details" "card" [ txt "summary" "How it was sampled"; txt "pre" (string grown.Asked.Sample) ]
            ]

    /// <summary>The page as text: self-contained, without scripts.</summary>
    let page (study: LabStudy) =
        let setup = study.Setup

        document
            study.Title
            ReportPage.style
            [
                el
                    "header"
                    []
                    [
                        txt "h1" study.Title
                        cls
                            "p"
                            "muted"
                            [
                                Text(Show.count setup.Prompts "question")
                                Text $" of {setup.Tasks.Name}; policy {setup.Policy.Name}; "
                                Text(Show.count setup.TruthSamples "continuation" + " a place; ")
                                Text(Show.count setup.Rollouts "rollout")
                                Text $" a question for the true gradient; seed {setup.Seed}."
                            ]
                    ]
                el
                    "main"
                    []
                    [
                        section
                            "What each rule estimates"
                            [
                                table columns (study.Rows |> List.map (cells study))
                                cls "ul" "notes" [ for line in legend study -> txt "li" line ]
                            ]
                        section "The forests" [ table forestColumns (study.Forests |> List.map (forestCells study)) ]
                        section "Figures" (figures study)
                        for grown in study.Forests do
                            forestSection grown
                    ]
                el
                    "footer"
                    []
                    [
                        Text "Written by TreeRl. This file stands alone: it opens without a network."
                    ]
            ]

    /// <summary>Writes the page, aside and renamed, and returns its full path.</summary>
    let save (path: string) (study: LabStudy) =
        let full = Path.GetFullPath path
        Directory.CreateDirectory(Path.GetDirectoryName full |> string) |> ignore
        let aside = full + ".part"
        File.WriteAllText(aside, page study)
        File.Move(aside, full, true)
        full

    /// <summary>Prints the tables and writes <c>report.html</c> into the study's folder.</summary>
    let show (study: LabStudy) =
        printfn $"\n{text study}\n"
        let path = save (Path.Combine(study.Setup.Folder, "report.html")) study
        printfn $"report: {path}"
