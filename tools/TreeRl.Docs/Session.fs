/// F# Interactive inside this program: one session a document, its output caught, its values at hand.
module TreeRl.Docs.Session

open System
open System.IO
open FSharp.Compiler.Diagnostics
open FSharp.Compiler.Interactive.Shell
open TreeRl

/// What running a piece of code came to.
type Outcome =
    {
        /// What it printed.
        Printed: string
        /// The value of its last line; None for a declaration and for ().
        Value: obj option
        /// The compiler's errors, or the message of the exception that ended it.
        Error: string option
    }

/// Loads the library, as `#load "treerl.fsx"` does; the line itself is left out of what is run, since the session has no `fsi` object.
let private isLoader (line: string) =
    let text = line.Trim()

    text.StartsWith("#load ", StringComparison.Ordinal)
    && text.EndsWith("treerl.fsx\"", StringComparison.Ordinal)

/// A line that is left out stays as an empty one, so that line numbers hold.
let private withoutLoader (code: string) =
    code.Split '\n'
    |> Array.map (fun line -> if isLoader line then "" else line)
    |> String.concat "\n"

let private locations =
    [
        typeof<Forests.Forest>.Assembly.Location
        typeof<Branching>.Assembly.Location
    ]

/// Text of an error as F# Interactive shows it, without its place.
let private ofDiagnostic (found: FSharpDiagnostic) =
    $"{found.ErrorNumberText}: {found.Message}"

/// A session of its own; what it prints is caught while it runs, so only one can run at a time.
type Session() =
    let answers = new StringWriter()
    let errors = new StringWriter()

    let options =
        [|
            "fsi"
            "--noninteractive"
            "--nologo"
            "--optimize+"
            for location in locations do
                $"-r:{location}"
        |]

    let session =
        FsiEvaluationSession.Create(
            FsiEvaluationSession.GetDefaultConfiguration(),
            options,
            new StringReader "",
            answers,
            errors,
            collectible = true
        )

    let rec innermost (error: exn) =
        match error, error.InnerException with
        | (:? Reflection.TargetInvocationException | :? TypeInitializationException), NonNull inner -> innermost inner
        | error, _ -> error

    /// Runs code as one interaction.
    member _.Run(code: string) : Outcome =
        let console = Console.Out
        use printed = new StringWriter()
        Console.SetOut printed

        let result, found =
            try
                session.EvalInteractionNonThrowing(withoutLoader code)
            finally
                Console.SetOut console

        let wrong =
            found
            |> Array.filter (fun item -> item.Severity = FSharpDiagnosticSeverity.Error)

        {
            Printed = string printed
            Value =
                match result with
                | Choice1Of2(Some value) when value.ReflectionType <> typeof<unit> -> Option.ofObj value.ReflectionValue
                | _ -> None
            Error =
                match result with
                | _ when wrong.Length > 0 -> Some(wrong |> Array.map ofDiagnostic |> String.concat "\n")
                | Choice2Of2 error -> Some (innermost error).Message
                | Choice1Of2 _ -> None
        }

    interface IDisposable with
        member _.Dispose() = (session :> IDisposable).Dispose()

/// A value as F# Interactive shows it in a script that loads TreeRl.
let show (value: obj) =
    match Display.printer value with
    | null -> $"%A{value}"
    | _ -> Display.text value

/// Everything the code showed: what it printed, then its value.
let shown (outcome: Outcome) =
    [
        outcome.Printed.TrimEnd()
        match outcome.Value with
        | Some value -> show value
        | None -> ()
    ]
    |> List.filter (fun text -> text <> "")
    |> String.concat "\n"
