namespace TreeRl.Tests

open System
open System.Diagnostics
open System.IO
open System.Text.Json.Nodes
open System.Xml.Linq
open Xunit
open TreeRl
open TreeRl.Tests.Browser

/// The figures that the tests look at, one of each kind.
module Figures =

    let curves =
        Chart.lines
            "accuracy"
            "tokens"
            "share"
            [
                Chart.series "grpo" [| 0.0; 10.0; 20.0; 30.0 |] [| 0.4; nan; 0.6; 0.7 |]
                |> Chart.band [| 0.3; nan; 0.5; 0.6 |] [| 0.5; nan; 0.7; 0.8 |]
                |> Chart.threads [| [| 0.0; 30.0 |], [| 0.35; 0.75 |] |]
                Chart.series "treeAdv" [| 0.0; 15.0 |] [| 0.4; 0.5 |]
            ]
        |> Chart.range 0.0 1.0

    let shares =
        Chart.stacked
            "groups"
            "step"
            "share"
            [
                Chart.series "all good" [| 1.0; 2.0; 3.0 |] [| 0.25; 0.5; 0.5 |]
                Chart.series "all bad" [| 1.0; 2.0; 3.0 |] [| 0.75; 0.25; nan |]
            ]

    let bars =
        Chart.intervals "difference" "points" [ "grpo", 0.5, 0.25, 0.875; "a <rule>", -0.25, nan, nan ]

    let groups =
        Chart.intervalGroups
            "estimates"
            "cosine"
            [
                "flat", [ "grpo", 0.5, 0.25, 0.875 ]
                "tree", [ "spo", 0.25, nan, nan; "rl", nan, nan, nan ]
            ]

    let all = [ curves; shares; bars; groups ]

/// plotly.js as npm gives it; tests that need it skip themselves when it cannot be had.
module Plotly =
    let private package, version = "plotly.js-dist-min", "3.7.0"

    let private install (folder: string) =
        try
            let arguments =
                [
                    "install"
                    "--no-audit"
                    "--no-fund"
                    "--ignore-scripts"
                    "--prefix"
                    folder
                    $"{package}@{version}"
                ]

            let info =
                ProcessStartInfo("npm", arguments, RedirectStandardOutput = true, RedirectStandardError = true)

            use npm = Process.Start info |> nonNull
            npm.ErrorDataReceived.Add ignore
            npm.OutputDataReceived.Add ignore
            npm.BeginErrorReadLine()
            npm.BeginOutputReadLine()

            if not (npm.WaitForExit 120000) then
                npm.Kill true
        with :? ComponentModel.Win32Exception ->
            Assert.Skip "no npm here, which plotly.js comes from"

    /// The file plotly.min.js: the one TREERL_PLOTLY names, else of a folder kept between runs, filled by npm.
    let file () =
        match Environment.GetEnvironmentVariable "TREERL_PLOTLY" with
        | null
        | "" ->
            let folder = Path.Combine(Path.GetTempPath(), $"treerl-plotly-{version}")
            let path = Path.Combine(folder, "node_modules", package, "plotly.min.js")

            if not (File.Exists path) then
                install folder

            if not (File.Exists path) then
                Assert.Skip $"npm could not install {package} {version}"

            path
        | named -> named

/// Charts as SVG and as Plotly figures.
type FigureTests(browser: Browser) =

    let figure chart =
        match JsonNode.Parse(Chart.plotly chart) with
        | null -> failwith "the figure is null"
        | node -> node

    let count (svg: string) name className =
        XDocument.Parse(svg).Descendants(XName.Get(name, "http://www.w3.org/2000/svg"))
        |> Seq.filter (fun element ->
            match element.Attribute(XName.Get "class") with
            | null -> false
            | attribute -> attribute.Value = className)
        |> Seq.length

    [<Fact>]
    member _.``plotly.js finds no fault in a figure of any kind and draws each of its series``() =
        let tab = browser.NewTab()

        let page =
            Path.Combine(Directory.CreateTempSubdirectory("treerl-plotly-").FullName, "page.html")

        File.WriteAllText(
            page,
            $"""<!DOCTYPE html><meta charset="utf-8"><div id="plot" style="width:700px;height:400px"></div><script src="{Uri(Plotly.file ()).AbsoluteUri}"></script>"""
        )

        tab.Open page

        let faults json =
            tab.Eval
                $"(() => {{ const f = {json}; return JSON.stringify(Plotly.validate(f.data, f.layout) ?? []); }})()"

        for chart in Figures.all do
            Assert.Equal("[]", faults (Chart.plotly chart))

        Assert.Contains("colour", faults """{ "data": [{ "type": "scatter", "colour": 1 }], "layout": {} }""")

        let drawn chart =
            let traces =
                $"const f = {Chart.plotly chart}; await Plotly.newPlot('plot', f.data, f.layout); return [...document.querySelectorAll('#plot .scatterlayer .trace')].length + ' ' + document.querySelectorAll('#plot .errorbar').length;"

            tab.Eval $"(async () => {{ {traces} }})()"

        Assert.Equal("5 0", drawn Figures.curves)
        Assert.Equal("2 0", drawn Figures.shares)
        Assert.Equal("1 2", drawn Figures.bars)
        Assert.Equal("2 3", drawn Figures.groups)
        Assert.Empty tab.Errors
        Directory.Delete(Path.GetDirectoryName page |> nonNull, true)

    [<Fact>]
    member _.``a figure has the numbers of its chart, and null where there is none``() =
        let data = (figure Figures.curves)["data"] |> nonNull

        let line =
            data.AsArray()
            |> Seq.map nonNull
            |> Seq.find (fun trace -> not (isNull trace["name"]))

        Assert.Equal("[0.4,null,0.6,0.7]", (nonNull line["y"]).ToJsonString())
        Assert.Equal("[0,10,20,30]", (nonNull line["x"]).ToJsonString())
        let bars = (figure Figures.bars)["data"] |> nonNull
        let error = (nonNull bars[0])["error_x"] |> nonNull
        Assert.Equal("[0.375,null]", (nonNull error["array"]).ToJsonString())
        Assert.Equal("[0.25,null]", (nonNull error["arrayminus"]).ToJsonString())

    [<Fact>]
    member _.``a figure's range covers what lies outside the asked one``() =
        let range chart =
            let layout = (figure chart)["layout"] |> nonNull
            let axis = layout["xaxis"] |> nonNull
            (nonNull axis["range"]).ToJsonString()

        Assert.Equal("[-0.25,0.875]", range (Figures.bars |> Chart.range 0.0 0.0))
        Assert.Equal("[-1,1]", range (Figures.bars |> Chart.range -1.0 1.0))

    [<Fact>]
    member _.``stacked areas stand upon each other, and a share that is missing adds nothing``() =
        let sums = ChartSvg.stacked Figures.shares
        Assert.Equal<float[]>([| 0.0; 0.0; 0.0 |], sums[0])
        Assert.Equal<float[]>([| 0.25; 0.5; 0.5 |], sums[1])
        Assert.Equal<float[]>([| 1.0; 0.75; 0.5 |], sums[2])
        Assert.Equal(2, count (Chart.svg Figures.shares) "polygon" "area")

    [<Fact>]
    member _.``areas at different x are refused by name``() =
        let thrown =
            Assert.Throws<ArgumentException>(fun () ->
                Chart.stacked
                    "t"
                    "x"
                    "y"
                    [ Chart.series "a" [| 1.0 |] [| 1.0 |]; Chart.series "b" [| 2.0 |] [| 1.0 |] ]
                |> ignore)

        Assert.StartsWith("series \"b\" has other x than \"a\"", thrown.Message)

    [<Fact>]
    member _.``intervals draw a row for each name and a whisker where there is an interval``() =
        let svg = Chart.svg Figures.bars
        Assert.Equal(2, count svg "circle" "dot")
        Assert.Equal(1, count svg "line" "whisker")
        Assert.Contains("a &lt;rule&gt;", svg)

    [<Fact>]
    member _.``groups of intervals are series in rows below each other``() =
        let chart = Figures.groups
        Assert.Equal(ChartKind.Intervals [| "grpo"; "spo"; "rl" |], chart.Kind)
        Assert.Equal<string[]>([| "flat"; "tree" |], chart.Series |> Array.map _.Name)
        Assert.Equal<float[][]>([| [| 0.0 |]; [| 1.0; 2.0 |] |], chart.Series |> Array.map _.X)
        let svg = Chart.svg chart
        Assert.Equal(2, count svg "circle" "dot")
        Assert.Equal(1, count svg "line" "whisker")
        Assert.Equal((1, 1), (count svg "g" "s0", count svg "g" "s1"))

    [<Fact>]
    member _.``threads are drawn thinly beside their series``() =
        let svg = Chart.svg Figures.curves
        Assert.Equal(1, count svg "polyline" "thread")
        Assert.Equal(3, count svg "polyline" "series")

    interface IClassFixture<Browser>
