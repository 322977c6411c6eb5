namespace TreeRl

open System

/// <summary>The lab's figure that no chart says: a matrix of numbers between names.</summary>
module internal LabMatrix =
    open Markup
    open SvgParts

    let private css =
        "svg.chart .cell rect { stroke: var(--card, #fff); stroke-width: 1.5; } svg.chart .strong text { fill: var(--card, #fff); }"

    /// A square matrix of numbers from -1 to 1; the more of a colour, the farther from 0.
    let figure title note (names: string[]) (value: int -> int -> float) =
        let left, top, width, height = 100.0, 26.0, 58.0, 38.0

        let cell r c =
            let v = value r c
            let x, y = left + width * float c, top + height * float r

            let strength =
                if Double.IsFinite v then
                    min 0.85 (0.85 * abs v * abs v)
                else
                    0.0

            cls
                "g"
                (if strength > 0.5 then "cell strong" else "cell")
                [
                    el
                        "rect"
                        [
                            "x", coordinate x
                            "y", coordinate y
                            "width", coordinate width
                            "height", coordinate height
                            "style", (if v < 0.0 then "fill: var(--c5)" else "fill: var(--c0)")
                            "fill-opacity", coordinate strength
                        ]
                        [ txt "title" $"{names[r]} and {names[c]}: {Format.fixedTo 3 v}" ]
                    text (x + width / 2.0) (y + height / 2.0 + 4.0) "middle" (Format.fixedTo 2 v)
                ]

        let content =
            [
                txt "style" css
                for r in 0 .. names.Length - 1 do
                    text (left - 8.0) (top + height * (float r + 0.5) + 4.0) "end" names[r]
                    text (left + width * (float r + 0.5)) (top - 9.0) "middle" (Show.cut 9 names[r])

                    for c in 0 .. names.Length - 1 do
                        cell r c
            ]

        let size step = step * float names.Length + 10.0
        framed title note [] (picture title (left + size width) (top + size height) content)
