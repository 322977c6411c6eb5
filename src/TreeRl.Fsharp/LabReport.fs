namespace TreeRl

open System
open System.Globalization
open System.IO

/// <summary>Figures of the lab: intervals in a column of names, and matrices of names.</summary>
module internal LabFigure =
    open Markup

    let private place (value: float) =
        value.ToString("0.##", CultureInfo.InvariantCulture)

    let private css =
        ".cell { stroke: var(--card, #fff); stroke-width: 1.5; } .mean { stroke: var(--c); stroke-width: 2; } .zero { stroke: var(--muted, #555); }"

    let private text x y anchor content =
        el "text" [ "x", place x; "y", place y; "text-anchor", anchor ] [ Text content ]

    let private line className x1 y1 x2 y2 =
        el
            "line"
            [
                "class", className
                "x1", place x1
                "y1", place y1
                "x2", place x2
                "y2", place y2
            ]
            []

    let private figure title note (width: float) (height: float) content =
        el
            "figure"
            []
            [
                el "figcaption" [] [ Text title; el "small" [] [ Text(" " + note) ] ]
                el
                    "svg"
                    [
                        "class", "chart"
                        "viewBox", $"0 0 {place width} {place height}"
                        "role", "img"
                        "aria-label", title
                        "xmlns", "http://www.w3.org/2000/svg"
                    ]
                    (txt "style" css :: content)
            ]

    /// One line for each name: the estimate as a dot in its interval, in the colour of its group.
    let intervals title note (rows: (int * string * Estimate)[]) =
        let rows = rows |> Array.filter (fun (_, _, e) -> Double.IsFinite e.Value)
        let left, right, top, step = 190.0, 20.0, 10.0, 20.0
        let width = 620.0
        let height = top + step * float rows.Length + 30.0

        let ends =
            [|
                0.0
                for _, _, e in rows do
                    yield! Array.filter Double.IsFinite [| e.Value; e.Low; e.High |]
            |]

        let ticks = Ticks.cover (Array.min ends) (Array.max ends) 6
        let low, high = ticks[0], ticks[ticks.Length - 1]

        let px x =
            left + (x - low) / (high - low) * (width - left - right)

        let bottom = top + step * float rows.Length

        figure
            title
            note
            width
            height
            [
                for tick in ticks do
                    line (if tick = 0.0 then "zero" else "grid") (px tick) top (px tick) bottom
                    text (px tick) (bottom + 17.0) "middle" (Ticks.label tick)
                for i in 0 .. rows.Length - 1 do
                    let group, name, e = rows[i]
                    let y = top + step * (float i + 0.5)

                    cls
                        "g"
                        $"s{group % 6}"
                        [
                            text (left - 10.0) (y + 4.0) "end" name
                            if Double.IsFinite(e.Low + e.High) then
                                line "mean" (px e.Low) y (px e.High) y
                            el
                                "circle"
                                [ "class", "dot"; "r", "4"; "cx", place (px e.Value); "cy", place y ]
                                [ txt "title" $"{name}: {e}" ]
                        ]
            ]

    /// A square matrix of numbers from -1 to 1.
    let matrix title note (names: string[]) (value: int -> int -> float) =
        let left, top, cell = 100.0, 26.0, 46.0
        let size = cell * float names.Length

        figure
            title
            note
            (left + size + 10.0)
            (top + size + 10.0)
            [
                for r in 0 .. names.Length - 1 do
                    let y = top + cell * float r
                    text (left - 8.0) (y + cell / 2.0 + 4.0) "end" names[r]
                    text (left + cell * (float r + 0.5)) (top - 9.0) "middle" (Show.cut 8 names[r])

                    for c in 0 .. names.Length - 1 do
                        let v = value r c
                        let x = left + cell * float c
                        let colour = if v < 0.0 then "var(--c5)" else "var(--c0)"

                        let strength =
                            if Double.IsFinite v then
                                min 0.85 (0.85 * abs v * abs v)
                            else
                                0.0

                        el
                            "rect"
                            [
                                "class", "cell"
                                "x", place x
                                "y", place y
                                "width", place cell
                                "height", place cell
                                "fill", colour
                                "fill-opacity", place strength
                            ]
                            [ txt "title" $"{names[r]} and {names[c]}: {Format.fixedTo 3 v}" ]

                        text (x + cell / 2.0) (y + cell / 2.0 + 4.0) "middle" (Format.fixedTo 2 v)
            ]

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
        let groupOf (row: LabRow) =
            study.Forests |> List.findIndex (fun grown -> grown.Asked.Name = row.Forest)

        let draw title note (pick: LabRow -> Estimate) =
            LabFigure.intervals
                title
                note
                [|
                    for row in study.Rows -> groupOf row, $"{row.Rule} on {row.Forest}", pick row
                |]

        [
            cls
                "div"
                "grid2"
                [
                    draw "Gradient: cosine with the truth" "corrected; more is better" _.Gradient.Corrected
                    draw
                        "All nodes: correlation with the true advantage"
                        "corrected; more is better"
                        _.All.CorrectedCorrelation
                    draw
                        "Inner nodes: correlation with the true advantage"
                        "corrected; more is better"
                        _.Inner.CorrectedCorrelation
                    draw "All nodes: RMSE" "in units of the reward; less is better" _.All.Rmse
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
                            LabFigure.matrix
                                "Sign agreement"
                                "share of equal signs where both have signal"
                                names
                                (fun r c -> comparison.SignAgreement(r, c))
                            LabFigure.matrix "Pearson correlation of token advantages" "" names (fun r c ->
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
