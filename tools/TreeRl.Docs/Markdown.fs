/// Code blocks of Markdown documents: finding them, their small form, and comparing what they show.
module TreeRl.Docs.Markdown

open System
open System.Text.RegularExpressions

/// A fenced block: what stands after the fence, its lines, and where it stands.
type Block =
    {
        /// The words after the opening fence, as in [ "fsharp"; "mistake" ].
        Info: string list
        /// The content, lines joined by line ends.
        Code: string
        /// The line of the opening fence, from 1.
        Line: int
        /// Lines that end before this one, from 0, are the content's; the closing fence stands there.
        Close: int
    }

    /// The first word: the language.
    member block.Language = List.tryHead block.Info |> Option.defaultValue ""

    /// True when a further word stands behind the language.
    member block.Has word = List.contains word block.Info

let private fence = "```"

/// The fenced blocks of a document, in order.
/// A fence that is never closed is an error, since everything below would be taken for code.
let blocks (name: string) (lines: string[]) : Block list =
    let rec next at found =
        if at >= lines.Length then
            List.rev found
        elif lines[at].TrimStart().StartsWith(fence, StringComparison.Ordinal) then
            let close =
                seq { at + 1 .. lines.Length - 1 }
                |> Seq.tryFind (fun line -> lines[line].Trim() = fence)

            match close with
            | None -> failwith $"{name}, line {at + 1}: the code block is never closed"
            | Some close ->
                let info = lines[at].Trim().Substring(fence.Length)

                let block =
                    {
                        Info = info.Split(' ', StringSplitOptions.RemoveEmptyEntries) |> List.ofArray
                        Code = String.Join("\n", lines[at + 1 .. close - 1])
                        Line = at + 1
                        Close = close
                    }

                next (close + 1) (block :: found)
        else
            next (at + 1) found

    next 0 []

/// The scripts that a block runs with ./treerl, in the order of their lines.
let scripts (code: string) =
    [
        for found in Regex.Matches(code, @"(?<=^\./treerl )scripts/\S+\.fsx", RegexOptions.Multiline) -> found.Value
    ]

let private stepsLine =
    Regex(@"^(?<indent>\s*)steps \d+\s*$", RegexOptions.Multiline ||| RegexOptions.CultureInvariant)

/// The small form of a block: experiments of one step.
let small (code: string) =
    let also word line (indent: string) =
        if code.Contains(word + " ", StringComparison.Ordinal) then
            ""
        else
            $"\n{indent}{line}"

    stepsLine.Replace(
        code,
        fun (found: Match) ->
            let indent = found.Groups["indent"].Value

            $"{indent}steps 1"
            + also "promptsPerStep" "promptsPerStep 2" indent
            + also "evaluateOn" "evaluateOn 4 1" indent
    )

/// True when a text says what was expected; a last line of three dots stands for the rest.
let matches (expected: string) (actual: string) =
    let trimmed (text: string) =
        text.Split '\n' |> Array.map _.TrimEnd() |> String.concat "\n"

    let expected, actual = trimmed expected, trimmed actual

    if expected = "..." then
        true
    elif expected.EndsWith("\n...", StringComparison.Ordinal) then
        actual.StartsWith(expected.Substring(0, expected.Length - 4), StringComparison.Ordinal)
    else
        expected = actual
