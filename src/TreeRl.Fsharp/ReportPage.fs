namespace TreeRl

open System

/// <summary>Draws reports as one self-contained HTML page: nothing is fetched, light and dark, and readable without its scripts.</summary>
module internal ReportPage =
    open Markup

    /// The style of pages without an inspector.
    let style = Assets.all [ "page.css"; "chart.css" ]

    let private facts (pairs: (string * string)[]) =
        cls
            "dl"
            "facts"
            [
                for key, value in pairs do
                    el "div" [] [ txt "dt" key; txt "dd" value ]
            ]

    /// A table in a card; the first cell of a row is its heading.
    let private table (columns: string[]) (rows: Markup list list) =
        cls
            "div"
            "card scroll"
            [
                el
                    "table"
                    []
                    [
                        el "thead" [] [ el "tr" [] [ for column in columns -> txt "th" column ] ]
                        el "tbody" [] [ for row in rows -> el "tr" [] row ]
                    ]
            ]

    let private heading (text: string) =
        el "th" [ "scope", "row" ] [ Text text ]

    let private intervalCell (value: Interval voption) =
        match value with
        | ValueSome v ->
            el
                "td"
                []
                [
                    Text(Format.percent v.Mean)
                    cls "span" "interval" [ Text $"{Format.percent v.Low} to {Format.percent v.High}, n = {v.Count}" ]
                ]
        | ValueNone -> txt "td" "-"

    let private results (runs: RunView[]) =
        table
            Format.resultColumns
            [
                for run in runs do
                    let cells = Format.resultRow run

                    [
                        heading cells[0]
                        intervalCell run.Before
                        intervalCell run.After
                        for cell in cells[3..] do
                            txt "td" cell
                    ]
            ]

    /// Every family against the first, where the questions are the same.
    let private comparison (families: Family[]) =
        let rows =
            families
            |> Array.skip 1
            |> Array.choose (fun family ->
                match Families.difference families[0] family with
                | ValueSome difference -> Some(family, difference)
                | ValueNone -> None)

        if rows.Length = 0 then
            []
        else
            let points (value: float) =
                Format.fixedTo 1 (100.0 * value) + " points"

            [
                txt "h3" $"Accuracy after training, less that of {families[0].Name}"
                cls
                    "div"
                    "grid2"
                    [
                        table
                            [| "runs"; "difference"; "questions" |]
                            [
                                for family, difference in rows do
                                    [
                                        heading family.Name
                                        el
                                            "td"
                                            []
                                            [
                                                Text(points difference.Mean)
                                                cls
                                                    "span"
                                                    "interval"
                                                    [ Text $"{points difference.Low} to {points difference.High}" ]
                                            ]
                                        txt "td" (string difference.Items)
                                    ]
                            ]
                        Chart.intervals
                            "Difference"
                            "percentage points"
                            [
                                for family, difference in rows do
                                    family.Name,
                                    100.0 * difference.Mean,
                                    100.0 * difference.Low,
                                    100.0 * difference.High
                            ]
                        |> Chart.range 0.0 0.0
                        |> Chart.figure
                            Chart.large
                            "Question by question, seeds averaged; 95 % intervals by resampling questions (BCa bootstrap)."
                    ]
            ]

    let private seeds (families: Family[]) =
        if families |> Array.exists (fun family -> family.Runs.Length > 1) then
            [
                txt "h3" "Over seeds"
                table
                    Families.seedColumns
                    [
                        for family in families do
                            let cells = Families.seedRow family

                            [
                                heading cells[0]
                                for cell in cells[1..] do
                                    txt "td" cell
                            ]
                    ]
            ]
        else
            []

    let private isShare (metric: string) =
        metric.StartsWith("accuracy", StringComparison.OrdinalIgnoreCase)
        || metric.StartsWith("share", StringComparison.OrdinalIgnoreCase)

    let private chartOf size xLabel (x: Measurement -> float) metric (families: Family[]) =
        let chart =
            families
            |> Array.collect (Families.line x metric)
            |> Chart.lines $"{metric} over {xLabel}" xLabel metric

        Chart.figure size "" (if isShare metric then Chart.range 0.0 1.0 chart else chart)

    let private steps size metric families =
        chartOf size "steps" (fun point -> float point.Step) metric families

    let private metricsOf group (runs: RunView[]) =
        runs
        |> Array.collect _.Curves
        |> Array.filter (fun curve -> curve.Group = group)
        |> Array.map _.Metric
        |> Array.distinct

    let private small group (runs: RunView[]) families =
        cls "div" "grid3" [ for metric in metricsOf group runs -> steps Chart.small metric families ]

    let private learning (runs: RunView[]) families =
        [
            cls "p" "muted" [ Text(Families.legend families) ]
            cls
                "div"
                "grid2"
                [
                    for metric in metricsOf CurveGroup.Learning runs do
                        chartOf Chart.large "sampled tokens" (fun point -> float point.Tokens) metric families

                        chartOf Chart.large "seconds" _.Seconds metric families
                ]
            small CurveGroup.Learning runs families
        ]

    let private shares (runs: RunView[]) =
        [
            cls
                "div"
                "grid2"
                [
                    for run in runs do
                        for share in run.Shares do
                            let title =
                                if runs.Length > 1 then
                                    $"{run.Name}: {share.Title}"
                                else
                                    share.Title

                            let x = share.Steps |> Array.map float

                            share.Parts
                            |> Array.map (fun (name, place, values) ->
                                Chart.series name x values |> Chart.coloured place)
                            |> Chart.stacked title "steps" "share"
                            |> Chart.range 0.0 1.0
                            |> Chart.figure Chart.large ""
                ]
        ]

    /// Ratios that are 1 throughout, which a figure would say in many words.
    let private ratios (runs: RunView[]) families =
        let moves (curve: Curve) =
            curve.Group = CurveGroup.Ratios
            && curve.Points
               |> Array.exists (fun point -> Double.IsFinite point.Value && point.Value <> 0.0 && point.Value <> 1.0)

        if runs |> Array.exists (fun run -> Array.exists moves run.Curves) then
            small CurveGroup.Ratios runs families
        else
            cls
                "p"
                "muted"
                [
                    Text
                        "Every ratio new / old was exactly 1 and nothing was clipped: with one update a step the policy is trained before it has moved from the one that sampled."
                ]

    let private inspector (runs: RunView[]) =
        InspectorPage.section
            [|
                for run in runs do
                    if run.Inspected.Length > 0 then
                        {
                            InspectedRun.Name = run.Name
                            Steps = run.Inspected |> Array.map (fun (step, trees) -> ValueSome step, trees)
                        }
            |]

    let private plans (runs: RunView[]) =
        [
            for run in runs do
                if runs.Length > 1 then
                    txt "h3" run.Name

                for title, text in run.Plan do
                    cls "details" "card" [ txt "summary" title; txt "pre" text ]
        ]

    let private notes (runs: RunView[]) =
        [
            for run in runs do
                for note in run.Notes do
                    txt "li" (if runs.Length > 1 then $"{run.Name}: {note}" else note)
        ]

    /// Heading, anchor and content of the sections that have something to show.
    let private sections (runs: RunView[]) =
        let families = Families.of' runs
        let has group = (metricsOf group runs).Length > 0

        [
            "Results", "results", results runs :: comparison families @ seeds families

            if not (notes runs).IsEmpty then
                "Notes", "notes", [ cls "ul" "notes" (notes runs) ]

            if has CurveGroup.Learning then
                "Learning curves", "curves", learning runs families

            if runs |> Array.exists (fun run -> run.Inspected.Length > 0) then
                "Tree inspector", "trees", inspector runs

            if runs |> Array.exists (fun run -> run.Shares.Length > 0) then
                "Groups and stop reasons", "shares", shares runs

            if has CurveGroup.Terms then
                "Reward terms", "terms", [ small CurveGroup.Terms runs families ]

            if has CurveGroup.Ratios then
                "Ratios and clipping", "ratios", [ ratios runs families ]

            if has CurveGroup.Along then
                "Along the way", "along", [ small CurveGroup.Along runs families ]

            "The plan in words", "plan", plans runs
        ]

    let page (report: ReportView) =
        let runs = report.Runs
        let sections = sections runs

        document
            report.Title
            InspectorPage.style
            [
                el
                    "header"
                    []
                    [
                        txt "h1" report.Title
                        InspectorPage.themeSwitch
                        cls "p" "muted" [ Text report.Summary ]
                        if runs.Length = 1 then
                            facts runs[0].Facts
                        cls
                            "nav"
                            "jump"
                            [
                                for title, anchor, _ in sections -> el "a" [ "href", "#" + anchor ] [ Text title ]
                            ]
                    ]
                el
                    "main"
                    []
                    [
                        for title, anchor, content in sections do
                            el "section" [ "id", anchor ] (txt "h2" title :: content)
                    ]
                el
                    "footer"
                    []
                    [
                        Text "Written by TreeRl. This file stands alone: it opens without a network."
                    ]
                InspectorPage.code
            ]
