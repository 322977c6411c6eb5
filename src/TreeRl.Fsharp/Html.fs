namespace TreeRl

open System.Text

/// <summary>
/// A piece of an HTML or SVG document. Text and attribute values are escaped when rendered, and elements always close, so a
/// page made of these is well-formed whatever a model wrote into it.
/// </summary>
type internal Markup =
    /// Text, escaped when rendered.
    | Text of string
    /// An element with attributes and content.
    | Element of name: string * attributes: (string * string) list * content: Markup list

module internal Markup =
    /// Control characters that XML forbids are shown by their pictures (U+2400 block).
    let private clean (c: char) =
        if c < ' ' && c <> '\n' && c <> '\t' then
            char (0x2400 + int c)
        elif c = '\uFFFE' || c = '\uFFFF' then
            '\uFFFD'
        else
            c

    let private append (out: StringBuilder) (text: string) =
        let mutable i = 0

        while i < text.Length do
            match text[i] with
            | '&' -> out.Append "&amp;" |> ignore
            | '<' -> out.Append "&lt;" |> ignore
            | '>' -> out.Append "&gt;" |> ignore
            | '"' -> out.Append "&quot;" |> ignore
            | '\'' -> out.Append "&#39;" |> ignore
            | c when System.Char.IsSurrogate c ->
                if
                    System.Char.IsHighSurrogate c
                    && i + 1 < text.Length
                    && System.Char.IsLowSurrogate text[i + 1]
                then
                    out.Append(c).Append(text[i + 1]) |> ignore
                    i <- i + 1
                else
                    out.Append '\uFFFD' |> ignore
            | c -> out.Append(clean c) |> ignore

            i <- i + 1

    let private voids = set [ "meta"; "br"; "hr"; "img"; "link"; "input"; "col" ]

    /// Elements whose content is raw in HTML; only texts of our own go there, and data without special characters.
    let private isRaw name = name = "style" || name = "script"

    /// An attribute keeps its line breaks only as character references.
    let private appendValue (out: StringBuilder) (text: string) =
        let value = StringBuilder()
        append value text
        out.Append(value.Replace("\n", "&#10;").Replace("\t", "&#9;")) |> ignore

    let rec private write (out: StringBuilder) markup =
        match markup with
        | Text text -> append out text
        | Element(name, attributes, content) ->
            out.Append('<').Append(name) |> ignore

            for key, value in attributes do
                out.Append(' ').Append(key).Append("=\"") |> ignore
                appendValue out value
                out.Append '"' |> ignore

            if voids.Contains name then
                out.Append "/>" |> ignore
            else
                out.Append '>' |> ignore

                for part in content do
                    match part with
                    | Text text when isRaw name -> out.Append text |> ignore
                    | _ -> write out part

                out.Append("</").Append(name).Append('>') |> ignore

    let render markup =
        let out = StringBuilder()
        write out markup
        string out

    let el name attributes content = Element(name, attributes, content)

    /// An element of one class.
    let cls name className content =
        Element(name, [ "class", className ], content)

    /// An element that holds text only.
    let txt name (text: string) = Element(name, [], [ Text text ])

    /// A script of our own. The comments around it are for readers of XML, to whom "less than" is no operator.
    let script (code: string) =
        txt "script" $"\n//<![CDATA[\n{code}\n//]]>\n"

    /// JSON that scripts of the page read. What could end the element, or be markup to a reader of XML, is written as an escape, so
    /// whatever a model wrote stays data.
    let data (id: string) (json: string) =
        let safe =
            json.Replace("&", "\\u0026").Replace("<", "\\u003c").Replace(">", "\\u003e")

        Element("script", [ "type", "application/json"; "id", id ], [ Text safe ])

    /// What a page may do: its own styles and scripts, nothing from elsewhere.
    let private policy =
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"

    let document title (css: string) (body: Markup list) =
        let head =
            el
                "head"
                []
                [
                    el "meta" [ "charset", "utf-8" ] []
                    el "meta" [ "name", "viewport"; "content", "width=device-width, initial-scale=1" ] []
                    el "meta" [ "name", "color-scheme"; "content", "light dark" ] []
                    el "meta" [ "http-equiv", "Content-Security-Policy"; "content", policy ] []
                    txt "title" title
                    txt "style" css
                ]

        "<!DOCTYPE html>\n"
        + render (el "html" [ "lang", "en" ] [ head; el "body" [] body ])
        + "\n"
