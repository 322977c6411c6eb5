namespace TreeRl

open System

/// <summary>Trees for notebooks: one line a node, tokens coloured by advantage, with no script and no style sheet.</summary>
module internal HtmlTree =
    open Markup
    open HtmlParts

    let rec private largest (nodes: NodeView[]) =
        nodes
        |> Array.fold
            (fun most node ->
                node.Tokens
                |> Array.filter (fun token -> Double.IsFinite token.Advantage)
                |> Array.fold (fun most token -> max most (abs token.Advantage)) (max most (largest node.Children)))
            0.0

    /// Blue where the advantage is positive, orange where it is negative, as strong as it is large among the trees shown.
    let private ink most (advantage: float) =
        if not (Double.IsFinite advantage) || advantage = 0.0 || most = 0.0 then
            ""
        else
            let colour = if advantage > 0.0 then "37,99,235" else "217,119,6"
            let strength = 0.1 + 0.5 * abs advantage / most
            $"background:rgba({colour},{Format.fixedTo 2 strength})"

    let private token most (token: TokenView) =
        let hover =
            $"log-probability {Format.fixedTo 3 token.LogProb}, entropy {Format.fixedTo 3 token.Entropy}, advantage {Format.signed token.Advantage}"

        let piece = token.Piece.Replace("\n", "\u21b5")
        el "span" [ "style", ink most token.Advantage; "title", hover ] [ Text piece ]

    /// A node and what is below it, with their depths: lines are indented by padding, so the list is flat.
    let private flat (roots: NodeView[]) =
        let rec walk depth (node: NodeView) =
            seq {
                struct (depth, node)

                for child in node.Children do
                    yield! walk (depth + 1) child
            }

        roots |> Seq.collect (walk 0)

    let private facts (node: NodeView) =
        [
            if Double.IsFinite node.Value then
                $"V {Format.signed node.Value}"
            if node.Children.Length > 0 && node.Children[0].Tokens.Length > 0 then
                $"fork at H {Format.fixedTo 2 node.Children[0].Tokens[0].Entropy}"
            if node.Finish <> "" then
                node.Finish
            if node.Outcome <> "" then
                node.Outcome
        ]
        |> String.concat ", "

    let private nodeLine most struct (depth, node: NodeView) =
        styled
            "div"
            $"padding-left:{Format.fixedTo 1 (1.4 * float depth)}em;white-space:pre-wrap"
            [
                styled "span" "font-family:monospace" (node.Tokens |> Array.map (token most) |> Array.toList)
                styled "span" "opacity:.6;font-size:smaller;padding-left:1em" [ Text(facts node) ]
            ]

    /// The trees of a prompt: one line a node, indented by depth; hover for a token's numbers.
    let tree longest (view: TreeView) =
        let most = largest view.Roots
        let nodes = flat view.Roots |> Seq.truncate (longest + 1) |> Seq.toList
        let shown = List.truncate longest nodes

        [
            caption view.Caption
            note $"{Show.text (Show.cut 200 view.Prompt)} = {Show.cut 60 view.Reference}"
            yield! shown |> List.map (nodeLine most)
            if nodes.Length > shown.Length then
                note $"the first {longest} nodes; Forest.savePage writes all"
        ]
