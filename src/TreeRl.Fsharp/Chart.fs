namespace TreeRl

open System
open System.IO

/// <summary>Makes charts, and writes them as SVG or as Plotly figures.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Chart =

    /// <summary>A line without a band.</summary>
    /// <exception cref="T:System.ArgumentException">There are more x than y, or fewer.</exception>
    let series name (x: float[]) (y: float[]) =
        if x.Length <> y.Length then
            invalidArg "y" $"series {Show.text name} has {x.Length} x and {y.Length} y: give one y for every x"

        {
            Name = name
            X = x
            Y = y
            Low = [||]
            High = [||]
            Threads = [||]
            Colour = None
        }

    /// <summary>Adds an interval to every point of a line: a band, or error bars.</summary>
    /// <exception cref="T:System.ArgumentException">There is not one low and one high for every point.</exception>
    let band (low: float[]) (high: float[]) (line: Series) =
        if low.Length <> line.X.Length || high.Length <> line.X.Length then
            invalidArg
                "low"
                $"series {Show.text line.Name} has {line.X.Length} points, its band {low.Length} and {high.Length}: give one low and one high for every x"

        { line with Low = low; High = high }

    /// <summary>Adds thin lines, such as the single seeds behind a mean.</summary>
    let threads (lines: (float[] * float[])[]) (line: Series) = { line with Threads = lines }

    /// <summary>Takes the colour at a place of the palette, 0 to 6, instead of the one of the series' own place.</summary>
    /// <exception cref="T:System.ArgumentException">The palette has no such place.</exception>
    let coloured (place: int) (line: Series) =
        if place < 0 || place >= Palette.colours.Length then
            invalidArg
                "place"
                $"colour {place} of series {Show.text line.Name}: the palette has places 0 to {Palette.colours.Length - 1}"

        { line with Colour = Some place }

    let private make kind title xLabel yLabel (series: seq<Series>) =
        {
            Title = title
            XLabel = xLabel
            YLabel = yLabel
            Kind = kind
            Series = Array.ofSeq series
            YMin = None
            YMax = None
        }

    /// <summary>A chart of lines.</summary>
    let lines title xLabel yLabel (series: seq<Series>) =
        make ChartKind.Lines title xLabel yLabel series

    /// <summary>A chart of areas upon each other, as for shares that sum to 1; the first series lies at the bottom.</summary>
    /// <exception cref="T:System.ArgumentException">The series differ in their x.</exception>
    let stacked title xLabel yLabel (series: seq<Series>) =
        let series = Array.ofSeq series

        for other in series do
            if other.X <> series[0].X then
                invalidArg
                    "series"
                    $"series {Show.text other.Name} has other x than {Show.text series[0].Name}: areas stand upon each other at the same x"

        make ChartKind.Stacked title xLabel yLabel series

    /// <summary>
    /// Points with error bars in named rows from the top, a series and a colour for each group of rows: the group's name, and of each row
    /// the name, the value, and the ends of its interval, NaN for none.
    /// </summary>
    let intervalGroups title label (groups: seq<string * seq<string * float * float * float>>) =
        let groups = [| for name, rows in groups -> name, Array.ofSeq rows |]

        let names =
            [|
                for _, rows in groups do
                    for name, _, _, _ in rows -> name
            |]

        let first = groups |> Array.scan (fun before (_, rows) -> before + rows.Length) 0

        let points index (name, rows: (string * float * float * float)[]) =
            series
                name
                (Array.init rows.Length (fun row -> float (first[index] + row)))
                (rows |> Array.map (fun (_, value, _, _) -> value))
            |> band (rows |> Array.map (fun (_, _, low, _) -> low)) (rows |> Array.map (fun (_, _, _, high) -> high))

        make (ChartKind.Intervals names) title "" label (Array.mapi points groups)

    /// <summary>Points with error bars in named rows, from the top: name, value, and the ends of its interval, NaN for none.</summary>
    let intervals title label (rows: seq<string * float * float * float>) =
        intervalGroups title label [ title, rows ]

    /// <summary>Shows at least the range low .. high on the axis of the values.</summary>
    let range low high (chart: Chart) =
        { chart with
            YMin = Some low
            YMax = Some high
        }

    let internal large = ChartSvg.large
    let internal small = ChartSvg.small
    let internal figure size note (chart: Chart) = ChartSvg.figure size note chart

    /// <summary>The chart as a self-contained SVG document.</summary>
    let svg (chart: Chart) = Markup.render (ChartSvg.document chart)

    /// <summary>
    /// The chart as a Plotly figure: JSON with <c>data</c> and <c>layout</c>, as plotly.js draws and Plotly.NET reads it. NaN is null.
    /// </summary>
    let plotly (chart: Chart) = ChartPlotly.json chart

    let private write (path: string) (text: string) =
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath path) |> string)
        |> ignore

        File.WriteAllText(path, text)

    /// <summary>Writes the chart as an SVG file.</summary>
    let save (path: string) (chart: Chart) = write path (svg chart)

    /// <summary>Writes the chart as a Plotly figure's JSON file.</summary>
    let savePlotly (path: string) (chart: Chart) = write path (plotly chart)
