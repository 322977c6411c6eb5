module TreeRl.Tests.ReportTests

open System
open System.Xml.Linq
open Xunit
open FsCheck
open FsCheck.FSharp
open TreeRl

let private token piece advantage =
    {
        Piece = piece
        LogProb = -0.25
        Entropy = 0.5
        Advantage = advantage
    }

let private leaf piece score =
    {
        Tokens = [| token piece 0.75 |]
        Value = score
        Finish = "EndOfText"
        Outcome = string score
        Score = score
        Children = [||]
    }

let private treeOf piece =
    {
        Caption = "step 3"
        Prompt = piece
        Reference = piece
        Roots =
            [|
                {
                    Tokens = [| token piece -0.5; token "\n" nan |]
                    Value = 0.5
                    Finish = ""
                    Outcome = ""
                    Score = nan
                    Children = [| leaf piece 1.0; leaf "b" 0.0 |]
                }
            |]
    }

let private curve metric values =
    {
        Metric = metric
        Points =
            values
            |> Array.mapi (fun i value ->
                {
                    Step = i
                    Tokens = int64 i * 1000L
                    Value = value
                    Low = value - 0.1
                    High = value + 0.1
                })
    }

let private runOf name piece =
    {
        Name = name
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
                curve "accuracy" [| 0.25; nan; 0.625 |]
                curve "reward" [| 0.1; 0.2; 0.3 |]
                curve "entropy" [| 1.0; 0.5; 0.2 |]
            |]
        Trees = [| treeOf piece |]
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
let ``texts in a report are escaped and nothing is fetched or run`` () =
    let html = ReportHtml.text (report "<script>x</script>")
    Assert.DoesNotContain("<script", html)
    Assert.Contains("&lt;script&gt;x&lt;/script&gt;", html)

    for outside in [ "src="; "href="; "url("; "@import"; "onclick" ] do
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
let ``a tree shows every token with its numbers in the hover text`` () =
    let page = parse (ReportHtml.trees "t" [| treeOf "go" |])

    let titles =
        page.Descendants(XName.Get "span")
        |> Seq.choose (fun span -> span.Attribute(XName.Get "title") |> Option.ofObj |> Option.map _.Value)
        |> Seq.toArray

    Assert.Equal(4, titles.Length)
    Assert.Contains("\"go\"\nlog-probability -0.250 (p = 0.779)\nentropy 0.500 nats\nadvantage -0.500", titles)

    Assert.Contains(
        "\"\\n\"\nlog-probability -0.250 (p = 0.779)\nentropy 0.500 nats\ntakes no part in training",
        titles
    )

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
