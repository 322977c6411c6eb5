/// Notebooks of literate scripts: nbformat 4, for Polyglot Notebooks and whatever else shows .ipynb files.
module TreeRl.Docs.Notebook

open System
open System.IO
open System.Text.Encodings.Web
open System.Text.Json
open System.Text.Json.Nodes
open TreeRl.Docs.Literate
open TreeRl.Docs.Session

let private text (value: string) : JsonNode = nonNull (JsonValue.Create value)

let private members (pairs: (string * JsonNode) list) : JsonNode =
    let node = JsonObject()

    for name, value in pairs do
        node.Add(name, value)

    node

let private list (items: JsonNode seq) : JsonNode = JsonArray(Seq.toArray items)

/// Text as notebooks keep it: a list of lines, each with its line end but the last.
let private lines (value: string) =
    let parts = value.Split '\n'

    parts
    |> Array.mapi (fun index line -> text (if index < parts.Length - 1 then line + "\n" else line))
    |> list

/// What a cell showed, as a notebook stores it.
let private outputs (count: int) (outcome: Outcome) =
    [
        if outcome.Printed <> "" then
            members
                [
                    "name", text "stdout"
                    "output_type", text "stream"
                    "text", lines outcome.Printed
                ]
        match outcome.Value with
        | Some value ->
            let plain = show value

            let html =
                if isNull (TreeRl.Display.printer value) then
                    $"<pre>{Net.WebUtility.HtmlEncode plain}</pre>"
                else
                    TreeRl.Notebooks.HtmlFormatter.Of value

            members
                [
                    "data", members [ "text/html", lines html; "text/plain", lines plain ]
                    "execution_count", JsonValue.Create count
                    "metadata", members []
                    "output_type", text "execute_result"
                ]
        | None -> ()
    ]

let private codeMetadata () =
    members
        [
            "dotnet_interactive", members [ "language", text "fsharp" ]
            "polyglot_notebook", members [ "kernelName", text "fsharp" ]
        ]

let private documentMetadata () =
    members
        [
            "kernelspec",
            members
                [
                    "display_name", text ".NET (F#)"
                    "language", text "F#"
                    "name", text ".net-fsharp"
                ]
            "language_info", members [ "name", text "polyglot-notebook" ]
            "polyglot_notebook",
            members
                [
                    "kernelInfo",
                    members
                        [
                            "defaultKernelName", text "fsharp"
                            "items", list [ members [ "aliases", list []; "name", text "fsharp" ] ]
                        ]
                ]
        ]

/// A cell that was run: None for prose.
type Ran = Cell * Outcome option

/// Runs the cells of a script from top to bottom in one session; an error ends it and names the cell.
let run (name: string) (cells: Cell list) : Result<Ran list, string> =
    use session = new Session()

    let rec next number (rest: Cell list) done' =
        match rest with
        | [] -> Ok(List.rev done')
        | Prose _ as cell :: rest -> next number rest ((cell, None) :: done')
        | Code code as cell :: rest ->
            let outcome = session.Run code

            match outcome.Error with
            | Some error -> Error $"{name}, code cell {number}: {error}\n{code}"
            | None -> next (number + 1) rest ((cell, Some outcome) :: done')

    next 1 cells []

/// The notebook of cells that were run.
let document (ran: Ran list) =
    let mutable count = 0

    let cell index (cell: Cell, outcome: Outcome option) =
        let id = text $"cell-{index + 1}"

        match cell, outcome with
        | Prose prose, _ ->
            members
                [
                    "cell_type", text "markdown"
                    "id", id
                    "metadata", members []
                    "source", lines prose
                ]
        | Code code, outcome ->
            count <- count + 1

            members
                [
                    "cell_type", text "code"
                    "execution_count", JsonValue.Create count
                    "id", id
                    "metadata", codeMetadata ()
                    "outputs", outcome |> Option.map (outputs count) |> Option.defaultValue [] |> list
                    "source", lines code
                ]

    members
        [
            "cells", ran |> List.mapi cell |> list
            "metadata", documentMetadata ()
            "nbformat", JsonValue.Create 4
            "nbformat_minor", JsonValue.Create 5
        ]

let private written =
    JsonSerializerOptions(WriteIndented = true, IndentSize = 1, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping)

/// Writes a notebook.
let save (path: string) (notebook: JsonNode) =
    File.WriteAllText(path, notebook.ToJsonString written + "\n")

let private sourceOf (cell: JsonElement) =
    cell.GetProperty("source").EnumerateArray()
    |> Seq.map (fun line -> string (line.GetString()))
    |> String.concat ""

let private mimeTypes (cell: JsonElement) =
    [
        for output in cell.GetProperty("outputs").EnumerateArray() do
            match output.GetProperty("output_type").GetString() with
            | "execute_result" ->
                for item in output.GetProperty("data").EnumerateObject() do
                    item.Name
            | _ -> ()
    ]

/// What of a saved notebook does not fit the script it was made of: its cells one by one, and for each code cell whether a value was saved.
let differences (path: string) (ran: Ran list) : string list =
    let fresh = JsonDocument.Parse((document ran).ToJsonString())
    use saved = JsonDocument.Parse(File.ReadAllText path)

    let cellsOf (notebook: JsonDocument) =
        notebook.RootElement.GetProperty("cells").EnumerateArray() |> Seq.toArray

    let mine, theirs = cellsOf fresh, cellsOf saved

    [
        let head = saved.RootElement.GetProperty("metadata").GetRawText() |> JsonNode.Parse

        if not (JsonNode.DeepEquals(head, documentMetadata ())) then
            "the metadata of the document differ"

        if mine.Length <> theirs.Length then
            $"{theirs.Length} cells, the script has {mine.Length}"

        for index in 0 .. min mine.Length theirs.Length - 1 do
            let mine, theirs = mine[index], theirs[index]

            if sourceOf mine <> sourceOf theirs then
                $"cell {index + 1} differs from the script"
            elif
                mine.GetProperty("cell_type").GetString()
                <> theirs.GetProperty("cell_type").GetString()
            then
                $"cell {index + 1} is of another kind in the script"
            elif
                mine.GetProperty("cell_type").GetString() = "code"
                && mimeTypes mine <> mimeTypes theirs
            then
                $"cell {index + 1}: the saved outputs are of other kinds than the cell shows"
    ]
