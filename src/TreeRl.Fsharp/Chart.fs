namespace TreeRl

open System
open System.Globalization
open System.IO

/// <summary>One line of a chart; x ascending, NaN in y breaks the line. Low and high, when not empty, draw a band around it.</summary>
type Series =
    {
        /// <summary>The name in the legend.</summary>
        Name: string
        /// <summary>Abscissae, ascending.</summary>
        X: float[]
        /// <summary>Ordinates, as many as abscissae.</summary>
        Y: float[]
        /// <summary>Lower edge of the band, as many as abscissae or none.</summary>
        Low: float[]
        /// <summary>Upper edge of the band, as many as abscissae or none.</summary>
        High: float[]
    }

/// <summary>A line chart as a value; <c>Chart.svg</c> draws it.</summary>
type Chart =
    {
        /// <summary>Heading.</summary>
        Title: string
        /// <summary>What x is, with its unit.</summary>
        XLabel: string
        /// <summary>What y is, with its unit.</summary>
        YLabel: string
        /// <summary>The lines; colours repeat after six.</summary>
        Series: Series[]
        /// <summary>Lowest y shown at least; None leaves it to the data.</summary>
        YMin: float option
        /// <summary>Highest y shown at least; None leaves it to the data.</summary>
        YMax: float option
    }

/// <summary>Round tick positions.</summary>
module internal Ticks =
    /// Multiples of 1, 2 or 5 times a power of ten that cover low .. high with about `count` intervals.
    let cover low high count =
        let span = if high > low then high - low else max (abs low) 1.0
        let rough = span / float count
        let power = Math.Pow(10.0, Math.Floor(Math.Log10 rough))
        let unit = rough / power

        let step =
            power
            * (if unit <= 1.0 then 1.0
               elif unit <= 2.0 then 2.0
               elif unit <= 5.0 then 5.0
               else 10.0)

        let first = Math.Floor(low / step + 1e-9)
        let last = Math.Ceiling((if high > low then high else low + span) / step - 1e-9)
        [| for i in first..last -> Math.Round(i * step, 12) |]

    /// 1500000 as "1.5M"; small numbers in full.
    let label (value: float) =
        let short (scaled: float) suffix =
            scaled.ToString("0.###", CultureInfo.InvariantCulture) + suffix

        if abs value >= 1e9 then
            short (value / 1e9) "G"
        elif abs value >= 1e6 then
            short (value / 1e6) "M"
        elif abs value >= 1e4 then
            short (value / 1e3) "k"
        elif value <> 0.0 && abs value < 1e-3 then
            value.ToString("0.##e0", CultureInfo.InvariantCulture)
        else
            value.ToString("0.####", CultureInfo.InvariantCulture)

/// <summary>Makes and draws charts.</summary>
[<RequireQualifiedAccess>]
module Chart =
    let internal css =
        """
svg.chart { width: 100%; height: auto; display: block; font: 12px system-ui, sans-serif; }
svg.chart .frame { stroke: var(--line, #999); fill: none; }
svg.chart .grid { stroke: var(--line, #999); stroke-opacity: .35; }
svg.chart text { fill: var(--muted, #555); }
svg.chart .series { fill: none; stroke-width: 2; stroke-linejoin: round; }
svg.chart .band { stroke: none; opacity: .16; }
svg.chart .dot { fill-opacity: .9; }
svg.chart .hit { fill: transparent; }
svg.chart .hit:hover { fill: currentColor; fill-opacity: .15; }
.s0 { --c: var(--c0, #2563eb); } .s1 { --c: var(--c1, #d97706); } .s2 { --c: var(--c2, #059669); }
.s3 { --c: var(--c3, #c026d3); } .s4 { --c: var(--c4, #0891b2); } .s5 { --c: var(--c5, #dc2626); }
svg.chart .series { stroke: var(--c); } svg.chart .band, svg.chart .dot, svg.chart .key { fill: var(--c); }
"""

    let private left, right, top, bottom = 64.0, 14.0, 12.0, 44.0

    /// <summary>A line without a band.</summary>
    let series name (x: float[]) (y: float[]) =
        if x.Length <> y.Length then
            invalidArg "y" $"series {Show.text name} has {x.Length} x and {y.Length} y: give one y for every x"

        {
            Name = name
            X = x
            Y = y
            Low = [||]
            High = [||]
        }

    /// <summary>Adds a band to a line.</summary>
    let band (low: float[]) (high: float[]) (line: Series) =
        if low.Length <> line.X.Length || high.Length <> line.X.Length then
            invalidArg
                "low"
                $"series {Show.text line.Name} has {line.X.Length} points, its band {low.Length} and {high.Length}: give one low and one high for every x"

        { line with Low = low; High = high }

    /// <summary>A chart of lines.</summary>
    let lines title xLabel yLabel (series: seq<Series>) =
        {
            Title = title
            XLabel = xLabel
            YLabel = yLabel
            Series = Array.ofSeq series
            YMin = None
            YMax = None
        }

    /// <summary>Shows at least the range low .. high on the y axis.</summary>
    let range low high (chart: Chart) =
        { chart with
            YMin = Some low
            YMax = Some high
        }

    let private coordinate (value: float) =
        value.ToString("0.##", CultureInfo.InvariantCulture)

    let private finite values = values |> Array.filter Double.IsFinite

    /// Runs of points whose y is finite.
    let private runs (line: Series) =
        let folder (done', current) index =
            if Double.IsFinite line.Y[index] && Double.IsFinite line.X[index] then
                done', index :: current
            elif List.isEmpty current then
                done', []
            else
                List.rev current :: done', []

        let complete, last = Seq.fold folder ([], []) (seq { 0 .. line.X.Length - 1 })
        List.rev (if last.IsEmpty then complete else List.rev last :: complete)

    let private axes (chart: Chart) =
        let xs = chart.Series |> Array.collect (fun line -> finite line.X)

        let ys =
            Array.concat
                [
                    for line in chart.Series do
                        finite line.Y
                        finite line.Low
                        finite line.High
                    Option.toArray chart.YMin
                    Option.toArray chart.YMax
                ]

        let bounds values =
            if Array.isEmpty values then
                0.0, 1.0
            else
                Array.min values, Array.max values

        let xLow, xHigh = bounds xs
        let yLow, yHigh = bounds ys
        let xHigh = if xHigh > xLow then xHigh else xLow + 1.0
        let yTicks = Ticks.cover yLow yHigh 5

        let xTicks =
            Ticks.cover xLow xHigh 6
            |> Array.filter (fun tick -> tick >= xLow - 1e-9 && tick <= xHigh + 1e-9)

        xLow, xHigh, xTicks, yTicks

    let private draw (width: float) (height: float) (chart: Chart) =
        let xLow, xHigh, xTicks, yTicks = axes chart
        let yLow, yHigh = yTicks[0], yTicks[yTicks.Length - 1]

        let px x =
            left + (x - xLow) / (xHigh - xLow) * (width - left - right)

        let py y =
            top + (yHigh - y) / (yHigh - yLow) * (height - top - bottom)

        let at x y =
            coordinate (px x) + "," + coordinate (py y)

        let text x y anchor content =
            Markup.el "text" [ "x", coordinate x; "y", coordinate y; "text-anchor", anchor ] [ Text content ]

        let line className x1 y1 x2 y2 =
            Markup.el
                "line"
                [
                    "class", className
                    "x1", coordinate x1
                    "y1", coordinate y1
                    "x2", coordinate x2
                    "y2", coordinate y2
                ]
                []

        let bandOf (series: Series) =
            if series.Low.Length = 0 then
                []
            else
                let inside =
                    [| 0 .. series.X.Length - 1 |]
                    |> Array.filter (fun i -> Double.IsFinite(series.Low[i] + series.High[i]))

                let upper = inside |> Array.map (fun i -> at series.X[i] series.High[i])
                let lower = inside |> Array.rev |> Array.map (fun i -> at series.X[i] series.Low[i])

                [
                    Markup.el "polygon" [ "class", "band"; "points", String.Join(" ", Array.append upper lower) ] []
                ]

        let pathOf (series: Series) =
            [
                for run in runs series do
                    let points = run |> List.map (fun i -> at series.X[i] series.Y[i])
                    Markup.el "polyline" [ "class", "series"; "points", String.Join(" ", points) ] []
            ]

        let dotsOf (series: Series) =
            let radius = if series.X.Length > 60 then "1.2" else "2.6"

            [
                for i in 0 .. series.X.Length - 1 do
                    if Double.IsFinite series.Y[i] && Double.IsFinite series.X[i] then
                        let place = [ "cx", coordinate (px series.X[i]); "cy", coordinate (py series.Y[i]) ]

                        let hover =
                            $"{series.Name}: {Ticks.label series.Y[i]} at {chart.XLabel} {Ticks.label series.X[i]}"
                            + (if series.Low.Length > 0 && Double.IsFinite(series.Low[i] + series.High[i]) then
                                   $" ({Ticks.label series.Low[i]} to {Ticks.label series.High[i]})"
                               else
                                   "")

                        Markup.el "circle" ([ "class", "dot"; "r", radius ] @ place) []
                        Markup.el "circle" ([ "class", "hit"; "r", "8" ] @ place) [ Markup.txt "title" hover ]
            ]

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
            Markup.el
                "text"
                [
                    "transform", $"translate(13 {coordinate ((top + height - bottom) / 2.0)}) rotate(-90)"
                    "text-anchor", "middle"
                ]
                [ Text chart.YLabel ]
            for index in 0 .. chart.Series.Length - 1 do
                let series = chart.Series[index]
                Markup.cls "g" $"s{index % 6}" (bandOf series @ pathOf series @ dotsOf series)
        ]

    /// Width and height of a chart in the units of its text, which is 12 high.
    let internal large = struct (560.0, 300.0)
    let internal small = struct (390.0, 230.0)

    let private markup (struct (width, height)) (chart: Chart) =
        Markup.el
            "svg"
            [
                "class", "chart"
                "viewBox", $"0 0 {coordinate width} {coordinate height}"
                "role", "img"
                "aria-label", chart.Title
                "xmlns", "http://www.w3.org/2000/svg"
            ]
            (draw width height chart)

    let internal legend (chart: Chart) =
        Markup.cls
            "p"
            "legend"
            [
                for index in 0 .. chart.Series.Length - 1 do
                    Markup.cls "span" $"item s{index % 6}" [ Markup.cls "i" "swatch" []; Text chart.Series[index].Name ]
            ]

    let internal figure size (chart: Chart) =
        Markup.el
            "figure"
            []
            [
                Markup.txt "figcaption" chart.Title
                if chart.Series.Length > 1 then
                    legend chart
                if chart.Series |> Array.exists (fun line -> Array.exists Double.IsFinite line.Y) then
                    markup size chart
                else
                    Markup.cls "p" "empty" [ Text "No measurements." ]
            ]

    /// <summary>The chart as a self-contained SVG document.</summary>
    let svg (chart: Chart) =
        match markup large chart with
        | Element(name, attributes, content) ->
            Markup.render (
                Element(name, attributes, Markup.txt "style" css :: Markup.txt "title" chart.Title :: content)
            )
        | Text text -> text

    /// <summary>Writes the chart as an SVG file.</summary>
    let save (path: string) (chart: Chart) =
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath path) |> string)
        |> ignore

        File.WriteAllText(path, svg chart)
