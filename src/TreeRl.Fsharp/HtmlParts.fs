namespace TreeRl

/// <summary>
/// Fragments of HTML for notebooks. All styles stand on the elements themselves, since notebooks strip or share style sheets, and colours are
/// taken from the reader's own where they can be.
/// </summary>
module internal HtmlParts =
    open Markup

    let styled name style content = el name [ "style", style ] content

    let private cell = "padding:2px 10px 2px 0;text-align:right;white-space:nowrap"
    let private firstCell = "padding:2px 10px 2px 0;text-align:left;white-space:nowrap"

    let private row name (cells: string[]) =
        cells
        |> Array.mapi (fun index text -> styled name (if index = 0 then firstCell else cell) [ Text text ])
        |> Array.toList
        |> el "tr" []

    /// A table; the first column is left-aligned, the others right.
    let table (columns: string[]) (rows: seq<string[]>) =
        styled
            "table"
            "border-collapse:collapse;font-variant-numeric:tabular-nums"
            [
                el "thead" [] [ row "th" columns ]
                el "tbody" [] (rows |> Seq.map (row "td") |> Seq.toList)
            ]

    let caption (text: string) =
        styled "p" "margin:4px 0;font-weight:600" [ Text text ]

    /// Content of at most so many pixels across.
    let wide (pixels: int) content =
        styled "div" $"max-width:{pixels}px" content

    let note (text: string) =
        styled "p" "margin:4px 0;opacity:.7" [ Text text ]

    let pre (text: string) =
        styled "pre" "margin:4px 0;overflow-x:auto" [ Text text ]

    /// Resolved lines of a block: word and value, what no line gave in a lighter ink.
    let settings (title: string) (lines: (string * string * bool)[]) =
        let line (word, value, isDefault) =
            styled
                "tr"
                (if isDefault then "opacity:.55" else "")
                [
                    styled "td" firstCell [ el "code" [] [ Text word ] ]
                    styled "td" firstCell [ el "code" [] [ Text value ] ]
                ]

        [
            caption title
            styled "table" "border-collapse:collapse" [ el "tbody" [] (lines |> Array.map line |> Array.toList) ]
        ]

    let render (parts: Markup list) =
        Markup.render (styled "div" "font-family:system-ui,sans-serif;font-size:14px" parts)
