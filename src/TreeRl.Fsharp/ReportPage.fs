namespace TreeRl

open System
open System.Globalization

/// <summary>Draws reports as one self-contained HTML page: no scripts, no external files, light and dark.</summary>
module internal ReportPage =
    open Markup

    let private css =
        """
:root { color-scheme: light dark; --bg: #fbfbfa; --card: #ffffff; --ink: #1b1f24; --muted: #5b6470; --line: #d9dde3;
  --good: 21 128 61; --bad: 185 28 28; --up: 37 99 235; --down: 217 119 6;
  --c0: #2563eb; --c1: #d97706; --c2: #059669; --c3: #c026d3; --c4: #0891b2; --c5: #dc2626; }
@media (prefers-color-scheme: dark) { :root { --bg: #14171b; --card: #1c2026; --ink: #e8eaed; --muted: #9aa4b1; --line: #343b45;
  --good: 74 222 128; --bad: 248 113 113; --up: 96 165 250; --down: 251 146 60;
  --c0: #7aa7ff; --c1: #fbbf55; --c2: #4ade9f; --c3: #e58af0; --c4: #5cd6ee; --c5: #ff8080; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main, header { max-width: 1180px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 36px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -.01em; }
h2 { font-size: 19px; margin: 40px 0 12px; }
h3 { font-size: 15px; margin: 22px 0 8px; }
p { margin: 6px 0; } .muted, figcaption small { color: var(--muted); }
.facts { display: flex; flex-wrap: wrap; gap: 6px 28px; margin: 14px 0 0; padding: 0; }
.facts div { display: flex; gap: 8px; } .facts dt { color: var(--muted); } .facts dd { margin: 0; font-variant-numeric: tabular-nums; }
.card, figure, .tree { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
figure { margin: 0; padding: 14px 14px 6px; min-width: 0; } figcaption { font-weight: 600; margin: 0 0 4px 4px; }
.grid2 { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(440px, 100%), 1fr)); gap: 16px; }
.grid3 { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(320px, 100%), 1fr)); gap: 16px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 0 4px 6px; color: var(--muted); font-size: 13px; }
.legend .swatch { display: inline-block; width: 12px; height: 12px; border-radius: 3px; background: var(--c); margin-right: 6px; vertical-align: -1px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 8px 12px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--muted); font-weight: 500; font-size: 13px; } th:first-child, td:first-child { text-align: left; }
tbody tr:last-child td, tbody tr:last-child th { border-bottom: 0; } tbody th { color: var(--ink); font-weight: 600; font-size: 15px; }
.interval { color: var(--muted); font-size: 12px; display: block; }
pre { margin: 0; padding: 12px 14px; overflow-x: auto; font: 12.5px/1.55 ui-monospace, "Cascadia Code", Menlo, Consolas, monospace; }
details.card { margin: 0 0 12px; } summary { padding: 10px 14px; cursor: pointer; font-weight: 600; }
.notes { padding-left: 20px; } .notes li { margin: 4px 0; }
.tree { padding: 14px 16px; margin-bottom: 16px; overflow-x: auto; }
.prompt { font: 13px/1.5 ui-monospace, "Cascadia Code", Menlo, Consolas, monospace; white-space: pre-wrap; margin: 4px 0 10px; }
ul.nodes { list-style: none; margin: 0; padding: 0 0 0 22px; } .tree ul.nodes.top { padding-left: 0; }
ul.nodes li { position: relative; padding: 3px 0; } ul.nodes ul.nodes li::before { content: ""; position: absolute; left: -14px; top: 0; height: 17px; width: 12px;
  border-left: 1.5px solid var(--line); border-bottom: 1.5px solid var(--line); border-bottom-left-radius: 6px; }
ul.nodes ul.nodes li::after { content: ""; position: absolute; left: -14px; top: 0; bottom: 0; border-left: 1.5px solid var(--line); }
ul.nodes ul.nodes li:last-child::after { display: none; }
.run { font: 13px/1.6 ui-monospace, "Cascadia Code", Menlo, Consolas, monospace; white-space: pre-wrap; }
.t { border-radius: 2px; padding: 1px 0; } .t:hover { outline: 1.5px solid var(--ink); }
.t.up { background: rgb(var(--up) / var(--a)); } .t.down { background: rgb(var(--down) / var(--a)); }
.t.out { text-decoration: underline dotted var(--muted); text-underline-offset: 3px; }
.nl { color: var(--muted); opacity: .7; }
.pill { display: inline-block; margin-left: 8px; padding: 0 8px; border-radius: 9px; font: 12px/18px system-ui, sans-serif; white-space: nowrap;
  color: var(--muted); border: 1px solid var(--line); }
.pill.good { color: rgb(var(--good)); border-color: rgb(var(--good) / .5); background: rgb(var(--good) / .1); }
.pill.bad { color: rgb(var(--bad)); border-color: rgb(var(--bad) / .5); background: rgb(var(--bad) / .08); }
.scale { display: flex; align-items: center; gap: 10px; font-size: 13px; color: var(--muted); margin: 0 0 10px; flex-wrap: wrap; }
.scale .bar { width: 180px; height: 12px; border-radius: 6px; border: 1px solid var(--line);
  background: linear-gradient(90deg, rgb(var(--down) / .75), rgb(var(--down) / 0), rgb(var(--up) / 0), rgb(var(--up) / .75)); }
footer { max-width: 1180px; margin: 0 auto; color: var(--muted); font-size: 13px; padding: 30px 24px 50px; }
"""

    let internal style = css + Assets.text "chart.css"

    let private facts (pairs: (string * string)[]) =
        cls
            "dl"
            "facts"
            [
                for key, value in pairs do
                    el "div" [] [ txt "dt" key; txt "dd" value ]
            ]

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
        let head = Format.resultColumns |> Array.map (txt "th") |> Array.toList

        let row (run: RunView) =
            let cells = Format.resultRow run

            el
                "tr"
                []
                [
                    el "th" [ "scope", "row" ] [ Text cells[0] ]
                    intervalCell run.Before
                    intervalCell run.After
                    for cell in cells[3..] do
                        txt "td" cell
                ]

        cls
            "div"
            "card scroll"
            [
                el
                    "table"
                    []
                    [
                        el "thead" [] [ el "tr" [] head ]
                        el "tbody" [] [ for run in runs -> row run ]
                    ]
            ]

    let private isShare (metric: string) =
        metric.StartsWith("accuracy", StringComparison.OrdinalIgnoreCase)
        || metric.StartsWith("share", StringComparison.OrdinalIgnoreCase)

    let private chartOf size xLabel (x: Measurement -> float) metric (runs: RunView[]) =
        let series =
            [|
                for run in runs do
                    match run.Curves |> Array.tryFind (fun curve -> curve.Metric = metric) with
                    | Some curve ->
                        let line =
                            Chart.series run.Name (Array.map x curve.Points) (curve.Points |> Array.map _.Value)

                        if
                            curve.Points
                            |> Array.exists (fun point -> Double.IsFinite(point.Low + point.High))
                        then
                            Chart.band (curve.Points |> Array.map _.Low) (curve.Points |> Array.map _.High) line
                        else
                            line
                    | None -> ()
            |]

        let chart = Chart.lines $"{metric} over {xLabel}" xLabel metric series
        Chart.figure size "" (if isShare metric then Chart.range 0.0 1.0 chart else chart)

    let private metrics (runs: RunView[]) =
        runs
        |> Array.collect (fun run -> run.Curves |> Array.map _.Metric)
        |> Array.distinct

    let private steps size metric runs =
        chartOf size "steps" (fun point -> float point.Step) metric runs

    let private tokens metric runs =
        chartOf Chart.large "sampled tokens" (fun point -> float point.Tokens) metric runs

    /// The first two quantities stand large, over steps and over tokens; the others small, over steps.
    let private curves (runs: RunView[]) =
        let all = metrics runs
        let main = Array.truncate 2 all
        let rest = Array.skip main.Length all

        [
            cls
                "div"
                "grid2"
                [
                    for metric in main do
                        steps Chart.large metric runs
                        tokens metric runs
                ]
            if rest.Length > 0 then
                txt "h3" "Along the way"
                cls "div" "grid3" [ for metric in rest -> steps Chart.small metric runs ]
        ]

    let private hover (token: TokenView) =
        let advantage =
            if Double.IsFinite token.Advantage then
                $"advantage {Format.signed token.Advantage}"
            else
                "takes no part in training"

        $"{Show.text token.Piece}\nlog-probability {Format.fixedTo 3 token.LogProb} (p = {Format.fixedTo 3 (exp token.LogProb)})\n"
        + $"entropy {Format.fixedTo 3 token.Entropy} nats\n{advantage}"

    let private token (largest: float) (token: TokenView) =
        let strength =
            if Double.IsFinite token.Advantage && largest > 0.0 then
                token.Advantage / largest
            else
                0.0

        let className =
            if not (Double.IsFinite token.Advantage) then "t out"
            elif strength > 0.0 then "t up"
            elif strength < 0.0 then "t down"
            else "t"

        let alpha = (0.75 * abs strength).ToString("0.###", CultureInfo.InvariantCulture)
        let pieces = token.Piece.Split('\n')

        el
            "span"
            [ "class", className; "style", $"--a:{alpha}"; "title", hover token ]
            [
                for i in 0 .. pieces.Length - 1 do
                    if i > 0 then
                        cls "span" "nl" [ Text "\u21B5" ]
                        Text "\n"

                    Text pieces[i]
            ]

    let private pill (node: NodeView) =
        let className =
            if not (Double.IsFinite node.Score) then "pill"
            elif node.Score >= 0.5 then "pill good"
            else "pill bad"

        let value =
            if Double.IsFinite node.Value then
                $", value {Format.signed node.Value}"
            else
                ""

        cls "span" className [ Text $"{node.Outcome} \u00B7 {node.Finish}{value}" ]

    let rec private nodes (className: string) largest (list: NodeView[]) =
        cls
            "ul"
            className
            [
                for node in list do
                    el
                        "li"
                        []
                        [
                            cls "span" "run" [ for part in node.Tokens -> token largest part ]
                            if node.Children.Length = 0 then
                                pill node
                            else
                                if Double.IsFinite node.Value then
                                    cls
                                        "span"
                                        "pill"
                                        [
                                            Text
                                                $"{node.Children.Length} branches \u00B7 value {Format.signed node.Value}"
                                        ]

                                nodes "nodes" largest node.Children
                        ]
            ]

    let rec private largestIn (nodes: NodeView[]) =
        nodes
        |> Array.fold
            (fun largest node ->
                let own =
                    node.Tokens
                    |> Array.fold
                        (fun seen part ->
                            if Double.IsFinite part.Advantage then
                                max seen (abs part.Advantage)
                            else
                                seen)
                        0.0

                max largest (max own (largestIn node.Children)))
            0.0

    let internal tree (view: TreeView) =
        let largest = largestIn view.Roots

        cls
            "section"
            "tree"
            [
                txt "strong" view.Caption
                cls "p" "prompt" [ Text view.Prompt ]
                if view.Reference <> "" then
                    cls "p" "muted" [ Text $"expected: {view.Reference}" ]
                cls
                    "div"
                    "scale"
                    [
                        Text $"advantage {Format.signed -largest}"
                        cls "span" "bar" []
                        Text(Format.signed largest)
                        txt
                            "span"
                            "hover a token for its log-probability, entropy and advantage; dotted underline: not trained on"
                    ]
                nodes "nodes top" largest view.Roots
            ]

    let private section title content =
        el "section" [] (txt "h2" title :: content)

    let page (report: ReportView) =
        let runs = report.Runs
        let several = runs.Length > 1

        let heading (run: RunView) =
            if several then [ txt "h3" run.Name ] else []

        let plans =
            [
                for run in runs do
                    yield! heading run

                    for title, text in run.Plan do
                        cls "details" "card" [ txt "summary" title; txt "pre" text ]
            ]

        let notes =
            [
                for run in runs do
                    for note in run.Notes do
                        txt "li" (if several then $"{run.Name}: {note}" else note)
            ]

        let body =
            [
                el
                    "header"
                    []
                    [
                        txt "h1" report.Title
                        cls "p" "muted" [ Text report.Summary ]
                        if not several then
                            for run in runs do
                                facts run.Facts
                    ]
                el
                    "main"
                    []
                    [
                        section "Results" [ results runs ]
                        if not notes.IsEmpty then
                            section "Notes" [ cls "ul" "notes" notes ]
                        if (metrics runs).Length > 0 then
                            section "Learning curves" (curves runs)
                        if runs |> Array.exists (fun run -> run.Trees.Length > 0) then
                            section
                                "Sampled trees"
                                [
                                    for run in runs do
                                        for view in run.Trees do
                                            tree view
                                ]
                        section "The plan in words" plans
                    ]
                el
                    "footer"
                    []
                    [
                        Text "Written by TreeRl. This file stands alone: it opens without a network."
                    ]
            ]

        document report.Title style body

    /// A page that shows trees only.
    let treePage title (views: TreeView[]) =
        document title style [ el "main" [] (txt "h1" title :: [ for view in views -> tree view ]) ]
