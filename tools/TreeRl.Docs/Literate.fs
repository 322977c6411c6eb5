/// Literate scripts: `(**` .. `*)` on lines of their own hold Markdown, a line `// %%` begins a new code cell.
module TreeRl.Docs.Literate

open System

/// A cell of a notebook.
type Cell =
    | Prose of string
    | Code of string

let private trimmed (lines: string list) =
    let isBlank (line: string) = String.IsNullOrWhiteSpace line

    lines
    |> List.skipWhile isBlank
    |> List.rev
    |> List.skipWhile isBlank
    |> List.rev

/// The cells of a script. A comment that is never closed is an error.
let cells (name: string) (script: string) : Cell list =
    let add make (lines: string list) found =
        match trimmed (List.rev lines) with
        | [] -> found
        | lines -> make (String.Join("\n", lines)) :: found

    let rec code (rest: string list) lines found =
        match rest with
        | [] -> add Code lines found
        | head :: tail when head.TrimEnd() = "(**" -> prose tail [] (add Code lines found)
        | head :: tail when head.StartsWith("// %%", StringComparison.Ordinal) -> code tail [] (add Code lines found)
        | head :: tail -> code tail (head.TrimEnd() :: lines) found

    and prose rest lines found =
        match rest with
        | [] -> failwith $"{name}: a comment that begins with (** is never closed by *) on a line of its own"
        | head :: tail when head.TrimEnd() = "*)" -> code tail [] (add Prose lines found)
        | head :: tail -> prose tail (head.TrimEnd() :: lines) found

    code (script.Replace("\r\n", "\n").Split '\n' |> List.ofArray) [] [] |> List.rev
