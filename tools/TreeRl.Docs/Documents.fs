/// Runs the code of documents. Per document one session, from top to bottom; what a block is, its fence says:
///
///   ```fsharp             runs, and must run without an error
///   ```fsharp mistake     must fail, with the message that the ```text block below it holds
///   ```fsharp package     needs the package from a feed; tests/packages runs it
///   ```fsharp cuda        needs a CUDA device and src/TreeRl.Torch: not run, but said so
///   ```sh safe            runs in the repository's folder, and must end with 0
///   ```sh                 is for a reader's own machine: not run, but said so. A script that it runs must be there; it is not run here, since
///                         ./check runs every script by itself, in its small form
///   ```text output        what the fsharp block above it shows
///
/// In a text block a last line of three dots stands for anything. Runs of experiments are short: 'steps 50' becomes a step of two prompts.
module TreeRl.Docs.Documents

open System
open System.Diagnostics
open System.IO
open TreeRl.Docs.Markdown
open TreeRl.Docs.Session

/// What happened to the blocks of a document.
type Report =
    {
        Ran: int
        Mistakes: int
        /// Blocks that are not run here, each with its reason.
        Left: string list
        Failures: string list
        /// Text blocks whose content is out of step: their place and what they should hold.
        Stale: (Block * string) list
    }

let private nothing =
    {
        Ran = 0
        Mistakes = 0
        Left = []
        Failures = []
        Stale = []
    }

let private shell (root: string) (code: string) =
    let info =
        ProcessStartInfo(
            "bash",
            [ "-euo"; "pipefail"; "-c"; code ],
            WorkingDirectory = root,
            RedirectStandardOutput = true,
            RedirectStandardError = true
        )

    match Process.Start info with
    | null -> Some "bash did not start"
    | started ->
        use started = started
        let errors = started.StandardError.ReadToEndAsync()
        let output = started.StandardOutput.ReadToEnd()
        started.WaitForExit()

        if started.ExitCode = 0 then
            None
        else
            Some $"exit {started.ExitCode}\n{output}{errors.Result}"

let private fsharp (session: Session) place (block: Block) (follower: Block option) report =
    let outcome = session.Run(small block.Code)

    let compare (expected: Block) actual report =
        if matches expected.Code actual then
            report
        else
            { report with
                Stale = (expected, actual) :: report.Stale
                Failures = $"{place}: shows\n{actual}\ninstead of\n{expected.Code}" :: report.Failures
            }

    match block.Has "mistake", outcome.Error, follower with
    | false, Some error, _ ->
        { report with
            Failures = $"{place}: {error}" :: report.Failures
        }
    | false, None, Some output when output.Has "output" ->
        compare output (shown outcome) { report with Ran = report.Ran + 1 }
    | false, None, _ -> { report with Ran = report.Ran + 1 }
    | true, None, _ ->
        { report with
            Failures = $"{place}: is marked as a mistake, and runs" :: report.Failures
        }
    | true, Some message, Some expected when expected.Language = "text" ->
        compare
            expected
            message
            { report with
                Mistakes = report.Mistakes + 1
            }
    | true, Some message, _ ->
        { report with
            Failures =
                $"{place}: a text block with the message must follow:\n{message}"
                :: report.Failures
        }

/// Runs the blocks of a document.
let run (root: string) (path: string) : Report =
    let name = Path.GetRelativePath(root, path)
    let found = File.ReadAllLines path |> blocks name

    let followers =
        List.tail (List.map Some found @ [ None ]) |> List.truncate found.Length

    use session = new Session()
    session.Run "open TreeRl" |> ignore

    let one report (block: Block, follower: Block option) =
        let place = $"{name}, line {block.Line}"

        let left reason =
            { report with
                Left = $"{place}: {reason}" :: report.Left
            }

        match block.Language with
        | "fsharp" when block.Has "package" -> left "needs the package; tests/packages runs it"
        | "fsharp" when block.Has "cuda" -> left "needs a CUDA device and src/TreeRl.Torch"
        | "fsharp" -> fsharp session place block follower report
        | "sh" when block.Has "safe" ->
            match shell root block.Code with
            | None -> { report with Ran = report.Ran + 1 }
            | Some error ->
                { report with
                    Failures = $"{place}: {error}" :: report.Failures
                }
        | "sh" ->
            let named = scripts block.Code

            match
                named
                |> List.filter (fun script -> not (File.Exists(Path.Combine(root, script))))
            with
            | missing :: _ ->
                { report with
                    Failures = $"{place}: there is no {missing}" :: report.Failures
                }
            | [] when not named.IsEmpty -> left $"""{String.Join(", ", named)}: ./check runs every script by itself"""
            | [] -> left "a command for the reader's own machine"
        | ""
        | "text"
        | "json"
        | "xml"
        | "tsv" -> report
        | other ->
            { report with
                Failures =
                    $"{place}: nothing here runs '{other}'; say in tools/TreeRl.Docs how"
                    :: report.Failures
            }

    if found.IsEmpty then
        nothing
    else
        let report = List.zip found followers |> List.fold one nothing

        { report with
            Left = List.rev report.Left
            Failures = List.rev report.Failures
        }

/// Writes what the stale text blocks should hold.
let mend (path: string) (report: Report) =
    let lines = File.ReadAllLines path |> ResizeArray

    for block, actual in report.Stale |> List.sortByDescending (fun (block, _) -> block.Line) do
        lines.RemoveRange(block.Line, block.Close - block.Line)
        lines.InsertRange(block.Line, actual.Split '\n' |> Array.map _.TrimEnd())

    File.WriteAllText(path, String.Join("\n", lines) + "\n")
