namespace TreeRl

open System.Text

/// <summary>The steps of a run that the tree inspector can show; a forest outside a run is one step without a number.</summary>
type internal InspectedRun =
    {
        /// Name of the run, or of the forest.
        Name: string
        /// 0-based step, or none; the JSON array of its trees as TreeRl.Inspection.TreeJson writes them.
        Steps: (int voption * string)[]
    }

/// <summary>The tree inspector as a part of a page: an empty element, the data, and the scripts that fill the one from the other.</summary>
module internal InspectorPage =
    open Markup

    let private scripts =
        [
            "inspector-data.js"
            "inspector-paint.js"
            "inspector-rows.js"
            "inspector-map.js"
            "inspector-path.js"
            "inspector.js"
            "inspector-keys.js"
        ]

    let private quoted (text: string) =
        System.Text.Json.JsonSerializer.Serialize text

    /// All runs as one JSON value. The trees are JSON already and are taken as they are.
    let json (runs: InspectedRun[]) =
        let text = StringBuilder()
        let add (part: string) = text.Append part |> ignore

        let separated items write =
            items
            |> Array.iteri (fun i item ->
                if i > 0 then
                    add ",\n"

                write item)

        add "{\"runs\":["

        separated runs (fun run ->
            add $"{{\"name\":{quoted run.Name},\"steps\":["

            separated run.Steps (fun (step, trees) ->
                let number =
                    match step with
                    | ValueSome step -> string step
                    | ValueNone -> "null"

                add $"{{\"step\":{number},\"trees\":{trees}}}")

            add "]}")

        add "]}"
        string text

    /// The inspector's place on the page, with its data. Works with the scripts, which a page has once.
    let section (runs: InspectedRun[]) =
        [
            el
                "div"
                [ "id", "inspector"; "class", "inspector" ]
                [
                    cls "noscript" "muted" [ Text "The tree inspector needs JavaScript, which is part of this file." ]
                ]
            data "inspector-data" (json runs)
        ]

    /// The scripts, to stand at the end of a page.
    let code = script (Assets.all scripts)

    let style = Assets.all [ "page.css"; "inspector.css"; "chart.css" ]

    /// The switch between dark and light; hidden without scripts.
    let themeSwitch =
        el
            "button"
            [
                "id", "theme"
                "type", "button"
                "hidden", "hidden"
                "title", "dark or light (t)"
            ]
            [ Text "theme" ]

    /// A page with the inspector alone.
    let page title (runs: InspectedRun[]) =
        document
            title
            style
            [
                el "header" [] [ txt "h1" title; themeSwitch ]
                el "main" [] (section runs)
                code
            ]
