namespace TreeRl

open System
open System.IO
open System.Text
open System.Text.Json

/// <summary>
/// Charts as Plotly figures: the object with <c>data</c> and <c>layout</c> that plotly.js draws and Plotly.NET reads. Traces: a scatter for
/// each line; two unnamed ones for a band, the upper filled down to the lower; a stack group for stacked areas; error bars for intervals.
/// </summary>
module internal ChartPlotly =

    /// Numbers that JSON cannot say are null, which Plotly draws as gaps.
    let private number (json: Utf8JsonWriter) (value: float) =
        if Double.IsFinite value then
            json.WriteNumberValue value
        else
            json.WriteNullValue()

    let private numbers (json: Utf8JsonWriter) (name: string) (values: float[]) =
        json.WriteStartArray name
        values |> Array.iter (number json)
        json.WriteEndArray()

    let private object' (json: Utf8JsonWriter) (name: string) (content: unit -> unit) =
        json.WriteStartObject name
        content ()
        json.WriteEndObject()

    let private trace (json: Utf8JsonWriter) (content: unit -> unit) =
        json.WriteStartObject()
        json.WriteString("type", "scatter")
        content ()
        json.WriteEndObject()

    /// "#rrggbb" with an opacity.
    let private faded (colour: string) (opacity: string) =
        let part from =
            Convert.ToInt32(colour.Substring(from, 2), 16)

        $"rgba({part 1},{part 3},{part 5},{opacity})"

    let private line (json: Utf8JsonWriter) (colour: string) (width: float) =
        object' json "line" (fun () ->
            json.WriteString("color", colour)
            json.WriteNumber("width", width))

    let private unnamed (json: Utf8JsonWriter) (group: string) =
        json.WriteString("mode", "lines")
        json.WriteString("legendgroup", group)
        json.WriteBoolean("showlegend", false)
        json.WriteString("hoverinfo", "skip")

    let private band json (series: Series) colour =
        let inside =
            [| 0 .. series.X.Length - 1 |]
            |> Array.filter (fun i -> Double.IsFinite(series.Low[i] + series.High[i] + series.X[i]))

        let edge (values: float[]) fill =
            trace json (fun () ->
                unnamed json series.Name
                numbers json "x" (inside |> Array.map (fun i -> series.X[i]))
                numbers json "y" (inside |> Array.map (fun i -> values[i]))
                line json colour 0.0

                if fill then
                    json.WriteString("fill", "tonexty")
                    json.WriteString("fillcolor", faded colour "0.17"))

        edge series.Low false
        edge series.High true

    let private lineTrace (json: Utf8JsonWriter) (series: Series) (colour: string) =
        trace json (fun () ->
            json.WriteString("mode", "lines+markers")
            json.WriteString("name", series.Name)
            json.WriteString("legendgroup", series.Name)
            json.WriteBoolean("connectgaps", false)
            numbers json "x" series.X
            numbers json "y" series.Y
            line json colour 2.0)

    let private lines json (series: Series) colour =
        if series.Low.Length > 0 then
            band json series colour

        for x, y in series.Threads do
            trace json (fun () ->
                unnamed json series.Name
                numbers json "x" x
                numbers json "y" y
                line json (faded colour "0.45") 1.0)

        lineTrace json series colour

    let private area (json: Utf8JsonWriter) (series: Series) (colour: string) =
        trace json (fun () ->
            json.WriteString("mode", "lines")
            json.WriteString("name", series.Name)
            json.WriteString("stackgroup", "one")
            numbers json "x" series.X
            numbers json "y" series.Y
            line json colour 1.0
            json.WriteString("fillcolor", faded colour "0.62"))

    let private points (json: Utf8JsonWriter) (names: string[]) (series: Series) (colour: string) =
        let hasBars = series.Low.Length > 0

        trace json (fun () ->
            json.WriteString("mode", "markers")
            json.WriteString("name", series.Name)
            numbers json "x" series.Y
            json.WriteStartArray "y"

            for row in series.X do
                json.WriteStringValue names[int row]

            json.WriteEndArray()

            object' json "marker" (fun () ->
                json.WriteString("color", colour)
                json.WriteNumber("size", 9))

            if hasBars then
                object' json "error_x" (fun () ->
                    json.WriteString("type", "data")
                    json.WriteBoolean("symmetric", false)
                    numbers json "array" (Array.map2 (-) series.High series.Y)
                    numbers json "arrayminus" (Array.map2 (-) series.Y series.Low)
                    json.WriteString("color", colour)))

    let private layout (json: Utf8JsonWriter) (chart: Chart) =
        let titled (name: string) (text: string) more =
            object' json name (fun () ->
                object' json "title" (fun () -> json.WriteString("text", text))
                more ())

        let range () =
            match chart.YMin, chart.YMax with
            | Some low, Some high ->
                let shown =
                    [|
                        low
                        high
                        for series in chart.Series do
                            yield!
                                Array.concat [ series.Y; series.Low; series.High ]
                                |> Array.filter Double.IsFinite
                    |]

                numbers json "range" [| Array.min shown; Array.max shown |]
            | _ -> ()

        object' json "layout" (fun () ->
            object' json "title" (fun () -> json.WriteString("text", chart.Title))
            json.WriteBoolean("showlegend", chart.Series.Length > 1)

            match chart.Kind with
            | ChartKind.Intervals names ->
                titled "xaxis" chart.YLabel range

                titled "yaxis" chart.XLabel (fun () ->
                    json.WriteString("type", "category")
                    json.WriteString("autorange", "reversed")
                    json.WriteString("categoryorder", "array")
                    json.WriteStartArray "categoryarray"
                    names |> Array.iter (fun name -> json.WriteStringValue name)
                    json.WriteEndArray()
                    json.WriteBoolean("automargin", true))
            | ChartKind.Lines
            | ChartKind.Stacked ->
                titled "xaxis" chart.XLabel ignore
                titled "yaxis" chart.YLabel range)

    /// The figure's JSON.
    let json (chart: Chart) =
        use memory = new MemoryStream()

        let write () =
            use json =
                new Utf8JsonWriter(memory, JsonWriterOptions(Indented = true, NewLine = "\n"))

            json.WriteStartObject()
            json.WriteStartArray "data"

            chart.Series
            |> Array.iteri (fun index series ->
                let colour = Palette.colours[Palette.place index series]

                match chart.Kind with
                | ChartKind.Lines -> lines json series colour
                | ChartKind.Stacked -> area json series colour
                | ChartKind.Intervals names -> points json names series colour)

            json.WriteEndArray()
            layout json chart
            json.WriteEndObject()

        write ()
        Encoding.UTF8.GetString(memory.ToArray()) + "\n"
