// Draws the pictures of docs/algebra.md from what the engine computes: one small tree, four answers with rewards 1, 1, 1, 0, a rule a picture.
//
// run      ./treerl docs/pictures/make.fsx
// expect   docs/pictures/*.svg, the same bytes each time

#load "../../scripts/treerl.fsx"

open System
open System.Globalization
open System.IO
open TreeRl

let rewards = [| 1.0; 1.0; 1.0; 0.0 |]
let tree = Forests.Forest.OfShape "3(2(2 2) 2(2 2))"

let number (value: float) =
    if Double.IsNaN value then
        "-"
    else
        value.ToString("+0.00;-0.00;0", CultureInfo.InvariantCulture)

let place (value: float) =
    value.ToString("0.#", CultureInfo.InvariantCulture)

let style =
    "text{font:13px system-ui,sans-serif;fill:#1f2328}.small{font-size:11px;fill:#656d76}"
    + ".edge{stroke:#8c959f;stroke-width:1.5;fill:none}.node{stroke:#8c959f;stroke-width:1}"
    + ".none{fill:#f6f8fa}.good{fill:#cfe4ff}.bad{fill:#ffdcc0}"
    + "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.small{fill:#9198a1}.none{fill:#21262d}.good{fill:#123d73}.bad{fill:#6b3407}}"

let leafRow node =
    tree.Leaves |> Seq.findIndex (fun leaf -> leaf = node)

let rec y node =
    if tree.IsLeaf node then
        62.0 + 56.0 * float (leafRow node)
    else
        tree.Children node |> Seq.averageBy y

let x node = 16.0 + 176.0 * float tree.Depth[node]

/// One picture: a box for each node with two lines of text, edges between them, and the rewards at the right.
let draw (name: string) (title: string) (lines: int -> string * string * float) =
    let edge node =
        let parent = tree.Parent[node]

        if parent < 0 then
            ""
        else
            let fromX, fromY, toX, toY = x parent + 132.0, y parent, x node, y node

            $"<path class=\"edge\" d=\"M{place fromX} {place fromY}C{place (fromX + 22.0)} {place fromY} {place (toX - 22.0)} {place toY} {place toX} {place toY}\"/>"

    let box node =
        let upper, lower, sign = lines node

        let ink =
            if sign > 0.0 then "good"
            elif sign < 0.0 then "bad"
            else "none"

        let reward =
            if tree.IsLeaf node then
                $"<text x=\"{place (x node + 144.0)}\" y=\"{place (y node + 5.0)}\">R = {rewards[leafRow node]:F0}</text>"
            else
                ""

        $"<rect class=\"node {ink}\" x=\"{place (x node)}\" y=\"{place (y node - 21.0)}\" width=\"132\" height=\"42\" rx=\"6\"/>"
        + $"<text x=\"{place (x node + 10.0)}\" y=\"{place (y node - 4.0)}\">{upper}</text>"
        + $"<text x=\"{place (x node + 10.0)}\" y=\"{place (y node + 13.0)}\">{lower}</text>{reward}"

    let nodes = [ 0 .. tree.NodeCount - 1 ]

    let content =
        [
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 560 270\" width=\"560\" height=\"270\" role=\"img\" aria-label=\"{title}\">"
            $"<style>{style}</style><text class=\"small\" x=\"16\" y=\"22\">{title}</text>"
            yield! nodes |> List.map edge |> List.filter (fun text -> text <> "")
            yield! nodes |> List.map box
            "</svg>\n"
        ]

    File.WriteAllText(Path.Combine(__SOURCE_DIRECTORY__, name + ".svg"), String.concat "\n" content)

let graded =
    tree |> Forest.ofCore (Tasks.ChainTasks.NewTokenizer()) |> Reward.given rewards

let rule name title (redistribution: Redistribution) =
    let credit = (Redistribution.apply redistribution graded).Result

    // Where advantages belong to paths, a node shows the mean over the paths through it.
    let advantage node =
        if credit.TokenAdvantage.Length > 0 then
            credit.TokenAdvantage[tree.FirstToken[node]]
        else
            Seq.init tree.LeafCount[node] (fun i -> credit.LeafAdvantage[tree.FirstLeaf[node] + i])
            |> Seq.average

    draw name title (fun node ->
        let value = advantage node
        $"V = {number credit.NodeValue[node]}", $"A = {number value}", (if abs value < 1e-9 then 0.0 else value))

draw "forest" "a forest: one tree of 4 answers, 15 tokens where 4 separate answers would have 28" (fun node ->
    let tokens = $"{tree.TokenCount[node]} tokens"

    if tree.IsLeaf node then
        tokens, $"an answer of {tree.PathTokenCount[node]}", 0.0
    else
        tokens, "a fork at the end", 0.0)

rule
    "grpo"
    "grpo: z-score over the prompt, the same for every token of a path (mean over the paths shown)"
    Methods.grpo.Redistribute

rule
    "parent"
    "over Parent: what a branch is worth more than its fork"
    (redistribution {
        backup meanOfLeaves
        advantage (over Parent)
    })

rule
    "treeAdv"
    "treeAdv: z-score over the prompt, a node gets the mean over the leaves below it"
    Methods.treeAdv.Redistribute

rule
    "parentAndRoot"
    "advantage (over Parent + over Root): the sum of two terms"
    (redistribution {
        backup meanOfLeaves
        advantage (over Parent + over Root)
    })
