namespace TreeRl

open System.Globalization

/// <summary>Parts that every drawing of a page is made of.</summary>
module internal SvgParts =
    open Markup

    let coordinate (value: float) =
        value.ToString("0.##", CultureInfo.InvariantCulture)

    let text x y anchor content =
        el "text" [ "x", coordinate x; "y", coordinate y; "text-anchor", anchor ] [ Text content ]

    let line className x1 y1 x2 y2 =
        el
            "line"
            [
                "class", className
                "x1", coordinate x1
                "y1", coordinate y1
                "x2", coordinate x2
                "y2", coordinate y2
            ]
            []

    /// A drawing in units of its text.
    let picture title (width: float) (height: float) content =
        el
            "svg"
            [
                "class", "chart"
                "viewBox", $"0 0 {coordinate width} {coordinate height}"
                "role", "img"
                "aria-label", title
                "xmlns", "http://www.w3.org/2000/svg"
            ]
            content

    /// A drawing with heading and, below, what it shows.
    let framed (title: string) (note: string) (above: Markup list) (drawing: Markup) =
        el
            "figure"
            []
            [
                yield txt "figcaption" title
                yield! above
                yield drawing
                if note <> "" then
                    yield cls "p" "note" [ Text note ]
            ]
