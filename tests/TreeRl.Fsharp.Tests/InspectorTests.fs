namespace TreeRl.Tests

open System
open System.IO
open System.Text
open Xunit
open TreeRl
open TreeRl.Credit
open TreeRl.Forests
open TreeRl.Inspection
open TreeRl.Rewards
open TreeRl.Tests.Browser

/// Pages for the browser: a small forest that was solved by hand, and a large one.
module InspectorPages =
    let private tokenizer = TreeRl.Tasks.ChainTasks.NewTokenizer()

    /// Trees of a prompt as JSON, with ratios that rise from token to token.
    let private tree (forest: Forest) (outcomes: LeafOutcomes) (rules: CreditRule list) prompt =
        let credits =
            rules
            |> List.map (fun rule -> Redistribution.Apply(rule, forest, outcomes))
            |> List.toArray

        let first = forest.FirstToken[forest.FirstNodeOfPrompt[prompt]]

        let last =
            let node = forest.FirstNodeOfPrompt[prompt + 1] - 1
            forest.FirstToken[node] + forest.TokenCount[node]

        let after =
            [|
                for i in first .. last - 1 -> forest.LogProb[i] + 0.01f * float32 (i - first) - 0.03f
            |]

        TreeJson.Write(tokenizer, outcomes, credits, prompt, after, null)

    let private run name steps =
        {
            InspectedRun.Name = name
            Steps =
                steps
                |> List.map (fun (step, trees) -> ValueSome step, "[" + String.concat "," trees + "]")
                |> List.toArray
        }

    let private rules = [ CreditRules.TreeAdv; CreditRules.Grpo; CreditRules.Spo ]

    /// Three prompts: mixed, all wrong, all right. Two runs of two steps.
    let small () =
        let forest = Forest.OfShape("4(3 2(1 2)) 5 | 3(2 2) 2 | 6 6", tokenizer.VocabSize)

        let outcomes =
            LeafOutcomes.FromOutcomes
                [|
                    Outcome.Score 1.0
                    Outcome.Score 0.0
                    Outcome.Score 1.0
                    Outcome.Failed "the grader <b>broke</b>"
                    Outcome.Score 0.0
                    Outcome.Score 0.0
                    Outcome.Score 0.0
                    Outcome.Score 1.0
                    Outcome.Score 1.0
                |]

        let trees = [ for prompt in 0..2 -> tree forest outcomes rules prompt ]

        InspectorPage.page
            "A small forest"
            [| run "first" [ 0, trees; 4, trees ]; run "second" [ 0, trees; 4, trees ] |]

    /// One prompt with 1,024 answers of about forty tokens, in four trees that fork at four depths.
    let large () =
        let rec shape depth =
            if depth = 0 then
                "14"
            else
                let children = String.Join(" ", Array.create 4 (shape (depth - 1)))
                $"{4 + 3 * depth}({children})"

        let forest =
            Forest.OfShape(String.Join(" ", Array.create 4 (shape 4)), tokenizer.VocabSize)

        let scores = Array.init forest.LeafTotal (fun leaf -> float (leaf * 7 % 10 / 6))
        let outcomes = LeafOutcomes.FromScores scores
        forest, InspectorPage.page "A large forest" [| run "large" [ 0, [ tree forest outcomes rules 0 ] ] |]

/// The tree inspector in a real browser.
type InspectorTests(browser: Browser) =

    /// A tab with a page in it. TREERL_PICTURES names a folder for pictures to be looked at.
    let opened (page: string) (look: Tab -> unit) =
        let tab = browser.NewTab()
        let folder = Directory.CreateTempSubdirectory("treerl-inspector-").FullName
        let path = Path.Combine(folder, "page.html")
        File.WriteAllText(path, page)

        try
            tab.Open path
            look tab
            Assert.Empty tab.Errors
        finally
            Directory.Delete(folder, true)

    let picture (tab: Tab) name =
        match Environment.GetEnvironmentVariable "TREERL_PICTURES" with
        | null
        | "" -> ()
        | folder -> tab.Picture(Path.Combine(folder, name + ".png"))

    let count (tab: Tab) selector =
        int (tab.Eval $"document.querySelectorAll(`{selector}`).length")

    let text (tab: Tab) selector =
        tab.Eval $"document.querySelector(`{selector}`).innerText"

    let choose (tab: Tab) name value =
        tab.Eval
            $"(() => {{ const s = document.querySelector('select[name={name}]'); s.value = '{value}'; s.dispatchEvent(new Event('change')); }})()"
        |> ignore

        tab.Settle()

    let rows = ".rows .row"

    [<Fact>]
    member _.``every token of a small tree is on the page, and hovering one shows its numbers under every rule``() =
        opened (InspectorPages.small ()) (fun tab ->
            Assert.Equal(6, count tab rows)
            Assert.Equal(17, count tab ".rows .tok")
            tab.Hover ".rows .tok[data-i='5']"
            let card = text tab ".token-card"
            picture tab "hover"
            // Token 5: id 6, log-probability -(1 + 5 mod 7) / 8, entropy (5 mod 5) / 4; after the update 0.02 more.
            Assert.Contains("id 6", card)
            Assert.Contains("\u22120.750 (p 0.472)", card)
            Assert.Contains("0.000 nats", card)
            Assert.Contains("\u22120.730 (ratio 1.020)", card)
            // z-scores of (1, 0, 1): 1/3 over a deviation of 1/sqrt(3).
            Assert.Contains("treeAdv\t+0.577", card)
            Assert.Contains("grpo\t+0.577", card)
            tab.Hover "h1"
            Assert.Equal("true", tab.Eval "document.querySelector('.token-card').hidden"))

    [<Fact>]
    member _.``every quantity colours the tokens on its own scale``() =
        opened (InspectorPages.small ()) (fun tab ->
            let colours () =
                tab.Eval
                    "[...document.querySelectorAll('.rows .tok')].map(t => (t.classList.contains('none') ? '.' : '') + getComputedStyle(t).backgroundColor).join('|')"

            let seen =
                [
                    for key in [ "1"; "2"; "3"; "4" ] do
                        tab.Press key

                        Assert.Equal(
                            "true",
                            tab.Eval
                                $"document.querySelectorAll('.choice')[{int key - 1}].getAttribute('aria-checked')"
                        )

                        colours ()
                ]

            Assert.Equal(4, (List.distinct seen).Length)
            // The failed answer is not trained on: no colour, a dotted line.
            Assert.Contains(".rgba(0, 0, 0, 0)", seen[0])
            tab.Press "4"
            Assert.Contains("\u2265 1.127", text tab ".legend-scale"))

    [<Fact>]
    member _.``two rules stand side by side on one tree, each with its own colours and legend``() =
        opened (InspectorPages.small ()) (fun tab ->
            choose tab "rule" "0"
            choose tab "other" "2"
            Assert.Equal(2, count tab ".head")
            Assert.Equal(2, count tab "canvas.map")
            Assert.Equal(34, count tab ".rows .tok")
            Assert.Contains("advantage by treeAdv", text tab ".heads")
            Assert.Contains("advantage by spo", text tab ".heads")
            picture tab "two-rules"
            tab.Press "c"
            Assert.Equal(1, count tab ".head")
            tab.Press "c"
            Assert.Contains("advantage by grpo", text tab ".heads"))

    [<Fact>]
    member _.``the keys move over tokens and segments, follow an answer to its reward, and fold``() =
        opened (InspectorPages.small ()) (fun tab ->
            let at () =
                tab.Eval "(document.querySelector('.rows .tok.at') || { dataset: { i: 'none' } }).dataset.i"

            tab.Eval "document.querySelector('.rows').focus()" |> ignore

            let walk =
                [
                    for key in
                        [
                            "ArrowRight"
                            "ArrowRight"
                            "End"
                            "ArrowRight"
                            "ArrowDown"
                            "ArrowUp"
                            "ArrowLeft"
                            "Home"
                        ] do
                        tab.Press key
                        at ()
                ]

            Assert.Equal<string list>([ "0"; "1"; "3"; "4"; "7"; "4"; "3"; "0" ], walk)
            Assert.Equal("false", tab.Eval "document.querySelector('.token-card').hidden")
            tab.Press "Enter"
            Assert.Contains("Answer 1 of 4", text tab ".path")
            Assert.Contains("7 tokens in 2 segments, the first shared by 3 answers", text tab ".path")
            Assert.Equal(2, count tab ".row.on")
            Assert.Equal(4, count tab ".row.off")
            tab.Press "n"
            Assert.Contains("Answer 2 of 4", text tab ".path")
            Assert.Equal(3, count tab ".row.on")
            picture tab "path"
            tab.Press "Escape"
            Assert.Equal(0, count tab ".row.on")
            tab.Press " "
            Assert.Equal(2, count tab rows)
            tab.Press "e"
            Assert.Equal(6, count tab rows))

    [<Fact>]
    member _.``filters leave the answers and the groups that were asked for``() =
        opened (InspectorPages.small ()) (fun tab ->
            tab.Press "w"
            Assert.Equal(3, count tab rows)
            Assert.Equal("\u2717 0 \u00B7 EndOfText", text tab ".rows .pill")
            tab.Press "x"
            Assert.Equal(6, count tab rows)
            choose tab "leaves" "unscored"
            Assert.Equal(1, count tab rows)
            Assert.Equal("Failed: the grader <b>broke</b> \u00B7 EndOfText", text tab ".rows .pill")
            tab.Press "x"
            tab.Press "z"
            Assert.Contains("no signal under treeAdv", text tab ".about")
            Assert.Equal(2, count tab "select[name=prompt] option")
            choose tab "group" "right"
            Assert.Equal(1, count tab "select[name=prompt] option")
            Assert.Equal(2, count tab ".pill.good"))

    [<Fact>]
    member _.``run, step and prompt are chosen by keys and by lists``() =
        opened (InspectorPages.small ()) (fun tab ->
            let chosen () =
                tab.Eval
                    "['run', 'step', 'prompt'].map(n => document.querySelector(`select[name=${n}]`).value).join(' ')"

            Assert.Equal("0 1 0", chosen ())

            let seen =
                [
                    for key in [ "p"; "s"; "r"; "P" ] do
                        tab.Press key
                        chosen ()
                ]

            Assert.Equal<string list>([ "0 1 1"; "0 0 1"; "1 0 1"; "1 0 0" ], seen)
            choose tab "prompt" "2"
            Assert.Equal("1 0 2", chosen ()))

    [<Fact>]
    member _.``a tree of a thousand answers needs no more elements than fit in view, at every place of it``() =
        let forest, page = InspectorPages.large ()
        Assert.Equal(1024, forest.LeafTotal)

        opened page (fun tab ->
            let mutable most = 0

            for share in [ "0"; "0.3"; "0.7"; "1" ] do
                tab.Eval
                    $"(() => {{ const r = document.querySelector('.rows'); r.scrollTop = {share} * r.scrollHeight; }})()"
                |> ignore

                tab.Settle()
                most <- max most (count tab "*")
                Assert.InRange(count tab rows, 5, 120)
                // What is in view is covered by rows, without gap or overlap.
                Assert.Equal(
                    "true",
                    tab.Eval
                        "(() => { const box = document.querySelector('.rows').getBoundingClientRect(), at = [...document.querySelectorAll('.rows .row')].map(r => r.getBoundingClientRect()).sort((a, b) => a.top - b.top); return at[0].top <= box.top + 1 && at[at.length - 1].bottom >= box.bottom - 2 && at.every((r, k) => !k || Math.abs(r.top - at[k - 1].bottom) < 1.5); })()"
                )

            Assert.InRange(most, 500, 4000)
            Assert.True(forest.TokenTotal > 15000)
            picture tab "large"
            tab.Press "w"
            tab.Press "n"
            Assert.Contains("of 1024", text tab ".path"))

    [<Fact>]
    member _.``light and dark follow the system until the switch is used``() =
        opened (InspectorPages.small ()) (fun tab ->
            let background () =
                tab.Eval "getComputedStyle(document.body).backgroundColor"

            tab.Dark false
            let light = background ()
            picture tab "light"
            tab.Dark true
            let dark = background ()
            picture tab "dark"
            Assert.NotEqual<string>(light, dark)
            tab.Press "t"
            Assert.Equal(light, background ())
            tab.Click "#theme"
            Assert.Equal(dark, background ())
            tab.Dark false
            Assert.Equal(dark, background ()))

    [<Fact>]
    member _.``a narrow window shows everything without scrolling sideways``() =
        opened (InspectorPages.small ()) (fun tab ->
            tab.Size(390, 844)
            choose tab "other" "1"
            picture tab "narrow"

            Assert.Equal(
                "true",
                tab.Eval "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
            ))

    [<Fact>]
    member _.``the colours of either theme keep text readable and tell good from bad``() =
        opened (InspectorPages.small ()) (fun tab ->
            let contrasts =
                """(() => {
                  const lum = c => { const [r, g, b] = c.map(v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
                  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
                  const over = (colour, base) => { canvas.fillStyle = base; canvas.fillRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3); };
                  const ratio = (a, b) => { const [x, y] = [lum(a), lum(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
                  const card = getComputedStyle(document.querySelector('.rows')).backgroundColor, values = [];
                  for (const tok of document.querySelectorAll('.rows .tok')) { const s = getComputedStyle(tok); values.push([ratio(over(s.color, card), over(s.backgroundColor, card)), tok.outerHTML + s.color + s.backgroundColor]); }
                  for (const e of document.querySelectorAll('.pill, .dim, .field span')) { const s = getComputedStyle(e); values.push([ratio(over(s.color, card), over(card, card)), e.outerHTML]); }
                  return values.sort((a, b) => a[0] - b[0])[0].join(' ');
                })()"""

            for dark in [ false; true ] do
                tab.Dark dark

                for key in [ "1"; "2"; "3"; "4" ] do
                    tab.Press key
                    let worst = tab.Eval contrasts

                    let least =
                        Double.Parse(worst.Split(' ')[0], Globalization.CultureInfo.InvariantCulture)

                    Assert.True(least >= 4.5, $"dark {dark}, quantity {key}: contrast below 4.5 at {worst}"))

    interface IClassFixture<Browser>
