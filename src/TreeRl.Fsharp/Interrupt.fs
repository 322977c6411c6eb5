namespace TreeRl

open System
open System.IO
open System.Threading

/// <summary>
/// What Ctrl+C does while experiments run: the first ends them after the present step, the second ends the process at once, so that
/// Ctrl+C is never dead.
/// </summary>
[<Sealed>]
type internal Interrupt(say: string -> unit) =
    let stop = new CancellationTokenSource()
    let mutable presses = 0

    /// Cancelled by the first Ctrl+C; one token for all runs of a comparison.
    member _.Token = stop.Token

    /// Takes a Ctrl+C and says whether the process goes on.
    member _.Press() =
        let first = Interlocked.Increment &presses = 1

        if first then
            say "stopping after this step (Ctrl-C again to end at once)"
            stop.Cancel()

        first

    /// Does the work with Ctrl+C listened to.
    member this.During(work: unit -> 'Result) =
        let onCancel = ConsoleCancelEventHandler(fun _ args -> args.Cancel <- this.Press())

        Console.CancelKeyPress.AddHandler onCancel

        try
            work ()
        finally
            Console.CancelKeyPress.RemoveHandler onCancel

/// <summary>How a stopped run leaves.</summary>
module internal Leaving =
    /// What shells give for a process that Ctrl+C ended.
    let exitCode = 130

    /// Whether a command line is F# interactive running a script, not its prompt and not another program.
    let isScript (commandLine: string[]) =
        let isFsi =
            commandLine.Length > 0
            && (string (Path.GetFileNameWithoutExtension commandLine[0]))
                .Equals("fsi", StringComparison.OrdinalIgnoreCase)

        isFsi
        && commandLine
           |> Array.skip 1
           |> Array.exists (fun argument ->
               not (argument.StartsWith '-')
               && argument.EndsWith(".fsx", StringComparison.OrdinalIgnoreCase))

    /// The last line of a run that was stopped after so many steps.
    let line (name: string) (isKept: bool) (stepsDone: int) =
        let goesOn =
            if isKept then
                "run again to continue"
            else
                "nothing of it is kept (with 'saveTo' it could continue)"

        $"{name}  stopped after step {stepsDone}; {goesOn}"

    /// Says the line and ends a script; elsewhere the caller gets an exception with the line.
    let now (line: string) : 'Result =
        if isScript (Environment.GetCommandLineArgs()) then
            Console.Out.WriteLine line
            Console.Out.Flush()
            exit exitCode
        else
            raise (OperationCanceledException line)
