/// Keeps documents and notebooks true: runs every code block of README.md and docs/, and every cell of notebooks/.
///
///   documents            run the code of all documents; every block runs, or is named as left
///   documents --write    as well, and write what text blocks should hold
///   notebooks            run every cell and compare the .ipynb files with their scripts
///   notebooks --write    run every cell and write the .ipynb files (full form: without TREERL_SMALL)
///
/// A path limits the work to one file. The small form (TREERL_SMALL=1) is for ./check.
module TreeRl.Docs.Program

open System
open System.Diagnostics
open System.IO

let rec private rootAbove (folder: string) =
    if File.Exists(Path.Combine(folder, "TreeRl.sln")) then
        folder
    else
        match Path.GetDirectoryName folder with
        | null -> failwith "TreeRl.sln is in no folder above: run this inside the repository"
        | above -> rootAbove above

/// Work in a fresh folder, since blocks and cells write runs; deleted afterwards.
let private inFreshFolder work =
    let here = Directory.GetCurrentDirectory()
    let fresh = Directory.CreateTempSubdirectory("treerl-docs-").FullName
    Directory.SetCurrentDirectory fresh

    try
        work ()
    finally
        Directory.SetCurrentDirectory here
        Directory.Delete(fresh, true)

let private documents root write (chosen: string list) =
    let all =
        if chosen.IsEmpty then
            [
                Path.Combine(root, "README.md")
                yield! Directory.GetFiles(Path.Combine(root, "docs"), "*.md") |> Array.sort
            ]
        else
            chosen

    let mutable ran, failed = 0, 0

    for path in all do
        let clock = Stopwatch.StartNew()
        let report = inFreshFolder (fun () -> Documents.run root path)
        let name = Path.GetRelativePath(root, path)
        printfn $"{name}: {report.Ran} blocks ran, {report.Mistakes} mistakes made, {clock.Elapsed.TotalSeconds:F1} s"
        report.Left |> List.iter (fun line -> printfn $"  not run: {line}")

        if write then
            Documents.mend path report

        report.Failures |> List.iter (fun line -> printfn $"FAILED  {line}")
        ran <- ran + report.Ran + report.Mistakes
        failed <- failed + report.Failures.Length

    printfn $"{ran} blocks as they should be, {failed} not"
    if failed = 0 then 0 else 1

let private notebooks root write (chosen: string list) =
    let all =
        if chosen.IsEmpty then
            Directory.GetFiles(Path.Combine(root, "notebooks"), "*.fsx")
            |> Array.sort
            |> List.ofArray
        else
            chosen

    let one path =
        let name = Path.GetRelativePath(root, path)
        let clock = Stopwatch.StartNew()
        let cells = Literate.cells name (File.ReadAllText path)
        let book = string (Path.ChangeExtension(path, ".ipynb"))

        match inFreshFolder (fun () -> Notebook.run name cells) with
        | Error error ->
            printfn $"FAILED  {error}"
            1
        | Ok ran when write ->
            Notebook.save book (Notebook.document ran)
            printfn $"{name}: {cells.Length} cells, {clock.Elapsed.TotalSeconds:F1} s, written"
            0
        | Ok _ when not (File.Exists book) ->
            printfn $"FAILED  {name}: there is no {Path.GetFileName book}; make it with 'notebooks --write'"
            1
        | Ok ran ->
            let differences = Notebook.differences book ran
            printfn $"{name}: {cells.Length} cells, {clock.Elapsed.TotalSeconds:F1} s"

            for line in differences do
                printfn $"FAILED  {Path.GetFileName book}: {line}; make it anew with 'notebooks --write'"

            differences.Length

    if all |> List.sumBy one = 0 then 0 else 1

[<EntryPoint>]
let main arguments =
    let root = rootAbove AppContext.BaseDirectory
    let write = Array.contains "--write" arguments

    let chosen =
        arguments
        |> Array.skip (min 1 arguments.Length)
        |> Array.filter (fun word -> word <> "--write")
        |> Array.map Path.GetFullPath
        |> List.ofArray

    match Array.tryHead arguments with
    | Some "documents" -> documents root write chosen
    | Some "notebooks" -> notebooks root write chosen
    | _ ->
        eprintfn "usage: TreeRl.Docs documents|notebooks [--write] [file ..]"
        2
