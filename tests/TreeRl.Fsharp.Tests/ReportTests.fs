module TreeRl.Tests.ReportTests

open System
open System.Xml.Linq
open Xunit
open FsCheck
open FsCheck.FSharp
open TreeRl

let private chainTokenizer = TreeRl.Tasks.ChainTasks.NewTokenizer()

/// The JSON of a prompt with a text.
let private treeOf (piece: string) =
    let builder = TreeRl.Forests.ForestBuilder()
    let prompt = builder.AddPrompt(piece, piece)
    let root = builder.AddRoot prompt
    builder.AddToken(root, 1, -0.5f, 0.25f) |> ignore

    for _ in 1..2 do
        let leaf = builder.AddChild root
        builder.AddToken(leaf, 2, -0.5f, 0.25f) |> ignore
        builder.Finish(leaf, TreeRl.Forests.Finish.EndOfText)

    let outcomes = TreeRl.Rewards.LeafOutcomes.FromScores(1.0, 0.0)

    let credit =
        TreeRl.Credit.Redistribution.Apply(TreeRl.Credit.CreditRules.TreeAdv, builder.Seal(), outcomes)

    "["
    + TreeRl.Inspection.TreeJson.Write(chainTokenizer, outcomes, [| credit |], 0, null, null)
    + "]"

let private curve group metric values =
    {
        Group = group
        Metric = metric
        Points =
            values
            |> Array.mapi (fun i value ->
                {
                    Step = i
                    Tokens = int64 i * 1000L
                    Seconds = float i * 0.5
                    Value = value
                    Low = value - 0.1
                    High = value + 0.1
                })
    }

let private runOf name piece =
    {
        Name = name
        Family = name
        Seed = 0
        Facts = [| "policy", piece |]
        Plan = [| "sample", piece |]
        Before =
            ValueSome
                {
                    Mean = 0.25
                    Low = 0.2
                    High = 0.3
                    Count = 200
                }
        After =
            ValueSome
                {
                    Mean = 0.625
                    Low = 0.6
                    High = 0.65
                    Count = 200
                }
        LengthBefore = 40.25
        LengthAfter = 30.5
        SampledTokens = 123456L
        FlatTokens = 246912L
        SecondsSampling = 12.5
        SecondsTraining = 30.0
        SecondsRest = 0.5
        Curves =
            [|
                curve CurveGroup.Learning "accuracy" [| 0.25; nan; 0.625 |]
                curve CurveGroup.Learning "reward" [| 0.1; 0.2; 0.3 |]
                curve CurveGroup.Terms $"reward term {piece}" [| 0.1; 0.2; 0.3 |]
                curve CurveGroup.Ratios "mean ratio" [| 1.0; 1.0; 1.0 |]
                curve CurveGroup.Along "entropy" [| 1.0; 0.5; 0.2 |]
            |]
        Items = [| "q1", 0.5; "q2", 0.75; "q3", 1.0 |]
        Shares =
            [|
                {
                    Title = piece
                    Steps = [| 1; 2 |]
                    Parts = [| piece, 0, [| 0.25; 0.5 |]; "rest", 1, [| 0.75; 0.5 |] |]
                }
            |]
        Inspected = [| 0, treeOf piece |]
        Notes = [| piece |]
    }

let private parse (html: string) =
    XDocument.Parse(html.Replace("<!DOCTYPE html>", ""))

let private report piece =
    {
        Title = piece
        Summary = piece
        Runs = [| runOf piece piece; runOf "second" "x" |]
    }

[<Fact>]
let ``a report is well-formed whatever the texts in it are`` () =
    let property (text: string | null) =
        let piece =
            match text with
            | null -> ""
            | text -> text

        parse (ReportHtml.text (report piece)) |> ignore

    FsCheck.Check.One(Config.QuickThrowOnFailure.WithReplay(3UL, 5UL).WithMaxTest(100), property)
    property "<script>alert('&amp;')</script>\u0000\uD800 ]]> \u001b[31m"

[<Fact>]
let ``texts in a report are escaped, and nothing in it is fetched`` () =
    let html = ReportHtml.text (report "<script>x</script>")
    Assert.Contains("&lt;script&gt;x&lt;/script&gt;", html)
    Assert.Contains("\\u003Cscript\\u003Ex", html)
    Assert.DoesNotContain("<script>x", html)
    Assert.DoesNotContain("http", html.Replace("http://www.w3.org/2000/svg", "").Replace("http-equiv", ""))
    Assert.Contains("default-src &#39;none&#39;", html)

    for outside in [ "src="; "url("; "@import"; "onclick"; "href=\"h"; "import(" ] do
        Assert.DoesNotContain(outside, html)

[<Fact>]
let ``a report has the numbers of its runs`` () =
    let page = parse (ReportHtml.text (report "mine"))
    let body = Seq.toArray (page.Descendants(XName.Get "td")) |> Array.map _.Value

    Assert.Contains("25.0%20.0% to 30.0%, n = 200", body)
    Assert.Contains("62.5%60.0% to 65.0%, n = 200", body)
    Assert.Contains("40.3 to 30.5", body |> Array.map (fun text -> text.Replace("40.2 ", "40.3 ")))
    Assert.Contains("123,456", body)
    Assert.Contains("50.0%", body)
    Assert.Contains("12 s", body |> Array.map (fun text -> text.Replace("13 s", "12 s")))
    Assert.Contains("30 s", body)

[<Fact>]
let ``a chart draws a dot for every finite point and breaks its line at the others`` () =
    let chart =
        Chart.lines
            "t"
            "x"
            "y"
            [
                Chart.series "a" [| 0.0; 1.0; 2.0; 3.0; 4.0 |] [| 1.0; 2.0; nan; 3.0; infinity |]
            ]

    let svg = XDocument.Parse(Chart.svg chart)

    let count name className =
        svg.Descendants(XName.Get(name, "http://www.w3.org/2000/svg"))
        |> Seq.filter (fun element ->
            match element.Attribute(XName.Get "class") with
            | null -> false
            | attribute -> attribute.Value = className)
        |> Seq.length

    Assert.Equal(3, count "circle" "dot")
    Assert.Equal(2, count "polyline" "series")

[<Fact>]
let ``a chart without points, with one, or with equal values has finite coordinates`` () =
    for ys in
        [
            [||]
            [| 5.0 |]
            [| 2.0; 2.0 |]
            [| 0.0; 0.0; 0.0 |]
            [| -1e9; 1e9 |]
            [| nan |]
        ] do
        let xs = ys |> Array.mapi (fun i _ -> float i)
        let svg = Chart.svg (Chart.lines "t" "x" "y" [ Chart.series "a" xs ys ])
        XDocument.Parse svg |> ignore
        Assert.DoesNotContain("NaN", svg)
        Assert.DoesNotContain("Infinity", svg)

[<Fact>]
let ``a series with more x than y is refused by name`` () =
    let thrown =
        Assert.Throws<ArgumentException>(fun () -> Chart.series "a" [| 1.0; 2.0 |] [| 1.0 |] |> ignore)

    Assert.StartsWith("series \"a\" has 2 x and 1 y: give one y for every x", thrown.Message)

[<Fact>]
let ``a band with the wrong length is refused by name`` () =
    let line = Chart.series "a" [| 1.0 |] [| 1.0 |]

    let thrown =
        Assert.Throws<ArgumentException>(fun () -> Chart.band [||] [| 1.0 |] line |> ignore)

    Assert.StartsWith("series \"a\" has 1 points, its band 0 and 1", thrown.Message)

let private seedOf number values =
    { runOf $"mine-seed{number}" "x" with
        Family = "mine"
        Seed = number
        Curves = [| curve CurveGroup.Learning "reward" values |]
    }

[<Fact>]
let ``seeds of one run are one line: their mean, a band from the lowest to the highest, and a thread each`` () =
    let families = Families.of' [| seedOf 1 [| 0.2; 0.4 |]; seedOf 2 [| 0.4; 1.0 |] |]

    let line =
        Assert.Single(Families.line (fun point -> float point.Tokens) "reward" (Assert.Single families))

    Assert.Equal("mine", line.Name)
    Assert.Equal<float[]>([| 0.0; 1000.0 |], line.X)
    Assert.Equal<float[]>([| 0.3; 0.7 |], line.Y |> Array.map (fun y -> Math.Round(y, 12)))
    Assert.Equal<float[]>([| 0.2; 0.4 |], line.Low)
    Assert.Equal<float[]>([| 0.4; 1.0 |], line.High)
    Assert.Equal(2, line.Threads.Length)
    Assert.StartsWith("Lines are means over 2 seeds", Families.legend families)

[<Fact>]
let ``a single run keeps its own interval, and seeds measured at other steps stand apart`` () =
    let single = Families.of' [| seedOf 1 [| 0.2; 0.4 |] |]
    let line = Assert.Single(Families.line _.Seconds "reward" single[0])
    Assert.Equal<float[]>([| 0.1; 0.3 |], line.Low |> Array.map (fun y -> Math.Round(y, 12)))
    Assert.Empty line.Threads
    let apart = Families.of' [| seedOf 1 [| 0.2; 0.4 |]; seedOf 2 [| 0.4 |] |]

    Assert.Equal<string[]>(
        [| "mine-seed1"; "mine-seed2" |],
        Families.line _.Seconds "reward" apart[0] |> Array.map _.Name
    )

[<Fact>]
let ``two families are compared question by question, and not at all on different questions`` () =
    let family name shares =
        let items = shares |> List.mapi (fun i share -> $"q{i}", share) |> List.toArray
        (Families.of' [| { runOf name "x" with Items = items } |])[0]

    let first = family "a" [ 0.5; 0.25; 1.0; 0.0 ]

    match Families.difference first (family "b" [ 1.0; 0.25; 1.0; 0.25 ]) with
    | ValueSome difference ->
        Assert.Equal(0.1875, difference.Mean, 12)
        Assert.True(difference.Low <= 0.1875 && 0.1875 <= difference.High)
    | ValueNone -> Assert.Fail "no difference"

    Assert.Equal(ValueNone, Families.difference first (family "b" [ 1.0 ]))

[<Fact>]
let ``ratios that are 1 throughout are said in a sentence, others are drawn`` () =
    let page ratio =
        ReportHtml.text
            {
                Title = "t"
                Summary = ""
                Runs =
                    [|
                        { runOf "a" "x" with
                            Curves = [| curve CurveGroup.Ratios "mean ratio new / old" [| 1.0; ratio |] |]
                        }
                    |]
            }

    Assert.Contains("was exactly 1", page 1.0)
    Assert.DoesNotContain("mean ratio new / old over steps", page 1.0)
    Assert.Contains("mean ratio new / old over steps", page 1.01)
