namespace TreeRl

open System
open System.Globalization

/// <summary>A chart as a value; <c>Chart.svg</c> draws it, <c>Chart.plotly</c> gives the figure that Plotly reads.</summary>
[<Notebooks.TypeFormatterSource(typeof<Notebooks.HtmlFormatterSource>)>]
type Chart =
    {
        /// <summary>Heading.</summary>
        Title: string
        /// <summary>What x is, with its unit.</summary>
        XLabel: string
        /// <summary>What y is, with its unit.</summary>
        YLabel: string
        /// <summary>How the series are drawn.</summary>
        Kind: ChartKind
        /// <summary>The series; colours repeat after seven.</summary>
        Series: Series[]
        /// <summary>Lowest y shown at least; None leaves it to the data.</summary>
        YMin: float option
        /// <summary>Highest y shown at least; None leaves it to the data.</summary>
        YMax: float option
    }

/// <summary>Draws charts as SVG.</summary>
module internal ChartSvg =
    open Markup
    open SvgParts

    let private left, right, top, bottom = 64.0, 14.0, 12.0, 44.0

    /// Width and height of a chart in the units of its text, which is 12 high.
    let large = struct (560.0, 300.0)
    let small = struct (390.0, 230.0)

    let private finite values = values |> Array.filter Double.IsFinite

    /// Runs of points with finite coordinates, as indices.
    let private runs (x: float[]) (y: float[]) =
        let folder (complete, current) index =
            if Double.IsFinite y[index] && Double.IsFinite x[index] then
                complete, index :: current
            elif List.isEmpty current then
                complete, []
            else
                List.rev current :: complete, []

        let complete, last = Seq.fold folder ([], []) (seq { 0 .. x.Length - 1 })
        List.rev (if last.IsEmpty then complete else List.rev last :: complete)

    let private bounds values =
        if Array.isEmpty values then
            0.0, 1.0
        else
            Array.min values, Array.max values

    /// The sum of a stacked chart's series up to and including each; NaN counts as nothing.
    let stacked (chart: Chart) =
        let width = chart.Series |> Array.fold (fun most line -> max most line.X.Length) 0

        (Array.zeroCreate width, chart.Series)
        ||> Array.scan (fun below line ->
            Array.init width (fun i ->
                let own = if i < line.Y.Length then line.Y[i] else nan
                below[i] + (if Double.IsFinite own then own else 0.0)))

    let private axes (chart: Chart) =
        let xs =
            [|
                for line in chart.Series do
                    yield! finite line.X

                    for x, _ in line.Threads do
                        yield! finite x
            |]

        let ys =
            [|
                match chart.Kind with
                | ChartKind.Stacked -> yield! Array.concat (stacked chart)
                | _ ->
                    for line in chart.Series do
                        yield! finite line.Y
                        yield! finite line.Low
                        yield! finite line.High

                        for _, y in line.Threads do
                            yield! finite y
                yield! Option.toArray chart.YMin
                yield! Option.toArray chart.YMax
            |]

        let xLow, xHigh = bounds xs
        let yLow, yHigh = bounds ys
        let xHigh = if xHigh > xLow then xHigh else xLow + 1.0

        let xTicks =
            Ticks.cover xLow xHigh 6
            |> Array.filter (fun tick -> tick >= xLow - 1e-9 && tick <= xHigh + 1e-9)

        xLow, xHigh, xTicks, Ticks.cover yLow yHigh 5

    let private interval (series: Series) index =
        if series.Low.Length > 0 && Double.IsFinite(series.Low[index] + series.High[index]) then
            $" ({Ticks.label series.Low[index]} to {Ticks.label series.High[index]})"
        else
            ""

    let private polyline className points =
        el "polyline" [ "class", className; "points", String.Join(" ", (points: seq<string>)) ] []

    let private polygon className points =
        el "polygon" [ "class", className; "points", String.Join(" ", (points: seq<string>)) ] []

    let private onAxes (width: float) (height: float) (chart: Chart) =
        let xLow, xHigh, xTicks, yTicks = axes chart
        let yLow, yHigh = yTicks[0], yTicks[yTicks.Length - 1]

        let px x =
            left + (x - xLow) / (xHigh - xLow) * (width - left - right)

        let py y =
            top + (yHigh - y) / (yHigh - yLow) * (height - top - bottom)

        let at x y =
            coordinate (px x) + "," + coordinate (py y)

        let band (series: Series) =
            if series.Low.Length = 0 then
                []
            else
                [
                    for run in runs series.X (Array.map2 (+) series.Low series.High) do
                        let upper = run |> List.map (fun i -> at series.X[i] series.High[i])
                        let lower = run |> List.rev |> List.map (fun i -> at series.X[i] series.Low[i])
                        polygon "band" (upper @ lower)
                ]

        let path className (x: float[]) (y: float[]) =
            [
                for run in runs x y -> polyline className (run |> List.map (fun i -> at x[i] y[i]))
            ]

        let hit x y hover =
            el
                "circle"
                [ "class", "hit"; "r", "8"; "cx", coordinate (px x); "cy", coordinate (py y) ]
                [ txt "title" hover ]

        let dots (series: Series) =
            let radius = if series.X.Length > 60 then "1.2" else "2.6"

            [
                for i in 0 .. series.X.Length - 1 do
                    let x, y = series.X[i], series.Y[i]

                    if Double.IsFinite x && Double.IsFinite y then
                        el
                            "circle"
                            [
                                "class", "dot"
                                "r", radius
                                "cx", coordinate (px x)
                                "cy", coordinate (py y)
                            ]
                            []

                        hit x y $"{series.Name}: {Ticks.label y} at {chart.XLabel} {Ticks.label x}{interval series i}"
            ]

        let area (sums: float[][]) index (series: Series) =
            let upper =
                Array.init series.X.Length (fun i -> at series.X[i] (sums[index + 1].[i]))

            let lower =
                Array.init series.X.Length (fun i -> at series.X[i] (sums[index].[i]))
                |> Array.rev

            [
                if series.X.Length > 0 then
                    polygon "area" (Array.append upper lower)

                    for i in 0 .. series.X.Length - 1 do
                        if Double.IsFinite series.Y[i] && series.Y[i] > 0.0 then
                            hit
                                series.X[i]
                                ((sums[index][i] + sums[index + 1][i]) / 2.0)
                                $"{series.Name}: {Ticks.label series.Y[i]} at {chart.XLabel} {Ticks.label series.X[i]}"
            ]

        let sums =
            if chart.Kind = ChartKind.Stacked then
                stacked chart
            else
                [||]

        [
            for tick in yTicks do
                line "grid" left (py tick) (width - right) (py tick)
                text (left - 7.0) (py tick + 4.0) "end" (Ticks.label tick)
            for tick in xTicks do
                line "grid" (px tick) top (px tick) (height - bottom)
                text (px tick) (height - bottom + 17.0) "middle" (Ticks.label tick)
            line "frame" left top left (height - bottom)
            line "frame" left (height - bottom) (width - right) (height - bottom)
            text ((left + width - right) / 2.0) (height - 7.0) "middle" chart.XLabel
            el
                "text"
                [
                    "transform", $"translate(13 {coordinate ((top + height - bottom) / 2.0)}) rotate(-90)"
                    "text-anchor", "middle"
                ]
                [ Text chart.YLabel ]
            for index in 0 .. chart.Series.Length - 1 do
                let series = chart.Series[index]

                cls
                    "g"
                    $"s{Palette.place index series}"
                    [
                        if chart.Kind = ChartKind.Stacked then
                            yield! area sums index series
                        else
                            yield! band series

                            for x, y in series.Threads do
                                yield! path "thread" x y

                            yield! path "series" series.X series.Y
                            yield! dots series
                    ]
        ]

    let private rowStep = 26.0

    let private inRows (width: float) (names: string[]) (chart: Chart) =
        let widest = names |> Array.fold (fun most name -> max most name.Length) 0
        let left = min 220.0 (24.0 + 6.6 * float widest)

        let ticks =
            let low, high =
                bounds
                    [|
                        for line in chart.Series do
                            yield! finite line.Y
                            yield! finite line.Low
                            yield! finite line.High
                        yield! Option.toArray chart.YMin
                        yield! Option.toArray chart.YMax
                    |]

            Ticks.cover low high 6

        let low, high = ticks[0], ticks[ticks.Length - 1]

        let px value =
            left + (value - low) / (high - low) * (width - left - right - 6.0)

        let foot = top + rowStep * float names.Length

        [
            for tick in ticks do
                line (if tick = 0.0 then "zero" else "grid") (px tick) top (px tick) foot
                text (px tick) (foot + 17.0) "middle" (Ticks.label tick)
            text ((left + width - right) / 2.0) (foot + 36.0) "middle" chart.YLabel
            for row in 0 .. names.Length - 1 do
                el
                    "text"
                    [
                        "class", "name"
                        "x", coordinate (left - 10.0)
                        "y", coordinate (top + rowStep * (float row + 0.5) + 4.0)
                        "text-anchor", "end"
                    ]
                    [ Text names[row] ]
            for index in 0 .. chart.Series.Length - 1 do
                let series = chart.Series[index]

                cls
                    "g"
                    $"s{Palette.place index series}"
                    [
                        for i in 0 .. series.X.Length - 1 do
                            let y = top + rowStep * (series.X[i] + 0.5)

                            if Double.IsFinite series.Y[i] then
                                if series.Low.Length > 0 && Double.IsFinite(series.Low[i] + series.High[i]) then
                                    line "whisker" (px series.Low[i]) y (px series.High[i]) y

                                el
                                    "circle"
                                    [
                                        "class", "dot"
                                        "r", "4.5"
                                        "cx", coordinate (px series.Y[i])
                                        "cy", coordinate y
                                    ]
                                    [
                                        txt
                                            "title"
                                            $"{series.Name}, {names[int series.X[i]]}: {Ticks.label series.Y[i]}{interval series i}"
                                    ]
                    ]
        ]

    let markup (struct (width, height)) (chart: Chart) =
        let height, content =
            match chart.Kind with
            | ChartKind.Intervals names -> top + rowStep * float names.Length + 46.0, inRows width names chart
            | _ -> height, onAxes width height chart

        picture chart.Title width height content

    let private legend (chart: Chart) =
        cls
            "p"
            "legend"
            [
                for index in 0 .. chart.Series.Length - 1 do
                    let series = chart.Series[index]

                    cls
                        "span"
                        $"item s{Palette.place index series}"
                        [ cls "i" "swatch" []; Text chart.Series[index].Name ]
            ]

    let private hasPoints (chart: Chart) =
        chart.Series |> Array.exists (fun line -> Array.exists Double.IsFinite line.Y)

    /// The chart with heading, legend and, below, what it shows.
    let figure size note (chart: Chart) =
        let above =
            [
                if chart.Series.Length > 1 || chart.Kind = ChartKind.Stacked then
                    legend chart
            ]

        framed
            chart.Title
            note
            above
            (if hasPoints chart then
                 markup size chart
             else
                 cls "p" "empty" [ Text "No measurements." ])

    /// The chart as an SVG element that carries its style sheet.
    let document (chart: Chart) =
        match markup large chart with
        | Element(name, attributes, content) ->
            Element(name, attributes, txt "style" (Assets.text "chart.css") :: txt "title" chart.Title :: content)
        | text -> text

type Chart with

    /// <summary>For notebooks: the chart's SVG.</summary>
    member chart.ToHtml() =
        [ HtmlParts.wide 640 [ ChartSvg.document chart ] ] |> HtmlParts.render
